"""Invented documents for 1C."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import Line, Party, PartyKind, Trade
from exchange.records import VatRate

BUYER = Party(
    id="3d1f6c1e-0000-4000-8000-000000000001",
    kind=PartyKind.LEGAL,
    name="Ромашка",
    full_name="ООО «Ромашка»",
    tax_id="7701000000",
)
BOLT = Line(
    item_id="3d1f6c1e-0000-4000-8000-0000000000b0",
    name="Болт М8",
    quantity=Decimal(3),
    price=Decimal("10.50"),
    amount=Decimal("31.50"),
    vat=VatRate(Decimal(20)),
    vat_amount=Decimal("5.25"),
    unit_code="796",
    unit_name="шт",
)


def outgoing(*, buyer: Party | None = BUYER, **trade: Any) -> Outgoing:
    """An invoice over three bolts; what is given is said instead."""
    said: dict[str, Any] = {
        "date": dt.date(2026, 3, 2),
        "time": dt.time(10, 20, 30),
        "currency": "RUB",
        "amount": Decimal("31.50"),
        "lines": (BOLT,),
        "party": BUYER.id,
    }
    return Outgoing(trade=Trade(**{**said, **trade}), buyer=buyer)
