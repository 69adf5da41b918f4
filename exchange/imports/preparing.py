"""Before any item: what the portal's catalogue is like, and the dictionaries that items refer to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext, override

from b24app.models import Portal
from b24app.oauth.facts import CATALOG_FIELDS, catalog_of
from b24app.rest.batching import BATCH_LIMIT, Outcome
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.commerceml import meaning
from exchange.imports import portal_lists
from exchange.imports.currencies import make_currencies
from exchange.imports.dictionaries import Dictionaries, rate_of
from exchange.imports.flows import Flow, Log
from exchange.imports.looking_ahead import Found, look_ups, new_elements
from exchange.imports.needed_properties import needed_properties
from exchange.imports.properties import Properties, option_key
from exchange.imports.reference_commands import portal_property
from exchange.imports.survey import EVER, Needs, survey, survey_since, surveyed
from exchange.models import OneCBase, StateRow
from exchange.planning.desired import Row
from exchange.planning.references import (
    EXEMPT,
    PortalPriceType,
    PortalProperty,
    References,
    unit_code,
)
from exchange.records import Unit, UnitRef
from mapping import links
from mapping.rules import Rules

LINK_KINDS = ("group", "price_type", "warehouse", "property", "offer_property", "option", "offer_option")


class OutOfTime(Exception):
    """The slice is over before its dictionaries were ready: what was made is known, the next slice goes on from there."""


class Preparation:
    """Reads the portal and brings its dictionaries up to date; `run` runs flows and tells whether all have ended."""

    def __init__(
        self,
        portal: Portal,
        base: OneCBase,
        client: PortalClient,
        rules: Rules,
        log: Log,
        now: dt.datetime,
        run: Callable[[Iterator[Flow]], bool],
        *,
        rehearsed: bool = False,
    ) -> None:
        self.portal = portal
        self.base = base
        self.client = client
        self.rules = rules
        self.log = log
        self.now = now
        self._run = run
        # A rehearsal looks through all rows, and leaves the process to think that nobody has.
        self.rehearsed = rehearsed
        self.found: Found = {}  # what has been looked up for the first items meanwhile
        self._answered: dict[str, Outcome] = {}
        self.links = {kind: links.to_b24(portal.pk, base.pk, kind) for kind in LINK_KINDS}

    def run(self, steps: Iterable[portal_lists.Step | Flow]) -> None:
        """Run steps together; raises OutOfTime when not all have ended."""
        if not self._run(_flow(step, self._answered) for step in steps):
            raise OutOfTime

    def prepare(self) -> References | None:
        """Everything an item can refer to, brought up to date; None when the portal has no catalogue. Raises OutOfTime."""
        target, accounting, base_currency, currencies = self.target(listing=True)
        if not target.iblock_id:
            return None
        if currencies:  # empty = they could not be asked
            self.run([make_currencies(self.rules.create_currencies, currencies, self.log)])
        references = self.references(target, accounting=accounting)
        return _with_currencies(references, base_currency, frozenset(currencies), self.rules.currencies)

    def target(self, *, listing: bool = False) -> tuple[portal_lists.Portal, bool, str, set[str]]:
        """The catalogue's iblocks, warehouse accounting, the base currency and all currencies, asked anew with every slice.

        `listing`: and what `references` asks first.
        """
        questions = [
            Command("catalog.catalog.list", {"select": CATALOG_FIELDS}),
            Command("catalog.document.mode.status"),
            Command("crm.currency.list"),
        ]
        beside = self._foreseen()[: BATCH_LIMIT - len(questions)] if listing else []
        outcomes = self.client.batch([*questions, *beside])
        self._answered = {_spelt(one.command): one for one in outcomes[len(questions) :]}
        outcomes = outcomes[: len(questions)]
        for outcome in outcomes:
            if outcome.error is not None and outcome.error.fate in (Fate.RETRY, Fate.REFRESH, Fate.PERSON):
                raise outcome.error
        catalogs, accounting, currencies = (outcome.result for outcome in outcomes)
        catalog = catalog_of(catalogs)
        rows = currencies or []
        base = next((str(row["CURRENCY"]) for row in rows if row.get("BASE") == "Y"), "")
        language = str(self.portal.facts.get("language") or self.portal.language or "ru")
        target = portal_lists.Portal(catalog["iblock_id"] or 0, catalog["offers_iblock_id"] or 0, languages=(language,))
        return target, accounting == "Y", base, {str(row["CURRENCY"]) for row in rows}

    def _foreseen(self) -> list[Command]:
        """What will be asked next if the portal's catalogue is still the one that it had, which hardly ever changes."""
        catalog = self.portal.facts.get("catalog") or {}
        before = portal_lists.Portal(catalog.get("iblock_id") or 0, catalog.get("offers_iblock_id") or 0)
        if not before.iblock_id:
            return []
        groups = [row for row, due in self._rows("group").values() if due]
        sections = Dictionaries(before, self.links, self.rules, self.log).section_look_ups(groups)
        return [*portal_lists.first_pages(before), *sections]

    def _rows(self, kind: str) -> dict[str, tuple[Row, bool]]:
        """Every row of a dictionary kind with whether it is due, in the order 1C told them."""
        found = StateRow.objects.filter(base=self.base, kind=kind).order_by("pk")
        fields = ("onec_id", "parent_id", "version", "pushed_version", "main")
        return {
            onec_id: (Row(kind, onec_id, parent_id, version, main or {}), pushed < version)
            for onec_id, parent_id, version, pushed, main in found.values_list(*fields)
        }

    def references(self, target: portal_lists.Portal, *, accounting: bool) -> References:
        rows = {kind: self._rows(kind) for kind in ("price_type", "warehouse", "group", "property", "unit", "category")}
        due = {kind: [row for row, is_due in of_kind.values() if is_due] for kind, of_kind in rows.items()}
        every = {kind: [row for row, _ in of_kind.values()] for kind, of_kind in rows.items()}
        units = {row.onec_id: Unit(id=row.onec_id, **(row.main or {})) for row in every["unit"]}
        needs = survey(self.base.pk, EVER if self.rehearsed else survey_since(self.base.pk))
        work = Dictionaries(target, self.links, self.rules, self.log, is_retail=meaning.is_retail)
        properties = Properties(target, self.links, self.rules, self.log)

        self.run([portal_lists.read_portal(target)])
        versions = {row.onec_id: row.version for row in due["property"]}
        with override(self.portal.language or "ru"):
            wanted = needed_properties(due["property"], every["property"], needs, self.links)
        new = new_elements(self.base.pk, self.now) if due["group"] or due["property"] else []
        self.run(
            [
                work.groups(due["group"], {row.onec_id: row for row in every["group"]}),
                properties.properties(wanted, versions),
                *work.price_types(due["price_type"], every["price_type"]),
                *work.warehouses(due["warehouse"], accounting=accounting),
                *work.measures(_measures(needs, units)),
                *work.vats(self._vats(needs, target)),
                *look_ups(new, (target.iblock_id, target.offers_iblock_id), self.found),
            ]
        )
        self.log.done.update(
            {(row.kind, row.onec_id): row.version for kind in ("unit", "category", "property") for row in due[kind]}
        )
        if not self.rehearsed:
            surveyed(self.base.pk, self.now)
        return self._references(target, every, units, accounting=accounting)

    def _vats(self, needs: Needs, target: portal_lists.Portal) -> dict[str, str]:
        with override(self.portal.language or "ru"):
            return {rate: gettext("VAT %(rate)s%%") % {"rate": rate} for rate in sorted(needs.vats - {EXEMPT})}

    def _references(
        self, target: portal_lists.Portal, every: Mapping[str, list[Row]], units: Mapping[str, Unit], *, accounting: bool
    ) -> References:
        price_types = {}
        for row in every["price_type"]:
            if row.onec_id in self.links["price_type"]:
                main = row.main or {}
                price_types[row.onec_id] = PortalPriceType(
                    self.links["price_type"][row.onec_id], main.get("currency", ""), main.get("vat_included")
                )
        ours = {price_type.id for price_type in price_types.values()}
        names = [(row["id"], row.get("symbol")) for row in target.measures] + [
            (row["id"], row.get("measureTitle")) for row in target.measures
        ]
        vats = {rate_of(row): int(row["id"]) for row in reversed(target.vats) if not meaning.is_exempt(str(row["name"]))}
        exempt = [int(row["id"]) for row in target.vats if meaning.is_exempt(str(row["name"])) or rate_of(row) == ""]
        if exempt:
            vats[EXEMPT] = exempt[0]
        return References(
            iblock_id=target.iblock_id,
            offers_iblock_id=target.offers_iblock_id,
            accounting=accounting,
            sections=self.links["group"],
            known_groups=frozenset(row.onec_id for row in every["group"] if not (row.main or {}).get("deleted")),
            properties=self._properties(target.properties, "property", "option"),
            offer_properties=self._properties(target.offer_properties, "offer_property", "offer_option"),
            price_types=price_types,
            told_price_types=frozenset(row.onec_id for row in every["price_type"]),
            foreign_price_types=frozenset(int(row["id"]) for row in target.price_types) - ours,
            stores=self.links["warehouse"],
            measures={int(row["code"]): int(row["id"]) for row in target.measures},
            measure_names={str(name).casefold(): int(id) for id, name in names if name},
            units=units,
            chosen_measures={
                unit: measure for unit, measure in self.rules.units.items() if measure in {int(r["id"]) for r in target.measures}
            },
            vats=vats,
            service_types=meaning.SERVICE_TYPES,
        )

    def _properties(self, rows: Iterable[Mapping[str, Any]], kind: str, option_kind: str) -> dict[str, PortalProperty]:
        by_id = {int(row["id"]): row for row in rows}
        return {
            key: portal_property(by_id[b24_id], _Options(self.links[option_kind], key))
            for key, b24_id in self.links[kind].items()
            if b24_id in by_id
        }


