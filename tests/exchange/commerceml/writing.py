"""What the tests of the writer share: which client reads what, how it reads it, and a plain document."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exchange.commerceml import Oddities, read
from exchange.commerceml.write_documents import render_document, render_documents
from exchange.dialects import Dialect, choose
from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import Line, Party, PartyKind, Payment, Trade
from exchange.records import OrderDocument, VatRate
from sandbox.onec.clients import manners, orders
from sandbox.onec.clients.session import Session, read_text
from sandbox.onec.clients.wire import Address, Answer, Request, Wire

D = Decimal
MOMENT = dt.datetime(2026, 3, 1, 10, 30, tzinfo=dt.UTC)
# Which client reads what we write for it.
CLIENTS: dict[str, tuple[Dialect, manners.Manners]] = {
    "A": (choose("ut103"), manners.A),
    "B": (choose("upp13"), manners.B),
    "C": (choose("ut11"), manners.C),
    "D": (choose("unf"), manners.D),
    "D2": (choose("unf_new"), manners.D2),
    "D subordinate": (choose("unf", "2.09", "2.10"), manners.D_SUBORDINATE),
    "E": (choose("bp30"), manners.E),
    "E subordinate": (choose("bp30", "", "2.10"), manners.E),
    "module": (choose("module31", "3.1"), manners.MODULE31),
    "other as C": (choose("other"), manners.C),
    "other as E": (choose("other"), manners.E),
}


def client_reads(name: str, body: bytes) -> list[Any]:
    """The orders as the named 1C takes them; ClientRefused where it would stop."""
    dialect, client = CLIENTS[name]
    answer = Answer(200, (("Content-Type", f"application/xml; charset={dialect.encoding}"),), body, 0.0)
    session = Session(Wire(Address(False, "localhost", 0, ""), "login", "password", None), client, "sale")
    text = read_text(answer, client.reading)
    taken = orders.Taken()
    found = orders._read(session, Request("GET", "/"), answer, text, taken)
    assert taken.notes == []
    return found


def written(outgoing: Iterable[Outgoing], dialect: Dialect) -> bytes:
    return b"".join(render_documents(outgoing, dialect, MOMENT))


def we_read(body: bytes) -> list[OrderDocument]:
    oddities = Oddities()
    found = [one for one in read(io.BytesIO(body), oddities=oddities) if isinstance(one, OrderDocument)]
    assert [odd for odd in oddities.listed() if odd.code != "not-carried"] == []
    return found


def simple(**fields: Any) -> Outgoing:
    line = Line(
        item_id="a#b",
        name="Cable",
        quantity=D(2),
        price=D(125),
        amount=D(250),
        vat=VatRate(D(20)),
        unit_code="796",
        unit_name="шт",
    )
    trade: dict[str, Any] = {
        "number": "1001",
        "date": dt.date(2026, 3, 1),
        "time": dt.time(10),
        "currency": "RUB",
        "lines": (line,),
    }
    trade |= {key: fields.pop(key) for key in list(fields) if key not in Outgoing.__dataclass_fields__}
    fields.setdefault(
        "buyer", Party(id="p-1", kind=PartyKind.LEGAL, name="Romashka", full_name="Romashka LLC", tax_id="7707083893")
    )
    return Outgoing(trade=Trade(**trade), **fields)


def text_of(out: Outgoing, name: str = "C") -> str:
    dialect = CLIENTS[name][0]
    return render_document(out, dialect).decode(dialect.encoding)


def line(**fields: object) -> Line:
    """A plain line, but for these fields."""
    return replace(
        Line(item_id="a", name="Cable", quantity=D(1), price=D(100), amount=D(100), unit_code="796", unit_name="шт"),
        **fields,  # type: ignore[arg-type]
    )


def tags(text: str) -> list[str]:
    """The children of the first Документ, in order."""
    found, depth = [], 0
    for closing, name, single in re.findall(r"<(/?)([^\s>/]+)[^>]*?(/?)>", text):
        if not closing and depth == 1:
            found.append(name)
        depth += -1 if closing else 0 if single else 1
        if depth == 0:
            break
    return found


def facts(text: str) -> dict[str, str]:
    """The requisites at the end of the first document, by name."""
    end = text.rpartition("<ЗначенияРеквизитов>")[2]
    return dict(re.findall(r"<Наименование>([^<]*)</Наименование><Значение>([^<]*)</Значение>", end))


def payment(**fields: object) -> Payment:
    """A plain payment, but for these fields."""
    return replace(Payment(key="p-1", number="17", date=dt.date(2026, 3, 2), amount=D(250), method="card"), **fields)  # type: ignore[arg-type]
