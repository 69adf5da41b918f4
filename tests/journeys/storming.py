"""A storm over both sides: random edits by people of the portal and of 1C, events lost, doubled, late and shuffled, workers killed.

The short form is a test among the others, the long one is `make storm`.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connections
from django.utils import timezone

from b24app import lanes
from b24app.events.handle import handle_waiting
from b24app.models import Lane
from exchange.models import HeardObject, Problem, TradeDocument, TradeParty
from exchange.settling.settle import settle
from exchange.settling.sweep import sweep
from sandbox.onec.clients.wire import ClientRefused
from tests.journeys.trading import CABLE, COMPANY, DEAL, FITTING, INVOICE, PIPE, World

ITEMS = (CABLE, PIPE, FITTING)
SECOND = {INVOICE: "DT31_1:S", DEAL: "PREPARATION"}
# What the app calls a group of fields, and what the comparison does.
_FIELDS = {"stage": "cancelled"}
LOST = {INVOICE: "DT31_1:D", DEAL: "LOSE"}


@dataclass
class Storm:
    """One storm; `counts` says afterwards what happened in it."""

    world: World
    documents: int
    edits: int
    kills: int = 0
    seed: int = 1
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.mine: list[tuple[int, int]] = []
        self.companies: list[int] = []
        self.names = iter(range(10**6))

    def run(self) -> None:
        """Let it rage, then let it pass."""
        self._begin()
        every = max(1, self.edits // 60)
        deadly = set(self.dice.sample(range(self.edits), min(self.kills, self.edits)))
        for number in range(self.edits):
            self._weather()
            self._edit()
            if number in deadly:
                self._kill_a_worker()
            if number % every == 0:
                self._exchange()
        self._calm()

    def explained(self, difference: str) -> bool:
        """Whether a person has been asked about this very difference ("number: field: …"), not merely about the document."""
        number, _, rest = difference.partition(": ")
        field = rest.partition(":")[0]
        row = TradeDocument.objects.filter(base=self.world.base, number=number).first()
        if row is None:
            return False
        open_ones = Problem.objects.filter(portal=self.world.portal, closed_at=None)
        for problem in open_ones.filter(kind="document", onec_id=str(row.pk)):
            named = {_FIELDS.get(one["field"], one["field"]) for one in problem.facts.get("conflicts") or ()}
            if field in named or (field == "sum" and "lines" in named):
                return True
        buyer = (row.portal_side or {}).get("buyer") or [0, 0]
        parties = TradeParty.objects.filter(base=self.world.base, entity_type_id=buyer[0], b24_id=buyer[1])
        asked = open_ones.filter(kind="party", onec_id__in=[str(pk) for pk in parties.values_list("pk", flat=True)])
        return field in ("buyer", "inn") and asked.exists()

    # the people

    def _begin(self) -> None:
        world = self.world
        for number in range(max(2, self.documents // 5)):
            self.companies.append(world.company(f"Клиент {number}", f"77{number:08}", "770001001"))
        for _ in range(self.documents):
            kind = self.dice.choice((INVOICE, DEAL))
            self.mine.append((kind, world.document(kind, self.dice.choice(self.companies), self._rows(), stageId=SECOND[kind])))
        self._exchange()

    def _rows(self) -> list[dict[str, object]]:
        chosen = self.dice.sample(ITEMS, self.dice.randint(1, 3))
        return [self.world.row(item, self._price(), str(self.dice.randint(1, 9))) for item in chosen]

    def _price(self) -> str:
        return f"{self.dice.randint(1, 99_999) / 100:.2f}"

    def _edit(self) -> None:
        edits: list[tuple[int, Callable[[], None]]] = [
            (30, self._portal_rows),
            (12, self._portal_comment),
            (4, self._portal_company),
            (1, self._portal_cancels),
            (25, self._onec_line),
            (8, self._onec_pays),
            (5, self._onec_ships),
            (4, self._onec_buyer),
            (1, self._onec_cancels),
        ]
        what = self.dice.choices([edit for _, edit in edits], [weight for weight, _ in edits])[0]
        self.counts[what.__name__.strip("_")] += 1
        what()

    def _portal_rows(self) -> None:
        kind, document = self.dice.choice(self.mine)
        self.world.set_rows(kind, document, self._rows())

    def _portal_comment(self) -> None:
        kind, document = self.dice.choice(self.mine)
        self.world.change(kind, document, comments=f"Комментарий {next(self.names)}")

    def _portal_company(self) -> None:
        self.world.change(COMPANY, self.dice.choice(self.companies), title=f"Клиент {next(self.names)} новый")

    def _portal_cancels(self) -> None:
        kind, document = self.dice.choice(self.mine)
        self.world.change(kind, document, stageId=LOST[kind])

    def _order(self) -> str:
        return self.dice.choice(list(self.world.book.orders.values())).number if self.world.book.orders else ""

    def _onec_line(self) -> None:
        number = self._order()
        if number:
            item = self.dice.choice(ITEMS)
            self.world.book.set_line(number, item, quantity=str(self.dice.randint(1, 9)), price=self._price(), name="Товар")

    def _onec_pays(self) -> None:
        number = self._order()
        if number:
            self.world.book.pay(number, self._price(), method=self.dice.choice(("bank", "cash", "card")))

    def _onec_ships(self) -> None:
        number = self._order()
        if number:
            line = self.dice.choice(self.world.book.find(number).lines)
            self.world.book.ship(number, {line.id: "1"})

    def _onec_buyer(self) -> None:
        buyers = sorted(self.world.book.buyers)
        if buyers:
            self.world.book.rename_buyer(self.dice.choice(buyers), name=f"Покупатель {next(self.names)}")

    def _onec_cancels(self) -> None:
        number = self._order()
        if number:
            self.world.book.cancel(number)

    # the weather

    def _weather(self) -> None:
        faults = self.world.bitrix24.faults
        faults.update(events_double=self.dice.random() < 0.3, events_shuffle=self.dice.random() < 0.5)
        for name, chance in (
            ("events_drop", 0.15),
            ("query_limit", 0.02),
            ("cut_after", 0.02),
            ("error_after", 0.01),
            ("html", 0.01),
        ):
            if self.dice.random() < chance:
                self.counts[name] += 1
                faults.update(**{name: 1})

    def _exchange(self) -> None:
        try:
            self.world.exchange()
        except ClientRefused:
            # 1C would come again at its next scheduled time.
            self.counts["1c refused"] += 1
        self.counts["exchanges"] += 1

    def _kill_a_worker(self) -> None:
        self.world.bitrix24.portal.events.flush()
        handle_waiting(self.world.portal.pk)
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(self.world.portal.pk,))
        worker.start()
        worker.join(self.dice.uniform(0.02, 0.4))
        self.counts["killed" if worker.is_alive() else "not killed"] += 1
        worker.kill()
        worker.join()
        self._lease_is_over()

    def _lease_is_over(self) -> None:
        """Time passes: the dead worker's lease ends, and what it had reserved of the portal's pace."""
        portal = self.world.portal
        self.world.rest()
        Lane.objects.filter(portal=portal).update(lease_until=None, due_at=timezone.now())
        _forget_pauses(portal.pk)

    def _calm(self) -> None:
        """No faults any more; what no event told is swept; everything arrives."""
        world = self.world
        world.bitrix24.faults.reset()
        for _ in range(4):
            world.bitrix24.portal.events.flush()
            sweep(world.portal.pk)
            self._lease_is_over()
            world.both()


def _forget_pauses(portal_id: int) -> None:
    """Rows that wait after a failure are due again."""
    HeardObject.objects.filter(portal_id=portal_id).update(not_before=None)
    for model in (TradeDocument, TradeParty):
        model.objects.filter(base__portal_id=portal_id).update(not_before=None)


def _work(portal_id: int) -> None:
    """What a worker does, in a process of its own."""
    wrapper = connections["default"]
    wrapper._connection_pools.clear()  # type: ignore[attr-defined]  # the parent's pool is of no use after a fork
    wrapper.connection = None
    claim = lanes.claim("killed", portal_id, lanes.DOCUMENTS)
    if claim is not None:
        lanes.release(claim, settle(claim, until=time.monotonic() + 30))
