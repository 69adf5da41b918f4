"""How fast `query` hands documents to 1C, what memory it takes, and what the way through the database costs beside the writing.

    DATA_DIR=/tmp/answering python -m benchmarks.answering [--documents 10000]

Invented invoices of five lines, with a buyer, an own company, requisites, addresses and bank accounts, wait for a base; a client asks
for them through the whole application (signing in, choosing, reading, writing, keeping what was served) and confirms them. Each run
has a process of its own: `peak` is how far its memory grew while it answered, from one document to all. `rendering` is the writing
alone, over the same documents from memory. The rows in the database are deleted afterwards.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchange.models import OneCBase
    from exchange.planning.outgoing import Outgoing

LINES = 5
CONFIGURATION = "ut11"
MOMENT = dt.datetime(2026, 3, 2, 10, 20, 30, tzinfo=dt.UTC)


def guid(kind: int, number: int) -> str:
    """The same id for the same object, every time."""
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def outgoing(number: int) -> Outgoing:
    """One invoice as settling puts it out."""
    from exchange.planning.outgoing import Outgoing
    from exchange.planning.trade import Account, AddressKind, Line, Party, PartyKind, PostalAddress, Trade
    from exchange.records import VatRate

    def party(kind: int, serial: int) -> Party:
        return Party(
            id=guid(kind, serial),
            kind=PartyKind.LEGAL,
            name=f"Компания {serial}",
            full_name=f"Общество с ограниченной ответственностью «Компания {serial}»",
            tax_id=f"77{serial:08}",
            tax_branch="770101001",
            phones=(f"+7 495 {serial:07}",),
            emails=(f"office{serial}@company.example",),
            addresses=(
                PostalAddress(kind=AddressKind.LEGAL, text=f"101000, Москва, ул. Мясницкая, д. {serial % 90 + 1}"),
                PostalAddress(kind=AddressKind.ACTUAL, text=f"190000, Санкт-Петербург, Невский пр., д. {serial % 90 + 1}"),
            ),
            accounts=(
                Account(number=f"40702810{serial:012}", bank="Банк", bic="044525225", correspondent="30101810400000000225"),
            ),
        )

    def line(place: int) -> Line:
        price = Decimal(100 + number % 900 + place)
        return Line(
            item_id=guid(3, number * LINES + place),
            name=f"Болт М{place + 6}х{number % 200}",
            quantity=Decimal(place + 1),
            price=price,
            amount=price * (place + 1),
            vat=VatRate(Decimal(20)),
            unit_code="796",
            unit_name="шт",
        )

    lines = tuple(line(place) for place in range(LINES))
    trade = Trade(
        number=str(number),
        date=dt.date(2026, 1, 1) + dt.timedelta(days=number % 300),
        time=dt.time(10, number % 60),
        currency="RUB",
        amount=sum((each.amount for each in lines), Decimal(0)),
        lines=lines,
        comment=f"Доставка до двери, позвонить за час; заявка {number}",
        party=guid(1, number % 500),
    )
    return Outgoing(trade=trade, buyer=party(1, number % 500), seller=party(2, 1), status_id="N", status_name="Новый")


@contextmanager
def waiting(documents: int) -> Iterator[tuple[OneCBase, str]]:
    """A base for which so many documents wait, and its password."""
    from django.utils import timezone

    from b24app.models import Portal
    from exchange import sessions
    from exchange.models import TradeDocument
    from exchange.planning.outgoing import to_data

    portal = Portal.objects.create(member_id=f"benchmark{os.getpid()}", domain="benchmark.example")
    base, password = sessions.create_base(portal, "benchmark", CONFIGURATION)
    now = timezone.now()
    try:
        TradeDocument.objects.bulk_create(
            (
                TradeDocument(
                    base=base,
                    entity_type_id=31,
                    b24_id=number,
                    number=str(number),
                    outgoing=to_data(outgoing(number)),
                    outgoing_version=1,
                    ready_at=now + dt.timedelta(milliseconds=number),
                )
                for number in range(1, documents + 1)
            ),
            batch_size=500,
        )
        yield base, password
    finally:
        TradeDocument.objects.filter(base=base).delete()
        base.delete()
        portal.delete()


def answered(_: int, key: str, login: str, password: str) -> dict[str, float]:
    """Seconds and growth of memory (MB) of one whole exchange through the application."""
    from base64 import b64encode

    from django.conf import settings
    from django.test import Client

    basic = {"Authorization": "Basic " + b64encode(f"{login}:{password}".encode()).decode()}
    client, url = Client(), f"/1c/{key}/?type=sale&mode="
    # What is loaded and connected once does not count.
    most, settings.EXCHANGE_ORDERS_AT_ONCE = settings.EXCHANGE_ORDERS_AT_ONCE, 1
    client.head(url + "query", headers=basic)
    settings.EXCHANGE_ORDERS_AT_ONCE = most
    before = peak()
    begun, clock = time.process_time(), time.monotonic()
    size = sum(len(piece) for piece in client.get(url + "query", headers=basic))
    client.get(url + "success", headers=basic)
    seconds, clock = time.process_time() - begun, time.monotonic() - clock
    return {"seconds": seconds, "clock": clock, "grown": peak() - before, "size": size}


def peak() -> float:
    """The most memory this process ever had, in MB (Linux; `ru_maxrss` would count what its parent had)."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def rendered(documents: int, *_: str) -> dict[str, float]:
    """Seconds of the writing alone, of the same documents."""
    from exchange.commerceml.write_documents import render_documents
    from exchange.dialects import choose

    made = [outgoing(number) for number in range(1, documents + 1)]
    begun = time.process_time()
    size = sum(len(piece) for piece in render_documents(made, choose(CONFIGURATION), MOMENT))
    return {"seconds": time.process_time() - begun, "size": size}


MEASURED: dict[str, Callable[..., dict[str, float]]] = {"answer": answered, "rendering": rendered}


def alone(what: str, documents: int, *further: str) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.answering", "--documents", str(documents), "--one", what, *further]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return figures


def better(*figures: dict[str, float]) -> dict[str, float]:
    """The run that was disturbed less."""
    return min(figures, key=lambda each: each["seconds"])


def whole(documents: int) -> dict[str, float]:
    """The answer for so many waiting documents; raises SystemExit when one is left unconfirmed."""
    from exchange.exports import queue

    found = []
    with waiting(documents) as (base, password):
        for _ in range(2):
            base.tradedocument_set.update(acknowledged_version=0)
            found.append(alone("answer", documents, base.key, base.login, password))
            if left := queue.waiting(base.pk).count():
                raise SystemExit(f"{left} of {documents} documents were not confirmed")
    return better(*found)


def _ready() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "b24app.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--documents", type=int, default=10_000)
    arguments.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    given: Any = arguments.parse_args()
    _ready()
    if given.one:
        sys.stdout.write(json.dumps(MEASURED[given.one[0]](given.documents, *given.one[1:])))
        return
    yardstick = better(*(alone("rendering", given.documents) for _ in range(2)))
    per_document = yardstick["seconds"] / given.documents
    print(f"{given.documents:>7} documents rendered alone: {1 / per_document:,.0f} documents/s", flush=True)
    for documents in (given.documents // 10, given.documents):
        found = whole(documents)
        print(
            f"{documents:>7} documents answered: {documents / found['seconds']:,.0f} documents/s "
            f"({found['seconds'] / documents / per_document:.2f} × rendering, {found['clock']:.1f} s by the clock), "
            f"{found['size'] / 1e6:.1f} MB sent, memory grew by {found['grown']:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
