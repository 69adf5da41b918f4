"""Texts of a file into values."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commerceml import values
from exchange.records import VatRate

NUMBERS = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=3, allow_nan=False, allow_infinity=False)


class TestDecimal:
    @given(NUMBERS)
    def test_reads_back_what_was_written_with_a_dot(self, number: Decimal) -> None:
        assert values.decimal(f"{number:f}") == number

    @given(NUMBERS, st.sampled_from(" \u00a0\u202f\u2009"))
    def test_reads_groups_by_spaces_and_a_decimal_comma(self, number: Decimal, space: str) -> None:
        text = f"{number:,.3f}".replace(",", space).replace(".", ",")
        assert values.decimal(text) == number
        assert values.decimal(text, ",") == number

    @given(NUMBERS.filter(lambda number: abs(number) >= 1000))
    def test_takes_the_sign_further_right_for_the_decimal_one(self, number: Decimal) -> None:
        assert values.decimal(f"{number:,.3f}") == number

    @given(st.text(max_size=60))
    def test_never_gives_anything_but_a_number_nothing_or_its_error(self, text: str) -> None:
        try:
            number = values.decimal(text)
        except values.Unreadable:
            return
        assert number is None or number.is_finite()

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "1e5", "0x10", "1.2.3", "--1", "1" * 41, "١٢", "abc"])
    def test_refuses_what_python_would_take_and_1c_never_writes(self, text: str) -> None:
        with pytest.raises(values.Unreadable):
            values.decimal(text)

    @pytest.mark.parametrize("text", ["", " ", "\u00a0"])
    def test_takes_nothing_for_no_number(self, text: str) -> None:
        assert values.decimal(text) is None

    def test_follows_the_declared_sign_where_the_text_is_ambiguous(self) -> None:
        assert values.decimal("1.234,5", ",") == Decimal("1234.5")
        assert values.decimal("1,234", ",") == Decimal("1.234")
        assert values.decimal_sign("ЧЦ=15; ЧДЦ=2; ЧРД=,") == ","
        assert values.decimal_sign("") == "."


class TestDateAndTime:
    @given(st.dates(min_value=datetime.date(1, 1, 2)))
    def test_reads_both_orders_of_a_day(self, day: datetime.date) -> None:
        assert values.date(f"{day:%d.%m.}{day.year:04}") == day
        assert values.date(day.isoformat()) == day
        assert values.date(f"{day.isoformat()}T10:11:12+03:00") == day

    @given(st.times().map(lambda moment: moment.replace(microsecond=0)))
    def test_reads_the_time_alone_and_behind_a_day(self, moment: datetime.time) -> None:
        assert values.time(f"{moment.hour}:{moment:%M:%S}") == moment
        assert values.time(f"2026-01-02T{moment.isoformat()}") == moment

    @pytest.mark.parametrize("text", ["", "0001-01-01", "0001-01-01T00:00:00"])
    def test_takes_the_empty_date_of_1c_for_none(self, text: str) -> None:
        assert values.date(text) is None

    @pytest.mark.parametrize("text", ["2026-02-30", "yesterday", "2026", "32.01.2026"])
    def test_refuses_days_that_do_not_exist(self, text: str) -> None:
        with pytest.raises(values.Unreadable):
            values.date(text)


class TestVat:
    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ("20", VatRate(Decimal(20))),
            ("18%", VatRate(Decimal(18))),
            ("20/120", VatRate(Decimal(20), calculated=True)),
            ("Без НДС", VatRate(None)),
            ("0", VatRate(Decimal(0))),
            ("", None),
        ],
    )
    def test_keeps_exempt_apart_from_zero_and_from_nothing(self, text: str, rate: VatRate | None) -> None:
        assert values.vat(text) == rate


class TestIds:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [("a", ("a", "")), ("a#b", ("a", "b")), ("a#", ("a", "")), (f"a#{values.ZERO_GUID}", ("a", ""))],
    )
    def test_splits_a_variant_from_its_product(self, text: str, parts: tuple[str, str]) -> None:
        assert values.split_id(text) == parts


class TestBoolean:
    @pytest.mark.parametrize(("text", "flag"), [("true", True), ("1", True), ("Да", True), ("FALSE", False), ("", False)])
    def test_reads_what_1c_writes(self, text: str, flag: bool) -> None:
        assert values.boolean(text) is flag

    def test_refuses_other_words(self) -> None:
        with pytest.raises(values.Unreadable):
            values.boolean("perhaps")
