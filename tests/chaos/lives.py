"""A round with real processes: goods go to the portal, an invoice to 1C and its order back, while one kind of process is killed."""

from __future__ import annotations

import random
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.onec.clients import catalog, orders
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.orderbook import OrderBook
from tests.chaos import goods, looking
from tests.chaos.site import DIALECT
from tests.chaos.stack import Stack
from tests.chaos.steps import SECOND_STAGE
from tests.chaos.wire import OddClient
from tests.journeys.trading import COMPANY, INVOICE, MOMENT, QuickClock

PATIENCE = 120.0
KILLS = 2
STEPS = ("goods to the portal", "an invoice to 1C", "its order back")


@dataclass(frozen=True)
class Lived:
    """What came of one step: the same end as without kills, or how it differs."""

    step: str
    kills: int
    seconds: float
    wrong: tuple[str, ...] = ()


@dataclass
class Life:
    """One 1C base of the stack; everything of it bears `mark`. `victim` "" = nobody is killed."""

    stack: Stack
    mark: str
    victim: str
    dice: random.Random
    book: OrderBook = field(default_factory=lambda: OrderBook(DIALECT.manners, "chaos"))
    refused: int = 0
    invoice: int = 0

    def __post_init__(self) -> None:
        told = self.stack.base(self.mark)
        self.client = OddClient(DIALECT.manners, told["exchange_url"], told["login"], told["password"], clock=QuickClock())
        self.client.timeout = 30
        self.base_id = int(str(self.stack.ask("select id from exchange_onecbase where login = %s", [told["login"]])[0][0]))

    def live(self) -> dict[str, tuple[Lived, list[looking.Fact]]]:
        """Go through all steps; each is waited for before its end is looked at."""
        steps: dict[str, tuple[Callable[[], None], Callable[[], bool]]] = {
            STEPS[0]: (self._send, lambda: self._count("products") == 8 and self._count("prices") == 7),
            STEPS[1]: (self._invoice, lambda: self._taken()),
            STEPS[2]: (self._give, lambda: str(self._item().get("opportunity")) == "747.5"),
        }
        found = {name: self._step(name, act, over) for name, (act, over) in steps.items()}
        # The portal's documents belong to the base that was there first.
        self.stack.manage("onec_base", "pause", self.client.login)
        return found

    def _step(self, name: str, act: Callable[[], None], over: Callable[[], bool]) -> tuple[Lived, list[looking.Fact]]:
        began = time.monotonic()
        moments = sorted(self.dice.uniform(0.1, 2.5) for _ in range(KILLS)) if self.victim else []
        killer = threading.Thread(target=self._kill, args=(began, moments))
        killer.start()
        act()
        self._wait(over)
        killer.join()
        self._wait(over)
        self._wait(self._at_rest)
        lived = Lived(name, len(moments), time.monotonic() - began)
        sys.stdout.write(f"{self.victim or 'nobody'} killed, {name}: {lived.seconds:.0f} s, 1C refused {self.refused} times\n")
        sys.stdout.flush()
        return lived, self._facts()

    def _at_rest(self) -> bool:
        """1C goes on collecting what there is for it."""
        if self.invoice:
            self._taken()
        return not looking.unrest(self.stack.ask, self.base_id)

    def _kill(self, began: float, moments: list[float]) -> None:
        for moment in moments:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            self.stack.kill(self.victim)

    def _wait(self, happens: Callable[[], bool]) -> None:
        """Until it happens or patience is over: then the comparison says what is wrong."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if happens():
                    return
                self.stack.pass_time()
            except Exception:
                # The database is being started.
                time.sleep(0.2)
            time.sleep(0.3)

    def _again(self, act: Callable[[], object]) -> None:
        """1C comes until it gets through."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                act()
            except ClientRefused:
                self.refused += 1
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    # the steps

    def _send(self) -> None:
        self._again(lambda: catalog.send(self.client.session, [goods.portion(self.mark)]))

    def _invoice(self) -> None:
        def do(method: str, **params: object) -> dict[str, object]:
            found: dict[str, object] = self.stack.portal.call(method, params, user_id=2)
            return found

        company = self._made(do("crm.item.add", entityTypeId=COMPANY, fields={"title": f"ООО «{self.mark}»"}))
        fields = {"title": self.mark, "companyId": company, "currencyId": "RUB"}
        self.invoice = self._made(do("crm.item.add", entityTypeId=INVOICE, fields=fields))
        row = {
            "productId": self._product(1),
            "price": 101.5,
            "quantity": 2,
            "taxRate": 20,
            "taxIncluded": "Y",
            "measureCode": 796,
        }
        do("crm.item.productrow.set", ownerType="SI", ownerId=self.invoice, productRows=[row])
        do("crm.item.update", entityTypeId=INVOICE, id=self.invoice, fields={"stageId": SECOND_STAGE})

    @staticmethod
    def _made(told: dict[str, object]) -> int:
        item = told["item"]
        assert isinstance(item, dict)
        return int(item["id"])

    def _taken(self) -> bool:
        self._again(lambda: self.book.take(orders.take(lambda: self.client.session("sale")).orders))
        return bool(self.book.orders)

    def _give(self) -> None:
        for order in list(self.book.orders.values()):
            self.book.set_line(order.number, f"{self.mark}i1", quantity="5")
            self.book.set_line(order.number, f"{self.mark}i2", quantity="4", price="60.00", name="Товар")
            self.book.pay(order.number, "300.00")
        self._again(lambda: orders.give(lambda: self.client.session("sale"), self.book.to_send(), MOMENT))
        self.book.confirm()

    # looking

    def _product(self, number: int) -> int:
        return int(self.stack.portal.state.one("products", xmlId=f"{self.mark}i{number}")["id"])

    def _count(self, kind: str) -> int:
        products = {row["id"] for row in self.stack.portal.state["products"] if str(row.get("xmlId")).startswith(self.mark)}
        if kind == "products":
            return len(products)
        return sum(row["productId"] in products for row in self.stack.portal.state["prices"])

    def _item(self) -> dict[str, object]:
        return self.stack.portal.state.get(f"items_{INVOICE}", self.invoice) or {}

    def _facts(self) -> list[looking.Fact]:
        """What bears the mark, without it, and without numbers that count on from round to round."""
        entries = sum(row["ownerId"] == self.invoice for row in self.stack.portal.state["activities"])
        told = [*looking.goods(self.stack.portal), *looking.documents(self.stack.portal, self.book)]
        own = [fact for fact in told if self.mark in repr(fact)]
        facts: list[looking.Fact] = [(_plain(repr(fact), self.mark),) for fact in own]
        return sorted([*facts, ("entries", entries), *looking.unrest(self.stack.ask, self.base_id)], key=repr)


