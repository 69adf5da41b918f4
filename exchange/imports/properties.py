"""Properties and the values of list properties: of the catalogue, and of its offers."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports import reference_commands as commands
from exchange.imports.commands import LOOKUP_SIZE
from exchange.imports.flows import Ask, Key
from exchange.imports.portal_lists import DictionaryFailed, Step, Steps, pages
from exchange.planning.desired import Row, property_of
from exchange.planning.items import Trouble
from exchange.planning.references import PropertyType

AT_ONCE = 50
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

    def properties(self, wanted: Iterable[WantedProperty], versions: Mapping[str, int]) -> Step:
        """Make sure of all of them, a page at a time; `versions` are those of the rows (by key) that are done once theirs are had."""
        todo = list(
            {(one.link_kind, one.key): one for one in wanted if not one.for_offers or self.portal.offers_iblock_id}.values()
        )
        last = {one.key: place for place, one in enumerate(todo)}
        for start in range(0, len(todo), AT_ONCE):
            page = todo[start : start + AT_ONCE]
            rows = yield from self._page(page)
            with_options = [(one, row) for one, row in zip(page, rows, strict=True) if row is not None and one.options]
            yield from self._options(with_options)
            # Saved as it goes: a dictionary of thousands takes more than one slice.
            for key in {one.key for one in page if last[one.key] < start + AT_ONCE} & versions.keys():
                self.log.done["property", key] = versions[key]

    def _page(self, page: Sequence[WantedProperty]) -> Generator[Ask, list[Outcome], list[dict[str, Any] | None]]:
        """The portal's properties for the wanted ones, created or found; None for one that cannot be had."""
        found = [self._find(one) for one in page]
        asked: list[tuple[int, Command, dict[str, Any]]] = []
        for place, (one, now) in enumerate(zip(page, found, strict=True)):
            iblock = self.portal.offers_iblock_id if one.for_offers else self.portal.iblock_id
            if now is None:
                command = commands.add_property(iblock, one.key, one.name, one.type, multiple=one.multiple, code=one.code)
                asked.append((place, command, {}))
            elif commands.portal_property(now).type == one.type and (fields := self._renewed(one, now)):
                asked.append((place, commands.update_property(int(now["id"]), iblock, fields), fields))
        outcomes = (yield Ask(tuple(command for _, command, _ in asked))) if asked else []
        for (place, _, fields), outcome in zip(asked, outcomes, strict=True):
            one, now = page[place], found[place]
            if not self._accepted_key((one.link_kind, one.key), one.name, outcome, "property-refused"):
                continue
            if now is None:
                found[place] = made = {**outcome.result["productProperty"], "fresh": True}
                self._rows(one).append(made)
            else:
                now.update(fields)
        return [self._had(one, now) for one, now in zip(page, found, strict=True)]

    def _rows(self, one: WantedProperty) -> list[dict[str, Any]]:
        return self.portal.offer_properties if one.for_offers else self.portal.properties

    def _find(self, one: WantedProperty) -> dict[str, Any] | None:
        held, rows = self.links[one.link_kind].get(one.key), self._rows(one)
        now = next((row for row in rows if int(row["id"]) == held), None) if held is not None else None
        now = now or next((row for row in rows if str(row.get("xmlId")) == one.key), None)
        return now or next((row for row in rows if one.code and row.get("code") == one.code), None)

    def _renewed(self, one: WantedProperty, now: Mapping[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if now["name"] != one.name and not one.code and "name" not in self.rules.portal_owns:
            fields["name"] = one.name
        if one.multiple and now.get("multiple") != "Y":
            fields["multiple"] = "Y"
        return fields

    def _had(self, one: WantedProperty, now: dict[str, Any] | None) -> dict[str, Any] | None:
        """Link it; None for one that is there as something that cannot hold the values."""
        if now is None:
            return None
        key: Key = (one.link_kind, one.key)
        if (kind := commands.portal_property(now).type) != one.type:
            facts = {"property": one.name, "is": str(now["propertyType"]), "wanted": one.type}
            self.log.troubles.append((key, one.name, Trouble("property-type-changed", facts)))
            if kind == "list" or one.type == "list":
                return None
        self._link(key, int(now["id"]))
        return now

    def _options(self, properties: Sequence[tuple[WantedProperty, dict[str, Any]]]) -> Step:
        there = yield from self._options_there([row for _, row in properties if not row.get("fresh")])
        missing: list[tuple[WantedProperty, int, str, str]] = []
        renames: list[Command] = []
        for one, row in properties:
            property_id = int(row["id"])
            for option, text in one.options.items():
                if (property_id, option) not in there:
                    missing.append((one, property_id, option, text))
                    continue
                b24_id, value = there[property_id, option]
                self._link((one.option_kind, option_key(one.key, option)), b24_id)
                if value != text and "name" not in self.rules.portal_owns:
                    renames.append(commands.update_option(b24_id, property_id, option, text))
        for start in range(0, len(missing), AT_ONCE):
            page = missing[start : start + AT_ONCE]
            outcomes = yield Ask(tuple(commands.add_option(property_id, option, text) for _, property_id, option, text in page))
            for (one, _, option, text), outcome in zip(page, outcomes, strict=True):
                if self._accepted_key((one.option_kind, option), f"{one.name}: {text}", outcome, "option-refused"):
                    made = int(outcome.result["productPropertyEnum"]["id"])
                    self._link((one.option_kind, option_key(one.key, option)), made)
        if renames:
            yield Ask(tuple(renames))

    def _options_there(
        self, rows: Sequence[Mapping[str, Any]]
    ) -> Generator[Ask, list[Outcome], dict[tuple[int, str], tuple[int, str]]]:
        """The values that list properties have, by property and external id: first pages together, the rest one by one."""
        if not rows:
            return {}
        method, key, select = "catalog.productPropertyEnum.list", "productPropertyEnums", ["id", "propertyId", "value", "xmlId"]
        filters = [{"propertyId": int(row["id"])} for row in rows]
        outcomes = yield Ask(tuple(commands.list_page(method, select, {**filter, ">id": 0}) for filter in filters))
        found: list[dict[str, Any]] = []
        for filter, outcome in zip(filters, outcomes, strict=True):
            if outcome.error is not None:
                raise DictionaryFailed(outcome.error)
            page = list(outcome.result.get(key, []))
            found += page
            if len(page) == LOOKUP_SIZE:
                found += yield from pages(method, key, select, filter, after=max(int(row["id"]) for row in page))
        return {(int(row["propertyId"]), str(row["xmlId"])): (int(row["id"]), str(row["value"])) for row in found}


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
