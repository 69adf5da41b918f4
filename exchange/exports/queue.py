"""What waits for 1C: putting documents out, taking them back, setting aside the one that 1C never confirms.

A document waits while `acknowledged_version < outgoing_version`, `ready_at` is set (null = taken back) and nobody set it aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from exchange import reports
from exchange.dialects import choose
from exchange.exports import numbering
from exchange.models import OneCBase, TradeDocument
from exchange.planning.outgoing import Outgoing, to_data
from exchange.planning.stored import digest
from exchange.planning.trade import Party

KIND: Final = "document"
# 1C took it several times alone and never confirmed it.
REJECTED: Final = "document-rejected"
# It cannot be told to this 1C: something is missing, or its number, given for another configuration, would be mistaken.
NOT_WRITTEN: Final = "document-not-written"
CAUSES: Final = (REJECTED, NOT_WRITTEN)
_WRITTEN: Final = ["number", "outgoing", "outgoing_version", "ready_at", "served_times", "served_alone", "set_aside_at"]


def put(document: TradeDocument, outgoing: Outgoing) -> bool:
    """Let 1C have the document at its next exchange; False when it has, or waits for, exactly this already.

    Works inside the caller's transaction, under which nobody else puts the same document; one not stored yet is stored.
    `outgoing.trade.number` is the portal's own number ("" = none): the first put makes the document's number of it, for ever.
    Raises NoNumberLeft.
    """
    if document._state.adding:
        document.save()
    if not document.number:
        numbering.give(document, outgoing.trade.number, choose(document.base.configuration))
    content = _content(outgoing.numbered(document.number))
    same = document.outgoing is not None and digest(document.outgoing) == digest(content)
    had = document.acknowledged_version >= document.outgoing_version
    if same and (had or document.ready_at is not None):
        return False
    if not same:
        if document.outgoing is not None:
            _close(document)
        document.outgoing = content
        document.outgoing_version += 1
        # Whatever 1C had against it, this is another document.
        _innocent(document)
    # What waits already keeps its place.
    document.ready_at = timezone.now() if had or document.ready_at is None else document.ready_at
    document.save(update_fields=_WRITTEN)
    return True


def withdraw(document: TradeDocument) -> bool:
    """Let 1C not have what waits of the document; what it has already, it keeps. False when nothing waited."""
    if document.ready_at is None:
        return False
    _close(document)
    _innocent(document)
    document.ready_at = None
    document.save(update_fields=_WRITTEN)
    return document.acknowledged_version < document.outgoing_version


def retry(document: TradeDocument) -> None:
    """Let a document that was set aside go out again: a person's wish. One whose number the client cannot bear gets another."""
    dialect = choose(document.base.configuration)
    if document.outgoing is not None and not numbering.understood(document.number, dialect):
        TradeDocument.objects.filter(pk=document.pk).update(number="")
        number = numbering.give(document, "", dialect)
        document.outgoing = {**document.outgoing, "trade": {**document.outgoing["trade"], "number": number}}
        document.outgoing_version += 1
    _innocent(document)
    document.save(update_fields=_WRITTEN)
    _close(document)


def retry_many(base: OneCBase, ids: Iterable[int | str]) -> int:
    """Retry those of the base's documents (by primary key; what is none is nobody's) that were set aside; returns how many."""
    with transaction.atomic():
        documents = TradeDocument.objects.select_for_update(of=("self",)).select_related("base__portal").order_by("id")
        found = list(documents.filter(base=base, pk__in=[id for id in ids if str(id).isdecimal()], set_aside_at__isnull=False))
        for document in found:
            retry(document)
    return len(found)


def waiting(base_id: int) -> QuerySet[TradeDocument]:
    """What the base may be given now, in no order."""
    return TradeDocument.objects.filter(
        base=base_id, acknowledged_version__lt=F("outgoing_version"), set_aside_at=None, ready_at__isnull=False
    )


def set_aside(base: OneCBase, documents: Iterable[TradeDocument], cause: str, facts: Mapping[str, Any] | None = None) -> None:
    """Leave these out until they change or a person retries them, and tell people."""
    found = list(documents)
    TradeDocument.objects.filter(pk__in=[document.pk for document in found], set_aside_at=None).update(
        set_aside_at=timezone.now()
    )
    troubles = [
        reports.Trouble(
            cause,
            KIND,
            str(document.pk),
            f"№ {document.number}",
            {"number": document.number, "times": document.served_alone, **(facts or {})},
        )
        for document in found
    ]
    reports.report_many(troubles, portal=base.portal, base=base)


def _innocent(document: TradeDocument) -> None:
    document.served_times = document.served_alone = 0
    document.set_aside_at = None


def _close(document: TradeDocument) -> None:
    base = document.base
    reports.close_many(portal=base.portal, base=base, kind=KIND, onec_ids=[str(document.pk)], causes=CAUSES)


def _content(outgoing: Outgoing) -> dict[str, Any]:
    """What is stored and compared: without the moments of change, which 1C does not get."""

    def still(party: Party | None) -> Party | None:
        return replace(party, updated_at="") if party is not None else None

    trade = replace(outgoing.trade, updated_at="")
    return to_data(replace(outgoing, trade=trade, buyer=still(outgoing.buyer), seller=still(outgoing.seller)))
