"""The versions of a base's settings: who changed what and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from b24app.pages.sections.difference import Difference, differences
from b24app.pages.sections.scene import Scene
from mapping.models import RuleSet
from mapping.rules import Rules, from_data

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Version:
    """One version: what it changed against the one before; the newest is `in_force`."""

    number: int
    at: dt.datetime
    author: str
    changes: tuple[Difference, ...]
    in_force: bool


def versions(scene: Scene, before: int | None = None) -> tuple[list[Version], int | None]:
    """The newest versions (below `before`), and the number to go on from (None: there are no older ones)."""
    rows = RuleSet.objects.filter(portal=scene.portal, scope=scene.base.pk).order_by("-version")
    newest = rows.values_list("version", flat=True).first()
    if before is not None:
        rows = rows.filter(version__lt=before)
    found = list(rows[: SHOWN + 1])
    return [_version(scene, row, found[place + 1 :], newest) for place, row in enumerate(found[:SHOWN])], (
        found[SHOWN - 1].version if len(found) > SHOWN else None
    )


def _version(scene: Scene, row: RuleSet, older: Sequence[RuleSet], newest: int | None) -> Version:
    before = from_data(older[0].data or {}) if older else Rules()
    changes = differences(before, from_data(row.data or {}), scene.facts)
    return Version(row.version, row.created_at, author(scene, row.author), changes, in_force=row.version == newest)


def author(scene: Scene, written: str) -> str:
    """Who it was, as people call him; names are forgotten when the application is uninstalled."""
    kind, _colon, id = written.partition(":")
    if kind != "user" or not id.isdecimal():
        return written or _("somebody, before the application was installed anew")
    name = next((one.name for one in scene.facts.portal.users if one.id == int(id)), "")
    return name or _("user %(id)s of the portal") % {"id": id}
