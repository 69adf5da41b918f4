"""What a portal must hold after an exchange, said without 1C's or Bitrix24's words: plain dicts keyed by 1C ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.onec.things import Item, Variant

if TYPE_CHECKING:
    from sandbox.onec.base import Base


@dataclass(frozen=True, slots=True)
class Sight:
    """What a dialect can say at all; the rest is left out of the expectation."""

    services: bool = True
    stores: bool = True
    properties: bool = True
    all_pictures: bool = True
    exempt_vat: bool = True
    priceless_offers: bool = True


def expected(base: Base, sight: Sight) -> dict[str, Any]:
    """groups, properties, price_types, warehouses, products, offers; texts stripped, numbers as normal decimal strings."""
    items = [item for item in base.items.values() if sight.services or not item.service]
    currency = {kind.id: kind.iso for kind in base.books.price_types}
    offers = {
        item.offer_id(variant): _offer(item, variant, currency, sight)
        for item in items
        if not item.deleted
        for variant in item.variants
        if sight.priceless_offers or variant.prices
    }
    return {
        "groups": {g.id: {"name": g.name.strip(), "parent": g.parent_id} for g in base.books.groups},
        "properties": {
            p.id: {"name": p.name, "kind": p.kind, "multiple": p.multiple, "options": dict(p.options)}
            for p in base.books.properties
        }
        if sight.properties
        else {},
        "price_types": {k.id: {"name": k.name.strip(), "currency": k.iso} for k in base.books.price_types},
        "warehouses": {w.id: {"name": w.name.strip()} for w in base.books.warehouses} if sight.stores else {},
        "products": {item.id: _product(item, sight) for item in items},
        "offers": offers,
    }


def _product(item: Item, sight: Sight) -> dict[str, Any]:
    if item.deleted:
        return {"deleted": True}
    pictures = item.pictures if sight.all_pictures else item.pictures[:1]
    return {
        "deleted": False,
        "name": item.name.strip(),
        "full_name": item.full_name.strip(),
        "article": item.article.strip(),
        "code": item.code,
        "group": item.group_id,
        "service": item.service,
        "unit": item.unit.code,
        "vat": item.vat if sight.exempt_vat or item.vat != "exempt" else None,
        "description": item.description,
        "is_html": item.is_html,
        "weight": number(item.weight) if item.weight is not None else None,
        "maker": item.maker.name if item.maker else None,
        # Of characteristics the portal hears by offers alone: where none is sent, nobody can know of them.
        "has_variants": item.has_variants and (sight.priceless_offers or any(variant.prices for variant in item.variants)),
        "properties": {key: list(values) for key, values in item.values.items()} if sight.properties else {},
        "pictures": [picture.digest for picture in pictures],
    }


def _offer(item: Item, variant: Variant, currency: dict[str, str], sight: Sight) -> dict[str, Any]:
    return {
        "product": item.id,
        "name": item.offer_name(variant).strip(),
        "traits": dict(variant.traits),
        "barcode": variant.barcode,
        "prices": {kind: {"price": number(price), "currency": currency[kind]} for kind, price in variant.prices.items()},
        "stock": {store: number(quantity) for store, quantity in variant.stock.items()} if sight.stores else {},
        "quantity": None if item.service else number(variant.total),
    }


def number(value: Any) -> str:
    """12.50 and 12.5 are the same text here: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
