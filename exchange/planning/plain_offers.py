"""Characteristics of an item whose type is carried without them: together they are one offer of the item itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from exchange.records import Offer, Price, Product, Stock


def together(parent: Product, offers: Iterable[Offer]) -> Offer | None:
    """One offer for an item whose characteristics are not carried: the stock of all, of each price type the first price."""
    told = list(offers)
    if not told:
        return None
    prices: dict[str, Price] = {}
    stock: dict[str, Decimal] = {}
    for offer in told:
        for price in offer.prices or ():
            prices.setdefault(price.price_type_id, price)
        for row in offer.stock or ():
            stock[row.warehouse_id] = stock.get(row.warehouse_id, Decimal(0)) + row.quantity
    totals = [_total(offer) for offer in told if offer.quantity is not None or offer.stock is not None]
    return Offer(
        parent,
        tuple(prices.values()) if any(offer.prices is not None for offer in told) else None,
        sum(totals, Decimal(0)) if totals else None,
        tuple(Stock(*row) for row in stock.items()) if totals else None,
    )


def _total(offer: Offer) -> Decimal:
    return offer.quantity if offer.quantity is not None else sum((row.quantity for row in offer.stock or ()), Decimal(0))
