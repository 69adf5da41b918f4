"""What 1C's own words mean."""

from __future__ import annotations

import pytest

from exchange.commerceml.meaning import spelling_of


class TestSpellingOf:
    @pytest.mark.parametrize(
        ("currency", "said", "name"),
        [
            ("RUB", ["USD", " руб. "], "руб."),
            ("RUB", ["643"], "643"),
            ("RUB", ["RUB", "руб"], "RUB"),
            ("USD", ["usd"], "usd"),
            ("EUR", ["руб", ""], ""),
            ("EUR", [], ""),
        ],
    )
    def test_is_the_word_the_base_has_used_for_it(self, currency: str, said: list[str], name: str):
        assert spelling_of(currency, said) == name
