"""How long a change is on its way: from the portal's event until 1C could have it, from 1C's file until the portal has it.

    python -m benchmarks.latency [--seconds 30] [--edits 10] [--answer 0]

The real processes (web, workers of goods and of documents, beat), a sandbox portal with the ordinary plan's bucket of requests, and
a 1C client that exchanges all the time, as UT 11 does. First people of the portal edit so many documents a second (a comment and the
rows, in turn), then people of 1C do (the price of a line). Every edit leaves a mark that
is found again on the other side; one that a later edit of the same document has overtaken has arrived with that.

    to 1C       the event stored by the endpoint → the document with that mark ready in the queue that `query` reads (looked at every 20 ms)
    to portal   1C begins to send the file (mode=file) → the portal has carried out the command with that mark

`work` is the same without what the portal itself spent on answering in between.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import _app

if TYPE_CHECKING:
    from b24app.models import Portal
    from exchange.models import OneCBase
    from sandbox.onec.clients import Client
    from sandbox.onec.clients.wire import Exchange
    from sandbox.onec.orderbook import OrderBook

INVOICE, COMPANY = 31, 4
DOCUMENTS = 60
SENT_STAGE = "DT31_1:S"
ITEM = "11111111-2222-4333-8444-555555555555"
MOMENT = "2026-05-11T12:00:00"
RATE = 2.0
MARKS = {"to 1C": 2.0, "to portal": 5.0}
# How long after the last edit the rest may arrive.
PATIENCE = 60.0


@dataclass
class World:
    """A portal, a base of it, and the 1C of that base."""

    bitrix24: _app.Bitrix24
    portal: Portal
    base: OneCBase
    client: Client
    book: OrderBook
    product: int = 0
    documents: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, bitrix24: _app.Bitrix24, portal: Portal, app_url: str) -> World:
        """Connect the 1C and put a product on both sides."""
        from exchange import sessions
        from mapping import links
        from sandbox.onec.clients import Client
        from sandbox.onec.dialects import DIALECTS
        from sandbox.onec.orderbook import OrderBook

        dialect = DIALECTS["ut11"]
        base, password = sessions.create_base(portal, "benchmark", "ut11")
        client = Client(dialect.manners, f"{app_url}/1c/{base.key}/", base.login, password)
        world = cls(bitrix24, portal, base, client, OrderBook(dialect.manners))
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": "Bolt", "xmlId": ITEM}
        world.product = int(bitrix24.call("catalog.product.add", user=1, fields=fields)["element"]["id"])
        links.bind(portal.pk, base.pk, "product", {ITEM: world.product})
        return world

    def fill(self) -> None:
        """Invoices that have gone to 1C; returns when 1C has all of them."""
        company = self.bitrix24.call("crm.item.add", entityTypeId=COMPANY, fields={"title": "Daisy Ltd"})["item"]["id"]
        for number in range(DOCUMENTS):
            fields = {"title": f"Invoice {number}", "companyId": company, "currencyId": "RUB", "stageId": SENT_STAGE}
            made = int(self.bitrix24.call("crm.item.add", entityTypeId=INVOICE, fields=fields)["item"]["id"])
            self.set_price(made, "100.00")
            self.documents.append(made)
        _app.until(lambda: self.take() and len(self.book.orders) == DOCUMENTS, "1C did not get the documents")

    def set_price(self, document: int, price: str) -> None:
        """The rows of a document anew, as the manager's grid sends them."""
        row = {"productId": self.product, "price": price, "quantity": 2, "taxRate": 20, "taxIncluded": "Y", "measureCode": 796}
        self.bitrix24.call("crm.item.productrow.set", ownerType="SI", ownerId=document, productRows=[row])

    def take(self) -> bool:
        """1C takes what waits for it."""
        from sandbox.onec.clients import orders

        self.book.take(orders.take(lambda: self.client.session("sale")).orders)
        return True

    def give(self) -> None:
        """1C sends what its people changed."""
        from sandbox.onec.clients import orders

        if changed := self.book.to_send():
            orders.give(lambda: self.client.session("sale"), changed, MOMENT)
            self.book.confirm()


class Edit(NamedTuple):
    """Somebody changed a document; `mark` is what it can be known by on the other side."""

    at: float
    document: int
    mark: str


def paced(edits: float, seconds: float) -> Iterator[int]:
    """The numbers of the edits, each when its time has come."""
    begun = time.monotonic()
    for number in range(int(edits * seconds)):
        time.sleep(max(0.0, begun + number / edits - time.monotonic()))
        yield number


def price_of(number: int) -> str:
    """A price that no other edit has."""
    return f"{1000 + number}.{11 + number % 44 * 2}"


class Queue:
    """Watches what stands ready for 1C, in a thread of its own, and notes when each mark was there for the first time."""

    def __init__(self, base: OneCBase) -> None:
        self.base = base
        self.seen: list[tuple[float, int, str]] = []
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self.over.set()
        self._thread.join()

    def _run(self) -> None:
        from exchange.models import TradeDocument

        versions: dict[int, int] = {}
        ready = TradeDocument.objects.filter(base=self.base, ready_at__isnull=False, set_aside_at=None, outgoing_version__gt=0)
        while not self.over.wait(0.02):
            found = dict(ready.values_list("pk", "outgoing_version"))
            new = [pk for pk, version in found.items() if versions.get(pk) != version]
            if new:
                now = time.time()
                rows = TradeDocument.objects.filter(pk__in=new).values_list("b24_id", "outgoing")
                self.seen += [(now, int(b24_id or 0), str(outgoing)) for b24_id, outgoing in rows]
            versions = found


