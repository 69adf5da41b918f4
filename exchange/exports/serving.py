"""What went out to 1C in which session, and what its `success` confirms: exactly the versions that it was given there.

Levels of suspicion (portions.py) stand in `TradeDocument.served_times`, so that a search survives restarts and new sessions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from exchange import reports
from exchange.dialects import Dialect
from exchange.exports import queue
from exchange.exports.portions import next_portion
from exchange.models import ExchangeSession, Problem, ServedDocument, TradeDocument

KEEP: Final = dt.timedelta(days=1)
_LOOK_BACK: Final = 50
_TRIES: Final = 4
# Only documents that still are what went out, and are new to this session; those being changed now are let off.
_COUNT: Final = """
    with fresh as (
      select document.id from exchange_tradedocument document
      join unnest(%(ids)s::bigint[], %(versions)s::bigint[]) as told(id, version) on told.id = document.id
      where document.outgoing_version = told.version and not exists (
        select 1 from exchange_serveddocument served
        where served.session_id = %(session)s and served.document_id = document.id and served.version = told.version)
      order by document.id for no key update of document skip locked)
    update exchange_tradedocument document
    set served_times = least(served_times + 1, 9999), served_alone = least(served_alone + %(alone)s, 9999)
    from fresh where fresh.id = document.id
"""
_KEEP: Final = """
    insert into exchange_serveddocument (session_id, document_id, version)
    select %(session)s, told.id, told.version from unnest(%(ids)s::bigint[], %(versions)s::bigint[]) as told(id, version)
    order by told.id
    on conflict (session_id, document_id) do update set version = excluded.version, served_at = now()
"""
_CONFIRM: Final = """
    with served as (
      select document.id, served.version from exchange_serveddocument served
      join exchange_tradedocument document on document.id = served.document_id
      where served.session_id = %s and document.acknowledged_version < served.version
      order by document.id for no key update of document)
    update exchange_tradedocument document
    set acknowledged_version = served.version, acknowledged_at = now(),
      served_times = case when served.version < outgoing_version then served_times else 0 end,
      served_alone = case when served.version < outgoing_version then served_alone else 0 end,
      set_aside_at = case when served.version < outgoing_version then set_aside_at end
    from served where served.id = document.id returning document.id
"""


def portion(session: ExchangeSession, dialect: Dialect) -> QuerySet[TradeDocument]:
    """What goes into the answer to this `query`, oldest first; empty when nothing does.

    Within one session nothing is taken for refused: a client that asks once an exchange gets the same again, one that asks until
    nothing comes gets what follows.
    """
    most = settings.EXCHANGE_ORDERS_PORTION if dialect.asks_until_empty else settings.EXCHANGE_ORDERS_AT_ONCE
    documents = queue.waiting(session.base_id).order_by("ready_at", "id")
    here = documents.annotate(here=_open_in(session))
    searching = here.filter(here=True, served_times__gt=1).exists()
    if here.filter(here=True).exists():
        again = Q(here=not dialect.asks_until_empty)
        if searching:
            return (here.none() if dialect.asks_until_empty else here.filter(again))[:most]
        fresh = Q(here=False, served_times=0)
        return here.filter(fresh if dialect.asks_until_empty else again | fresh)[:most]
    groups = dict(queue.waiting(session.base_id).values_list("served_times").annotate(Count("id")))
    chosen = next_portion(groups, _level_of_last(session.base_id), most)
    return documents.filter(served_times=chosen.level)[: chosen.most] if chosen else documents.none()


def set_rejected_aside(session: ExchangeSession, poison_after: int) -> int:
    """Leave out what went out alone so often and was never confirmed; the others are suspect no more. Returns how many.

    What this session got last may still be confirmed.
    """
    base = session.base
    found = list(queue.waiting(base.pk).filter(~_open_in(session), served_alone__gte=max(1, poison_after)))
    if found:
        queue.set_aside(base, found, queue.REJECTED)
        queue.waiting(base.pk).filter(served_times__gt=0).update(served_times=0)
    return len(found)


def remember(session: ExchangeSession, ids: Sequence[int], versions: Sequence[int], *, only: bool) -> None:
    """Note that these versions went out in the session; with `only`, nothing else did, whatever it was given before."""
    others = ServedDocument.objects.filter(session=session).exclude(document__in=ids)
    with transaction.atomic(), connection.cursor() as cursor:
        alone = len(ids) == 1 and (only or not others.exists())
        said: dict[str, int | list[int]] = {
            "session": session.pk,
            "ids": list(ids),
            "versions": list(versions),
            "alone": int(alone),
        }
        cursor.execute(_COUNT, said)
        if only:
            ServedDocument.objects.filter(session=session).delete()
        cursor.execute(_KEEP, said)


def confirm(session: ExchangeSession) -> int:
    """1C took all that went out in this session: acknowledge these versions, no newer ones. Returns of how many documents."""
    for attempt in range(_TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_CONFIRM, [session.pk])
                ids = [str(row[0]) for row in cursor.fetchall()]
            break
        except OperationalError:
            # Settling writes the same rows in an order of its own: one of two may have to begin again.
            if attempt == _TRIES - 1 or connection.in_atomic_block:
                raise
    problems = Problem.objects.filter(base=session.base_id, kind=queue.KIND, closed_at=None, cause__in=queue.CAUSES)
    if ids and problems.exists():
        base = session.base
        reports.close_many(portal=base.portal, base=base, kind=queue.KIND, onec_ids=ids, causes=queue.CAUSES)
    return len(ids)


def clean(now: dt.datetime) -> int:
    """Forget what went out long ago: no `success` will come for it any more. Returns how many rows."""
    return ServedDocument.objects.filter(served_at__lt=now - KEEP).delete()[0]


def _open_in(session: ExchangeSession) -> Exists:
    """Whether the document went out in this session and is not confirmed."""
    return Exists(
        ServedDocument.objects.filter(session=session, document=OuterRef("pk"), version__gt=OuterRef("acknowledged_version"))
    )


def _level_of_last(base_id: int) -> int | None:
    """The level of what went out last, in whichever session; None when it was confirmed, or is not waiting as it was."""
    sessions = list(ExchangeSession.objects.filter(base=base_id).order_by("-id").values_list("pk", flat=True)[:_LOOK_BACK])
    last = ServedDocument.objects.filter(session__in=sessions).order_by("-id").values_list("session_id", flat=True).first()
    served = ServedDocument.objects.filter(session=last, document=OuterRef("pk"), version=OuterRef("outgoing_version"))
    levels = queue.waiting(base_id).filter(Exists(served)).order_by("-served_times").values_list("served_times", flat=True)
    return levels.first() if last is not None else None
