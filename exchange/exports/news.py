"""`listen`: a request that is held until something waits for 1C, so that the vendor's module need not ask every minute."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings

from exchange.exports import queue
from exchange.models import OneCBase

NAP: Final = 0.5

_lock = threading.Lock()
_holding: Counter[int] = Counter()


def wait(base: OneCBase, sleep: Callable[[float], None]) -> bool:
    """Hold until documents wait that never went out, EXCHANGE_LISTEN_SECONDS at most; whether the client is to ask for them.

    Each such request keeps a thread of the web server, so a base may hold one and a process EXCHANGE_LISTENERS: one more is
    answered at once. What went out and was refused is news only at the end, or the client would come back without a pause.
    """
    held = 0.0
    with _place(base.pk) as free:
        while not queue.waiting(base.pk).filter(served_times=0).exists():
            if not free or held >= settings.EXCHANGE_LISTEN_SECONDS:
                return free and queue.waiting(base.pk).exists()
            sleep(NAP)
            held += NAP
    return True


@contextmanager
def _place(base_id: int) -> Iterator[bool]:
    """Whether there was a place to wait at; it is kept meanwhile."""
    with _lock:
        free = not _holding[base_id] and _holding.total() < settings.EXCHANGE_LISTENERS
        _holding[base_id] += free
    try:
        yield free
    finally:
        with _lock:
            _holding[base_id] -= free
