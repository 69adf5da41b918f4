"""A portal's REST, whole: commands → batching → operating time → bucket → transport, with the token renewed once and a renamed portal followed.

Only what concerns pace and credentials is repeated here (503, 429, an old token, a new address), each a bounded number of times.
Everything else goes up: a lost answer above all, because only the caller can look up whether an `add` took effect.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from b24app.rest.batching import BATCH_LIMIT, Outcome, Timing, batch_params, pack, read_batch, read_timing, read_timings
from b24app.rest.commands import Command, command_line, json_ready, needs_single_call
from b24app.rest.errors import (
    METHOD_PAUSED,
    NO_ANSWER,
    NOT_EXECUTED,
    NOT_JSON,
    PORTAL_MOVED,
    UNENCODABLE,
    Fate,
    RestError,
    error_in,
    make,
)
from b24app.rest.journal import Journal
from b24app.rest.operating import Booking
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Answer, Transport

PAGE = 50
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*\Z")


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


class PortalClient:
    """Calls one portal with one credential. Threads may share it. `attempts` bounds repeats after 503 and 429; `patience` is the
    longest pause of a method (seconds) that is waited for here instead of going up as RETRY."""

    def __init__(
        self,
        member_id: str,
        tokens: TokenSource,
        throttle: Throttle,
        journal: Journal | None = None,
        *,
        transport: Transport | None = None,
        attempts: int = 4,
        patience: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.member_id = member_id
        self.throttle = throttle
        self.journal = journal or Journal()
        self.transport = transport or Transport()
        self._source = tokens
        self._tokens: Tokens | None = None
        self._tokens_lock = threading.Lock()
        self._attempts = attempts
        self._patience = patience
        self._sleep = sleep

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The `result` of one method; raises RestError."""
        try:
            return self._single(Command(method, params or {}), _nothing).result
        finally:
            self.journal.flush(force=True)

    def batch(self, commands: Sequence[Command]) -> list[Outcome]:
        """The outcomes of 1 to 50 commands, in order; raises RestError only when the whole request failed.

        It is one request, and one more for each command that a batch would alter. A command whose method has no operating time left
        is not sent: its outcome is METHOD_PAUSED with `retry_after`.
        """
        try:
            return self.send(commands, _nothing)
        finally:
            self.journal.flush(force=True)

    def list_all(self, method: str, params: Mapping[str, Any] | None = None, key: str = "id") -> Iterator[dict[str, Any]]:
        """Every row of a list method, page by page.

        With a `key` (the id as the rows spell it) by `filter[>key]` and start=-1, which counts nothing and misses nothing that is
        added meanwhile; with `key=""` by start and next, for methods that cannot filter.
        """
        return self._by_key(method, dict(params or {}), key) if key else self._by_page(method, dict(params or {}))

    def send(self, commands: Sequence[Command], admitted: Callable[[], None]) -> list[Outcome]:
        """`batch` for the pipeline: calls `admitted` when its first request has got its place, and leaves the journal unflushed."""
        if not 1 <= len(commands) <= BATCH_LIMIT:
            raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} commands, not {len(commands)}")
        outcomes: dict[int, Outcome] = {}
        sound: list[int] = []
        for place, command in enumerate(commands):
            fault = _unspeakable(command)
            if fault is None:
                sound.append(place)
            else:
                outcomes[place] = Outcome(command, error=fault)
        places = iter(sound)
        failure: RestError | None = None
        for group in pack([commands[place] for place in sound]):
            if failure is None:
                try:
                    answered = self._group(group, admitted)
                except RestError as exc:
                    if len(group) == len(commands):
                        raise
                    failure = exc
                    answered = [Outcome(command, error=exc) for command in group]
            else:
                answered = [Outcome(command, error=_not_reached(failure, command)) for command in group]
            outcomes.update((next(places), outcome) for outcome in answered)
        return [outcomes[place] for place in range(len(commands))]

    # one group of commands = one request

    def _group(self, group: Sequence[Command], admitted: Callable[[], None]) -> list[Outcome]:
        if len(group) == 1 and needs_single_call(group[0]):
            try:
                return [self._single(group[0], admitted)]
            except RestError as exc:
                if exc.fate in (Fate.REFUSED, Fate.GONE, Fate.PERSON) or exc.code == METHOD_PAUSED:
                    return [Outcome(group[0], error=exc)]
                raise
        bookings = self._bookings(Counter(command.method.casefold() for command in group))
        ready = [command for command in group if not bookings[command.method.casefold()].wait]
        if not ready:
            return [Outcome(command, error=_paused(bookings[command.method.casefold()])) for command in group]
        timings: list[Timing] | None = []
        try:
            body = self._exchange("batch", batch_params(ready), ready, admitted)
            timings = read_timings(ready, body["result"])
            answered = iter(self._with_pauses(read_batch(ready, body["result"]), body["result"]))
        except RestError as exc:
            if exc.sent:
                timings = None  # The portal may have worked: what was set aside stays so and ages out.
            raise
        finally:
            self._settle(bookings.values(), timings)
        return [
            next(answered)
            if not bookings[command.method.casefold()].wait
            else Outcome(command, error=_paused(bookings[command.method.casefold()]))
            for command in group
        ]

    def _single(self, command: Command, admitted: Callable[[], None]) -> Outcome:
        if not _METHOD.match(command.method):
            raise make(UNENCODABLE, "no method name", method=command.method)
        (booking,) = self._bookings({command.method.casefold(): 1}).values()
        if booking.wait:
            raise _paused(booking)
        timings: list[Timing] | None = []
        try:
            body = self._exchange(command.method, _json(command), [command], admitted)
            timing = read_timing(command.method, body.get("time"))
            timings = [timing] if timing else []
        except RestError as exc:
            if exc.sent:
                timings = None
            raise
        finally:
            self._settle([booking], timings)
        total, following = body.get("total"), body.get("next")
        return Outcome(
            command,
            body["result"],
            None,
            total if isinstance(total, int) else None,
            following if isinstance(following, int) else None,
        )

    def _bookings(self, counts: Mapping[str, int]) -> dict[str, Booking]:
        """Time set aside for each method; short waits (others are on their way, and their cost will be known) are waited for."""
        operating = self.throttle.operating
        bookings = {method: operating.book(method, count) for method, count in counts.items()}
        patience = self._patience
        while True:
            waits = [booking.wait for booking in bookings.values() if 0 < booking.wait <= patience]
            if not waits:
                return bookings
            self._sleep(min(waits))
            patience -= min(waits)
            for method, booking in bookings.items():
                if booking.wait:
                    bookings[method] = operating.book(method, counts[method])

    def _settle(self, bookings: Iterable[Booking], timings: list[Timing] | None) -> None:
        if timings is None:
            return
        for booking in bookings:
            if not booking.wait:
                own = [timing for timing in timings if timing.method.casefold() == booking.method]
                self.throttle.operating.settle(booking, own)

    def _with_pauses(self, outcomes: list[Outcome], result: Any) -> list[Outcome]:
        """Let each method rest that ran out of operating time inside the batch, and say for how long."""
        rests: dict[str, float] = {}
        for timing in read_timings([outcome.command for outcome in outcomes], result):
            if timing.rest is not None:
                rests[timing.method.casefold()] = timing.rest
        for outcome in outcomes:
            error = outcome.error
            if error is not None and error.code.casefold() == "operation_time_limit":
                method = outcome.command.method.casefold()
                error.retry_after = self.throttle.operating.pause(method, rests.get(method) or error.retry_after)
        return outcomes

    # one request, repeated where that is safe

    def _exchange(
        self, method: str, params: Mapping[str, Any], commands: Sequence[Command], admitted: Callable[[], None]
    ) -> Mapping[str, Any]:
        refreshed = False
        repeats = 0
        while True:
            self.throttle.acquire()
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
            if not self._may_repeat(error, answer) or repeats >= self._attempts:
                raise error

    def _may_repeat(self, error: RestError, answer: Answer) -> bool:
        """Slow down as the portal demands; True when the same request may go again at once (the bucket makes it wait)."""
        code = error.code.casefold()
        if code == "query_limit_exceeded":
            error.retry_after = self.throttle.penalise()
            return True
        if code == "operation_time_limit":
            timing = read_timing(error.method, answer.body.get("time"))
            rest = timing.rest if timing and timing.rest else error.retry_after
            error.retry_after = self.throttle.operating.pause(error.method, rest)
            if error.retry_after <= self._patience:
                self._sleep(error.retry_after)
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
        self.transport.check(endpoint)
        moved = replace(tokens, endpoint=endpoint)
        answer = self._recorded(moved, method, params, commands)
        if answer.location or not isinstance(answer.body, Mapping):
            raise make(PORTAL_MOVED, f"to {target.hostname}, no answer there", status=answer.status, method=method)
        with self._tokens_lock:
            if self._tokens == tokens:
                self._tokens = moved
        self._source.moved(endpoint)
        return answer

    def _recorded(self, tokens: Tokens, method: str, params: Mapping[str, Any], commands: Sequence[Command]) -> Answer:
        started = time.monotonic()
        try:
            answer = self.transport.post(tokens.endpoint + method, params, tokens.access_token)
        except RestError as exc:
            exc.method = method
            self.journal.record(method, commands, exc, time.monotonic() - started)
            raise
        self.journal.record(method, commands, answer, answer.seconds)
        return answer

    def _current(self) -> Tokens:
        with self._tokens_lock:
            if self._tokens is None:
                self._tokens = self._source.current()
            return self._tokens

    def _refresh(self, stale: str) -> None:
        with self._tokens_lock:
            if self._tokens is None or self._tokens.access_token == stale:
                self._tokens = self._source.refresh(stale)

    # lists

    def _by_key(self, method: str, params: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
        select = params.get("select")
        if select and key not in select and "*" not in select:
            params["select"] = [*select, key]
        last = -1
        while True:
            after = {f">{key}": last} if last >= 0 else {}
            page = {**params, "order": {key: "ASC"}, "filter": {**params.get("filter", {}), **after}, "start": -1}
            rows = _rows(self.call(method, page))
            for row in rows:
                place = int(row[key])
                if place <= last:  # The method ignores the filter: what it gave was everything.
                    return
                last = place
                yield row
            if len(rows) < PAGE:
                return

    def _by_page(self, method: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        start: int | None = 0
        while start is not None:
            outcome = self._single(Command(method, {**params, "start": start}), _nothing)
            self.journal.flush(force=True)
            yield from _rows(outcome.result)
            start = outcome.next if outcome.next and outcome.next > start else None


def _nothing() -> None:
    pass


def _error(answer: Answer, method: str) -> RestError | None:
    if answer.body is None:
        return make(NOT_JSON, answer.text[:200], status=answer.status, method=method)
    return error_in(answer.body, status=answer.status, method=method)


def _json(command: Command) -> Any:
    try:
        return json_ready(command.params)
    except ValueError as exc:
        raise make(UNENCODABLE, str(exc), method=command.method) from exc


def _unspeakable(command: Command) -> RestError | None:
    try:
        if not _METHOD.match(command.method):
            raise ValueError("no method name")
        command_line(command)
    except ValueError as exc:
        return make(UNENCODABLE, str(exc), method=command.method)
    return None


def _paused(booking: Booking) -> RestError:
    return make(METHOD_PAUSED, "no operating time left", method=booking.method, retry_after=booking.wait)


def _not_reached(failure: RestError, command: Command) -> RestError:
    return make(
        NOT_EXECUTED, f"not sent after {failure.code or NO_ANSWER}", method=command.method, retry_after=failure.retry_after
    )


def _rows(result: Any) -> list[dict[str, Any]]:
    """The rows of a list method: the result itself, or the only list in it (`products`, `items`, …)."""
    if isinstance(result, Mapping):
        lists = [value for value in result.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else []
    return list(result) if isinstance(result, list) else []
