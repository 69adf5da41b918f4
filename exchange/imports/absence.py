"""What a full export no longer names: switched off in the portal, never deleted; too much of it waits for a person.

Two things say that an export was full and is over: `mode=deactivate` (only the 1C-Bitrix module sends it, with the moment when the
export began), and, for clients without it, ten quiet minutes after a catalogue that says it does not hold changes only. Only the first
portion of a full export says so, so what was named is gathered from all files since, which are still on disk: reading them again for
their ids alone is cheap and seldom, and keeps every unchanged import free of any writing.

An absent row's `main` gets {"absent": {"state", "since"}}, which whatever 1C says of the object next takes away again:
off (switched off), proposed (waits for a person), kept (a person wants it as it is), elsewhere (another base still has it).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from b24app import lanes
from exchange import reports
from exchange.dialects import choose
from exchange.imports import absent_rows
from exchange.imports.absent_rows import Absent
from exchange.models import ExchangeSession, ImportRun, OneCBase, Problem, UploadedFile
from exchange.observing import observe
from mapping.load import rules_of

log = logging.getLogger(__name__)

CAUSE: Final = "too-many-absent"
# How long no file of goods has come before a full export counts as over: 1C may prepare a portion for minutes.
FULL_QUIET: Final = dt.timedelta(minutes=10)
# Uploads are kept for a day: an export that is not settled by then cannot be.
GIVEN_UP_AFTER: Final = dt.timedelta(hours=20)
# Files up to so many bytes are gone through within 1C's request; more are left to the next tick.
AT_ONCE_BYTES: Final = 16 * 1024 * 1024
LOCK_SPACE: Final = 0x1C  # the one of reading: no file may be read meanwhile
EXAMPLES: Final = 20
SHOWN: Final = 5
_AT_WORK: Final = (ImportRun.State.WAITING, ImportRun.State.READING)


def propose_absent(base: OneCBase, timestamp: int) -> None:
    """1C says that it has sent everything since `timestamp` (seconds): settle it now if that is quickly done, else soon."""
    observe(base, {"absent_before": timestamp})
    since = _moment(timestamp)
    if since is not None and sum(run.size for run in _runs(base, since)) <= AT_ONCE_BYTES:
        settle(base)


def note_full(base: OneCBase, run: ImportRun, catalogs: Iterable[str]) -> None:
    """A file with the goods of these catalogues has been read that says it is (the beginning of) a full export."""
    base.refresh_from_db(fields=["observed"])
    facts: dict[str, Any] = {}
    if missing := set(catalogs) - set(base.observed.get("catalogs", [])):
        facts["catalogs"] = sorted({*base.observed.get("catalogs", []), *missing})[:100]
    if "full_since" not in base.observed and not _will_say_so(base):
        facts["full_since"] = run.created_at.isoformat()
    if facts:
        observe(base, facts)


def settle_due(now: dt.datetime | None = None) -> int:
    """Settle every base whose full export is over; returns how many were looked at."""
    noted = OneCBase.objects.filter(Q(observed__has_key="absent_before") | Q(observed__has_key="full_since"))
    bases = list(noted.exclude(observed__has_key="removed").order_by("pk"))
    return sum(settle(base, now) for base in bases)


def settle(base: OneCBase, now: dt.datetime | None = None) -> bool:
    """Decide about what the base's last full export did not name; False while that export is not known to be over."""
    now = now or timezone.now()
    since, told = _window(base)
    if since is None or now - since > GIVEN_UP_AFTER:
        observe(base, {}, forget=["absent_before", "full_since"])
        return True
    if not told and now - since < FULL_QUIET:
        return False  # asked every other second: the usual answer costs nothing
    runs = _runs(base, since)
    if any(run.state in _AT_WORK for run in runs) or _has_unread_uploads(base, since) or not (told or _is_over(base, runs, now)):
        return False
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, base.pk])
        if not cursor.fetchone()[0]:
            return False
        try:
            with transaction.atomic():
                _decide(base, runs, now)
        finally:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK_SPACE, base.pk])
    return True


def confirm_absent(problem: Problem) -> int:
    """A person says that the absent goods are really gone: they are switched off in the portal; returns how many objects."""
    base = _base_of(problem)
    with transaction.atomic():
        count = absent_rows.switch_off(base, timezone.now())
        # A catalogue that did not come is no more, or the next export would be stopped for it again.
        observe(base, {"catalogs": problem.facts.get("catalogs", [])})
        _close(problem)
        lanes.mark_due(base.portal_id)
    return count


