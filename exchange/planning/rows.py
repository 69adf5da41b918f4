"""Lines of a document as the portal's product rows, and back, to the last kopeck.

A row keeps a price of two decimals, final, with discount and tax in it, and a quantity of four (crm.item.productrow.*); the portal
makes everything else of these. So 10.00 for 3 pieces is no row: it is sent as 3.33 with the sum of the document fixed by hand
(isManualOpportunity), and a row that still says what was sent means the line it was made of, not 9.99. Which rounding a portal
uses (of each line or of the sum; with VAT on top, of the price with or without it) is not documented and differs by its age: the
sum is left to the portal only when all of them give the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from exchange.money import (
    CENT,
    ZERO,
    Inexact,
    minor_units,
    product,
    quotient,
    rounded,
    to_decimals,
    totals,
    unit_price,
    vat_of,
    vat_on,
)
from exchange.planning.trade import Line
from exchange.planning.vat_sides import uniform
from exchange.records import VatRate

PRICE_DECIMALS: Final = 2
QUANTITY_DECIMALS: Final = 4
_LARGEST: Final = Decimal(10) ** 15
_ABSOLUTE: Final = 1
_CODE_LENGTH: Final = 3  # of ОКЕИ: the metre is 006, which the portal keeps as 6
_ONE: Final = Decimal(1)
# Less than any digit of a price times a quantity.
_BIT: Final = Decimal("0.00000001")
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class PortalRow:
    """The money of one row as it is written and as it comes back; `tax_rate` None = without VAT."""

    price: Decimal
    quantity: Decimal
    discount_sum: Decimal
    tax_rate: Decimal | None
    tax_included: bool

    def fields(self) -> dict[str, Any]:
        """The fields of crm.item.productrow.add, update and set (all of them: an update without the discount would keep the old)."""
        return {
            "price": self.price,
            "quantity": self.quantity,
            "discountTypeId": _ABSOLUTE,
            "discountSum": self.discount_sum,
            "taxRate": self.tax_rate,
            "taxIncluded": "Y" if self.tax_included else "N",
        }


class PortalRows(NamedTuple):
    """The rows of a document. Not `exact`: the portal's own sum would differ, so write isManualOpportunity=Y and `opportunity`."""

    rows: tuple[PortalRow, ...]
    opportunity: Decimal
    exact: bool


def portal_rows(lines: Sequence[Line], currency: str) -> PortalRows:
    """The lines as rows, one each, in order; raises Inexact for amounts or quantities that no field of the portal can hold."""
    rows = tuple(portal_row(line, currency) for line in lines)
    opportunity = totals(lines, currency).amount
    if to_decimals(opportunity, PRICE_DECIMALS) != opportunity:
        raise Inexact(f"the portal keeps two decimals, and the sum is {opportunity} {currency}")
    return PortalRows(rows, opportunity, portal_sums(rows, currency) == {opportunity})


def portal_row(line: Line, currency: str) -> PortalRow:
    """One line as a row; raises Inexact."""
    quantity = to_decimals(line.quantity, QUANTITY_DECIMALS)
    if (line.quantity and not quantity) or abs(line.amount) >= _LARGEST or abs(quantity) >= _LARGEST:
        raise Inexact(f"the portal cannot hold {line.quantity:f} for {line.amount:f} {currency}")
    rate = line.vat.percent if line.vat is not None else None
    taxed = _ONE + (rate or ZERO) / _HUNDRED
    price = unit_price(line.amount, line.quantity, currency, line.price)
    gross = price if line.vat_included else product(price, taxed)
    discount = quotient(line.discount, taxed) if line.vat_included else line.discount
    return PortalRow(
        price=to_decimals(gross, PRICE_DECIMALS),
        quantity=quantity,
        discount_sum=max(to_decimals(discount, PRICE_DECIMALS), to_decimals(ZERO, PRICE_DECIMALS)),
        tax_rate=rate,
        tax_included=line.vat_included,
    )


