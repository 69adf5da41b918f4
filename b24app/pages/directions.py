"""Both directions of each base: what waits, today's counts, the usual delay and the last days; and the proof that both sides agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from b24app.models import Portal
from b24app.pages.charts import DAYS, Chart, chart
from b24app.pages.progress import words_of
from exchange import tally
from exchange.imports.reconcile import last_reconciled
from exchange.models import ExchangeDay, OneCBase
from exchange.settling import checking
from exchange.tally import Way

# A longer queue is not counted with every look.
CAP: Final = 10_000
_DELAY_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Queues:
    """Documents that are on their way: to be settled with the portal, waiting for 1C to fetch them, set aside."""

    to_portal: int = 0
    moving: bool = False
    to_onec: int = 0
    set_aside: int = 0
    oldest: dt.datetime | None = None

    @property
    def many(self) -> bool:
        """More than were counted."""
        return max(self.to_portal, self.to_onec) > CAP


@dataclass(frozen=True, slots=True)
class Delay:
    """How long documents took in the last week: half of them, and nearly all, in words ("" = nothing was measured)."""

    half: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the last check found. `state`: never, checking, failed, agrees, differs or partly (not everything was looked at)."""

    state: str = "never"
    at: dt.datetime | None = None
    items: int = 0
    documents: int = 0
    differing: int = 0
    mendable: bool = False


@dataclass(frozen=True, slots=True)
class Directions:
    """What the card of one base shows of both ways."""

    queues: Queues = field(default_factory=Queues)
    goods: Chart = field(default_factory=Chart)
    from_onec: Chart = field(default_factory=Chart)
    to_onec: Chart = field(default_factory=Chart)
    to_portal_delay: Delay = field(default_factory=Delay)
    to_onec_delay: Delay = field(default_factory=Delay)
    proof: Proof = field(default_factory=Proof)

    @property
    def began(self) -> bool:
        """Whether there is anything to show: before the first exchange a card of noughts teaches nothing."""
        waits = self.queues.to_portal or self.queues.to_onec or self.queues.set_aside
        return bool(waits or self.goods.total or self.from_onec.total or self.to_onec.total or self.proof.state != "never")


def directions_of(portal: Portal, bases: Sequence[OneCBase]) -> dict[int, Directions]:
    """By base: two queries, however many bases and whatever the numbers."""
    ids = [base.pk for base in bases]
    queues, days = _queues(ids), _days(portal, ids)
    today = timezone.localdate(timezone=portal.zone)
    return {base.pk: _directions(base, queues.get(base.pk, Queues()), days.get(base.pk, {}), today) for base in bases}


def proof_of(base: OneCBase) -> Proof:
    """What the last check of goods and of documents found together."""
    goods, documents = last_reconciled(base) or {}, checking.last_checked(base) or {}
    items, papers = int(goods.get("agree", 0)), int(documents.get("agree", 0))
    wrong = sum(int(goods.get(name, 0)) for name in ("differ", "missing", "unknown"))
    heard = int(documents.get("differ", 0)) + int(documents.get("gone", 0))
    at = _moment(documents.get("at") or goods.get("at"))
    if checking.under_way(base):
        state = "checking"
    elif base.observed.get("check_failed"):
        state = "failed"
    elif at is None:
        state = "never"
    elif wrong or heard:
        state = "differs"
    else:
        state = "agrees" if goods.get("complete", True) and documents.get("complete", True) else "partly"
    return Proof(state, at, items, papers, wrong + heard, wrong > 0)


def _directions(base: OneCBase, queues: Queues, days: Mapping[str, list[ExchangeDay]], today: dt.date) -> Directions:
    charts = {way: chart({row.day: row.count for row in days.get(way.value, [])}, today) for way in Way}
    return Directions(
        queues=queues,
        goods=charts[Way.GOODS],
        from_onec=charts[Way.TO_PORTAL],
        to_onec=charts[Way.TO_ONEC],
        to_portal_delay=_delay(days.get(Way.TO_PORTAL.value, []), today),
        to_onec_delay=_delay(days.get(Way.TO_ONEC.value, []), today),
        proof=proof_of(base),
    )


def _delay(rows: Sequence[ExchangeDay], today: dt.date) -> Delay:
    since = today - dt.timedelta(days=_DELAY_DAYS - 1)
    waits = tally.added(row.waits for row in rows if row.day >= since)
    return Delay(words_of(tally.quantile(waits, 0.5)), words_of(tally.quantile(waits, 0.95)))


def _days(portal: Portal, ids: Sequence[int]) -> dict[int, dict[str, list[ExchangeDay]]]:
    first = timezone.localdate(timezone=portal.zone) - dt.timedelta(days=DAYS - 1)
    found: dict[int, dict[str, list[ExchangeDay]]] = {}
    for row in ExchangeDay.objects.filter(base__in=ids, day__gte=first):
        found.setdefault(row.base_id, {}).setdefault(row.way, []).append(row)
    return found


def _queues(ids: Sequence[int]) -> dict[int, Queues]:
    """Counted by the partial indexes, never beyond the cap."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select base.id, due.*, ready.*, aside.* from unnest(%(ids)s::bigint[]) base(id)
               cross join lateral (select count(*), coalesce(bool_or(not_before is null or not_before <= now()), false) from
                 (select not_before from exchange_tradedocument row
                  where row.base_id = base.id and row.settled_version < row.version limit %(cap)s) first) due
               cross join lateral (select count(*), min(ready_at) from
                 (select ready_at from exchange_tradedocument row
                  where row.base_id = base.id and row.acknowledged_version < row.outgoing_version and row.set_aside_at is null
                    and row.ready_at is not null order by row.ready_at limit %(cap)s) first) ready
               cross join lateral (select count(*) from exchange_tradedocument row
                  where row.base_id = base.id and row.set_aside_at is not null) aside""",
            {"ids": list(ids), "cap": CAP + 1},
        )
        return {
            base_id: Queues(due, moving, ready, aside, oldest) for base_id, due, moving, ready, oldest, aside in cursor.fetchall()
        }


def _moment(text: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
