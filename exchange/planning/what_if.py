"""What a change of rules changes, decided from the rules alone: which goods are concerned, which stages and terms become others. Pure.

exchange/settling/what_if.py finds the goods and documents that these changes concern and counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exchange.planning.effects import Stage, stage_after
from exchange.planning.statuses import stage_for_status, status_for_stage
from exchange.planning.terms import agreement_for, with_terms
from exchange.planning.trade import Trade
from mapping.rules import Rules
from mapping.trade_rules import TradeRules

HAPPENINGS: Final = ("paid", "partly_paid", "shipped", "cancelled")


@dataclass(frozen=True, slots=True)
class GoodsChange:
    """One thing that changes for goods; `of` are 1C's ids (price types, warehouses), item types or currencies that it is about.

    `kind`: price-starts, price-stops, price-moves, base-price, stock, type-skipped, type-carried, type-service, type-goods,
    type-plain, type-variants, type-section, owner-portal, owner-onec, match-article, match-barcode, currency, unit.
    """

    kind: str
    of: tuple[str, ...] = ()


def goods_changes(before: Rules, after: Rules) -> tuple[GoodsChange, ...]:
    """What changes for goods."""
    return (*_prices(before, after), *_items(before, after))


def _prices(before: Rules, after: Rules) -> Iterator[GoodsChange]:
    for price_type in sorted(after.skipped_price_types - before.skipped_price_types):
        yield GoodsChange("price-stops", (price_type,))
    for price_type in sorted(before.skipped_price_types - after.skipped_price_types):
        yield GoodsChange("price-starts", (price_type,))
    for price_type in _differing(before.price_types, after.price_types):
        if price_type not in after.skipped_price_types:
            yield GoodsChange("price-moves", (price_type,))
    if before.base_price_type != after.base_price_type:
        yield GoodsChange("base-price", (after.base_price_type,))
    for old, new in ((before.currencies, after.currencies), (before.create_currencies, after.create_currencies)):
        if written := _differing(old, new):
            yield GoodsChange("currency", tuple(written))


def _items(before: Rules, after: Rules) -> Iterator[GoodsChange]:
    changed = {
        "stock": before.skipped_warehouses ^ after.skipped_warehouses,
        "type-skipped": after.skipped_item_types - before.skipped_item_types,
        "type-carried": before.skipped_item_types - after.skipped_item_types,
        "type-service": after.service_item_types - before.service_item_types,
        "type-goods": before.service_item_types - after.service_item_types,
        "type-plain": after.plain_item_types - before.plain_item_types,
        "type-variants": before.plain_item_types - after.plain_item_types,
        "type-section": _differing(before.item_type_sections, after.item_type_sections),
    }
    yield from (GoodsChange(kind, tuple(sorted(names))) for kind, names in changed.items() if names)
    for kind, groups in (
        ("owner-portal", after.portal_owns - before.portal_owns),
        ("owner-onec", before.portal_owns - after.portal_owns),
    ):
        yield from (GoodsChange(kind, (group,)) for group in sorted(groups))
    if units := _differing(before.units, after.units):
        yield GoodsChange("unit", tuple(units))
    if after.match_by_article and not before.match_by_article:
        yield GoodsChange("match-article")
    if after.match_by_barcode and not before.match_by_barcode:
        yield GoodsChange("match-barcode")


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True)
class Move:
    """A stage or status that is another one under the new rules ("" = none: the document stays, or 1C is told the stage's own name)."""

    happening: str
    old: str
    new: str


def stage_moves(
    before: TradeRules, after: TradeRules, entity_type_id: int, pipeline: int, stages: Iterable[Stage]
) -> tuple[Move, ...]:
    """Where payment, shipment and cancellation take documents of a pipeline to from now on, if it is elsewhere than before."""
    known = list(stages)
    kinds = before.of_kind(entity_type_id), after.of_kind(entity_type_id)
    found = (Move(name, *(stage_after(name, kind, pipeline, known) for kind in kinds)) for name in HAPPENINGS)
    return tuple(move for move in found if move.old != move.new)


def status_told(before: TradeRules, after: TradeRules, entity_type_id: int, pipeline: int, stage_id: str) -> Move | None:
    """1C's status for a stage, if it is another one than before."""
    old, new = (status_for_stage(stage_id, rules.statuses, entity_type_id, pipeline) for rules in (before, after))
    return Move("status-told", old, new) if old != new else None


def status_read(
    before: TradeRules, after: TradeRules, entity_type_id: int, pipeline: int, status_id: str, status_name: str
) -> Move | None:
    """The stage for 1C's status, if it is another one than before."""
    old, new = (stage_for_status(status_id, status_name, rules.statuses, entity_type_id, pipeline) for rules in (before, after))
    return Move("status-read", old, new) if old != new else None


def terms_differ(before: Rules, after: Rules, my_company_id: int, pipeline: int, currency: str) -> bool:
    """Whether 1C applies other terms to documents of an own company, pipeline and currency than before."""
    document = Trade(my_company_id=my_company_id, category_id=pipeline, currency=currency)
    old, new = (
        (
            agreement_for(rules.trade, my_company_id, pipeline, currency),
            with_terms(document, rules.trade, rules.base_price_type),
        )
        for rules in (before, after)
    )
    return old != new