def to_onec(world: World, edits: float, seconds: float) -> list[tuple[float, float]]:
    """People of the portal edit: (event stored, ready for 1C) of each edit that arrived."""
    from b24app.models import InboundEvent

    queue, over = Queue(world.base), threading.Event()
    exchanging = threading.Thread(target=_taking, args=(world, over), daemon=True)
    exchanging.start()
    made: list[Edit] = []
    for number in paced(edits, seconds):
        document, mark = world.documents[number % len(world.documents)], price_of(number)
        made.append(Edit(time.time(), document, mark))
        if number % 2:
            world.set_price(document, mark)
        else:
            world.bitrix24.call("crm.item.update", entityTypeId=INVOICE, id=document, fields={"comments": f"Comment {mark}"})
    last = {edit.document: edit.mark for edit in made}
    _arrive(lambda: all(any(at == about and mark in text for _, about, text in queue.seen[:]) for at, mark in last.items()))
    over.set()
    exchanging.join()
    queue.stop()
    events = InboundEvent.objects.filter(portal=world.portal, object_id__startswith=f"{INVOICE}:").order_by("received_at")
    stored = [(at.timestamp(), int(about.partition(":")[2])) for at, about in events.values_list("received_at", "object_id")]
    found = []
    for edit in made:
        event = next((when for when, about in stored if about == edit.document and when >= edit.at), None)
        marks = later_marks(made, edit)
        ready = next((when for when, about, text in queue.seen if about == edit.document and any(m in text for m in marks)), None)
        if event is not None and ready is not None:
            found.append((min(event, ready), ready))
    return found


def later_marks(made: Sequence[Edit], edit: Edit) -> list[str]:
    """The marks that say that an edit has arrived: its own, and those that overtook it."""
    return [other.mark for other in made if other.document == edit.document and other.at >= edit.at]


def _taking(world: World, over: threading.Event) -> None:
    while not over.wait(1.0):
        world.take()


def to_portal(world: World, edits: float, seconds: float) -> list[tuple[float, float]]:
    """People of 1C edit: (file begun, command carried out) of each edit that arrived."""
    sent: list[Edit] = []
    waiting: list[tuple[int, str]] = []

    def watch(exchange: Exchange) -> None:
        if "mode=file" in exchange.request.target and exchange.answer is not None:
            sent.extend(Edit(time.time() - exchange.answer.seconds, place, mark) for place, mark in waiting)

    def arrived(mark: str) -> bool:
        return any(mark in params for _, _, params in world.bitrix24.noted().commands)

    world.client.watch = watch
    numbers = [order.number for order in world.book.orders.values()]
    begun, done = time.monotonic(), 0
    while done < edits * seconds:
        waiting.clear()
        # Everything that people did while the last exchange ran.
        due = min(int((time.monotonic() - begun) * edits) + 1, int(edits * seconds))
        for serial in range(done, due):
            place = serial % len(numbers)
            waiting.append((place, edit_in_onec(world, numbers[place], serial)))
        done = max(done, due)
        world.give()
        world.take()
    last = {edit.document: edit.mark for edit in sent}
    _arrive(lambda: all(arrived(mark) for mark in last.values()))
    world.client.watch = None
    commands = world.bitrix24.noted().commands
    found = []
    for edit in sent:
        marks = later_marks(sent, edit)
        carried_out = next((when for when, _, params in commands if when >= edit.at and any(m in params for m in marks)), None)
        if carried_out is not None:
            found.append((edit.at, carried_out))
    return found


def edit_in_onec(world: World, number: str, serial: int) -> str:
    """One edit of an order; returns the mark that the portal will be asked with."""
    mark = price_of(serial + 3000)
    world.book.set_line(number, ITEM, price=mark)
    return mark


def _arrive(happened: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < ends:
        time.sleep(0.5)


def told(way: str, asked: int, found: list[tuple[float, float]], noted: _app.Noted) -> bool:
    """Print one line; whether the mark was met and every edit arrived."""
    begun, ended = min(one for one, _ in found), max(one for _, one in found)
    whole = [ready - since for since, ready in found]
    work = [ready - since - noted.at_work(since, ready) for since, ready in found]
    for name, times in (("whole", whole), ("work", work)):
        figures = " ".join(f"{_app.share(times, part):7.2f}" for part in (0.5, 0.95, 1.0))
        print(f"{way:10} {name:6} {figures} s   {len(found)} of {asked} edits", flush=True)
    good = len(found) == asked and _app.share(work, 0.95) < MARKS[way]
    starts = sorted(start for start, _ in noted.spans)
    busy = [start for start in starts if begun <= start <= ended]
    print(
        f"{'':10} p95 < {MARKS[way]:g} s: {'yes' if good else 'NO'}; {len(busy) / (ended - begun):.2f} requests a second "
        f"of the portal's {RATE:g}, {len(noted.commands)} commands, {noted.refused} refused",
        flush=True,
    )
    return good


def main(arguments: list[str]) -> int:
    """Print both distributions; 1 when a mark was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="of edits, each way")
    parser.add_argument("--edits", type=float, default=10, help="a second")
    parser.add_argument("--answer", type=float, default=0.0, help="seconds that a command takes the portal besides its work")
    given: Any = parser.parse_args(arguments)
    with _app.portals(1, given.answer) as (bitrix24,), _app.running(bitrix24) as (app_url, portal):
        world = World.open(bitrix24, portal, app_url)
        world.fill()
        print(f"{'':10} {'':6} {'p50':>7} {'p95':>7} {'max':>7}     {given.edits:g} edits a second, {_app.load()}", flush=True)
        good = True
        for way, measure in (("to 1C", to_onec), ("to portal", to_portal)):
            bitrix24.forget()
            found = measure(world, given.edits, given.seconds)
            good = told(way, int(given.edits * given.seconds), found, bitrix24.noted()) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
