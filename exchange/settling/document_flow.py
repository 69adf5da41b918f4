"""One document, from reading to both sides knowing the same: a straight line without I/O of its own.

read fresh → (made in the portal, if 1C made it first) → merged three ways → what 1C's payments, shipments and status mean → written
to the portal by difference → read again → put out for 1C if it should have something else than it was given. Whatever fails stays
with this document; whatever was learnt before the failure is kept.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.errors import RestError
from exchange.imports.flows import Ask
from exchange.money import totals
from exchange.planning.effects import Effects, Place, effects_of
from exchange.planning.merge import Merged
from exchange.planning.portal_trades import Fresh, Words, product_ids, trade_from, whole
from exchange.planning.stored import to_data
from exchange.planning.trade import Line, Trade
from exchange.settling.combining import agreed_after, agreed_now, combined, onec_after, onec_before, with_products
from exchange.settling.creating import make
from exchange.settling.document_tools import Buyer, DocumentTools
from exchange.settling.flows import DocumentWork, Flow, Learnt, fail
from exchange.settling.gather import read_again
from exchange.settling.offering import Offered, offer, withdraw_from_onec
from exchange.settling.own_companies import own_company
from exchange.settling.people import read_people
from exchange.settling.telling import tell
from exchange.settling.untaken import CAUSE, shown, untaken
from exchange.settling.writing import write

Steps = Generator[Ask, list[Outcome], None]


def document_flow(work: DocumentWork, fresh: Fresh | None, tools: DocumentTools, log: Learnt) -> Flow:
    """Settle one row; `fresh` is the portal's document as just read (None: it is not there, or the row has none yet)."""
    try:
        yield from _settle(work, fresh, tools, log)
    except RestError as error:
        fail(work.key, work.version, name_of(work), error, log)
    return None


def name_of(work: DocumentWork) -> str:
    """What people call the document."""
    side = work.portal_side or work.onec_side
    return (side.title or side.onec_number or side.number if side else "") or work.number or work.onec_id or str(work.b24_id)


def _settle(work: DocumentWork, fresh: Fresh | None, tools: DocumentTools, log: Learnt) -> Steps:
    if not _travels(work):
        log.withdrawn.add(work.pk)
        log.done[work.key] = work.version
        return
    buyer = tools.buyer(work.onec_side.party) if work.onec_side is not None else Buyer()
    if buyer.waits:
        log.later[work.key] = tools.wait_for_party
        return
    new = work.b24_id is None
    if new:
        made = yield from make(work, buyer.key, tools, log)
        if made is None:
            return
        work, fresh = made
    if fresh is None:
        _gone(work, tools, log)
        return
    own = yield from own_company(work, tools, log)
    onec = onec_in_portal_ids(work, buyer.key, own or 0, tools)
    portal = portal_trade(work, fresh, tools, exact_lines(work))
    merged = combined(work, portal, onec)
    effects = _effects(work, merged, portal, tools, first=new)
    written = yield from write(work, fresh, portal, merged, effects, tools, log)
    if written.sent:
        key = (work.entity_type_id, whole(fresh.item["id"]))
        fresh = yield from read_again(key, fresh, written.item, links=written.links)
        if fresh is None:
            _gone(work, tools, log)
            return
        # What the portal made of it: it may have rounded, completed or refused.
        portal = portal_trade(work, fresh, tools, merged.value.lines or ())
        merged = combined(work, portal, onec)
    yield from read_people([fresh], tools)
    entries = yield from tell(work, fresh, portal, effects, tools, log)
    offered = offer(work, fresh, portal, merged, effects, tools, log)
    _conflicts(work, merged, log)
    kept = _untaken(work, portal, onec, merged, tools, log)
    known = {"manual": written.manual or None, "untaken": kept, "own_missing": own is None or None}
    work = replace(work, known={**work.known, **known})
    _learn(work, portal, merged, effects, entries, offered, log)


def _travels(work: DocumentWork) -> bool:
    """Whether documents of its kind are exchanged at all; one whose kind was switched off stays with both sides as it is."""
    rules = work.base.rules.trade.of_kind(work.entity_type_id)
    return rules.travels or (rules.made_from_onec and (work.b24_id is None or work.known.get("origin") == "onec"))


def onec_in_portal_ids(work: DocumentWork, buyer: tuple[int, int] | None, own: int, tools: DocumentTools) -> Trade | None:
    """1C's side with the portal's ids of buyer, own company and products."""
    onec = work.onec_side
    if onec is None:
        return None
    lines = with_products(onec.lines, tools.products([line.item_id for line in onec.lines or ()]))
    return replace(onec, buyer=buyer, my_company_id=own, lines=lines)


