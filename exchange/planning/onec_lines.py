"""The money of a 1C document's lines, to the last kopeck. Pure.

What is said of discounts and VAT (УчтеноВСумме) is often wrong or missing, so the document's own sum is the judge: of the readings
that are possible, the first that adds up to it is taken, beginning with the one the file states. A discount or charge of the whole
document is spread over the lines; the lines then are all there is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from exchange.money import ZERO, minor_units, product, quotient, rounded, spread, to_decimals, to_pay, totals, unit_price, vat_on
from exchange.planning.trade import Line
from exchange.records import Discount, OrderDocument, OrderLine, Tax, VatRate

_HUNDRED: Final = Decimal(100)


class _Reading(NamedTuple):
    """One way to read a document: how its discounts and charges count, and whether VAT is in its lines."""

    line_discounts: bool  # those not in the sum come off the line's amount
    document_discounts: bool
    vat_included: bool
    unsaid_included: bool  # a discount that does not say counts as in the sum
    said_vat: bool  # VAT is as said even where a discount of the document changed the amount


def lines_from_onec(document: OrderDocument, currency: str) -> tuple[Line, ...]:
    """The money fields of every line of the document, in its order: quantity, price, amount, discount and VAT.

    Their sum is the document's Сумма wherever the file allows it; what cannot be brought together stays as the lines say.
    """
    if not document.lines:
        return ()
    readings = list(_readings(document))
    if document.amount is None:
        return _read(document, readings[0], currency)
    wanted = rounded(document.amount, currency)
    best: tuple[Line, ...] = ()
    for reading in readings:
        lines = _read(document, reading, currency)
        best = best or lines
        if totals(lines, currency).amount == wanted:
            return lines
    return _fitted(best, wanted, currency)


def _readings(document: OrderDocument) -> Iterator[_Reading]:
    """What the file states first; then what it may have meant."""
    stated, both = _vat_included(document), (True, False)
    for unsaid, included, lines, whole, said in itertools.product(both, (stated, not stated), both, both, (False, True)):
        yield _Reading(lines, whole, included, unsaid, said)


def _vat_included(document: OrderDocument) -> bool:
    """What the file says of VAT: a tax of a line that has an amount, then one of the document."""
    taxes = [*(tax for line in document.lines for tax in line.taxes), *document.taxes]
    said = [tax for tax in taxes if tax.included is not None]
    telling = [tax for tax in said if tax.amount] or said
    return telling[0].included is not False if telling else True


def _read(document: OrderDocument, reading: _Reading, currency: str) -> tuple[Line, ...]:
    lines = [_line(line, reading, currency) for line in document.lines]
    if reading.document_discounts:
        change = _change(document.discounts, lines, reading, currency, Decimal(-1))
        change += _change(document.extra_costs, lines, reading, currency, Decimal(1))
        if change:
            parts = spread(change, [line.amount for line in lines], currency)
            lines = [_with_amount(line, line.amount + part, currency) for line, part in zip(lines, parts, strict=True)]
    return _taxed(document, tuple(lines), reading, currency)


def _change(found: Sequence[Discount], lines: Sequence[Line], reading: _Reading, currency: str, sign: Decimal) -> Decimal:
    whole = sum((line.amount for line in lines), ZERO)
    return sign * sum((_sum(one, whole, currency) for one in found if _counts(one, reading)), ZERO)


def _counts(one: Discount, reading: _Reading) -> bool:
    """Whether the discount is still to be taken off."""
    included = reading.unsaid_included if one.included is None else one.included
    return not included


def _sum(one: Discount, of: Decimal, currency: str) -> Decimal:
    if one.amount is not None:
        return rounded(one.amount, currency)
    return rounded(quotient(product(of, one.percent), _HUNDRED), currency) if one.percent else ZERO


def _line(line: OrderLine, reading: _Reading, currency: str) -> Line:
    quantity = line.quantity if line.quantity is not None else Decimal(1)
    price = line.price if line.price is not None else ZERO
    amount = rounded(line.amount if line.amount is not None else product(price, quantity), currency)
    if amount and not quantity:
        quantity = Decimal(1)
    if line.price is None:
        price = unit_price(amount, quantity, currency)
    if reading.line_discounts:
        change = sum((_sum(one, amount, currency) for one in line.extra_costs if _counts(one, reading)), ZERO)
        change -= sum((_sum(one, amount, currency) for one in line.discounts if _counts(one, reading)), ZERO)
        amount += change
    net = unit_price(amount, quantity, currency, price)
    return Line(
        quantity=quantity,
        price=net,
        amount=amount,
        discount=_shown_discount(line, price, net, quantity),
        vat=_rate(line),
        vat_included=reading.vat_included,
    )


def _shown_discount(line: OrderLine, price: Decimal, net: Decimal, quantity: Decimal) -> Decimal:
    """Of one unit: what the price lost, else what a discount in the sum says (of the whole line)."""
    if price > net and net >= 0 and line.discounts:
        return to_decimals(price - net, 2)
    for one in line.discounts:
        if one.percent and one.percent < _HUNDRED:
            return to_decimals(quotient(product(net, one.percent), _HUNDRED - one.percent), 2)
        if one.amount and quantity:
            return to_decimals(quotient(abs(one.amount), abs(quantity)), 2)
    return ZERO


def _rate(line: OrderLine) -> VatRate | None:
    rates = [*(line.product.vat or ()), *(tax.rate for tax in line.taxes if tax.rate is not None)]
    return rates[0] if rates else None


def _taxed(document: OrderDocument, lines: tuple[Line, ...], reading: _Reading, currency: str) -> tuple[Line, ...]:
    """The lines with their VAT: as the file says where its amounts still belong to these lines, else by the rate."""
    found = tuple(
        replace(line, vat_amount=_vat(line, given, currency, always=reading.said_vat))
        for line, given in zip(lines, document.lines, strict=True)
    )
    whole = sum((tax.amount for tax in document.taxes if tax.amount is not None and tax.included is False), ZERO)
    if reading.vat_included or not whole or any(tax.amount for given in document.lines for tax in given.taxes):
        return found
    if sum((line.vat_amount or ZERO for line in found), ZERO) == whole:
        return found
    weights = [line.vat_amount or ZERO for line in found]
    parts = spread(whole, weights if any(weights) else [line.amount for line in found], currency)
    return tuple(replace(line, vat_amount=part) for line, part in zip(found, parts, strict=True))


def _vat(line: Line, given: OrderLine, currency: str, *, always: bool) -> Decimal | None:
    said = _said_vat(given.taxes)
    untouched = given.amount is not None and rounded(given.amount, currency) == line.amount
    if said is not None and (always or untouched or line.vat is None):
        return rounded(said, currency)
    if line.vat is None:
        return None
    return vat_on(line.amount, line.vat, currency, included=line.vat_included)


def _said_vat(taxes: Sequence[Tax]) -> Decimal | None:
    amounts = [tax.amount for tax in taxes if tax.amount is not None]
    return sum(amounts, ZERO) if amounts else None


def _with_amount(line: Line, amount: Decimal, currency: str) -> Line:
    return replace(line, amount=amount, price=unit_price(amount, line.quantity, currency, line.price))


def _fitted(lines: tuple[Line, ...], wanted: Decimal, currency: str) -> tuple[Line, ...]:
    """The lines with kopecks of rounding (one a line at most) spread over them; a larger difference is not ours to invent."""
    missing = wanted - totals(lines, currency).amount
    unit = Decimal(1).scaleb(-minor_units(currency))
    if abs(missing) > unit * len(lines):
        return lines
    parts = spread(missing, [to_pay(line, currency) for line in lines], currency)
    return tuple(_moved(line, part, currency) if part else line for line, part in zip(lines, parts, strict=True))


def _moved(line: Line, part: Decimal, currency: str) -> Line:
    if not line.vat_included and line.vat_amount:
        return replace(line, vat_amount=line.vat_amount + part)
    return _with_amount(line, line.amount + part, currency)
