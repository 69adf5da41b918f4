"""Where the journal of REST calls is kept: rows of RestCall, written in bulk, a week long and never without bound."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, models, transaction

from b24app.models import Portal, RestCall
from b24app.rest.journal import Entry, Journal

# The marketplace demands three days.
KEPT = dt.timedelta(days=7)
# Three days of requests at the highest rate that any plan has (five a second).
ROWS_PER_PORTAL = 1_300_000
_BUFFER = 50
_SECONDS = 2.0
# Should the database be away: so many entries are held, the oldest go first.
_HELD = 2_000
_CHUNK = 5_000
_log = logging.getLogger(__name__)


class DjangoSink:
    """Collects one portal's entries from any thread and saves them from the thread that flushes."""

    def __init__(self, portal_id: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._portal_id = portal_id
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._saved_at = clock()

    def write(self, entry: Entry) -> None:
        """Remember the entry until the next flush; quick, no database."""
        with self._lock:
            self._entries.append(entry)
            del self._entries[:-_HELD]

    def flush(self, *, force: bool = False) -> None:
        """Save what was collected once it is much or old (or `force`). A failure is logged and tried again: no call fails for it."""
        with self._lock:
            if not self._entries or not (force or len(self._entries) >= _BUFFER or self._clock() - self._saved_at >= _SECONDS):
                return
            entries, self._entries = self._entries, []
            self._saved_at = self._clock()
        try:
            with transaction.atomic():
                RestCall.objects.bulk_create([self._row(entry) for entry in entries], batch_size=500)
        except DatabaseError as exc:
            _log.warning("the journal could not be saved: %s", type(exc).__name__)
            with self._lock:
                self._entries = [*entries, *self._entries][-_HELD:]

    def _row(self, entry: Entry) -> RestCall:
        return RestCall(
            portal_id=self._portal_id,
            at=entry.at,
            method=entry.method[:100],
            commands=entry.commands,
            status=entry.status,
            error=entry.error,
            milliseconds=entry.milliseconds,
            request=entry.request,
            answer=entry.answer,
        )


def journal_for(portal: Portal) -> Journal:
    """A journal that keeps the portal's calls in the database."""
    return Journal(DjangoSink(portal.pk))


def purge(now: dt.datetime, *, kept: dt.timedelta = KEPT, rows: int = ROWS_PER_PORTAL) -> int:
    """Delete entries older than `kept` and, of each portal, all but the newest `rows`; how many went. In small transactions."""
    gone = _delete(RestCall.objects.filter(at__lt=now - kept))
    for portal_id in RestCall.objects.order_by("portal_id").values_list("portal_id", flat=True).distinct():
        own = RestCall.objects.filter(portal_id=portal_id)
        last = own.order_by("-id").values_list("id", flat=True)[rows : rows + 1].first()
        if last is not None:
            gone += _delete(own.filter(id__lte=last))
    return gone


def _delete(found: models.QuerySet[RestCall]) -> int:
    gone = 0
    while ids := list(found.order_by("id").values_list("id", flat=True)[:_CHUNK]):
        gone += RestCall.objects.filter(id__in=ids).delete()[0]
    return gone
