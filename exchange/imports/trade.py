"""READ a sale file of 1C: its orders, payments, shipments and counterparties become 1C's side of our documents and parties.

Batch by batch, each in one transaction with the run's progress. Whatever is wrong with one document is a problem for people and
leaves the others alone; the file is a success all the same, or 1C would send all of it again and again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.db import DatabaseError, transaction

from exchange import reports
from exchange.commerceml import UnreadableFile, meaning, read
from exchange.commerceml.errors import Oddities
from exchange.dialects import OrderForm, choose
from exchange.imports import loose_parts
from exchange.imports.remember import Counts
from exchange.imports.trade_rows import Rows
from exchange.models import ImportRun
from exchange.planning.counterparties import taken
from exchange.planning.documents import Loose, Order, Reading, trades_of
from exchange.planning.trade import Party
from exchange.records import Counterparty, OrderDocument
from exchange.reports import Trouble
from mapping.load import rules_of

log = logging.getLogger(__name__)

BATCH: Final = 200
KIND: Final = "document"
NOT_READ: Final = "document-not-read"
# (bytes read, counts): called inside each batch's transaction; may raise to stop the reading.
Progress = Callable[[int, Counts], None]


@dataclass(slots=True)
class _Batch:
    """Documents and counterparties that are kept together."""

    documents: list[OrderDocument] = field(default_factory=list)
    parties: list[Counterparty] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.documents or self.parties)

    def take(self, record: OrderDocument | Counterparty) -> None:
        """Add one."""
        if isinstance(record, OrderDocument):
            self.documents.append(record)
        else:
            self.parties.append(record)

    def full(self, following: OrderDocument | Counterparty) -> bool:
        """Whether it is to be kept before `following` comes; what lies in one Контейнер stays together."""
        if len(self.documents) + len(self.parties) < BATCH:
            return False
        last = self.documents[-1].container if self.documents else 0
        return not (last and isinstance(following, OrderDocument) and following.container == last)


def read_trades(run: ImportRun, progress: Progress) -> tuple[Counts, Oddities]:
    """Read the run's file; returns what was met. Raises UnreadableFile after everything before the break was kept."""
    reader = _Reader(run, progress)
    broken: UnreadableFile | None = None
    with Path(run.path).open("rb") as stream:
        try:
            for record in read(stream, oddities=reader.oddities):
                if isinstance(record, OrderDocument | Counterparty):
                    if reader.batch.full(record):
                        reader.keep(stream.tell())
                    reader.batch.take(record)
        except UnreadableFile as unreadable:
            broken = unreadable
        reader.keep(stream.tell())
    reader.finish()
    if broken is not None:
        raise broken
    return reader.counts, reader.oddities