def _plain(text: str, mark: str) -> str:
    return re.sub(r"ТД00-\d+|\('order', '\d+'", "number", text.replace(mark, ""))


def rounds(stack: Stack, victims: tuple[str, ...], seed: int) -> list[tuple[str, Lived]]:
    """A round without kills, then one with each victim; how each step of each ended."""
    quiet = Life(stack, "quiet-", "", random.Random(seed)).live()
    found: list[tuple[str, Lived]] = []
    for number, victim in enumerate(victims):
        for name, (lived, facts) in Life(stack, f"round{number}-", victim, random.Random(f"{seed} {victim}")).live().items():
            wrong = tuple(looking.difference(quiet[name][1], facts))
            found.append((victim, Lived(name, lived.kills, lived.seconds, wrong)))
    return found


def table(found: list[tuple[str, Lived]]) -> str:
    """Victims by steps in Markdown: kills, outcome, seconds."""
    lines = ["| killed with -9, twice in each step | " + " | ".join(STEPS) + " |", "|---|" + "---|" * len(STEPS)]
    for victim in dict.fromkeys(victim for victim, _ in found):
        row = [next(one for who, one in found if who == victim and one.step == step) for step in STEPS]
        lines.append(
            f"| {victim} | " + " | ".join(f"{'FELL' if one.wrong else 'same'}, {one.seconds:.0f} s" for one in row) + " |"
        )
    return "\n".join(lines)
