"""Compares what the app believes (state rows, links) with what the portal really holds, object by object. Nothing is written there.

The portal is read by lists of fifty, in batches, at the pace of work that nobody waits for. What differs can be mended: the rows are
marked, and the next push writes what 1C wants.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone

from b24app.oauth.clients import client_for
from b24app.rest.batching import Outcome
from b24app.rest.errors import RestError
from b24app.rest.pipeline import Pipeline
from exchange.imports.element_rows import selected, told_fields
from exchange.imports.flows import Ask, Flow, Log
from exchange.imports.matching import SHAPES
from exchange.imports.portal_lists import DictionaryFailed, pages
from exchange.imports.portal_lists import Portal as PortalRows
from exchange.imports.preparing import Preparation
from exchange.imports.reconcile_references import CHUNK, ReferenceCheck
from exchange.imports.reconcile_repair import repair
from exchange.imports.scheduler import PortalBlocked, Scheduler
from exchange.models import OneCBase, StateRow
from exchange.observing import observe
from exchange.planning.changes import Known, known_of
from exchange.planning.items import Shape
from exchange.planning.reconciled import Difference, Reconciled, Told, differences
from mapping import links
from mapping.load import rules_of

WINDOW: Final = 2000
_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "product": ("catalog.product.list", "products"),
    "service": ("catalog.product.service.list", "services"),
    "sku": ("catalog.product.sku.list", "units"),
    "offer": ("catalog.product.offer.list", "offers"),
}


class ReconcileImpossible(Exception):
    """The portal cannot be asked now; `code` is its trouble or the code of its answer."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


def reconcile(base: OneCBase, *, mend: bool = False, seconds: float = 3600.0) -> Reconciled:
    """Compare everything of the base, keep the result on the base, and with `mend` mark what differs so that the next push mends it.

    Raises ReconcileImpossible. What takes longer than `seconds` is left out (`complete`).
    """
    portal = base.portal
    if portal.uninstalled_at is not None or portal.trouble:
        raise ReconcileImpossible(portal.trouble or "uninstalled")
    found = Reconciled(at=timezone.now().isoformat())
    try:
        with Pipeline(client_for(portal)) as pipeline:
            found.complete = _Reconciliation(base, pipeline, found, time.monotonic() + seconds).run()
    except (PortalBlocked, DictionaryFailed, RestError) as exc:
        error = exc if isinstance(exc, RestError) else exc.error
        raise ReconcileImpossible(error.code, error.description) from exc
    if mend:
        found.repaired = repair(base, found.differences)
    observe(base, {"reconciled": found.to_json()})
    return found


def last_reconciled(base: OneCBase) -> Mapping[str, Any] | None:
    """What the last reconciliation found, as Reconciled.to_json tells it: {"at", "agree", "differ", "missing", "unknown", …}."""
    told = base.observed.get("reconciled")
    return told if isinstance(told, Mapping) else None


@dataclass(frozen=True, slots=True)
class _Held:
    """One element as we believe the portal has it."""

    kind: str
    onec_id: str
    b24_id: int
    known: Known
    told: dict[str, Any]  # the row's `known`, word for word


