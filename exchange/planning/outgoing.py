"""A document as it goes to 1C: the trade, who takes part, and what the writer needs to know beside them. Pure.

Everything is told here by the portal's values and 1C's ids; how it is spelt for which generation of 1C is the writer's
(commerceml/write_documents.py). The stored form is stored.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from exchange.planning import stored
from exchange.planning.trade import Party, Payment, PaymentMethod, Shipment, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A warehouse: 1C's id and what is known of it."""

    id: str
    name: str = ""
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One document for 1C.

    `status_id` and `status_name` are 1C's words for the stage (the portal's stage where no mapping names one). `trade.number` may
    still be missing: `numbered` sets it. `facts` are further requisites by 1C's own names, told as they are (a document attribute
    of that name is filled by УНФ).
    """

    trade: Trade
    id: str = ""  # under which 1C gets the document; "" = its number
    buyer: Party | None = None
    seller: Party | None = None
    status_id: str = ""
    status_name: str = ""
    final: bool = False  # the stage is a success stage
    kind_name: str = ""  # what the portal calls such documents
    link: str = ""  # the document's address in the portal
    responsible: str = ""  # whose document it is, by name
    organisation_name: str = ""  # of trade.organisation, in 1C
    organisation_tax_id: str = ""
    warehouse: Place | None = None
    agreement_name: str = ""
    price_type_name: str = ""
    currency_name: str = ""  # as the base calls the currency; "" = its ISO 4217 code
    buyer_comment: str = ""
    pay_system: tuple[str, str] = ("", "")  # id, name
    payment_method: PaymentMethod = ""
    delivery: tuple[str, str] = ("", "")
    # What the portal itself took and sent out, not what 1C told it: Бухгалтерия and УНФ make documents of these.
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    delivery_address: str = ""
    cancel_reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    def numbered(self, number: str) -> Outgoing:
        """The same document under this number."""
        return replace(self, trade=replace(self.trade, number=number))


def to_data(outgoing: Outgoing) -> dict[str, Any]:
    """The document as JSON data."""
    return stored.to_data(outgoing)


def from_data(data: Mapping[str, Any]) -> Outgoing:
    """The document that `to_data` stored."""
    return stored.from_data(Outgoing, data)
