"""Which own company of the portal is which organisation in 1C, and which warehouse orders name."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, laid_beside, options
from b24app.pages.sections.facts import Organisation
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules
from mapping.suggest import by_tax_id


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: every organisation with its company, suggested by tax number while nobody has chosen one; `stores`: the warehouses."""
    errors = read(typed, scene).errors if typed is not None else {}
    there = scene.facts.portal.my_companies
    suggested = suggestions(scene)
    lines = []
    for place, one in enumerate(_organisations(scene)):
        key = f"organisation-{place}"
        chosen = scene.rules.trade.organisations.get(one.id)
        now: Any = chosen or suggested.get(one.id, "")
        choices = [("", _("decide by tax number")), *((company.id, company.name) for company in there)]
        shown = options(choices, now if typed is None else typed.get(key) or "")
        note = _("tax number %(number)s") % {"number": one.tax_id} if one.tax_id else ""
        hint = typed is None and chosen is None and one.id in suggested
        lines.append(Line(key, one.id, one.name, note, options=shown, suggested=hint, error=errors.get(key, "")))
    stores = [("", _("as the terms of the order or 1C itself say")), *((one.id, one.name) for one in scene.facts.warehouses)]
    warehouse = scene.rules.trade.warehouse if typed is None else typed.get("order-warehouse") or ""
    store_error = errors.get("order-warehouse", "")
    return {"lines": lines, "stores": options(stores, warehouse), "store_error": store_error, "companies": bool(there)}


def _organisations(scene: Scene) -> list[Organisation]:
    """What 1C told of, then what is set and was not met (any more)."""
    told = list(scene.facts.organisations)
    known = {one.id for one in told}
    return told + [Organisation(id, id) for id in sorted(set(scene.rules.trade.organisations) - known)]


def suggestions(scene: Scene) -> dict[str, int]:
    """Organisation → own company of the same tax number, where it is the only one and nobody has chosen another for either."""
    taken = set(scene.rules.trade.organisations.values())
    found = by_tax_id(
        {one.id: one.tax_id for one in scene.facts.organisations}, {one.id: one.note for one in scene.facts.portal.my_companies}
    )
    return {id: company for id, company in found.items() if id not in scene.rules.trade.organisations and company not in taken}


def read(typed: Typed, scene: Scene) -> Read:
    """Each organisation is one company at most, and each company one organisation."""
    errors: dict[str, str] = {}
    chosen: dict[str, int] = {}
    there = {str(one.id) for one in scene.facts.portal.my_companies} | {
        str(id) for id in scene.rules.trade.organisations.values()
    }
    shown = _organisations(scene)
    for place, one in enumerate(shown):
        value = typed.get(f"organisation-{place}") or ""
        if value and value not in there:
            errors[f"organisation-{place}"] = _("Choose one of the list.")
        elif value and int(value) in chosen.values():
            errors[f"organisation-{place}"] = _("Another organisation already stands for this company.")
        elif value:
            chosen[one.id] = int(value)
    now = scene.rules.trade.warehouse
    warehouse = typed.get("order-warehouse", now) or ""
    if warehouse not in {"", now, *(one.id for one in scene.facts.warehouses)}:
        errors["order-warehouse"] = _("Choose one of the list.")
    if errors:
        return Read(errors=errors)
    organisations = laid_beside(scene.rules.trade.organisations, [one.id for one in shown], chosen)
    return Read({"trade": {"organisations": organisations, "warehouse": warehouse}})


def says(rules: Rules, scene: Scene) -> str:
    """How many have their company."""
    told = _organisations(scene)
    if not told:
        return _("Found by tax number as soon as 1C names them.")
    known = sum(one.id in rules.trade.organisations for one in told)
    text = ngettext(
        "%(known)d of %(count)d organisation has its company chosen, others are found by tax number.",
        "%(known)d of %(count)d organisations have their company chosen, others are found by tax number.",
        len(told),
    )
    return text % {"known": known, "count": len(told)}


SECTION = Section(
    slug="organisations",
    title=gettext_noop("Organisations"),
    explains=gettext_noop("Which of your companies in Bitrix24 is which organisation in 1C, and which warehouse orders name."),
    template="b24app/sections/_organisations.html",
    fields=fields,
    read=read,
    says=says,
)
