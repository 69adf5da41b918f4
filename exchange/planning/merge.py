"""Three-way merge of a document or a party by field ownership: what either side changed reaches the other, nothing is lost. Pure.

Each group of fields (the names of mapping.trade_rules.DOCUMENT_FIELDS and PARTY_FIELDS) is merged for itself. An owner's value holds;
"last" takes the value of whoever changed it since both agreed, and a Conflict when both did, differently. A side that does not say
something (None, or "" and 0 where they mean that) has not changed it. Lines, phones, accounts and so on are merged one by one, so the
portal's change of one line and 1C's change of another are no conflict.

At the first meeting (nothing agreed) nothing was changed yet: a side that has nothing takes the other's value, and if both have one,
`first` says whose holds; no conflict arises.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from exchange.money import totals
from exchange.planning.merge_parts import Conflict, Owner, Side, Sides
from exchange.planning.merge_tables import DOCUMENT, PARTY, Table
from exchange.planning.trade import Party, Trade

T = TypeVar("T", Trade, Party)

__all__ = ["Conflict", "Merged", "merge"]


@dataclass(frozen=True, slots=True)
class Merged(Generic[T]):
    """The outcome of a merge.

    `value` is what the portal shall have and `for_onec` what 1C shall have: they differ only where there is a conflict (each side
    keeps its own there), and in what one side does not say at all. `to_portal` and `to_onec` name the groups in which a side is not
    yet so. `agreed` is to be kept for the next merge: `value`, but what it was before where there is a conflict.
    """

    value: T
    for_onec: T
    agreed: T
    to_portal: frozenset[str] = frozenset()
    to_onec: frozenset[str] = frozenset()
    conflicts: tuple[Conflict, ...] = ()


def merge(
    agreed: T | None,
    portal: T | None,
    onec: T | None,
    owners: Mapping[str, Owner],
    *,
    onec_before: T | None = None,
    first: Side | None = None,
) -> Merged[T]:
    """Merge what both sides say now with what they agreed on; at least one side must say something (ValueError).

    `onec_before` is what 1C said when `agreed` was kept: with it a change of ours that 1C was given and did not take (УТ 11 leaves
    orders alone that are in work) is not mistaken for a change that 1C made back. `first` is documented above (by default the portal
    for documents and 1C for parties).
    """
    one = portal if portal is not None else onec
    if one is None:
        raise ValueError("nothing to merge: neither side says anything")
    table = _TABLES[type(one)]
    sides = Sides(agreed, portal, onec, onec_before, first or table.first)
    values, for_onec, kept = (_base(table, portal, onec, agreed) for _ in range(3))
    to_portal: set[str] = set()
    to_onec: set[str] = set()
    conflicts: list[Conflict] = []
    for part in table.parts:
        outcome = part.merge(sides, owners.get(part.group, "last"))
        values.update(outcome.portal)
        for_onec.update(outcome.onec)
        kept.update(outcome.agreed)
        conflicts += outcome.conflicts
        if outcome.to_portal:
            to_portal.add(part.group)
        if outcome.to_onec:
            to_onec.add(part.group)
    make: Any = type(one)
    value, wanted, base = (_summed(make(**fields)) for fields in (values, for_onec, kept))
    return Merged(value, wanted, base, frozenset(to_portal), frozenset(to_onec), tuple(conflicts))


_TABLES: Final[Mapping[type, Table]] = {Trade: DOCUMENT, Party: PARTY}


def _summed(value: Any) -> Any:
    """A document with lines has their sum as its amount."""
    if not isinstance(value, Trade) or not value.lines:
        return value
    return dataclasses.replace(value, amount=totals(value.lines, value.currency).amount)


def _base(table: Table, portal: Any, onec: Any, agreed: Any) -> dict[str, Any]:
    """What is not merged: the portal's own from the portal, the rest from 1C; each as long as that side says it."""
    found: dict[str, Any] = {}
    one = next(side for side in (portal, onec) if side is not None)
    for field in dataclasses.fields(one):
        order = (portal, agreed, onec) if field.name in table.portals else (onec, agreed, portal)
        said = [getattr(side, field.name) for side in order if side is not None]
        blank = field.default if field.default is not dataclasses.MISSING else None
        found[field.name] = next((value for value in said if value is not None and value != blank), said[0])
    return found
