"""One request with one credential, repeated where that is surely safe: a full bucket, an old token, a renamed portal.

Each repeat is bounded. A lost answer goes up at once: only the caller can look up whether an `add` took effect.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from b24app.rest.batching import read_timing
from b24app.rest.commands import Command
from b24app.rest.errors import NOT_JSON, PORTAL_MOVED, Fate, RestError, error_in, make
from b24app.rest.journal import Journal
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Answer, Transport


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call needs: the access token and the endpoint (`https://…/rest/`)."""

    access_token: str
    endpoint: str

    def __repr__(self) -> str:
        return f"Tokens({self.endpoint})"


class TokenSource(Protocol):
    """Where the tokens live. Called from any thread; raises RestError (PERSON) when the portal no longer gives any."""

    def current(self) -> Tokens: ...

    def refresh(self, stale: str) -> Tokens:
        """New tokens instead of `stale`, asked for once under a lock; whoever comes second gets what the first one got."""
        ...

    def moved(self, endpoint: str) -> None:
        """The portal answers here from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Persistence:
    """`attempts` bounds repeats after 503 and 429; `patience` is the longest pause of a method, in seconds, that is waited for here
    instead of going up as RETRY; `sleep` is handed in by tests."""

    attempts: int = 4
    patience: float = 5.0
    sleep: Callable[[float], None] = time.sleep


class Session:
    """One credential's requests to one portal; threads may share it."""

    def __init__(
        self, source: TokenSource, throttle: Throttle, transport: Transport, journal: Journal, persistence: Persistence
    ) -> None:
        self.source = source
        self.journal = journal
        self._throttle = throttle
        self._transport = transport
        self._persistence = persistence
        self._tokens: Tokens | None = None
        self._tokens_lock = threading.Lock()

    def exchange(
        self, method: str, params: Mapping[str, Any], commands: Sequence[Command], admitted: Callable[[], None]
    ) -> Mapping[str, Any]:
        """The answer's body, which has a `result`; `commands` is what the journal shows. Calls `admitted` whenever the bucket lets the
        request through. Raises RestError."""
        refreshed = False
        repeats = 0
        while True:
            self._throttle.acquire()
            admitted()
            tokens = self._current()
            answer = self._post(tokens, method, params, commands)
            error = _error(answer, method)
            if error is None:
                return answer.body  # type: ignore[no-any-return]
            if error.fate is Fate.REFRESH and not refreshed:
                refreshed = True
                self._refresh(tokens.access_token)
                continue
            if error.fate is Fate.REFRESH:
                error.fate = Fate.PERSON  # A fresh token is refused as well: the connection is broken.
            repeats += 1
            if not self._may_repeat(error, answer) or repeats >= self._persistence.attempts:
                raise error

    def _may_repeat(self, error: RestError, answer: Answer) -> bool:
        """Slow down as the portal demands; True when the same request may go again at once (the bucket makes it wait)."""
        code = error.code.casefold()
        if code == "query_limit_exceeded":
            error.retry_after = self._throttle.penalise()
            return True
        if code == "operation_time_limit":
            timing = read_timing(error.method, answer.body.get("time"))
            rest = timing.rest if timing and timing.rest else error.retry_after
            error.retry_after = self._throttle.operating.pause(error.method, rest)
            if error.retry_after <= self._persistence.patience:
                self._persistence.sleep(error.retry_after)
                return True
        return False

    def _post(self, tokens: Tokens, method: str, params: Mapping[str, Any], commands: Sequence[Command]) -> Answer:
        answer = self._recorded(tokens, method, params, commands)
        if not answer.location:
            return answer
        # A renamed portal. Its token stays good; the address is kept only when a portal really answers there.
        target = urlsplit(urljoin(tokens.endpoint, answer.location))
        endpoint = f"{target.scheme}://{target.netloc}/rest/"
        if not target.path.startswith("/rest/"):
            raise make(PORTAL_MOVED, f"to {target.hostname}, no REST there", status=answer.status, method=method)
        self._transport.check(endpoint)
        moved = replace(tokens, endpoint=endpoint)
        answer = self._recorded(moved, method, params, commands)
        if answer.location or not isinstance(answer.body, Mapping):
            raise make(PORTAL_MOVED, f"to {target.hostname}, no answer there", status=answer.status, method=method)
        with self._tokens_lock:
            if self._tokens == tokens:
                self._tokens = moved
        self.source.moved(endpoint)
        return answer

    def _recorded(self, tokens: Tokens, method: str, params: Mapping[str, Any], commands: Sequence[Command]) -> Answer:
        started = time.monotonic()
        try:
            answer = self._transport.post(tokens.endpoint + method, params, tokens.access_token)
        except RestError as exc:
            exc.method = method
            self.journal.record(method, commands, exc, time.monotonic() - started)
            raise
        self.journal.record(method, commands, answer, answer.seconds)
        return answer

    def _current(self) -> Tokens:
        with self._tokens_lock:
            if self._tokens is None:
                self._tokens = self.source.current()
            return self._tokens

    def _refresh(self, stale: str) -> None:
        with self._tokens_lock:
            if self._tokens is None or self._tokens.access_token == stale:
                self._tokens = self.source.refresh(stale)


def _error(answer: Answer, method: str) -> RestError | None:
    if answer.body is None:
        return make(NOT_JSON, answer.text[:200], status=answer.status, method=method)
    return error_in(answer.body, status=answer.status, method=method)
