from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rest.commands import Command, command_line, json_ready, needs_single_call, query_string
from tests.b24app.rest.php import parse_str

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15)


def read_by_php(value: Any) -> Any:
    """What PHP must see: every array a map, every value a text."""
    if isinstance(value, dict) and value:
        return {key: read_by_php(item) for key, item in value.items()}
    if isinstance(value, list) and value:
        return {str(number): read_by_php(item) for number, item in enumerate(value)}
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


class TestQueryString:
    @given(st.dictionaries(KEYS, TREES, max_size=5))
    def test_is_read_back_by_php_as_it_was(self, params: dict[str, Any]) -> None:
        if not needs_single_call(Command("m", params)):
            assert parse_str(query_string(params)) == {key: read_by_php(value) for key, value in params.items()}

    def test_nests_in_brackets_and_is_encoded_once(self) -> None:
        query = query_string({"fields": {"name": "Стол & стул+50%", "property5": [{"value": 1}, {"value": "a=b"}]}})
        assert "fields%5Bproperty5%5D%5B1%5D%5Bvalue%5D=a%3Db" in query
        assert "%25" in query
        assert "%2525" not in query

    @pytest.mark.parametrize("empty", [None, "", [], {}, ()])
    def test_clears_a_field_by_an_empty_value(self, empty: Any) -> None:
        assert query_string({"fields": {"previewPicture": empty}}) == "fields%5BpreviewPicture%5D="

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Decimal("1E+3"), "1000"),
            (Decimal("0.10"), "0.10"),
            (1e-7, "0.0000001"),
            (10**20, "1" + "0" * 20),
            (True, "Y"),
            (False, "N"),
            (dt.date(2026, 1, 2), "2026-01-02"),
        ],
    )
    def test_spells_a_value_exactly(self, value: Any, text: str) -> None:
        assert query_string({"a": value}) == f"a={text}"

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), object(), b"raw"])
    def test_refuses_what_has_no_spelling(self, value: Any) -> None:
        with pytest.raises(ValueError, match="no spelling"):
            query_string({"a": value})

    def test_belongs_to_the_method_in_a_batch(self) -> None:
        assert command_line(Command("catalog.product.get", {"id": 5})) == "catalog.product.get?id=5"
        assert command_line(Command("profile")) == "profile"


class TestNeedsSingleCall:
    @pytest.mark.parametrize(
        "text", ["$result[a][b]", "Price $Total", "x $NEXT", "$time", "$error[k]", "50$results", "$total[0] rub"]
    )
    def test_for_a_text_that_the_portal_would_replace(self, text: str) -> None:
        assert needs_single_call(Command("m", {"fields": {"list": [{"value": text}]}}))
        assert needs_single_call(Command("m", {"fields": {text: 1}}))

    @pytest.mark.parametrize("key", ["a]b", "", " lead", "nul\0"])
    def test_for_a_key_that_brackets_cannot_spell(self, key: str) -> None:
        assert needs_single_call(Command("m", {"fields": {key: 1}}))

    @pytest.mark.parametrize("key", ["a.b", "a b", "a[b"])
    def test_for_an_outermost_key_that_php_renames(self, key: str) -> None:
        assert needs_single_call(Command("m", {key: 1}))

    def test_for_more_values_than_php_reads(self) -> None:
        assert needs_single_call(Command("m", {"ids": list(range(1001))}))
        assert not needs_single_call(Command("m", {"ids": list(range(1000))}))

    @pytest.mark.parametrize("text", ["100 $", "$ total", "US$100", "result[total]", "$5"])
    def test_is_false_for_harmless_text(self, text: str) -> None:
        assert not needs_single_call(Command("m", {"fields": {"name": text, ">=price": 1}}))


class TestJsonReady:
    def test_keeps_numbers_and_texts_and_spells_the_rest(self) -> None:
        given = {"a": Decimal("1.50"), "b": [True, None, 3, "x"], "c": dt.date(2026, 1, 2), 5: {}}
        assert json_ready(given) == {"a": "1.50", "b": ["Y", None, 3, "x"], "c": "2026-01-02", "5": {}}
