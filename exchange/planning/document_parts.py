"""What hangs on an order of 1C: its requisites, payments and shipments, as the shared words say them. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exchange.planning import document_words as w
from exchange.planning.trade import Payment, PaymentMethod, Shipment
from exchange.records import OrderDocument, OrderLine
from exchange.records import Payment as OldPayment

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_BRACKETED = re.compile(r"\[([^\]]*)\]\s*(.*)", re.DOTALL)


class Said:
    """The requisites of a document by what they mean; what nobody asked for, or nobody understands, is left."""

    def __init__(self, document: OrderDocument) -> None:
        self._known: dict[str, list[tuple[str, str]]] = {}
        self._other: list[tuple[str, str]] = []
        for requisite in document.requisites:
            value = "; ".join(requisite.values)
            meaning = w.REQUISITES.get(w.plain(requisite.name))
            if meaning is None and value:
                self._other.append((requisite.name, value))
            elif meaning is not None and value:
                self._known.setdefault(meaning, []).append((requisite.name, value))

    def text(self, *meanings: str) -> str:
        """The first of these that is said; another telling of the same, with another value, stays."""
        for meaning in meanings:
            if meaning in self._known:
                (_, value), *others = self._known.pop(meaning)
                if differing := [other for other in others if other[1] != value]:
                    self._other += differing
                return value
        return ""

    def day(self, *meanings: str) -> dt.date | None:
        """The first of these that is a date."""
        return next((day for meaning in meanings if (day := day_of(self.text(meaning)))), None)

    def flag(self, meaning: str) -> bool | None:
        """Yes, no, or None where it is not said (what is neither stays)."""
        for name, value in self._known.pop(meaning, ()):
            word = value.casefold()
            if word in w.YES or word in w.NO:
                return word in w.YES
            self._other.append((name, value))
        return None

    def left(self) -> list[tuple[str, str]]:
        """What was not asked for, by its own name."""
        return [*self._other, *(pair for pairs in self._known.values() for pair in pairs)]


def day_of(text: str) -> dt.date | None:
    """The day of a date as 1C or a site writes it; None for none and for 1C's empty one."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return None if found.year == 1 else found


def status_of(text: str) -> tuple[str, str]:
    """Id and name of a status: `[N] Accepted` holds both, else it is a name."""
    match = _BRACKETED.fullmatch(text.strip())
    return (match[1].strip(), match[2].strip()) if match else ("", text.strip())


def method_of(*texts: str) -> PaymentMethod:
    """The way of the money that these words tell; the first that tell one."""
    for text in texts:
        folded = text.casefold()
        if any(word in folded for word in w.CARD_WORDS):
            return "card"
        if any(word in folded for word in w.BANK_WORDS):
            return "bank"
        if any(word in folded for word in w.CASH_WORDS):
            return "cash"
    return ""


def payment_of(document: OrderDocument, currencies: Mapping[str, str], said: Said) -> Payment:
    """A payment or refund document. One that 1C has not received yet (Оплачен=false) counts as cancelled."""
    amount = document.amount if document.amount is not None else Decimal(0)
    number = said.text("paid_number") or document.onec_number or said.text("onec_number", "payment_number") or document.number
    date = said.day("paid_on") or document.pay_until or said.day("payment_date") or day_of(document.onec_date) or document.date
    refund = w.OPERATIONS.get(w.plain(document.operation)) == "refund"
    return Payment(
        key=_key("payment", document, number, date, amount),
        number=number,
        date=date,
        amount=abs(amount),
        currency=currency_of(document.currency, currencies),
        method=method_of(document.operation, said.text("method"), said.text("method_id")),
        returned=(said.flag("returned") or refund) != (amount < 0),
        cancelled=_void(document, said) or said.flag("paid") is False,
    )


def old_payment_of(payment: OldPayment, currency: str) -> Payment:
    """An Оплата of 2.09."""
    amount = payment.amount if payment.amount is not None else Decimal(0)
    number, date = payment.number or payment.transaction, day_of(payment.paid_at)
    return Payment(
        key=f"payment:{payment.transaction or f'{number}|{date or payment.paid_at}|' + ('' if number else f'{amount:f}')}",
        number=number,
        date=date,
        amount=abs(amount),
        currency=currency,
        method=method_of(payment.method, payment.method_id),
        returned=amount < 0,
    )


def shipment_of(document: OrderDocument, said: Said) -> Shipment:
    """A shipment or a return of goods. One that has not left yet (Отгружен=false) counts as cancelled."""
    amount = document.amount if document.amount is not None else _sum(document)
    number = said.text("shipped_number") or document.onec_number or said.text("onec_number") or document.number
    date = said.day("shipped_on", "shipment_date") or day_of(document.onec_date) or document.date
    back = w.OPERATIONS.get(w.plain(document.operation)) == "return"
    return Shipment(
        key=_key("shipment", document, number, date, amount),
        number=number,
        date=date,
        amount=abs(amount),
        lines=tuple((item_id(line), line.quantity if line.quantity is not None else Decimal(1)) for line in document.lines),
        tracking=said.text("tracking"),
        returned=back or bool(said.flag("returned")),
        cancelled=_void(document, said) or said.flag("shipped") is False,
    )


def item_id(line: OrderLine) -> str:
    """1C's id of a line's item; "" for one that it has only from us."""
    return "" if line.product.id.startswith(w.FREE_LINE) else line.product.id


def currency_of(written: str, currencies: Mapping[str, str]) -> str:
    """The ISO 4217 code of a currency as 1C writes it; "" when nobody knows it."""
    text = written.strip()
    known = currencies.get(text.lower())
    if known:
        return known
    return text.upper() if len(text) == 3 and text.isascii() and text.isalpha() else ""


def _void(document: OrderDocument, said: Said) -> bool:
    flags = [said.flag("cancelled"), said.flag("deleted"), document.deleted, said.flag("posted") is False]
    return any(flags)


_NO_KEY: Final = "|"


def _key(kind: str, document: OrderDocument, number: str, date: dt.date | None, amount: Decimal) -> str:
    """The same in every telling: 1C's id; without one its number and date, without a number (УНФ) date and sum."""
    if document.id and document.id != document.basis_id:
        return f"{kind}:{document.id}"
    return f"{kind}:{_NO_KEY.join((number, str(date or ''), '' if number else f'{amount.normalize():f}'))}"


def _sum(document: OrderDocument) -> Decimal:
    return sum((line.amount for line in document.lines if line.amount is not None), Decimal(0))
