"""Which price types of 1C go to the portal, to which of its price types, and which one is its base price."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, Option, kept_beside, laid_beside, options
from b24app.pages.sections.facts import PriceTypeOf1C
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules

_SKIP = "skip"


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: every price type of 1C with its choices; `bases`: which may be the base price."""
    read_ = read(typed, scene) if typed is not None else Read()
    lines = [_line(scene, place, one, typed, read_) for place, one in enumerate(scene.facts.price_types)]
    chosen = scene.rules.base_price_type if typed is None else (typed.get("base-price") or "")
    bases = [("", _("by its name: the retail one, else the first")), *((one.id, one.name) for one in scene.facts.price_types)]
    return {"lines": lines, "bases": options(bases, chosen), "base_error": read_.errors.get("base-price", "")}


def _line(scene: Scene, place: int, one: PriceTypeOf1C, typed: Typed | None, read_: Read) -> Line:
    key = f"price-{place}"
    choices = [
        ("", _("a type of its own, same name")),
        *((choice.id, _base_or_not(choice.name, base=choice.main)) for choice in scene.facts.portal.price_types),
        (_SKIP, _("does not go to Bitrix24")),
    ]
    now = _SKIP if one.id in scene.rules.skipped_price_types else scene.rules.price_types.get(one.id, "")
    value = now if typed is None else typed.get(key) or ""
    shown: tuple[Option, ...] = options(choices, value)
    return Line(key, one.id, one.name, one.currency, options=shown, error=read_.errors.get(key, ""))


def _base_or_not(name: str, *, base: bool) -> str:
    return _("%(name)s (the base price)") % {"name": name} if base else name


def read(typed: Typed, scene: Scene) -> Read:
    """Each price type is skipped, sent to a price type of the portal's, or gets one of its own."""
    errors: dict[str, str] = {}
    skipped: list[str] = []
    chosen: dict[str, int] = {}
    there = {str(choice.id) for choice in scene.facts.portal.price_types} | {str(id) for id in scene.rules.price_types.values()}
    shown = [one.id for one in scene.facts.price_types]
    for place, one in enumerate(scene.facts.price_types):
        value = typed.get(f"price-{place}") or ""
        if value == _SKIP:
            skipped.append(one.id)
        elif value and value not in there:
            errors[f"price-{place}"] = _("Choose one of the list.")
        elif value and int(value) in chosen.values():
            errors[f"price-{place}"] = _("Another price type of 1C already goes there.")
        elif value:
            chosen[one.id] = int(value)
    base = typed.get("base-price", scene.rules.base_price_type) or ""
    if base and base != scene.rules.base_price_type and base not in shown:
        errors["base-price"] = _("Choose one of the list.")
    elif base in skipped:
        errors["base-price"] = _("This price type does not go to Bitrix24, so it cannot be the base price.")
    elif base in chosen:
        errors["base-price"] = _("This price type goes to a price type of the portal's own: choose the base price there instead.")
    elif base and any(choice.main and choice.id in chosen.values() for choice in scene.facts.portal.price_types):
        errors["base-price"] = _("Another price type of 1C already goes to the base price.")
    if errors:
        return Read(errors=errors)
    return Read(
        {
            "skipped_price_types": kept_beside(scene.rules.skipped_price_types, shown, skipped),
            "price_types": laid_beside(scene.rules.price_types, shown, chosen),
            "base_price_type": base,
        }
    )


def says(rules: Rules, scene: Scene) -> str:
    """How many go, and which is the base."""
    told = scene.facts.price_types
    if not told:
        return _("1C has not told of any price type yet; all of them will go to Bitrix24.")
    going = sum(one.id not in rules.skipped_price_types for one in told)
    text = ngettext(
        "%(going)d of %(count)d price type goes to Bitrix24", "%(going)d of %(count)d price types go to Bitrix24", len(told)
    ) % {"going": going, "count": len(told)}
    base = next((one.name for one in told if one.id == rules.base_price_type), "")
    return _("%(text)s; base price: %(name)s.") % {"text": text, "name": base} if base else f"{text}."


SECTION = Section(
    slug="prices",
    title=gettext_noop("Price types"),
    explains=gettext_noop("Which prices of 1C appear in Bitrix24, and which one deals and invoices use."),
    template="b24app/sections/_prices.html",
    fields=fields,
    read=read,
    says=says,
)
