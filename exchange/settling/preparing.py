"""Before documents are settled: the portal's pipelines are known, our own fields and triggers are there. Asked once an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from b24app.models import Portal
from b24app.oauth.language import language_for
from b24app.rest.errors import Fate, RestError
from exchange import reports
from exchange.imports.flows import Ask, Flow
from exchange.planning.trade import DOCUMENT_TYPES
from exchange.settling.entries import trigger_commands
from exchange.settling.equipment import own_fields
from exchange.settling.pipelines import Pipelines, pipelines_of, read_pipelines

_FRESH_FOR: Final = dt.timedelta(hours=1)


def prepare(portal: Portal, run: Callable[[Iterable[Flow]], bool], *, anew: bool = False, triggers: bool = False) -> Pipelines:
    """What is known of the portal's pipelines and own fields, read when that was long ago (or `anew`). Raises RestError.

    `triggers`: a base pulls our triggers, so they must be registered.
    """
    trade = portal.facts.get("trade") or {}
    read_at = trade.get("read_at")
    now = timezone.now()
    registered = bool(trade.get("triggers"))
    if not anew and (registered or not triggers) and read_at and dt.datetime.fromisoformat(read_at) > now - _FRESH_FOR:
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

    def registration() -> Flow:
        outcomes = yield Ask(trigger_commands(language_for(portal.language)))
        # Not for every plan: what is refused is not asked for again before the next hour.
        found["triggers"] = True
        errors.extend(o.error for o in outcomes if o.error is not None and o.error.fate in (Fate.RETRY, Fate.REFRESH))
        return None

    run([pipelines(), *(fields(kind) for kind in DOCUMENT_TYPES), *([registration()] if triggers else [])])
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
