"""A portal's REST, whole: commands → batching → operating time → session (bucket, token, journal) → transport."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from b24app.rest.batching import BATCH_LIMIT, Outcome, Timing, batch_params, pack, read_batch, read_timing, read_timings
from b24app.rest.commands import Command, command_line, json_ready, needs_single_call
from b24app.rest.errors import METHOD_PAUSED, NO_ANSWER, NOT_EXECUTED, UNENCODABLE, Fate, RestError, make
from b24app.rest.journal import Journal
from b24app.rest.lists import by_key, by_page
from b24app.rest.operating import Booking
from b24app.rest.session import Persistence, Session, Tokens, TokenSource
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Transport

__all__ = ["PortalClient", "TokenSource", "Tokens"]

_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_.]*\Z")


class PortalClient:
    """Calls one portal with one credential; threads may share it."""

    def __init__(
        self,
        member_id: str,
        tokens: TokenSource,
        throttle: Throttle,
        journal: Journal | None = None,
        *,
        transport: Transport | None = None,
        persistence: Persistence | None = None,
        connector: str = "",
    ) -> None:
        self.member_id = member_id
        # What we change under this name stays out of the offline queue that is read under it (bitrix24: event.bind, auth_connector).
        self._own = {"auth_connector": connector} if connector else {}
        self.throttle = throttle
        self._persistence = persistence or Persistence()
        self._session = Session(tokens, throttle, transport or Transport(), journal or Journal(), self._persistence)

    @property
    def journal(self) -> Journal:
        """Where each exchange is recorded."""
        return self._session.journal

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The `result` of one method; raises RestError."""
        return self._ask(Command(method, params or {})).result

    def batch(self, commands: Sequence[Command]) -> list[Outcome]:
        """The outcomes of 1 to 50 commands, in order; raises RestError only when the whole request failed.

        It is one request, and one more for each command that a batch would alter. A command whose method has no operating time left
        is not sent: its outcome is METHOD_PAUSED with `retry_after`.
        """
        try:
            return self.send(commands, _nothing, patient=True)
        finally:
            self.journal.flush(force=True)

    def list_all(self, method: str, params: Mapping[str, Any] | None = None, key: str = "id") -> Iterator[dict[str, Any]]:
        """Every row of a list method, page by page.

        With a `key` (the id as the rows spell it) by `filter[>key]` and start=-1, which counts nothing and misses nothing that is
        added meanwhile; with `key=""` by start and next, for methods that cannot filter.
        """
        command = Command(method, params or {})
        return by_key(self._ask, command, key) if key else by_page(self._ask, command)

    def send(self, commands: Sequence[Command], admitted: Callable[[], None], *, patient: bool = False) -> list[Outcome]:
        """`batch` for the pipeline: calls `admitted` when its first request has got its place, and leaves the journal unflushed.

        Not `patient`: a method that has to wait a moment for its operating time keeps no other method waiting.
        """
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
                    answered = self._group(group, admitted, patient=patient)
                except RestError as exc:
                    if len(group) == len(commands):
                        raise
                    failure = exc
                    answered = [Outcome(command, error=exc) for command in group]
            else:
                answered = [Outcome(command, error=_not_reached(failure, command)) for command in group]
            outcomes.update((next(places), outcome) for outcome in answered)
        return [outcomes[place] for place in range(len(commands))]

    def _ask(self, command: Command) -> Outcome:
        try:
            return self._single(command, _nothing)
        finally:
            self.journal.flush(force=True)

    # one group of commands = one request

    def _group(self, group: Sequence[Command], admitted: Callable[[], None], *, patient: bool) -> list[Outcome]:
        if len(group) == 1 and needs_single_call(group[0]):
            try:
                return [self._single(group[0], admitted)]
            except RestError as exc:
                if exc.fate in (Fate.REFUSED, Fate.GONE, Fate.PERSON) or exc.code == METHOD_PAUSED:
                    return [Outcome(group[0], error=exc)]
                raise
        bookings = self._bookings(Counter(command.method.casefold() for command in group), patient=patient)
        held = _over(group, bookings)
        ready = [command for place, command in enumerate(group) if place not in held]
        if not ready:
            return [Outcome(command, error=held[place]) for place, command in enumerate(group)]
        timings: list[Timing] | None = []
        try:
            body = self._session.exchange("batch", {**batch_params(ready), **self._own}, ready, admitted)
            timings = read_timings(ready, body["result"])
            answered = iter(self._with_pauses(read_batch(ready, body["result"]), body["result"]))
        except RestError as exc:
            if exc.sent:
                timings = None  # The portal may have worked: what was set aside stays so and ages out.
            raise
        finally:
            self._settle(bookings.values(), timings)
        return [Outcome(command, error=held[place]) if place in held else next(answered) for place, command in enumerate(group)]

    def _single(self, command: Command, admitted: Callable[[], None]) -> Outcome:
        if not _METHOD.match(command.method):
            raise make(UNENCODABLE, "no method name", method=command.method)
        (booking,) = self._bookings({command.method.casefold(): 1}, patient=True).values()
        if booking.wait:
            raise _paused(booking)
        timings: list[Timing] | None = []
        try:
            body = self._session.exchange(command.method, {**self._own, **_json(command)}, [command], admitted)
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

    def _bookings(self, counts: Mapping[str, int], *, patient: bool) -> dict[str, Booking]:
        """Time set aside for each method; who is patient sits out short waits (the cost of what is on its way will be known then)."""
        operating = self.throttle.operating
        bookings = {method: operating.book(method, count) for method, count in counts.items()}
        patience = self._persistence.patience if patient else 0.0
        while True:
            waits = [booking.wait for booking in bookings.values() if 0 < booking.wait <= patience]
            if not waits:
                return bookings
            self._persistence.sleep(min(waits))
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


def _nothing() -> None:
    pass


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


def _over(group: Sequence[Command], bookings: Mapping[str, Booking]) -> dict[int, RestError]:
    """The commands, by their places, for which no time has been set aside."""
    left = {method: 0 if booking.wait else booking.count for method, booking in bookings.items()}
    held: dict[int, RestError] = {}
    for place, command in enumerate(group):
        method = command.method.casefold()
        left[method] -= 1
        if left[method] < 0:
            held[place] = _paused(bookings[method])
    return held


def _paused(booking: Booking) -> RestError:
    # Where some went and the others did not: they may go once an answer has told what those took.
    return make(METHOD_PAUSED, "no operating time left", method=booking.method, retry_after=booking.wait or 1.0)


def _not_reached(failure: RestError, command: Command) -> RestError:
    return make(
        NOT_EXECUTED, f"not sent after {failure.code or NO_ANSWER}", method=command.method, retry_after=failure.retry_after
    )
