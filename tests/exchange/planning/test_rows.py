"""Lines as product rows and back: whatever a portal's arithmetic, the sum is ours, and nothing creeps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.money import Inexact, to_pay, totals
from exchange.planning.onec_lines import lines_from_onec
from exchange.planning.rows import lines_from_rows, portal_row, portal_rows, says
from exchange.planning.trade import Line
from exchange.planning.vat_sides import uniform
from exchange.records import VatRate
from tests.exchange.trading import PORTALS, as_portal_keeps, currencies, onec_documents, portal_lines

D = Decimal
slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def row(**fields: object) -> dict[str, object]:
    return {
        "id": 1,
        "productId": 7,
        "productName": "Cable",
        "price": 1,
        "quantity": 1,
        "taxRate": None,
        "taxIncluded": "Y",
    } | fields


class TestPortalRows:
    @slow
    @given(st.data(), currencies)
    def test_the_portals_sum_is_ours_by_its_own_arithmetic_or_by_hand(self, data, currency):
        """Of a document that 1C made, with every portal's way to round."""
        lines = lines_from_onec(data.draw(onec_documents(currency)), currency)
        rows, opportunity, exact = portal_rows(lines, currency)
        assert opportunity == totals(lines, currency).amount
        if exact:
            kept = as_portal_keeps(rows, lines)
            assert {portal(kept) for portal in PORTALS} == {opportunity}

    def test_ten_for_three_pieces_is_fixed_by_hand(self):
        (sent,), opportunity, exact = portal_rows([Line(quantity=D(3), price=D("3.33"), amount=D("10.00"))], "RUB")
        assert (sent.price, opportunity, exact) == (D("3.33"), D("10.00"), False)

    def test_the_sum_is_held_where_half_a_kopeck_is_less_in_binary(self):
        # 3.375 x 311.96 + 9 x 308.32 = 3827.745, which a portal that reckons in floats rounds to 3827.74.
        parts = Line(quantity=D("3.375"), price=D("311.96"), amount=D("1052.87"))
        whole = Line(quantity=D(9), price=D("308.32"), amount=D("2774.88"))
        assert portal_rows([parts, whole], "RUB")[1:] == (D("3827.75"), False)
        assert portal_rows([whole], "RUB")[1:] == (D("2774.88"), True)

    def test_a_price_with_vat_on_top_is_sent_with_the_vat_in_it(self):
        line = Line(quantity=D(2), price=D(100), amount=D(200), vat=VatRate(D(20)), vat_included=False)
        (sent,), opportunity, exact = portal_rows([line], "RUB")
        assert sent.fields() | {"discountSum": 0} == {
            "price": D(120),
            "quantity": D(2),
            "discountTypeId": 1,
            "discountSum": 0,
            "taxRate": D(20),
            "taxIncluded": "N",
        }
        assert (opportunity, exact) == (D(240), True)

    def test_exempt_is_no_rate_and_zero_is_one(self):
        rates = [portal_row(Line(amount=D(1), price=D(1), vat=VatRate(rate)), "RUB").tax_rate for rate in (None, D(0))]
        assert rates == [None, D(0)]

    def test_what_no_field_can_hold_is_refused_with_a_reason(self):
        with pytest.raises(Inexact, match="two decimals"):
            portal_rows([Line(price=D("1.234"), amount=D("1.234"))], "KWD")
        with pytest.raises(Inexact, match="cannot hold"):
            portal_rows([Line(quantity=D("0.00001"), price=D(100000), amount=D(1))], "RUB")
        with pytest.raises(Inexact, match="cannot hold"):
            portal_rows([Line(price=D(10) ** 16, amount=D(10) ** 16)], "RUB")


