"""Which things of several lists are the same thing: lines, phones, accounts, people. Pure.

Every thing offers keys, the strongest first; two things of different lists are one when they share a key. A thing is never taken
twice, so the second line of an item meets the second line of the other list.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
Keys = Callable[[T], Sequence[Hashable]]


@dataclass(slots=True)
class Slot(Generic[T]):
    """One thing, as each list that has it says it."""

    said: dict[str, T] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)  # where it stands in each list

    def get(self, side: str) -> T | None:
        """The thing as this list has it, or None."""
        return self.said.get(side)


def align(
    sides: Mapping[str, Sequence[T]],
    keys: Keys[T],
    same: Callable[[T, T], bool] = operator.eq,
    apart: Callable[[T, T], bool] = lambda one, other: False,
) -> list[Slot[T]]:
    """The things of all lists, each once, in the order of the lists.

    Among several candidates for a key the one that is the `same` goes first: so removing the first of two lines of one item does not
    look as if the first had been changed into the second and the second been removed. Things that are `apart` are never one, whatever
    keys they share.
    """
    slots: list[Slot[T]] = []
    places: dict[Hashable, list[int]] = {}
    for side, things in sides.items():
        left = list(range(len(things)))
        offered = [tuple(keys(thing)) for thing in things]
        found: dict[int, int] = {}
        for strict in (True, False):
            for level in range(max(map(len, offered), default=0)):
                for index in [index for index in left if level < len(offered[index])]:
                    for place in places.get(offered[index][level], ()):
                        others, thing = slots[place].said, things[index]
                        if side in others or any(apart(thing, other) for other in others.values()):
                            continue
                        if strict and not any(same(thing, other) for other in others.values()):
                            continue
                        others[side] = thing
                        slots[place].at[side] = index
                        found[index] = place
                        break
                left = [index for index in left if index not in found]
        for index in left:
            found[index] = len(slots)
            slots.append(Slot({side: things[index]}, {side: index}))
        for index, place in found.items():
            for key in offered[index]:
                if place not in (known := places.setdefault(key, [])):
                    known.append(place)
    return slots
