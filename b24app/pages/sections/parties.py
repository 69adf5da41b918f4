"""How a counterparty of 1C is found among companies and contacts, whether one is made, and on which template of requisites."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.sections.choosing import Line, laid_beside, options, ticked
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules

_MARK: Final = "parties-form"
# In the order in which they are tried.
WAYS: Final = {
    "by_id": gettext_noop("by the id that 1C gave, or got from us"),
    "by_tax_id_and_branch": gettext_noop("by tax number and branch code: another branch is another payer"),
    "by_tax_id": gettext_noop("by tax number alone"),
    "by_phone_or_email": gettext_noop("by phone or e-mail, unless another tax number speaks against it"),
    "by_name": gettext_noop("by exactly the same name, whatever the legal form and quotes"),
}
COUNTRIES: Final = {
    "RU": gettext_noop("Russia"),
    "BY": gettext_noop("Belarus"),
    "KZ": gettext_noop("Kazakhstan"),
    "UA": gettext_noop("Ukraine"),
    "MD": gettext_noop("Moldova"),
}
KINDS: Final = {
    "legal": gettext_noop("legal entities"),
    "sole_trader": gettext_noop("sole traders"),
    "person": gettext_noop("persons"),
}


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`ways`: the rules of matching, ticked or not; `countries`; `presets`: country and kind → template of requisites."""
    rules = scene.rules.trade.parties
    sent = typed if typed is not None and _MARK in typed else None
    errors = read(typed, scene).errors if typed is not None else {}
    ways = []
    for name, text in WAYS.items():
        key = f"party-{name}"
        on = getattr(rules, name) if sent is None else ticked(sent, key)
        ways.append(Line(key, name, _(text), on=on))
    country = rules.country if sent is None else sent.get("party-country") or ""
    choices = [("", _("that of the portal")), *((code, _(name)) for code, name in COUNTRIES.items())]
    presets = []
    for place, (key, of) in _presets(scene).items():
        now: Any = rules.presets.get(key, "") if sent is None else sent.get(place) or ""
        code, _colon, kind = key.partition(":")
        title = f"{_(COUNTRIES[code])}: {_(KINDS[kind])}"
        listed = [("", _("the one that Bitrix24 has for them")), *of]
        presets.append(Line(place, key, title, options=options(listed, now), error=errors.get(place, "")))
    return {
        "ways": ways,
        "create": rules.create if sent is None else ticked(sent, "party-create"),
        "countries": options(choices, country),
        "country_error": errors.get("party-country", ""),
        "presets": presets,
        "chosen": any(line.error or not line.options[0].chosen for line in presets),
    }


def _presets(scene: Scene) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Place in the form → ("RU:legal", templates of that country); only countries of which the portal has templates."""
    found = {}
    for code in COUNTRIES:
        there = [(str(one.id), one.name) for one in scene.facts.portal.presets if one.note == code]
        for kind in KINDS if there else ():
            found[f"preset-{code}-{kind}"] = (f"{code}:{kind}", there)
    return found


def read(typed: Typed, scene: Scene) -> Read:
    """Rules that a form shows are as ticked; a form that did not show them changes nothing."""
    if _MARK not in typed:
        return Read()
    rules = scene.rules.trade.parties
    errors: dict[str, str] = {}
    country = typed.get("party-country") or ""
    if country not in {"", rules.country, *COUNTRIES}:
        errors["party-country"] = _("Choose one of the list.")
    chosen: dict[str, int] = {}
    shown = _presets(scene)
    for place, (key, there) in shown.items():
        value = typed.get(place) or ""
        if value in {id for id, _name in there} | {str(rules.presets.get(key, ""))} - {""}:
            chosen[key] = int(value)
        elif value:
            errors[place] = _("Choose one of the list.")
    if errors:
        return Read(errors=errors)
    ways = {name: ticked(typed, f"party-{name}") for name in WAYS}
    presets = laid_beside(rules.presets, [key for key, _there in shown.values()], chosen)
    parties = {**ways, "create": ticked(typed, "party-create"), "country": country, "presets": presets}
    return Read({"trade": {"parties": parties}})


def says(rules: Rules, scene: Scene) -> str:
    """Which ways are off, and what becomes of the unknown."""
    parties = rules.trade.parties
    off = [_(text) for name, text in WAYS.items() if not getattr(parties, name)]
    found = (
        _("Not looked for: %(ways)s.") % {"ways": "; ".join(off)} if off else _("Found by id, tax number, phone, e-mail, name.")
    )
    made = _("Who is not found is made.") if parties.create else _("Who is not found is not made: you are told.")
    return f"{found} {made}"


SECTION = Section(
    slug="parties",
    title=gettext_noop("Companies and contacts"),
    explains=gettext_noop("How a counterparty of 1C is found in Bitrix24, and what happens when it is not there."),
    template="b24app/sections/_parties.html",
    fields=fields,
    read=read,
    says=says,
)
