"""Documents and parties as JSON: what the database keeps of them, and digests that tell whether anything changed. Pure.

Fields at their default are left out, so a field added later reads old rows as "not said". Decimals are texts in plain notation
without trailing zeros: equal values have equal texts.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def to_data(value: Any) -> dict[str, Any]:
    """A Trade, Party, or any dataclass of trade.py as JSON data."""
    return {
        field.name: _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
    }


def from_data(of: type[T], data: Mapping[str, Any]) -> T:
    """The value that `to_data` stored; unknown keys are left alone, so that older code reads newer rows."""
    hints: Mapping[str, Any] = _hints(typing.cast(Any, of))
    return of(**{name: _typed(hints[name], value) for name, value in data.items() if name in hints})


def plain(number: Decimal) -> str:
    """A number as text: no exponent, no trailing zeros, no minus before zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def digest(data: Any) -> str:
    """The same for equal data, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case Decimal():
            return plain(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case tuple() if hasattr(value, "_fields"):
            return [_plain(item) for item in value]
        case tuple() | list():
            return [_plain(item) for item in value]
    return to_data(value) if dataclasses.is_dataclass(value) else value


@cache
def _hints(of: type) -> dict[str, Any]:
    return typing.get_type_hints(of)


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _typed(next(item for item in arguments if item is not type(None)), value)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_typed(arguments[0], item) for item in value)
        return tuple(_typed(item_hint, item) for item_hint, item in zip(arguments, value, strict=True))
    if origin is typing.Literal:
        return value
    if hint is Decimal:
        return Decimal(value)
    if hint in (dt.date, dt.time):
        return hint.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = _hints(hint)
        return hint(*(_typed(fields[name], item) for name, item in zip(hint._fields, value, strict=True)))
    return from_data(hint, value) if dataclasses.is_dataclass(hint) and isinstance(hint, type) else value