class _Reader:
    """The reading of one run: what is collected, and what became of it so far."""

    def __init__(self, run: ImportRun, progress: Progress) -> None:
        self.run = run
        self.counts, self.oddities = Counts(), Oddities()
        self.batch = _Batch()
        self._progress = progress
        self._complete = _lists_all(run)
        self._currencies = {**meaning.CURRENCIES, **rules_of(run.base.portal_id, run.base_id).currencies}
        self._loose: list[Loose] = []
        self._troubles: list[Trouble] = []

    def keep(self, bytes_read: int) -> None:
        """Keep the batch, whole if possible, else document by document."""
        batch, self.batch = self.batch, _Batch()
        if not batch:
            return
        parties = [self._party(record) for record in batch.parties]
        readings = list(self._read(batch.documents))
        with transaction.atomic():
            for reading in readings:
                self._told(reading)
            if not self._saved([order for reading in readings for order in reading.orders], parties):
                self._one_by_one(readings, parties)
            self._progress(bytes_read, self.counts)

    def finish(self) -> None:
        """Give payments and shipments to the orders they name, keep those whose order is still to come, tell what could not be read."""
        portal, base = self.run.base.portal, self.run.base
        with transaction.atomic():
            rows = Rows(base, file_name=self.run.file_name)
            lost = [loose for loose in self._loose if not rows.add(loose)]
            self._count(rows)
            loose_parts.keep(base, [one for one in lost if one.basis])
            self._troubles += loose_parts.without_basis([one for one in lost if not one.basis])
            if self._troubles:
                self.counts.by_kind["failed"] = len(self._troubles)
            reports.report_many(self._troubles, portal=portal, base=base, run=self.run)
            self._progress(self.run.size, self.counts)

    def _party(self, record: Counterparty) -> Party:
        party, left = taken(record)
        self._not_carried(left)
        self._met("counterparties", 1)
        return party

    def _read(self, documents: Sequence[OrderDocument]) -> Iterator[Reading]:
        try:
            yield trades_of(documents, self._currencies, complete=self._complete)
        except Exception:
            if len({_group(document) for document in documents}) == 1:
                log.exception("run %s: a document cannot be read", self.run.pk)
                self._unread(documents)
                return
            for group in _groups(documents):
                yield from self._read(group)

    def _unread(self, documents: Sequence[OrderDocument]) -> None:
        for one in documents:
            self._troubles.append(Trouble(NOT_READ, KIND, one.id or one.number, f"{one.operation} {one.number}".strip()))

    def _told(self, reading: Reading) -> None:
        self._met("orders", len(reading.orders))
        self._met("payments", sum(len(order.trade.payments or ()) for order in reading.orders))
        self._met("shipments", sum(len(order.trade.shipments or ()) for order in reading.orders))
        self._met("payments", sum(len(loose.payments) for loose in reading.loose))
        self._met("shipments", sum(len(loose.shipments) for loose in reading.loose))
        self._loose += reading.loose
        for document in reading.not_taken:
            self.oddities.tell(f"document-{document.cause}", document.name or document.id)
        self._not_carried(name for name, times in reading.not_carried.items() for _ in range(times))

    def _saved(self, orders: Sequence[Order], parties: Sequence[Party]) -> bool:
        rows = Rows(self.run.base, file_name=self.run.file_name)
        try:
            with transaction.atomic():
                rows.keep(orders, parties)
        except (DatabaseError, ValueError, TypeError):
            log.exception("run %s: %d documents and %d parties cannot be kept", self.run.pk, len(orders), len(parties))
            return False
        self._count(rows)
        return True

    def _one_by_one(self, readings: Sequence[Reading], parties: Sequence[Party]) -> None:
        for party in parties:
            if not self._saved([], [party]):
                self._troubles.append(Trouble(NOT_READ, "party", party.id, party.name))
        for order in (order for reading in readings for order in reading.orders):
            if not self._saved([order], []):
                trade = order.trade
                self._troubles.append(Trouble(NOT_READ, KIND, trade.onec_id or trade.number, trade.onec_number or trade.number))

    def _count(self, rows: Rows) -> None:
        self.counts.new += rows.tally.new
        self.counts.changed += rows.tally.changed
        self.counts.unchanged += rows.tally.unchanged

    def _met(self, kind: str, times: int) -> None:
        if times:
            self.counts.by_kind[kind] = self.counts.by_kind.get(kind, 0) + times

    def _not_carried(self, names: Iterable[str]) -> None:
        for name in names:
            self.oddities.tell("not-carried", name)


def _lists_all(run: ImportRun) -> bool:
    """Whether the client tells payments and shipments one by one whenever it tells an order."""
    session = run.session
    version, cml_version = (session.version, session.cml_version) if session is not None else ("", "")
    form = choose(run.base.configuration, version, cml_version).order_form
    return form in (OrderForm.SUBORDINATE, OrderForm.CONTAINER)


def _group(document: OrderDocument) -> int:
    """What is read together: a Контейнер, or a document by itself."""
    return document.container or -id(document)


def _groups(documents: Sequence[OrderDocument]) -> Iterator[list[OrderDocument]]:
    found: dict[int, list[OrderDocument]] = {}
    for document in documents:
        found.setdefault(_group(document), []).append(document)
    yield from found.values()
