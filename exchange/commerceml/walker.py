"""Walks a file that is still arriving: takes finished children off their containers, so that memory stays constant.

After each block all children of an open container but the last (which may be unfinished) are read and thrown away;
the last one, if it is a container too, is walked in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from exchange.commerceml import names as n
from exchange.commerceml.context import Context, Element, local
from exchange.commerceml.errors import BrokenXml, Oddities
from exchange.commerceml.sections import RootSection, Section
from exchange.commerceml.values import decimal_sign
from exchange.commerceml.xml import Parser, broken
from exchange.records import Record

# The most that may arrive without one finished record.
ITEM_LIMIT: Final = 64 << 20


class Walker:
    """Feed it the blocks of one file; it gives the records that have become complete. `close` gives the last ones.

    Raises BrokenXml after having given everything that came before the break.
    """

    def __init__(self, root_name: str, oddities: Oddities) -> None:
        self.context = Context(oddities)
        self._parser = Parser(root_name, oddities)
        self._open: list[tuple[Element, Section]] = []
        self._waiting = 0

    def feed(self, block: bytes) -> Iterator[Record]:
        """Parses one more block."""
        fault = self._parser.feed(block)
        self._waiting += len(block)
        if self._begin():
            yield from self._drain()
        if fault is not None:
            raise broken(fault)
        if self._waiting > ITEM_LIMIT:
            raise BrokenXml("One element of the file is larger than 64 MB. What came before it was read.", reason="huge")

    def close(self) -> Iterator[Record]:
        """Says that the file is at its end."""
        fault = self._parser.close()
        if self._begin():
            yield from self._drain()
        if fault is not None:
            raise broken(fault, at_end=True)
        if self._open:
            yield from self._finish(0)

    def skip_lines(self, lines: int) -> None:
        """Counts lines of the file that somebody else has read."""
        self._parser.line_shift += lines
        self.context.line_shift += lines

    def path(self) -> tuple[str, ...]:
        """Local names of the open elements, the root first, as far as containers go."""
        return tuple(local(element.tag) for element, _ in self._open)

    def innermost(self) -> Element | None:
        """The innermost open container."""
        return self._open[-1][0] if self._open else None

    def innermost_is_empty(self) -> bool:
        """Whether the innermost open container has no unread children."""
        return bool(self._open) and not len(self._open[-1][0])

    def _begin(self) -> bool:
        if not self._open:
            root = self._parser.root
            if root is None:
                return False
            self.context.separator = decimal_sign(root.get(n.AMOUNT_FORMAT, ""))
            self._open.append((root, RootSection(root, self.context)))
        return True

    def _drain(self) -> Iterator[Record]:
        depth = 0
        while True:
            element, section = self._open[depth]
            if len(element) > 1:
                yield from self._take(element[:-1], depth)
                del element[:-1]
                self._waiting = 0
            if not len(element):
                return
            if len(self._open) == depth + 1:
                child = section.container(element[0])
                if child is None:
                    return
                self._open.append((element[0], child))
                yield from child.begin()
            depth += 1

    def _take(self, finished: Iterable[Element], depth: int) -> Iterator[Record]:
        section = self._open[depth][1]
        if section.leaf:
            yield from section.read_all(finished)
            return
        for child in finished:
            if len(self._open) > depth + 1 and self._open[depth + 1][0] is child:
                yield from self._finish(depth + 1)
            elif inner := section.container(child):
                self._open.append((child, inner))
                yield from inner.begin()
                yield from self._finish(depth + 1)
            else:
                yield from section.read(child)

    def _finish(self, depth: int) -> Iterator[Record]:
        element, section = self._open[depth]
        yield from self._take(list(element), depth)
        del self._open[depth:]
        yield from section.end()
