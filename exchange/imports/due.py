"""Which state rows are due, and when: the questions that pushing and the pages ask of the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.conf import settings
from django.db import connection

from b24app import lanes
from exchange.models import OneCBase, StateRow
from exchange.working import WORKING

DUE = "base_id = %(base)s and pushed_version < version"


# Rows that a file changed after the slice had begun wait for the next one: what they refer to may not have been looked at.
BEFORE = "changed_at <= %(now)s"


FREE = """(not_before is null or not_before <= now())
  and (adding_since is null or adding_since < now() - make_interval(secs => %(limit)s))"""


def is_due(base: OneCBase) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select exists (select 1 from exchange_staterow where {DUE} and kind = any(%(kinds)s) and {FREE})",  # noqa: S608
            {"base": base.pk, "limit": settings.B24_REQUEST_LIMIT, "kinds": list(KINDS)},
        )
        return bool(cursor.fetchone()[0])


def due_after(base_id: int, kind: str, last: int, now: dt.datetime, most: int) -> list[tuple[int, str]]:
    """(row id, 1C id of its item) of due rows of a kind, from row `last` on, in the order 1C told them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select id, coalesce(nullif(parent_id, ''), onec_id) from exchange_staterow
                where {DUE} and {BEFORE} and kind = %(kind)s and id > %(last)s and {FREE} order by id limit %(most)s""",  # noqa: S608
            {"base": base_id, "kind": kind, "last": last, "now": now, "limit": settings.B24_REQUEST_LIMIT, "most": most},
        )
        return list(cursor.fetchall())


KINDS = ("price_type", "warehouse", "group", "property", "category", "unit", "product", "offer")


def next_due(portal_id: int) -> dt.datetime | None:
    """When the next waiting row of the portal's bases may be tried; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select min(greatest(coalesce(row.not_before, now()),
                                   coalesce(row.adding_since + make_interval(secs => %s), '-infinity')))
               from exchange_staterow row join exchange_onecbase base on base.id = row.base_id
               where base.portal_id = %s and {WORKING} and row.pushed_version < row.version""",  # noqa: S608
            [settings.B24_REQUEST_LIMIT, portal_id],
        )
        row = cursor.fetchone()
        return row[0] if row else None


def retry(base: OneCBase, kind: str, onec_ids: Iterable[str]) -> int:
    """Make rows due again whose push failed or was refused; returns how many."""
    ids = list(onec_ids)
    rows = StateRow.objects.filter(base=base, onec_id__in=ids)
    if kind in ("product", "offer"):
        rows = rows.filter(kind__in=("product", "offer")) | StateRow.objects.filter(base=base, parent_id__in=ids, kind="offer")
    elif kind:
        rows = rows.filter(kind=kind)
    changed = rows.update(pushed_version=0, failures=0, not_before=None)
    if changed:
        lanes.mark_due(base.portal_id)
    return changed


def stock_of_others(others: Sequence[tuple[int, str]]) -> Decimal:
    total = Decimal(0)
    for scope, onec_id in others:
        facet = (
            StateRow.objects.filter(base_id=scope, onec_id=onec_id, stock__isnull=False).values_list("stock", flat=True).first()
        )
        if facet:
            told = facet.get("total")
            total += Decimal(told) if told is not None else sum((Decimal(q) for q in facet.get("by", {}).values()), Decimal(0))
    return total
