"""How much of a portal's rate a push uses while it has work, on a clock of its own: three thousand items, answers from 0.1 to 5 s."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports.flows import Ask, Flow, Log
from exchange.imports.push import MOST_CHUNKS
from exchange.imports.scheduler import Scheduler

BURST, RATE = 48.0, 2.0


class SlowPortal:
    """A pipeline and its portal in one: places by a leaky bucket, an answer so many seconds after its request has left."""

    def __init__(self, answer_seconds: float, in_flight: int = 24) -> None:
        self.answer_seconds, self.in_flight = answer_seconds, in_flight
        self.now = 0.0
        self.empty = 0.0  # when the bucket will be empty
        self.left: list[tuple[float, int]] = []  # moment, commands
        self._queue: list[tuple[Any, list[Command]]] = []
        self._flying: list[tuple[float, int, Any, list[Command]]] = []
        self._news = False

    @property
    def free(self) -> float:
        return BURST - max(0.0, self.empty - self.now) * RATE

    @property
    def clear(self) -> bool:
        return not self._queue

    @property
    def idle(self) -> bool:
        return self.clear and self.free >= BURST / 2

    @property
    def hungry(self) -> bool:
        return len(self._queue) < 3

    @property
    def pending(self) -> int:
        return len(self._queue) + len(self._flying)

    def preferred_size(self, methods: Iterable[str]) -> int:
        return 50

    def submit(self, tag: Any, commands: Iterable[Command]) -> None:
        self._queue.append((tag, list(commands)))
        self._leave()

    def _leave(self) -> None:
        while self._queue and self.free >= 1 - 1e-9 and len(self._flying) < self.in_flight:
            tag, commands = self._queue.pop(0)
            self.empty = max(self.empty, self.now) + 1 / RATE
            self.left.append((self.now, len(commands)))
            self._news = True
            heapq.heappush(self._flying, (self.now + self.answer_seconds, len(self.left), tag, commands))

    def wait(self, timeout: float) -> None:
        """Until an answer comes or a batch has left."""
        if self._news:
            self._news = False
            return
        moments = [self._flying[0][0]] if self._flying else []
        if self._queue and len(self._flying) < self.in_flight:
            moments.append(self.now + max(0.0, 1 - self.free) / RATE)
        self.now = max(self.now, min(moments))
        self._leave()
        self._news = False

    def next_done(self, timeout: float | None = None) -> tuple[Any, list[Outcome]] | None:
        if not self._flying or self._flying[0][0] > self.now:
            return None
        _, _, tag, commands = heapq.heappop(self._flying)
        self._leave()
        return tag, [Outcome(command, {}) for command in commands]


def item(number: int) -> Flow:
    """A product; every third one with five offers; then their prices, and for half of the items a picture."""
    yield Ask((Command("add"),))
    offers = 5 if number % 3 == 0 else 0
    if offers:
        yield Ask((Command("add"),) * offers)
    yield Ask((Command("price"),) * max(1, offers) + (Command("picture"),) * (number % 2), last=True)
    return None


def chunks(items: int) -> Iterator[Flow]:
    def chunk(start: int) -> Flow:
        yield Ask((Command("list"),) * 5)
        return [item(start + number) for number in range(50)]

    return (chunk(start) for start in range(0, items, 50))


@pytest.mark.parametrize("answer_seconds", [0.1, 0.3, 1.0, 2.0, 5.0])
class TestPace:
    def pushed(self, portal: SlowPortal) -> None:
        scheduler = Scheduler(
            portal, Log(), save=lambda log: None, mark=lambda keys: None, most_opening=MOST_CHUNKS, clock=lambda: portal.now
        )
        assert scheduler.run(chunks(3000))

    def test_uses_nearly_all_requests_that_the_portal_allows_from_the_first_to_the_last(self, answer_seconds: float) -> None:
        portal = SlowPortal(answer_seconds)
        self.pushed(portal)
        first, last = portal.left[0][0], portal.left[-1][0]
        assert len(portal.left) / (BURST + RATE * (last - first)) >= 0.97

    def test_fills_its_batches(self, answer_seconds: float) -> None:
        portal = SlowPortal(answer_seconds)
        self.pushed(portal)
        commands = sum(commands for _, commands in portal.left)
        assert len(portal.left) <= math.ceil(commands / 50) * 1.05
