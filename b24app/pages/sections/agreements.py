"""Terms of orders: on which agreement, organisation, price type and warehouse 1C takes them, by own company and pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Option, options, ticked
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules
from mapping.trade_rules import Agreement

_MARK: Final = "terms-form"
_VAT: Final = {"": None, "in": True, "on-top": False}
_TEXTS: Final = ("name", "id")
_CHOSEN: Final = ("organisation", "price_type", "warehouse", "currency")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one set of terms."""

    key: str
    label: str
    value: str = ""
    options: tuple[Option, ...] = ()
    help: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """One set of terms as the form shows it; `new`: the empty one at the end."""

    key: str
    title: str
    texts: tuple[Field, ...]
    choices: tuple[Field, ...]
    default: bool
    remove: bool
    new: bool
    opened: bool
    error: str


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`terms`: those that are set, and an empty set for one more."""
    sent = typed if typed is not None and _MARK in typed else None
    errors = read(typed, scene).errors if typed is not None else {}
    now = [*scene.rules.trade.agreements, Agreement(id="")]
    return {"terms": [_terms(scene, place, one, sent, errors, new=place == len(now) - 1) for place, one in enumerate(now)]}


def _terms(scene: Scene, place: int, one: Agreement, sent: Typed | None, errors: Mapping[str, str], *, new: bool) -> Terms:
    key = f"terms-{place}"
    told = {name: _shown(getattr(one, name)) for name in (*_TEXTS, *_CHOSEN, "my_company", "pipeline")}
    told["vat"] = next(text for text, value in _VAT.items() if value is one.vat_included)
    if sent is not None:
        told = {name: sent.get(f"{key}-{name}") or "" for name in told}
    help_ = {
        "name": _("As 1C calls it; empty if 1C has no agreement for this."),
        "id": _("Only if 1C finds agreements by their id; else leave it empty."),
    }
    labels = {"name": _("Agreement in 1C"), "id": _("Its id in 1C")}
    texts = tuple(
        Field(f"{key}-{name}", labels[name], told[name], (), help_[name], errors.get(f"{key}-{name}", "")) for name in _TEXTS
    )
    choices = tuple(
        Field(f"{key}-{name}", label, "", options(of, told[name]), "", errors.get(f"{key}-{name}", ""))
        for name, (label, of) in _choices(scene).items()
    )
    title = one.name or one.id or (_("New terms") if new else _("Terms %(number)d") % {"number": place + 1})
    default = one.default if sent is None else ticked(sent, f"{key}-default")
    remove = sent is not None and ticked(sent, f"{key}-remove")
    mine = any(name == key or name.startswith(f"{key}-") for name in errors)
    opened = mine or (new and (place == 0 or (sent is not None and any(told.values()))))
    return Terms(key, title, texts, choices, default, remove, new, opened, errors.get(key, ""))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _choices(scene: Scene) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Field → its label and what may be chosen."""
    facts, there = scene.facts, scene.facts.portal
    unsaid = ("", _("not said"))
    pipelines: dict[int, list[str]] = {}
    for of in there.pipelines:
        kind = _("Deals") if of.entity_type_id == 2 else _("Invoices")
        pipelines.setdefault(of.id, []).append(f"{kind}: {of.name}")
    return {
        "my_company": (_("For the own company"), [("", _("any")), *((str(one.id), one.name) for one in there.my_companies)]),
        "pipeline": (_("For the pipeline"), [("", _("any")), *((str(id), ", ".join(of)) for id, of in pipelines.items())]),
        "currency": (_("Only in the currency"), [("", _("any")), *((one.code, one.name) for one in there.currencies)]),
        "organisation": (
            _("Organisation"),
            [("", _("that of the own company")), *((one.id, one.name) for one in facts.organisations)],
        ),
        "price_type": (_("Price type"), [("", _("the base one")), *((one.id, one.name) for one in facts.price_types)]),
        "warehouse": (_("Warehouse"), [unsaid, *((one.id, one.name) for one in facts.warehouses)]),
        "vat": (
            _("VAT in 1C's order"),
            [("", _("as in Bitrix24")), ("in", _("inside the price")), ("on-top", _("on top of the price"))],
        ),
    }


def read(typed: Typed, scene: Scene) -> Read:
    """Terms in their order, without those that are to be removed; a form that did not show them changes nothing."""
    if _MARK not in typed:
        return Read()
    errors: dict[str, str] = {}
    now = [*scene.rules.trade.agreements, Agreement(id="")]
    choices = _choices(scene)
    kept: list[tuple[str, Agreement]] = []
    for place, before in enumerate(now):
        key = f"terms-{place}"
        if not ticked(typed, f"{key}-remove"):
            one = _read(typed, key, before, choices, errors)
            if one != Agreement(id="", default=one.default):
                kept.append((key, one))
            elif one.default:
                errors[key] = _("Say on which terms: nothing is chosen here.")
    _contradictions(kept, errors)
    if errors:
        return Read(errors=errors)
    return Read({"trade": {"agreements": [{of.name: getattr(one, of.name) for of in fields_of(one)} for _key, one in kept]}})


def _read(
    typed: Typed, key: str, before: Agreement, choices: Mapping[str, tuple[str, list[tuple[str, str]]]], errors: dict[str, str]
) -> Agreement:
    told = {name: " ".join((typed.get(f"{key}-{name}") or "").replace("\0", "").split())[:255] for name in _TEXTS}
    for name, (_label, of) in choices.items():
        value = typed.get(f"{key}-{name}") or ""
        usual = "" if name == "vat" else _shown(getattr(before, name))
        if value not in {usual, *(one for one, _name in of)}:
            errors[f"{key}-{name}"] = _("Choose one of the list.")
            value = usual
        told[name] = value
    return replace(
        before,
        **{name: told[name] for name in (*_TEXTS, *_CHOSEN)},
        vat_included=_VAT.get(told["vat"]),
        my_company=int(told["my_company"]) if told["my_company"] else None,
        pipeline=int(told["pipeline"]) if told["pipeline"] else None,
        default=ticked(typed, f"{key}-default"),
    )


def _contradictions(kept: list[tuple[str, Agreement]], errors: dict[str, str]) -> None:
    seen: set[tuple[Any, ...]] = set()
    for key, one in kept:
        named = one.my_company is not None or one.pipeline is not None
        if not named and not one.default:
            errors.setdefault(key, _("Say for which documents: an own company, a pipeline, or all others."))
        marks = (one.my_company, one.pipeline, one.currency)
        if marks in seen:
            errors.setdefault(key, _("Other terms above are for the same documents."))
        seen.add(marks)


def says(rules: Rules, scene: Scene) -> str:
    """How many there are, and what holds for the rest."""
    agreements = rules.trade.agreements
    if not agreements:
        return _("None: the own company's organisation and the base price type are taken, the rest is 1C's.")
    text = ngettext("%(count)d set of terms.", "%(count)d sets of terms.", len(agreements)) % {"count": len(agreements)}
    default = next((one for one in agreements if one.default), None)
    return (
        f"{text} {_('For all others: %(name)s.') % {'name': default.name or default.id or _('the default ones')}}"
        if default
        else text
    )


SECTION = Section(
    slug="agreements",
    title=gettext_noop("Terms of orders"),
    explains=gettext_noop(
        "On which agreement, organisation, price type and warehouse 1C takes orders, by own company and pipeline."
    ),
    template="b24app/sections/_agreements.html",
    fields=fields,
    read=read,
    says=says,
)
