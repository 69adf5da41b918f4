"""Lists: filter, order, select and pages of 50, as the portal does them.

Filter keys carry an operator (`>id`, `@xmlId`, `!@id`, `%name`, `=code`); a bare key with a list means "one of", and text is
compared without regard to case. `start=-1` skips counting: then there is neither `total` nor `next`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.portal.errors import RestError, wrong_type
from sandbox.portal.registry import Call, Page
from sandbox.portal.store import Row, Store, folded

SIZE = 50
CANONICAL = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?")
OPERATOR = re.compile(r"^(!@|!%|!=|!|>=|<=|><|>|<|@|=%|%=|%|=|\?)?(.*)$", re.DOTALL)

Condition = Callable[[Row], bool]
Reader = Callable[[Row, str], Any]


def plain(row: Row, name: str) -> Any:
    """A field's value as stored."""
    return row.get(name)


def page(call: Call, rows: list[Row], order: Any, *, read: Reader = plain, ids: str = "id") -> Page:
    """Order rows and cut one page of them."""
    rows = ordered(rows, order, read, ids)
    start = _start(call)
    if start < 0:
        return Page(rows[:SIZE], None)
    following = start + SIZE
    return Page(rows[start:following], len(rows), following if following < len(rows) else None)


def _start(call: Call) -> int:
    value = call.get("start", 0)
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        raise wrong_type("start", value, "int") from None


def ordered(rows: list[Row], order: Any, read: Reader, ids: str) -> list[Row]:
    """Rows by the order asked for, by key otherwise."""
    items = list(order.items()) if isinstance(order, dict) else []
    for name, direction in reversed(items):
        rows = sorted(rows, key=lambda row: _sortable(read(row, name)), reverse=str(direction).lower() == "desc")
    return rows if items else sorted(rows, key=lambda row: _sortable(read(row, ids)))


def _sortable(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    number = _number(value)
    return (1, number, "") if number is not None else (2, 0.0, folded(value))


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value) if isinstance(value, str) and value.strip() and value.strip()[0] in "0123456789-+." else None
    except ValueError:
        return None


def conditions(given: Any, known: Callable[[str], bool], *, read: Reader = plain, strict: bool = False) -> Condition:
    """A filter as one condition; unknown names are dropped, or refused when `strict`."""
    if isinstance(given, list):
        given = {str(index): item for index, item in enumerate(given)}
    logic = str(given.get("logic", given.get("LOGIC", "AND"))).upper()
    parts: list[Condition] = []
    for key, value in given.items():
        if str(key).lower() == "logic":
            continue
        if str(key).isdigit() and isinstance(value, (dict, list)):
            parts.append(conditions(value, known, read=read, strict=strict))
            continue
        operator, name = split(str(key))
        if known(name):
            parts.append(_condition(operator, name, value, read))
        elif strict:
            raise RestError("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
    if logic == "OR" and parts:
        return lambda row: any(part(row) for part in parts)
    return lambda row: all(part(row) for part in parts)


def split(key: str) -> tuple[str, str]:
    """The operator and the field's name of a filter key."""
    match = OPERATOR.match(key)
    assert match is not None
    return match[1] or "", match[2]


def _condition(operator: str, name: str, value: Any, read: Reader) -> Condition:
    if operator in {"", "=", "@", "!", "!=", "!@"}:
        values = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [value]
        wanted = {_same(item) for item in values}
        negated = operator.startswith("!")
        return lambda row: any(item in wanted for item in _values(read(row, name))) != negated
    if operator in {"%", "!%", "=%", "%=", "?"}:
        return _like(operator, name, folded(value), read)
    return _compared(operator, name, value, read)


def _values(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        return [_same(item) for item in value] or [""]
    return [_same(value)]


def _same(value: Any) -> str:
    """One spelling for values MySQL holds equal: numbers by value, text by case-folded characters, nothing as empty."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, dict):
        value = value.get("value", "")
    text = str(value)
    # "0012" and "12" are different codes; 12, "12" and "12.0" are one number.
    return repr(float(text)) if CANONICAL.fullmatch(text) else folded(text)


def _like(operator: str, name: str, value: str, read: Reader) -> Condition:
    if operator in {"=%", "%="}:
        pattern = re.compile(".*".join(re.escape(part) for part in value.split("%")), re.DOTALL)
        return lambda row: pattern.fullmatch(folded(read(row, name))) is not None
    negated = operator == "!%"
    return lambda row: (value in folded(read(row, name))) != negated


def _compared(operator: str, name: str, value: Any, read: Reader) -> Condition:
    if operator == "><":
        low, high = (_sortable(item) for item in value)
        return lambda row: low <= _sortable(read(row, name)) <= high
    bound = _sortable(value)
    if operator == ">":
        return lambda row: _sortable(read(row, name)) > bound
    if operator == ">=":
        return lambda row: _sortable(read(row, name)) >= bound
    if operator == "<":
        return lambda row: read(row, name) is not None and _sortable(read(row, name)) < bound
    return lambda row: read(row, name) is not None and _sortable(read(row, name)) <= bound


def candidates(store: Store, kind: str, given: Any) -> Iterable[Row]:
    """Rows worth testing: through an index or from a key on when the filter allows, else all."""
    if isinstance(given, dict) and str(given.get("logic", "AND")).upper() == "AND":
        rows = _by_key(store, kind, given)
        if rows is not None:
            return rows
        for key, value in given.items():
            operator, name = split(str(key))
            if operator in {"", "=", "@"} and name in store.table(kind).indexes and value not in (None, "", []):
                return store.table(kind).by(name, value if isinstance(value, list) else [value])
        for key, value in given.items():
            if key == ">id" and str(value).lstrip("-").isdigit():
                return store.table(kind).after(int(value))
    return store.all(kind)


def _by_key(store: Store, kind: str, given: dict[str, Any]) -> list[Row] | None:
    for key in ("id", "=id", "@id"):
        if key in given:
            value = given[key]
            found = (store.get(kind, item) for item in (value if isinstance(value, list) else [value]))
            return [row for row in found if row is not None]
    return None


def selected(row: Row, select: Any, everything: Iterable[str]) -> Row:
    """The fields asked for (all for an empty select or "*"), sorted by name as the portal writes them."""
    names = list(everything)
    if isinstance(select, dict):
        select = list(select.values())
    if select and "*" not in select:
        wanted = set(map(str, select))
        names = [name for name in names if name in wanted]
    return {name: row.get(name) for name in names}
