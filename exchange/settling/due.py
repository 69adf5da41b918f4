"""What is to be settled now, and when next: heard objects, documents and parties."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from b24app import lanes
from exchange.models import HeardObject, OneCBase, TradeDocument, TradeParty
from exchange.working import WORKING

# One pass of a slice takes so many of each; the next pass comes at once.
MOST: Final = 500


def heard(portal_id: int, most: int = MOST) -> list[HeardObject]:
    """Objects that the portal spoke of and nobody has read since, longest waiting first."""
    rows = HeardObject.objects.filter(_may_be_tried(), portal=portal_id, read_version__lt=F("version"))
    return list(rows.order_by("heard_at", "id")[:most])


def documents(base_id: int, most: int = MOST) -> list[TradeDocument]:
    """Documents of a base that one side has said something new about."""
    return list(_due(TradeDocument.objects.all(), base_id).order_by("id")[:most])


def parties(base_id: int, most: int = MOST) -> list[TradeParty]:
    """Buyers of a base that one side has said something new about."""
    return list(_due(TradeParty.objects.all(), base_id).order_by("id")[:most])


def is_anything_due(portal_id: int) -> bool:
    """Whether a worker would find anything to do for the portal now."""
    told = HeardObject.objects.filter(_may_be_tried(), portal=portal_id, read_version__lt=F("version"))
    if told.exists():
        return True
    return any(
        rows.filter(
            _may_be_tried(),
            _not_being_added(),
            base__in=OneCBase.objects.working().filter(portal=portal_id),
            settled_version__lt=F("version"),
        ).exists()
        for rows in (TradeDocument.objects.all(), TradeParty.objects.all())
    )


def next_due(portal_id: int) -> dt.datetime | None:
    """When the next waiting row of the portal may be tried; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select min(at) from (
                  select coalesce(not_before, now()) at from exchange_heardobject
                    where portal_id = %(portal)s and read_version < version
                  union all {_waiting("exchange_tradedocument")}
                  union all {_waiting("exchange_tradeparty")}) t""",  # noqa: S608
            {"portal": portal_id, "limit": settings.B24_REQUEST_LIMIT},
        )
        row = cursor.fetchone()
        return row[0] if row else None


def retry(rows: QuerySet[Any], portal_id: int) -> int:
    """Make rows (TradeDocument or TradeParty) due again at once: a person asked for it; returns how many."""
    changed = rows.update(version=F("version") + 1, failures=0, not_before=None)
    if changed:
        lanes.mark_due(portal_id, work=lanes.DOCUMENTS)
    return int(changed)


def _waiting(table: str) -> str:
    return f"""select greatest(coalesce(row.not_before, now()),
                      coalesce(row.adding_since + make_interval(secs => %(limit)s), '-infinity'))
               from {table} row join exchange_onecbase base on base.id = row.base_id
               where base.portal_id = %(portal)s and {WORKING} and row.settled_version < row.version"""  # noqa: S608


def _due(rows: QuerySet[Any], base_id: int) -> QuerySet[Any]:
    return rows.filter(_may_be_tried(), _not_being_added(), base=base_id, settled_version__lt=F("version"))


def _may_be_tried() -> Q:
    return Q(not_before=None) | Q(not_before__lte=timezone.now())


def _not_being_added() -> Q:
    """An `add` whose answer was lost may still be at work in the portal."""
    limit = timezone.now() - dt.timedelta(seconds=settings.B24_REQUEST_LIMIT)
    return Q(adding_since=None) | Q(adding_since__lt=limit)
