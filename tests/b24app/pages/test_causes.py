"""Problems in plain words."""

from __future__ import annotations

import pytest
from django.utils import translation

from b24app.oauth import troubles
from b24app.pages import causes


class TestCauses:
    @pytest.mark.parametrize("code", [*causes.CAUSES, "unheard-of"])
    def test_have_a_title_an_explanation_and_a_remedy(self, code: str) -> None:
        for count in (1, 2, 5):
            assert "%" not in causes.title(code, count)
        cause = causes.cause(code)
        assert str(cause.explanation)
        assert str(cause.remedy)

    def test_count_in_correct_plural(self) -> None:
        with translation.override("ru"):
            assert [causes.title("name-missing", count) for count in (1, 2, 5, 21)] == [
                "1 товар без названия",
                "2 товара без названия",
                "5 товаров без названия",
                "21 товар без названия",
            ]
        with translation.override("ro"):
            assert causes.title("name-missing", 20) == "20 de articole fără denumire"

    def test_leave_the_special_sentence_out_when_its_fact_is_missing(self) -> None:
        assert causes.detail("unknown-currency", {"currency": "бел.руб"}) == "Currency in 1C: бел.руб"
        assert causes.detail("unknown-currency", {}) == ""

    def test_add_the_portals_own_words(self) -> None:
        assert causes.detail("unknown-unit", {"unit": "барр", "answer": "No such unit"}) == "Unit in 1C: барр · No such unit"


class TestTrouble:
    @pytest.mark.parametrize(
        "name", [name for name, value in vars(troubles).items() if name.isupper() and name[0] != "_" and isinstance(value, str)]
    )
    def test_has_a_sentence_for_everything_that_stops_a_portal(self, name: str) -> None:
        code = getattr(troubles, name)
        assert code in causes.TROUBLES
        assert causes.trouble(code).endswith(".")

    def test_is_silent_when_there_is_none_and_honest_about_an_unknown_one(self) -> None:
        assert causes.trouble("") == ""
        assert "(odd)" in causes.trouble("odd")
