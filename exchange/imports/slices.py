"""How long a slice of a push may work: for its time, and on while nobody waits for the worker and nothing has been called off."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds between looks at what else there is to do.
_LOOK_AGAIN = 2.0


class Slice:
    """Until `until`, and on until `longest` unless `called_off` says stop (asked now and then only); all in seconds of `clock`.

    Beginning anew costs a slow portal's answers: what it has is read again before anything can go on.
    """

    def __init__(self, until: float, longest: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.called_off: Callable[[], bool] = lambda: False
        self._until = until
        self._longest = max(until, longest)
        self._looked_at = float("-inf")
        self._ends = until

    @property
    def ends(self) -> float:
        """The moment when the slice is over, as things are."""
        now = self.clock()
        if self._longest > self._until and now >= self._looked_at + _LOOK_AGAIN:
            self._looked_at = now
            self._ends = self._until if self.called_off() else self._longest
        return self._ends

    def over(self) -> bool:
        """Whether its time is up."""
        return self.clock() > self._until and self.clock() > self.ends
