"""Typed fields of an entity: reading what a client sent, and describing them as `*.getFields` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.portal.clock import normalised
from sandbox.portal.errors import RestError
from sandbox.portal.registry import Call
from sandbox.portal.store import Row


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its kind and whether a client must, may or may not send it."""

    name: str
    kind: str
    required: bool = False
    read_only: bool = False
    immutable: bool = False
    default: Any = None
    label: str = ""

    def described(self, *, named: bool = False) -> Row:
        """The field as `getFields` shows it."""
        row: Row = {"isImmutable": self.immutable, "isReadOnly": self.read_only, "isRequired": self.required}
        if named:
            row["name"] = self.label or self.name
        return row | {"type": self.kind}


def names(text: str) -> tuple[str, ...]:
    """Field names out of one string."""
    return tuple(text.split())


def fields(text: str, **defaults: Any) -> dict[str, Field]:
    """Fields from "name*:string id!:integer iblockId*^:integer": `*` required, `!` read-only, `^` immutable."""
    table = {}
    for item in text.split():
        mark, _, kind = item.partition(":")
        name = mark.rstrip("*!^")
        table[name] = Field(name, kind or "string", "*" in mark, "!" in mark, "^" in mark, defaults.get(name))
    return table


def described(table: dict[str, Field], *, named: bool = False) -> dict[str, Row]:
    """All fields as `getFields` shows them, by name."""
    return {name: table[name].described(named=named) for name in sorted(table)}


def read(call: Call, given: Any, table: dict[str, Field], *, adding: bool, code: str | int = 0) -> Row:
    """The known, writable fields of a client's `fields`, in the portal's types; raises the documented refusals.

    Unknown and read-only names are dropped, as on the portal, and noted in the record of calls.
    """
    if not isinstance(given, dict):
        given = {}
    lacking = [
        name for name, field in table.items() if field.required and (adding or name in given) and given.get(name) in (None, "")
    ]
    if lacking:
        raise RestError(code, f"Required fields: {', '.join(lacking)}")
    row: Row = {}
    for name, value in given.items():
        field = table.get(name)
        if field is None or field.read_only:
            call.portal.calls.ignored_fields[name] += 1
        elif adding or not field.immutable:
            row[name] = typed(name, field.kind, value, code)
    return row


def with_defaults(row: Row, table: dict[str, Field]) -> Row:
    """The row with every field of the table, defaults where nothing was sent."""
    return {name: row.get(name, field.default) for name, field in table.items() if name != "id"} | row


def typed(name: str, kind: str, value: Any, code: str | int = 0) -> Any:
    """A value in its field's type; raises RestError for one that cannot be read."""
    if value is None or value == "":
        return None
    try:
        if kind == "integer":
            return int(str(value))
        if kind == "double":
            return number(float(str(value).replace(",", ".")))
        if kind == "datetime":
            return normalised(str(value))
    except ValueError:
        raise RestError(code, f"Invalid value {{{value}}} of field {name}") from None
    if kind == "char":
        return "Y" if value in ("Y", "y", True, 1, "1") else "N"
    if kind == "string":
        if isinstance(value, (dict, list)):
            raise RestError(code, f"Invalid value of field {name}: string expected")
        return str(value)
    return value


def number(value: float) -> int | float:
    """The JSON number PHP writes: whole ones without a point."""
    return int(value) if value == int(value) else value
