"""How long and how freely to try: `make fuzz` tries at random for FUZZ_SECONDS, the suite the same few examples every time."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
_ROUND = 300


def fuzz(share: float, *strategies: SearchStrategy[Any], **named: SearchStrategy[Any]) -> Callable[[Any], Any]:
    """Run a test on examples of these strategies: a few in the suite, or rounds of random ones for `share` of FUZZ_SECONDS.

    A find is shrunk and printed by hypothesis; it belongs into the tests by its name.
    """

    def decorate(test: Any) -> Any:
        few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
        many = settings(
            max_examples=_ROUND,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate, Phase.shrink],
        )
        if not SECONDS:
            return few(given(*strategies, **named)(test))

        one = many(given(*strategies, **named)(test))

        # With the signature that is left of the test: what else it asks for are fixtures.
        @functools.wraps(one)
        def rounds(*args: Any, **kwargs: Any) -> None:
            until = time.monotonic() + SECONDS * share
            while True:
                one(*args, **kwargs)
                if time.monotonic() >= until:
                    return

        return rounds

    return decorate
