"""Runs many flows at once: packs their commands into batches, keeps batches on their way, saves what was learnt after each.

It knows neither the database nor the portal: saving and marking are handed in, the pipeline carries the batches.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from b24app.rest.batching import BATCH_LIMIT, Outcome
from b24app.rest.commands import Command, needs_single_call
from b24app.rest.errors import METHOD_PAUSED, Fate, RestError
from exchange.imports.flows import Ask, Flow, Key, Log

# Bytes of one request's commands (pictures travel inside them): far under what the portal takes, small enough for its 60 seconds.
BATCH_BYTES = 6 * 1024 * 1024
# Commands, and bytes of them, that wait for their batches: enough to fill the next ones whatever their methods.
MOST_READY = 4 * BATCH_LIMIT
MOST_READY_BYTES = 4 * BATCH_BYTES
# Flows that others have brought and that wait for their turn: looked up much too early, they would be looked up in vain.
MOST_OPENED = 400
# The lane is kept by saving; nothing may be learnt for a while where the portal is slow or a method rests.
LONGEST_SILENCE = 10.0


class Carrier(Protocol):
    """What the scheduler needs of b24app.rest.pipeline.Pipeline."""

    @property
    def hungry(self) -> bool: ...
    @property
    def idle(self) -> bool: ...
    @property
    def pending(self) -> int: ...
    def wait(self, timeout: float) -> None: ...
    def submit(self, tag: Any, commands: Any) -> None: ...
    def next_done(self, timeout: float | None = None) -> tuple[Any, list[Outcome] | RestError] | None: ...
    def preferred_size(self, methods: Any) -> int: ...


class PortalBlocked(Exception):
    """A person must act before anything more can be pushed to this portal."""

    def __init__(self, error: RestError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class _Running:
    flow: Flow
    opening: bool = False  # it came from `source` and has not ended
    outcomes: list[Outcome | None] = field(default_factory=list)
    missing: int = 0
    sent: bool = False  # some command of what it asks now has left: what that did must be taken in


@dataclass(frozen=True, slots=True)
class _Part:
    running: _Running
    place: int
    command: Command
    marks: tuple[Key, ...]
    size: int


class Scheduler:
    """Admits flows from `source` while there is room, until all are done or `expired` says stop.

    Then it takes in the answers under way and leaves the rest. `save` is called at least every ten seconds.
    """

    def __init__(
        self,
        carrier: Carrier,
        log: Log,
        *,
        save: Callable[[Log], None],
        mark: Callable[[Collection[Key]], None],
        expired: Callable[[], bool] = lambda: False,
        most_active: int = 800,
        most_opening: int = 800,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._carrier = carrier
        self._log = log
        self._save = save
        self._mark = mark
        self._expired = expired
        self._most = most_active
        self._most_opening = most_opening  # flows of `source` at a time
        self._clock = clock
        self._opened: deque[Flow] = deque()
        self._ready: deque[_Part] = deque()
        self._alone: deque[_Part] = deque()
        self._paused: list[tuple[float, _Part]] = []
        self._resting: dict[str, float] = {}  # method → when it may be called again
        self._active = 0
        self._opening = 0
        self._bytes = 0
        self._odd = True  # whose turn it is: that of a command that goes alone
        self._exhausted = False
        self._stopping = False
        self._saved_at = clock()
        self.commands_sent = 0

    def run(self, source: Iterator[Flow]) -> bool:
        """Run the flows; True when all of `source` is done, False when time ran out first.

        Raises PortalBlocked, and what `save` raises.
        """
        while True:
            if self._expired():
                self._abandon()
            self._admit(source)
            self._wake_paused()
            self._flush_log()
            self._submit()
            if self._carrier.pending:
                self._fetch()
            elif self._paused and not self._ready and not self._alone:
                self._rest()
            elif not (self._ready or self._alone or self._opened) and (self._exhausted or self._stopping):
                return self._exhausted and not self._stopping

    def _admit(self, source: Iterator[Flow]) -> None:
        """Start flows while their commands find room: from `source` in time for their look-ups, else those that others have brought."""
        while not self._stopping and self._active < self._most and self._has_room():
            if not self._exhausted and self._opening < self._most_opening and len(self._opened) < MOST_OPENED:
                flow = next(source, None)
                if flow is None:
                    self._exhausted = True
                else:
                    self._opening += 1
                    self._start(flow, opening=True)
            elif self._opened:
                self._start(self._opened.popleft())
            else:
                return

    def _has_room(self) -> bool:
        return len(self._ready) < MOST_READY and self._bytes < MOST_READY_BYTES

    def _abandon(self) -> None:
        """Out of time: what has not begun is left to the next slice, which plans it anew from what has been saved.

        An ask of which some commands have left is finished, or its effects (a picture added) would be forgotten and done again.
        """
        if self._stopping:
            return
        self._stopping = True
        for queue in (self._ready, self._alone):
            parts = list(queue)
            queue.clear()
            queue.extend(part for part in parts if part.running.sent)
            for part in parts:
                if not part.running.sent:
                    part.running.flow.close()
        while self._opened:
            self._opened.popleft().close()
        paused, self._paused = self._paused, []
        for _, part in paused:
            self._settle([part], [_out_of_time(part)])

    def _start(self, flow: Flow, *, opening: bool = False) -> None:
        self._active += 1
        self._advance(_Running(flow, opening), None)

    def _advance(self, running: _Running, outcomes: list[Outcome] | None) -> None:
        try:
            ask: Ask = next(running.flow) if outcomes is None else running.flow.send(outcomes)
        except StopIteration as stop:
            self._active -= 1
            self._opening -= running.opening
            if not self._stopping:
                self._opened.extend(stop.value or ())
            return
        if self._stopping:
            running.flow.close()
            return
        running.outcomes = [None] * len(ask.commands)
        running.missing = len(ask.commands)
        running.sent = False
        if not ask.commands:
            self._advance(running, [])
            return
        adds = ask.adds or (None,) * len(ask.commands)
        for place, (command, key) in enumerate(zip(ask.commands, adds, strict=True)):
            marks = ask.marks if key is None else (key, *ask.marks)
            self._queue(_Part(running, place, command, marks, _size_of(command)))

    def _queue(self, part: _Part) -> None:
        until = self._resting.get(part.command.method, 0.0)
        if until > self._clock():
            self._paused.append((until, part))
            return
        # A command that a batch would alter is a request of its own; among others it would tear their batch apart.
        (self._alone if needs_single_call(part.command) else self._ready).append(part)
        self._bytes += part.size

    def _submit(self) -> None:
        while (self._ready or self._alone) and self._carrier.hungry:
            size = self._carrier.preferred_size({part.command.method for part in list(self._ready)[:BATCH_LIMIT]})
            small = len(self._ready) < size and self._bytes < BATCH_BYTES
            # In turn, so that neither many odd commands nor many plain ones keep the others waiting.
            if self._alone and (self._odd or small):
                self._odd = False
                self._send([self._alone.popleft()])
                continue
            # A small batch wastes rate: wait for more commands while answers that will bring some are on their way.
            if small and self._carrier.pending and not self._carrier.idle:
                return
            self._odd = True
            self._send(self._batch(size))

    def _batch(self, size: int) -> list[_Part]:
        parts: list[_Part] = []
        total = 0
        while self._ready and len(parts) < size and (not parts or total + self._ready[0].size <= BATCH_BYTES):
            parts.append(self._ready.popleft())
            total += parts[-1].size
        return parts

    def _send(self, parts: list[_Part]) -> None:
        marked = {key for part in parts for key in part.marks}
        if marked:
            self._mark(marked)
        for part in parts:
            part.running.sent = True
            self._bytes -= part.size
        self.commands_sent += len(parts)
        self._carrier.submit(parts, [part.command for part in parts])

    def _fetch(self) -> None:
        self._carrier.wait(0.5)
        while self._carrier.pending and (done := self._carrier.next_done(timeout=0)) is not None:
            self._settle(*done)

    def _settle(self, parts: list[_Part], result: list[Outcome] | RestError) -> None:
        if isinstance(result, RestError):
            if result.fate in (Fate.PERSON, Fate.REFRESH):
                self._flush_log()
                raise PortalBlocked(result)
            result = [Outcome(part.command, error=result) for part in parts]
        for part, outcome in zip(parts, result, strict=True):
            if outcome.error is not None and outcome.error.code == METHOD_PAUSED and not self._stopping:
                self._hold(part, max(outcome.error.retry_after, 0.5))
                continue
            running = part.running
            running.outcomes[part.place] = outcome
            running.missing -= 1
            if running.missing == 0:
                self._advance(running, [one for one in running.outcomes if one is not None])

    def _hold(self, part: _Part, seconds: float) -> None:
        """Keep back a command whose method rests, and all others of the method: between others they would make batches small."""
        method, until = part.command.method, self._clock() + seconds
        self._paused.append((until, part))
        if self._resting.get(method, 0.0) < until:
            self._resting[method] = until
            for queue in (self._ready, self._alone):
                held = [one for one in queue if one.command.method == method]
                if held:
                    kept = [one for one in queue if one.command.method != method]
                    queue.clear()
                    queue.extend(kept)
                    self._bytes -= sum(one.size for one in held)
                    self._paused += [(until, one) for one in held]

    def _wake_paused(self) -> None:
        """Put commands back whose method may be called again."""
        if not self._paused:
            return
        now = self._clock()
        awake = [part for until, part in self._paused if until <= now]
        self._paused = [(until, part) for until, part in self._paused if until > now]
        for part in awake:
            self._queue(part)

    def _rest(self) -> None:
        wait = min(until for until, _ in self._paused) - self._clock()
        time.sleep(max(0.0, min(wait, 0.5)))

    def _flush_log(self) -> None:
        if self._log or self._clock() - self._saved_at > LONGEST_SILENCE:
            self._save(self._log)
            self._saved_at = self._clock()


def _out_of_time(part: _Part) -> Outcome:
    return Outcome(part.command, error=RestError(METHOD_PAUSED, "out of time", fate=Fate.RETRY, method=part.command.method))


def _size_of(command: Command) -> int:
    """About how many bytes the command adds to a request; only file contents matter."""
    content = command.params.get("fileContent")
    if content:
        return len(content[1])
    fields = command.params.get("fields")
    if not isinstance(fields, dict):
        return 500
    return 1000 + sum(len(value["fileData"][1]) for value in fields.values() if isinstance(value, dict) and "fileData" in value)
