"""The portal's dictionaries as its lists answer them, and what every step that brings dictionaries into the portal shares.

Without any I/O, like flows.py. Nothing is remembered of what the portal holds here: it is read in pages and compared, since it is little.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
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
    method: str, key: str, select: Sequence[str], filter: Mapping[str, Any], *, after: int = 0, first: Outcome | None = None
) -> Generator[Ask, list[Outcome], Rows]:
    """Every row of a list (with an id above `after`); `first`: its first page, if it has been asked already. Raises DictionaryFailed.

    The first page tells how many rows there are, so that all others are asked together; what came meanwhile follows by its id.
    """
    filter = {**filter, ">id": after} if after else filter
    outcome = first or (yield Ask((list_page(method, select, filter),)))[0]
    rows = list(_page(outcome, key))
    rest = range(commands.LOOKUP_SIZE, outcome.total or 0, commands.LOOKUP_SIZE)
    if len(rows) == commands.LOOKUP_SIZE and rest:
        for outcome in (yield Ask(tuple(list_page(method, select, filter, start=start) for start in rest))):
            rows += _page(outcome, key)
    page = rows if outcome.total is None or len(rows) < outcome.total else []
    while page and len(page) % commands.LOOKUP_SIZE == 0:
        (outcome,) = yield Ask((list_page(method, select, {**filter, ">id": max(int(row["id"]) for row in rows)}),))
        page = list(_page(outcome, key))
        rows += page
    return rows


def _page(outcome: Outcome, key: str) -> Rows:
    if outcome.error is not None:
        raise DictionaryFailed(outcome.error)
    return list(outcome.result.get(key, []))


PROPERTY_FIELDS = ["id", "iblockId", "name", "xmlId", "code", "propertyType", "userType", "multiple"]


def _lists(portal: Portal) -> list[tuple[str, str, str, list[str], dict[str, Any]]]:
    """What to read: attribute of `portal`, method, key of its answer, fields, filter."""
    lists: list[tuple[str, str, str, list[str], dict[str, Any]]] = [
        ("price_types", "catalog.priceType.list", "priceTypes", ["id", "name", "base", "xmlId"], {}),
        ("price_names", "catalog.priceTypeLang.list", "priceTypeLangs", ["id", "catalogGroupId", "lang", "name"], {}),
        ("vats", "catalog.vat.list", "vats", ["id", "name", "rate", "active"], {}),
        ("measures", "catalog.measure.list", "measures", ["id", "code", "measureTitle", "symbol"], {}),
        ("stores", "catalog.store.list", "stores", ["id", "title", "xmlId", "address", "active"], {}),
        ("properties", "catalog.productProperty.list", "productProperties", PROPERTY_FIELDS, {"iblockId": portal.iblock_id}),
    ]
    if portal.offers_iblock_id:
        filter = {"iblockId": portal.offers_iblock_id}
        lists.append(("offer_properties", "catalog.productProperty.list", "productProperties", PROPERTY_FIELDS, filter))
    return lists


def first_pages(portal: Portal) -> tuple[Command, ...]:
    """What `read_portal` asks first."""
    return tuple(list_page(method, select, filter) for _, method, _, select, filter in _lists(portal))


def read_portal(portal: Portal) -> Step:
    """Fill `portal` from its lists: their first pages together, the rest one by one."""
    outcomes = yield Ask(first_pages(portal))
    for (name, method, key, select, filter), outcome in zip(_lists(portal), outcomes, strict=True):
        rows = yield from pages(method, key, select, filter, first=outcome)
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
