"""What may happen to the machine under the app: processes, database, broker, disk and clock."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawValue
from typing import Any, NamedTuple

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.chaos import children
from tests.chaos.fault import Fault, Lengths
from tests.chaos.site import Site
from tests.chaos.steps import CLOCK, DISK, EVENTS, PORTAL, WEB, WORKER, Step


@dataclass(frozen=True)
class Killed(Fault):
    """A process of the app dies by kill -9 at a moment of its work."""

    who: str = WORKER

    def fits(self, step: Step) -> bool:
        return self.who in step.touches

    def places(self, lengths: Lengths) -> int:
        return lengths.worker if self.who == WORKER else lengths.points - lengths.worker

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        died, parent = RawValue("i", 0), os.getpid()

        def die() -> None:
            if os.getpid() != parent:
                died.value = 1
                os.kill(os.getpid(), signal.SIGKILL)

        def aim() -> None:
            site.points.aim(at, die)

        with in_process(site, self.who, begin=aim):
            yield lambda: bool(died.value)


@contextmanager
def in_process(
    site: Site, who: str, *, file_limit: int | None = None, begin: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Workers, or the web server, of the site in processes of their own, which `begin` so."""
    if who == WORKER:
        child, site.child = site.child, lambda act: children.work(act, begin, file_limit=file_limit)
        yield
        site.child = child
        return
    url = site.world.client.url
    with children.web(begin, file_limit=file_limit) as address:
        old = settings.APP_URL
        _move(site, url.replace(old, address))
        _call_events_at(site, old, address)
        yield
        site.server.portal.events.flush()
    _move(site, url)
    _call_events_at(site, address, old)


def _move(site: Site, url: str) -> None:
    """1C asks another web server from now on, also in the session it has begun."""
    site.world.client.url = url
    if site.session is not None:
        site.session.wire = site.world.client.wire()


def _call_events_at(site: Site, old: str, new: str) -> None:
    store = site.server.portal.store
    with site.server.portal.lock:
        for row in store.all("event_handlers"):
            store.change("event_handlers", row, handler=row["handler"].replace(old, new))


@dataclass(frozen=True)
class ConnectionsLost(Fault):
    """PostgreSQL ends every connection at a moment of the work, as its restart does."""

    def fits(self, step: Step) -> bool:
        return bool({WEB, WORKER} & step.touches)

    def places(self, lengths: Lengths) -> int:
        return lengths.points

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        params = {**connection.get_connection_params(), "autocommit": True}

        def end_all() -> None:
            with psycopg.connect(host=params["host"], dbname=params["dbname"], user=params["user"], autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                )

        site.points.aim(at, end_all)
        yield lambda: site.points.struck
        site.points.aim(-1, lambda: None)
        _reconnect()


def _reconnect() -> None:
    """What is broken is thrown away, so that the rest of the story is not about it."""
    for _ in range(20):
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
            return
        except Exception:
            connection.close()


@dataclass(frozen=True)
class BrokerAway(Fault):
    """Valkey answers nobody while the step is done."""

    def fits(self, step: Step) -> bool:
        return bool({WEB, WORKER} & step.touches)

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        def refuse(*_: Any, **__: Any) -> None:
            raise redis.ConnectionError("away on purpose")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(redis.connection.AbstractConnection, "send_packed_command", refuse)
            yield lambda: True


@dataclass(frozen=True)
class DiskFull(Fault):
    """No file may grow beyond some bytes in the process that does the step."""

    def fits(self, step: Step) -> bool:
        return DISK in step.touches

    def places(self, lengths: Lengths) -> int:
        return 4

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        limit = (0, 600, 2000, 2600)[at]
        who = WEB if WEB in step.touches else WORKER
        with in_process(site, who, file_limit=limit):
            yield lambda: True


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@dataclass(frozen=True)
class DiskNearlyFull(Fault):
    """The disk says that it has no room."""

    def fits(self, step: Step) -> bool:
        return DISK in step.touches and step.posts

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        asked = [0]

        def usage(path: object) -> Usage:
            asked[0] += 1
            return Usage(10**9, 10**9, 0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shutil, "disk_usage", usage)
            yield lambda: asked[0] > 0


@dataclass(frozen=True)
class ClockJumps(Fault):
    """The app's clock, or the portal's, is a day off while the step is done."""

    app: float = 0.0
    portal: float = 0.0

    def fits(self, step: Step) -> bool:
        return CLOCK in step.touches and (not self.portal or bool({PORTAL, EVENTS} & step.touches))

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        site.clock.ahead = self.portal
        ahead = dt.timedelta(seconds=self.app)
        now = timezone.now
        with pytest.MonkeyPatch.context() as patch:
            if self.app:
                patch.setattr(timezone, "now", lambda: now() + ahead)
            yield lambda: True
        site.clock.ahead = 0.0
