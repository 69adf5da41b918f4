"""Time left, only where something was measured."""

from __future__ import annotations

import pytest

from b24app.pages import progress


class TestPercent:
    @pytest.mark.parametrize(("done", "total", "shown"), [(0, 0, 0), (999, 1000, 99), (1000, 1000, 100), (5, 3, 100), (-1, 3, 0)])
    def test_reaches_a_hundred_only_when_done(self, done: int, total: int, shown: int) -> None:
        assert progress.percent(done, total) == shown


class TestRate:
    def test_is_that_of_the_last_minutes_only(self) -> None:
        marks = [(0.0, 0), (1000.0, 10_000), (1100.0, 10_200)]
        assert progress.rate(marks, now=1100.0) == pytest.approx(2.0)

    @pytest.mark.parametrize("marks", [[], [(1000.0, 5)], [(1000.0, 5), (1002.0, 9)], [(1000.0, 5), (1060.0, 5)]])
    def test_is_not_known_when_too_little_was_measured_or_nothing_moved(self, marks: list) -> None:
        assert progress.rate(marks, now=1060.0) is None


class TestWordsLeft:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (None, ""),
            (20, "less than a minute left"),
            (70, "about 1 minute left"),
            (1500, "about 25 minutes left"),
            (7300, "about 2 hours left"),
            (259_200, "about 3 days left"),
        ],
    )
    def test_speaks_as_people_do(self, seconds: float | None, words: str) -> None:
        assert progress.words_left(seconds) == words


class TestWordsOf:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(None, ""), (0.2, "under 1 s"), (1.4, "1 s"), (75, "75 s"), (150, "2 min"), (5939, "99 min"), (7300, "2 h")],
    )
    def test_are_short(self, seconds: float | None, words: str) -> None:
        assert progress.words_of(seconds) == words
