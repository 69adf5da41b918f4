"""Before any item: what the portal's catalogue is like, and the dictionaries that items refer to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext, override

from b24app.models import Portal
from b24app.oauth.facts import catalog_of
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.commerceml import meaning
from exchange.imports import portal_lists
from exchange.imports.currencies import make_currencies
from exchange.imports.dictionaries import Dictionaries, rate_of
from exchange.imports.flows import Flow, Log
from exchange.imports.properties import Properties, WantedProperty, option_key, wanted_properties
from exchange.imports.reference_commands import portal_property
from exchange.imports.survey import Needs, survey
from exchange.models import OneCBase, StateRow
from exchange.planning.catalog import requisite_property
from exchange.planning.desired import Row
from exchange.planning.references import (
    ARTICLE,
    BARCODE,
    BRAND,
    CODE,
    COUNTRY,
    EXEMPT,
    ITEM_KIND,
    MANUFACTURER,
    PortalPriceType,
    PortalProperty,
    References,
    unit_code,
)
from exchange.records import Unit, UnitRef
from mapping import links
from mapping.rules import Rules

LINK_KINDS = ("group", "price_type", "warehouse", "property", "offer_property", "option", "offer_option")
_SYSTEM: Mapping[str, tuple[str, str]] = {
    # key of the state row's facet → external id and code of the property
    "article": (ARTICLE, ARTICLE),
    "barcodes": (BARCODE, BARCODE),
    "manufacturer": (MANUFACTURER, MANUFACTURER),
    "brand": (BRAND, BRAND),
    "country": (COUNTRY, COUNTRY),
    "code": (CODE, CODE),
    "item_kind": (ITEM_KIND, ITEM_KIND),
}


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
        self.links = {kind: links.to_b24(portal.pk, base.pk, kind) for kind in LINK_KINDS}

    def run(self, steps: Iterable[portal_lists.Step | Flow]) -> None:
        """Run steps together; raises OutOfTime when not all have ended."""
        if not self._run(_flow(step) for step in steps):
            raise OutOfTime

    def prepare(self) -> References | None:
        """Everything an item can refer to, brought up to date; None when the portal has no catalogue. Raises OutOfTime."""
        target, accounting, base_currency, currencies = self.target()
        if not target.iblock_id:
            return None
        if currencies:  # empty = they could not be asked
            self.run([make_currencies(self.rules.create_currencies, currencies, self.log)])
        references = self.references(target, accounting=accounting)
        return _with_currencies(references, base_currency, frozenset(currencies), self.rules.currencies)

    def target(self) -> tuple[portal_lists.Portal, bool, str, set[str]]:
        """The catalogue's iblocks, warehouse accounting, the base currency and all currencies, asked anew with every slice."""
        outcomes = self.client.batch(
            [
                Command(
                    "catalog.catalog.list", {"select": ["id", "iblockId", "iblockTypeId", "productIblockId", "skuPropertyId"]}
                ),
                Command("catalog.document.mode.status"),
                Command("crm.currency.list"),
            ]
        )
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
        needs = survey(self.base.pk, _EVER if self.rehearsed else _survey_since(self.base.pk))
        work = Dictionaries(target, self.links, self.rules, self.log, is_retail=meaning.is_retail)
        properties = Properties(target, self.links, self.rules, self.log)

        self.run([portal_lists.read_portal(target)])
        versions = {row.onec_id: row.version for row in due["property"]}
        self.run(
            [
                work.groups(due["group"], {row.onec_id: row for row in every["group"]}),
                properties.properties(self._wanted(due["property"], every["property"], needs), versions),
                *work.price_types(due["price_type"], every["price_type"]),
                *work.warehouses(due["warehouse"], accounting=accounting),
                *work.measures(_measures(needs, units)),
                *work.vats(self._vats(needs, target)),
            ]
        )
        self.log.done.update(
            {(row.kind, row.onec_id): row.version for kind in ("unit", "category", "property") for row in due[kind]}
        )
        if not self.rehearsed:
            _surveyed(self.base.pk, self.now)
        return self._references(target, every, units, accounting=accounting)

    def _vats(self, needs: Needs, target: portal_lists.Portal) -> dict[str, str]:
        with override(self.portal.language or "ru"):
            return {rate: gettext("VAT %(rate)s%%") % {"rate": rate} for rate in sorted(needs.vats - {EXEMPT})}

    def _wanted(self, due: Sequence[Row], every: Sequence[Row], needs: Needs) -> list[WantedProperty]:
        """Properties to make sure of: those of 1C that changed, those that offers use, and those for facts without a field."""
        in_offers = {key for key, variant in needs.properties if variant}
        wanted = [one for row in due for one in wanted_properties(row, row.onec_id in in_offers)]
        told = {row.onec_id: row for row in every}
        fresh = {row.onec_id for row in due}
        for key in sorted(in_offers - fresh):
            if key in told and key not in self.links["offer_property"]:
                wanted += [one for one in wanted_properties(told[key], used_by_offers=True) if one.for_offers]
        with override(self.portal.language or "ru"):
            titles = {
                "article": gettext("Article"),
                "barcodes": gettext("Barcode"),
                "manufacturer": gettext("Manufacturer"),
                "brand": gettext("Brand"),
                "country": gettext("Country of origin"),
                "code": gettext("Code in 1C"),
                "item_kind": gettext("Item kind in 1C"),
            }
        for facet, (key, code) in _SYSTEM.items():
            for variant in (False, True):
                if (facet, variant) in needs.has and key not in self.links["offer_property" if variant else "property"]:
                    wanted.append(WantedProperty(key, titles[facet], "string", variant, multiple=facet == "barcodes", code=code))
        for name, variant in sorted(needs.requisites):
            key = requisite_property(name)
            if key not in self.links["offer_property" if variant else "property"]:
                wanted.append(WantedProperty(key, name[:255], "string", variant, multiple=True))
        for key, (name, values) in sorted(needs.traits.items()):
            texts = {value: value for value in sorted(values) if value}
            known = self.links["offer_option"]
            if key in told:
                continue  # a property of 1C of the same id brings its own values
            if key not in self.links["offer_property"] or any(option_key(key, text) not in known for text in texts):
                wanted.append(WantedProperty(key, name[:255], "list", for_offers=True, options=texts))
        return wanted

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


def _flow(step: portal_lists.Step | Flow) -> Flow:
    """A dictionary step as a flow of the scheduler."""
    yield from step
    return None


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


_EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_last_survey: dict[int, dt.datetime] = {}


def _survey_since(base_id: int) -> dt.datetime:
    """Rows changed before have been looked through by this process; a new process looks through all that are due."""
    last = _last_survey.get(base_id)
    return last - dt.timedelta(minutes=5) if last else _EVER


def _surveyed(base_id: int, at: dt.datetime) -> None:
    _last_survey[base_id] = at
