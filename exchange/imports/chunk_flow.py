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
from exchange.planning.changes import Known
from exchange.planning.desired import number
from exchange.planning.items import Element, Item, Shape, Trouble
from exchange.planning.references import ARTICLE, BARCODE


def chunk_flow(works: Sequence[Work], tools: Tools, log: Log) -> Flow:
    """Look up, fifty at a time, which elements are in the portal already; then each item goes its own way."""
    references = tools.references
    by_shape: dict[Shape, list[str]] = {}
    for work in works:
        for element in work.to_find():
            by_shape.setdefault("offer" if element.shape == "offer" else "product", []).append(element.onec_id)
    asked: list[tuple[Shape, Command]] = []
    for wanted, ids in by_shape.items():
        iblock = references.offers_iblock_id if wanted == "offer" else references.iblock_id
        for start in range(0, len(ids), commands.LOOKUP_SIZE):
            page = ids[start : start + commands.LOOKUP_SIZE]
            # A list of products may hold every type or only simple ones; the special lists tell which is which.
            shapes: tuple[Shape, ...] = ("offer",) if wanted == "offer" else ("product", "sku", "service")
            asked += [(shape, commands.find_elements(shape, iblock, page)) for shape in shapes]
    found: dict[str, dict[int, Shape]] = {}
    if asked:
        outcomes = yield Ask(tuple(command for _, command in asked))
        failed = next((outcome.error for outcome in outcomes if outcome.error), None)
        if failed is not None:
            for work in works:
                fail(work, failed, tools, log)
            return None
        for (shape, _), outcome in zip(asked, outcomes, strict=True):
            for row in commands.listed_elements(shape, outcome.result):
                found.setdefault(str(row["xmlId"]), {})[int(row["id"])] = shape
    matched = {}
    if tools.rules.match_by_article or tools.rules.match_by_barcode:
        matched = yield from _match(works, found, tools, log)
    for work in works:
        _adopt(work, found, matched)
    _share(works, tools)
    flows: list[Flow] = [item_flow(work, tools, log) for work in works]
    return flows


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


def _adopt(work: Work, found: Mapping[str, Mapping[int, Shape]], matched: Mapping[str, list[int]]) -> None:
    """Take over what the portal has already under the same external id (or the same article)."""
    for element in work.to_find():
        hits = found.get(element.onec_id, {})
        same = [b24_id for b24_id, shape in hits.items() if shape == element.shape]
        other = [b24_id for b24_id in hits if b24_id not in same]
        if same:
            _take(work, element, min(same), element.shape)
        elif other and element.onec_id not in work.links:
            _take(work, element, min(other), hits[min(other)])
        elif len(matched.get(element.onec_id, ())) == 1 and element.onec_id not in work.links:
            _take(work, element, matched[element.onec_id][0], element.shape)
        elif len(matched.get(element.onec_id, ())) > 1:
            trouble = Trouble("article-matches-several", {"ids": ", ".join(map(str, matched[element.onec_id]))}, blocks=True)
            work.item = replace(work.item, troubles=(*work.item.troubles, trouble))


def _take(work: Work, element: Element, b24_id: int, shape: Shape) -> None:
    work.links[element.onec_id] = b24_id
    work.known[element.onec_id] = Known(shape=shape, prices=None, pictures_unsure=True)


def _match(
    works: Sequence[Work], found: Mapping[str, Mapping[int, Shape]], tools: Tools, log: Log
) -> Generator[Ask, list[Outcome], dict[str, list[int]]]:
    """Products of the portal that have the article or barcode of an item which no external id found."""
    references = tools.references
    wanted: list[tuple[int, str, str]] = []  # property id, value, 1C id
    switches = ((ARTICLE, tools.rules.match_by_article), (BARCODE, tools.rules.match_by_barcode))
    for key in [key for key, on in switches if on and key in references.properties]:
        property_id = references.properties[key].id
        for work in works:
            element = work.item.element
            if element is None or element.onec_id in work.links or element.onec_id in found:
                continue
            held = element.fields.get(f"property:{property_id}")
            wanted += [(property_id, str(v), element.onec_id) for v in (held if isinstance(held, list) else [held]) if v]
    pages = [
        (property_id, [value for p, value, _ in wanted if p == property_id][start : start + commands.LOOKUP_SIZE])
        for property_id in {p for p, _, _ in wanted}
        for start in range(0, sum(p == property_id for p, _, _ in wanted), commands.LOOKUP_SIZE)
    ]
    hits: dict[tuple[int, str], set[int]] = {}
    if pages:
        outcomes = yield Ask(tuple(commands.find_by_property(references.iblock_id, p, values) for p, values in pages))
        for (property_id, _), outcome in zip(pages, outcomes, strict=True):
            for row in commands.listed_elements("product", outcome.result) if outcome.error is None else ():
                for text in commands.property_texts(row, property_id):
                    hits.setdefault((property_id, text), set()).add(int(row["id"]))
    matched: dict[str, set[int]] = {}
    for property_id, value, onec_id in wanted:
        matched.setdefault(onec_id, set()).update(hits.get((property_id, value), ()))
    return {onec_id: sorted(ids) for onec_id, ids in matched.items()}
