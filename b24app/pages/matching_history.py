"""The last changes of a document or buyer as people read them: when, which field, from what to what, and who or which file said so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from b24app.models import Portal
from b24app.pages.compared import label
from b24app.pages.state import moment
from exchange import history
from exchange.settling.choices import Choices, choices_of


@dataclass(frozen=True, slots=True)
class Happened:
    """One change (`before` and `after` may be empty texts) or, with `deed`, what a person did."""

    at: str
    field: str
    side: str
    before: str
    after: str
    source: str
    deed: bool = False


def happened(portal: Portal, known: Mapping[str, Any]) -> list[Happened]:
    """What is kept with the row, the newest first."""
    entries = history.entries_of(known)
    choices = choices_of(portal.facts) if entries else Choices()
    return [_told(entry, choices) for entry in entries]


def _told(entry: Mapping[str, Any], choices: Choices) -> Happened:
    at = moment(dt.datetime.fromisoformat(str(entry["at"])))
    source = _source(str(entry.get("by") or ""), choices)
    if deed := entry.get("what"):
        words = {
            "linked": _("Linked by hand"),
            "shared": _("Said to be the same payer"),
            "unlinked": _("Unlinked"),
            "sent": _("Sent by hand"),
        }
        return Happened(at, words.get(str(deed), str(deed)), "", "", str(entry.get("to") or ""), source, deed=True)
    name = str(entry.get("field") or "")
    stages = {stage.id: stage.name for pipeline in choices.pipelines for stage in pipeline.stages} if name == "stage" else {}
    signs = {"+": _("yes"), "-": _("no")}

    def shown(value: Any) -> str:
        return stages.get(value) or signs.get(value) or str(value or "")

    side = "Bitrix24" if entry.get("side") == "portal" else "1C"
    return Happened(at, label(name), side, shown(entry.get("from")), shown(entry.get("to")), source)


def _source(by: str, choices: Choices) -> str:
    kind, _colon, which = by.partition(":")
    if kind == "file":
        return _("file %(name)s") % {"name": which} if which else _("1C")
    if kind == "user":
        names = {str(user.id): user.name for user in choices.users}
        return names.get(which) or _("person %(id)s") % {"id": which}
    return _("written by the exchange, from 1C") if kind == "onec" else _("changed in Bitrix24")
