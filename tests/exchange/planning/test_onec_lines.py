"""The money of 1C's lines: whatever the file says of discounts and VAT, the lines are the document's sum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.money import rounded, totals
from exchange.planning.onec_lines import lines_from_onec
from exchange.records import Discount, OrderDocument, OrderLine, Product, Tax, VatRate
from tests.exchange.trading import currencies, onec_documents

D = Decimal


def line(price: str | None, quantity: str | None, amount: str | None, **fields: object) -> OrderLine:
    def number(text: str | None) -> Decimal | None:
        return None if text is None else D(text)

    rate = fields.pop("rate", None)
    vat = None if rate is None else (VatRate(D(str(rate))),)
    return OrderLine(Product("a", "a", vat=vat), number(price), number(quantity), number(amount), **fields)  # type: ignore[arg-type]


def document(*lines: OrderLine, amount: str | None = None, **fields: object) -> OrderDocument:
    return OrderDocument("1", lines=lines, amount=None if amount is None else D(amount), **fields)  # type: ignore[arg-type]


def amounts(*lines: OrderLine, amount: str | None = None, **fields: object) -> list[str]:
    return [str(one.amount) for one in lines_from_onec(document(*lines, amount=amount, **fields), "RUB")]


def off(amount: str, *, included: bool | None) -> Discount:
    return Discount("Discount", D(amount), included=included)


class TestLinesFromOneC:
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.data(), currencies)
    def test_they_add_up_to_the_document_and_every_price_gives_its_amount(self, data, currency):
        order = data.draw(onec_documents(currency))
        lines = lines_from_onec(order, currency)
        assert totals(lines, currency).amount == order.amount
        for one in lines:
            assert rounded(one.price * one.quantity, currency) == one.amount

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_two_hundred_lines_are_no_different(self, data):
        order = data.draw(onec_documents("RUB", most=200))
        assert totals(lines_from_onec(order, "RUB"), "RUB").amount == order.amount

    def test_a_discount_of_the_document_is_spread_to_the_kopeck(self):
        three = [line("10", "1", "10")] * 3
        assert amounts(*three, amount="20.00", discounts=(off("10", included=False),)) == ["6.66", "6.67", "6.67"]

    def test_one_that_is_in_the_lines_already_is_not_taken_off_again(self):
        assert amounts(line("10", "1", "10"), amount="10", discounts=(off("3", included=True),)) == ["10.00"]

    @pytest.mark.parametrize("said", [True, False, None])
    def test_the_sum_of_the_document_decides_over_what_the_discount_says(self, said):
        """2010 less 30 % is 1407 in the line already: a second time it would be 804."""
        (one,) = lines_from_onec(
            document(line("2010", "1", "1407", discounts=(off("603", included=said),)), amount="1407"), "RUB"
        )
        assert (one.amount, one.price, one.discount) == (D(1407), D(1407), D(603))

    def test_2010_less_30_percent_of_the_document(self):
        percent = Discount("Discount", percent=D(30), included=False)
        assert amounts(line("2010", "1", "2010"), amount="1407", discounts=(percent,)) == ["1407.00"]

    def test_a_charge_is_added(self):
        assert amounts(line("10", "1", "10"), amount="12", extra_costs=(off("2", included=False),)) == ["12.00"]

    def test_vat_on_top_is_as_the_line_says_or_by_its_rate(self):
        said = line("100", "1", "100", rate=20, taxes=(Tax("VAT", False, D("19.99")),))
        silent = line("100", "1", "100", rate=20)
        lines = lines_from_onec(document(said, silent, amount="239.99"), "RUB")
        assert [(one.vat_included, one.vat_amount) for one in lines] == [(False, D("19.99")), (False, D("20.00"))]

    def test_vat_told_for_the_document_alone_is_spread(self):
        lines = lines_from_onec(document(*[line("1", "1", "1")] * 3, amount="3.60", taxes=(Tax("VAT", False, D("0.60")),)), "RUB")
        assert [str(one.vat_amount) for one in lines] == ["0.20"] * 3
        assert totals(lines, "RUB") == (D("3.60"), D("0.60"))

    def test_a_tax_of_nothing_does_not_tell_whether_prices_have_vat_in_them(self):
        nothing = (Tax("VAT", False, D(0), VatRate(None)),)
        lines = lines_from_onec(
            document(line("120", "1", "120", rate=20, taxes=(Tax("VAT", True, D(20)),)), amount="120", taxes=nothing), "RUB"
        )
        assert lines[0].vat_included

    def test_a_line_without_price_quantity_or_sum_gets_what_follows_from_the_others(self):
        lines = lines_from_onec(document(line(None, "3", "10"), line("5", None, None), line("5", "0", "7")), "RUB")
        assert [(str(one.price), str(one.quantity), str(one.amount)) for one in lines] == [
            ("3.333", "3", "10.00"),
            ("5.00", "1", "5.00"),
            ("7.00", "1", "7.00"),
        ]

    def test_kopecks_between_the_lines_and_the_sum_are_spread_and_more_is_not_invented(self):
        assert amounts(line("1", "1", "100.00"), line("1", "1", "50.00"), amount="150.01") == ["100.01", "50.00"]
        assert amounts(line("1", "1", "100.00"), amount="900") == ["100.00"]

    def test_no_lines_are_no_lines(self):
        assert lines_from_onec(document(amount="5"), "RUB") == ()

    def test_a_discount_in_the_sum_is_shown_for_one_piece(self):
        (one,) = lines_from_onec(document(line("80", "2", "160", discounts=(off("40", included=True),)), amount="160"), "RUB")
        assert (one.price, one.discount) == (D(80), D(20))
