"""The two limits of a portal: the leaky bucket per source address and the operating time per method.

Documented: 50 requests deep, 2 a second leak out (Enterprise 250 and 5); a batch is one request. Operating time: the sum of
a method's execution time in the last ten minutes, in one-minute buckets, per application; checked before a call.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable

MINUTE = 60
BUCKETS = 10


class LeakyBucket:
    """One bucket per source; each request adds a drop, drops leak at a constant rate."""

    def __init__(self, clock: Callable[[], float], size: float = 50, rate: float = 2.0) -> None:
        self.clock = clock
        self.size = size
        self.rate = rate
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def admits(self, source: str) -> bool:
        """Take one drop in, or say that the bucket is full; a refused request adds nothing."""
        now = self.clock()
        with self._lock:
            level, since = self._levels.get(source, (0.0, now))
            # A clock that was put back fills nothing.
            level = max(0.0, level - max(0.0, now - since) * self.rate)
            full = level + 1 > self.size
            self._levels[source] = (level if full else level + 1, now)
            return not full

    def empty(self) -> None:
        """Let everything leak out at once."""
        with self._lock:
            self._levels.clear()


class OperatingTime:
    """Seconds each method has used in the last ten minutes, in one-minute buckets."""

    def __init__(self, clock: Callable[[], float], limit: float = 480.0) -> None:
        self.clock = clock
        self.limit = limit
        self.costs: dict[str, float] = {}
        self._used: dict[str, deque[tuple[int, float]]] = defaultdict(deque)
        self._lock = threading.Lock()

    def used(self, method: str) -> float:
        """Seconds used within the window."""
        with self._lock:
            return self._sum(method)

    def _sum(self, method: str) -> float:
        buckets = self._used[method]
        oldest = int(self.clock() // MINUTE) - BUCKETS + 1
        while buckets and buckets[0][0] < oldest:
            buckets.popleft()
        return sum(seconds for _, seconds in buckets)

    def charge(self, method: str, seconds: float) -> None:
        """Add a finished call; a configured cost replaces its real time."""
        seconds = self.costs.get(method, self.costs.get("*", seconds))
        minute = int(self.clock() // MINUTE)
        with self._lock:
            buckets = self._used[method]
            if buckets and buckets[-1][0] == minute:
                seconds += buckets.pop()[1]
            buckets.append((minute, seconds))

    def exceeded(self, method: str) -> bool:
        """Whether the next call of the method is refused."""
        return self.used(method) >= self.limit

    def resets_at(self, method: str) -> int:
        """The moment the oldest minute in use falls out of the window."""
        with self._lock:
            self._sum(method)
            buckets = self._used[method]
            first = buckets[0][0] if buckets else int(self.clock() // MINUTE)
        return (first + BUCKETS) * MINUTE

    def reset(self) -> None:
        """Forget all used time."""
        with self._lock:
            self._used.clear()
