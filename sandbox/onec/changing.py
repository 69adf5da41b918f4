"""The ways a base changes between two exchanges, one function each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sandbox.onec.growing import CENT, Books, grow_picture, grow_quantity, grow_variants
from sandbox.onec.things import Item


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done to one item: `what` is the name of the rule, `detail` says it in words."""

    item_id: str
    what: str
    detail: str

    @property
    def is_trade(self) -> bool:
        """Nothing but prices or stock."""
        return self.what in ("price", "stock")


Rule = Callable[[random.Random, Item, Books], str]


def _price(r: random.Random, item: Item, books: Books) -> str:
    variant = r.choice(item.variants)
    if not variant.prices:
        variant.prices = {books.price_types[0].id: Decimal("99.90")}
        return "a first price"
    kind = r.choice(list(variant.prices))
    variant.prices[kind] = (variant.prices[kind] * Decimal(r.randint(80, 130)) / 100).quantize(CENT) + CENT
    return f"price {kind} = {variant.prices[kind]}"


def _stock(r: random.Random, item: Item, books: Books) -> str:
    if item.service or not books.warehouses:
        return _price(r, item, books)
    variant = r.choice(item.variants)
    store = r.choice(list(variant.stock))
    before = variant.stock[store]
    # Nought is a likely new quantity, and the one that writers leave out.
    variant.stock[store] = next(q for q in iter(lambda: grow_quantity(r, item.unit), None) if q != before)
    return f"stock at {store} = {variant.stock[store]}"


def _name(r: random.Random, item: Item, books: Books) -> str:
    item.name = f"{item.name.strip()} изм.{r.randint(1, 999)}"
    item.full_name = item.name
    return f"name = {item.name}"


def _new_characteristic(r: random.Random, item: Item, books: Books) -> str:
    if item.service:
        return _name(r, item, books)
    if not item.has_variants:
        return _gets_characteristics(r, item, books)
    taken = {variant.label for variant in item.variants}
    item.variants.append(next(v for v in grow_variants(r, 20, item.unit, books) if v.label not in taken))
    return f"characteristic {item.variants[-1].label}"


def _gets_characteristics(r: random.Random, item: Item, books: Books) -> str:
    if item.service or item.has_variants:
        return _new_characteristic(r, item, books) if item.has_variants else _name(r, item, books)
    item.variants = grow_variants(r, 2, item.unit, books)
    return "item without characteristics got two"


def _new_picture(r: random.Random, item: Item, books: Books) -> str:
    item.pictures.append(grow_picture(r, len(item.pictures)))
    return f"picture {item.pictures[-1].id}"


def _group(r: random.Random, item: Item, books: Books) -> str:
    item.group_id = r.choice([group.id for group in books.groups if group.id != item.group_id])
    return f"group {item.group_id}"


def _deletion_mark(r: random.Random, item: Item, books: Books) -> str:
    item.deleted = not item.deleted
    return "marked for deletion" if item.deleted else "deletion mark taken off"


RULES: dict[str, Rule] = {
    "price": _price,
    "stock": _stock,
    "name": _name,
    "new characteristic": _new_characteristic,
    "gets characteristics": _gets_characteristics,
    "new picture": _new_picture,
    "group move": _group,
    "deletion mark": _deletion_mark,
}
WEIGHTS = (30, 30, 10, 8, 5, 6, 6, 5)


def change(items: dict[str, Item], books: Books, n: int, r: random.Random) -> list[Edit]:
    """Edit n different items; with eight or more of them every rule is used at least once."""
    chosen = r.sample(list(items), min(n, len(items)))
    rules = list(RULES) if len(chosen) >= len(RULES) else []
    rules += r.choices(list(RULES), WEIGHTS, k=len(chosen) - len(rules))
    return [Edit(i, rule, RULES[rule](r, items[i], books)) for i, rule in zip(chosen, rules, strict=True)]
