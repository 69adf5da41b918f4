"""`listen`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from exchange import handlers
from exchange.exports import news
from exchange.models import OneCBase, TradeDocument
from tests.exchange.onec import OneC, lines

Waiting = Callable[..., TradeDocument]


def never(seconds: float) -> None:
    pytest.fail("it was held")


class TestWait:
    def test_says_at_once_what_waits_already(self, base: OneCBase, waiting: Waiting):
        waiting(1)
        assert news.wait(base, never)

    def test_says_so_as_soon_as_something_waits(self, base: OneCBase, waiting: Waiting):
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                waiting(1)

        assert news.wait(base, sleep)
        assert len(slept) == 3

    def test_gives_up_after_its_time(self, base: OneCBase, settings: Any):
        settings.EXCHANGE_LISTEN_SECONDS = 40
        slept: list[float] = []
        assert not news.wait(base, slept.append)
        assert sum(slept) == 40

    def test_what_was_refused_is_news_only_at_the_end(self, base: OneCBase, waiting: Waiting):
        waiting(1)
        TradeDocument.objects.update(served_times=1)
        slept: list[float] = []
        assert news.wait(base, slept.append)
        assert sum(slept) == 40

    def test_another_base_has_news_of_its_own(self, base: OneCBase, shop: Any, waiting: Waiting):
        from exchange import sessions

        other, _ = sessions.create_base(shop, "Вторая")
        waiting(1, of=other)
        assert not news.wait(base, lambda seconds: None)

    def test_a_base_holds_one_request_and_a_process_few(self, base: OneCBase, shop: Any, settings: Any):
        from exchange import sessions

        settings.EXCHANGE_LISTENERS = 2
        others = [sessions.create_base(shop, "Ещё")[0] for _ in range(2)]
        depth: list[str] = []

        def inside(seconds: float) -> None:
            if not depth:
                depth.append("second of the same")
                assert not news.wait(base, never)
                depth.append("second base")
                news.wait(others[0], inside)
            elif depth[-1] == "second base":
                depth.append("one too many")
                assert not news.wait(others[1], never)

        assert not news.wait(base, inside)
        assert depth[-1] == "one too many"
        assert not news._holding.total()

    def test_a_place_is_given_back_when_something_breaks(self, base: OneCBase):
        with pytest.raises(ZeroDivisionError):
            news.wait(base, lambda seconds: 1 / 0)  # type: ignore[arg-type]
        assert not news._holding.total()


class TestListen:
    def test_answers_success_or_not_modified(self, onec: OneC, waiting: Waiting):
        assert onec.raw("type=listen").status_code == 304
        waiting(1)
        assert lines(onec.raw("type=listen")) == ["success", ""]

    def test_is_quick_to_let_go(self, onec: OneC, waiting: Waiting, monkeypatch: pytest.MonkeyPatch):
        came = threading.Event()

        def sleep(seconds: float) -> None:
            came.set()
            waiting(1)

        monkeypatch.setattr(handlers, "sleep", sleep)
        assert lines(onec.raw("type=listen")) == ["success", ""]
        assert came.is_set()
