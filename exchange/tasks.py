"""The edge to Celery: tasks wake up, do one thing, and translate its outcome. What is due stands in the database."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from b24app import lanes
from exchange import journal, removal, sessions, storage, tally
from exchange.exports import serving
from exchange.imports import absence, loose_parts, pipeline, push, rehearsals
from exchange.imports.blocking import after_failure
from exchange.models import ImportRun, OneCBase
from exchange.settling import checking
from exchange.settling import settle as settling
from exchange.settling import sweep as sweeping

log = logging.getLogger(__name__)

# A task is a slice: it ends before Celery's soft limit and leaves the rest to the next one.
SLICE_SECONDS = 45.0
# The queues (b24app/celery.py): of what a person waits for, and of everything else.
DOCUMENTS_QUEUE = "documents"
CATALOGUE_QUEUE = "celery"
# A lane that has more to do is kept for further slices, so that other tasks in the queue do not leave the portal's rate unused.
LANE_SECONDS = 120.0
# A hundred orders or so: read in less than a second.
AT_ONCE_BYTES = 512 * 1024


@shared_task(name="exchange.read_run")
def read_run(*, run_id: int, **_: Any) -> None:
    """Read one file of 1C and push what it changed."""
    if pipeline.read_run(run_id):
        wake_after(run_id)


def wake_reading(run: ImportRun) -> None:
    """Let a worker read the file; documents never wait behind a catalogue."""
    read_run.apply_async(kwargs={"run_id": run.pk}, queue=CATALOGUE_QUEUE if run.type == "catalog" else DOCUMENTS_QUEUE)


def read_at_once(run: ImportRun) -> bool:
    """Read a small file of documents here and now, so that its changes are on their way when 1C gets its answer.

    False when it is too large for that, or another file of the base is being read: then a worker is to do it.
    """
    if run.type == "catalog" or run.size > AT_ONCE_BYTES or not pipeline.read_run(run.pk):
        return False
    wake_after(run.pk)
    return True


def wake_after(run_id: int) -> None:
    """Let workers carry what a run has changed: goods, or documents."""
    run = ImportRun.objects.select_related("base").only("type", "base__portal_id").get(pk=run_id)
    if run.type == "catalog":
        work_lane.delay()
    else:
        wake_settling(run.base.portal_id)


@shared_task(name="exchange.work_lane", soft_time_limit=240, time_limit=270)
def work_lane(*, portal_id: int | None = None, **_: Any) -> None:
    """Work one lane that is due, slice by slice while no other lane waits for a worker; wake the next one if there is more."""
    claim = lanes.claim(f"{socket.gethostname()}:{os.getpid()}", portal_id)
    if claim is None:
        return
    began = time.monotonic()
    try:
        more = True
        while more:
            due = timezone.now()
            due_at = push.push(claim, until=time.monotonic() + SLICE_SECONDS, longest=began + LANE_SECONDS)
            more = due_at is not None and due <= due_at <= timezone.now()
            if time.monotonic() - began > LANE_SECONDS or lanes.due(1):
                break
        lanes.release(claim, due_at)
    except lanes.LaneLost:
        return
    except Exception:
        lanes.release(claim, timezone.now() + after_failure())
        raise
    if more:
        transaction.on_commit(lambda: work_lane.delay(portal_id=claim.portal_id))


@shared_task(name="exchange.settle")
def settle(*, portal_id: int | None = None, **_: Any) -> None:
    """Settle the documents of a portal that is due, for a slice; wake the next worker if there is more."""
    claim = lanes.claim(f"{socket.gethostname()}:{os.getpid()}", portal_id, lanes.DOCUMENTS)
    if claim is None:
        return
    try:
        due_at = settling.settle(claim, until=time.monotonic() + SLICE_SECONDS)
        lanes.release(claim, due_at)
    except lanes.LaneLost:
        return
    except Exception:
        lanes.release(claim, timezone.now() + after_failure())
        raise
    # What became due while we held the lane woke nobody who could have taken it.
    if lanes.is_due(claim.portal_id, lanes.DOCUMENTS):
        wake_settling(claim.portal_id)


def wake_settling(portal_id: int) -> None:
    """Let a worker settle the portal's documents now; without a broker the next tick does."""
    try:
        settle.apply_async(kwargs={"portal_id": portal_id}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: documents of portal %s wait for the next tick", portal_id)


@shared_task(name="exchange.sweep")
def sweep(*, portal_id: int | None = None, **_: Any) -> None:
    """Look for what no event told, in one portal; without a portal, wake one such task for each that is due."""
    if portal_id is None:
        for pk in sweeping.portals():
            sweep.delay(portal_id=pk)
        return
    if sweeping.sweep(portal_id):
        wake_settling(portal_id)


def wake_sweep(portal_id: int) -> None:
    """Let a worker look through a portal now: more of its documents travel than before; without a broker the next sweep does."""
    try:
        sweep.apply_async(kwargs={"portal_id": portal_id}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: portal %s waits for the next sweep", portal_id)


# Taken once: longer than the broker waits for an acknowledgement, and begun anew the next night when it was interrupted.
@shared_task(name="exchange.reconcile", acks_late=False, soft_time_limit=960, time_limit=990)
def reconcile(*, base_id: int | None = None, mend: bool = False, **_: Any) -> None:
    """Check that a base and its portal agree (with `mend`: push what differs again); without a base, one such task for each."""
    if base_id is None:
        for pk in OneCBase.objects.working().filter(portal__in=sweeping.portals()).values_list("pk", flat=True):
            reconcile.delay(base_id=pk)
        return
    base = OneCBase.objects.select_related("portal").filter(pk=base_id, portal__uninstalled_at=None).first()
    if base is None:
        return
    checking.begin(base)
    if checking.check(base, mend=mend):
        wake_settling(base.portal_id)
    if mend:
        work_lane.delay(portal_id=base.portal_id)


def wake_check(base_id: int, *, mend: bool = False) -> None:
    """Let a worker check a base now; without a broker the check is called off, and a person may ask again."""
    try:
        reconcile.apply_async(kwargs={"base_id": base_id, "mend": mend}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: the check of base %s is called off", base_id)
        checking.call_off(base_id)


# Somebody looks at the page: a rehearsal that was interrupted is asked for anew by the page itself.
@shared_task(name="exchange.rehearse", acks_late=False)
def rehearse(*, base_id: int, **_: Any) -> None:
    """Find out what the first load of a base would do."""
    base = OneCBase.objects.select_related("portal").filter(pk=base_id, portal__uninstalled_at=None).first()
    if base is not None:
        rehearsals.rehearse(base)


def wake_rehearsal(base_id: int) -> None:
    """Let a worker rehearse now; without a broker the page asks again later."""
    try:
        rehearse.apply_async(kwargs={"base_id": base_id}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: base %s is not rehearsed", base_id)


def wake_lane(portal_id: int) -> None:
    """Let a worker push the portal's goods now; without a broker the next tick does."""
    try:
        work_lane.apply_async(kwargs={"portal_id": portal_id}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: goods of portal %s wait for the next tick", portal_id)


def wake_first_load(portal_id: int) -> None:
    """A base was started: its goods, its documents, and what the portal has had since its rules begin."""
    try:
        work_lane.apply_async(kwargs={"portal_id": portal_id}, retry=False)
        sweep.apply_async(kwargs={"portal_id": portal_id}, retry=False)
    except OperationalError:
        log.warning("the broker does not answer: portal %s waits for the next tick", portal_id)
    wake_settling(portal_id)


@shared_task(name="exchange.tidy")
def tidy(**_: Any) -> None:
    """Remove what is past its time: uploads, the journal of 1C's requests, and what went out long ago."""
    now = timezone.now()
    storage.clean(now)
    journal.clean(now)
    serving.clean(now)
    tally.clean(now)
    loose_parts.clean(now)


@shared_task(name="exchange.tick")
def tick(**_: Any) -> None:
    """Find what is due and wake workers for it: files nobody asked to import, catalogues nobody reads or pushes; and removed bases."""
    removal.carry_on()
    sessions.pick_up_forgotten()
    absence.settle_due()
    for run in _unread().filter(type="catalog").order_by("id")[:20]:
        wake_reading(run)
    for portal_id in lanes.due(20):
        work_lane.delay(portal_id=portal_id)


@shared_task(name="exchange.tick_documents")
def tick_documents(**_: Any) -> None:
    """The same for documents, in their own queue: no slice of a catalogue keeps it waiting."""
    for run in _unread().exclude(type="catalog").order_by("id")[:20]:
        wake_reading(run)
    for portal_id in lanes.due(20, lanes.DOCUMENTS):
        wake_settling(portal_id)
    loose_parts.report_late()


def _unread() -> QuerySet[ImportRun]:
    """Files that nobody reads."""
    interrupted = Q(state=ImportRun.State.READING, lease_until__lt=timezone.now())
    return ImportRun.objects.filter(Q(state=ImportRun.State.WAITING) | interrupted)