def portal_sums(rows: Iterable[PortalRow], currency: str) -> set[Decimal]:
    """The sums that portals may make of these rows by themselves: one, if all of them agree.

    They reckon in binary floating point: half a kopeck may be a little less there, and is rounded down then.
    """
    sums = [ZERO] * 8
    for row in rows:
        taxed = _ONE + (row.tax_rate or ZERO) / _HUNDRED
        whole = product(row.price, row.quantity)
        exclusive = row.price if row.tax_included else to_decimals(quotient(row.price, taxed), PRICE_DECIMALS)
        apart = whole if row.tax_included else product(product(exclusive, row.quantity), taxed)
        base = product(exclusive, row.quantity)
        tax = ZERO if row.tax_included else base * (taxed - _ONE)
        each = (
            whole,
            to_decimals(whole, PRICE_DECIMALS),
            to_decimals(whole - _BIT, PRICE_DECIMALS),
            rounded(whole, currency),
            apart,
            to_decimals(apart, PRICE_DECIMALS),
            to_decimals(apart - _BIT, PRICE_DECIMALS),
            to_decimals(base, PRICE_DECIMALS) + to_decimals(tax, PRICE_DECIMALS),
        )
        sums = [total + part for total, part in zip(sums, each, strict=True)]
    return {to_decimals(part, PRICE_DECIMALS) for total in sums for part in (total, total - _BIT)}


def says(row: Mapping[str, Any], line: Line, currency: str) -> bool:
    """Whether the portal's row already has the money of the line: then there is nothing to write.

    The discount is only shown and may differ by a kopeck: the portal makes it anew from a percentage.
    """
    wanted, has = portal_row(line, currency), _row(row)
    return _same(wanted, has) and abs(wanted.discount_sum - has.discount_sum) <= CENT


def lines_from_rows(
    rows: Iterable[Mapping[str, Any]],
    currency: str,
    known: Sequence[Line] = (),
    opportunity: Decimal | None = None,
) -> tuple[Line, ...]:
    """The rows of crm.item.productrow.list as lines; 1C's ids are not in them.

    `known` are the lines as last agreed: an untouched row is its line again, amount and all. `opportunity` is the document's sum if
    the portal made it (isManualOpportunity=N): kopecks between it and the lines go to the lines that are not known.
    """
    unused, rows = list(known), list(rows)
    # The ways of a mixed document were made one (see uniform): its rows with tax on top are lines with tax inside.
    mixed = len({has.tax_included for has in map(_row, rows) if has.tax_rate}) == 2
    old = [_known(row, _row(row), unused, currency, mixed=mixed) for row in rows]
    readings = []
    for with_tax in (False, True):
        lines = [_named(line or _line(row, currency, with_tax=with_tax), row) for line, row in zip(old, rows, strict=True)]
        readings.append(uniform(lines, currency))
        if opportunity is None or totals(readings[-1], currency).amount == opportunity:
            return readings[-1]
    fresh = [place for place, line in enumerate(old) if line is None]
    prices = [_row(row).price for row in rows]
    wanted = opportunity or ZERO
    fitted = [_fitted(lines, fresh, prices, wanted, currency) for lines in readings]
    return next((lines for lines in fitted if totals(lines, currency).amount == wanted), readings[0])


def _row(row: Mapping[str, Any]) -> PortalRow:
    rate = row.get("taxRate")
    has = PortalRow(
        price=to_decimals(_number(row.get("price")), PRICE_DECIMALS),
        quantity=to_decimals(_number(row.get("quantity")), QUANTITY_DECIMALS),
        discount_sum=to_decimals(_number(row.get("discountSum")), PRICE_DECIMALS),
        tax_rate=None if rate is None or rate == "" else _number(rate),
        tax_included=row.get("taxIncluded") == "Y",
    )
    return has if has.tax_rate else replace(has, tax_included=True)


def _same(wanted: PortalRow, has: PortalRow) -> bool:
    """Without a rate it is nothing whether the tax is inside."""
    return (wanted.price, wanted.quantity, wanted.tax_rate) == (has.price, has.quantity, has.tax_rate) and (
        not has.tax_rate or wanted.tax_included == has.tax_included
    )


def _made_included(sent: PortalRow, has: PortalRow) -> bool:
    """Whether a row with tax on top is what a line with tax inside was made of; the price without tax was rounded on the way."""
    alike = (sent.quantity, sent.tax_rate) == (has.quantity, has.tax_rate) and abs(sent.price - has.price) <= CENT
    return alike and sent.tax_included and not has.tax_included


def _known(row: Mapping[str, Any], has: PortalRow, unused: list[Line], currency: str, *, mixed: bool) -> Line | None:
    """The agreed line of an untouched row, taken out of `unused`: the one of the row's id, else one of the same product."""
    row_id, product_id = int(row.get("id") or 0), int(row.get("productId") or 0)
    candidates = [line for line in unused if line.row_id == row_id] or [
        line for line in unused if not line.row_id and line.product_id == product_id
    ]
    for line in candidates:
        try:
            sent = portal_row(line, currency)
        except Inexact:
            continue
        if _same(sent, has) or (mixed and _made_included(sent, has)):
            unused.remove(line)
            return line if abs(sent.discount_sum - has.discount_sum) <= CENT else replace(line, discount=_discount(row, has))
    return None


