"""What items refer to reaches the portal first: price types, warehouses, groups, properties with their values, units, VAT rates.

Like flows.py without any I/O. Nothing is remembered of what the portal holds: it is read in pages and compared, since it is little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from exchange.imports import commands
from exchange.imports.flows import Ask, Key, Log
from exchange.planning.catalog import Trouble
from exchange.planning.desired import Row, property_of
from exchange.planning.references import PropertyType
from mapping.rules import Rules

Step = Generator[Ask, list[Outcome], None]
Rows = list[dict[str, Any]]

OPTIONS_AT_ONCE = 50
KEY_LIMIT = 200


class DictionaryFailed(Exception):
    """The portal could not be asked; the dictionaries are tried again with the next slice."""

    def __init__(self, error: RestError) -> None:
        super().__init__(str(error))
        self.error = error


def option_key(property_key: str, option: str) -> str:
    """The link key of one value of a list property; long ones are shortened by their digest."""
    key = f"{property_key}|{option}"
    return key if len(key) <= KEY_LIMIT else f"{property_key[:100]}|#{hashlib.sha256(option.encode()).hexdigest()}"


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


@dataclass(frozen=True, slots=True)
class WantedProperty:
    """A property that the portal's catalogue (or, with `for_offers`, its offers) shall have."""

    key: str
    name: str
    type: PropertyType
    for_offers: bool
    multiple: bool = False
    code: str = ""
    options: Mapping[str, str] = field(default_factory=dict)  # 1C's option id → text

    @property
    def link_kind(self) -> str:
        return "offer_property" if self.for_offers else "property"

    @property
    def option_kind(self) -> str:
        return "offer_option" if self.for_offers else "option"


Links = Mapping[str, dict[str, int]]  # link kind → 1C id → portal id


def pages(
    method: str, key: str, select: Sequence[str], filter: Mapping[str, Any], *, after: int = 0
) -> Generator[Ask, list[Outcome], Rows]:
    """Every row of a list with an id above `after`, fifty at a time; raises DictionaryFailed."""
    rows: Rows = []
    last = after
    while True:
        (outcome,) = yield Ask((commands.list_page(method, select, {**filter, ">id": last}),))
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
    outcomes = yield Ask(
        tuple(commands.list_page(method, select, {**filter, ">id": 0}) for _, method, _, select, filter in asked)
    )
    for (name, method, key, select, filter), outcome in zip(asked, outcomes, strict=True):
        if outcome.error is not None:
            raise DictionaryFailed(outcome.error)
        rows = list(outcome.result.get(key, []))
        if len(rows) == commands.LOOKUP_SIZE:
            rows += yield from pages(method, key, select, filter, after=max(int(row["id"]) for row in rows))
        setattr(portal, name, rows)


