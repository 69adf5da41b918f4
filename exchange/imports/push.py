"""PUSH: what 1C wants and the portal does not have yet becomes REST commands, at the portal's own pace.

The edge around flows.py: it loads rows, hands flows to the scheduler, and saves what they learnt, every time under the lane's fence.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext, override

from b24app import lanes
from b24app.models import Portal
from b24app.oauth.clients import client_for
from b24app.rest.client import PortalClient
from b24app.rest.errors import RestError
from b24app.rest.pipeline import Pipeline
from exchange import pictures, reports
from exchange.imports import commands
from exchange.imports.blocking import BLOCKED_SECONDS, RETRY_SECONDS, blocked
from exchange.imports.chunk_flow import chunk_flow
from exchange.imports.due import due_after, is_due, next_due, retry, stock_of_others
from exchange.imports.flows import Flow, Key, Log, PictureFile, StockLine, Tools, Work
from exchange.imports.looking_ahead import Found
from exchange.imports.portal_lists import DictionaryFailed
from exchange.imports.preparing import OutOfTime, Preparation
from exchange.imports.saving import Saving
from exchange.imports.scheduler import PortalBlocked, Scheduler
from exchange.imports.slices import Slice
from exchange.imports.stock import LINES_AT_ONCE, StockMaker, remove_drafts, stock_flow
from exchange.models import OneCBase, StateRow
from exchange.planning.catalog import plan_item
from exchange.planning.changes import Known, known_of
from exchange.planning.desired import Row
from exchange.planning.items import Item, Trouble
from exchange.planning.references import References
from exchange.sessions import awaits_reading
from mapping import links
from mapping.load import rules_of

__all__ = ["BasePush", "next_due", "push", "retry"]

# A product that no offers file has spoken of yet waits until 1C has been quiet for so long: it may still get characteristics.
QUIET_SECONDS = 15.0
WINDOW_ROWS = 1000
CHUNK_ITEMS = 50
# Chunks that are looked up at a time: work for half a minute, so that a slow portal always has some while it looks up more.
MOST_CHUNKS = 24


def push(
    claim: lanes.Claim, *, until: float, longest: float = 0.0, clock: Callable[[], float] = time.monotonic
) -> dt.datetime | None:
    """Push what is due for the claimed portal until `clock` reaches `until`; returns when there is more to do.

    It goes on until `longest` while no other lane waits for a worker.
    """
    portal = Portal.objects.get(pk=claim.portal_id)
    if portal.uninstalled_at is not None:
        return None
    if portal.trouble:
        return timezone.now() + dt.timedelta(seconds=BLOCKED_SECONDS)
    client = client_for(portal)
    with Pipeline(client) as pipeline:
        for base in OneCBase.objects.working().filter(portal=portal).order_by("pk"):
            if not is_due(base):
                continue
            try:
                finished = BasePush(portal, base, claim, client, pipeline, Slice(until, longest, clock)).run()
            except (PortalBlocked, DictionaryFailed, RestError) as exc:
                return blocked(portal, exc if isinstance(exc, RestError) else exc.error)
            if not finished:
                return timezone.now()
    return next_due(portal.pk)


class BasePush:
    """One slice of pushing one base's catalogue."""

    def __init__(
        self,
        portal: Portal,
        base: OneCBase,
        claim: lanes.Claim,
        client: PortalClient,
        pipeline: Pipeline,
        slice: Slice,
    ) -> None:
        self.portal = portal
        self.base = base
        self.claim = claim
        self.client = client
        self.pipeline = pipeline
        self.slice = slice
        slice.called_off = self._called_off
        self.rules = rules_of(portal.pk, base.pk)
        self.log = Log()
        self.saving = Saving(portal, base, claim)
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            self.now = cursor.fetchone()[0]

    def run(self) -> bool:
        """Push until done or out of time; True when nothing due is left for now."""
        preparation = Preparation(self.portal, self.base, self.client, self.rules, self.log, self.now, self._run)
        try:
            prepared = preparation.prepare()
        except OutOfTime:
            self.saving.save(self.log)
            return False
        if prepared is None:
            reports.report(portal=self.portal, base=self.base, cause="catalog-missing")
            self._delay_everything()
            return True
        if self.log.linked or self.saving.linked_something:
            self._wake_waiting()
        self.saving.save(self.log)
        return self._items(self._tools(prepared, preparation.found))

    def _items(self, tools: Tools) -> bool:
        if not tools.references.accounting:
            return self._run(self._chunks(tools))
        self._run(iter([remove_drafts(self._document_number())]))
        maker = StockMaker(tools.stock_queue, self._document(tools), self.slice)
        finished = self._run(self._with_stock(tools, maker))
        return self._run(maker.flows()) and finished and not tools.stock_queue

    def _run(self, flows: Iterator[Flow]) -> bool:
        scheduler = Scheduler(
            self.pipeline,
            self.log,
            save=self.saving.save,
            mark=self.saving.mark,
            expired=self.slice.over,
            most_opening=MOST_CHUNKS,
        )
        return scheduler.run(flows)

    def _called_off(self) -> bool:
        """Whether others wait for the worker, or a person wants something else of this base."""
        return (
            bool(lanes.due(1))
            or not OneCBase.objects.working().filter(pk=self.base.pk).exists()
            or rules_of(self.portal.pk, self.base.pk) != self.rules
        )

    # items

    def _tools(self, references: References, found: Found | None = None) -> Tools:
        several = OneCBase.objects.filter(portal=self.portal).count() > 1
        return Tools(
            references=references,
            rules=self.rules,
            open_picture=self._open_picture,
            retry_after=RETRY_SECONDS,
            found=found or {},
            ours=frozenset(price_type.id for price_type in references.price_types.values()),
            elsewhere=self._elsewhere if several else lambda ids: {},
            taken=lambda ids: links.to_onec(self.portal.pk, self.base.pk, "product", ids).keys(),
        )

    def _chunks(self, tools: Tools) -> Iterator[Flow]:
        """Flows for all items that are due, fifty items a flow, from the rows in the order 1C told them."""
        done: set[str] = set()
        chunk: list[Work] = []
        for kind in ("product", "offer"):
            last = 0
            while rows := due_after(self.base.pk, kind, last, self.now, WINDOW_ROWS):
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
            if any(row.changed_at > self.now for row in group):
                continue  # told anew since the slice began
            begun = max((row.adding_since for row in group if row.adding_since is not None), default=limit)
            if begun > limit:  # an `add` of it may still be at work in the portal
                waiting = [(row.kind, row.onec_id) for row in group if row.pushed_version < row.version]
                self.log.later.update(dict.fromkeys(waiting, (begun - limit).total_seconds()))
                self.log.uncertain.update(waiting)
                continue
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
                # A mark that was never cleared: a picture may have been added without our hearing of it.
                known[row.onec_id] = replace(held, pictures_unsure=True) if row.adding_since is not None else held
                homes[row.onec_id] = (row.kind, row.onec_id)
        if item_id not in linked and not any(row.kind == "offer" for row in group) and not self._quiet():
            self.log.later.update(dict.fromkeys(versions, 2 * QUIET_SECONDS if self._unread else QUIET_SECONDS / 3))
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
        """Whether 1C has said all it had to say: an exchange that broke off may have left a file of offers unread."""
        last = self.base.last_contact_at
        silent = last is None or (self.now - last).total_seconds() >= settings.EXCHANGE_QUIET_SECONDS
        return silent and not self._unread

    @cached_property
    def _unread(self) -> bool:
        return awaits_reading(self.base)

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
                    found[b24_id] = (holders[0][0] != self.base.pk, stock_of_others(others))
        return found

    def _with_stock(self, tools: Tools, maker: StockMaker) -> Iterator[Flow]:
        """The items, and between them documents for the stock of those that are there already."""
        for chunk in self._chunks(tools):
            yield chunk
            yield from maker.flows(least=LINES_AT_ONCE)

    def _document(self, tools: Tools) -> Callable[[list[StockLine]], Flow]:
        currency, user_id = tools.references.base_currency or "RUB", self.portal.credential.user_id
        with override(self.portal.language or "ru"):
            title = gettext("Stock from 1C: %(base)s") % {"base": self.base.name}
        return lambda lines: stock_flow(lines, self._document_number(), currency, user_id, title, self.log)

    def _document_number(self) -> str:
        return f"1C-{self.base.pk}"

    def _wake_waiting(self) -> None:
        """There is something new to refer to: whoever waited for it looks again."""
        StateRow.objects.filter(base=self.base, pushed_version__lt=F("version"), failures=0, not_before__gt=self.now).update(
            not_before=None
        )

    def _delay_everything(self) -> None:
        StateRow.objects.filter(base=self.base, pushed_version__lt=F("version")).update(
            not_before=self.now + dt.timedelta(seconds=BLOCKED_SECONDS)
        )
