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


class Carrier(Protocol):
    """What the scheduler needs of b24app.rest.pipeline.Pipeline."""

    @property
    def room(self) -> bool: ...
    @property
    def pending(self) -> int: ...
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
    outcomes: list[Outcome | None] = field(default_factory=list)
    missing: int = 0
    sent: bool = False  # some command of what it asks now has left: what that did must be taken in


@dataclass(frozen=True, slots=True)
class _Part:
    running: _Running
    place: int
    command: Command
    adds: Key | None
    size: int


class Scheduler:
    """Admits flows from `source` while there is room, until all are done or `expired` says stop.

    Then it takes in the answers under way and leaves the rest.
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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._carrier = carrier
        self._log = log
        self._save = save
        self._mark = mark
        self._expired = expired
        self._most = most_active
        self._clock = clock
        self._ready: deque[_Part] = deque()
        self._alone: deque[_Part] = deque()
        self._paused: list[tuple[float, _Part]] = []
        self._active = 0
        self._stopping = False
        self.commands_sent = 0

    def run(self, source: Iterator[Flow]) -> bool:
        """Run the flows; True when all of `source` is done, False when time ran out first.

        Raises PortalBlocked, and what `save` raises.
        """
        exhausted = False
        while True:
            stopping = self._expired()
            if stopping:
                self._abandon()
            while not exhausted and not stopping and self._active < self._most and len(self._ready) < 4 * BATCH_LIMIT:
                flow = next(source, None)
                if flow is None:
                    exhausted = True
                else:
                    self._start(flow)
            self._wake_paused()
            self._flush_log()
            self._submit(partial=exhausted or stopping or self._active >= self._most)
            if self._carrier.pending:
                self._fetch()
            elif not self._ready and not self._alone and not self._paused:
                if exhausted or stopping:
                    return exhausted and not stopping
            elif self._paused and not self._ready:
                self._rest()

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
        paused, self._paused = self._paused, []
        for _, part in paused:
            error = RestError(METHOD_PAUSED, "out of time", fate=Fate.RETRY, method=part.command.method)
            self._settle([part], [Outcome(part.command, error=error)])

    def _start(self, flow: Flow) -> None:
        self._active += 1
        self._advance(_Running(flow), None)

    def _advance(self, running: _Running, outcomes: list[Outcome] | None) -> None:
        try:
            ask: Ask = next(running.flow) if outcomes is None else running.flow.send(outcomes)
        except StopIteration as stop:
            self._active -= 1
            for flow in stop.value or ():
                self._start(flow)
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
            # A command that a batch would alter is a request of its own; among others it would tear their batch apart.
            queue = self._alone if needs_single_call(command) else self._ready
            queue.append(_Part(running, place, command, key, _size_of(command)))

    def _submit(self, *, partial: bool) -> None:
        while self._alone and self._carrier.room:
            self._send([self._alone.popleft()])
        while self._ready and self._carrier.room:
            size = self._carrier.preferred_size({part.command.method for part in list(self._ready)[:BATCH_LIMIT]})
            # A partial batch wastes rate: wait for more commands while answers that will bring some are on their way.
            if len(self._ready) < size and (self._carrier.pending or not partial):
                return
            parts: list[_Part] = []
            total = 0
            while self._ready and len(parts) < size and (not parts or total + self._ready[0].size <= BATCH_BYTES):
                parts.append(self._ready.popleft())
                total += parts[-1].size
            self._send(parts)

    def _send(self, parts: list[_Part]) -> None:
        marked = {part.adds for part in parts if part.adds is not None}
        if marked:
            self._mark(marked)
        for part in parts:
            part.running.sent = True
        self.commands_sent += len(parts)
        self._carrier.submit(parts, [part.command for part in parts])

    def _fetch(self) -> None:
        done = self._carrier.next_done(timeout=0.5)
        while done is not None:
            parts, result = done
            self._settle(parts, result)
            done = self._carrier.next_done(timeout=0) if self._carrier.pending else None

    def _settle(self, parts: list[_Part], result: list[Outcome] | RestError) -> None:
        if isinstance(result, RestError):
            if result.fate in (Fate.PERSON, Fate.REFRESH):
                self._flush_log()
                raise PortalBlocked(result)
            result = [Outcome(part.command, error=result) for part in parts]
        for part, outcome in zip(parts, result, strict=True):
            if outcome.error is not None and outcome.error.code == METHOD_PAUSED and not self._stopping:
                self._paused.append((self._clock() + max(outcome.error.retry_after, 0.5), part))
                continue
            running = part.running
            running.outcomes[part.place] = outcome
            running.missing -= 1
            if running.missing == 0:
                self._advance(running, [one for one in running.outcomes if one is not None])

    def _wake_paused(self) -> None:
        """Put commands back whose method may be called again."""
        now = self._clock()
        self._ready.extend(part for until, part in self._paused if until <= now)
        self._paused = [(until, part) for until, part in self._paused if until > now]

    def _rest(self) -> None:
        wait = min(until for until, _ in self._paused) - self._clock()
        time.sleep(max(0.0, min(wait, 0.5)))

    def _flush_log(self) -> None:
        if self._log:
            self._save(self._log)


def _size_of(command: Command) -> int:
    """About how many bytes the command adds to a request; only file contents matter."""
    content = command.params.get("fileContent")
    if content:
        return len(content[1])
    fields = command.params.get("fields")
    if not isinstance(fields, dict):
        return 500
    return 1000 + sum(len(value["fileData"][1]) for value in fields.values() if isinstance(value, dict) and "fileData" in value)
