"""Whether one portal's huge import keeps anybody waiting, with 1, 2 and 4 workers for goods and fifty portals.

    python -m benchmarks.fairness [--items 100000] [--portals 50] [--payers 8] [--seconds 20]

One portal imports so many items; every other one has some goods to push, which all become due at the same moment. Meanwhile the 1C of some of
them, and that of the importing portal itself, each send a payment in turn: web reads it, the workers of documents bring it to the portal.

    payment     1C begins to send the file with it → the portal has carried out a command with its number
    overtakes   the same in the importing portal, while its file is being read or pushed
    goods       a portal's few goods are due → the first of them is in the portal

The first line is measured with nothing else to do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import _app, reading

if TYPE_CHECKING:
    from b24app.models import Portal
    from exchange.models import OneCBase
    from sandbox.onec.clients import Client
    from sandbox.onec.clients.wire import Exchange
    from sandbox.onec.orderbook import OrderBook

WORKERS = (1, 2, 4)
INVOICE, STAGE = 31, "DT31_1:S"
MARK = 5.0
GOODS = 20
PATIENCE = 30.0
MOMENT = "2026-05-11T12:00:00"


@dataclass
class Payer:
    """A 1C that has one order of its portal and pays it bit by bit."""

    bitrix24: _app.Bitrix24
    portal: Portal
    base: OneCBase
    client: Client
    book: OrderBook
    invoice: int

    @classmethod
    def open(cls, bitrix24: _app.Bitrix24, portal: Portal, app_url: str) -> Payer:
        """An invoice in the portal that is due to go to 1C."""
        from exchange import sessions
        from exchange.settling import hear
        from sandbox.onec.clients import Client
        from sandbox.onec.dialects import DIALECTS
        from sandbox.onec.orderbook import OrderBook

        manners = DIALECTS["module31"].manners
        base, password = sessions.create_base(portal, "orders", "unf")
        client = Client(manners, f"{app_url}/1c/{base.key}/", base.login, password)
        company = bitrix24.call("crm.item.add", entityTypeId=4, fields={"title": "Daisy"})["item"]["id"]
        fields = {"title": "Invoice", "companyId": company, "currencyId": "RUB", "stageId": STAGE}
        invoice = int(bitrix24.call("crm.item.add", entityTypeId=INVOICE, fields=fields)["item"]["id"])
        row = {"productName": "Bolt", "price": 1000, "quantity": 1}
        bitrix24.call("crm.item.productrow.set", ownerType="SI", ownerId=invoice, productRows=[row])
        hear.note(portal.pk, [(INVOICE, invoice)])
        return cls(bitrix24, portal, base, client, OrderBook(manners), invoice)

    def has_order(self) -> bool:
        """Let 1C take the order, if it may have it by now."""
        from exchange.models import TradeDocument
        from sandbox.onec.clients import orders

        if not TradeDocument.objects.filter(base=self.base, ready_at__isnull=False).exists():
            return False
        self.book.take(orders.take(lambda: self.client.session("sale")).orders)
        return bool(self.book.orders)

    def pay(self) -> tuple[float, str]:
        """Send a payment: when the file was begun, and the payment's number."""
        from sandbox.onec.clients import orders

        begun: list[float] = []

        def watch(exchange: Exchange) -> None:
            if "mode=file" in exchange.request.target and exchange.answer is not None:
                begun.append(time.time() - exchange.answer.seconds)

        self.client.watch = watch
        number = next(iter(self.book.orders.values())).number
        mark = self.book.pay(number, "0.01").number
        orders.give(lambda: self.client.session("sale"), self.book.to_send(), MOMENT)
        self.book.confirm()
        return begun[0], mark


@dataclass
class Measured:
    """Seconds of the payments that arrived, and how many did not."""

    times: list[float]
    lost: int = 0

    def __str__(self) -> str:
        if not self.times:
            return f"{'none arrived':>23}" if self.lost else f"{'-':>23}"
        figures = " ".join(f"{_app.share(self.times, part):7.2f}" for part in (0.5, 0.95, 1.0))
        return figures + (f" ({self.lost} lost)" if self.lost else "")


