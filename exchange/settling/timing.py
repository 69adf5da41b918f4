"""How long documents take: from the portal's telling of a change until it is ready for 1C, and from 1C's file until the portal has it.

A settling is laid to the portal's hearing when that came after anything else was learnt of the row, and to 1C when it said something
that was not settled yet. What a person, a buyer or the sweep brought about is counted, but not measured.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils import timezone

from exchange import tally
from exchange.models import OneCBase, TradeDocument
from exchange.settling.flows import DOCUMENT, Learnt


@dataclass(frozen=True, slots=True)
class _Since:
    """A row as it was before a slice worked on it."""

    heard_at: dt.datetime | None
    told_at: dt.datetime | None


class Timing:
    """The clock of one slice of one base: `before` and `after` stand around every saving, in its transaction."""

    def __init__(self, base: OneCBase) -> None:
        self.base = base
        self._since: dict[int, _Since] = {}

    def before(self, learnt: Learnt) -> None:
        """Remember since when the rows wait that something was learnt of."""
        touched = {int(pk) for kind, pk in (*learnt.changed, *learnt.done) if kind == DOCUMENT} | set(learnt.outgoing)
        unknown = touched - set(self._since)
        if not unknown:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                """select row.id, case when heard.heard_at > row.changed_at
                     or (row.changed_at = row.created_at and row.onec_side is null) then heard.heard_at end, row.told_at
                   from exchange_tradedocument row left join exchange_heardobject heard
                     on heard.portal_id = %s and heard.entity_type_id = row.entity_type_id and heard.b24_id = row.b24_id
                   where row.id = any(%s)""",
                [self.base.portal_id, sorted(unknown)],
            )
            self._since |= {pk: _Since(heard_at, told_at) for pk, heard_at, told_at in cursor.fetchall()}

    def after(self, learnt: Learnt, put_out: Collection[int]) -> None:
        """Count what was put out for 1C, and what 1C told that is settled now."""
        now = timezone.now()
        heard = [since.heard_at for pk in put_out if (since := self._since.get(pk)) is not None and since.heard_at is not None]
        tally.note(self.base, tally.Way.TO_ONEC, len(put_out), [(now - at).total_seconds() for at in heard], now=now)
        settled = [int(pk) for kind, pk in learnt.done if kind == DOCUMENT]
        told = {pk: at for pk in settled if (since := self._since.get(pk)) is not None and (at := since.told_at) is not None}
        if not told:
            return
        # What 1C has said meanwhile was not settled by this: it is measured with the next one.
        rows = TradeDocument.objects.filter(pk__in=list(told), settled_version__gte=F("version"))
        done = list(rows.values_list("pk", flat=True))
        rows.update(told_at=None)
        tally.note(self.base, tally.Way.TO_PORTAL, len(done), [(now - told[pk]).total_seconds() for pk in done], now=now)