def _line(row: Mapping[str, Any], currency: str, *, with_tax: bool) -> Line:
    """A row as it says itself. With VAT on top some portals multiply the price without the tax, some (`with_tax`) the one with it."""
    has = _row(row)
    vat, discount = VatRate(has.tax_rate), _discount(row, has)
    if has.tax_included or not with_tax:
        price = has.price if has.tax_included else _exclusive(row, has)
        amount = rounded(product(price, has.quantity), currency)
        tax = vat_on(amount, vat, currency, included=has.tax_included)
    else:
        whole = rounded(product(has.price, has.quantity), currency)
        tax = vat_on(whole, vat, currency, included=True)
        amount = whole - tax
        price = unit_price(amount, has.quantity, currency, _exclusive(row, has))
        if to_decimals(product(price, _ONE + (has.tax_rate or ZERO) / _HUNDRED), PRICE_DECIMALS) != has.price:
            # Of a part of a piece a kopeck is much of the price: the tax takes it, and the row is known again.
            price = _exclusive(row, has)
            amount = rounded(product(price, has.quantity), currency)
            tax = whole - amount
    return Line(
        quantity=has.quantity,
        price=price,
        amount=amount,
        discount=discount,
        vat=vat,
        vat_included=has.tax_included,
        vat_amount=tax,
    )


def _exclusive(row: Mapping[str, Any], has: PortalRow) -> Decimal:
    if row.get("priceExclusive") not in (None, ""):
        return to_decimals(_number(row["priceExclusive"]), PRICE_DECIMALS)
    return to_decimals(quotient(has.price, _ONE + (has.tax_rate or ZERO) / _HUNDRED), PRICE_DECIMALS)


def _discount(row: Mapping[str, Any], has: PortalRow) -> Decimal:
    """Of one piece, in the price's own terms. The price of the row has it taken off already, whatever its type says."""
    if has.discount_sum <= 0:
        return ZERO
    if not has.tax_included:
        return has.discount_sum
    if row.get("priceBrutto") not in (None, ""):
        return max(to_decimals(_number(row["priceBrutto"]), PRICE_DECIMALS) - has.price, ZERO)
    return to_decimals(product(has.discount_sum, _ONE + (has.tax_rate or ZERO) / _HUNDRED), PRICE_DECIMALS)


def _named(line: Line, row: Mapping[str, Any]) -> Line:
    code = row.get("measureCode")
    return replace(
        line,
        name=str(row.get("productName") or line.name),
        product_id=int(row.get("productId") or 0),
        row_id=int(row.get("id") or 0),
        unit_code=str(code).zfill(_CODE_LENGTH) if code else line.unit_code,
        unit_name=str(row.get("measureName") or line.unit_name),
    )


def _fitted(
    lines: tuple[Line, ...], fresh: Sequence[int], prices: Sequence[Decimal], opportunity: Decimal, currency: str
) -> tuple[Line, ...]:
    """The lines with their sum made the portal's, by one minor unit a line at most; more than rounding is none of ours.

    Lines whose rows still have their price (`prices`) after it come first: they are known again.
    """
    unit = Decimal(1).scaleb(-minor_units(currency))
    missing = rounded(opportunity, currency) - totals(lines, currency).amount
    count = int(abs(missing) / unit)
    step = unit.copy_sign(missing)
    moved = {place: _moved(lines[place], step, currency) for place in fresh if count and lines[place].amount}
    if not count or len(moved) < count:
        return lines

    def rank(place: int) -> tuple[bool, Decimal]:
        return portal_row(moved[place], currency).price != prices[place], -abs(lines[place].amount)

    chosen = frozenset(sorted(moved, key=rank)[:count])
    return tuple(moved[place] if place in chosen else line for place, line in enumerate(lines))


def _moved(line: Line, step: Decimal, currency: str) -> Line:
    if not line.vat_included and line.vat is not None and line.vat.percent:
        return replace(line, vat_amount=vat_of(line, currency) + step)
    amount = line.amount + step
    vat = vat_on(amount, line.vat, currency, included=True)
    price = unit_price(amount, line.quantity, currency, line.price)
    return replace(line, amount=amount, price=price, vat_amount=vat)


def _number(value: Any) -> Decimal:
    """A number of the portal's JSON (float, int or text), as people read it; 0 for none."""
    try:
        number = Decimal(str(value)) if value not in (None, "") else ZERO
    except InvalidOperation:
        return ZERO
    return number if number.is_finite() else ZERO
