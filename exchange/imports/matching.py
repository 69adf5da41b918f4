"""Which products of the portal carry the article or barcode of an item that no external id found. Without any I/O, like flows.py.

Only one product, of the same kind, that no other item of this base is linked with, is taken over; anything else a person must decide.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Final, NamedTuple

from b24app.rest.batching import Outcome
from b24app.rest.errors import RestError
from exchange.imports import commands
from exchange.imports.flows import Ask, Tools, Work
from exchange.planning.items import Element, Shape, Trouble
from exchange.planning.references import ARTICLE, BARCODE

# Lists of products may show every kind; the special lists tell which is which, so they come last.
SHAPES: Final[tuple[Shape, ...]] = ("product", "sku", "service")
_SEVERAL: Final = {ARTICLE: "article-matches-several", BARCODE: "barcode-matches-several"}

Hits = dict[int, Shape]


class Match(NamedTuple):
    """The product to take over, or why none may be (its facts name the candidates)."""

    b24_id: int = 0
    trouble: Trouble | None = None


class LookUpFailed(Exception):
    """The portal could not be asked: nothing may be created now, or it might be there twice."""

    def __init__(self, error: RestError) -> None:
        super().__init__(str(error))
        self.error = error


class _Wanted(NamedTuple):
    element: Element
    key: str  # ARTICLE or BARCODE
    property_id: int
    values: tuple[str, ...]


def match(
    works: Sequence[Work], found: Mapping[str, Mapping[int, Shape]], tools: Tools
) -> Generator[Ask, list[Outcome], dict[str, Match]]:
    """A match for each item's 1C id that has candidates; `found` are those found by external id. Raises LookUpFailed."""
    wanted = list(_wanted(works, found, tools))
    hits = yield from _find(wanted, tools.references.iblock_id)
    candidates = {b24_id for some in hits.values() for b24_id in some}
    taken = set(tools.taken(sorted(candidates))) if candidates else set()
    by_item: dict[str, list[_Wanted]] = {}
    for one in wanted:
        by_item.setdefault(one.element.onec_id, []).append(one)
    matched: dict[str, Match] = {}
    for onec_id, asked in by_item.items():
        free = {
            one.key: {
                b24_id: shape
                for value in one.values
                for b24_id, shape in hits.get((one.property_id, _plain(value)), {}).items()
                if b24_id not in taken and tools.claimed.get(b24_id, onec_id) == onec_id
            }
            for one in asked
        }
        decided = _decide(asked[0].element, free)
        if decided is not None:
            matched[onec_id] = decided
            if decided.trouble is None:
                tools.claimed[decided.b24_id] = onec_id
    return matched


def _decide(element: Element, free: Mapping[str, Hits]) -> Match | None:
    """The article says more than the barcode, which only decides between several products of one article."""
    by_article, by_barcode = free.get(ARTICLE, {}), free.get(BARCODE, {})
    both = {b24_id: shape for b24_id, shape in by_article.items() if b24_id in by_barcode}
    key, hits = (ARTICLE, by_article) if by_article else (BARCODE, by_barcode)
    if len(hits) > 1 and len(both) == 1:
        hits = both
    if not hits:
        return None
    facts = {"ids": ", ".join(map(str, sorted(hits)))}
    if len(hits) > 1:
        return Match(trouble=Trouble(_SEVERAL[key], facts, blocks=True))
    ((b24_id, shape),) = hits.items()
    if shape != element.shape:
        return Match(trouble=Trouble("match-of-another-kind", facts, blocks=True))
    return Match(b24_id)


def _wanted(works: Sequence[Work], found: Mapping[str, Mapping[int, Shape]], tools: Tools) -> Generator[_Wanted, None, None]:
    properties = tools.references.properties
    for key, on in ((ARTICLE, tools.rules.match_by_article), (BARCODE, tools.rules.match_by_barcode)):
        if not on or key not in properties:
            continue
        property_id = properties[key].id
        for work in works:
            element = work.item.element
            if element is None or element.onec_id in work.links or element.onec_id in found:
                continue
            held = element.fields.get(f"property:{property_id}")
            values = tuple(str(value) for value in (held if isinstance(held, list) else [held]) if value)
            if values and element.fields.get("active", True):
                yield _Wanted(element, key, property_id, values)


def _find(wanted: Sequence[_Wanted], iblock_id: int) -> Generator[Ask, list[Outcome], dict[tuple[int, str], Hits]]:
    """(property, value) → the products that have it. Pages that are full are read on: a cut one would hide a second product."""
    hits: dict[tuple[int, str], Hits] = {}
    asked: list[tuple[int, Shape, list[str], int]] = []
    for property_id in sorted({one.property_id for one in wanted}):
        values = sorted({value for one in wanted if one.property_id == property_id for value in one.values})
        for start in range(0, len(values), commands.LOOKUP_SIZE):
            asked += [(property_id, shape, values[start : start + commands.LOOKUP_SIZE], 0) for shape in SHAPES]
    while asked:
        outcomes = yield Ask(
            tuple(commands.find_by_property(iblock_id, of, values, shape, after=after) for of, shape, values, after in asked)
        )
        full: list[tuple[int, Shape, list[str], int]] = []
        for (property_id, shape, values, _), outcome in zip(asked, outcomes, strict=True):
            if outcome.error is not None:
                raise LookUpFailed(outcome.error)
            rows = commands.listed_elements(shape, outcome.result)
            for row in rows:
                for text in commands.property_texts(row, property_id):
                    _note(hits.setdefault((property_id, _plain(text)), {}), int(row["id"]), shape)
            if len(rows) >= commands.LOOKUP_SIZE:
                full.append((property_id, shape, values, int(rows[-1]["id"])))
        asked = full
    return hits


def _note(hits: Hits, b24_id: int, shape: Shape) -> None:
    if shape != "product" or b24_id not in hits:
        hits[b24_id] = shape


def _plain(value: str) -> str:
    """How values are compared: the portal's own filter minds neither case nor blanks around."""
    return value.strip().casefold()