class _Reconciliation:
    """One pass over one base."""

    def __init__(self, base: OneCBase, pipeline: Pipeline, found: Reconciled, until: float) -> None:
        self.base = base
        self.portal = base.portal
        self.pipeline = pipeline
        self.found = found
        self.until = until
        self.rules = rules_of(self.portal.pk, base.pk)
        self.several = OneCBase.objects.filter(portal=self.portal).count() > 1
        self.ours = frozenset(links.to_b24(self.portal.pk, base.pk, "price_type").values())
        self.accounting = False
        self.target = PortalRows(0, 0)

    def run(self) -> bool:
        preparation = Preparation(
            self.portal, self.base, client_for(self.portal), self.rules, Log(), timezone.now(), lambda flows: True, rehearsed=True
        )
        self.target, self.accounting, _, _ = preparation.target()
        if not self.target.iblock_id:
            raise ReconcileImpossible("catalog-missing")
        references = ReferenceCheck(self.base, self.target, self.rules, self.found)
        return self._run(references.flows()) and self._run(self._flows())

    def _run(self, flows: Iterator[Flow]) -> bool:
        def nothing(*_: Any) -> None:
            """Flows that only read learn nothing that is saved."""

        expired = lambda: time.monotonic() > self.until  # noqa: E731
        return Scheduler(self.pipeline, Log(), save=nothing, mark=nothing, expired=expired, most_active=100).run(flows)

    def _flows(self) -> Iterator[Flow]:
        for window in self._windows():
            by_shape: dict[Shape, list[_Held]] = {}
            for held in window:
                by_shape.setdefault(held.known.shape, []).append(held)  # type: ignore[arg-type]
            for shape, of_shape in by_shape.items():
                for start in range(0, len(of_shape), CHUNK):
                    yield self._elements(shape, of_shape[start : start + CHUNK])
        for kind in ("product", "offer"):
            rows = StateRow.objects.filter(base=self.base, kind__in=("product", "offer"), onec_id__contains="#")
            if kind == "product":
                rows = StateRow.objects.filter(base=self.base, kind="product").exclude(onec_id__contains="#")
            ids = list(rows.order_by("onec_id").values_list("onec_id", flat=True).distinct())
            shapes: tuple[Shape, ...] = ("offer",) if kind == "offer" else SHAPES
            iblock = self.target.offers_iblock_id if kind == "offer" else self.target.iblock_id
            for start in range(0, len(ids) if iblock else 0, CHUNK):
                yield self._strangers(kind, shapes, iblock, ids[start : start + CHUNK])

    def _windows(self) -> Iterator[list[_Held]]:
        """What we believe of elements, some thousands at a time."""
        rows = StateRow.objects.filter(base=self.base, kind__in=("product", "offer"), known__isnull=False).order_by("pk")
        last = 0
        while window := list(rows.filter(pk__gt=last).values_list("pk", "kind", "onec_id", "known")[:WINDOW]):
            last = window[-1][0]
            ids = [onec_id for _, _, onec_id, _ in window]
            linked = links.to_b24(self.portal.pk, self.base.pk, "product", [id for id in ids if "#" not in id])
            linked |= links.to_b24(self.portal.pk, self.base.pk, "offer", [id for id in ids if "#" in id])
            yield [
                _Held(kind, onec_id, linked[onec_id], known, told)
                for _, kind, onec_id, told in window
                if onec_id in linked and told is not None and (known := known_of(told)) is not None
            ]

    # elements

    def _elements(self, shape: Shape, held: Sequence[_Held]) -> Flow:
        """Compare elements of one kind of product with the portal's."""
        names = {name for one in held for name in one.known.fields}
        method, key = _LISTS[shape]
        iblock = self.target.offers_iblock_id if shape == "offer" else self.target.iblock_id
        ids = [one.b24_id for one in held]
        select = selected(names, shape, quantity=not self.accounting)
        rows = {int(row["id"]): row for row in (yield from pages(method, key, select, {"iblockId": iblock, "id": ids}))}
        prices = yield from self._prices(ids)
        stock = (yield from self._stock(ids)) if self.accounting else None
        owners, shared = self._owners(ids)
        wrong: dict[int, list[Difference]] = {}
        for one in held:
            row = rows.get(one.b24_id)
            if row is None:
                wrong[one.b24_id] = [Difference("missing", one.kind, one.onec_id, one.b24_id)]
                continue
            told = Told(
                told_fields(row, one.known.fields.keys()),
                quantity=str(row["quantity"]) if row.get("quantity") is not None and not self.accounting else None,
                has_picture=bool(row.get("detailPicture")),
                prices=prices.get(one.b24_id, {}) if shape != "sku" else None,
                stock=None if stock is None else stock.get(one.b24_id, {}),
            )
            owner = owners.get(one.b24_id, self.base.pk) == self.base.pk
            differ = differences(one.known, told, self.rules, ours=self.ours, owner=owner, shared=one.b24_id in shared)
            if differ:
                wrong[one.b24_id] = [Difference("differs", one.kind, one.onec_id, one.b24_id, *fields) for fields in differ]
        self._note(held, wrong)
        return None

    def _note(self, held: Sequence[_Held], wrong: Mapping[int, list[Difference]]) -> None:
        """Take down what was found; what a push has changed meanwhile is nobody's difference."""
        suspects = [one for one in held if one.b24_id in wrong]
        now = dict(
            StateRow.objects.filter(base=self.base, kind__in=("product", "offer"), onec_id__in=[one.onec_id for one in suspects])
            .exclude(known=None)
            .values_list("onec_id", "known")
        )
        for one in held:
            tally = self.found.tally("offers" if "#" in one.onec_id else "products")
            if one.b24_id not in wrong:
                tally.agree += 1
            elif now.get(one.onec_id) != one.told:
                self.found.unsettled += 1
            else:
                missing = wrong[one.b24_id][0].verdict == "missing"
                tally.missing, tally.differ = tally.missing + missing, tally.differ + (not missing)
                self.found.differences += wrong[one.b24_id]

    def _prices(self, ids: Sequence[int]) -> Generator[Ask, list[Outcome], dict[int, dict[int, tuple[str, str]]]]:
        if not self.ours:
            return {}
        select = ["id", "productId", "catalogGroupId", "price", "currency"]
        filter = {"productId": list(ids), "catalogGroupId": sorted(self.ours)}
        rows = yield from pages("catalog.price.list", "prices", select, filter)
        found: dict[int, dict[int, tuple[str, str]]] = {}
        for row in rows:
            found.setdefault(int(row["productId"]), {})[int(row["catalogGroupId"])] = (str(row["price"]), str(row["currency"]))
        return found

    @staticmethod
    def _stock(ids: Sequence[int]) -> Generator[Ask, list[Outcome], dict[int, dict[int, str]]]:
        select = ["id", "productId", "storeId", "amount"]
        rows = yield from pages("catalog.storeproduct.list", "storeProducts", select, {"productId": list(ids)})
        found: dict[int, dict[int, str]] = {}
        for row in rows:
            found.setdefault(int(row["productId"]), {})[int(row["storeId"])] = str(Decimal(str(row["amount"] or 0)))
        return found

    def _owners(self, ids: Sequence[int]) -> tuple[dict[int, int], set[int]]:
        """Which base owns the common fields of each element, and which elements several bases know."""
        if not self.several:
            return {}, set()
        owners: dict[int, int] = {}
        shared: set[int] = set()
        for kind in ("product", "offer"):
            for b24_id, holders in links.sharing(self.portal.pk, kind, ids).items():
                owners[b24_id] = holders[0][0]
                if len(holders) > 1:
                    shared.add(b24_id)
        return owners, shared

    def _strangers(self, kind: str, shapes: Sequence[Shape], iblock: int, onec_ids: Sequence[str]) -> Flow:
        """Elements with 1C's ids of ours that we do not know."""
        linked = links.to_b24(self.portal.pk, self.base.pk, kind, onec_ids)
        hits: dict[int, str] = {}
        for shape in shapes:
            method, key = _LISTS[shape]
            rows = yield from pages(method, key, ["id", "iblockId", "xmlId"], {"iblockId": iblock, "xmlId": list(onec_ids)})
            hits |= {int(row["id"]): str(row["xmlId"]) for row in rows}
        for b24_id, onec_id in hits.items():
            if onec_id in onec_ids and linked.get(onec_id) != b24_id:
                self.found.tally(f"{kind}s").unknown += 1
                self.found.differences.append(Difference("unknown", kind, onec_id, b24_id))
        return None