def payments(payers: Sequence[Payer], seconds: float) -> tuple[Measured, Measured]:
    """Let them pay in turn for so long: the times of the others, and those of the first one (whose portal imports)."""
    sent: list[tuple[Payer, float, str]] = []
    ends, place = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        # Every second payment is one of the portal with the import.
        payer = payers[0] if place % 2 else payers[1 + place // 2 % (len(payers) - 1)]
        sent.append((payer, *payer.pay()))
        place += 1
        time.sleep(0.25)
    ends = time.monotonic() + PATIENCE
    missing = sent
    arrived: list[tuple[Payer, float]] = []
    while missing and time.monotonic() < ends:
        said = {id(payer): payer.bitrix24.noted().commands for payer, _, _ in missing}
        left = []
        for payer, begun, mark in missing:
            done = next((at for at, _, params in said[id(payer)] if at >= begun and mark in params), None)
            if done is None:
                left.append((payer, begun, mark))
            else:
                arrived.append((payer, done - begun))
        missing = left
        time.sleep(0.2 if missing else 0)
    first = Measured([took for payer, took in arrived if payer is payers[0]], sum(one[0] is payers[0] for one in missing))
    others = Measured(
        [took for payer, took in arrived if payer is not payers[0]], sum(one[0] is not payers[0] for one in missing)
    )
    return others, first


def import_files(portal: Portal, name: str, *paths: Path) -> OneCBase:
    """A new base of the portal has sent these files: they wait for a worker."""
    from exchange import sessions
    from exchange.models import ImportRun
    from exchange.tasks import read_run

    base, _ = sessions.create_base(portal, name, "ut11")
    for path in paths:
        run = ImportRun.objects.create(base=base, type="catalog", file_name=path.name, path=str(path), size=path.stat().st_size)
        read_run.delay(run_id=run.pk)
    return base


def with_goods(neighbours: Sequence[tuple[_app.Bitrix24, Portal]], bases: Sequence[OneCBase], since: float) -> Measured:
    """How long each neighbour waited for the first of its goods."""
    times, lost = [], 0
    for bitrix24, _ in neighbours:
        made = [at for at, method, _ in bitrix24.noted().commands if method == "catalog.product.add" and at >= since]
        if made:
            times.append(min(made) - since)
        else:
            lost += 1
    return Measured(times, lost)


def forget(bases: Sequence[OneCBase]) -> None:
    """What was imported counts no more: the next case begins anew."""
    from django.db import connection

    with connection.cursor() as cursor:
        ids = [base.pk for base in bases]
        for table in ("staterow", "piecedigest", "pieceblock", "importrun"):
            cursor.execute(f"delete from exchange_{table} where base_id = any(%s)", [ids])
        cursor.execute("update b24app_lane set due_at = null, owner = '', lease_until = null where work = 'catalog'")


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a payment took too long or got lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000, help="of the huge import")
    parser.add_argument("--portals", type=int, default=50)
    parser.add_argument("--payers", type=int, default=8, help="portals whose 1C sends payments, besides the importing one")
    parser.add_argument("--seconds", type=float, default=20, help="of payments, for each number of workers")
    given: Any = parser.parse_args(arguments)
    port = _app.free_port()
    with ExitStack() as over:
        folder = Path(over.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        bitrix24 = over.enter_context(_app.portals(given.portals))
        _app.environment(folder / "data", port, *bitrix24)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        for name in ("web", "documents", "beat"):
            over.enter_context(_app.program(name))
        portals = [one.enroll() for one in bitrix24]
        app_url = f"http://127.0.0.1:{port}"
        opening = list(zip(bitrix24, portals, strict=True))[: given.payers + 1]
        payers = [Payer.open(one, portal, app_url) for one, portal in opening]
        huge, few = reading.write_goods(folder, given.items), reading.write(folder, GOODS)
        for payer in payers:
            _app.until(payer.has_order, "1C did not get its order")
        neighbours = list(zip(bitrix24, portals, strict=True))[1:]
        print(f"{'':10} {'payment':>23} {'overtakes':>23} {'goods':>23}   p50 p95 max, seconds; {_app.load()}", flush=True)
        payments(payers, 5)  # what is loaded and prepared once does not count
        others, first = payments(payers, given.seconds / 2)
        print(f"{'at rest':10} {others} {first}", flush=True)
        good = True
        for workers in WORKERS:
            with _app.program("worker", WORKER_CONCURRENCY=str(workers)):
                bases = [import_files(portals[0], f"huge {workers}", huge)]
                _app.until(lambda base=bases[0]: progress(base) > 0, "the import does not begin")  # type: ignore[misc]
                since = time.time()
                bases += [import_files(portal, f"few {workers}", *few) for _, portal in neighbours]
                others, first = payments(payers, given.seconds)
                state = progress(bases[0])
                goods = with_goods(neighbours, bases, since)
            line = f"{workers} worker{'s' if workers > 1 else ''}"
            print(f"{line:10} {others} {first} {goods}   {state:.0%} of the import read; {_app.load()}", flush=True)
            good = good and not (others.lost or first.lost) and max(others.times + first.times, default=0.0) < MARK
            forget(bases)
        print(f"every payment in less than {MARK:g} s: {'yes' if good else 'NO'}")
    return 0 if good else 1


def progress(base: OneCBase) -> float:
    """Which share of its file has been read."""
    from exchange.models import ImportRun

    read, size = ImportRun.objects.filter(base=base).values_list("bytes_read", "size").get()
    return read / size


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
