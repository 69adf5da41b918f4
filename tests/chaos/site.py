"""One portal, one 1C and the app between them, and the time that passes there: what the app's ticks and 1C's schedule would do."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from b24app import lanes
from b24app.events.handle import handle_waiting
from b24app.events.offline import drain
from b24app.events.tasks import look_again
from b24app.models import Lane, Portal
from b24app.rest.errors import RestError
from exchange import sessions, tasks
from exchange.imports import absence, pipeline
from exchange.models import ExchangeSession, HeardObject, ImportRun, OneCBase, StateRow, TradeDocument, TradeParty
from exchange.observing import observe
from exchange.settling import checking
from exchange.settling.sweep import sweep
from sandbox.onec.clients import catalog, orders
from sandbox.onec.clients.session import Session
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS
from sandbox.onec.orderbook import OrderBook
from sandbox.portal.server import PortalServer
from tests.chaos import goods, looking
from tests.chaos.points import Points
from tests.chaos.wire import Mischief, OddClient
from tests.journeys.trading import MOMENT, QuickClock, World

log = logging.getLogger(__name__)
DIALECT = DIALECTS["unf_docs"]
CLIENT_ID, CLIENT_SECRET = "local.chaos.12345678", "chaos-secret"
ROUNDS = 5


class Clock:
    """Real time, and a difference to it."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Site:
    """`slice` is how long a worker may work at a time; `child` runs a worker's act (here, unless a fault wants a process of its own)."""

    server: PortalServer
    clock: Clock
    world: World
    points: Points
    mischief: Mischief
    slice: float = 20.0
    flushes: bool = True
    session: Session | None = None
    failed: bool = False
    invoice: int = 0
    # Moments inside the app's workers so far.
    worked: int = 0
    child: Callable[[Callable[[], object]], object] = lambda act: act()
    # Names of problems that people were told of on the way.
    told: set[str] = field(default_factory=set)

    @property
    def portal(self) -> Portal:
        return self.world.portal

    @property
    def base(self) -> OneCBase:
        return self.world.base

    # what workers do

    def worker(self, act: Callable[[], object]) -> None:
        """A task: what it raises is logged by Celery and costs a repetition; its connection is closed when it is of no use."""
        before = self.points.count
        try:
            self.child(act)
        except (DatabaseError, redis.RedisError, RestError, OSError) as error:
            log.info("a task failed: %s", type(error).__name__)
        self.worked += self.points.count - before
        for one in connections.all():
            one.close_if_unusable_or_obsolete()

    def read(self) -> None:
        """Read every file that waits."""
        free = ImportRun.objects.filter(base=self.base, state__in=(ImportRun.State.WAITING, ImportRun.State.READING))
        for run_id in list(free.order_by("id").values_list("pk", flat=True)):
            pipeline.read_run(run_id)

    def lane(self, work: str) -> None:
        """Work a lane as the tasks of Celery do."""
        task = tasks.work_lane if work == lanes.CATALOG else tasks.settle
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tasks, "SLICE_SECONDS", self.slice)
            patch.setattr(tasks, "LANE_SECONDS", self.slice)
            for _ in range(6 if self.slice > 5 else 2):
                if not lanes.is_due(self.portal.pk, work):
                    return
                task(portal_id=self.portal.pk)

    def hear(self) -> None:
        handle_waiting(self.portal.pk)

    # what 1C does

    def upload(self) -> None:
        """A session that sends the whole catalogue, but does not ask for its import yet."""
        self.session = self.world.client.session("catalog")
        self.session.checkauth()
        self.session.init()
        catalog.upload(self.session, goods.portion(), catalog.Sent())

    def ask_import(self) -> None:
        """Ask for the import of both files; a first `progress` is taken for done."""
        if self.session is not None:
            for file in goods.portion().xml:
                self.session.import_(file.name, once=True)

    def send_goods(self) -> None:
        """The whole exchange of goods, again or for the first time."""
        self.upload()
        self.ask_import()

    def take(self) -> None:
        """Collect orders; they are written into the base only when the exchange went through."""
        taken = orders.take(lambda: self.world.client.session("sale"))
        self.world.book.take(taken.orders)

    def give(self) -> None:
        """Send what is registered."""
        if self.world.book.to_send():
            orders.give(lambda: self.world.client.session("sale"), self.world.book.to_send(), MOMENT)
            self.world.book.confirm()

    def onec(self, act: Callable[[], object]) -> None:
        """Let 1C do something; when it fails it comes again at its next time."""
        try:
            act()
        except ClientRefused as refused:
            log.info("1C stopped: %s", refused.what)
            self.failed = True

    # time

    def pass_time(self) -> None:
        """Leases, pauses and paces are over, and 1C has been quiet for a while."""
        self.world.rest()
        Lane.objects.filter(portal=self.portal).update(lease_until=None, due_at=timezone.now())
        HeardObject.objects.filter(portal=self.portal).update(not_before=None)
        hour_ago = timezone.now() - dt.timedelta(hours=1)
        for model in (StateRow, TradeDocument, TradeParty):
            rows = model.objects.filter(base=self.base)
            rows.filter(not_before__isnull=False).update(not_before=None)
            rows.filter(adding_since__isnull=False).update(adding_since=hour_ago)
        ImportRun.objects.filter(base=self.base, lease_until__isnull=False).update(lease_until=hour_ago)
        minutes = dt.timedelta(minutes=3)
        for session in ExchangeSession.objects.filter(base=self.base):
            ExchangeSession.objects.filter(pk=session.pk).update(last_at=min(session.last_at, timezone.now() - minutes))
        OneCBase.objects.filter(pk=self.base.pk).update(last_contact_at=timezone.now() - minutes)

    def calm(self, *, goods_too: bool) -> None:
        """No faults any more: what beat, workers and 1C do by themselves until everything has arrived."""
        for _ in range(ROUNDS):
            self.pass_time()
            self._beat()
            failed, self.failed = self.failed, False
            if goods_too and failed:
                self.onec(self.send_goods)
            if not goods_too:
                self.onec(self.take)
                self.onec(self.give)
            for act in (self.hear, self.read, lambda: self.lane(lanes.CATALOG), lambda: self.lane(lanes.DOCUMENTS)):
                self.worker(act)
            self._check_again()
            self.listen()
            if not looking.unrest(self.ask, self.base.pk) and not self.failed and not (self.world.book.to_send()):
                return

    def check(self) -> None:
        """Compare both sides and mend what differs, as a person asked."""
        checking.begin(self.base)
        checking.check(self.base, mend=True)
        self.lane(lanes.CATALOG)
        self.lane(lanes.DOCUMENTS)

    def _check_again(self) -> None:
        """Who asked for a check that the page calls failed, or broken off, asks again."""
        self.base.refresh_from_db()
        observed = self.base.observed
        if "check_failed" in observed or "checking" in observed:
            self.told.add("check failed" if "check_failed" in observed else "check broken off")
            observe(self.base, {}, forget=["checking"])
            self.worker(self.check)

    def _beat(self) -> None:
        self.server.portal.events.flush()
        self.portal.refresh_from_db()
        if self.portal.trouble:
            look_again(portal_id=self.portal.pk)
            self.portal.refresh_from_db()
        sessions.pick_up_forgotten()
        absence.settle_due()
        if not self.portal.trouble:
            with contextlib.suppress(RestError):
                drain(self.portal)
            sweep(self.portal.pk)

    def listen(self) -> None:
        """Note what people are told of now."""
        self.told |= looking.listed(self.ask, self.base.pk)

    def ask(self, sql: str, params: object) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)  # type: ignore[arg-type]
            return list(cursor.fetchall())

    # the end

    def state(self) -> list[looking.Fact]:
        """Everything that both sides know, and what of the app is not at rest."""
        facts = looking.goods(self.server) + looking.documents(self.server, self.world.book)
        return facts + looking.unrest(self.ask, self.base.pk)


@contextlib.contextmanager
def opened(app_url: str, points: Points, *, stocked: bool) -> Iterator[Site]:
    """A portal with the app installed and a 1C connected; `stocked`: three goods are on both sides already."""
    clock = Clock()
    server = PortalServer(port=0, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, app_url=app_url, clock=clock)
    with server:
        settings.B24_OAUTH_SERVERS = [server.oauth_url]
        assert server.installation.install()["status"] == 200
        portal = Portal.objects.get(member_id=server.member_id)
        base, password = sessions.create_base(portal, "chaos", "unf")
        # It has been connected for a while: documents made before that day stay where they are.
        OneCBase.objects.filter(pk=base.pk).update(created_at=timezone.now() - dt.timedelta(days=3))
        base.refresh_from_db()
        mischief = Mischief()
        url = f"{app_url}/1c/{base.key}/"
        client = OddClient(DIALECT.manners, url, base.login, password, clock=QuickClock(), mischief=mischief)
        world = World(server, portal, base, DIALECT, client, OrderBook(DIALECT.manners, "chaos"))
        if stocked:
            world._stock()
        yield Site(server, clock, world, points, mischief)
        server.portal.events.flush()
