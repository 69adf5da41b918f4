"""Both sides of a document brought together: what each shall have, and what is agreed on from now on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from exchange.money import totals
from exchange.planning.merge import Merged, merge
from exchange.planning.merge_parts import Conflict, Each, Field, Owner, Part, Side
from exchange.planning.merge_tables import DOCUMENT
from exchange.planning.stored import from_data
from exchange.planning.trade import Line, Trade
from exchange.planning.vat_sides import uniform
from exchange.settling.flows import DocumentWork

# What an order of 1C leaves out when it is empty.
SILENT: Final = ("comment", "pay_until")


def combined(work: DocumentWork, portal: Trade | None, onec: Trade | None) -> Merged[Trade]:
    """The three-way merge of the document by the base's owners; `onec` has its buyer and own company in the portal's ids.

    What 1C was offered counts as agreed on once 1C confirmed it; until then the former agreement does, so that a change 1C makes
    before it hears of ours is not taken for an answer to it.
    """
    agreed = agreed_now(work)
    before = _still_said(onec_before(work), onec, agreed)
    decided = work.known.get("decided")

    def once(agreed: Trade | None) -> Merged[Trade]:
        owners: dict[str, Owner] = dict(work.base.rules.trade.document_owners)
        if decided == "onec":
            # What 1C would not take of ours, a person gave up.
            owners |= dict.fromkeys(work.known.get("untaken") or (), "onec")
        if work.known.get("own_missing"):
            # The portal put an own company of its own choice there before it was known which one the organisation is.
            owners["my_company"] = "onec"
        first: Side = "onec" if work.known.get("origin") == "onec" else "portal"
        return merge(agreed, portal, onec, owners, onec_before=before, first=first)

    merged = once(agreed)
    if decided in ("portal", "onec") and merged.conflicts and agreed is not None:
        # A person decided: it is as if both had agreed on the value that loses, and only the other side had changed it.
        merged = once(leaning(agreed, merged.conflicts, decided))
    given_up = frozenset(work.known.get("untaken") or ()) if decided == "onec" and onec is not None else frozenset()
    return _emptied(merged, [name for name in SILENT if name in given_up and getattr(onec, name) is None])


def _emptied(merged: Merged[Trade], names: Collection[str]) -> Merged[Trade]:
    """The merge with nothing in these fields: 1C has none, and a person took its word."""
    if not names:
        return merged
    nothing: dict[str, Any] = {name: "" if name == "comment" else None for name in names}
    sides = (replace(side, **nothing) for side in (merged.value, merged.for_onec, merged.agreed))
    value, for_onec, agreed = sides
    to_portal, to_onec = merged.to_portal | frozenset(names), merged.to_onec - frozenset(names)
    return Merged(value, for_onec, agreed, to_portal, to_onec, merged.conflicts)


def agreed_now(work: DocumentWork) -> Trade | None:
    """What both sides have agreed on when settling begins."""
    offered = work.known.get("offered")
    return from_data(Trade, offered) if offered and work.confirmed else work.agreed


def onec_before(work: DocumentWork) -> Trade | None:
    """What 1C said when the agreement was kept."""
    before = work.known.get("onec_agreed")
    return from_data(Trade, before) if before else None


def _still_said(before: Trade | None, onec: Trade | None, agreed: Trade | None) -> Trade | None:
    """What 1C said when the agreement was kept, as far as that still explains what it says now.

    1C that repeats its old lines was given ours and did not take them (УТ 11 leaves orders in work alone). If it says other lines, it
    took ours (it said success) and changed them: then the agreement is what it began with.
    """
    if before is None or onec is None or agreed is None or asked(onec) == asked(before):
        return before
    return keeping(before, agreed, {"lines"})


def asked(trade: Trade) -> list[tuple[str, Decimal, Decimal]]:
    """What the lines ask for, to be compared."""
    return sorted((line.item_id or line.name, line.quantity, line.amount) for line in trade.lines or ())


def agreed_after(merged: Merged[Trade], before: Trade | None, pending: frozenset[str]) -> Trade | None:
    """The agreement to keep: groups that have not reached the other side yet (`pending`) stay as they were agreed on before."""
    if not pending:
        return merged.agreed
    return None if before is None else keeping(merged.agreed, before, pending)


def onec_after(onec: Trade, before: Trade | None, merged: Merged[Trade]) -> Trade:
    """What 1C says beside the new agreement: where that was not reached (a conflict, a refusal), its change is still a change."""
    pending = merged.to_portal | {conflict.field for conflict in merged.conflicts}
    return keeping(onec, before or Trade(), pending) if pending else onec


def keeping(trade: Trade, old: Trade, groups: Collection[str]) -> Trade:
    """The trade with these groups of fields as in `old`."""
    names = {name for group in groups for name in fields_of(group)}
    return replace(trade, **{name: getattr(old, name) for name in names})


def fields_of(group: str) -> tuple[str, ...]:
    """The fields of a group of a document's."""
    return tuple(name for part in DOCUMENT.parts if part.group == group for name in _names(part))


def leaning(agreed: Trade, conflicts: Iterable[Conflict], side: str) -> Trade:
    """The agreement with the losing side's value in place of each conflict's, thing by thing."""
    for conflict in conflicts:
        loser = conflict.onec if side == "portal" else conflict.portal
        if not any(isinstance(one, Line) for one in (conflict.agreed, conflict.portal, conflict.onec)):
            agreed = replace(agreed, **{conflict.part: loser})
            continue
        lines = [line for line in agreed.lines or () if line != conflict.agreed]
        agreed = replace(agreed, lines=tuple([*lines, loser] if loser is not None else lines))
    return agreed


def _names(part: Part) -> tuple[str, ...]:
    return part.names if isinstance(part, Field) else (part.name,) if isinstance(part, Each) else ()


def with_products(lines: tuple[Line, ...] | None, products: Mapping[str, int]) -> tuple[Line, ...] | None:
    """The lines with the portal's ids of their items."""
    if lines is None:
        return None
    return tuple(replace(line, product_id=line.product_id or products.get(line.item_id, 0)) for line in lines)


def for_onec(merged: Merged[Trade], portal: Trade) -> Trade:
    """What 1C is given: its own facts (payments, shipments, statuses) do not go back to it, nor what it cannot use.

    VAT is inside of all lines or on top of all: where the portal's lines and 1C's differ in that, the merge has both ways.
    """
    told = merged.for_onec
    lines = None if told.lines is None else tuple(replace(line, row_id=0, product_id=0) for line in told.lines)
    lines = None if lines is None else uniform(lines, told.currency)
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
