"""Before documents are settled: the portal's pipelines are known, and our own fields are there. Asked once an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from b24app.models import Portal
from b24app.rest.errors import RestError
from exchange import reports
from exchange.imports.flows import Flow
from exchange.planning.trade import DOCUMENT_TYPES
from exchange.settling.equipment import own_fields
from exchange.settling.pipelines import Pipelines, pipelines_of, read_pipelines

_FRESH_FOR: Final = dt.timedelta(hours=1)


def prepare(portal: Portal, run: Callable[[Iterable[Flow]], bool], *, anew: bool = False) -> Pipelines:
    """What is known of the portal's pipelines and own fields, read when that was long ago (or `anew`). Raises RestError."""
    trade = portal.facts.get("trade") or {}
    read_at = trade.get("read_at")
    now = timezone.now()
    if not anew and read_at and dt.datetime.fromisoformat(read_at) > now - _FRESH_FOR:
        return pipelines_of(portal.facts)
    found: dict[str, Any] = {"own_fields": {}}
    errors: list[RestError] = []
    refused: list[str] = []

    def pipelines() -> Flow:
        try:
            found["pipelines"] = yield from read_pipelines()
        except RestError as error:
            errors.append(error)
        return None

    def fields(entity_type_id: int) -> Flow:
        try:
            own = yield from own_fields(entity_type_id)
        except RestError as error:
            errors.append(error)
        else:
            found["own_fields"][str(entity_type_id)] = dict(own.keys)
            refused.extend([own.refused] if own.refused else [])
        return None

    run([pipelines(), *(fields(kind) for kind in DOCUMENT_TYPES)])
    if errors:
        raise errors[0]
    if "pipelines" not in found:
        return pipelines_of(portal.facts)
    _keep(portal, {**found, "read_at": now.isoformat()})
    if refused:
        reports.report(portal=portal, base=None, cause="own-fields-refused", facts={"answer": refused[0]})
    else:
        reports.close(portal=portal, base=None, cause="own-fields-refused")
    return pipelines_of(portal.facts)


@transaction.atomic
def _keep(portal: Portal, trade: dict[str, Any]) -> None:
    locked = Portal.objects.select_for_update().get(pk=portal.pk)
    locked.facts = {**locked.facts, "trade": trade}
    locked.save(update_fields=["facts"])
    portal.facts = locked.facts