class Dictionaries:
    """Brings due dictionary rows into the portal; `links` and `portal` are kept up to date as it goes."""

    def __init__(
        self, portal: Portal, links: Links, rules: Rules, log: Log, *, is_retail: Callable[[str], bool] = lambda name: False
    ) -> None:
        self.portal = portal
        self.is_retail = is_retail
        self.links = links
        self.rules = rules
        self.log = log

    # price types

    def price_types(self, rows: Sequence[Row], every: Sequence[Row]) -> Step:
        """Create or adopt price types; 1C's main one becomes the portal's base price, which deals use."""
        base_id = self._base_price_type(every)
        held = self.links["price_type"]
        for row in rows:
            main = row.main or {}
            if main.get("deleted") and row.onec_id not in held:
                self._done(row)
                continue
            if row.onec_id not in held:
                yield from self._place_price_type(row, is_base=row.onec_id == base_id)
            if row.onec_id in held:
                yield from self._name_price_type(held[row.onec_id], main["name"])
                self._done(row)

    def _base_price_type(self, every: Sequence[Row]) -> str:
        """The price type of 1C that fills the portal's base price: the chosen one, a retail one, else the first."""
        held = set(self.links["price_type"].values())
        base = next((row for row in self.portal.price_types if row.get("base") == "Y"), None)
        if base is None or int(base["id"]) in held:
            return ""
        if self.rules.base_price_type:
            return self.rules.base_price_type
        alive = [
            row for row in every if not (row.main or {}).get("deleted") and row.onec_id not in self.rules.skipped_price_types
        ]
        retail = next((row for row in alive if self.is_retail(str((row.main or {}).get("name", "")))), None)
        chosen = retail or (alive[0] if alive else None)
        return chosen.onec_id if chosen else ""

    def _place_price_type(self, row: Row, *, is_base: bool) -> Step:
        same = next((held for held in self.portal.price_types if str(held.get("xmlId")) == row.onec_id), None)
        base = next((held for held in self.portal.price_types if held.get("base") == "Y"), None)
        if row.onec_id in self.rules.price_types:
            self._link(("price_type", row.onec_id), self.rules.price_types[row.onec_id])
        elif same is not None:
            self._link(("price_type", row.onec_id), int(same["id"]))
        elif is_base and base is not None and str(base.get("xmlId") or "BASE").upper() == "BASE":
            (outcome,) = yield Ask((commands.adopt_price_type(int(base["id"]), row.onec_id),))
            if self._accepted(row, outcome, "price-type-refused"):
                base["xmlId"] = row.onec_id
                self._link(("price_type", row.onec_id), int(base["id"]))
        else:
            code = "1C_" + hashlib.sha256(row.onec_id.encode()).hexdigest()[:10].upper()
            (outcome,) = yield Ask((commands.add_price_type(row.onec_id, code),))
            if self._accepted(row, outcome, "price-type-refused"):
                made = outcome.result["priceType"]
                self.portal.price_types.append(made)
                self._link(("price_type", row.onec_id), int(made["id"]))

    def _name_price_type(self, b24_id: int, name: str) -> Step:
        asked: list[Command] = []
        for language in self.portal.languages:
            held = next(
                (row for row in self.portal.price_names if int(row["catalogGroupId"]) == b24_id and row["lang"] == language), None
            )
            if held is None:
                asked.append(commands.name_price_type(b24_id, language, name))
            elif held["name"] != name and "name" not in self.rules.portal_owns:
                asked.append(commands.rename_price_type(int(held["id"]), b24_id, language, name))
        if asked:
            yield Ask(tuple(asked))  # a language that the portal lacks is no reason to stop

    # warehouses

    def warehouses(self, rows: Sequence[Row], *, accounting: bool) -> Step:
        held = self.links["warehouse"]
        for row in rows:
            main = row.main or {}
            name, address, active = main.get("name", ""), main.get("address", ""), not main.get("deleted")
            same = next((store for store in self.portal.stores if str(store.get("xmlId")) == row.onec_id), None)
            if row.onec_id not in held and same is not None:
                self._link(("warehouse", row.onec_id), int(same["id"]))
            if row.onec_id in held:
                now = next((store for store in self.portal.stores if int(store["id"]) == held[row.onec_id]), {})
                if now.get("title") != name or (now.get("active") == "Y") != active:
                    (outcome,) = yield Ask((commands.update_store(held[row.onec_id], name, address, active=active),))
                    if not self._accepted(row, outcome, "warehouse-refused"):
                        continue
            elif active:
                (outcome,) = yield Ask((commands.add_store(row.onec_id, name, address),))
                if outcome.error is None:
                    self.portal.stores.append(outcome.result["store"])
                    self._link(("warehouse", row.onec_id), int(outcome.result["store"]["id"]))
                elif accounting and not self._accepted(row, outcome, "warehouse-refused"):
                    continue
            self._done(row)

    # groups

    def groups(self, rows: Sequence[Row], every: Mapping[str, Row]) -> Step:
        """The tree, from the roots down; moves, renames and deletion marks."""
        levels: dict[int, list[Row]] = {}
        for row in rows:
            levels.setdefault(_depth(row.onec_id, every), []).append(row)
        for level in sorted(levels):
            for start in range(0, len(levels[level]), commands.LOOKUP_SIZE):
                yield from self._group_page(levels[level][start : start + commands.LOOKUP_SIZE])

    def _group_page(self, rows: Sequence[Row]) -> Step:
        held = self.links["group"]
        select = ["id", "iblockId", "name", "xmlId", "iblockSectionId", "active"]
        by_id = [held[row.onec_id] for row in rows if row.onec_id in held]
        asked: list[dict[str, Any]] = [{"xmlId": [row.onec_id for row in rows]}, *([{"id": by_id}] if by_id else [])]
        outcomes = yield Ask(
            tuple(
                commands.list_page("catalog.section.list", select, {"iblockId": self.portal.iblock_id, **filter})
                for filter in asked
            )
        )
        found: dict[str, dict[str, Any]] = {}
        there: dict[int, dict[str, Any]] = {}
        for outcome in outcomes:
            if outcome.error is not None:
                raise DictionaryFailed(outcome.error)
            for section in outcome.result.get("sections", []):
                there[int(section["id"])] = section
                found.setdefault(str(section["xmlId"]), section)
        writes: list[tuple[Row, Command, bool]] = []
        for row in rows:
            main = row.main or {}
            now = there.get(held.get(row.onec_id, 0)) or found.get(row.onec_id)
            if now is not None:
                self._link(("group", row.onec_id), int(now["id"]))
            command = self._group_command(row, main, now)
            if command is not None:
                writes.append((row, command, now is None))
            else:
                self._done(row)
        if not writes:
            return
        adds = tuple(("group", row.onec_id) if new else None for row, _, new in writes)
        outcomes = yield Ask(tuple(command for _, command, _ in writes), adds)
        for (row, _, new), outcome in zip(writes, outcomes, strict=True):
            if self._accepted(row, outcome, "section-refused"):
                if new:
                    self._link(("group", row.onec_id), int(outcome.result["section"]["id"]))
                self._done(row)

    def _group_command(self, row: Row, main: Mapping[str, Any], now: Mapping[str, Any] | None) -> Command | None:
        name, active = str(main.get("name") or row.onec_id)[:255], not main.get("deleted")
        parent = self.links["group"].get(row.parent_id, 0)
        if now is None:
            return commands.add_section(self.portal.iblock_id, row.onec_id, name, parent, active=True) if active else None
        if "name" in self.rules.portal_owns:
            name = str(now["name"])
        if "sections" in self.rules.portal_owns:
            parent = int(now.get("iblockSectionId") or 0)
        same = (
            str(now["name"]) == name
            and int(now.get("iblockSectionId") or 0) == parent
            and (now.get("active", "Y") == "Y") == active
        )
        return None if same else commands.update_section(int(now["id"]), self.portal.iblock_id, name, parent, active=active)

    # properties

    def properties(self, wanted: Iterable[WantedProperty]) -> Step:
        for one in wanted:
            if one.for_offers and not self.portal.offers_iblock_id:
                continue
            row = yield from self._property(one)
            if row is not None and one.options:
                yield from self._options(one, int(row["id"]), fresh=bool(row.get("fresh")))

    def _property(self, one: WantedProperty) -> Generator[Ask, list[Outcome], dict[str, Any] | None]:
        """The portal's property for a wanted one, created or found; None when it cannot be had."""
        held = self.links[one.link_kind]
        rows = self.portal.offer_properties if one.for_offers else self.portal.properties
        key: Key = (one.link_kind, one.key)
        now = next((row for row in rows if int(row["id"]) == held.get(one.key)), None)
        now = now or next((row for row in rows if str(row.get("xmlId")) == one.key), None)
        now = now or next((row for row in rows if one.code and row.get("code") == one.code), None)
        if now is None:
            iblock = self.portal.offers_iblock_id if one.for_offers else self.portal.iblock_id
            command = commands.add_property(iblock, one.key, one.name, one.type, multiple=one.multiple, code=one.code)
            (outcome,) = yield Ask((command,))
            if not self._accepted_key(key, one.name, outcome, "property-refused"):
                return None
            now = {**outcome.result["productProperty"], "fresh": True}
            rows.append(now)
        elif commands.portal_property(now).type != one.type:
            facts = {"property": one.name, "is": str(now["propertyType"]), "wanted": one.type}
            self.log.troubles.append((key, one.name, Trouble("property-type-changed", facts)))
            if commands.portal_property(now).type == "list" or one.type == "list":
                return None
        else:
            fields: dict[str, Any] = {}
            if now["name"] != one.name and not one.code and "name" not in self.rules.portal_owns:
                fields["name"] = one.name
            if one.multiple and now.get("multiple") != "Y":
                fields["multiple"] = "Y"
            if fields:
                (outcome,) = yield Ask((commands.update_property(int(now["id"]), fields),))
                if self._accepted_key(key, one.name, outcome, "property-refused"):
                    now.update(fields)
        self._link(key, int(now["id"]))
        return now

    def _options(self, one: WantedProperty, property_id: int, *, fresh: bool) -> Step:
        there: dict[str, tuple[int, str]] = {}
        if not fresh:
            rows = yield from pages(
                "catalog.productPropertyEnum.list",
                "productPropertyEnums",
                ["id", "propertyId", "value", "xmlId"],
                {"propertyId": property_id},
            )
            there = {str(row["xmlId"]): (int(row["id"]), str(row["value"])) for row in rows}
        missing: list[tuple[str, str]] = []
        renames: list[Command] = []
        for option, text in one.options.items():
            if option not in there:
                missing.append((option, text))
                continue
            b24_id, value = there[option]
            self._link((one.option_kind, option_key(one.key, option)), b24_id)
            if value != text and "name" not in self.rules.portal_owns:
                renames.append(commands.update_option(b24_id, property_id, option, text))
        for start in range(0, len(missing), OPTIONS_AT_ONCE):
            page = missing[start : start + OPTIONS_AT_ONCE]
            outcomes = yield Ask(tuple(commands.add_option(property_id, option, text) for option, text in page))
            for (option, text), outcome in zip(page, outcomes, strict=True):
                if self._accepted_key((one.option_kind, option), f"{one.name}: {text}", outcome, "option-refused"):
                    made = int(outcome.result["productPropertyEnum"]["id"])
                    self._link((one.option_kind, option_key(one.key, option)), made)
        if renames:
            yield Ask(tuple(renames))

    # units and VAT

    def measures(self, wanted: Mapping[int, tuple[str, str, str]]) -> Step:
        """Units by ОКЕИ code: (title, symbol, international)."""
        have = {int(row["code"]) for row in self.portal.measures}
        for code, (title, symbol, international) in wanted.items():
            if code in have:
                continue
            (outcome,) = yield Ask((commands.add_measure(code, title or symbol, symbol or title, international),))
            if self._accepted_key(("unit", str(code)), title or symbol, outcome, "unit-refused"):
                self.portal.measures.append(outcome.result["measure"])

    def vats(self, wanted: Mapping[str, str]) -> Step:
        """VAT rates in percent, with the name a new one gets."""
        have = {rate_of(row) for row in self.portal.vats}
        for rate, name in wanted.items():
            if rate in have:
                continue
            (outcome,) = yield Ask((commands.add_vat(name, rate),))
            if self._accepted_key(("vat", rate), name, outcome, "vat-refused"):
                self.portal.vats.append(outcome.result["vat"])

    # what became of a row

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