def dismiss_absent(problem: Problem) -> int:
    """A person wants the absent goods to stay as they are; they are not proposed again until 1C speaks of them; returns how many."""
    base = _base_of(problem)
    with transaction.atomic():
        count = absent_rows.restate(base, "proposed", "kept", timezone.now())
        _close(problem)
    return count


def _decide(base: OneCBase, runs: list[ImportRun], now: dt.datetime) -> None:
    observe(base, {}, forget=["absent_before", "full_since"])
    if any(run.state == ImportRun.State.FAILED for run in runs):
        log.info("base %s: a file of the full export could not be read, so nothing counts as absent", base.pk)
        return
    named = absent_rows.gather(base, [Path(run.path) for run in runs])
    if named is None or not named.full:
        log.info("base %s: the files of the export are gone, or none of them is a full one", base.pk)
        return
    absent_rows.withdraw(base)
    found = absent_rows.find(base)
    missing = sorted(set(base.observed.get("catalogs", [])) - named.catalogs)
    limit = rules_of(base.portal_id, base.pk).absent_limit
    told = {"at": now.isoformat(), "absent": found.items, "variants": found.variants, "total": found.total}
    if not found.rows:
        reports.close(portal=base.portal, base=base, cause=CAUSE)
    elif missing or not named.any or found.percent > limit:
        absent_rows.mark(base, found.rows, "proposed", now)
        names = {"examples": found.names[:EXAMPLES], "names": ", ".join(found.names[:SHOWN])}
        facts = {**told, "catalogs": sorted(named.catalogs), "missing": missing, **names}
        reports.report(portal=base.portal, base=base, cause=CAUSE, name=base.name, facts=facts)
    else:
        absent_rows.mark(base, found.rows, "proposed", now)
        absent_rows.switch_off(base, now)
        reports.close(portal=base.portal, base=base, cause=CAUSE)
        lanes.mark_due(base.portal_id)
    observe(base, {"absent": told})
    log.info("base %s: %s of %s items are absent from the full export", base.pk, found.items, found.total)


def _window(base: OneCBase) -> tuple[dt.datetime | None, bool]:
    """When the export began, and whether 1C itself says that it is over."""
    if "absent_before" in base.observed:
        return _moment(base.observed["absent_before"]), True
    try:
        return dt.datetime.fromisoformat(str(base.observed.get("full_since"))), False
    except ValueError:
        return None, False


def _moment(timestamp: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(int(str(timestamp)), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _runs(base: OneCBase, since: dt.datetime) -> list[ImportRun]:
    return list(ImportRun.objects.filter(base=base, type="catalog", created_at__gte=since).order_by("pk"))


def _is_over(base: OneCBase, runs: list[ImportRun], now: dt.datetime) -> bool:
    """Whether no goods have come for long enough."""
    last = max((moment for run in runs for moment in (run.created_at, run.finished_at) if moment is not None), default=None)
    sessions = ExchangeSession.objects.filter(base=base, type="catalog").order_by("-last_at").values_list("last_at", flat=True)
    heard = sessions.first()
    return last is not None and now - max(last, heard or last) >= FULL_QUIET


def _will_say_so(base: OneCBase) -> bool:
    """The 1C-Bitrix module says itself when a full export is over, and sends none of that after an export of changes."""
    said = base.observed
    return choose(base.configuration, str(said.get("version", "")), str(said.get("cml_version", ""))).name == "module"


def _has_unread_uploads(base: OneCBase, since: dt.datetime) -> bool:
    """Whether something was sent that nobody has read yet (it is picked up once its session is quiet)."""
    taken = ImportRun.objects.filter(session=OuterRef("session"), path=OuterRef("path"))
    files = UploadedFile.objects.filter(session__base=base, session__type="catalog", session__last_at__gte=since)
    unread = Q(name__iendswith=".xml") | (Q(name__iendswith=".zip", unpacked_at=None) & ~Q(name__contains="/"))
    return files.filter(unread, ~Exists(taken), changed_at__gte=since).exists()


def _base_of(problem: Problem) -> OneCBase:
    if problem.base is None or problem.cause != CAUSE:
        raise ValueError("the problem is not about absent goods")
    return problem.base


def _close(problem: Problem) -> None:
    reports.close(portal=problem.portal, base=problem.base, cause=CAUSE)


__all__ = ["Absent", "confirm_absent", "dismiss_absent", "note_full", "propose_absent", "settle", "settle_due"]
