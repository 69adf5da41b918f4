"""READ and REMEMBER one file of 1C: the run is claimed, its pieces compared, the changed ones parsed and remembered, slice by slice.

Every slice is one transaction, with the run's progress and its lease. A run cut short is begun again from the start of its file:
what was remembered is found unchanged, so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Collection
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from b24app import lanes
from exchange import pictures, protocol, reports, tally
from exchange.commerceml import UnreadableFile, pieces
from exchange.commerceml.errors import Oddities
from exchange.imports import absence, piece_digests, trade
from exchange.imports.absence import propose_absent as propose_absent
from exchange.imports.remember import Counts, remember, touch
from exchange.models import ImportRun, UploadedFile
from exchange.records import CatalogInfo

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
MOST_ATTEMPTS = 5
ODDITIES_KEPT = 200
_PICTURE_IN_PIECE = re.compile(rb"[\w\-./\\ ()%]+\.(?:jpe?g|png|gif|webp|bmp)", re.IGNORECASE)


class RunLost(Exception):
    """Another worker reads this run now."""


def read_run(run_id: int) -> bool:
    """Read the run if it is free; True when it was this call that finished it (or failed it)."""
    run = _claim(run_id)
    if run is None:
        return False
    with connection.cursor() as cursor:
        # One file of a base at a time: what a later file says must not be overtaken by an earlier one.
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [_lock_space(run), run.base_id])
        if not cursor.fetchone()[0]:
            ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.WAITING, lease_until=None)
            return False
    try:
        _read(run)
    except UnreadableFile as unreadable:
        _fail(run, protocol.unreadable(unreadable.reason, unreadable.line, unreadable.detail), line=unreadable.line)
    except RunLost:
        return False
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [_lock_space(run), run.base_id])
    return True


def _lock_space(run: ImportRun) -> int:
    """Orders do not wait for a catalogue that takes minutes: neither speaks of what the other does."""
    return 0x1C if run.type == "catalog" else 0x1D


def _claim(run_id: int) -> ImportRun | None:
    now = timezone.now()
    free = Q(state=ImportRun.State.WAITING) | Q(state=ImportRun.State.READING, lease_until__lt=now)
    claimed = ImportRun.objects.filter(free, pk=run_id).update(
        state=ImportRun.State.READING, lease_until=now + LEASE, started_at=now
    )
    if not claimed:
        return None
    run = ImportRun.objects.select_related("base", "base__portal").get(pk=run_id)
    run.attempts += 1
    ImportRun.objects.filter(pk=run_id).update(attempts=run.attempts)
    if run.attempts > MOST_ATTEMPTS:
        _fail(run, protocol.READING_INTERRUPTED)
        return None
    return run


def _read(run: ImportRun) -> None:
    if run.type != "catalog":
        _finish(run, *trade.read_trades(run, lambda bytes_read, counts: _progress(run, bytes_read, counts)))
        return
    counts, oddities = Counts(), Oddities()
    renewed = _renewed_pictures(run)
    only_changes = False
    full: set[str] = set()  # catalogues of goods that the file tells in full
    with Path(run.path).open("rb") as stream:
        for part in pieces.walk(stream, oddities=oddities):
            for record in part.records:
                if isinstance(record, CatalogInfo):
                    only_changes = record.only_changes
                    if not (only_changes or record.is_offers):
                        full.add(record.id)
            with transaction.atomic():
                _slice(run, part, only_changes=only_changes, counts=counts, renewed=renewed, oddities=oddities)
                _progress(run, part.bytes_read, counts)
    if full and counts.by_kind.get("product", 0) + counts.by_kind.get("pieces", 0):
        absence.note_full(run.base, run, full)
    _finish(run, counts, oddities)


def _slice(
    run: ImportRun, part: pieces.Slice, *, only_changes: bool, counts: Counts, renewed: Collection[str], oddities: Oddities
) -> None:
    remember(run.base_id, run.pk, part.records, only_changes=only_changes, counts=counts)
    piece_digests.forget(run.base_id, part.records)
    if not part.pieces:
        return
    compared = piece_digests.compare(run.base_id, part.pieces)
    changed = compared.changed
    same = len(part.pieces) - len(changed)
    counts.unchanged += same
    counts.by_kind["pieces"] = counts.by_kind.get("pieces", 0) + same
    if changed:
        remember(run.base_id, run.pk, pieces.parse(changed, oddities=oddities), only_changes=only_changes, counts=counts)
    piece_digests.keep(run.base_id, compared, whole=not only_changes)
    if renewed and same:
        taken = {(piece.scope, piece.onec_id) for piece in changed}
        keys = [
            (kind, piece.onec_id)
            for piece in part.pieces
            if (piece.scope, piece.onec_id) not in taken and _mentions(piece.raw, renewed)
            for kind, flag in (("product", pieces.Scope.PRODUCT), ("offer", pieces.Scope.OFFER))
            if piece.scope & flag
        ]
        if keys:
            touched = touch(run.base_id, run.pk, keys)
            counts.changed += touched
            counts.unchanged -= touched


def _mentions(raw: bytes, names: Collection[str]) -> bool:
    return any(found.decode("ascii", "ignore").replace("\\", "/") in names for found in _PICTURE_IN_PIECE.findall(raw))


def _renewed_pictures(run: ImportRun) -> frozenset[str]:
    """Take the pictures that came with the file; the paths behind which another picture stands now."""
    if run.session_id is None:
        return frozenset()
    names = list(UploadedFile.objects.filter(session_id=run.session_id, digest="").values_list("name", flat=True))
    before = {name: pictures.picture_digest(run.base, name) for name in names}
    if not pictures.keep_pictures(run) and not any(before.values()):
        return frozenset(name for name in names if pictures.picture_digest(run.base, name))
    return frozenset(name for name in names if pictures.picture_digest(run.base, name) != before[name])


def _progress(run: ImportRun, bytes_read: int, counts: Counts) -> None:
    updated = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.READING, attempts=run.attempts).update(
        bytes_read=bytes_read, counts=counts.as_json(), lease_until=timezone.now() + LEASE
    )
    if not updated:
        raise RunLost


def _finish(run: ImportRun, counts: Counts, oddities: Oddities) -> None:
    with transaction.atomic():
        told = [list(oddity) for oddity in oddities.listed()][:ODDITIES_KEPT]
        ImportRun.objects.filter(pk=run.pk, attempts=run.attempts).update(
            state=ImportRun.State.READ,
            bytes_read=run.size,
            counts=counts.as_json(),
            oddities=told,
            finished_at=timezone.now(),
            lease_until=None,
            error="",
        )
        reports.close(portal=run.base.portal, base=run.base, cause="unreadable-file", onec_id=run.file_name)
        if run.type == "catalog" and (counts.new or counts.changed):
            lanes.mark_due(run.base.portal_id)
            tally.note(run.base, tally.Way.GOODS, counts.new + counts.changed)


def _fail(run: ImportRun, message: str, *, line: int = 0) -> None:
    """The file ends here; what was remembered of it stays and is pushed."""
    ImportRun.objects.filter(pk=run.pk, attempts=run.attempts).update(
        state=ImportRun.State.FAILED, error=message, finished_at=timezone.now(), lease_until=None
    )
    reports.report(
        portal=run.base.portal,
        base=run.base,
        run=run,
        cause="unreadable-file",
        onec_id=run.file_name,
        name=run.file_name,
        facts={"answer": message, "line": line},
    )
    if run.type == "catalog":
        lanes.mark_due(run.base.portal_id)
    log.warning("run %s of base %s failed: %s", run.pk, run.base_id, message)
