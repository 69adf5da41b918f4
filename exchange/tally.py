"""What was carried on each day, and how long it took: one row per base, day and way, for the pages.

Times are kept as counts in buckets that grow by a quarter each, so that a quantile is right within an eighth, whatever the traffic.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from django.db import connection
from django.utils import timezone

from exchange.models import ExchangeDay, OneCBase

KEEP: Final = dt.timedelta(days=100)
BUCKETS: Final = 64
_LEAST: Final = 0.1
_GROWTH: Final = 1.25


class Way(StrEnum):
    """What is counted: goods that 1C changed, its documents that reached the portal, the portal's that were made ready for 1C."""

    GOODS = "goods"
    TO_PORTAL = "to_portal"
    TO_ONEC = "to_onec"


def note(base: OneCBase, way: Way, count: int, seconds: Iterable[float] = (), *, now: dt.datetime | None = None) -> None:
    """Add to the portal's present day, in the caller's transaction: so many objects, and how long those took that were measured."""
    waits = histogram(seconds)
    if count <= 0:
        return
    day = timezone.localdate(now, base.portal.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into exchange_exchangeday as held (base_id, day, way, count, waits) values (%s, %s, %s, %s, %s::int[])
               on conflict (base_id, day, way) do update set count = held.count + excluded.count,
                 waits = case when excluded.waits = '{}' then held.waits else
                   (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by n)
                    from unnest(held.waits, excluded.waits) with ordinality t(a, b, n)) end""",
            [base.pk, day, way.value, count, waits],
        )


def clean(now: dt.datetime) -> int:
    """Forget days of long ago; returns how many rows."""
    return ExchangeDay.objects.filter(day__lt=(now - KEEP).date()).delete()[0]


def histogram(seconds: Iterable[float]) -> list[int]:
    """How many of the times fall into each bucket, without empty buckets at the end."""
    found: list[int] = []
    for one in seconds:
        place = bucket(one)
        found += [0] * (place + 1 - len(found))
        found[place] += 1
    return found


def bucket(seconds: float) -> int:
    """The bucket of a time: 0 holds what took up to a tenth of a second."""
    if seconds <= _LEAST:
        return 0
    return min(BUCKETS - 1, math.ceil(math.log(seconds / _LEAST, _GROWTH)))


def added(histograms: Iterable[Sequence[int]]) -> list[int]:
    """Several histograms as one."""
    found: list[int] = []
    for one in histograms:
        found = [a + b for a, b in zip_longest(found, one, fillvalue=0)]
    return found


def quantile(waits: Sequence[int], share: float) -> float | None:
    """The time within which that share of the measured objects was done, in seconds; None when nothing was measured."""
    total = sum(waits)
    if not total:
        return None
    wanted, seen = max(1, math.ceil(total * share)), 0
    for place, count in enumerate(waits):
        seen += count
        if seen >= wanted:
            # The middle of the bucket, as its borders grow.
            return _LEAST * _GROWTH ** (place - 0.5) if place else _LEAST
    return None