def portal_trade(work: DocumentWork, fresh: Fresh, tools: DocumentTools, known: tuple[Line, ...]) -> Trade:
    """The portal's side in shared words."""
    products = product_ids(fresh)
    stages = tools.pipelines.of(work.entity_type_id, whole(fresh.item.get("categoryId")))
    if not any(stage.id == fresh.item.get("stageId") for stage in stages):
        tools.unknown_stages.add(work.pk)
    words = Words(tools.item_ids(products), tools.articles(products), stages)
    return trade_from(fresh, work.entity_type_id, words, work.portal_side, known)


def exact_lines(work: DocumentWork) -> tuple[Line, ...]:
    """The lines whose money is known exactly: as the portal had them when last read, else as both agreed."""
    for side in (work.portal_side, work.agreed):
        if side is not None and side.lines is not None:
            return side.lines
    return ()


def _effects(work: DocumentWork, merged: Merged[Trade], portal: Trade, tools: DocumentTools, *, first: bool) -> Effects | None:
    onec = work.onec_side
    if onec is None:
        return None
    lines = merged.value.lines
    amount = totals(lines, merged.value.currency).amount if lines else portal.amount or onec.amount
    place = Place(
        work.entity_type_id,
        portal.category_id,
        portal.stage_id,
        tools.pipelines.of(work.entity_type_id, portal.category_id),
    )
    rules = work.base.rules.trade
    return effects_of(onec, amount or totals((), portal.currency).amount, place, rules, work.known.get("happened"), first=first)


def _conflicts(work: DocumentWork, merged: Merged[Trade], log: Learnt) -> None:
    """True conflicts are told to a person, one problem a document; the other fields go on without them."""
    if not merged.conflicts:
        log.over[work.key] = log.over.get(work.key, frozenset()) | {"document-conflict"}
        return
    told = [
        {"field": conflict.field, "part": conflict.part, "portal": _shown(conflict.portal), "onec": _shown(conflict.onec)}
        for conflict in merged.conflicts
    ]
    log.trouble(work.key, name_of(work), "document-conflict", conflicts=told)


def _untaken(
    work: DocumentWork, portal: Trade, onec: Trade | None, merged: Merged[Trade], tools: DocumentTools, log: Learnt
) -> list[str] | None:
    """What 1C keeps of its own against ours is told to a person; returns the groups."""
    groups = untaken(work, portal, onec, merged, tools.tells)
    if onec is None or not groups:
        log.over[work.key] = log.over.get(work.key, frozenset()) | {CAUSE}
        return None
    log.trouble(work.key, name_of(work), CAUSE, conflicts=shown(portal, onec, groups))
    return sorted(groups)


def _shown(value: Any) -> Any:
    """A value as people see it in a problem."""
    if isinstance(value, Line):
        return to_data(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _learn(
    work: DocumentWork,
    portal: Trade,
    merged: Merged[Trade],
    effects: Effects | None,
    entries: dict[str, Any] | None,
    offered: Offered,
    log: Learnt,
) -> None:
    # What the portal refused, it did not take back: it stays as it was agreed on before.
    # And what 1C keeps of its own is not agreed on by its saying success.
    missed = merged.to_portal | frozenset(work.known.get("untaken") or ())
    reached = agreed_after(merged, agreed_now(work), missed)
    agreed = agreed_after(merged, agreed_now(work), missed | offered.groups)
    known = {**work.known, "decided": None, "company": offered.company or None}
    known["offered"] = to_data(reached) if offered.groups and reached is not None else None
    if work.onec_side is not None and agreed is not None:
        known["onec_agreed"] = to_data(onec_after(work.onec_side, onec_before(work), merged))
    if effects is not None:
        known |= {"happened": dict(effects.happened), "own": dict(effects.own)}
    if entries is not None:
        known["entries"] = entries
    log.learn(
        work.key,
        portal_side=to_data(portal),
        agreed=to_data(agreed) if agreed is not None else None,
        known={name: value for name, value in known.items() if value is not None},
    )
    log.done[work.key] = work.version


def _gone(work: DocumentWork, tools: DocumentTools, log: Learnt) -> None:
    """Deleted in the portal: 1C hears once that it is cancelled, if it ever heard of it; else it never will."""
    before = work.portal_side
    if not work.given:
        log.withdrawn.add(work.pk)
    elif before is not None and not before.deleted:
        withdraw_from_onec(work, before, tools, log)
    if before is not None:
        log.learn(work.key, portal_side=to_data(replace(before, deleted=True, cancelled=True)))
    log.over[work.key] = frozenset()
    log.done[work.key] = work.version
