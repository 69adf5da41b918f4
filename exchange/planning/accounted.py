"""What a file of documents comes to: how many orders, payments, shipments and buyers, and by name what has no place in the portal. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange.planning.counterparties import taken
from exchange.planning.documents import trades_of
from exchange.records import Counterparty, OrderDocument


@dataclass(slots=True)
class Account:
    """`currencies`: as 1C writes them → ISO. `not_carried` are kept with the order, but have no field of the portal's;
    `not_taken` are no documents of a sale."""

    currencies: Mapping[str, str]
    counts: Counter[str] = field(default_factory=Counter)
    not_carried: Counter[str] = field(default_factory=Counter)
    not_taken: Counter[str] = field(default_factory=Counter)

    def add(self, documents: Iterable[OrderDocument], parties: Iterable[Counterparty] = ()) -> None:
        """Account for the documents and counterparties of a file (or of a part that belongs together)."""
        found = trades_of(documents, self.currencies)
        self.counts["orders"] += len(found.orders)
        for order in found.orders:
            self.counts["lines"] += len(order.trade.lines or ())
            self.counts["payments"] += len(order.trade.payments or ())
            self.counts["shipments"] += len(order.trade.shipments or ())
            self.counts["buyers"] += order.buyer is not None
        for loose in found.loose:
            self.counts["payments"] += len(loose.payments)
            self.counts["shipments"] += len(loose.shipments)
            self.counts["without their order"] += 1
        self.not_carried.update(found.not_carried)
        self.not_taken.update(one.name or one.id for one in found.not_taken)
        for record in parties:
            self.counts["counterparties"] += 1
            self.not_carried.update(taken(record).left)

    def data(self) -> dict[str, Any]:
        """As JSON; {} when there were none."""
        told = {"counts": self.counts, "not_carried": self.not_carried, "not_taken": self.not_taken}
        return {name: {key: times for key, times in counter.items() if times} for name, counter in told.items() if +counter}
