"""A document and a party as one side holds them, in the words both sides share: what is compared, merged, stored and written.

A reader of 1C's files and a reader of the portal's REST both end here; everything after them is the same for both. `None` means
"this side did not say" (leave it), an empty text or tuple means "it has none". Money and quantities are Decimal, in the document's
currency; dates are the portal's or 1C's own local ones. The stored form is stored.py's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from exchange.records import VatRate

# The portal's entity types (bitrix24: crm.item.*, entityTypeId).
DEAL: Final = 2
CONTACT: Final = 3
COMPANY: Final = 4
REQUISITE: Final = 8
INVOICE: Final = 31
DOCUMENT_TYPES: Final = (DEAL, INVOICE)
PARTY_TYPES: Final = (CONTACT, COMPANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document.

    `price` is of one unit with its discount taken off; `amount` is price x quantity, rounded to the currency; VAT is inside both if
    `vat_included`, else `vat_amount` comes on top. `discount` was taken off each unit already and is only shown.
    """

    item_id: str = ""  # 1C's id, `item` or `item#characteristic`; "" = a line that 1C has no item for
    name: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    vat: VatRate | None = None  # None = not said; VatRate(None) = exempt, which is not 0 %
    vat_included: bool = True
    vat_amount: Decimal | None = None
    unit_code: str = ""  # ОКЕИ
    unit_name: str = ""
    service: bool = False
    article: str = ""
    product_id: int = 0  # the portal's id of the product or offer; 0 = a free line
    row_id: int = 0  # the portal's id of the row


PaymentMethod = Literal["bank", "cash", "card", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that 1C says came (or, `returned`, went back) for a document. `key` is the same in every telling."""

    key: str
    number: str = ""
    date: dt.date | None = None
    amount: Decimal = Decimal(0)
    currency: str = ""
    method: PaymentMethod = ""
    returned: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods that 1C says left (or, `returned`, came back). `lines` are (item id, quantity)."""

    key: str
    number: str = ""
    date: dt.date | None = None
    amount: Decimal = Decimal(0)
    lines: tuple[tuple[str, Decimal], ...] = ()
    tracking: str = ""
    returned: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An order, invoice or deal as one side holds it."""

    number: str = ""  # by which 1C knows the portal's document
    date: dt.date | None = None
    time: dt.time | None = None
    currency: str = ""  # ISO 4217
    amount: Decimal | None = None
    lines: tuple[Line, ...] | None = None
    comment: str | None = None
    party: str = ""  # 1C's id of the buyer ("" = none or not known)
    buyer: tuple[int, int] | None = None  # the portal's: (entity type, id)
    contact_id: int = 0  # the portal's contact beside a company
    organisation: str | None = None  # 1C's id or name of the own company
    my_company_id: int = 0
    warehouse_id: str | None = None
    agreement_id: str | None = None
    price_type_id: str | None = None
    pay_until: dt.date | None = None
    cancelled: bool | None = None
    deleted: bool | None = None
    # The portal's own.
    category_id: int = 0
    stage_id: str = ""
    responsible_id: int = 0
    title: str = ""
    updated_at: str = ""
    # 1C's own.
    onec_id: str = ""
    onec_number: str = ""
    onec_date: dt.date | None = None
    posted: bool | None = None
    status_id: str | None = None
    status_name: str | None = None
    payments: tuple[Payment, ...] | None = None  # all of them; None = 1C does not tell them one by one
    shipments: tuple[Shipment, ...] | None = None
    paid: bool | None = None  # in full; all that the older exchanges tell
    shipped: bool | None = None
    paid_number: str = ""
    paid_on: dt.date | None = None
    shipped_number: str = ""
    shipped_on: dt.date | None = None
    version: str = ""
    # What else the document says, by 1C's own names: shown, not understood.
    facts: tuple[tuple[str, str], ...] = ()


class PartyKind(StrEnum):
    LEGAL = "legal"
    SOLE_TRADER = "sole_trader"
    PERSON = "person"


class AddressKind(StrEnum):
    LEGAL = "legal"
    ACTUAL = "actual"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """An address as one line; the parts where a side tells them."""

    kind: AddressKind
    text: str = ""
    postal_code: str = ""
    country: str = ""
    region: str = ""
    district: str = ""
    city: str = ""
    street: str = ""
    building: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bank account; `bic` is БИК, МФО or SWIFT as the country has it."""

    number: str
    bank: str = ""
    bic: str = ""
    correspondent: str = ""
    currency: str = ""
    id: str = ""  # the portal's id of the bank detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact person of a party; `id` is 1C's, `contact_id` the portal's."""

    id: str = ""
    contact_id: int = 0
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    position: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A buyer or an own company: a legal entity, a sole trader or a person."""

    id: str = ""  # 1C's, or the one we gave 1C
    b24: tuple[int, int] | None = None  # (entity type, id) in the portal
    kind: PartyKind | None = None
    name: str = ""
    full_name: str | None = None
    last_name: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    country: str = ""  # ISO 3166 alpha-2; "" = not known
    tax_id: str | None = None  # ИНН, ЄДРПОУ, IDNO, БИН/ИИН, УНП: what identifies a payer in its country
    tax_branch: str | None = None  # КПП: tells branches apart
    registration: str | None = None  # ОГРН, ОГРНИП …
    codes: tuple[tuple[str, str], ...] | None = None  # the others, by 1C's names
    phones: tuple[str, ...] | None = None
    emails: tuple[str, ...] | None = None
    addresses: tuple[PostalAddress, ...] | None = None
    accounts: tuple[Account, ...] | None = None
    people: tuple[Person, ...] | None = None
    comment: str | None = None
    deleted: bool | None = None
    requisite_id: int = 0  # the portal's
    updated_at: str = ""
