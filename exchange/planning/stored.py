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
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
Convert = Callable[[Any], Any]


def to_data(value: Any) -> dict[str, Any]:
    """A Trade, Party, or any dataclass of trade.py as JSON data."""
    return {
        field.name: _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.default is dataclasses.MISSING or getattr(value, field.name) != field.default
    }


def from_data(of: type[T], data: Mapping[str, Any]) -> T:
    """The value that `to_data` stored; unknown keys are left alone, so that older code reads newer rows."""
    convert = _converters(typing.cast(Any, of))
    return of(**{name: convert[name](value) for name, value in data.items() if name in convert})


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
def _converters(of: type) -> dict[str, Convert]:
    """How each field is read: found once per class, because thousands of documents are read in a row."""
    return {name: _converter(hint) for name, hint in typing.get_type_hints(of).items()}


@cache
def _converter(hint: Any) -> Convert:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _converter(next(item for item in arguments if item is not type(None)))
    if origin is tuple:
        return _tuple_converter(arguments)
    if hint is Decimal:
        return _or_none(Decimal)
    if hint in (dt.date, dt.time):
        return _or_none(hint.fromisoformat)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _or_none(hint)
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = _converters(hint)
        return _or_none(lambda value: hint(*(fields[name](item) for name, item in zip(hint._fields, value, strict=True))))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _or_none(lambda value: from_data(hint, value))
    return _as_it_is


def _tuple_converter(arguments: tuple[Any, ...]) -> Convert:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = _converter(arguments[0])
        return _or_none(tuple if each is _as_it_is else lambda value: tuple(map(each, value)))
    every = [_converter(item) for item in arguments]
    return _or_none(lambda value: tuple(convert(item) for convert, item in zip(every, value, strict=True)))


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _as_it_is(value: Any) -> Any:
    return value
