"""Before items go their own ways: which of their elements the portal has already, and which of them another base owns.

Looked up fifty at a time by 1C's id, so that nothing is ever made twice, even after a crash or a new installation.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports import commands
from exchange.imports.flows import Ask, Flow, Log, Tools, Work, fail
from exchange.imports.item_flow import item_flow
from exchange.imports.matching import SHAPES, LookUpFailed, Match, match
from exchange.planning.changes import Known
from exchange.planning.desired import number
from exchange.planning.items import Element, Item, Shape


def chunk_flow(works: Sequence[Work], tools: Tools, log: Log) -> Flow:
    """Look up, fifty at a time, which elements are in the portal already; then each item goes its own way."""
    matched: Mapping[str, Match] = {}
    try:
        found = yield from _find(works, tools)
        if tools.rules.match_by_article or tools.rules.match_by_barcode:
            matched = yield from match(works, found, tools)
    except LookUpFailed as failure:
        for work in works:
            fail(work, failure.error, tools, log)
        return None
    for work in works:
        _adopt(work, found, matched, log)
    _share(works, tools)
    flows: list[Flow] = [item_flow(work, tools, log) for work in works]
    return flows


def _find(works: Sequence[Work], tools: Tools) -> Generator[Ask, list[Outcome], Mapping[str, Mapping[int, Shape]]]:
    """1C id → the portal's elements with it as their external id; raises LookUpFailed."""
    references = tools.references
    by_shape: dict[Shape, list[str]] = {}
    found: dict[str, dict[int, Shape]] = {}
    for work in works:
        for element in work.to_find():
            if element.onec_id in tools.found:
                found[element.onec_id] = tools.found.pop(element.onec_id)
                continue
            by_shape.setdefault("offer" if element.shape == "offer" else "product", []).append(element.onec_id)
    asked: list[tuple[Shape, Command]] = []
    for wanted, ids in by_shape.items():
        iblock = references.offers_iblock_id if wanted == "offer" else references.iblock_id
        for start in range(0, len(ids), commands.LOOKUP_SIZE):
            page = ids[start : start + commands.LOOKUP_SIZE]
            shapes: tuple[Shape, ...] = ("offer",) if wanted == "offer" else SHAPES
            asked += [(shape, commands.find_elements(shape, iblock, page)) for shape in shapes]
    outcomes = (yield Ask(tuple(command for _, command in asked))) if asked else []
    for (shape, _), outcome in zip(asked, outcomes, strict=True):
        if outcome.error is not None:
            raise LookUpFailed(outcome.error)
        for row in commands.listed_elements(shape, outcome.result):
            found.setdefault(str(row["xmlId"]), {})[int(row["id"])] = shape
    return found


def _share(works: Sequence[Work], tools: Tools) -> None:
    """Note which elements another base owns, and add what other bases have of them to the total."""
    ids = {b24_id: (work, onec_id) for work in works for onec_id, b24_id in work.links.items()}
    for b24_id, (owned_elsewhere, quantity) in tools.elsewhere(list(ids)).items():
        work, onec_id = ids[b24_id]
        if owned_elsewhere:
            work.shared = work.shared | {onec_id}
        work.item = _with_more(work.item, onec_id, quantity)


def _with_more(item: Item, onec_id: str, quantity: Decimal) -> Item:
    def add(element: Element) -> Element:
        if element.onec_id != onec_id or element.quantity is None:
            return element
        return replace(element, quantity=number(Decimal(element.quantity) + quantity))

    return replace(item, element=add(item.element) if item.element else None, offers=tuple(add(offer) for offer in item.offers))


def _adopt(work: Work, found: Mapping[str, Mapping[int, Shape]], matched: Mapping[str, Match], log: Log) -> None:
    """Take over what the portal has already under the same external id (or the same article or barcode)."""
    for element in work.to_find():
        hits = found.get(element.onec_id, {})
        same = [b24_id for b24_id, shape in hits.items() if shape == element.shape]
        other = [b24_id for b24_id in hits if b24_id not in same]
        if same:
            _take(work, element, min(same), element.shape, log)
        elif other and element.onec_id not in work.links:
            _take(work, element, min(other), hits[min(other)], log)
        elif element.onec_id in matched and element.onec_id not in work.links:
            match = matched[element.onec_id]
            if match.trouble is not None:
                work.item = replace(work.item, troubles=(*work.item.troubles, match.trouble))
            else:
                _take(work, element, match.b24_id, element.shape, log)


def _take(work: Work, element: Element, b24_id: int, shape: Shape, log: Log) -> None:
    known = Known(shape=shape, prices=None, pictures_unsure=True)
    work.links[element.onec_id], work.known[element.onec_id] = b24_id, known
    if shape == element.shape:
        # Kept at once: where another base owns the fields, nothing may be written that would tell of it.
        home = work.home(element.onec_id)
        log.linked[home], log.known[home] = b24_id, known.to_json()