class TestLinesFromRows:
    @slow
    @given(st.data(), currencies)
    def test_ten_round_trips_of_a_document_from_1c_change_nothing(self, data, currency):
        lines = first = uniform(lines_from_onec(data.draw(onec_documents(currency)), currency), currency)
        for _ in range(10):
            sent = portal_rows(lines, currency)
            kept = as_portal_keeps(sent.rows, lines)
            assert all(says(row, line, currency) for row, line in zip(kept, lines, strict=True))
            lines = lines_from_rows(kept, currency, known=lines)
            assert portal_rows(lines, currency).opportunity == sent.opportunity
        assert [money(line) for line in lines] == [money(line) for line in first]

    @slow
    @given(st.data(), currencies)
    def test_the_lines_of_a_document_made_in_the_portal_are_its_sum(self, data, currency):
        """With the sum of any portal, as far as it is a sum in this currency; and what is read again is what was read."""
        rows = data.draw(portal_lines())
        portal = data.draw(st.sampled_from(PORTALS))
        opportunity = portal(rows)
        lines = lines_from_rows(rows, currency, opportunity=opportunity)
        for _ in range(3):
            again = lines_from_rows(rows, currency, known=lines, opportunity=opportunity)
            assert [money(line) for line in again] == [money(line) for line in lines]
        if currency in ("RUB", "UAH", "USD"):
            assert totals(lines, currency).amount == opportunity

    def test_rows_of_a_document_with_vat_both_ways_are_known_again(self):
        """Whose lines all have it inside: a row with tax on top is still the line it was made."""
        rows = [
            row(id=1, price=25.35, quantity=139, taxRate=7, taxIncluded="N", priceExclusive=23.69),
            row(id=2, price=0.01, quantity=8.5, taxRate=None),
            row(id=3, price=152.3, quantity=61.303, taxRate=5, taxIncluded="N", priceExclusive=145.05),
            row(id=4, price=10, taxRate=5, taxIncluded="Y"),
        ]
        for opportunity in {portal(rows) for portal in PORTALS}:
            lines = lines_from_rows(rows, "RUB", opportunity=opportunity)
            assert totals(lines, "RUB").amount == opportunity
            assert lines_from_rows(rows, "RUB", known=lines, opportunity=opportunity) == lines

    def test_a_changed_row_is_read_anew_and_its_neighbours_keep_their_kopecks(self):
        lines = (
            Line(quantity=D(3), price=D("3.333"), amount=D("10.00"), product_id=1, row_id=1),
            Line(quantity=D(3), price=D("3.333"), amount=D("10.00"), product_id=2, row_id=2),
        )
        rows = as_portal_keeps(portal_rows(lines, "RUB").rows, lines)
        rows[1] |= {"price": 5.0}
        assert [line.amount for line in lines_from_rows(rows, "RUB", known=lines)] == [D("10.00"), D("15.00")]

    def test_rows_made_anew_are_known_by_their_product(self):
        line = Line(quantity=D(3), price=D("3.333"), amount=D("10.00"), product_id=1)
        rows = as_portal_keeps(portal_rows([line], "RUB").rows, [line])
        assert lines_from_rows(rows, "RUB", known=[line])[0].amount == D("10.00")

    def test_says_what_the_row_is_besides_money(self):
        (line,) = lines_from_rows([row(measureCode=6, measureName="m")], "RUB")
        assert (line.row_id, line.product_id, line.name, line.unit_code, line.unit_name) == (1, 7, "Cable", "006", "m")

    def test_a_discount_that_changed_alone_is_read(self):
        line = Line(quantity=D(1), price=D(80), amount=D(80), discount=D(20), product_id=7, row_id=1)
        rows = [row(price=80, discountSum=10, priceBrutto=90)]
        assert lines_from_rows(rows, "RUB", known=[line])[0].discount == D(10)

    def test_more_than_rounding_between_the_sum_and_the_rows_is_left_alone(self):
        """A delivery that the portal adds to the sum, say."""
        lines = lines_from_rows([row(price=100)], "RUB", opportunity=D(400))
        assert totals(lines, "RUB").amount == D(100)

    def test_odd_numbers_of_a_portal_are_nothing(self):
        (line,) = lines_from_rows([row(price=None, quantity="", discountSum="x")], "RUB")
        assert [line.price, line.quantity, line.amount] == [0, 0, 0]


class TestUniform:
    def test_vat_on_top_of_some_lines_goes_into_all_of_them(self):
        """1C has one way for a whole document."""
        mixed = (
            Line(quantity=D(3), price=D(100), amount=D(300), vat=VatRate(D(20)), vat_included=False),
            Line(quantity=D(1), price=D(120), amount=D(120), vat=VatRate(D(20))),
        )
        same = uniform(mixed, "RUB")
        assert [(line.vat_included, line.amount, line.price, line.vat_amount) for line in same] == [
            (True, D(360), D(120), D(60)),
            (True, D(120), D(120), None),
        ]
        assert sum(to_pay(line, "RUB") for line in same) == sum(to_pay(line, "RUB") for line in mixed)

    def test_exempt_lines_do_not_count(self):
        lines = (
            Line(amount=D(100), price=D(100), vat=VatRate(D(20)), vat_included=False),
            Line(amount=D(50), price=D(50), vat=VatRate(None)),
        )
        assert {line.vat_included for line in uniform(lines, "RUB")} == {False}
        assert totals(uniform(lines, "RUB"), "RUB") == totals(lines, "RUB")


class TestWounds:
    def test_2276_25_against_2276_26(self):
        """Three decimals of quantity: rounded by line it is one sum, rounded once another. The portal's own is taken, to the kopeck."""
        sold = ((869.92, 1.549), (200.46, 2.338), (722.25, 0.637))
        rows = [row(id=number, price=price, quantity=quantity) for number, (price, quantity) in enumerate(sold, start=1)]
        by_document, by_line = PORTALS[0](rows), PORTALS[1](rows)
        assert (by_document, by_line) == (D("2276.25"), D("2276.26"))
        for opportunity in (by_document, by_line):
            lines = lines_from_rows(rows, "RUB", opportunity=opportunity)
            assert totals(lines, "RUB").amount == opportunity
            back = portal_rows(lines, "RUB")
            assert (back.opportunity, back.exact) == (opportunity, False)
            again = lines_from_rows(as_portal_keeps(back.rows, lines), "RUB", known=lines)
            assert [money(line) for line in again] == [money(line) for line in lines]

    def test_2010_less_30_percent_is_1407_once(self):
        """The row's price has the discount taken off: taken off again it was 984.90."""
        rows = [row(price=1407, discountTypeId=2, discountRate=30, discountSum=603, priceBrutto=2010, priceNetto=2010)]
        (line,) = lines = lines_from_rows(rows, "RUB", opportunity=D(1407))
        assert (line.price, line.amount, line.discount) == (D(1407), D(1407), D(603))
        (sent,), opportunity, exact = portal_rows(lines, "RUB")
        assert (sent.price, sent.discount_sum, opportunity, exact) == (D(1407), D(603), D(1407), True)


def money(line: Line) -> tuple[object, ...]:
    return line.quantity, line.price, line.amount, line.discount, line.vat, line.vat_included, line.vat_amount
