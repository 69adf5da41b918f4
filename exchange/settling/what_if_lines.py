"""How a change of rules is told: one line for each kind of thing it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

# How many things of a kind are named.
EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that is concerned: its name for people, what changes of it ("Sent → Won"), its address in the portal."""

    name: str
    detail: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """`text` tells it in a sentence with its number in it; not `exact`: the number was reckoned from a part of them."""

    key: str
    text: str
    count: int
    exact: bool = True
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """All that a change would do; not `complete`: the portal could not be asked which documents would begin to travel."""

    lines: tuple[Line, ...] = ()
    complete: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing is known that the change concerns."""
        return self.complete and not self.lines


def counted(table: str, columns: str, where: str, params: Sequence[Any]) -> tuple[int, list[tuple[Any, ...]]]:
    """How many rows of the table there are, and the newest of them as (columns)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select count(*) over (), {columns} from {table} row where {where} order by row.id desc limit {EXAMPLES}",  # noqa: S608
            list(params),
        )
        rows = cursor.fetchall()
    return (int(rows[0][0]) if rows else 0), [tuple(row[1:]) for row in rows]


def arrow(old: str, new: str) -> str:
    """What becomes of a value, for people."""
    return f"{old or '–'} → {new or '–'}"


def named(rows: Iterable[tuple[Any, ...]]) -> tuple[Example, ...]:
    """Rows of (name, id) as examples: what has no name is called by its id."""
    return tuple(Example(str(name or id)) for name, id in rows)
