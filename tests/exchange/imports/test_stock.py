from __future__ import annotations

from exchange.imports.flows import Ask, Flow, StockLine
from exchange.imports.slices import Slice
from exchange.imports.stock import DOCUMENTS_AT_ONCE, LINES_AT_ONCE, StockMaker, next_lines
from exchange.planning.changes import Known


def lines(item: str, count: int) -> list[StockLine]:
    versions = {("product", item): 1}
    return [StockLine(("offer", f"{item}#{n}"), n, {1: "5"}, Known("offer"), versions) for n in range(count)]


class TestNextLines:
    def test_keeps_the_lines_of_one_item_in_one_document(self) -> None:
        queue = [*lines("a", LINES_AT_ONCE - 1), *lines("b", 5), *lines("c", 1)]
        assert len(next_lines(queue)) == LINES_AT_ONCE + 4
        assert [line.home for line in next_lines(queue)] == [("offer", "c#0")]
        assert next_lines(queue) == []


class Clock:
    """Stands until told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestStockMaker:
    def made(self, seconds: float, count: int, until: float = 1000.0) -> tuple[StockMaker, Clock, list[int]]:
        """A maker whose documents each take so long, and how many were at work whenever one began."""
        clock, at_work, begun = Clock(), [0], list[int]()

        def document(lines: list[StockLine]) -> Flow:
            at_work[0] += 1
            begun.append(at_work[0])
            yield Ask(())
            clock.now += seconds
            at_work[0] -= 1
            return None

        queue = [line for n in range(count) for line in lines(str(n), LINES_AT_ONCE)]
        return StockMaker(queue, document, Slice(until, clock=clock)), clock, begun

    def work(self, maker: StockMaker) -> None:
        """Let every flow take one step after the other."""
        running = list(maker.flows())
        while running:
            flow = running.pop(0)
            try:
                next(flow)
                running.append(flow)
            except StopIteration as stop:
                running += stop.value or ()

    def test_makes_several_at_a_time_once_it_knows_that_they_are_quick(self) -> None:
        maker, _, begun = self.made(2.0, 20)
        self.work(maker)
        assert len(begun) == 20
        assert begun[0] == 1
        assert max(begun) == DOCUMENTS_AT_ONCE

    def test_makes_one_after_the_other_where_they_are_slow(self) -> None:
        maker, _, begun = self.made(40.0, 5)
        self.work(maker)
        assert begun == [1] * 5

    def test_begins_none_that_would_not_end_in_time(self) -> None:
        maker, clock, begun = self.made(40.0, 50, until=200.0)
        self.work(maker)
        assert clock.now <= 200
        assert len(begun) == 4
