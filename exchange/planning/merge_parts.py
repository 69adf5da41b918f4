"""How one field, or one list of things, is merged: the rules behind merge.py. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

from exchange.planning.align import Slot, align

Owner = Literal["portal", "onec", "last"]
Side = Literal["portal", "onec"]


class Conflict(NamedTuple):
    """Both sides changed the same thing since they agreed, differently, and nobody owns it.

    `part` tells what of the group it is: a field's name, or the thing of a list (a line's item, a phone …); the values are those of
    trade.py (None = that side has it no more).
    """

    field: str
    part: str
    agreed: Any
    portal: Any
    onec: Any


class Sides(NamedTuple):
    """What is merged: whole Trades or Parties, or None where there is none."""

    agreed: Any
    portal: Any
    onec: Any
    before: Any  # what 1C said when `agreed` was kept
    first: Side


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a part comes to: field → value for each side and for the next agreement."""

    portal: Mapping[str, Any]
    onec: Mapping[str, Any]
    agreed: Mapping[str, Any]
    to_portal: bool = False
    to_onec: bool = False
    conflicts: tuple[Conflict, ...] = ()


class Part(Protocol):
    """A part of a group of fields that is merged for itself."""

    @property
    def group(self) -> str: ...

    def merge(self, sides: Sides, owner: Owner) -> Outcome: ...


Verdict = Literal["portal", "onec", "agreed", "conflict"]


def verdict(
    agreed: Any,
    portal: Any,
    onec: Any,
    before: Any,
    *,
    owner: Owner,
    first: Side | None,
    same: Callable[[Any, Any], bool] = operator.eq,
    empty: Callable[[Any], bool] = lambda value: False,
) -> Verdict:
    """Whose value holds; None = that side does not say. `first` None: it is no first meeting, both agreed that there is no such value."""
    if portal is None or onec is None:
        return "portal" if portal is not None else "onec" if onec is not None else "agreed"
    if same(portal, onec):
        return "portal"
    if agreed is None and first is not None:
        if empty(portal) or empty(onec):
            return "onec" if empty(portal) else "portal"
        return first if owner == "last" else owner
    if owner != "last":
        return owner
    if agreed is None:
        return "conflict" if before is None or not same(onec, before) else "portal"
    portal_changed = not same(portal, agreed)
    onec_changed = _changed(onec, agreed, before, same)
    if portal_changed and onec_changed:
        return "conflict"
    return "onec" if onec_changed else "portal"


def _changed(onec: Any, agreed: Any, before: Any, same: Callable[[Any, Any], bool]) -> bool:
    """Whether 1C changed a value: it is neither what both agreed on nor what 1C has been saying all along."""
    return not same(onec, agreed) and (before is None or not same(onec, before))


def nothing(value: Any) -> bool:
    """Whether a value that is said says that there is none."""
    return value in ("", (), frozenset())


@dataclass(frozen=True, slots=True)
class Field:
    """One value: `names[0]` is compared (in `normal` form), the other fields go along with it. `unsaid`: values that say nothing."""

    group: str
    names: tuple[str, ...]
    normal: Callable[[Any], Any] = lambda value: value
    unsaid: tuple[Any, ...] = (None,)

    def merge(self, sides: Sides, owner: Owner) -> Outcome:
        agreed, portal, onec, before = (self._said(side) for side in sides[:4])
        choice = verdict(agreed, portal, onec, before, owner=owner, first=sides.first, empty=nothing)
        if choice == "conflict":
            own = tuple(getattr(side, self.names[0]) for side in sides[:3])
            conflict = Conflict(self.group, self.names[0], *own)
            kept = {name: getattr(sides.agreed, name) for name in self.names}
            return Outcome(self._of(sides.portal), self._of(sides.onec), kept, conflicts=(conflict,))
        values = self._of(getattr(sides, choice), sides.onec, sides.portal, sides.agreed)
        value = self._normal(values[self.names[0]])
        return Outcome(
            values,
            values,
            values,
            to_portal=value is not None and value != (portal if portal is not None else agreed),
            to_onec=value is not None and value != (onec if onec is not None else agreed),
        )

    def _said(self, side: Any) -> Any:
        return None if side is None else self._normal(getattr(side, self.names[0]))

    def _normal(self, value: Any) -> Any:
        return None if value in self.unsaid else self.normal(value)

    def _of(self, chosen: Any, *others: Any) -> dict[str, Any]:
        """The fields as the chosen side has them; what it does not say of those that go along, as one has it that says the same."""
        said = self._said(chosen)
        alike = [side for side in (chosen, *others) if side is not None and self._said(side) == said]
        found = {}
        for name in self.names:
            values = [getattr(side, name) for side in alike]
            found[name] = next((value for value in values if value not in (None, "", 0)), values[0] if values else None)
        return found


