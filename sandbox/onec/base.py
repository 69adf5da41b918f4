"""A random 1C base that registers what changes, as an exchange plan does, and knows what a portal must end with."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.onec import changing
from sandbox.onec.expecting import Sight, expected
from sandbox.onec.growing import Books, Shape, grow_books, grow_items, guid
from sandbox.onec.things import Item


@dataclass(slots=True)
class Base:
    """One 1C base. `registered`: ids of items changed since the last confirmed exchange, each with whether
    nothing but its prices and stock changed."""

    shape: Shape
    catalog_id: str
    owner_id: str
    books: Books
    items: dict[str, Item]
    registered: dict[str, bool] = field(default_factory=dict)
    history: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def random(cls, items: int = 2000, seed: int = 1, **more: Any) -> Base:
        """Grow a base (see `Shape` for the other knobs); everything in it is registered for the first exchange."""
        shape = Shape(items=items, seed=seed, **more)
        r = random.Random(f"base-{seed}")
        books = grow_books(shape)
        base = cls(shape, guid(r), guid(r), books, {item.id: item for item in grow_items(shape, books)})
        base.registered = dict.fromkeys(base.items, False)
        return base

    def change(self, n: int, seed: int) -> list[changing.Edit]:
        """Edit n random items (or fewer, if the base is smaller), register them, and say what was done to each."""
        edits = changing.change(self.items, self.books, n, random.Random(f"change-{self.shape.seed}-{seed}"))
        for edit in edits:
            self.registered[edit.item_id] = edit.is_trade and self.registered.get(edit.item_id, True)
            self.items[edit.item_id].version += 1
        self.history.append((n, seed))
        return edits

    def confirm(self) -> None:
        """The other side has taken everything: nothing is registered any more."""
        self.registered.clear()

    def to_send(self, *, only_changes: bool) -> list[Item]:
        """The items the next exchange carries."""
        return [self.items[i] for i in self.registered] if only_changes else list(self.items.values())

    def is_trade_only(self, item: Item) -> bool:
        """Only prices or stock of this item changed since the last exchange."""
        return self.registered.get(item.id, False)

    def expected(self, sight: Sight | None = None) -> dict[str, Any]:
        """The state a portal must end in, by ids, in plain dicts; `sight` leaves out what a dialect cannot say."""
        return expected(self, sight or Sight())

    def to_state(self) -> dict[str, Any]:
        """What must be kept to get this very base again."""
        shape = {f.name: getattr(self.shape, f.name) for f in fields(self.shape)}
        return {"shape": shape, "history": [list(step) for step in self.history], "registered": dict(self.registered)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Base:
        """The base that wrote `state`, grown again and changed again."""
        base = cls.random(**state["shape"])
        for n, seed in state["history"]:
            base.change(n, seed)
        base.registered = dict(state["registered"])
        return base
