from __future__ import annotations

from exchange.imports.flows import StockLine
from exchange.imports.stock import LINES_AT_ONCE, next_lines
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
