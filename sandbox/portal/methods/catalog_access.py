"""What the catalogue's methods share: rights, list answers, and looking rows up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.listing import candidates, conditions, page, selected
from sandbox.portal.registry import Call, Page
from sandbox.portal.store import Row

READ, WRITE = 200040300010, 200040300020


def writer(call: Call, code: int = WRITE) -> None:
    """Only administrators change the catalogue."""
    if not call.admin:
        raise RestError(code, "Access Denied")


def needed(call: Call, kind: str, key: Any, error: RestError) -> Row:
    """A row by id, or the method's own refusal."""
    row = call.store.get(kind, key)
    if row is None:
        raise error
    return row


def listed(call: Call, kind: str, result: str, names: Iterable[str]) -> Page:
    """The usual list: filter (unknown names dropped), order, select, page; rows under the result's key."""
    names = sorted(names)
    given = call.get("filter") or {}
    test = conditions(given, set(names).__contains__)
    found = page(call, [row for row in candidates(call.store, kind, given) if test(row)], call.get("order"))
    return Page({result: [selected(row, call.get("select"), names) for row in found.result]}, found.total, found.next)


def shown(row: Row, names: Iterable[str]) -> Row:
    """A row as an answer shows it."""
    return {name: row.get(name) for name in sorted(names)}
