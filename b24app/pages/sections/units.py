"""Units of 1C that the portal has nothing for; everything else about units and VAT is decided by codes and rates."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, laid_beside, options
from b24app.pages.sections.facts import Thing
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: units that were not found, and those that somebody has chosen for."""
    errors = read(typed, scene).errors if typed is not None else {}
    choices = [("", _("not chosen")), *((one.id, one.name) for one in scene.facts.portal.measures)]
    lines = []
    for place, one in enumerate(_units(scene)):
        key = f"unit-{place}"
        now = scene.rules.units.get(one.id.lower(), "") if typed is None else typed.get(key) or ""
        note = ngettext("%(count)d item waits", "%(count)d items wait", one.count) % {"count": one.count} if one.count else ""
        lines.append(Line(key, one.id, one.name, note, options=options(choices, now), error=errors.get(key, "")))
    return {"lines": lines}


def _units(scene: Scene) -> list[Thing]:
    told = list(scene.facts.unknown_units)
    known = {one.id.lower() for one in told}
    return told + [Thing(name, name) for name in sorted(set(scene.rules.units) - known)]


def read(typed: Typed, scene: Scene) -> Read:
    """Each unit is one of the portal's, or stays unknown."""
    there = {str(one.id) for one in scene.facts.portal.measures} | {str(id) for id in scene.rules.units.values()}
    chosen: dict[str, int] = {}
    errors: dict[str, str] = {}
    shown = _units(scene)
    for place, one in enumerate(shown):
        value = typed.get(f"unit-{place}") or ""
        if value and value not in there:
            errors[f"unit-{place}"] = _("Choose one of the list.")
        elif value:
            chosen[one.id.lower()] = int(value)
    if errors:
        return Read(errors=errors)
    return Read({"units": laid_beside(scene.rules.units, [one.id.lower() for one in shown], chosen)})


def says(rules: Rules, scene: Scene) -> str:
    """How many are not found."""
    unknown = [one for one in scene.facts.unknown_units if one.id.lower() not in rules.units]
    if unknown:
        return _("Not found in Bitrix24: %(names)s") % {"names": ", ".join(one.name for one in unknown[:5])}
    return _("Units and VAT rates are found by themselves.")


SECTION = Section(
    slug="units",
    title=gettext_noop("Units and VAT"),
    explains=gettext_noop("Which unit of Bitrix24 stands for a unit of 1C, and how VAT rates are found."),
    template="b24app/sections/_units.html",
    fields=fields,
    read=read,
    says=says,
)
