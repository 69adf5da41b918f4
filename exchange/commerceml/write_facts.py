"""The requisites of orders, payments and shipments under the names that 1C looks for.

УНФ writes a requisite named like an attribute of its document into that attribute; УТ 10.3 and УПП keep those they do not know as
properties of the document. Dates are spelt as each form of exchange has always spelt them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, element
from exchange.commerceml.write_lines import flag, requisite
from exchange.commerceml.write_parties import address_text
from exchange.dialects import OrderForm
from exchange.money import ZERO, rounded, totals

if TYPE_CHECKING:
    from exchange.dialects import Dialect
    from exchange.planning.outgoing import Outgoing
    from exchange.planning.trade import Payment, Shipment

_STAMPS: Final = {OrderForm.BARE: "%d.%m.%Y %H:%M:%S", OrderForm.SUBORDINATE: "%Y-%m-%d %H:%M:%S"}
_STAMP: Final = "%Y-%m-%dT%H:%M:%S"


def order_facts(out: Outgoing, dialect: Dialect) -> str:
    """ЗначенияРеквизитов of an order; a name is told once, and the exchange's own ones are not to be had by `facts`."""
    told: dict[str, str] = {}
    for name, value in (*_paid(out, dialect), *_shipped(out, dialect), *_state(out), *_terms(out), *out.facts):
        told.setdefault(clean(name, 100), value)
    return element(n.REQUISITES, *(requisite(name, value) for name, value in told.items() if name))


def payment_facts(payment: Payment, out: Outgoing, dialect: Dialect) -> str:
    """ЗначенияРеквизитов of a payment."""
    told = (
        (w.PAID_ON, _stamp(payment.date or out.trade.date, dialect)),
        (w.CANCELLED, flag(payment.cancelled)),
        (w.PAYMENT_METHOD_ID, out.pay_system[0] or payment.method),
        (w.PAYMENT_METHOD, out.pay_system[1] or _pay_system_name(payment)),
        (w.PAID, flag(not payment.cancelled)),
        (w.RETURNED, flag(payment.returned)),
    )
    return element(n.REQUISITES, *(requisite(name, value) for name, value in told))


def shipment_facts(shipment: Shipment, out: Outgoing, dialect: Dialect) -> str:
    """ЗначенияРеквизитов of a shipment."""
    told = (
        (w.DELIVERY_ALLOWED_ON, _stamp(shipment.date, dialect)),
        (w.SHIPPED, flag(not shipment.cancelled)),
        (w.SHIPPED_ON, _stamp(shipment.date, dialect)),
        (w.DELIVERY_METHOD_ID, out.delivery[0]),
        (w.DELIVERY_METHOD_OF_SHIPMENT, out.delivery[1]),
        (w.CANCELLED, flag(shipment.cancelled)),
        (w.TRACKING, shipment.tracking),
        (w.DELIVERY_ADDRESS, _delivery_address(out)),
    )
    return element(n.REQUISITES, *(requisite(name, value) for name, value in told))


def _paid(out: Outgoing, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Only what the portal took itself: Бухгалтерия and УНФ make a payment of these."""
    payments = [payment for payment in out.payments if not payment.cancelled and not payment.returned]
    currency = out.trade.currency
    if payments and dialect.order_form is OrderForm.BARE:
        last = payments[-1]
        yield w.PAID_ON, _stamp(last.date or out.trade.date, dialect)
        yield w.PAYMENT_NUMBER, last.number or last.key
    taken = sum((payment.amount for payment in payments), ZERO)
    whole = bool(payments) and rounded(taken, currency) >= totals(out.trade.lines or (), currency).amount
    method = next((payment for payment in reversed(payments)), None)
    yield w.PAYMENT_METHOD, out.pay_system[1] or (_pay_system_name(method) if method else "")
    yield w.PAYMENT_METHOD_ID, out.pay_system[0] or (method.method if method else "")
    yield w.ORDER_PAID, flag(whole or out.trade.paid)


def _shipped(out: Outgoing, dialect: Dialect) -> Iterator[tuple[str, str]]:
    days = [one.date for one in out.shipments if one.date is not None and not one.cancelled and not one.returned]
    bare = dialect.order_form is OrderForm.BARE
    if days:
        yield w.DELIVERY_ALLOWED_ON if bare else w.DELIVERY_ALLOWED_LAST, _stamp(max(days), dialect)
    yield w.DELIVERY_METHOD, out.delivery[1]
    yield w.DELIVERY_METHOD_ID, out.delivery[0]
    if bare:
        yield w.DELIVERY_ALLOWED, flag(days or out.trade.shipped)
    yield w.DELIVERY_ADDRESS, _delivery_address(out)


def _state(out: Outgoing) -> Iterator[tuple[str, str]]:
    gone = bool(out.trade.cancelled or out.trade.deleted)
    yield w.CANCELLED, flag(gone)
    yield w.FINAL, flag(out.final)
    if out.status_name or out.status_id:
        # "[ID] Name": Бухгалтерия cuts the id off, УТ 11 and УНФ know both.
        yield w.STATUS, f"[{out.status_id}] {out.status_name}".strip() if out.status_id else out.status_name
    yield w.STATUS_ID, out.status_id
    if gone:
        yield w.CANCEL_REASON, out.cancel_reason


def _terms(out: Outgoing) -> Iterator[tuple[str, str]]:
    seller = out.seller
    yield w.BUYER_COMMENT, out.buyer_comment
    yield w.SITE, out.link
    yield w.ORGANISATION, out.organisation_name or (seller.name if seller else "")
    yield w.ORGANISATION_TAX_ID, out.organisation_tax_id or ((seller.tax_id or "") if seller else "")
    if seller is not None:
        yield w.ORGANISATION_TAX_BRANCH, seller.tax_branch or ""
        yield w.ORGANISATION_ACCOUNT, next((account.number for account in seller.accounts or ()), "")
    yield w.WAREHOUSE, out.warehouse.name if out.warehouse else ""
    yield w.AGREEMENT, out.agreement_name
    yield w.PRICE_TYPE, out.price_type_name
    yield w.RESPONSIBLE, out.responsible
    yield w.REGISTRATION, (out.buyer.registration or "") if out.buyer else ""


def _delivery_address(out: Outgoing) -> str:
    return out.delivery_address or (address_text(out.buyer, "delivery") if out.buyer else "")


def _pay_system_name(payment: Payment) -> str:
    return next((name for key, name, _ in w.PAY_SYSTEMS_BY_DEFAULT if key == payment.method), "")


def _stamp(day: dt.date | None, dialect: Dialect) -> str:
    form = _STAMPS.get(dialect.order_form, _STAMP)
    return dt.datetime.combine(day, dt.time()).strftime(form) if day is not None else ""
