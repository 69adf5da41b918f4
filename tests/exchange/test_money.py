"""Rounding, totals, spreading, and prices that give an amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.money import minor_units, rounded, spread, totals, unit_price, vat_of, vat_on
from exchange.planning.trade import Line
from exchange.records import VatRate
from tests.exchange.trading import CURRENCIES, currencies, prices, quantities

D = Decimal


class TestRounding:
    @pytest.mark.parametrize(
        ("value", "amount"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2276.255", "2276.26"), ("1", "1.00")]
    )
    def test_halves_go_away_from_zero(self, value: str, amount: str):
        assert str(rounded(D(value), "RUB")) == amount

    def test_knows_currencies_without_a_minor_unit_and_with_a_smaller_one(self):
        assert [minor_units(code) for code in ("RUB", "jpy", "KWD", "???", "KZT")] == [2, 0, 3, 2, 2]
        assert str(rounded(D("10.5"), "JPY")) == "11"

    def test_a_rounded_nothing_has_no_minus(self):
        assert str(rounded(D("-0.001"), "RUB")) == "0.00"


class TestVat:
    def test_takes_it_out_of_an_amount_or_puts_it_on_top(self):
        assert vat_on(D(120), VatRate(D(20)), "RUB", included=True) == D(20)
        assert vat_on(D(100), VatRate(D(20)), "RUB", included=False) == D(20)

    def test_is_nothing_for_exempt_zero_and_unknown(self):
        for rate in (None, VatRate(None), VatRate(D(0))):
            assert vat_on(D(120), rate, "RUB", included=True) == 0

    def test_what_a_line_says_goes_before_what_its_rate_gives(self):
        line = Line(amount=D(100), vat=VatRate(D(20)), vat_included=False, vat_amount=D("19.99"))
        assert vat_of(line, "RUB") == D("19.99")
        assert totals([line, line], "RUB") == (D("239.98"), D("39.98"))


class TestSpread:
    @given(
        st.integers(-(10**9), 10**9),
        st.lists(st.integers(0, 10**7), min_size=1, max_size=200),
        currencies,
    )
    def test_the_parts_are_the_amount_and_none_is_further_than_a_minor_unit_from_its_share(self, units, weights, currency):
        unit = D(1).scaleb(-CURRENCIES[currency])
        amount, sizes = units * unit, [D(weight) for weight in weights]
        parts = spread(amount, sizes, currency)
        assert sum(parts) == amount
        whole = sum(sizes) or D(len(sizes))
        for part, size in zip(parts, sizes, strict=True):
            share = amount * (size if sum(sizes) else D(1)) / whole
            assert abs(part - share) <= unit
            assert part == rounded(part, currency)

    def test_the_largest_remainder_gets_the_kopeck(self):
        assert spread(D("0.05"), [D(1), D(1), D(3)], "RUB") == (D("0.01"), D("0.01"), D("0.03"))
        assert spread(D("10.00"), [D(1)] * 3, "RUB") == (D("3.34"), D("3.33"), D("3.33"))
        assert spread(D("-10.00"), [D(1)] * 3, "RUB") == (D("-3.34"), D("-3.33"), D("-3.33"))

    def test_nothing_over_nothing_is_nothing_and_something_is_an_error(self):
        assert spread(D(0), [], "RUB") == ()
        with pytest.raises(ValueError, match="nothing to spread"):
            spread(D(1), [], "RUB")


class TestUnitPrice:
    @given(st.integers(0, 10**12), quantities, currencies, prices)
    def test_gives_the_amount_again(self, units, quantity, currency, near):
        amount = D(units).scaleb(-CURRENCIES[currency])
        price = unit_price(amount, quantity, currency, near)
        assert rounded(price * quantity, currency) == amount
        assert unit_price(amount, quantity, currency, price) == price

    def test_has_no_more_decimals_than_it_takes(self):
        assert unit_price(D("10.00"), D(3), "RUB") == D("3.333")
        assert unit_price(D("10.00"), D(4), "RUB") == D("2.50")

    def test_keeps_a_price_that_fits_and_drops_one_that_does_not(self):
        assert unit_price(D("0.01"), D("0.001"), "RUB", D("5.00")) == D("5.00")
        assert unit_price(D("1407.00"), D(1), "RUB", D("2010.00")) == D("1407.00")

    def test_is_the_same_whoever_tells_it_with_whatever_decimals(self):
        assert {unit_price(D("10.00"), D(3), "RUB", near) for near in (None, D("3.33"), D("3.3333"), D("3.333333"))} == {
            D("3.333")
        }

    def test_for_no_quantity_it_is_what_was_said(self):
        assert unit_price(D(0), D(0), "RUB", D(7)) == D(7)
        assert unit_price(D(0), D(0), "RUB") == 0
