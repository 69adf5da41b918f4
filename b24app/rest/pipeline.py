"""Several batches on their way at once: waiting for each answer could not use the portal's rate once an answer takes half a second.

One thread fetches results and submits; up to `in_flight` others send. Requests get their places in the order of submission, answers
come back as they come.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from b24app.rest.batching import BATCH_LIMIT, Outcome
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import NO_ANSWER, NOT_EXECUTED, RestError, make

# Seconds a batch should take at most: the portal stops a request at 60 and then nobody knows what was done.
_BATCH_SECONDS = 15.0
# Commands in a batch while nothing is known about their methods.
_FIRST_SIZE = 25
# How long an answer may take until the rate is no longer held: so many seconds' requests are on their way at a time. Twice what a slow
# portal takes, so that what was missed while it was asked for something else is caught up.
_SLOWEST_SECONDS = 12.0
# Results waiting to be fetched while all threads work: enough to bridge a slow save of the caller's.
_SPARE = 8
# Batches made ready before their places are free: enough to bridge the making of the next one. More would be made too early, before
# the answers under way bring commands to fill them and tell what a command costs, and would keep what is urgent waiting.
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class _Task:
    tag: Any
    commands: tuple[Command, ...]


class Pipeline:
    """Keeps up to `in_flight` batches on their way to one portal (by default as its pace needs). Use it from one thread, close it
    (or use `with`)."""

    def __init__(self, client: PortalClient, in_flight: int = 0) -> None:
        self._client = client
        self._limit = in_flight or math.ceil(client.throttle.pace.rate * _SLOWEST_SECONDS)
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Any, list[Outcome] | RestError | BaseException]] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._unfetched = 0
        self._submitted = 0
        self._left = 0  # of the submitted: those that need no place any more (counted under the turn's lock)
        self._news = threading.Event()
        self._dropping = False
        self._cap = BATCH_LIMIT

    @property
    def room(self) -> bool:
        """Whether another batch may be submitted now; if not, fetch a result first."""
        return self._unfetched < self._limit + _SPARE

    @property
    def hungry(self) -> bool:
        """Whether a batch made now would leave soon: few others wait for their places."""
        return self.room and self._submitted - self._left < _AHEAD

    @property
    def idle(self) -> bool:
        """Whether the portal's rate is far from used up: then even a small batch costs nothing."""
        return self.clear and self._client.throttle.free() >= self._client.throttle.pace.burst / 2

    @property
    def clear(self) -> bool:
        """Whether no batch waits for its place."""
        return self._submitted == self._left

    @property
    def pending(self) -> int:
        """How many submitted batches have not been fetched."""
        return self._unfetched

    def submit(self, tag: Any, commands: Sequence[Command]) -> None:
        """Send 1 to 50 commands when their turn comes; the result comes from `next_done` under this tag.

        Raises ValueError when there is no room, and for more than 50 commands.
        """
        if not self.room:
            raise ValueError("no room: fetch a result first")
        if not 1 <= len(commands) <= BATCH_LIMIT:
            raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} commands, not {len(commands)}")
        self._unfetched += 1
        self._submitted += 1
        self._tasks.put(_Task(tag, tuple(commands)))
        if len(self._threads) < min(self._limit, self._unfetched):
            thread = threading.Thread(target=self._work, name=f"portal-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def next_done(self, timeout: float | None = None) -> tuple[Any, list[Outcome] | RestError] | None:
        """The next finished batch: its tag and its outcomes in the order of its commands, or the RestError of the whole request.

        None when nothing is pending, or nothing finished within `timeout` seconds. What is no RestError (a bug) is raised.
        """
        if not self._unfetched:
            return None
        try:
            tag, result = self._done.get(timeout=timeout) if timeout is None or timeout > 0 else self._done.get_nowait()
        except queue.Empty:
            return None
        self._unfetched -= 1
        self._client.journal.flush()
        if isinstance(result, list | RestError):
            self._learn(result)
            return tag, result
        raise result

    def wait(self, timeout: float) -> None:
        """Until there may be a result to fetch, or the pipeline may be hungry again; at most `timeout` seconds."""
        self._news.wait(timeout)
        self._news.clear()

    def preferred_size(self, methods: Iterable[str]) -> int:
        """How many commands to put into a batch of these methods, so that it stays far below the portal's limit for a request."""
        known = [self._client.throttle.operating.seconds_per_command(method) for method in set(methods)]
        slowest = max((seconds for seconds in known if seconds is not None), default=None)
        if slowest is None or any(seconds is None for seconds in known):
            size = min(_FIRST_SIZE, int(_BATCH_SECONDS / slowest) if slowest else _FIRST_SIZE)
        else:
            size = int(_BATCH_SECONDS / slowest) if slowest > 0 else BATCH_LIMIT
        return max(1, min(size, self._cap))

    def close(self, *, drop: bool = False) -> None:
        """Wait until everything submitted has ended; results can still be fetched.

        `drop`: what has not been sent yet comes back as NOT_EXECUTED instead (a lost lane, a shutdown).
        """
        self._dropping = self._dropping or drop
        self._submitted += len(self._threads)
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._client.journal.flush(force=True)

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close(drop=kind is not None)

    def _work(self) -> None:
        while True:
            turn = _Turn(self._turn, self._leave)
            try:
                task = self._tasks.get()
                if task is None:
                    return
                result = self._send(task, turn)
            finally:
                turn.over()
            self._done.put((task.tag, result))
            self._news.set()

    def _leave(self) -> None:
        self._left += 1
        self._news.set()

    def _send(self, task: _Task, turn: _Turn) -> list[Outcome] | RestError | BaseException:
        if self._dropping:
            return make(NOT_EXECUTED, "the pipeline was closed")
        try:
            return self._client.send(task.commands, turn.over)
        except RestError as exc:
            return exc
        except Exception as exc:
            return exc

    def _learn(self, result: list[Outcome] | RestError) -> None:
        """A request that was cut off halves the batches to come; each good one gives a command back."""
        if isinstance(result, RestError):
            if result.code == NO_ANSWER or result.status in (502, 504):
                self._cap = max(1, self._cap // 2)
        else:
            self._cap = min(BATCH_LIMIT, self._cap + 1)


class _Turn:
    """Held from taking a task until its first request has its place, so that places follow the order of submission."""

    def __init__(self, lock: threading.Lock, ended: Callable[[], None]) -> None:
        self._lock = lock
        self._ended = ended
        self._held = True
        lock.acquire()

    def over(self) -> None:
        if self._held:
            self._held = False
            self._ended()
            self._lock.release()
