"""Runs many flows at once: packs their commands into batches, keeps batches on their way, saves what was learnt after each.

It knows neither the database nor the portal: saving and marking are handed in, the pipeline carries the batches.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

from b24app.rest.batching import Outcome
from b24app.rest.errors import METHOD_PAUSED, Fate, RestError
from exchange.imports.flows import Ask, Flow, Key, Log
from exchange.imports.outbox import Outbox, Part, Running, size_of

# Flows that others have brought and that wait for their turn: looked up much too early, they would be looked up in vain.
MOST_OPENED = 400
# The lane is kept by saving; nothing may be learnt for a while where the portal is slow or a method rests.
LONGEST_SILENCE = 10.0


class Carrier(Protocol):
    """What the scheduler needs of b24app.rest.pipeline.Pipeline."""

    @property
    def hungry(self) -> bool: ...
    @property
    def clear(self) -> bool: ...
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
        self._outbox = Outbox()
        self._paused: list[tuple[float, Part]] = []
        self._resting: dict[str, float] = {}  # method → when it may be called again
        self._active = 0
        self._opening = 0
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
            elif self._paused and not self._outbox:
                self._rest()
            elif not (self._outbox or self._opened) and (self._exhausted or self._stopping):
                return self._exhausted and not self._stopping

    def _admit(self, source: Iterator[Flow]) -> None:
        """Start flows while their commands find room: from `source` in time for their look-ups, else those that others have brought."""
        while not self._stopping and self._active < self._most and self._outbox.has_room:
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

    @property
    def _ending(self) -> bool:
        """Whether no further flow will bring commands: only those at work do."""
        return (self._exhausted or self._stopping) and not self._opened

    def _abandon(self) -> None:
        """Out of time: what has not begun is left to the next slice, which plans it anew from what has been saved.

        An ask of which some commands have left is finished, or its effects (a picture added) would be forgotten and done again.
        """
        if self._stopping:
            return
        self._stopping = True
        for part in self._outbox.drop(lambda part: not part.running.sent):
            part.running.flow.close()
        while self._opened:
            self._opened.popleft().close()
        paused, self._paused = self._paused, []
        for _, part in paused:
            self._settle([part], [_out_of_time(part)])

    def _start(self, flow: Flow, *, opening: bool = False) -> None:
        self._active += 1
        self._advance(Running(flow, opening), None)

    def _advance(self, running: Running, outcomes: list[Outcome] | None) -> None:
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
            self._queue(Part(running, place, command, marks, size_of(command), ask.last))

    def _queue(self, part: Part) -> None:
        until = self._resting.get(part.command.method, 0.0)
        if until > self._clock():
            self._paused.append((until, part))
            return
        self._outbox.put(part)

    def _submit(self) -> None:
        carrier = self._carrier
        while self._outbox and carrier.hungry:
            # A small batch wastes rate: wait for more commands while answers that will bring some are on their way. In the end they
            # bring few, and whatever is sent now is done sooner.
            small = not carrier.pending or carrier.idle or (self._ending and carrier.clear)
            parts = self._outbox.take(carrier.preferred_size, small=small)
            if not parts:
                return
            self._send(parts)

    def _send(self, parts: list[Part]) -> None:
        marked = {key for part in parts for key in part.marks}
        if marked:
            self._mark(marked)
        for part in parts:
            part.running.sent = True
        self.commands_sent += len(parts)
        self._carrier.submit(parts, [part.command for part in parts])

    def _fetch(self) -> None:
        self._carrier.wait(0.5)
        while self._carrier.pending and (done := self._carrier.next_done(timeout=0)) is not None:
            self._settle(*done)

    def _settle(self, parts: list[Part], result: list[Outcome] | RestError) -> None:
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

    def _hold(self, part: Part, seconds: float) -> None:
        """Keep back a command whose method rests, and all others of the method: between others they would make batches small."""
        method, until = part.command.method, self._clock() + seconds
        self._paused.append((until, part))
        if self._resting.get(method, 0.0) < until:
            self._resting[method] = until
            self._paused += [(until, one) for one in self._outbox.drop(lambda one: one.command.method == method)]

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


def _out_of_time(part: Part) -> Outcome:
    return Outcome(part.command, error=RestError(METHOD_PAUSED, "out of time", fate=Fate.RETRY, method=part.command.method))
