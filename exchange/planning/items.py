"""A planned item, as data: its elements in the portal, and what could not be decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = Literal["product", "service", "sku", "offer"]
Value = str | int | bool | list[str | int] | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something of an item could not be decided; `blocks` = the item waits, else it goes on without it."""

    cause: str
    facts: Mapping[str, str] = field(default_factory=dict)
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """One product, service, SKU parent or offer of the portal, as it shall be.

    `prices` is price type id → (price, currency), None = 1C never spoke of prices. `quantity` is the total (None = not told),
    `stock` store id → quantity. `pictures` are paths in the order of 1C, None = not told.
    """

    onec_id: str
    shape: Shape
    fields: Mapping[str, Value]
    prices: Mapping[int, tuple[str, str]] | None = None
    quantity: str | None = None
    stock: Mapping[int, str] | None = None
    pictures: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A planned item: the element of the product itself and its offers; `waits` tells what it waits for ("" = nothing)."""

    onec_id: str
    element: Element | None
    offers: tuple[Element, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    waits: str = ""

    @property
    def blocked(self) -> bool:
        return self.element is None or any(trouble.blocks for trouble in self.troubles)
