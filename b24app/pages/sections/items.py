"""Which types of items of 1C go to the portal, and which of them as services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, kept_beside, laid_beside, options, ticked
from b24app.pages.sections.facts import Thing
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from exchange.commerceml import meaning
from mapping.rules import Rules

_GOODS, _SERVICE, _SKIP = "goods", "service", "skip"


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: every item type with how many items have it, and what becomes of them."""
    errors = read(typed, scene).errors if typed is not None else {}
    lines = []
    for place, one in enumerate(_types(scene)):
        key = f"type-{place}"
        now = _now(scene.rules, one.id) if typed is None else typed.get(key) or _GOODS
        note = ngettext("%(count)d item", "%(count)d items", one.count) % {"count": one.count} if one.count else ""
        line = Line(key, one.id, one.name, note, options=options(_choices(one.id), now), error=errors.get(key, ""))
        lines.append((line, _section(scene, place, one.id, typed, errors), _plain(scene, place, one.id, typed)))
    return {"lines": lines}


def _section(scene: Scene, place: int, name: str, typed: Typed | None, errors: Mapping[str, str]) -> Line:
    key = f"section-{place}"
    now = scene.rules.item_type_sections.get(name, "") if typed is None else typed.get(key) or ""
    choices = [("", _("by their groups in 1C")), *((one.id, one.name) for one in scene.facts.portal.sections)]
    return Line(key, name, name, options=options(choices, now), error=errors.get(key, ""))


def _plain(scene: Scene, place: int, name: str, typed: Typed | None) -> Line:
    key = f"plain-{place}"
    return Line(key, name, name, on=name in scene.rules.plain_item_types if typed is None else ticked(typed, key))


def _types(scene: Scene) -> list[Thing]:
    """What 1C told of, then what is set and was not met (any more)."""
    told = list(scene.facts.item_types)
    known = {one.id for one in told}
    rules = scene.rules
    set_ = rules.skipped_item_types | rules.service_item_types | rules.plain_item_types | set(rules.item_type_sections)
    return told + [Thing(name, name) for name in sorted(set_ - known)]


def _choices(name: str) -> list[tuple[str, str]]:
    if _always_service(name):
        return [(_SERVICE, _("as services")), (_SKIP, _("do not go to Bitrix24"))]
    return [(_GOODS, _("as goods")), (_SERVICE, _("as services")), (_SKIP, _("do not go to Bitrix24"))]


def _always_service(name: str) -> bool:
    return name.casefold() in meaning.SERVICE_TYPES


def _now(rules: Rules, name: str) -> str:
    if name in rules.skipped_item_types:
        return _SKIP
    return _SERVICE if name in rules.service_item_types or _always_service(name) else _GOODS


def read(typed: Typed, scene: Scene) -> Read:
    """Each type goes as goods, as services, or not at all."""
    shown = [one.id for one in _types(scene)]
    told = {name: typed.get(f"type-{place}") or _now(scene.rules, name) for place, name in enumerate(shown)}
    wrong = {
        f"type-{place}": _("Choose one of the list.")
        for place, name in enumerate(shown)
        if told[name] not in dict(_choices(name))
    }
    there = {str(one.id) for one in scene.facts.portal.sections} | {str(id) for id in scene.rules.item_type_sections.values()}
    sections: dict[str, int] = {}
    for place, name in enumerate(shown):
        value = typed.get(f"section-{place}") or ""
        if value and value not in there:
            wrong[f"section-{place}"] = _("Choose one of the list.")
        elif value:
            sections[name] = int(value)
    if wrong:
        return Read(errors=wrong)
    plain = [name for place, name in enumerate(shown) if ticked(typed, f"plain-{place}")]
    skipped = [name for name, value in told.items() if value == _SKIP]
    services = [
        name
        for name, value in told.items()
        if value == _SERVICE and (name in scene.rules.service_item_types or not _always_service(name))
    ]
    return Read(
        {
            "skipped_item_types": kept_beside(scene.rules.skipped_item_types, shown, skipped),
            "plain_item_types": kept_beside(scene.rules.plain_item_types, shown, plain),
            "item_type_sections": laid_beside(scene.rules.item_type_sections, shown, sections),
            "service_item_types": kept_beside(scene.rules.service_item_types, shown, services),
        }
    )


def says(rules: Rules, scene: Scene) -> str:
    """Which types do not go, and which are services."""
    types = [one.id for one in _types(scene)]
    if not types:
        return _("All items go, services as services.")
    parts = []
    if services := [name for name in types if _now(rules, name) == _SERVICE]:
        parts.append(_("As services: %(names)s.") % {"names": ", ".join(services)})
    if skipped := [name for name in types if _now(rules, name) == _SKIP]:
        parts.append(_("Do not go: %(names)s.") % {"names": ", ".join(skipped)})
    return " ".join(parts) or _("All items go as goods.")


SECTION = Section(
    slug="items",
    title=gettext_noop("Goods and services"),
    explains=gettext_noop("Which items of 1C come into the catalogue, and which of them are services."),
    template="b24app/sections/_items.html",
    fields=fields,
    read=read,
    says=says,
)
