"""What the flows of one base's documents are handed: the portal's facts, and questions that the database answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from exchange.planning.trade import Party
from exchange.settling.gather import Named
from exchange.settling.pipelines import Pipelines


class Buyer(NamedTuple):
    """The portal's company or contact of a counterparty of 1C (None = it has none); `waits`: it is about to get one."""

    key: Named | None = None
    waits: bool = False


@dataclass(slots=True)
class DocumentTools:
    """For one base and slice. `parties` are those just read; `for_onec` gives them the ids that 1C knows them by."""

    member_id: str
    domain: str
    language: str
    pipelines: Pipelines
    buyer: Callable[[str], Buyer]
    item_ids: Callable[[Collection[int]], Mapping[int, str]]
    articles: Callable[[Collection[int]], Mapping[int, str]]
    products: Callable[[Collection[str]], Mapping[str, int]]
    # Buyers that are settled and were read lately (key → the requisite the document names); and what is to be noted of those read anew.
    stored_parties: Callable[[Mapping[Named, int]], Mapping[Named, Party]]
    read_anew: Callable[[Mapping[Named, Party]], None]
    for_onec: Callable[[Mapping[Named, Party]], Mapping[Named, Party]]
    # The name of a thing of 1C's by kind ("warehouse", "price_type") and id; and the base's own price type when no rule names one.
    name_of: Callable[[str, str], str]
    base_price_type: Callable[[], str]
    # Which of combining.SILENT this base tells of its orders.
    tells: Callable[[], frozenset[str]]
    # How the base calls a currency ("" = as anybody would).
    currency_name: Callable[[str], str]
    users: dict[int, str] = field(default_factory=dict)
    parties: dict[Named, Party] = field(default_factory=dict)
    # Rows whose document stands in a stage that was made after the pipelines were read.
    unknown_stages: set[int] = field(default_factory=set)
    wait_for_party: float = 3.0

    def link(self, entity_type_id: int, b24_id: int) -> str:
        """The document's address in the portal."""
        place = "deal/details" if entity_type_id == 2 else f"type/{entity_type_id}/details"
        return f"https://{self.domain}/crm/{place}/{b24_id}/"
