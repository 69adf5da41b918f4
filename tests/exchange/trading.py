"""Random documents, and the arithmetic of the two sides as each does it by itself, for the tests of money and of the writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from exchange.planning.rows import PortalRow
from exchange.planning.trade import Line
from exchange.records import Discount, OrderDocument, OrderLine, Product, Tax, VatRate
from sandbox.portal.methods.crm_rows import _prices

CURRENCIES = {"RUB": 2, "UAH": 2, "USD": 2, "JPY": 0, "XOF": 0}
RATES = (None, Decimal(0), Decimal(5), Decimal(7), Decimal(10), Decimal(18), Decimal(20), Decimal(22))

prices = st.integers(0, 99_999_999).map(lambda cents: Decimal(cents) / 100)
quantities = st.integers(1, 9_999_999).map(lambda thousandths: Decimal(thousandths) / 1000) | st.integers(1, 500).map(Decimal)
rates = st.sampled_from(RATES)
currencies = st.sampled_from(sorted(CURRENCIES))


def at(value: Decimal, decimals: int) -> Decimal:
    """Rounded as 1C's Окр does."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def share(amount: Decimal, rate: Decimal | None, decimals: int, *, included: bool) -> Decimal:
    """The VAT of an amount."""
    rate = rate or Decimal(0)
    return at(amount * rate / (100 + rate if included else Decimal(100)), decimals)


@st.composite
def portal_lines(draw: st.DrawFn, most: int = 40, currency: str = "RUB") -> list[dict[str, Any]]:
    """Product rows as a person makes them in the portal: prices of two decimals, discounts by percent or sum, VAT in or on top."""
    rows = []
    for number in range(draw(st.integers(1, most))):
        row = {
            "id": 1000 + number,
            "productId": draw(st.integers(0, 5)),
            "productName": f"Item {number}",
            "price": float(draw(prices)),
            "quantity": float(draw(quantities)),
            "discountTypeId": draw(st.sampled_from((1, 2))),
            "discountRate": draw(st.integers(0, 90)),
            "discountSum": float(draw(st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100))),
            "taxRate": None if (rate := draw(rates)) is None else float(rate),
            "taxIncluded": draw(st.sampled_from("YN")),
            "measureCode": 796,
            "measureName": "pcs",
        }
        rows.append(row | _prices(row))
    return rows


def as_portal_keeps(rows: Iterable[PortalRow], lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Written rows as crm.item.productrow.list gives them back."""
    kept = []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        fields = row.fields()
        found: dict[str, Any] = {
            "id": line.row_id or 5000 + number,
            "productId": line.product_id,
            "productName": line.name,
            "price": float(fields["price"]),
            "quantity": float(fields["quantity"]),
            "discountTypeId": fields["discountTypeId"],
            "discountRate": 0,
            "discountSum": float(fields["discountSum"]),
            "taxRate": None if fields["taxRate"] is None else float(fields["taxRate"]),
            "taxIncluded": fields["taxIncluded"],
            "measureCode": 796,
            "measureName": "pcs",
        }
        kept.append(found | _prices(found))
    return kept


def sum_by_document(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    """A portal that adds up and rounds once."""
    return at(sum((Decimal(str(row["price"])) * Decimal(str(row["quantity"])) for row in rows), Decimal(0)), 2)


def sum_by_line(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    """A portal that rounds each line."""
    return sum((at(Decimal(str(row["price"])) * Decimal(str(row["quantity"])), 2) for row in rows), Decimal(0))


def sum_with_tax_on_top(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    """A portal that takes the price without tax and adds the tax to the line, where the tax is on top."""
    total = Decimal(0)
    for row in rows:
        quantity, rate = Decimal(str(row["quantity"])), Decimal(str(row["taxRate"] or 0))
        if row["taxIncluded"] == "Y":
            total += at(Decimal(str(row["price"])) * quantity, 2)
        else:
            base = Decimal(str(row["priceExclusive"])) * quantity
            total += at(base, 2) + at(base * rate / 100, 2)
    return total


PORTALS = (sum_by_document, sum_by_line, sum_with_tax_on_top)


@st.composite
def onec_documents(draw: st.DrawFn, currency: str, most: int = 40) -> OrderDocument:
    """An order as 1C makes it: its own sums, discounts of lines and of the document, VAT in all lines or on top of all of them."""
    decimals = CURRENCIES[currency]
    included = draw(st.booleans())
    made = [_onec_line(draw, number, decimals, included) for number in range(draw(st.integers(1, most)))]
    net, tax = sum((one[1] for one in made), Decimal(0)), sum((one[2] for one in made), Decimal(0))
    discount, off = _discount(draw, net, decimals)
    return OrderDocument(
        id="order",
        currency=currency,
        amount=net - off + (Decimal(0) if included else tax),
        lines=tuple(one[0] for one in made),
        discounts=discount,
        taxes=(Tax("VAT", included, tax),) if draw(st.booleans()) else (),
    )


def _onec_line(draw: st.DrawFn, number: int, decimals: int, included: bool) -> tuple[OrderLine, Decimal, Decimal]:
    """The line, what its discounts leave of it, and its VAT."""
    price, quantity, rate = at(draw(prices), decimals), draw(quantities), draw(rates)
    amount = at(price * quantity, decimals)
    discount, off = _discount(draw, amount, decimals)
    tax = share(amount - off, rate, decimals, included=included)
    product = Product(f"item-{number}", f"item-{number}", vat=(VatRate(rate),))
    taxes = (Tax("VAT", included, tax, VatRate(rate)),)
    return OrderLine(product, price, quantity, amount, taxes=taxes, discounts=discount), amount - off, tax


def _discount(draw: st.DrawFn, amount: Decimal, decimals: int) -> tuple[tuple[Discount, ...], Decimal]:
    kind = draw(st.sampled_from(("none", "none", "percent", "sum")))
    if kind == "none" or amount <= 0:
        return (), Decimal(0)
    percent = Decimal(draw(st.integers(0, 9_000))) / 100
    off = at(amount * percent / 100, decimals)
    if kind == "percent":
        return (Discount("Discount", percent=percent, included=False),), off
    return (Discount("Discount", amount=off, included=False),), off
