"""Both sides of a document brought together: what each shall have, and what is agreed on from now on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exchange.money import totals
from exchange.planning.merge import Merged, merge
from exchange.planning.merge_tables import DOCUMENT
from exchange.planning.stored import from_data
from exchange.planning.trade import Line, Trade
from exchange.settling.flows import DocumentWork


def combined(work: DocumentWork, portal: Trade | None, onec: Trade | None) -> Merged[Trade]:
    """The three-way merge of the document by the base's owners; `onec` has its buyer and own company in the portal's ids.

    What 1C was offered counts as agreed on once 1C confirmed it; until then the former agreement does, so that a change 1C makes
    before it hears of ours is not taken for an answer to it.
    """
    before = work.known.get("onec_agreed")
    return merge(
        agreed_now(work),
        portal,
        onec,
        work.base.rules.trade.document_owners,
        onec_before=from_data(Trade, before) if before else None,
        first="onec" if work.known.get("origin") == "onec" else "portal",
    )


def agreed_now(work: DocumentWork) -> Trade | None:
    """What both sides have agreed on when settling begins."""
    offered = work.known.get("offered")
    return from_data(Trade, offered) if offered and work.confirmed else work.agreed


def agreed_after(merged: Merged[Trade], before: Trade | None, offered: frozenset[str]) -> Trade | None:
    """The agreement to keep: what still has to reach 1C is only offered yet, so its groups stay as they were."""
    if not offered:
        return merged.agreed
    if before is None:
        return None
    names = {name for part in DOCUMENT.parts if part.group in offered for name in _names(part)}
    return replace(merged.agreed, **{name: getattr(before, name) for name in names})


def _names(part: Any) -> tuple[str, ...]:
    return part.names if hasattr(part, "names") else (part.name,)


def with_products(lines: tuple[Line, ...] | None, products: Mapping[str, int]) -> tuple[Line, ...] | None:
    """The lines with the portal's ids of their items."""
    if lines is None:
        return None
    return tuple(replace(line, product_id=line.product_id or products.get(line.item_id, 0)) for line in lines)


def for_onec(merged: Merged[Trade], portal: Trade) -> Trade:
    """What 1C is given: its own facts (payments, shipments, statuses) do not go back to it, nor what it cannot use."""
    told = merged.for_onec
    lines = None if told.lines is None else tuple(replace(line, row_id=0, product_id=0) for line in told.lines)
    return replace(
        told,
        number=portal.number,
        amount=totals(lines, told.currency).amount if lines else portal.amount,
        lines=lines,
        cancelled=bool(told.cancelled),
        deleted=None,
        posted=None,
        status_id=None,
        status_name=None,
        payments=None,
        shipments=None,
        paid=None,
        shipped=None,
        paid_number="",
        paid_on=None,
        shipped_number="",
        shipped_on=None,
        onec_number="",
        onec_date=None,
        version="",
        facts=(),
        updated_at="",
    )
