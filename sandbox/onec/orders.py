"""Orders as a 1C base keeps them once they came from a site: what was read, and what became of them here."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class OrderLine:
    """Texts as the site wrote them; `id` is `item` or `item#characteristic`."""

    id: str
    name: str
    quantity: str
    price: str
    sum: str
    unit_code: str = ""
    unit_name: str = ""
    vat: str = ""
    is_service: bool = False
    vat_sum: str = ""
    vat_included: str = ""


@dataclass(slots=True)
class Buyer:
    """A counterparty as the document told it; `official_name` makes it a legal entity."""

    id: str
    name: str
    full_name: str = ""
    official_name: str = ""
    inn: str = ""
    kpp: str = ""
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    address: str = ""
    legal_address: str = ""
    accounts: list[str] = field(default_factory=list)
    own_id: str = ""  # the reference this base gave it


@dataclass(slots=True)
class Money:
    """A payment document of this base; `method` is bank, cash or card."""

    id: str
    number: str
    date: str
    amount: str
    method: str = "bank"
    returned: bool = False
    cancelled: bool = False


@dataclass(slots=True)
class Goods:
    """A shipment of this base: item id → quantity."""

    id: str
    number: str
    date: str
    lines: dict[str, str]
    cancelled: bool = False
    tracking: str = ""


@dataclass(slots=True)
class SiteOrder:
    """An order of the site. `own_id`, `own_number` are 1C's; the flags are what the people of the base did to it."""

    id: str
    number: str
    date: str
    time: str
    currency: str
    rate: str
    sum: str
    comment: str
    buyer_id: str
    buyer_name: str
    lines: list[OrderLine]
    properties: dict[str, str]
    own_id: str = ""
    own_number: str = ""
    own_date: str = ""
    paid: bool = False
    shipped: bool = False
    cancelled: bool = False
    deleted: bool = False
    status: str = ""
    buyer: Buyer | None = None
    payments: list[Money] = field(default_factory=list)
    shipments: list[Goods] = field(default_factory=list)
    # A document that was first made here; the site may not know it yet.
    own: bool = False
    # As the site told it; few generations tell it back.
    pay_until: str = ""

    def paid_sum(self) -> Decimal:
        """Money that came, less what went back."""
        counted = [money for money in self.payments if not money.cancelled]
        return sum((-Decimal(m.amount) if m.returned else Decimal(m.amount) for m in counted), Decimal(0))

    def paid_in_full(self) -> bool:
        """What the older exchanges tell of payment."""
        return self.paid or self.paid_sum() >= Decimal(self.sum or 0) > 0

    def shipped_in_full(self) -> bool:
        """What the older exchanges tell of shipment: all goods are gone."""
        if self.shipped:
            return True
        wanted: dict[str, Decimal] = {}
        for line in self.lines:
            if not line.is_service:
                wanted[line.id] = wanted.get(line.id, Decimal(0)) + Decimal(line.quantity)
        for goods in self.shipments:
            for item, quantity in () if goods.cancelled else goods.lines.items():
                wanted[item] = wanted.get(item, Decimal(0)) - Decimal(quantity)
        return bool(self.shipments) and all(left <= 0 for left in wanted.values())

    def recount(self) -> None:
        """The document's sum follows its lines, as 1C's form does it; VAT that is not inside comes on top."""
        total = Decimal(0)
        for line in self.lines:
            total += Decimal(line.sum) + (Decimal(line.vat_sum or 0) if line.vat_included == "false" else 0)
        self.sum = format(total, "f")


def order_from(data: dict[str, Any]) -> SiteOrder:
    """An order out of its stored form (`dataclasses.asdict`)."""
    parts = {
        "lines": [OrderLine(**line) for line in data["lines"]],
        "buyer": Buyer(**data["buyer"]) if data.get("buyer") else None,
        "payments": [Money(**money) for money in data.get("payments", ())],
        "shipments": [Goods(**goods) for goods in data.get("shipments", ())],
    }
    return SiteOrder(**{**data, **parts})
