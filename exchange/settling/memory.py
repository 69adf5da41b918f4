"""What was read a moment ago and seldom changes, kept in this process for a while so that a document costs one request, not five."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final

_MOST: Final = 10_000


class Memory:
    """Values by key, each for `seconds`, the oldest forgotten first when there are too many. Threads may share it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The value, or None when it is not known (any more)."""
        with self._lock:
            known = self._values.get(key)
            return known[1] if known is not None and self._clock() - known[0] < self._seconds else None

    def keep(self, key: Hashable, value: Any) -> None:
        """Know the value from now on."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = (self._clock(), value)
            while len(self._values) > _MOST:
                self._values.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        """Know it no more."""
        with self._lock:
            self._values.pop(key, None)
