"""Which warehouses of 1C count for the stock of goods in the portal."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, kept_beside, ticked
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: every warehouse of 1C, ticked when its stock counts."""
    skipped = scene.rules.skipped_warehouses
    lines = [
        Line(key, one.id, one.name, on=one.id not in skipped if typed is None else ticked(typed, key))
        for place, one in enumerate(scene.facts.warehouses)
        for key in (f"store-{place}",)
    ]
    return {"lines": lines, "accounting": scene.portal.facts.get("warehouse_accounting") is True}


def read(typed: Typed, scene: Scene) -> Read:
    """Whatever is not ticked does not count."""
    shown = scene.facts.warehouses
    skipped = [one.id for place, one in enumerate(shown) if not ticked(typed, f"store-{place}")]
    return Read({"skipped_warehouses": kept_beside(scene.rules.skipped_warehouses, [one.id for one in shown], skipped)})


def says(rules: Rules, scene: Scene) -> str:
    """How many count."""
    told = scene.facts.warehouses
    if not told:
        return _("1C has not told of any warehouse yet; the stock of all of them will count.")
    counting = sum(one.id not in rules.skipped_warehouses for one in told)
    text = ngettext(
        "The stock of %(counting)d of %(count)d warehouse counts.",
        "The stock of %(counting)d of %(count)d warehouses counts.",
        len(told),
    )
    return text % {"counting": counting, "count": len(told)}


SECTION = Section(
    slug="warehouses",
    title=gettext_noop("Warehouses and stock"),
    explains=gettext_noop("Whose stock makes up the quantity that Bitrix24 shows."),
    template="b24app/sections/_warehouses.html",
    fields=fields,
    read=read,
    says=says,
)
