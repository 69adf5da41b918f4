"""Moments inside the app at which a fault can strike: before each SQL statement, before and after each request to the portal."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from b24app.rest.transport import Transport

Act = Callable[[], object]


class Points:
    """Counts moments; at number `at` (from 0) `act` is called, once.

    No lock anywhere: a forked child would find it taken.
    """

    def __init__(self) -> None:
        self._own = threading.local()
        self.aim(-1, lambda: None)

    def aim(self, at: int, act: Act) -> None:
        """From now on count anew, and call `act` at number `at`; -1 only counts."""
        self._numbers, self.count = itertools.count(), 0
        self.struck = False
        self.at, self.act = at, act

    def reached(self) -> None:
        """One such moment."""
        if getattr(self._own, "acting", False):
            return
        number = next(self._numbers)
        self.count = number + 1
        if number == self.at:
            self.struck = True
            self._own.acting = True
            try:
                self.act()
            finally:
                self._own.acting = False


@contextmanager
def watched() -> Iterator[Points]:
    """Points that are counted from here on, in every thread."""
    points = Points()
    execute, send = CursorWrapper._execute, Transport._send  # type: ignore[attr-defined]

    def executed(self: Any, *args: Any) -> Any:
        points.reached()
        return execute(self, *args)

    def sent(self: Any, *args: Any) -> Any:
        points.reached()
        try:
            return send(self, *args)
        finally:
            points.reached()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "_execute", executed)
        patch.setattr(Transport, "_send", sent)
        yield points
