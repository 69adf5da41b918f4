"""The portal's offline queue: what online events may lose. One row per object there, too, with the last state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from b24app.events.inbox import CODE, store
from b24app.models import Portal
from b24app.oauth.clients import client_for
from b24app.rest.client import PortalClient

PAGE = 50
MOST_PAGES = 40


def drain(portal: Portal, client: PortalClient | None = None) -> int:
    """Take everything from the portal's queue into ours; returns how many rows. Raises RestError.

    With the extended queue (rest_offline_extended) rows are reserved, stored, and only then cleared. Without it the read itself
    deletes them on the portal, so they are stored at once: a crash in between costs them (a sweep over `updatedTime` finds them).
    """
    client = client or client_for(portal)
    facts = portal.facts
    own = {"auth_connector": facts["auth_connector"]} if facts.get("auth_connector") else {}
    careful = bool((facts.get("features") or {}).get("rest_offline_extended"))
    taken = 0
    for _ in range(MOST_PAGES):
        told = client.call("event.offline.get", {"limit": PAGE, "clear": 0 if careful else 1, **own})
        rows = _rows(told)
        _keep(portal.pk, rows)
        taken += len(rows)
        process = told.get("process_id") if isinstance(told, Mapping) else None
        if careful and rows and process:
            messages = [str(row["MESSAGE_ID"]) for row in rows if row.get("MESSAGE_ID")]
            client.call("event.offline.clear", {"process_id": process, "message_id": messages})
        if len(rows) < PAGE:
            break
    return taken


@transaction.atomic
def _keep(portal_id: int, rows: list[Mapping[str, Any]]) -> None:
    for row in rows:
        code = str(row.get("EVENT_NAME") or "").upper()
        data = row.get("EVENT_DATA")  # `false` when there is none
        fields = data.get("FIELDS") if isinstance(data, Mapping) else None
        if CODE.fullmatch(code):
            store(portal_id, code, fields if isinstance(fields, Mapping) else {})


def _rows(told: Any) -> list[Mapping[str, Any]]:
    events = told.get("events") if isinstance(told, Mapping) else None
    if isinstance(events, Mapping):
        events = list(events.values())
    return [row for row in events if isinstance(row, Mapping)] if isinstance(events, list) else []
