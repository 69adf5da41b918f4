"""Money: rounding, totals, spreading a sum to the last minor unit, and prices that give an exact amount. Decimal only. Pure.

Both sides round a line to the currency's minor unit and add the lines up, so an amount belongs to a line, never to a price: a
price is what is left of an amount. Where a total has to fit (a discount of the whole document, a sum the other side states), it is
spread over the lines by the largest remainder; nothing is ever put "into the last line".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final, NamedTuple, Protocol

from exchange.records import VatRate

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
# ISO 4217: the currencies that do not have two decimals.
_MINOR_UNITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_PRICE_DECIMALS: Final = 2
_MOST_DECIMALS: Final = 30
_UNITS: Final = tuple(Decimal(1).scaleb(-decimals) for decimals in range(_MOST_DECIMALS + 1))


class Inexact(Exception):
    """These numbers cannot be told to the portal without a loss; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Priced(Protocol):
    """What a line needs to be added up (planning/trade.py's Line)."""

    @property
    def amount(self) -> Decimal: ...
    @property
    def vat(self) -> VatRate | None: ...
    @property
    def vat_included(self) -> bool: ...
    @property
    def vat_amount(self) -> Decimal | None: ...


class Totals(NamedTuple):
    """What the buyer pays in all, VAT on top included, and the VAT in it."""

    amount: Decimal
    vat: Decimal


def minor_units(currency: str) -> int:
    """How many decimals amounts of this ISO 4217 currency have (2 for one we do not know)."""
    return _MINOR_UNITS.get(currency, 2) if currency.isupper() else _MINOR_UNITS.get(currency.upper(), 2)


def rounded(value: Decimal, currency: str) -> Decimal:
    """The amount to the currency's minor unit, halves away from zero, as 1C's Окр and the portal's round do."""
    return to_decimals(value, minor_units(currency))


def to_decimals(value: Decimal, decimals: int) -> Decimal:
    """The number with so many decimals, halves away from zero."""
    return value.quantize(_UNITS[decimals], context=_EXACT) + ZERO


def product(one: Decimal, other: Decimal) -> Decimal:
    """one × other without any rounding that could be seen in an amount."""
    return _EXACT.multiply(one, other)


def quotient(one: Decimal, other: Decimal) -> Decimal:
    """one / other to 60 digits."""
    return _EXACT.divide(one, other)


def vat_on(amount: Decimal, rate: VatRate | None, currency: str, *, included: bool) -> Decimal:
    """The VAT of an amount that has it inside (`included`) or gets it on top; 0 where there is none or it is not known."""
    if rate is None or not rate.percent:
        return rounded(ZERO, currency)
    base = _HUNDRED + rate.percent if included else _HUNDRED
    return rounded(quotient(product(amount, rate.percent), base), currency)


def vat_of(line: Priced, currency: str) -> Decimal:
    """The VAT of a line: as it says, else by its rate."""
    if line.vat_amount is not None:
        return rounded(line.vat_amount, currency)
    return vat_on(line.amount, line.vat, currency, included=line.vat_included)


def to_pay(line: Priced, currency: str) -> Decimal:
    """What the buyer pays for a line, VAT on top included."""
    amount = rounded(line.amount, currency)
    return amount if line.vat_included else amount + vat_of(line, currency)


def totals(lines: Iterable[Priced], currency: str) -> Totals:
    """The sums of a document."""
    amount = vat = rounded(ZERO, currency)
    for line in lines:
        amount += to_pay(line, currency)
        vat += vat_of(line, currency)
    return Totals(amount, vat)


def spread(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """The amount in parts by weight, whose sum is the amount to the last minor unit.

    Every part is its exact share rounded down or up; the largest remainders are rounded up, the earlier of equals first. Weights
    count by size, not by sign; without any, all parts are alike. Raises ValueError for no weights and an amount that is not 0.
    """
    unit = Decimal(1).scaleb(-minor_units(currency))
    amount = rounded(amount, currency)
    if not weights:
        if amount:
            raise ValueError("there is nothing to spread an amount over")
        return ()
    sizes = [abs(weight) for weight in weights]
    whole = sum(sizes, ZERO)
    if not whole:
        sizes, whole = [Decimal(1)] * len(sizes), Decimal(len(sizes))
    sign = Decimal(-1) if amount < 0 else Decimal(1)
    exact = [quotient(product(abs(amount), size), whole) for size in sizes]
    parts = [share.quantize(unit, rounding=ROUND_FLOOR, context=_EXACT) for share in exact]
    missing = int(_EXACT.divide(abs(amount) - sum(parts, ZERO), unit))
    order = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in order[:missing]:
        parts[place] += unit
    return tuple(sign * part + ZERO for part in parts)


def unit_price(amount: Decimal, quantity: Decimal, currency: str, near: Decimal | None = None) -> Decimal:
    """The price of one unit that gives exactly this amount: `near` if it does, else the one with the fewest decimals (at least 2).

    price × quantity, rounded to the currency, is the amount again. 10.00 for 3 is 3.333. `near` counts with at most two decimals:
    1C and the portal keep no more, and a price must be the same whoever tells it. For quantity 0 it is `near`, or 0.
    """
    if not quantity:
        return near if near is not None else ZERO
    amount = rounded(amount, currency)
    exact = quotient(amount, quantity)
    if near is not None:
        near = to_decimals(near, _PRICE_DECIMALS)
        if rounded(product(near, quantity), currency) == amount:
            return near
    for decimals in range(_PRICE_DECIMALS, _MOST_DECIMALS):
        price = to_decimals(exact, decimals)
        if rounded(product(price, quantity), currency) == amount:
            return price
    return exact
