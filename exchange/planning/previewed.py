"""What a push would change, as data for a page or a program: numbers by kind, and examples with their reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any, Literal

Action = Literal["made", "changed", "matched", "skipped", "removed"]
ACTIONS: tuple[Action, ...] = ("made", "changed", "matched", "skipped", "removed")
# Kinds that are always told, in the order people think of them; dictionaries follow when something happens to them.
KINDS = ("sections", "products", "offers", "prices", "stock", "pictures", "properties")


@dataclass(frozen=True, slots=True)
class Detail:
    """One field as it would become; `before` is what we last wrote there (None: nothing known)."""

    field: str
    after: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One object: what would happen and why. `reason` is a code: new, changed, deleted, replaced, found, waits, or a problem's cause."""

    kind: str
    action: Action
    onec_id: str
    name: str
    reason: str
    details: tuple[Detail, ...] = ()


@dataclass(slots=True)
class Counts:
    """Numbers of objects of one kind by what would happen; `removed` are switched off or taken away, never deleted goods."""

    made: int = 0
    changed: int = 0
    matched: int = 0
    skipped: int = 0
    removed: int = 0

    def add(self, action: Action, count: int = 1) -> None:
        setattr(self, action, getattr(self, action) + count)


@dataclass(frozen=True, slots=True)
class Preview:
    """A push that was planned and not carried out.

    `unchanged` objects would be looked at and left; `resting` ones wait for their time and were not looked at. `troubles` counts by
    cause what could not be decided. `complete`: all that is due was looked at.
    """

    kinds: Mapping[str, Counts] = field(default_factory=dict)
    troubles: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    unchanged: int = 0
    resting: int = 0
    complete: bool = True
    at: str = ""

    @property
    def writes(self) -> int:
        """How many objects the push would change in the portal."""
        return sum(one.made + one.changed + one.removed for one in self.kinds.values())

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "examples": [asdict(example) for example in self.examples], "writes": self.writes}


def chosen(examples: Iterable[Example], most: int) -> tuple[Example, ...]:
    """At most `most` of them, a few of every kind and action rather than many of one."""
    heaps: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        heaps.setdefault((example.kind, example.action), []).append(example)
    rounds = zip_longest(*heaps.values())
    return tuple([example for turn in rounds for example in turn if example is not None][:most])
