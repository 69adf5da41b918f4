"""Documents of the portal that were heard of: rows that exist become due, strangers are read and routed to a base."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import connection
from django.db.models import F, Q

from b24app.rest.errors import Fate, RestError
from exchange.imports.flows import Flow
from exchange.models import TradeDocument
from exchange.planning.portal_trades import Fresh, Words, trade_from, whole
from exchange.planning.trade import DEAL
from exchange.settling.flows import Learnt
from exchange.settling.gather import Named, read_documents
from exchange.settling.pipelines import Pipelines
from exchange.settling.routing import Candidate, route


def strangers(portal_id: int, keys: Collection[Named]) -> set[Named]:
    """Those of the documents that no base of the portal has."""
    ids = {id for _, id in keys}
    rows = TradeDocument.objects.filter(base__portal=portal_id, b24_id__in=ids).values_list("entity_type_id", "b24_id")
    return set(keys) - {(kind, id) for kind, id in rows if id is not None}


def reading(keys: Sequence[Named], found: dict[Named, Fresh | None], log: Learnt) -> Flow:
    """Read documents into `found` (None = not in the portal); what could not be read is heard again later."""
    try:
        fresh = yield from read_documents(keys)
    except RestError as error:
        again = max(error.retry_after, 15.0 if error.fate in (Fate.RETRY, Fate.REFRESH) else 300.0)
        log.heard_again.update(dict.fromkeys(keys, again))
    else:
        found.update({key: fresh.get(key) for key in keys})
    return None


def admit(
    portal_id: int,
    heard: Mapping[Named, int],
    found: Mapping[Named, Fresh | None],
    pipelines: Pipelines,
    candidates: Sequence[Candidate],
) -> None:
    """Inside the caller's transaction: make due what was heard (key → version heard), open rows for what a base takes."""
    _make_due(portal_id, [key for key in heard if key not in found])
    for key, fresh in found.items():
        if fresh is None:
            continue
        base_id = _expected_by(portal_id, key, fresh)
        if base_id is None:
            base_id = _taken_by(key, fresh, pipelines, candidates)
        if base_id is not None:
            _open(base_id, key)
    with connection.cursor() as cursor:
        cursor.execute(
            """update exchange_heardobject row set read_version = greatest(row.read_version, t.version), failures = 0, not_before = null
               from unnest(%s::int[], %s::bigint[], %s::bigint[]) t(type, id, version)
               where row.portal_id = %s and row.entity_type_id = t.type and row.b24_id = t.id""",
            [[kind for kind, _ in heard], [id for _, id in heard], list(heard.values()), portal_id],
        )


def _make_due(portal_id: int, keys: Collection[Named]) -> None:
    for kind in {kind for kind, _ in keys}:
        ids = [id for of, id in keys if of == kind]
        rows = TradeDocument.objects.filter(base__portal=portal_id, entity_type_id=kind, b24_id__in=ids)
        rows.update(version=F("version") + 1, failures=0, not_before=None)


def _taken_by(key: Named, fresh: Fresh, pipelines: Pipelines, candidates: Sequence[Candidate]) -> int | None:
    kind = key[0]
    stages = pipelines.of(kind, whole(fresh.item.get("categoryId")))
    trade = trade_from(fresh, kind, Words(stages=stages), None)
    base = route(trade, str(fresh.item.get("createdTime") or ""), kind, stages, pipelines.default.get(kind), candidates)
    return None if base is None else base.pk


def _expected_by(portal_id: int, key: Named, fresh: Fresh) -> int | None:
    """The base whose document it is by 1C's id: made by us for a row that has not heard of it (the answer was lost)."""
    onec_id = str(fresh.item.get("originId" if key[0] == DEAL else "xmlId") or "")
    if not onec_id:
        return None
    rows = TradeDocument.objects.filter(Q(b24_id=None) & Q(base__portal=portal_id, entity_type_id=key[0], onec_id=onec_id))
    row = rows.order_by("pk").first()
    if row is None:
        return None
    known = {**row.known, "origin": "onec"}
    TradeDocument.objects.filter(pk=row.pk).update(
        b24_id=key[1], known=known, adding_since=None, version=F("version") + 1, failures=0, not_before=None
    )
    return row.base_id


def _open(base_id: int, key: Named) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into exchange_tradedocument (base_id, entity_type_id, b24_id, known)
               values (%s, %s, %s, '{}') on conflict (base_id, entity_type_id, b24_id) where b24_id is not null do nothing""",
            [base_id, *key],
        )
