"""The portal's dictionaries as its lists answer them, and what every step that brings dictionaries into the portal shares.

Without any I/O, like flows.py. Nothing is remembered of what the portal holds here: it is read in pages and compared, since it is little.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.errors import Fate, RestError
from exchange.imports import commands
from exchange.imports.flows import Ask, Key, Log
from exchange.imports.reference_commands import list_page
from exchange.planning.desired import Row
from exchange.planning.items import Trouble
from mapping.rules import Rules

Step = Generator[Ask, list[Outcome], None]
Rows = list[dict[str, Any]]
Links = Mapping[str, dict[str, int]]  # link kind → 1C id → portal id


class DictionaryFailed(Exception):
    """The portal could not be asked; the dictionaries are tried again with the next slice."""

    def __init__(self, error: RestError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class Portal:
    """What the portal holds of dictionaries, as its lists answer."""

    iblock_id: int
    offers_iblock_id: int
    price_types: Rows = field(default_factory=list)
    price_names: Rows = field(default_factory=list)
    vats: Rows = field(default_factory=list)
    measures: Rows = field(default_factory=list)
    stores: Rows = field(default_factory=list)
    properties: Rows = field(default_factory=list)
    offer_properties: Rows = field(default_factory=list)
    languages: tuple[str, ...] = ("ru",)


def pages(
    method: str, key: str, select: Sequence[str], filter: Mapping[str, Any], *, after: int = 0
) -> Generator[Ask, list[Outcome], Rows]:
    """Every row of a list with an id above `after`, fifty at a time; raises DictionaryFailed."""
    rows: Rows = []
    last = after
    while True:
        (outcome,) = yield Ask((list_page(method, select, {**filter, ">id": last}),))
        if outcome.error is not None:
            raise DictionaryFailed(outcome.error)
        page = list(outcome.result.get(key, []))
        rows += page
        if len(page) < commands.LOOKUP_SIZE:
            return rows
        last = max(int(row["id"]) for row in page)


def read_portal(portal: Portal) -> Step:
    """Fill `portal` from its lists: their first pages together, the rest one by one."""
    property_fields = ["id", "iblockId", "name", "xmlId", "code", "propertyType", "userType", "multiple"]
    asked: list[tuple[str, str, str, list[str], dict[str, Any]]] = [
        ("price_types", "catalog.priceType.list", "priceTypes", ["id", "name", "base", "xmlId"], {}),
        ("price_names", "catalog.priceTypeLang.list", "priceTypeLangs", ["id", "catalogGroupId", "lang", "name"], {}),
        ("vats", "catalog.vat.list", "vats", ["id", "name", "rate", "active"], {}),
        ("measures", "catalog.measure.list", "measures", ["id", "code", "measureTitle", "symbol"], {}),
        ("stores", "catalog.store.list", "stores", ["id", "title", "xmlId", "address", "active"], {}),
        ("properties", "catalog.productProperty.list", "productProperties", property_fields, {"iblockId": portal.iblock_id}),
    ]
    if portal.offers_iblock_id:
        filter = {"iblockId": portal.offers_iblock_id}
        asked.append(("offer_properties", "catalog.productProperty.list", "productProperties", property_fields, filter))
    outcomes = yield Ask(tuple(list_page(method, select, {**filter, ">id": 0}) for _, method, _, select, filter in asked))
    for (name, method, key, select, filter), outcome in zip(asked, outcomes, strict=True):
        if outcome.error is not None:
            raise DictionaryFailed(outcome.error)
        rows = list(outcome.result.get(key, []))
        if len(rows) == commands.LOOKUP_SIZE:
            rows += yield from pages(method, key, select, filter, after=max(int(row["id"]) for row in rows))
        setattr(portal, name, rows)


class Steps:
    """Brings one sort of dictionary into the portal; `links` and `portal` are kept up to date as it goes."""

    def __init__(self, portal: Portal, links: Links, rules: Rules, log: Log) -> None:
        self.portal = portal
        self.links = links
        self.rules = rules
        self.log = log

    def _link(self, key: Key, b24_id: int) -> None:
        kind, onec_id = key
        if self.links[kind].get(onec_id) != b24_id:
            self.links[kind][onec_id] = b24_id
            self.log.linked[key] = b24_id

    def _done(self, row: Row) -> None:
        self.log.done[(row.kind, row.onec_id)] = row.version

    def _accepted(self, row: Row, outcome: Outcome, cause: str) -> bool:
        if self._accepted_key((row.kind, row.onec_id), str((row.main or {}).get("name", "")), outcome, cause):
            return True
        self._done(row)
        return False

    def _accepted_key(self, key: Key, name: str, outcome: Outcome, cause: str) -> bool:
        if outcome.error is None:
            self.log.settled.add(key)
            return True
        if outcome.error.fate in (Fate.RETRY, Fate.REFRESH, Fate.PERSON):
            raise DictionaryFailed(outcome.error)
        facts = {"code": outcome.error.code, "answer": outcome.error.description}
        self.log.troubles.append((key, name, Trouble(cause, facts)))
        return False