@dataclass(frozen=True, slots=True)
class Each:
    """A list of things, merged one by one.

    `keys` tell which things of different sides are one, `same` whether two of them say the same, `label` names one in a conflict.
    `join` completes the thing that holds with what the others know of it: (chosen, portal's, 1C's) → thing. `whole`: an owner's list
    holds as a whole, and at the first meeting one side's does; else things that only one side has are kept. `apart`: align's.
    """

    group: str
    name: str
    keys: Callable[[Any], Sequence[Hashable]]
    same: Callable[[Any, Any], bool]
    label: Callable[[Any], str]
    join: Callable[[Any, Any, Any], Any]
    whole: bool = False
    apart: Callable[[Any, Any], bool] = lambda one, other: False

    def merge(self, sides: Sides, owner: Owner) -> Outcome:
        order = (("agreed", sides.agreed), ("before", sides.before), ("portal", sides.portal), ("onec", sides.onec))
        lists = {name: getattr(side, self.name) for name, side in order if side is not None}
        said = {name: things for name, things in lists.items() if things is not None}
        if "portal" not in said and "onec" not in said:
            kept = {self.name: said.get("agreed")}
            return Outcome(kept, kept, kept)
        holder = self._holder(said, owner, sides.first)
        slots = align(said, self.keys, self.same, self.apart)
        slots.sort(key=lambda slot: next((rank, slot.at[name]) for rank, name in enumerate(_ORDER) if name in slot.at))
        found: dict[str, list[Any]] = {"portal": [], "onec": [], "agreed": []}
        differs = {"portal": False, "onec": False}
        conflicts = []
        for slot in slots:
            choice, thing = self._choose(slot, said, holder, owner, sides.first)
            if choice == "conflict":
                three = [slot.get(name) for name in ("agreed", "portal", "onec")]
                conflicts.append(Conflict(self.group, self.label(next(one for one in three if one is not None)), *three))
            for name, things in found.items():
                one = slot.get(name) if choice == "conflict" else thing
                if one is not None:
                    things.append(one)
                if name in differs:
                    differs[name] |= not self._alike(one, slot.get(name if name in said else "agreed"))
        values = {name: {self.name: tuple(things)} for name, things in found.items()}
        return Outcome(values["portal"], values["onec"], values["agreed"], differs["portal"], differs["onec"], tuple(conflicts))

    def _alike(self, one: Any, other: Any) -> bool:
        return one is other or (one is not None and other is not None and self.same(one, other))

    def _holder(self, said: Mapping[str, Sequence[Any]], owner: Owner, first: Side) -> Side | None:
        """The side whose whole list holds, if one does."""
        portal, onec = said.get("portal"), said.get("onec")
        if portal is None or onec is None:
            return "onec" if portal is None else "portal"
        if not self.whole or ("agreed" in said and owner == "last"):
            return None
        if "agreed" not in said and not (portal and onec):
            return "portal" if portal else "onec"
        return first if owner == "last" else owner

    def _choose(
        self, slot: Slot[Any], said: Mapping[str, Any], holder: Side | None, owner: Owner, first: Side
    ) -> tuple[Verdict, Any]:
        """Whose thing holds, and the thing (None = it is gone)."""
        agreed, portal, onec = (slot.get(name) for name in ("agreed", "portal", "onec"))
        before = slot.get("before") if "before" in said else agreed
        met = "agreed" in said
        choice: Verdict
        if holder is not None:
            choice = holder
        elif portal is not None and onec is not None:
            choice = verdict(agreed, portal, onec, slot.get("before"), owner=owner, first=None if met else first, same=self.same)
        elif portal is not None:
            # 1C has it no more, or never had it.
            gone = before is not None and agreed is not None
            choice = self._taken("onec", owner, changed=not self.same(portal, agreed)) if gone else "portal"
        elif onec is not None and agreed is None:
            # New in 1C; or taken away in the portal before, and 1C has not followed yet.
            followed = slot.get("before") is None or not self.same(onec, slot.get("before"))
            choice = "onec" if followed else "portal"
        elif onec is not None:
            choice = self._taken("portal", owner, changed=_changed(onec, agreed, slot.get("before"), self.same))
        else:
            choice = "portal"
        thing = slot.get(choice) if choice != "conflict" else None
        return choice, None if thing is None else self.join(thing, portal, onec)

    def _taken(self, by: Side, owner: Owner, *, changed: bool) -> Verdict:
        """Whose word holds about a thing that side `by` took away and the other one still has."""
        if owner != "last":
            return owner
        return "conflict" if changed else by


_ORDER: Final = ("portal", "onec", "agreed", "before")
