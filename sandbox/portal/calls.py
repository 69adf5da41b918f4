"""The record of what was asked of the portal: requests, commands, writes, refusals and the highest rate."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Command:
    """One method call, alone or inside a batch; `error` None when it succeeded."""

    at: float
    method: str
    params: dict[str, Any]
    error: str | int | None
    batched: bool


class Calls:
    """Counters since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start counting from nothing."""
        with self._lock:
            self.requests = 0
            self.tokens = 0
            self.by_method: Counter[str] = Counter()
            self.writes: Counter[str] = Counter()
            self.errors: Counter[str] = Counter()
            self.rejected: Counter[int] = Counter()
            self.unknown_params: Counter[str] = Counter()
            self.ignored_fields: Counter[str] = Counter()
            self.max_rate = 0
            self.first_at: float | None = None
            self.last_at: float | None = None
            self._second: deque[float] = deque()
            self.log: deque[Command] = deque(maxlen=KEPT)

    @property
    def commands(self) -> int:
        """Method calls, those inside batches counted one by one and a batch itself not."""
        return self.by_method.total()

    def request(self, now: float) -> None:
        """Count an HTTP request to REST and keep the highest number within one second."""
        with self._lock:
            self.requests += 1
            self.first_at = self.first_at or now
            self.last_at = now
            self._second.append(now)
            while self._second[0] <= now - 1:
                self._second.popleft()
            self.max_rate = max(self.max_rate, len(self._second))

    def command(self, command: Command, *, write: bool) -> None:
        """Count a method call."""
        with self._lock:
            self.by_method[command.method] += 1
            if write:
                self.writes[command.method] += 1
            if command.error is not None:
                self.errors[str(command.error)] += 1
            self.log.append(command)

    def reject(self, status: int) -> None:
        """Count a refusal by a limit: 503 or 429."""
        with self._lock:
            self.rejected[status] += 1

    def of(self, *methods: str) -> list[Command]:
        """The logged commands of the given methods, oldest first."""
        with self._lock:
            return [command for command in self.log if not methods or command.method in methods]

    def snapshot(self) -> dict[str, Any]:
        """The counters as JSON."""
        with self._lock:
            return {
                "requests": self.requests,
                "commands": self.commands,
                "token_requests": self.tokens,
                "by_method": dict(self.by_method),
                "writes": dict(self.writes),
                "write_commands": self.writes.total(),
                "errors": dict(self.errors),
                "rejected": {"503": self.rejected[503], "429": self.rejected[429]},
                "unknown_params": dict(self.unknown_params),
                "ignored_fields": dict(self.ignored_fields),
                "max_rate": self.max_rate,
                "first_at": self.first_at,
                "last_at": self.last_at,
            }
