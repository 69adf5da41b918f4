"""Orders as a 1C base keeps them once they came from a site: what was read, and what became of them here."""

from __future__ import annotations

from dataclasses import dataclass
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


def order_from(data: dict[str, Any]) -> SiteOrder:
    """An order out of its stored form (`dataclasses.asdict`)."""
    return SiteOrder(**{**data, "lines": [OrderLine(**line) for line in data["lines"]]})
