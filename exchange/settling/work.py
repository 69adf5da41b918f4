"""Rows of the database as the frozen work that flows get."""

from __future__ import annotations

from typing import Any, TypeVar

from exchange import setting_up
from exchange.models import OneCBase, TradeDocument, TradeParty, TradeSide
from exchange.planning.stored import from_data
from exchange.planning.trade import Party, Trade
from exchange.settling.flows import BaseFacts, DocumentWork, PartyWork
from mapping.load import rules_of

T = TypeVar("T", Trade, Party)


def facts_of(base: OneCBase) -> BaseFacts:
    """The base with its rules in force."""
    rules = rules_of(base.portal_id, base.pk)
    setup = setting_up.setup_of(base)
    quiet_until = setup.started_at if setup.muted else None
    return BaseFacts(base.pk, rules, originator_of(base.pk), base.configuration, rules.trade.parties.country, quiet_until)


def originator_of(base_id: int) -> str:
    """By which the portal's objects tell that this base made them (originatorId)."""
    return f"onec:{base_id}"


def document_work(row: TradeDocument, base: BaseFacts) -> DocumentWork:
    """The row as work."""
    return DocumentWork(
        pk=row.pk,
        base=base,
        entity_type_id=row.entity_type_id,
        version=row.version,
        b24_id=row.b24_id,
        onec_id=row.onec_id,
        number=row.number,
        portal_side=_side(Trade, row.portal_side),
        onec_side=_side(Trade, row.onec_side),
        agreed=_side(Trade, row.agreed),
        known=row.known,
        unsure=row.adding_since is not None,
        given=row.outgoing_version > 0,
        confirmed=0 < row.outgoing_version <= row.acknowledged_version,
        told_since=0 < row.outgoing_version <= (row.known.get("told_version") or 0),
        quiet=row.agreed is None and base.quiet_until is not None and row.created_at <= base.quiet_until,
    )


def party_work(row: TradeParty, base: BaseFacts) -> PartyWork:
    """The row as work."""
    return PartyWork(
        pk=row.pk,
        base=base,
        version=row.version,
        b24=_key(row),
        onec_id=row.onec_id,
        given_id=row.given_id,
        portal_side=_side(Party, row.portal_side),
        onec_side=_side(Party, row.onec_side),
        agreed=_side(Party, row.agreed),
        known=row.known,
        unsure=row.adding_since is not None,
    )


def _key(row: TradeSide) -> tuple[int, int] | None:
    return None if row.b24_id is None else (row.entity_type_id, row.b24_id)


def _side(of: type[T], data: dict[str, Any] | None) -> T | None:
    return None if data is None else from_data(of, data)
