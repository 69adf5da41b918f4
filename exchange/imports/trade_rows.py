"""1C's side of documents and parties in the database: each telling is laid over what 1C said before, and makes its row due if it is news.

A document is found by 1C's id, else by the number that 1C was given with it; without either it is one that 1C made itself. A party is
found by 1C's id or by the one that 1C got from us.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from b24app import lanes
from exchange import history
from exchange.imports import loose_parts
from exchange.models import OneCBase, TradeDocument, TradeParty, TradeSide
from exchange.planning.counterparties import party_over
from exchange.planning.documents import Loose, Order, added, laid_over
from exchange.planning.stored import from_data, to_data
from exchange.planning.trade import COMPANY, CONTACT, DEAL, INVOICE, Party, PartyKind, Trade
from mapping.load import rules_of
from mapping.trade_rules import TradeRules

# What a document without an id is known by, in place of it.
_BY_NUMBER: Final = "number:"
_ID_LENGTH: Final = 255


@dataclass(slots=True)
class Tally:
    """How many documents and parties were met, by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def news(self) -> bool:
        """Whether there is anything to settle."""
        return bool(self.new or self.changed)


@dataclass(slots=True)
class Rows:
    """The rows of a base that one batch speaks of; use it inside a transaction, it holds them locked."""

    base: OneCBase
    tally: Tally = field(default_factory=Tally)
    file_name: str = ""  # for the history of what it changes

    def keep(self, orders: Collection[Order], parties: Iterable[Party] = ()) -> None:
        """Keep orders with their buyers, and parties told by themselves, in the order told; the lane is due if anything is news."""
        self._keep_parties(parties, whole=True)
        self._keep_parties((order.buyer for order in orders if order.buyer is not None), whole=False)
        known = _Documents.naming(self.base, (order.trade for order in orders))
        waiting = loose_parts.waiting(self.base, (order.trade for order in orders))
        for order in orders:
            row = known.of(order.trade)
            before = None if row is None else _side(row)
            trade = laid_over(before, order.trade, complete=order.complete)
            for part in waiting:
                if part.basis in loose_parts.names_of(order.trade):
                    trade = added(trade, loose_parts.loose_of(part))
            self._save_document(row, trade, known)
        loose_parts.found(self.base, {part.key for part in waiting})
        self._due()

    def add(self, loose: Loose) -> bool:
        """Add a payment or shipment to the order it names; False when nobody knows that order."""
        if not loose.basis:
            return False
        known = _Documents.naming(self.base, [Trade(number=loose.basis, onec_id=loose.basis)])
        row = known.of(Trade(number=loose.basis, onec_id=loose.basis))
        if row is None:
            return False
        trade = added(_side(row), loose)
        self._save_document(row, trade, known)
        loose_parts.found(self.base, {loose_parts.key_of(loose)})
        self._due()
        return True

    def _due(self) -> None:
        if self.tally.news:
            lanes.mark_due(self.base.portal_id, work=lanes.DOCUMENTS)

    def _save_document(self, row: TradeDocument | None, trade: Trade, known: _Documents) -> None:
        data = to_data(trade)
        if row is None:
            row = TradeDocument.objects.create(
                base=self.base,
                entity_type_id=kind_of_new(rules_of(self.base.portal_id, self.base.pk).trade),
                onec_id=_id_of(trade),
                onec_side=data,
                version=1,
                told_at=Now(),
            )
            self.tally.new += 1
        else:
            onec_id = trade.onec_id[:_ID_LENGTH] if trade.onec_id and known.may_be(row, trade.onec_id) else row.onec_id
            news = self._save(row, data, onec_id=onec_id)
            self.tally.changed += _note_told(row, news=news)
        known.add(row, trade)

    def _keep_parties(self, parties: Iterable[Party], *, whole: bool) -> None:
        told = [party for party in parties if party.id]
        ids = {party.id[:_ID_LENGTH] for party in told}
        if not ids:
            return
        rows = (
            TradeParty.objects.select_for_update().filter(Q(onec_id__in=ids) | Q(given_id__in=ids), base=self.base).order_by("id")
        )
        known: dict[str, TradeParty] = {}
        for row in rows:
            known.setdefault(row.given_id, row)
        known |= {row.onec_id: row for row in rows if row.onec_id}
        for party in told:
            onec_id = party.id[:_ID_LENGTH]
            found = known.get(onec_id)
            before = None if found is None or found.onec_side is None else from_data(Party, found.onec_side)
            data = to_data(party_over(before, party, whole=whole))
            if found is None:
                kind = CONTACT if party.kind is PartyKind.PERSON else COMPANY
                known[onec_id] = TradeParty.objects.create(
                    base=self.base, entity_type_id=kind, onec_id=onec_id, onec_side=data, version=1
                )
                self.tally.new += 1
            else:
                self._save(found, data)

    def _save(self, row: TradeSide, data: dict[str, Any], **columns: str) -> bool:
        """Write 1C's side if it says anything new, and say so; the version of 1C's row alone is nothing new."""
        changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
        if not changed and _telling(data) == _telling(row.onec_side or {}) and row.onec_side is not None:
            self.tally.unchanged += 1
            return False
        for name, value in changed.items():
            setattr(row, name, value)
        row.known = history.laid_before(row.known, history.changes("onec", row.onec_side, data, f"file:{self.file_name}"))
        row.onec_side = data
        type(row)._default_manager.filter(pk=row.pk).update(
            onec_side=data,
            known=row.known,
            version=F("version") + 1,
            changed_at=Now(),
            told_at=Coalesce(F("told_at"), Now()),
            failures=0,
            not_before=None,
            **changed,
        )
        self.tally.changed += 1
        return True


