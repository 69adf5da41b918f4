"""A storm over both sides: random edits by people of the portal and of 1C, events lost, doubled, late and shuffled, workers killed.

The short form is a test among the others, the long one is `make storm`.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import connections
from django.db.models import F
from django.utils import timezone

from b24app import lanes
from b24app.events.handle import handle_waiting
from b24app.events.tasks import drain_offline
from b24app.models import Lane, Portal
from b24app.oauth import clients
from exchange.models import HeardObject, Problem, TradeDocument, TradeParty
from exchange.settling import deciding, party_choices
from exchange.settling.settle import settle
from exchange.settling.sweep import sweep
from sandbox.onec.clients.wire import ClientRefused
from tests.journeys import looking
from tests.journeys.looking import Difference
from tests.journeys.people import People
from tests.journeys.trading import World

# A request that fails: refused, or with its effect and without its answer.
REST_FAULTS = (
    *("query_limit", "down", "html", "not_json", "cut_before", "redirect"),
    *("cut_after", "cut_middle", "error_after", "html_after"),
)
# By which group of fields a person is asked about what.
_LINES = frozenset({"lines", "quantity", "price", "amount", "vat", "vat_sum", "unit"})
_PARTY = {"buyer": "name", "full_name": "full_name", "inn": "tax_id", "kpp": "tax_branch", "phones": "phones", "emails": "emails"}


@dataclass
class Storm:
    """One storm; `counts` says afterwards what happened in it, `refusals` what 1C would not take."""

    world: World
    documents: int
    edits: int
    kills: int = 0
    seed: int = 1
    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.people = People(self.world, self.dice, counts=self.counts)

    def run(self) -> None:
        """Let it rage, then let it pass."""
        self._wide_pace()
        self.people.begin(self.documents)
        self.world.exchange()
        self.people.fill_in()
        self.world.both()
        every = max(5, self.edits // 120)
        deadly = set(self.dice.sample(range(self.edits), min(self.kills, self.edits)))
        owed = 0
        for number in range(self.edits):
            self._weather()
            self.people.edit()
            owed += number in deadly
            if owed and (number in deadly or number % every == every // 2):
                owed -= self._kill_a_worker()
            if number % every == 0:
                self._exchange()
        while owed:
            self.people.edit()
            owed -= self._kill_a_worker()
        self.calm()

    def calm(self) -> None:
        """No faults any more; what no event told is found, 1C makes a full run, everything arrives."""
        world = self.world
        world.bitrix24.faults.reset()
        world.book.register_all()
        for _ in range(4):
            self._late_events()
            drain_offline(portal_id=world.portal.pk)
            sweep(world.portal.pk)
            self._time_passes()
            world.both()

    def unexplained(self) -> list[str]:
        """Where both sides differ and nobody has been asked about it."""
        open_ones = list(Problem.objects.filter(portal=self.world.portal, closed_at=None))
        differing = list(looking.differences(self.world))
        left = [str(one) for one in differing if not self._asked(one, open_ones)]
        self.counts["differences a person was asked about"] = len(differing) - len(left)
        self.counts.update(f"problem {problem.cause}" for problem in open_ones)
        return [*left, *self.unsettled(), *self.refusals]

    def unsettled(self) -> list[str]:
        """Rows that nobody has brought to an end."""
        found = []
        for model in (TradeDocument, TradeParty):
            for row in model.objects.filter(base=self.world.base, settled_version__lt=F("version")):
                waits = {
                    name: str(getattr(row, name))
                    for name in ("version", "settled_version", "failures", "not_before", "adding_since")
                }
                found.append(f"{model.__name__} {row.pk} {getattr(row, 'number', '')}: {waits}")
        return found

    def answer(self) -> None:
        """A person answers whatever is asked, until nothing is."""
        while Problem.objects.filter(portal=self.world.portal, closed_at=None).exists() and self.counts["answered"] < 4:
            self.counts["answered"] += 1
            self._decide()
            self.calm()

    def _decide(self) -> None:
        for problem in Problem.objects.filter(portal=self.world.portal, closed_at=None).order_by("pk"):
            side: Literal["portal", "onec"] = "portal" if self.dice.random() < 0.5 else "onec"
            if problem.kind == "document":
                # What 1C does not take, only its own values can end.
                deciding.decide(problem, "onec" if problem.cause == "document-not-taken" else side)
            elif problem.cause == "party-conflict":
                party_choices.decide(problem, side)
            elif problem.cause == "party-ambiguous":
                chosen = problem.facts["candidates"][0]
                party_choices.choose_candidate(problem, (chosen["type"], chosen["id"]))

    def _asked(self, one: Difference, open_ones: list[Problem]) -> bool:
        """Whether a person has been asked about this very field (and line), not merely about the document."""
        row = TradeDocument.objects.filter(base=self.world.base, number=one.number).first()
        if row is None:
            return False
        groups = set(_named(open_ones, "document", {str(row.pk)}))
        if one.field == "vat_included":
            # An order has one way with VAT, whichever of its lines are disputed.
            return "lines" in {name for name, _ in groups}
        if one.field in _LINES:
            return bool({("lines", one.part), ("lines", "")} & groups)
        names = {name for name, _ in groups}
        if one.field == "sum":
            return "lines" in names
        if one.field not in _PARTY:
            return one.field in names
        buyer = (row.portal_side or {}).get("buyer") or [0, 0]
        parties = TradeParty.objects.filter(base=self.world.base, entity_type_id=buyer[0], b24_id=buyer[1])
        asked = _named(open_ones, "party", {str(pk) for pk in parties.values_list("pk", flat=True)})
        # Who that counterparty of 1C is at all.
        unknown = TradeParty.objects.filter(base=self.world.base, onec_id=(row.onec_side or {}).get("party") or "?").first()
        if any(one.cause == "party-ambiguous" and unknown is not None and one.onec_id == str(unknown.pk) for one in open_ones):
            return True
        return "buyer" in names or _PARTY[one.field] in {name for name, _ in asked}

    # the weather

    def _wide_pace(self) -> None:
        """The widest tariff, so that the storm does not wait for the portal's pace."""
        Portal.objects.filter(pk=self.world.portal.pk).update(licence="ru_ent10000")
        self.world.portal.refresh_from_db()
        bucket = self.world.bitrix24.portal.bucket
        bucket.size, bucket.rate = 250, 5

    def _weather(self) -> None:
        faults = self.world.bitrix24.faults
        faults.update(events_double=self.dice.random() < 0.3, events_shuffle=self.dice.random() < 0.5)
        for name, chance in (("events_drop", 0.15), ("events_late", 0.15)):
            if self.dice.random() < chance:
                self.counts[name] += 1
                faults.update(**{name: getattr(faults, name) + 1})
        if self.dice.random() < 0.1:
            name = self.dice.choice(REST_FAULTS)
            self.counts[name] += 1
            faults.update(**{name: 1, "skip": self.dice.randint(0, 15)})

    def _exchange(self) -> None:
        """One of the ways in which both sides may come to speak, whole or broken off."""
        world, way = self.world, self.dice.random()
        if self.dice.random() < 0.5:
            self._time_passes()
        if self.dice.random() < 0.2:
            self._late_events()
        if self.dice.random() < 0.1:
            drain_offline(portal_id=world.portal.pk)
        if self.dice.random() < 0.1:
            sweep(world.portal.pk)
        try:
            if way < 0.15:
                world.settle()
            elif way < 0.3:
                world.give()
                world.take(self._meanwhile)
                world.settle()
            elif way < 0.4:
                self.counts["1C died before success"] += 1
                world.take(lambda: False)
            elif way < 0.5:
                self.counts["1C sent twice"] += 1
                world.give(2)
                world.settle()
            else:
                world.take(self._meanwhile)
                world.give()
                world.settle()
        except ClientRefused as refusal:
            self.refusals.append(str(refusal))
        self.counts["exchanges"] += 1

    def _meanwhile(self) -> bool:
        """Between 1C's question and its `success` the portal goes on."""
        if self.dice.random() < 0.3:
            self.counts["settled before success"] += 1
            self.people.edit()
            self.world.settle()
        return True

    def _late_events(self) -> None:
        events = self.world.bitrix24.portal.events
        self.counts["events that came late"] += events.release()
        events.flush()

    def _kill_a_worker(self) -> bool:
        """Kill a worker while it is at work, at a random moment or request; False when it was through before."""
        self.world.rest()
        self.world.bitrix24.portal.events.flush()
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(self.world.portal.pk,))
        calls = self.world.bitrix24.calls
        before, last = calls.requests, self.dice.randint(1, 12)
        ends = time.monotonic() + (self.dice.uniform(0.02, 0.5) if self.dice.random() < 0.5 else 10)
        worker.start()
        while worker.is_alive() and time.monotonic() < ends and calls.requests - before < last:
            time.sleep(0.002)
        alive = worker.is_alive()
        worker.kill()
        worker.join()
        alive = alive and worker.exitcode == -9
        self.counts["killed" if alive else "not killed"] += 1
        self._time_passes()
        return alive

    def _time_passes(self) -> None:
        """An hour goes by: leases end, pauses and marks are over, the portal's pace has come back."""
        portal, hour = self.world.portal, dt.timedelta(hours=1)
        self.world.rest()
        Lane.objects.filter(portal=portal).update(lease_until=F("lease_until") - hour, due_at=timezone.now())
        HeardObject.objects.filter(portal=portal).update(not_before=F("not_before") - hour)
        for model in (TradeDocument, TradeParty):
            rows: Any = model.objects.filter(base__portal=portal)
            rows.update(not_before=F("not_before") - hour, adding_since=F("adding_since") - hour)


def _named(problems: list[Problem], kind: str, keys: set[str]) -> Iterator[tuple[str, str]]:
    """(group of fields, line) of what people are asked about these rows."""
    for problem in problems:
        if problem.kind == kind and problem.onec_id in keys:
            for one in problem.facts.get("conflicts") or ():
                yield str(one["field"]), str(one.get("part") or "")


def _work(portal_id: int) -> None:
    """What a worker does, in a process of its own."""
    wrapper = connections["default"]
    wrapper._connection_pools.clear()  # type: ignore[attr-defined]  # the parent's pool is of no use after a fork
    wrapper.connection = None
    clients._shared_transport.cache_clear()
    handle_waiting(portal_id)
    claim = lanes.claim("killed", portal_id, lanes.DOCUMENTS)
    if claim is not None:
        lanes.release(claim, settle(claim, until=time.monotonic() + 30))
