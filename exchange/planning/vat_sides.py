"""VAT of a document's lines inside their sums or on top of them: 1C has one way for a document. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from exchange.money import ZERO, product, quotient, to_decimals, to_pay, unit_price, vat_of
from exchange.planning.trade import Line

_PRICE_DECIMALS: Final = 2
_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


def uniform(lines: Sequence[Line], currency: str) -> tuple[Line, ...]:
    """The same lines with VAT inside all of them, if some have it inside and some on top: 1C has one way for a document."""
    kinds = {line.vat_included for line in lines if line.vat is not None and line.vat.percent}
    if kinds == {False}:
        return tuple(replace(line, vat_included=False, vat_amount=vat_of(line, currency)) for line in lines)
    return tuple(line if line.vat_included else _included(line, currency) for line in lines)


def with_vat(lines: Sequence[Line], currency: str, *, included: bool) -> tuple[Line, ...]:
    """The same lines, the same to pay to the last minor unit, with VAT inside all of them or on top of all of them."""
    convert = _included if included else _on_top
    return tuple(line if line.vat_included == included else convert(line, currency) for line in lines)


def _on_top(line: Line, currency: str) -> Line:
    vat, taxed = vat_of(line, currency), _ONE + ((line.vat.percent if line.vat else None) or ZERO) / _HUNDRED
    amount = to_pay(line, currency) - vat
    price = unit_price(amount, line.quantity, currency, to_decimals(quotient(line.price, taxed), _PRICE_DECIMALS))
    discount = to_decimals(quotient(line.discount, taxed), _PRICE_DECIMALS)
    return replace(line, amount=amount, price=price, discount=discount, vat_included=False, vat_amount=vat)


def _included(line: Line, currency: str) -> Line:
    amount, taxed = to_pay(line, currency), _ONE + ((line.vat.percent if line.vat else None) or ZERO) / _HUNDRED
    price = unit_price(amount, line.quantity, currency, to_decimals(product(line.price, taxed), _PRICE_DECIMALS))
    discount = to_decimals(product(line.discount, taxed), _PRICE_DECIMALS)
    return replace(line, amount=amount, price=price, discount=discount, vat_included=True, vat_amount=vat_of(line, currency))
