"""PUSH: what 1C wants and the portal does not have yet becomes REST commands, at the portal's own pace.

The edge around flows.py: it loads rows, hands flows to the scheduler, and saves what they learnt, every time under the lane's fence.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext, override

from b24app import lanes
from b24app.models import Portal
from b24app.oauth import troubles as portal_troubles
from b24app.oauth.clients import client_for
from b24app.oauth.facts import catalog_of
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from b24app.rest.pipeline import Pipeline
from exchange import pictures, reports
from exchange.commerceml import meaning
from exchange.imports import commands, dictionaries
from exchange.imports.dictionaries import Dictionaries, DictionaryFailed, WantedProperty, wanted_properties
from exchange.imports.flows import Flow, Key, Log, PictureFile, Tools, Work, chunk_flow
from exchange.imports.scheduler import PortalBlocked, Scheduler
from exchange.imports.stock import LINES_AT_ONCE, stock_flow
from exchange.imports.survey import Needs, survey
from exchange.models import OneCBase, StateRow
from exchange.planning.catalog import Item, Trouble, plan_item, requisite_property
from exchange.planning.changes import Known, known_of
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
from mapping.load import rules_of

log = logging.getLogger(__name__)

# A product that no offers file has spoken of yet waits until 1C has been quiet for so long: it may still get characteristics.
QUIET_SECONDS = 15.0
# How long a blocked portal is left alone, and the first pause after a failed call (it doubles).
BLOCKED_SECONDS = 300.0
RETRY_SECONDS = 15.0
WINDOW_ROWS = 1000
CHUNK_ITEMS = 50
LINK_KINDS = ("group", "price_type", "warehouse", "property", "offer_property", "option", "offer_option")
_PROBLEM_KINDS = {"offer_property": "property", "offer_option": "option"}
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


def push(claim: lanes.Claim, *, until: float) -> dt.datetime | None:
    """Push what is due for the claimed portal until time.monotonic() reaches `until`; returns when there is more to do."""
    portal = Portal.objects.get(pk=claim.portal_id)
    if portal.uninstalled_at is not None:
        return None
    if portal.trouble:
        return timezone.now() + dt.timedelta(seconds=BLOCKED_SECONDS)
    client = client_for(portal)
    with Pipeline(client) as pipeline:
        for base in OneCBase.objects.filter(portal=portal, paused_at=None).order_by("pk"):
            if not _is_due(base):
                continue
            try:
                finished = BasePush(portal, base, claim, client, pipeline, until).run()
            except (PortalBlocked, DictionaryFailed, RestError) as exc:
                return _blocked(portal, exc if isinstance(exc, RestError) else exc.error)
            if not finished:
                return timezone.now()
    return next_due(portal.pk)


def after_failure() -> dt.timedelta:
    """How long a lane rests after an unexpected error."""
    return dt.timedelta(seconds=RETRY_SECONDS)


def _blocked(portal: Portal, error: RestError) -> dt.datetime:
    """The portal as a whole cannot be written to now: say so, and come back later."""
    portal_troubles.note(portal.pk, error)
    waits = BLOCKED_SECONDS if error.fate is Fate.PERSON else max(error.retry_after, RETRY_SECONDS)
    if error.fate not in (Fate.RETRY, Fate.REFRESH):
        facts = {"code": error.code, "answer": error.description}
        reports.report(portal=portal, base=None, cause="portal-refused", facts=facts)
    log.warning("portal %s cannot be pushed to: %s", portal.pk, error)
    return timezone.now() + dt.timedelta(seconds=waits)


_DUE = "base_id = %(base)s and pushed_version < version"
# Rows that a file changed after the slice had begun wait for the next one: what they refer to may not have been looked at.
_BEFORE = "changed_at <= %(now)s"
_FREE = """(not_before is null or not_before <= now())
  and (adding_since is null or adding_since < now() - make_interval(secs => %(limit)s))"""


def _is_due(base: OneCBase) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select exists (select 1 from exchange_staterow where {_DUE} and kind = any(%(kinds)s) and {_FREE})",  # noqa: S608
            {"base": base.pk, "limit": settings.B24_REQUEST_LIMIT, "kinds": list(_KINDS)},
        )
        return bool(cursor.fetchone()[0])


_KINDS = ("price_type", "warehouse", "group", "property", "category", "unit", "product", "offer")


def next_due(portal_id: int) -> dt.datetime | None:
    """When the next waiting row of the portal's bases may be tried; None when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select min(greatest(coalesce(row.not_before, now()),
                                   coalesce(row.adding_since + make_interval(secs => %s), '-infinity')))
               from exchange_staterow row join exchange_onecbase base on base.id = row.base_id
               where base.portal_id = %s and base.paused_at is null and row.pushed_version < row.version""",
            [settings.B24_REQUEST_LIMIT, portal_id],
        )
        row = cursor.fetchone()
        return row[0] if row else None


class BasePush:
    """One slice of pushing one base's catalogue."""

    def __init__(
        self, portal: Portal, base: OneCBase, claim: lanes.Claim, client: PortalClient, pipeline: Pipeline, until: float
    ) -> None:
        self.portal = portal
        self.base = base
        self.claim = claim
        self.client = client
        self.pipeline = pipeline
        self.until = until
        self.rules = rules_of(portal.pk, base.pk)
        self.log = Log()
        self.linked_something = False
        self.links = {kind: links.to_b24(portal.pk, base.pk, kind) for kind in LINK_KINDS}
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            self.now = cursor.fetchone()[0]

    def run(self) -> bool:
        """Push until done or out of time; True when nothing due is left for now."""
        target, accounting, base_currency, currencies = self._target()
        if not target.iblock_id:
            reports.report(portal=self.portal, base=self.base, cause="catalog-missing")
            self._delay_everything()
            return True
        references = self._dictionaries(target, accounting=accounting)
        references = _with_currencies(references, base_currency, currencies, self.rules.currencies)
        tools = self._tools(references)
        scheduler = self._scheduler(reserve=8.0 if accounting else 0.0)
        finished = scheduler.run(self._chunks(tools))
        if tools.stock_queue:
            self._stock(tools, base_currency)
        return finished

    def _scheduler(self, reserve: float = 0.0) -> Scheduler:
        return Scheduler(
            self.pipeline, self.log, save=self.save, mark=self.mark, expired=lambda: time.monotonic() > self.until - reserve
        )

    # what the portal is like

    def _target(self) -> tuple[dictionaries.Portal, bool, str, frozenset[str]]:
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
        target = dictionaries.Portal(catalog["iblock_id"] or 0, catalog["offers_iblock_id"] or 0, languages=(language,))
        return target, accounting == "Y", base, frozenset(str(row["CURRENCY"]) for row in rows)

    def _rows(self, kind: str) -> dict[str, tuple[Row, bool]]:
        """Every row of a dictionary kind with whether it is due, in the order 1C told them."""
        found = StateRow.objects.filter(base=self.base, kind=kind).order_by("pk")
        fields = ("onec_id", "parent_id", "version", "pushed_version", "main")
        return {
            onec_id: (Row(kind, onec_id, parent_id, version, main or {}), pushed < version)
            for onec_id, parent_id, version, pushed, main in found.values_list(*fields)
        }

    def _dictionaries(self, target: dictionaries.Portal, *, accounting: bool) -> References:
        rows = {kind: self._rows(kind) for kind in ("price_type", "warehouse", "group", "property", "unit", "category")}
        due = {kind: [row for row, is_due in of_kind.values() if is_due] for kind, of_kind in rows.items()}
        every = {kind: [row for row, _ in of_kind.values()] for kind, of_kind in rows.items()}
        units = {row.onec_id: Unit(id=row.onec_id, **(row.main or {})) for row in every["unit"]}
        needs = survey(self.base.pk, _survey_since(self.base.pk))
        work = Dictionaries(target, self.links, self.rules, self.log, is_retail=meaning.is_retail)

        def steps() -> Iterator[Flow]:
            yield _flow(dictionaries.read_portal(target))
            yield _flow(work.price_types(due["price_type"], every["price_type"]))
            yield _flow(work.warehouses(due["warehouse"], accounting=accounting))
            yield _flow(work.measures(_measures(needs, units)))
            yield _flow(work.vats(self._vats(needs, target)))
            yield _flow(work.groups(due["group"], {row.onec_id: row for row in every["group"]}))
            yield _flow(work.properties(self._wanted(due["property"], every["property"], needs)))

        for step in steps():  # one after the other: each needs what the one before has read or made
            self._scheduler().run(iter([step]))
        self.log.done.update(
            {(row.kind, row.onec_id): row.version for kind in ("unit", "category", "property") for row in due[kind]}
        )
        if self.log.linked or self.linked_something:
            self._wake_waiting()
        self.save(self.log)
        _surveyed(self.base.pk, self.now)
        return self._references(target, every, units, accounting=accounting)

    def _vats(self, needs: Needs, target: dictionaries.Portal) -> dict[str, str]:
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
            if key not in self.links["offer_property"] or any(dictionaries.option_key(key, text) not in known for text in texts):
                wanted.append(WantedProperty(key, name[:255], "list", for_offers=True, options=texts))
        return wanted

    def _references(
        self, target: dictionaries.Portal, every: Mapping[str, list[Row]], units: Mapping[str, Unit], *, accounting: bool
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
        vats = {
            dictionaries.rate_of(row): int(row["id"]) for row in reversed(target.vats) if not meaning.is_exempt(str(row["name"]))
        }
        exempt = [int(row["id"]) for row in target.vats if meaning.is_exempt(str(row["name"])) or dictionaries.rate_of(row) == ""]
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
            vats=vats,
            service_types=meaning.SERVICE_TYPES,
        )

    def _properties(self, rows: Iterable[Mapping[str, Any]], kind: str, option_kind: str) -> dict[str, PortalProperty]:
        by_id = {int(row["id"]): row for row in rows}
        return {
            key: commands.portal_property(by_id[b24_id], _Options(self.links[option_kind], key))
            for key, b24_id in self.links[kind].items()
            if b24_id in by_id
        }

    # items

    def _tools(self, references: References) -> Tools:
        several = OneCBase.objects.filter(portal=self.portal).count() > 1
        return Tools(
            references=references,
            rules=self.rules,
            open_picture=self._open_picture,
            retry_after=RETRY_SECONDS,
            ours=frozenset(price_type.id for price_type in references.price_types.values()),
            elsewhere=self._elsewhere if several else lambda ids: {},
        )

    def _chunks(self, tools: Tools) -> Iterator[Flow]:
        """Flows for all items that are due, fifty items a flow, from the rows in the order 1C told them."""
        done: set[str] = set()
        chunk: list[Work] = []
        for kind in ("product", "offer"):
            last = 0
            while rows := self._due_after(kind, last):
                last = rows[-1][0]
                ids = [item for item in dict.fromkeys(item for _, item in rows) if item not in done]
                done.update(ids)
                for work in self._load(ids, tools.references):
                    chunk.append(work)
                    if len(chunk) == CHUNK_ITEMS:
                        yield chunk_flow(chunk, tools, self.log)
                        chunk = []
        if chunk:
            yield chunk_flow(chunk, tools, self.log)

    def _due_after(self, kind: str, last: int) -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""select id, coalesce(nullif(parent_id, ''), onec_id) from exchange_staterow
                    where {_DUE} and {_BEFORE} and kind = %(kind)s and id > %(last)s and {_FREE} order by id limit %(most)s""",  # noqa: S608
                {
                    "base": self.base.pk,
                    "kind": kind,
                    "last": last,
                    "now": self.now,
                    "limit": settings.B24_REQUEST_LIMIT,
                    "most": WINDOW_ROWS,
                },
            )
            return list(cursor.fetchall())

    def _load(self, item_ids: Sequence[str], references: References) -> Iterator[Work]:
        """The work of these items, without those that must still wait."""
        rows = StateRow.objects.filter(base=self.base, kind__in=("product", "offer"))
        own = rows.filter(onec_id__in=item_ids) | rows.filter(parent_id__in=item_ids)
        by_item: dict[str, list[StateRow]] = {}
        for row in own:
            by_item.setdefault(row.parent_id or row.onec_id, []).append(row)
        element_ids = {row.onec_id for group in by_item.values() for row in group} | set(by_item)
        linked = links.to_b24(self.portal.pk, self.base.pk, "product", [id for id in element_ids if "#" not in id])
        linked |= links.to_b24(self.portal.pk, self.base.pk, "offer", [id for id in element_ids if "#" in id])
        limit = self.now - dt.timedelta(seconds=settings.B24_REQUEST_LIMIT)
        for item_id, group in by_item.items():
            if any(row.changed_at > self.now or (row.adding_since is not None and row.adding_since > limit) for row in group):
                continue  # told anew since the slice began, or an `add` of it may still be at work in the portal
            work = self._work(item_id, group, linked, references)
            if work is not None:
                yield work

    def _work(self, item_id: str, group: Sequence[StateRow], linked: Mapping[str, int], references: References) -> Work | None:
        versions = {(row.kind, row.onec_id): row.version for row in group if row.pushed_version < row.version}
        known: dict[str, Known] = {}
        homes: dict[str, Key] = {}
        for row in group:
            if row.kind == "product" or ("#" in row.onec_id and row.onec_id not in homes):
                homes[row.onec_id] = (row.kind, row.onec_id)
            held = known_of(row.known)
            if held is not None and row.onec_id in linked:
                known[row.onec_id] = held
                homes[row.onec_id] = (row.kind, row.onec_id)
        if item_id not in linked and not any(row.kind == "offer" for row in group) and not self._quiet():
            self.log.later.update(dict.fromkeys(versions, QUIET_SECONDS / 3))
            return None
        rows = [
            Row(row.kind, row.onec_id, row.parent_id, row.version, row.main, row.prices, row.stock, row.known) for row in group
        ]
        was_sku = item_id in known and known[item_id].shape == "sku"
        item = plan_item(item_id, rows, references, self.rules, was_sku=was_sku)
        name = next((str(row.main["name"]) for row in group if row.main and row.main.get("name")), item_id)
        if item.waits == "product":
            self._orphan(item, name, versions)
            return None
        if item.waits == "nothing":
            self.log.done.update(versions)
            return None
        mine = {id: b24_id for id, b24_id in linked.items() if id == item_id or id.startswith(item_id + "#")}
        for id in mine:
            known.setdefault(
                id, Known(shape="offer" if "#" in id else item.element.shape if item.element else "product", pictures_unsure=True)
            )
        return Work(item, mine, known, versions, homes, self._digests(item), name=name)

    def _orphan(self, item: Item, name: str, versions: Mapping[Key, int]) -> None:
        """An offer whose product 1C has not told of waits for it: for a while silently, then as a problem."""
        self.log.later.update(dict.fromkeys(versions, 30.0 if not self._quiet() else 3600.0))
        if self._quiet():
            self.log.troubles.append((("product", item.onec_id), name, Trouble("offer-without-product")))

    def _quiet(self) -> bool:
        last = self.base.last_contact_at
        return last is None or (self.now - last).total_seconds() >= settings.EXCHANGE_QUIET_SECONDS

    def _digests(self, item: Item) -> dict[str, str]:
        paths = {
            path for element in ([item.element] if item.element else []) + list(item.offers) for path in element.pictures or ()
        }
        found = {path: pictures.picture_digest(self.base, path) for path in paths}
        return {path: digest for path, digest in found.items() if digest}

    def _open_picture(self, path: str) -> PictureFile:
        digest = pictures.picture_digest(self.base, path)
        suffix = "." + path.rpartition(".")[2].lower() if "." in path else ""
        return PictureFile(commands.picture_name(digest, suffix), pictures.picture_bytes(self.base, path) or b"")

    def _elsewhere(self, b24_ids: Sequence[int]) -> dict[int, tuple[bool, Decimal]]:
        """Of elements that another base knows too: whether that base owns them, and the stock that other bases have of them."""
        found: dict[int, tuple[bool, Decimal]] = {}
        for kind in ("product", "offer"):
            for b24_id, holders in links.sharing(self.portal.pk, kind, b24_ids).items():
                others = [(scope, onec_id) for scope, onec_id in holders if scope != self.base.pk]
                if others:
                    found[b24_id] = (holders[0][0] != self.base.pk, _stock_of_others(others))
        return found

    def _stock(self, tools: Tools, currency: str) -> None:
        user_id = self.portal.credential.user_id
        with override(self.portal.language or "ru"):
            title = gettext("Stock from 1C: %(base)s") % {"base": self.base.name}
        queue = tools.stock_queue
        for start in range(0, len(queue), LINES_AT_ONCE):
            flow = stock_flow(
                queue[start : start + LINES_AT_ONCE], f"1C-{self.base.pk}", currency or "RUB", user_id, title, self.log
            )
            self._scheduler().run(iter([_flow(flow)]))

    # what was learnt

    def mark(self, keys: Collection[Key]) -> None:
        """Note, before anything is sent, that these rows are being created."""
        kinds, ids = [kind for kind, _ in keys], [id for _, id in keys]
        with transaction.atomic(), connection.cursor() as cursor:
            lanes.hold(self.claim)
            cursor.execute(
                """insert into exchange_staterow (base_id, kind, onec_id, adding_since, version, pushed_version)
                   select %s, t.kind, t.onec_id, clock_timestamp(), 1, 1 from unnest(%s::text[], %s::text[]) t(kind, onec_id)
                   on conflict (base_id, kind, onec_id) do update set adding_since = excluded.adding_since""",
                [self.base.pk, kinds, ids],
            )

    def save(self, learnt: Log) -> None:
        """Save what flows learnt in one transaction, if the lane is still ours; then the log is empty."""
        with transaction.atomic():
            lanes.hold(self.claim)
            self._save_links(learnt)
            with connection.cursor() as cursor:
                _save_rows(cursor, self.base.pk, learnt)
            told = [
                reports.Trouble(trouble.cause, _PROBLEM_KINDS.get(kind, kind), onec_id, name, trouble.facts)
                for (kind, onec_id), name, trouble in learnt.troubles
            ]
            reports.report_many(told, portal=self.portal, base=self.base)
            for kind in {kind for kind, _ in learnt.settled}:
                ids = [onec_id for of, onec_id in learnt.settled if of == kind]
                reports.close_many(portal=self.portal, base=self.base, kind=_PROBLEM_KINDS.get(kind, kind), onec_ids=ids)
        for part in (
            learnt.linked,
            learnt.unlinked,
            learnt.known,
            learnt.done,
            learnt.again,
            learnt.later,
            learnt.uncertain,
            learnt.settled,
        ):
            part.clear()
        learnt.troubles.clear()

    def _save_links(self, learnt: Log) -> None:
        self.linked_something = self.linked_something or bool(learnt.linked)
        by_kind: dict[str, dict[str, int]] = {}
        for key, b24_id in learnt.linked.items():
            by_kind.setdefault(_link_kind(key), {})[key[1]] = b24_id
        for kind, made in by_kind.items():
            links.bind(self.portal.pk, self.base.pk, kind, made)
        for kind in {_link_kind(key) for key in learnt.unlinked}:
            gone = [onec_id for key in learnt.unlinked if _link_kind(key) == kind for onec_id in (key[1],)]
            links.unbind(self.portal.pk, self.base.pk, kind, gone)

    def _wake_waiting(self) -> None:
        """There is something new to refer to: whoever waited for it looks again."""
        StateRow.objects.filter(base=self.base, pushed_version__lt=F("version"), failures=0, not_before__gt=self.now).update(
            not_before=None
        )

    def _delay_everything(self) -> None:
        StateRow.objects.filter(base=self.base, pushed_version__lt=F("version")).update(
            not_before=self.now + dt.timedelta(seconds=BLOCKED_SECONDS)
        )


def _link_kind(key: Key) -> str:
    kind, onec_id = key
    return ("offer" if "#" in onec_id else "product") if kind in ("product", "offer") else kind


def _save_rows(cursor: Any, base_id: int, learnt: Log) -> None:
    uncertain = learnt.uncertain
    if learnt.known:
        keys = list(learnt.known)
        cursor.execute(
            """insert into exchange_staterow (base_id, kind, onec_id, known, version, pushed_version)
               select %s, t.kind, t.onec_id, t.known::jsonb, 1, 1 from unnest(%s::text[], %s::text[], %s::text[]) t(kind, onec_id, known)
               on conflict (base_id, kind, onec_id) do update set known = excluded.known, adding_since = null""",
            [base_id, [k for k, _ in keys], [i for _, i in keys], [json.dumps(learnt.known[key]) for key in keys]],
        )
    for key in learnt.unlinked:
        cursor.execute(
            "update exchange_staterow set known = null where base_id = %s and kind = %s and onec_id = %s", [base_id, *key]
        )
    if learnt.done:
        keys = list(learnt.done)
        cursor.execute(
            """update exchange_staterow row set pushed_version = greatest(row.pushed_version, t.version), failures = 0,
                 not_before = null, adding_since = case when t.sure then null else row.adding_since end
               from unnest(%s::text[], %s::text[], %s::bigint[], %s::boolean[]) t(kind, onec_id, version, sure)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id""",
            [
                [k for k, _ in keys],
                [i for _, i in keys],
                list(learnt.done.values()),
                [key not in uncertain for key in keys],
                base_id,
            ],
        )
    for put_off, failed in ((learnt.again, 1), (learnt.later, 0)):
        if not put_off:
            continue
        keys = list(put_off)
        cursor.execute(
            """update exchange_staterow row set failures = least(row.failures + %s, 30),
                 not_before = now() + make_interval(secs => t.seconds * power(2, least(row.failures, 6) * %s)),
                 adding_since = case when t.sure then null else row.adding_since end
               from unnest(%s::text[], %s::text[], %s::float8[], %s::boolean[]) t(kind, onec_id, seconds, sure)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id""",
            [
                failed,
                failed,
                [k for k, _ in keys],
                [i for _, i in keys],
                list(put_off.values()),
                [key not in uncertain for key in keys],
                base_id,
            ],
        )


class _Options(Mapping[str, int]):
    """A list property's values as links hold them, by 1C's option id."""

    def __init__(self, held: Mapping[str, int], property_key: str) -> None:
        self._held = held
        self._property = property_key

    def __getitem__(self, option: str) -> int:
        return self._held[dictionaries.option_key(self._property, option)]

    def __iter__(self) -> Iterator[str]:
        prefix = f"{self._property}|"
        return (key.removeprefix(prefix) for key in self._held if key.startswith(prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _flow(step: dictionaries.Step) -> Flow:
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


def _stock_of_others(others: Sequence[tuple[int, str]]) -> Decimal:
    total = Decimal(0)
    for scope, onec_id in others:
        facet = (
            StateRow.objects.filter(base_id=scope, onec_id=onec_id, stock__isnull=False).values_list("stock", flat=True).first()
        )
        if facet:
            told = facet.get("total")
            total += Decimal(told) if told is not None else sum((Decimal(q) for q in facet.get("by", {}).values()), Decimal(0))
    return total


_last_survey: dict[int, dt.datetime] = {}


def _survey_since(base_id: int) -> dt.datetime:
    """Rows changed before have been looked through by this process; a new process looks through all that are due."""
    last = _last_survey.get(base_id)
    return last - dt.timedelta(minutes=5) if last else dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _surveyed(base_id: int, at: dt.datetime) -> None:
    _last_survey[base_id] = at


def retry(base: OneCBase, kind: str, onec_ids: Iterable[str]) -> int:
    """Make rows due again whose push failed or was refused; returns how many."""
    ids = list(onec_ids)
    rows = StateRow.objects.filter(base=base, onec_id__in=ids)
    if kind in ("product", "offer"):
        rows = rows.filter(kind__in=("product", "offer")) | StateRow.objects.filter(base=base, parent_id__in=ids, kind="offer")
    elif kind:
        rows = rows.filter(kind=kind)
    changed = rows.update(pushed_version=0, failures=0, not_before=None)
    if changed:
        lanes.mark_due(base.portal_id)
    return changed