class _Options(Mapping[str, int]):
    """A list property's values as links hold them, by 1C's option id."""

    def __init__(self, held: Mapping[str, int], property_key: str) -> None:
        self._held = held
        self._property = property_key

    def __getitem__(self, option: str) -> int:
        return self._held[option_key(self._property, option)]

    def __iter__(self) -> Iterator[str]:
        prefix = f"{self._property}|"
        return (key.removeprefix(prefix) for key in self._held if key.startswith(prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _spelt(command: Command) -> str:
    return f"{command.method} {command.params}"


def _flow(step: portal_lists.Step | Flow, answered: dict[str, Outcome]) -> Flow:
    """A dictionary step as a flow of the scheduler; what has been `answered` before is not asked again (it counts once)."""
    outcomes: list[Outcome] | None = None
    while True:
        try:
            ask = next(step) if outcomes is None else step.send(outcomes)
        except StopIteration:
            return None
        keys = [_spelt(command) for command in ask.commands]
        known = ask.commands and all(key in answered for key in keys)
        outcomes = [answered.pop(key) for key in keys] if known else (yield ask)


def _measures(needs: Needs, units: Mapping[str, Unit]) -> dict[int, tuple[str, str, str]]:
    wanted: dict[int, tuple[str, str, str]] = {}
    for code, name, full_name, international in sorted(needs.units):
        number = unit_code(UnitRef(code, name, full_name, international), units)
        if number is not None:
            described = units.get(code)
            short = name if not name.strip().isdigit() else ""
            wanted[number] = (
                full_name or (described.full_name if described else "") or short,
                short or (described.name if described else ""),
                international or (described.international if described else ""),
            )
    return {number: texts for number, texts in wanted.items() if texts[0] or texts[1]}


def _with_currencies(references: References, base: str, portal: frozenset[str], rules: Mapping[str, str]) -> References:
    return replace(references, base_currency=base, portal_currencies=portal, currencies={**meaning.CURRENCIES, **rules})
