"""A document through all three hands: the portal's sum, ours and 1C's are one, and ten trips change nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.commerceml.write_documents import render_document
from exchange.dialects import choose
from exchange.money import totals
from exchange.planning.onec_lines import lines_from_onec
from exchange.planning.rows import lines_from_rows, portal_rows, says
from exchange.planning.trade import Line
from exchange.planning.vat_sides import uniform
from exchange.records import OrderDocument
from tests.exchange.commerceml.writing import simple, we_read, written
from tests.exchange.trading import PORTALS, as_portal_keeps, at, onec_documents, portal_lines

D = Decimal
UT11 = choose("ut11")
generated = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def onec_total(order: OrderDocument) -> Decimal:
    """As 1C adds up: the lines, and the VAT of each where it is on top."""
    return sum(
        (
            (line.amount or D(0)) + sum((tax.amount or D(0) for tax in line.taxes if tax.included is False), D(0))
            for line in order.lines
        ),
        D(0),
    )


def through_1c(lines: tuple[Line, ...], currency: str) -> OrderDocument:
    """The order as 1C brings it back: a price there has two decimals, whatever came."""
    body = written([simple(lines=lines, currency=currency)], UT11).decode(UT11.encoding)
    body = re.sub(r"(?<=<ЦенаЗаЕдиницу>)[\d.-]+", lambda price: format(at(D(price[0]), 2), "f"), body)
    (order,) = we_read(body.encode(UT11.encoding))
    return order


class TestThreeTotals:
    @generated
    @given(st.data(), st.sampled_from(PORTALS))
    def test_of_a_document_made_in_the_portal(self, data, portal):
        rows = data.draw(portal_lines(most=60))
        opportunity = portal(rows)
        lines = lines_from_rows(rows, "RUB", opportunity=opportunity)
        for _ in range(10):
            order = through_1c(lines, "RUB")
            assert onec_total(order) == order.amount == totals(lines, "RUB").amount == opportunity
            back = uniform(lines_from_onec(order, "RUB"), "RUB")
            assert [money(line) for line in back] == [money(line) for line in lines]
            assert portal_rows(back, "RUB").opportunity == opportunity
            lines = lines_from_rows(rows, "RUB", known=lines, opportunity=opportunity)

    @generated
    @given(st.data(), st.sampled_from(("RUB", "USD", "JPY")))
    def test_of_a_document_made_in_1c(self, data, currency):
        made = data.draw(onec_documents(currency, most=60))
        lines = uniform(lines_from_onec(made, currency), currency)
        first = render_document(simple(lines=bare(lines), currency=currency), UT11)
        for _ in range(10):
            sent = portal_rows(lines, currency)
            kept = as_portal_keeps(sent.rows, lines)
            if sent.exact:
                assert {portal(kept) for portal in PORTALS} == {made.amount}
            assert sent.opportunity == made.amount
            lines = lines_from_rows(kept, currency, known=lines)
            assert all(says(row, line, currency) for row, line in zip(kept, lines, strict=True))
            order = through_1c(lines, currency)
            assert onec_total(order) == order.amount == made.amount
            back = uniform(lines_from_onec(order, currency), currency)
            lines = tuple(
                replace(mine, quantity=line.quantity, price=line.price, amount=line.amount, vat_amount=line.vat_amount)
                for mine, line in zip(lines, back, strict=True)
            )
        assert render_document(simple(lines=bare(lines), currency=currency), UT11) == first

    @pytest.mark.parametrize("quantity", [3, 7, 333])
    def test_ten_for_any_number_of_pieces(self, quantity: int):
        line = Line(item_id="a", name="Cable", quantity=D(quantity), price=D("0.01"), amount=D("10.00"), product_id=1)
        (back,) = lines_from_onec(through_1c((line,), "RUB"), "RUB")
        sent = portal_rows([back], "RUB")
        (known,) = lines_from_rows(as_portal_keeps(sent.rows, [back]), "RUB", known=[replace(back, product_id=0)])
        assert back.amount == sent.opportunity == known.amount == D("10.00")


def bare(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Without what only the portal says of a line."""
    return tuple(
        replace(line, name="", unit_code="", unit_name="", product_id=0, row_id=0, item_id="a", discount=D(0)) for line in lines
    )


def money(line: Line) -> tuple[object, ...]:
    vat = line.vat_amount if line.vat and line.vat.percent else None
    return line.quantity, line.price, line.amount, line.vat, vat
