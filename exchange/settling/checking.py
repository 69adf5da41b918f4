"""Proof that both sides agree: goods by the catalogue's reconciliation, documents by reading each of them in the portal again.

Nothing is written. A document that is not as it was last read was changed without our hearing of it: it is heard now, and settled.
What was found is kept on the base, with the moment, in `observed`: "reconciled" for goods, "documents_checked" for documents.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from b24app.oauth.clients import client_for
from b24app.rest.errors import RestError
from b24app.rest.pipeline import Pipeline
from exchange.imports.flows import Flow, Log
from exchange.imports.reconcile import ReconcileImpossible, reconcile
from exchange.imports.scheduler import PortalBlocked, Scheduler
from exchange.models import HeardObject, OneCBase, TradeDocument
from exchange.observing import observe
from exchange.planning.portal_trades import Fresh
from exchange.settling import asking, hear, work
from exchange.settling.document_flow import exact_lines, portal_trade
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork
from exchange.settling.gather import Named, chunks, read_documents
from exchange.settling.pipelines import pipelines_of

WINDOW: Final = 1000
# A check that says nothing for so long was interrupted: another may begin.
FORGOTTEN: Final = dt.timedelta(minutes=20)
GOODS_SECONDS: Final = 600.0
DOCUMENTS_SECONDS: Final = 300.0
BROKEN_OFF: Final = "broken-off"


@dataclass(slots=True)
class Checked:
    """Documents by what was found. `unsettled` ones are on their way just now, so nothing is said of them."""

    at: str = ""
    agree: int = 0
    differ: int = 0
    gone: int = 0
    unsettled: int = 0
    complete: bool = True


def begin(base: OneCBase) -> bool:
    """Note that a check of the base begins; False when one is under way."""
    if under_way(base):
        return False
    observe(base, {"checking": timezone.now().isoformat()}, forget=["check_failed"])
    return True


def call_off(base_id: int) -> None:
    """Note that a check that began will not be made."""
    base = OneCBase.objects.filter(pk=base_id).first()
    if base is not None:
        observe(base, {}, forget=["checking"])


def under_way(base: OneCBase) -> bool:
    """Whether a check of the base is under way."""
    since = base.observed.get("checking")
    return bool(since) and dt.datetime.fromisoformat(str(since)) > timezone.now() - FORGOTTEN


def last_checked(base: OneCBase) -> Mapping[str, Any] | None:
    """What the last check of documents found: the fields of Checked."""
    told = base.observed.get("documents_checked")
    return told if isinstance(told, Mapping) else None


def check(base: OneCBase, *, mend: bool = False) -> int:
    """Check goods and documents of the base; with `mend` goods that differ are pushed again. Returns how many documents are heard now.

    A portal that cannot be asked is told on the base ("check_failed": its code), and so is a check that broke off.
    """
    failed, noted = "", 0
    try:
        try:
            reconcile(base, mend=mend, seconds=GOODS_SECONDS)
        except ReconcileImpossible as impossible:
            # A portal without a catalogue may have documents.
            failed = "" if impossible.code == "catalog-missing" else impossible.code
        if not failed:
            noted = check_documents(base, seconds=DOCUMENTS_SECONDS)
    except ReconcileImpossible as impossible:
        failed = impossible.code
    except Exception:
        # The broker went away, a task's time was over: nothing was proved, and nobody must read the last proof as this one.
        failed = BROKEN_OFF
        raise
    finally:
        observe(base, {"check_failed": failed} if failed else {}, forget=["checking"] if failed else ["checking", "check_failed"])
    return noted


def check_documents(base: OneCBase, *, seconds: float = DOCUMENTS_SECONDS) -> int:
    """Compare the base's documents with the portal's, keep the result, and hear what differs; returns how many were heard.

    Raises ReconcileImpossible. What takes longer than `seconds` is left out (`complete`).
    """
    found = Checked(at=timezone.now().isoformat())
    until = time.monotonic() + seconds
    check = _Check(base, found)

    def nothing(*_: Any) -> None:
        """Flows that only read learn nothing that is saved."""

    try:
        with Pipeline(client_for(base.portal)) as pipeline:
            scheduler = Scheduler(pipeline, Log(), save=nothing, mark=nothing, expired=lambda: time.monotonic() > until)
            found.complete = scheduler.run(check.flows())
    except (PortalBlocked, RestError) as exc:
        error = exc if isinstance(exc, RestError) else exc.error
        raise ReconcileImpossible(error.code, error.description) from exc
    observe(base, {"documents_checked": asdict(found)})
    return check.noted


class _Check:
    """One pass over the documents of one base."""

    def __init__(self, base: OneCBase, found: Checked) -> None:
        self.base = base
        self.found = found
        self.noted = 0
        self.facts = work.facts_of(base)
        self.tools: DocumentTools = asking.tools_for(base.portal, base, self.facts, pipelines_of(base.portal.facts))

    def flows(self) -> Iterator[Flow]:
        rows = TradeDocument.objects.filter(base=self.base, b24_id__isnull=False, portal_side__isnull=False).order_by("pk")
        last = 0
        while window := list(rows.filter(pk__gt=last)[:WINDOW]):
            last = window[-1].pk
            settled = [row for row in window if row.settled_version >= row.version]
            self.found.unsettled += len(window) - len(settled)
            for chunk in chunks(settled):
                yield self._compare([work.document_work(row, self.facts) for row in chunk])

    def _compare(self, works: Sequence[DocumentWork]) -> Flow:
        fresh = yield from read_documents({key_of(one) for one in works})
        wrong = [one for one in works if not self._same(one, fresh.get(key_of(one)))]
        self.found.agree += len(works) - len(wrong)
        if wrong:
            self._note(wrong, fresh)
        return None

    def _same(self, one: DocumentWork, fresh: Fresh | None) -> bool:
        believed = one.portal_side
        if believed is None or fresh is None:
            return believed is not None and bool(believed.deleted)
        told = portal_trade(one, fresh, self.tools, exact_lines(one))
        return replace(told, updated_at="") == replace(believed, updated_at="")

    def _note(self, wrong: Sequence[DocumentWork], fresh: Mapping[Named, Fresh]) -> None:
        """Hear what differs, except what was heard or settled while it was looked at."""
        ids = [key_of(one)[1] for one in wrong]
        unread = HeardObject.objects.filter(portal=self.base.portal_id, b24_id__in=ids, read_version__lt=F("version"))
        heard = set(unread.values_list("entity_type_id", "b24_id"))
        still = dict(TradeDocument.objects.filter(pk__in=[one.pk for one in wrong]).values_list("pk", "version"))
        differing = [one for one in wrong if key_of(one) not in heard and still.get(one.pk) == one.version]
        self.found.unsettled += len(wrong) - len(differing)
        gone = sum(key_of(one) not in fresh for one in differing)
        self.found.gone += gone
        self.found.differ += len(differing) - gone
        with transaction.atomic():
            self.noted += hear.note(self.base.portal_id, [key_of(one) for one in differing])


def key_of(one: DocumentWork) -> Named:
    """The portal's name of a document that is there."""
    return one.entity_type_id, one.b24_id or 0
