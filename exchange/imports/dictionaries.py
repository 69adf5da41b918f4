"""What items refer to reaches the portal first: price types, warehouses, groups, units, VAT rates (properties: properties.py).

What does not depend on one another is a step of its own, so that all of it travels together: waiting for each answer in turn would take
minutes where a portal is slow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports import reference_commands as commands
from exchange.imports.commands import LOOKUP_SIZE
from exchange.imports.flows import Ask, Log
from exchange.imports.portal_lists import DictionaryFailed, Links, Portal, Step, Steps
from exchange.planning.desired import Row
from mapping.rules import Rules

Section = Mapping[str, Any]


class Dictionaries(Steps):
    """Brings due dictionary rows into the portal; `links` and `portal` are kept up to date as it goes."""

    def __init__(
        self, portal: Portal, links: Links, rules: Rules, log: Log, *, is_retail: Callable[[str], bool] = lambda name: False
    ) -> None:
        super().__init__(portal, links, rules, log)
        self.is_retail = is_retail

    # price types

    def price_types(self, rows: Sequence[Row], every: Sequence[Row]) -> Iterator[Step]:
        """Create or adopt price types; 1C's main one becomes the portal's base price, which deals use."""
        base = next((held for held in self.portal.price_types if held.get("base") == "Y"), None)
        chosen = self._chosen_base(base, every)
        self._make_room(base, chosen)
        moves = base is not None and chosen is not None and self.links["price_type"].get(chosen.onec_id) != int(base["id"])
        if base is not None and chosen is not None and moves and chosen in rows:
            before = next((row for row in rows if row.onec_id == str(base.get("xmlId")) and row is not chosen), None)
            yield self._change_base(base, chosen, before, known={row.onec_id for row in every})
            rows = [row for row in rows if row is not chosen and row is not before]
        base_id = "" if chosen is not None else self._base_price_type(base, every)
        for row in rows:
            yield self._price_type(row, is_base=row.onec_id == base_id)

    def _chosen_base(self, base: Mapping[str, Any] | None, every: Sequence[Row]) -> Row | None:
        """1C's price type that somebody has chosen to be the base price, unless another setting says otherwise."""
        row = next((row for row in every if row.onec_id == self.rules.base_price_type), None)
        if row is None or base is None or row.onec_id in self.rules.skipped_price_types or (row.main or {}).get("deleted"):
            return None
        mapped = self.rules.price_types
        return None if row.onec_id in mapped or int(base["id"]) in mapped.values() else row

    def _make_room(self, base: Mapping[str, Any] | None, chosen: Row | None) -> None:
        """Forget links that the rules no longer mean: to a price type that another one of 1C is mapped to, or that was only mapped."""
        held = self.links["price_type"]
        there = {int(row["id"]): str(row.get("xmlId") or "") for row in self.portal.price_types}
        for onec_id, b24_id in list(held.items()):
            wanted = self.rules.price_types.get(onec_id)
            own = there.get(b24_id) == onec_id and b24_id not in self.rules.price_types.values()
            as_base = chosen is not None and base is not None and (onec_id, b24_id) == (chosen.onec_id, int(base["id"]))
            if wanted != b24_id and (wanted in there or not (own or as_base)):
                del held[onec_id]

    def _change_base(self, base: dict[str, Any], chosen: Row, before: Row | None, *, known: Collection[str]) -> Step:
        """Make `chosen` the base price; the one that was it `before` takes the price type that `chosen` had so far."""
        told = str(base.get("xmlId") or "BASE")
        if told.upper() == "BASE" or told in known:
            own = next(
                (row for row in self.portal.price_types if str(row.get("xmlId")) == chosen.onec_id and row is not base), None
            )
            freed = [] if own is None else [commands.adopt_price_type(int(own["id"]), before.onec_id if before else "")]
            outcomes = yield Ask((*freed, commands.adopt_price_type(int(base["id"]), chosen.onec_id)))
            if [outcome for outcome in outcomes if not self._accepted(chosen, outcome, "price-type-refused")]:
                return
            base["xmlId"] = chosen.onec_id
            if before is not None:
                self.links["price_type"].pop(before.onec_id, None)
            if own is not None:
                own["xmlId"] = before.onec_id if before else ""
        # Else another base of 1C or somebody else has it too: both write their own goods' prices there.
        self._link(("price_type", chosen.onec_id), int(base["id"]))
        for row in (chosen, before):
            if row is not None:
                yield from self._price_type(row, is_base=False)

    def _price_type(self, row: Row, *, is_base: bool) -> Step:
        held, main = self.links["price_type"], row.main or {}
        skipped = main.get("deleted") or row.onec_id in self.rules.skipped_price_types
        if skipped and row.onec_id not in held:
            self._done(row)
            return
        if row.onec_id not in held:
            yield from self._place_price_type(row, is_base=is_base)
        if row.onec_id in held:
            if row.onec_id not in self.rules.price_types:
                yield from self._name_price_type(held[row.onec_id], main["name"])
            self._done(row)

    def _base_price_type(self, base: Mapping[str, Any] | None, every: Sequence[Row]) -> str:
        """The price type of 1C that fills the portal's base price while none does: a retail one, else the first."""
        held = set(self.links["price_type"].values())
        if base is None or int(base["id"]) in held or int(base["id"]) in self.rules.price_types.values():
            return ""
        elsewhere = self.rules.skipped_price_types | set(self.rules.price_types)
        alive = [row for row in every if not (row.main or {}).get("deleted") and row.onec_id not in elsewhere]
        retail = next((row for row in alive if self.is_retail(str((row.main or {}).get("name", "")))), None)
        chosen = retail or (alive[0] if alive else None)
        return chosen.onec_id if chosen else ""

    def _place_price_type(self, row: Row, *, is_base: bool) -> Step:
        same = next((held for held in self.portal.price_types if str(held.get("xmlId")) == row.onec_id), None)
        base = next((held for held in self.portal.price_types if held.get("base") == "Y"), None)
        mapped = self.rules.price_types.get(row.onec_id)
        if mapped is not None and any(int(held["id"]) == mapped for held in self.portal.price_types):
            self._link(("price_type", row.onec_id), mapped)
        elif same is not None and int(same["id"]) not in self.rules.price_types.values():
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

    def warehouses(self, rows: Sequence[Row], *, accounting: bool) -> Iterator[Step]:
        return (self._warehouse(row, accounting=accounting) for row in rows)

    def _warehouse(self, row: Row, *, accounting: bool) -> Step:
        held, main = self.links["warehouse"], row.main or {}
        name, address, active = main.get("name", ""), main.get("address", ""), not main.get("deleted")
        same = next((store for store in self.portal.stores if str(store.get("xmlId")) == row.onec_id), None)
        if row.onec_id not in held and same is not None:
            self._link(("warehouse", row.onec_id), int(same["id"]))
        if row.onec_id in held:
            now = next((store for store in self.portal.stores if int(store["id"]) == held[row.onec_id]), {})
            if now.get("title") != name or (now.get("active") == "Y") != active:
                (outcome,) = yield Ask((commands.update_store(held[row.onec_id], name, address, active=active),))
                if not self._accepted(row, outcome, "warehouse-refused"):
                    return
        elif active:
            (outcome,) = yield Ask((commands.add_store(row.onec_id, name, address),))
            if outcome.error is None:
                self.portal.stores.append(outcome.result["store"])
                self._link(("warehouse", row.onec_id), int(outcome.result["store"]["id"]))
            elif accounting and not self._accepted(row, outcome, "warehouse-refused"):
                return
        self._done(row)

    # groups

    def groups(self, rows: Sequence[Row], every: Mapping[str, Row]) -> Step:
        """The tree, from the roots down; moves, renames and deletion marks."""
        if not rows:
            return
        found, there = yield from self._sections(rows)
        levels: dict[int, list[Row]] = {}
        for row in rows:
            levels.setdefault(_depth(row.onec_id, every), []).append(row)
        for level in sorted(levels):
            yield from self._group_level(levels[level], found, there)

    def section_look_ups(self, rows: Sequence[Row]) -> tuple[Command, ...]:
        """What `groups` asks first: the portal's sections that these groups may be, by external id, and by their own."""
        select = ["id", "iblockId", "name", "xmlId", "iblockSectionId", "active"]
        held = self.links["group"]
        by_id = [held[row.onec_id] for row in rows if row.onec_id in held]
        by_xml_id = [row.onec_id for row in rows]
        filters = [
            {key: ids[start : start + LOOKUP_SIZE]}
            for key, ids in (("xmlId", by_xml_id), ("id", by_id))
            for start in range(0, len(ids), LOOKUP_SIZE)
        ]
        iblock = {"iblockId": self.portal.iblock_id}
        return tuple(commands.list_page("catalog.section.list", select, {**iblock, **filter}) for filter in filters)

    def _sections(self, rows: Sequence[Row]) -> Generator[Ask, list[Outcome], tuple[dict[str, Section], dict[int, Section]]]:
        outcomes = yield Ask(self.section_look_ups(rows))
        found: dict[str, Section] = {}
        there: dict[int, Section] = {}
        for outcome in outcomes:
            if outcome.error is not None:
                raise DictionaryFailed(outcome.error)
            for section in outcome.result.get("sections", []):
                there[int(section["id"])] = section
                found.setdefault(str(section["xmlId"]), section)
        return found, there

    def _group_level(self, rows: Sequence[Row], found: Mapping[str, Section], there: Mapping[int, Section]) -> Step:
        writes: list[tuple[Row, Command, bool]] = []
        for row in rows:
            now = there.get(self.links["group"].get(row.onec_id, 0)) or found.get(row.onec_id)
            if now is not None:
                self._link(("group", row.onec_id), int(now["id"]))
            command = self._group_command(row, row.main or {}, now)
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

    # units and VAT

    def measures(self, wanted: Mapping[int, tuple[str, str, str]]) -> Iterator[Step]:
        """Units by ОКЕИ code: (title, symbol, international)."""
        have = {int(row["code"]) for row in self.portal.measures}
        return (self._measure(code, *texts) for code, texts in wanted.items() if code not in have)

    def _measure(self, code: int, title: str, symbol: str, international: str) -> Step:
        (outcome,) = yield Ask((commands.add_measure(code, title or symbol, symbol or title, international),))
        if self._accepted_key(("unit", str(code)), title or symbol, outcome, "unit-refused"):
            self.portal.measures.append(outcome.result["measure"])

    def vats(self, wanted: Mapping[str, str]) -> Iterator[Step]:
        """VAT rates in percent, with the name a new one gets."""
        have = {rate_of(row) for row in self.portal.vats}
        return (self._vat(rate, name) for rate, name in wanted.items() if rate not in have)

    def _vat(self, rate: str, name: str) -> Step:
        (outcome,) = yield Ask((commands.add_vat(name, rate),))
        if self._accepted_key(("vat", rate), name, outcome, "vat-refused"):
            self.portal.vats.append(outcome.result["vat"])


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
