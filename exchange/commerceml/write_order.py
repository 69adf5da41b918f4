"""One order for 1C with its payments and shipments, element by element."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, element, leaf
from exchange.commerceml.write_facts import order_facts, payment_facts, shipment_facts
from exchange.commerceml.write_lines import amount_text, items, taxes, written
from exchange.commerceml.write_parties import buyer, contact
from exchange.dialects import OrderForm
from exchange.money import product, quotient, rounded, totals

if TYPE_CHECKING:
    from exchange.dialects import Dialect
    from exchange.planning.outgoing import Outgoing, Place
    from exchange.planning.trade import Line, Payment, Shipment

Parts = Mapping[str, str]
# УТ 10.3 and УПП go through a document once: number before comment, date before time, currency and buyer before the goods.
_IN_ORDER: Final = (
    n.ID, n.NUMBER, n.DATE, n.OPERATION, n.ROLE, n.CURRENCY, n.CURRENCY_RATE, n.AMOUNT, n.ONEC_NUMBER, n.BASIS, n.COUNTERPARTIES,
    n.TIME, n.PAY_UNTIL, n.COMMENT, n.TAXES, n.WAREHOUSES, n.ITEMS, n.REQUISITES,
)  # fmt: skip
# As the exporter of subordinate documents writes them.
_SUBORDINATE: Final = (
    n.DATE, n.TIME, n.ROLE, n.CURRENCY, n.CURRENCY_RATE, n.NUMBER, n.ID, n.OPERATION, n.AMOUNT, n.COMMENT, n.ONEC_NUMBER,
    n.PAY_UNTIL, n.REQUISITES, n.ITEMS, n.TAXES, n.COUNTERPARTIES, n.WAREHOUSES, n.SUBORDINATES,
)  # fmt: skip
_KEY_LENGTH: Final = 255
_NAME_LENGTH: Final = 250


def order(out: Outgoing, dialect: Dialect) -> str:
    """The order with all that belongs to it, in the form the dialect reads. A bare order stands alone: УТ 11 and УПП reject a file
    in which anything else stands, and Бухгалтерия would make an invoice of a payment."""
    below = [*(_payment(one, out, dialect) for one in out.payments), *(_shipment(one, out, dialect) for one in out.shipments)]
    parts = _order(out, dialect)
    match dialect.order_form:
        case OrderForm.BARE:
            return _document(n.DOCUMENT, parts, _IN_ORDER)
        case OrderForm.SUBORDINATE:
            inner = element(n.SUBORDINATES, *(_document(n.SUBORDINATE, one, _SUBORDINATE) for one in below))
            return _document(n.DOCUMENT, {**parts, n.SUBORDINATES: inner}, _SUBORDINATE)
        case _:
            documents = [_document(n.DOCUMENT, one, _IN_ORDER) for one in (parts, *below)]
            return element(n.CONTAINER, *documents) if dialect.order_form is OrderForm.CONTAINER else "".join(documents)


def key_of(out: Outgoing) -> str:
    """Under which id 1C gets the document, and its payments and shipments name it."""
    return clean(out.id, _KEY_LENGTH) or clean(out.trade.number, _KEY_LENGTH)


def currency_name(out: Outgoing, dialect: Dialect) -> str:
    """As the base calls the currency; without that knowledge the code, or what the oldest bases have always called it."""
    if out.currency_name:
        return clean(out.currency_name, 50)
    known = w.CURRENCIES_OF_OLD_BASES if dialect.reads_in_order else {}
    return known.get(out.trade.currency, clean(out.trade.currency, 10))


def _document(name: str, parts: Parts, sequence: tuple[str, ...]) -> str:
    return element(name, *(parts.get(part, "") for part in sequence))


def _order(out: Outgoing, dialect: Dialect) -> dict[str, str]:
    trade, bare = out.trade, dialect.order_form is OrderForm.BARE
    lines, currency = written(trade.lines), trade.currency
    parts = _head(out, dialect, key_of(out), trade.number, w.ORDER, totals(lines, currency).amount)
    return parts | {
        n.DATE: leaf(n.DATE, _day(trade.date)),
        n.TIME: leaf(n.TIME, (trade.time or dt.time()).strftime("%H:%M:%S")),
        n.ONEC_NUMBER: "" if bare else leaf(n.ONEC_NUMBER, clean(trade.onec_id, _KEY_LENGTH)),
        n.PAY_UNTIL: "" if dialect.reads_in_order else leaf(n.PAY_UNTIL, _day(trade.pay_until)),
        n.COMMENT: leaf(n.COMMENT, clean(trade.comment or "", lines=True)),
        n.TAXES: taxes(lines, currency, dialect),
        n.WAREHOUSES: _warehouse(out.warehouse),
        n.ITEMS: items(lines, currency, dialect, bare=bare),
        n.REQUISITES: order_facts(out, dialect),
    }


def _head(out: Outgoing, dialect: Dialect, key: str, number: str, operation: str, amount: Decimal) -> dict[str, str]:
    return {
        n.ID: leaf(n.ID, key),
        n.NUMBER: leaf(n.NUMBER, clean(number, 50)),
        n.OPERATION: leaf(n.OPERATION, operation),
        n.ROLE: leaf(n.ROLE, w.SELLER),
        n.CURRENCY: leaf(n.CURRENCY, currency_name(out, dialect)),
        n.CURRENCY_RATE: leaf(n.CURRENCY_RATE, "1"),
        n.AMOUNT: leaf(n.AMOUNT, amount_text(amount, out.trade.currency)),
        n.COUNTERPARTIES: buyer(out.buyer, out.trade.party, dialect),
    }


def _below(out: Outgoing, dialect: Dialect, parts: dict[str, str], day: dt.date | None, facts: str) -> dict[str, str]:
    nested = dialect.order_form is OrderForm.SUBORDINATE
    return parts | {
        n.DATE: leaf(n.DATE, _day(day or out.trade.date)),
        n.TIME: leaf(n.TIME, "00:00:00"),
        n.BASIS: "" if nested else leaf(n.BASIS, key_of(out)),
        n.REQUISITES: facts,
    }


def _payment(payment: Payment, out: Outgoing, dialect: Dialect) -> dict[str, str]:
    operation = w.PAYMENT_OPERATIONS[payment.method or out.payment_method]
    key = clean(payment.key, _KEY_LENGTH)
    parts = _head(out, dialect, key, payment.number or payment.key, operation, payment.amount)
    return _below(out, dialect, parts, payment.date, payment_facts(payment, out, dialect))


def _shipment(shipment: Shipment, out: Outgoing, dialect: Dialect) -> dict[str, str]:
    lines, currency = _shipped(shipment, out), out.trade.currency
    key = clean(shipment.key, _KEY_LENGTH)
    parts = _head(out, dialect, key, shipment.number or shipment.key, w.SHIPMENT, totals(lines, currency).amount)
    parts |= {
        n.TAXES: taxes(lines, currency, dialect),
        n.WAREHOUSES: _warehouse(out.warehouse),
        n.ITEMS: items(lines, currency, dialect, bare=False),
    }
    return _below(out, dialect, parts, shipment.date, shipment_facts(shipment, out, dialect))


def _shipped(shipment: Shipment, out: Outgoing) -> tuple[Line, ...]:
    """The order's lines with what of them left; all of them for a shipment that names none."""
    lines = written(out.trade.lines)
    if not shipment.lines:
        return lines
    by_id = {line.item_id: line for line in reversed(lines)}
    return tuple(_part(by_id[key], quantity, out.trade.currency) for key, quantity in shipment.lines if quantity and key in by_id)


def _part(line: Line, quantity: Decimal, currency: str) -> Line:
    if quantity == line.quantity:
        return line
    amount = rounded(quotient(product(line.amount, quantity), line.quantity), currency)
    return replace(line, quantity=quantity, amount=amount, vat_amount=None)


def _warehouse(place: Place | None) -> str:
    """One Склад, whole: УТ 11 reads its address and phone without asking whether they are there."""
    if place is None or not place.id.strip():
        return ""
    name = clean(place.name, _NAME_LENGTH) or clean(place.id, _KEY_LENGTH)
    address = clean(place.address, 500) or name
    field = element(n.ADDRESS_PART, leaf(n.TYPE, w.STREET), leaf(n.VALUE, address))
    return element(
        n.WAREHOUSES,
        element(
            n.WAREHOUSE,
            leaf(n.ID, clean(place.id, _KEY_LENGTH)),
            leaf(n.NAME, name),
            element(n.ADDRESS, field),
            element(n.CONTACTS, contact(w.PHONE_TYPES[0], clean(place.phone, 100) or w.NOT_GIVEN)),
        ),
    )


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day is not None else ""
