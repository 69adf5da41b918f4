"""Properties and the values of list properties: of the catalogue, and of its offers."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports import reference_commands as commands
from exchange.imports.flows import Ask, Key
from exchange.imports.portal_lists import Step, Steps, pages
from exchange.planning.desired import Row, property_of
from exchange.planning.items import Trouble
from exchange.planning.references import PropertyType

OPTIONS_AT_ONCE = 50
KEY_LIMIT = 200


def option_key(property_key: str, option: str) -> str:
    """The link key of one value of a list property; long ones are shortened by their digest."""
    key = f"{property_key}|{option}"
    return key if len(key) <= KEY_LIMIT else f"{property_key[:100]}|#{hashlib.sha256(option.encode()).hexdigest()}"


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


class Properties(Steps):
    """Creates, finds and renames properties and their values."""

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
