"""Which base takes a document of the portal that none has yet: the first whose rules want it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange.planning.effects import Stage
from exchange.planning.portal_trades import day_of
from exchange.planning.trade import Trade
from exchange.settling.flows import BaseFacts
from mapping.trade_rules import KindRules


@dataclass(frozen=True, slots=True)
class Candidate:
    """A base that may take documents; `since` is the day it was connected: without a rule, nothing older travels."""

    base: BaseFacts
    since: dt.date


def route(
    trade: Trade, created: str, entity_type_id: int, stages: Sequence[Stage], default: int | None, bases: Iterable[Candidate]
) -> BaseFacts | None:
    """The base for the document, or None; `created` is its createdTime, `default` the kind's default pipeline."""
    for candidate in bases:
        rules = candidate.base.rules.trade
        taken = rules.takes(entity_type_id, trade.category_id, default=default in (None, trade.category_id))
        if taken and _wanted(trade, created, stages, rules.of_kind(entity_type_id), candidate.since):
            return candidate.base
    return None


def _wanted(trade: Trade, created: str, stages: Sequence[Stage], kind: KindRules, since: dt.date) -> bool:
    if kind.my_companies and trade.my_company_id not in kind.my_companies:
        return False
    if kind.from_date is not None:
        if trade.date is not None and trade.date < kind.from_date:
            return False
    elif (day_of(created) or since) < since:
        return False
    return has_reached(trade.stage_id, stages, kind.from_stage.get(trade.category_id, ""))


def has_reached(stage_id: str, stages: Sequence[Stage], first: str) -> bool:
    """Whether a stage is the first travelling one or behind it; "" = the second of the pipeline. A failed one never is."""
    order = sorted(stages, key=lambda stage: stage.sort)
    ids = [stage.id for stage in order]
    here = next((stage for stage in order if stage.id == stage_id), None)
    if here is None or here.semantics == "F":
        return False
    start = ids.index(first) if first in ids else min(1, len(ids) - 1)
    return ids.index(stage_id) >= start