def kind_of_new(rules: TradeRules) -> int:
    """What a document first made in 1C would be in the portal."""
    if rules.deals.made_from_onec and not rules.invoices.made_from_onec:
        return DEAL
    return INVOICE if rules.invoices.travels or not rules.deals.travels else DEAL


def _note_told(row: TradeDocument, *, news: bool) -> bool:
    """1C told of the order after it confirmed what it was given: what it says now is what it made of that, even if nothing is new.

    Says whether that alone made the row due.
    """
    confirmed = row.acknowledged_version
    if not confirmed or row.known.get("told_version") == confirmed:
        return False
    row.known = {**row.known, "told_version": confirmed}
    TradeDocument.objects.filter(pk=row.pk).update(known=row.known, version=F("version") + (0 if news else 1))
    return not news


def _telling(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "version"}


def _side(row: TradeDocument) -> Trade | None:
    return None if row.onec_side is None else from_data(Trade, row.onec_side)


def _id_of(trade: Trade) -> str:
    return (trade.onec_id or _by_number(trade))[:_ID_LENGTH]


class _Documents:
    """The documents that some trades may be, by 1C's id and by number."""

    def __init__(self, rows: Iterable[TradeDocument]) -> None:
        self._by_id: dict[str, TradeDocument] = {}
        self._by_number: dict[str, TradeDocument] = {}
        for row in rows:
            if row.onec_id:
                self._by_id[row.onec_id] = row
            if row.number:
                self._by_number[row.number.casefold()] = row

    @classmethod
    def naming(cls, base: OneCBase, trades: Iterable[Trade]) -> _Documents:
        """Those of the base, locked."""
        told = list(trades)
        ids = {trade.onec_id[:_ID_LENGTH] for trade in told if trade.onec_id} | {_by_number(trade) for trade in told}
        numbers = {trade.number for trade in told if trade.number}
        spelt = numbers | {number.upper() for number in numbers} | {number.lower() for number in numbers}
        query = Q(onec_id__in=ids) | Q(number__in=spelt)
        return cls(TradeDocument.objects.select_for_update().filter(query, base=base).order_by("id"))

    def of(self, trade: Trade) -> TradeDocument | None:
        """The row of the trade."""
        found = self._by_id.get(trade.onec_id[:_ID_LENGTH]) if trade.onec_id else None
        if found is None and trade.number:
            found = self._by_number.get(trade.number.casefold())
            if found is not None and not _may_be_meant(found, trade):
                found = None
        return found or self._by_id.get(_by_number(trade))

    def may_be(self, row: TradeDocument, onec_id: str) -> bool:
        """Whether the row may take this id of 1C's."""
        holder = self._by_id.get(onec_id[:_ID_LENGTH])
        return holder is None or holder.pk == row.pk

    def add(self, row: TradeDocument, trade: Trade) -> None:
        """Know a row that was made or given an id."""
        if row.onec_id:
            self._by_id[row.onec_id] = row


def _may_be_meant(row: TradeDocument, trade: Trade) -> bool:
    """Whether an order under a number that we gave a document is that document.

    1C may have an order of its own under that number: it cannot mean a document that it never got; nor one that it knows by another
    id, unless it confirmed that document, and so made the order anew.
    """
    if row.outgoing is not None and not (row.acknowledged_version or row.served_times):
        return False
    return not (row.onec_id and trade.onec_id) or bool(row.acknowledged_version)


def _by_number(trade: Trade) -> str:
    """1C begins its numbers anew every year."""
    return f"{_BY_NUMBER}{trade.number}:{trade.date.year if trade.date else ''}"[:_ID_LENGTH]
