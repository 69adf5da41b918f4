"""Commands on their way into batches: which of them leave next, and how many together. Pure; the scheduler fills and empties it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import chain, islice

from b24app.rest.batching import BATCH_LIMIT, Outcome
from b24app.rest.commands import Command, needs_single_call
from exchange.imports.flows import Flow, Key

# Bytes of one request's commands (pictures travel inside them): far under what the portal takes, small enough for its 60 seconds.
BATCH_BYTES = 6 * 1024 * 1024
# Commands, and bytes of them, that wait for their batches: enough to fill the next ones whatever their methods.
MOST_READY = 4 * BATCH_LIMIT
MOST_BYTES = 4 * BATCH_BYTES
# Commands that nothing waits for: they fill the batches up, and all of them while the answers of a slow portal are awaited.
MOST_LAST = 30 * BATCH_LIMIT


@dataclass(slots=True)
class Running:
    """A flow at work and the outcomes of what it asks now; `opening`: it came from the source and has not ended."""

    flow: Flow
    opening: bool = False
    outcomes: list[Outcome | None] = field(default_factory=list)
    missing: int = 0
    sent: bool = False  # some command of what it asks now has left: what that did must be taken in


@dataclass(frozen=True, slots=True)
class Part:
    """One command of an ask, and the rows to be marked before it leaves; `last`: its flow ends with it."""

    running: Running
    place: int
    command: Command
    marks: tuple[Key, ...]
    size: int
    last: bool


class Outbox:
    """Commands that wait for their batches.

    What flows must send before they can go on leaves first, what is the last of its flow fills the batches up. So there is always
    something to send while answers are awaited, in the end too.
    """

    def __init__(self) -> None:
        self._first: deque[Part] = deque()
        self._last: deque[Part] = deque()
        self._alone: deque[Part] = deque()
        self._bytes = 0
        self._odd = True  # whose turn it is: that of a command that goes alone

    def __len__(self) -> int:
        return len(self._first) + len(self._last) + len(self._alone)

    @property
    def has_room(self) -> bool:
        """Whether flows may ask more."""
        return len(self._first) < MOST_READY and len(self._last) < MOST_LAST and self._bytes < MOST_BYTES

    def put(self, part: Part) -> None:
        """Let a command wait. One that a batch would alter is a request of its own: among others it would tear their batch apart."""
        queue = self._alone if needs_single_call(part.command) else self._last if part.last else self._first
        queue.append(part)
        self._bytes += part.size

    def take(self, preferred_size: Callable[[Collection[str]], int], *, small: bool) -> list[Part]:
        """The commands of the next request; none when there are too few for a whole one (unless it may be `small`)."""
        together = list(islice(chain(self._first, self._last), BATCH_LIMIT))
        size = preferred_size({part.command.method for part in together}) if together else 1
        whole = len(together) >= size or self._bytes >= BATCH_BYTES
        # In turn, so that neither many odd commands nor many plain ones keep the others waiting.
        if self._alone and (self._odd or not whole):
            self._odd = False
            return self._taken([self._alone.popleft()])
        if not together or not (whole or small):
            return []
        self._odd = True
        return self._taken(self._batch(size))

    def _batch(self, size: int) -> list[Part]:
        parts: list[Part] = []
        total = 0
        while len(parts) < size and (queue := self._first or self._last) and (not parts or total + queue[0].size <= BATCH_BYTES):
            parts.append(queue.popleft())
            total += parts[-1].size
        return parts

    def drop(self, unwanted: Callable[[Part], bool]) -> list[Part]:
        """Take out what is unwanted, and give it back."""
        dropped: list[Part] = []
        for queue in (self._first, self._last, self._alone):
            kept: list[Part] = []
            for part in queue:
                (dropped if unwanted(part) else kept).append(part)
            queue.clear()
            queue.extend(kept)
        return self._taken(dropped)

    def _taken(self, parts: list[Part]) -> list[Part]:
        self._bytes -= sum(part.size for part in parts)
        return parts


def size_of(command: Command) -> int:
    """About how many bytes the command adds to a request; only file contents matter."""
    content = command.params.get("fileContent")
    if content:
        return len(content[1])
    fields = command.params.get("fields")
    if not isinstance(fields, dict):
        return 500
    return 1000 + sum(len(value["fileData"][1]) for value in fields.values() if isinstance(value, dict) and "fileData" in value)
