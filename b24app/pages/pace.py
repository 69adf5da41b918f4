"""How fast the waiting objects of a base become fewer: measured by the pages while somebody looks, kept in Redis for minutes.

Small queues are counted with every look, by the partial index; a large one at most every few seconds, whoever looks.
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from b24app.pages import progress

RECOUNT_SECONDS = 15.0
KEPT_SECONDS = 3600
MARKS_KEPT = 40


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of the `total` objects that came to wait, `waiting` still do; `seconds_left` is None when no pace was measured yet."""

    waiting: int = 0
    total: int = 0
    seconds_left: float | None = None


def backlog(base_id: int, counted: int, cap: int, now: float | None = None) -> Backlog:
    """What a base's queue looks like, given the count up to `cap` (cap + 1 = more); without Redis only that count is told."""
    now = time.time() if now is None else now
    try:
        if not counted:
            # The next load is measured from its own beginning.
            _redis().delete(_key(base_id))
            return Backlog()
        return _measured(_redis(), base_id, counted, cap, now)
    except redis.RedisError:
        return Backlog(counted, counted)


def begin_anew(base_id: int) -> None:
    """What waited until now was held back: the pace is measured from here on."""
    with contextlib.suppress(redis.RedisError):
        _redis().delete(_key(base_id))


def _measured(client: redis.Redis, base_id: int, counted: int, cap: int, now: float) -> Backlog:
    key = _key(base_id)
    told: dict[str, Any] = json.loads(client.get(key) or "{}")
    marks: list[list[float]] = told.get("marks", [])
    many = counted > cap
    if many and marks and now - marks[-1][0] < RECOUNT_SECONDS and marks[-1][1] > cap:
        waiting = int(marks[-1][1])
    else:
        waiting = _count(base_id) if many else counted
        marks = [*marks, [now, waiting]][-MARKS_KEPT:]
        # More than ever before: a new load begins, and with it the bar.
        told = {"most": max(int(told.get("most", 0)), waiting), "marks": marks}
        client.set(key, json.dumps(told), ex=KEPT_SECONDS)
    most = max(int(told.get("most", 0)), waiting)
    pace = progress.rate([(at, most - int(left)) for at, left in marks], now)
    return Backlog(waiting, most, progress.seconds_left(waiting, pace))


def _key(base_id: int) -> str:
    return f"backlog:{base_id}"


def _count(base_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from exchange_staterow where base_id = %s and pushed_version < version", [base_id])
        return int(cursor.fetchone()[0])


@functools.lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _redis() -> redis.Redis:
    return _client(settings.REDIS_CLIENT_URL)
