"""One REST call as data, and its spelling as a query string. Pure: it prints, compares and can be stored."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

# The portal replaces `$result…`, `$next…` and so on in every value and key of a batch, up to the next space, whatever the text meant
# (bitrix24.md 2.3): `$Total` in a product's name would be lost.
_REFERENCE = re.compile(r"\$(?:result|next|total|time|error)", re.IGNORECASE)
# PHP takes no more variables of one query than this (max_input_vars), and drops the rest without a word.
_PHP_VARIABLES = 1000


@dataclass(frozen=True, slots=True)
class Command:
    """A REST method with its parameters (JSON-able; keys as the portal spells them)."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)


def query_string(params: Mapping[str, Any]) -> str:
    """The parameters as PHP reads them back (`a[b][0]=…`), URL-encoded once.

    None and an empty list or mapping become an empty value, which clears a field: left out, they would change nothing. True and
    False become `Y` and `N`. Raises ValueError for what has no spelling (NaN, objects).
    """
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in _flat(params))


def command_line(command: Command) -> str:
    """The command as one value of a batch's `cmd`: `method?query`."""
    query = query_string(command.params)
    return f"{command.method}?{query}" if query else command.method


def needs_single_call(command: Command) -> bool:
    """Whether the command would be altered inside a batch: a text in it looks like a batch reference, a key cannot be spelled in
    brackets, or it has more values than PHP reads of a query."""
    count = 0
    for key, value in _flat(command.params):
        count += 1
        if "$" in key + value and (_REFERENCE.search(key) or _REFERENCE.search(value)):
            return True
    return count > _PHP_VARIABLES or _odd_keys(command.params, outermost=True)


def json_ready(value: Any) -> Any:
    """The same parameters for a JSON body: exact numbers as text, dates in ISO 8601, True and False as `Y` and `N`."""
    match value:
        case Mapping():
            return {str(key): json_ready(item) for key, item in value.items()}
        case list() | tuple():
            return [json_ready(item) for item in value]
        case None | int() if not isinstance(value, bool):
            return value
        case _:
            return scalar(value)


def scalar(value: Any) -> str:
    """One value as the portal reads it in a query: exact decimals without exponent, ISO dates, Y/N; raises ValueError for others."""
    match value:
        case None:
            return ""
        case bool():
            return "Y" if value else "N"
        case str():
            return value
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case float() if math.isfinite(value):
            return f"{Decimal(repr(value)):f}"
        case dt.datetime() | dt.date():
            return value.isoformat()
        case _:
            raise ValueError(f"no spelling in a query for {type(value).__name__}")


def _flat(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        yield from _flat_value(str(key), value)


def _flat_value(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat_value(f"{path}[{key}]", item)
    elif isinstance(value, list | tuple) and value:
        for number, item in enumerate(value):
            yield from _flat_value(f"{path}[{number}]", item)
    else:
        yield path, "" if isinstance(value, Mapping | list | tuple) else scalar(value)


def _odd_keys(value: Any, *, outermost: bool = False) -> bool:
    """PHP rewrites a space, a dot or `[` in an outermost name, trims it, and ends an inner one at `]`."""
    if isinstance(value, Mapping):
        return any(_odd_key(str(key), outermost=outermost) or _odd_keys(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(_odd_keys(item) for item in value)


def _odd_key(key: str, *, outermost: bool) -> bool:
    if not key.strip() or key != key.lstrip() or "\0" in key or "]" in key:
        return True
    return outermost and any(sign in key for sign in " .[")
