"""Changes of the portal that 1C was given and leaves alone: it says success, and goes on with its own.

Nearly every generation does so with orders that have a payment or a shipment (onec-clients: A, B, C, D), УТ 11 also by the order's
status. The exchange cannot change that; a person is told what differs, and may take 1C's values with one click. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from exchange.planning.merge import Merged
from exchange.planning.stored import plain
from exchange.planning.trade import Line, Payment, Shipment, Trade
from exchange.settling.combining import SILENT, agreed_now, asked, fields_of
from exchange.settling.flows import DocumentWork

CAUSE: Final = "document-not-taken"
# What 1C takes of any order: its flags.
_ALWAYS: Final = frozenset({"stage", "cancelled"})
# Бухгалтерия writes an invoice anew each time.
_TAKES_ALL: Final = frozenset({"bp30"})


def untaken(
    work: DocumentWork,
    portal: Trade,
    onec: Trade | None,
    merged: Merged[Trade],
    tells: Callable[[], Collection[str]] = frozenset,
) -> frozenset[str]:
    """The groups in which 1C keeps its own against ours; none while it may still take ours.

    `tells`: of SILENT, what this 1C tells of other orders: if it leaves that out of this one, it has none.
    """
    if onec is None:
        return frozenset()
    groups = merged.to_onec - _ALWAYS
    silent = frozenset(name for name in SILENT if getattr(portal, name) and getattr(onec, name) is None)
    groups |= silent and silent.intersection(tells())
    if work.base.configuration not in _TAKES_ALL and at_work(onec):
        return groups
    if not work.confirmed:
        return groups & frozenset(work.known.get("untaken") or ())
    # It confirmed exactly this, and what it has told of itself since is something else.
    offered = agreed_now(work)
    disputed = {conflict.field for conflict in merged.conflicts}
    groups -= disputed
    same = frozenset(group for group in groups if offered is not None and _says(portal, group) == _says(offered, group))
    return same if work.told_since else same & frozenset(work.known.get("untaken") or ())


def at_work(onec: Trade) -> bool:
    """Whether 1C has a payment or a shipment for it."""
    documents: list[Payment | Shipment] = [*(onec.payments or ()), *(onec.shipments or ())]
    return bool(onec.paid or onec.shipped) or any(not one.cancelled for one in documents)


def shown(portal: Trade, onec: Trade, groups: Iterable[str]) -> list[dict[str, Any]]:
    """Both values of each group for a person, as in a conflict."""
    return [{"field": group, "part": "", "portal": _text(portal, group), "onec": _text(onec, group)} for group in sorted(groups)]


def _says(trade: Trade, group: str) -> Any:
    return asked(trade) if group == "lines" else [getattr(trade, name) for name in fields_of(group)[:1]]


def _text(trade: Trade, group: str) -> str:
    if group == "lines":
        return "; ".join(_line(line) for line in trade.lines or ())
    return next((str(value) for name in fields_of(group) if (value := getattr(trade, name)) not in (None, "", 0)), "")


def _line(line: Line) -> str:
    return f"{line.name or line.item_id}: {plain(line.quantity)} × {plain(line.price)} = {plain(line.amount)}"
