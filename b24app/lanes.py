"""Two lanes per portal, CATALOG and DOCUMENTS: whoever holds a lane's lease does its work; a fence number stops one who lost it.

The truth is the `Lane` row; Celery only wakes workers. Claiming skips locked rows, so any number of workers may try.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

LEASE_SECONDS = 30
CATALOG = "catalog"
DOCUMENTS = "documents"


class LaneLost(Exception):
    """Another worker holds the lane now: whatever was being done must not be saved."""


@dataclass(frozen=True, slots=True)
class Claim:
    portal_id: int
    fence: int
    work: str = CATALOG


def mark_due(portal_id: int, at: dt.datetime | None = None, *, work: str = CATALOG) -> None:
    """Let the portal's lane be worked at `at` (now when None); an earlier due time stays."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into b24app_lane (portal_id, work, due_at) values (%(portal)s, %(work)s, coalesce(%(at)s, now()))
               on conflict (portal_id, work) do update set due_at = least(b24app_lane.due_at, excluded.due_at)""",
            {"portal": portal_id, "at": at, "work": work},
        )


def claim(owner: str, portal_id: int | None = None, work: str = CATALOG) -> Claim | None:
    """Take the lease of the lane for this work that has been due longest (or of `portal_id`'s, if due); None when there is none.

    A lane whose owner vanished (lease over, owner still written) is due as well.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """with chosen as (
                 select id from b24app_lane
                 where (due_at <= clock_timestamp() or owner <> '')
                   and coalesce(lease_until, '-infinity') < clock_timestamp()
                   and (%(portal)s::bigint is null or portal_id = %(portal)s) and work = %(work)s
                 order by due_at nulls first for update skip locked limit 1)
               update b24app_lane lane
               set lease_until = clock_timestamp() + make_interval(secs => %(lease)s), owner = %(owner)s, fence = fence + 1, due_at = null
               from chosen where lane.id = chosen.id returning lane.portal_id, lane.fence, lane.work""",
            {"portal": portal_id, "lease": LEASE_SECONDS, "owner": owner, "work": work},
        )
        row = cursor.fetchone()
    return Claim(*row) if row else None


def hold(claim: Claim) -> None:
    """Renew the lease as the last thing of the caller's transaction, or raise LaneLost so that nothing of it is saved.

    Last, because whoever makes rows due locks them before the lane: the other way round, one of the two would wait for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """update b24app_lane set lease_until = clock_timestamp() + make_interval(secs => %s)
               where portal_id = %s and work = %s and fence = %s""",
            [LEASE_SECONDS, claim.portal_id, claim.work, claim.fence],
        )
        if cursor.rowcount != 1:
            raise LaneLost(f"portal {claim.portal_id}: fence {claim.fence} is old")


def outdate(portal_id: int, work: str = CATALOG) -> None:
    """Let nothing be saved any more of what the lane's holder has loaded: a person changed what it builds on. The lane is due.

    Last in the caller's transaction, as `hold`. The lease stays: nobody goes on while commands of its holder are still under way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into b24app_lane (portal_id, work, due_at) values (%s, %s, now())
               on conflict (portal_id, work) do update set due_at = least(b24app_lane.due_at, now()), fence = b24app_lane.fence + 1""",
            [portal_id, work],
        )


def release(claim: Claim, due_at: dt.datetime | None) -> None:
    """Give the lane back; `due_at` says when there is more to do; a mark made meanwhile stays if it is earlier."""
    with connection.cursor() as cursor:
        cursor.execute(
            """update b24app_lane set lease_until = null, owner = '', due_at = least(due_at, %(due)s)
               where portal_id = %(portal)s and work = %(work)s and fence = %(fence)s""",
            {"due": due_at, "portal": claim.portal_id, "work": claim.work, "fence": claim.fence},
        )


def due(most: int, work: str = CATALOG) -> list[int]:
    """Portals whose lanes for this work may be claimed now, longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select portal_id from b24app_lane where (due_at <= clock_timestamp() or owner <> '')
                 and coalesce(lease_until, '-infinity') < clock_timestamp() and work = %s
               order by due_at nulls first limit %s""",
            [work, most],
        )
        return [portal_id for (portal_id,) in cursor.fetchall()]


def is_due(portal_id: int, work: str = CATALOG) -> bool:
    """Whether the portal's lane for this work may be claimed now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select exists (select 1 from b24app_lane where portal_id = %s and work = %s
                 and (due_at <= clock_timestamp() or owner <> '') and coalesce(lease_until, '-infinity') < clock_timestamp())""",
            [portal_id, work],
        )
        return bool(cursor.fetchone()[0])