def _depth(onec_id: str, every: Mapping[str, Row]) -> int:
    depth, seen = 0, {onec_id}
    row = every.get(onec_id)
    while row is not None and row.parent_id and row.parent_id not in seen:
        depth += 1
        seen.add(row.parent_id)
        row = every.get(row.parent_id)
    return depth


def rate_of(vat: Mapping[str, Any]) -> str:
    """The rate of a portal's VAT row as text; "" where it has none."""
    rate = vat.get("rate")
    if rate in (None, ""):
        return ""
    return format(float(str(rate)), "g")


def wanted_properties(row: Row, used_by_offers: bool) -> Iterator[WantedProperty]:
    """The portal's properties for a property of 1C: of the catalogue, of the offers, or of both."""
    told = property_of(row.onec_id, row.main or {})
    kind: PropertyType
    options: dict[str, str] = {}
    if told.options or told.value_type in ("reference", "boolean"):
        kind, options = "list", {option.id or option.value: option.value for option in told.options or () if option.value}
    else:
        kind = {"number": "number", "date": "date"}.get(told.value_type, "string")  # type: ignore[assignment]
    name = (told.name or told.id)[:255]
    only_offers = told.for_offers is True and not told.for_products
    if not only_offers:
        yield WantedProperty(told.id, name, kind, for_offers=False, multiple=told.multiple, options=options)
    if only_offers or used_by_offers:
        yield WantedProperty(told.id, name, kind, for_offers=True, multiple=told.multiple, options=options)
