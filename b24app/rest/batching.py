"""Many commands in one request: spelling a batch and reading its answer. Pure.

The portal counts a batch as one request, runs its commands in order and answers each one by key. Keys here are never numbers: for
those PHP would answer with a list. `halt` is always 0 and no command refers to another one's result (bitrix24.md 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24app.rest.commands import Command, command_line, needs_single_call
from b24app.rest.errors import NOT_EXECUTED, RestError, error_in, make

BATCH_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command: its `result`, or its `error` (then `result` is None); `total` and `next` of a list method."""

    command: Command
    result: Any = None
    error: RestError | None = None
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one command took, in seconds. `operating` is what its method has used in the running ten minutes, `finish` when that
    was (both by the portal), and `rest` is in how many seconds the portal gives some of it back; None where the answer is silent."""

    method: str
    seconds: float
    operating: float | None = None
    finish: float | None = None
    rest: float | None = None


def pack(commands: Sequence[Command], size: int = BATCH_LIMIT) -> Iterator[tuple[Command, ...]]:
    """Cut the commands, in order, into groups for one request each: at most `size`, and alone what a batch would alter."""
    if not 1 <= size <= BATCH_LIMIT:
        raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} commands")
    group: list[Command] = []
    for command in commands:
        single = needs_single_call(command)
        if group and (single or len(group) == size):
            yield tuple(group)
            group = []
        if single:
            yield (command,)
        else:
            group.append(command)
    if group:
        yield tuple(group)


def batch_params(commands: Sequence[Command]) -> dict[str, Any]:
    """The parameters of the method `batch` for these commands; raises ValueError when they are none, or too many."""
    if not 1 <= len(commands) <= BATCH_LIMIT:
        raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} commands, not {len(commands)}")
    return {"halt": 0, "cmd": {_key(number): command_line(command) for number, command in enumerate(commands)}}


def read_batch(commands: Sequence[Command], result: Any) -> list[Outcome]:
    """One outcome per command, in order, from the `result` of a batch.

    PHP writes an empty map as `[]` and may write a list: both are read. A command in neither map was not executed.
    """
    maps = result if isinstance(result, Mapping) else {}
    results, errors = _map(maps.get("result")), _map(maps.get("result_error"))
    totals, nexts = _map(maps.get("result_total")), _map(maps.get("result_next"))
    outcomes = []
    for number, command in enumerate(commands):
        key = _key(number)
        if key in errors:
            outcomes.append(Outcome(command, error=_item_error(errors[key], command)))
        elif key in results:
            outcomes.append(Outcome(command, results[key], None, _whole(totals.get(key)), _whole(nexts.get(key))))
        else:
            missing = make(NOT_EXECUTED, "the answer does not name this command", method=command.method)
            outcomes.append(Outcome(command, error=missing))
    return outcomes


def read_timings(commands: Sequence[Command], result: Any) -> list[Timing]:
    """What the portal says about the time of each command of a batch; commands without `result_time` are left out."""
    times = _map(result.get("result_time")) if isinstance(result, Mapping) else {}
    timings = (read_timing(command.method, times.get(_key(number))) for number, command in enumerate(commands))
    return [timing for timing in timings if timing is not None]


def read_timing(method: str, time: Any) -> Timing | None:
    """One `time` object of an answer; None when it is absent or says nothing."""
    if not isinstance(time, Mapping):
        return None
    seconds = _number(time.get("processing"))
    if seconds is None:
        seconds = _number(time.get("duration"))
    if seconds is None:
        return None
    operating, reset, finish = (_number(time.get(name)) for name in ("operating", "operating_reset_at", "finish"))
    # Both by the portal's clock, so that a wrong clock on either side does not matter.
    rest = max(reset - finish, 0.0) if reset and finish else None
    return Timing(method, max(seconds, 0.0), operating, finish, rest)


def _key(number: int) -> str:
    return f"c{number}"


def _map(value: Any) -> Mapping[str, Any]:
    if isinstance(value, list):
        return {_key(number): item for number, item in enumerate(value)}
    return value if isinstance(value, Mapping) else {}


def _item_error(value: Any, command: Command) -> RestError:
    body = value if isinstance(value, Mapping) and "error" in value else {"error": value if isinstance(value, str | int) else ""}
    error = error_in(body, method=command.method)
    assert error is not None  # noqa: S101  (the key is there)
    return error


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
