"""What a person decides about a party: which company a counterparty is, and whose word holds where both sides changed the same thing.

One click each: the decision is kept with the party, which is due at once; settling closes the problem when it has been carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from b24app import lanes
from exchange.models import Problem, TradeParty
from exchange.planning.trade import PARTY_TYPES

Side = Literal["portal", "onec"]
# Causes that a candidate answers.
CHOOSABLE = frozenset({"party-ambiguous", "party-twice"})


class NotToDecide(Exception):
    """The problem is none of these, is over, or does not name what was chosen."""


def choose_candidate(problem: Problem, key: tuple[int, int] | None) -> None:
    """The counterparty is this company or contact (entity type, id); None: it is none of them, make a new one.

    Raises NotToDecide when the problem did not offer it.
    """
    offered = {(one.get("type"), one.get("id")) for one in problem.facts.get("candidates") or ()}
    if key is not None and (key not in offered or key[0] not in PARTY_TYPES):
        raise NotToDecide(f"{key} was not offered")
    if problem.cause not in CHOOSABLE:
        raise NotToDecide(problem.cause)
    _decide(problem, {"chosen": list(key)} if key is not None else {"make_new": True})


def decide(problem: Problem, side: Side, field: str | None = None) -> None:
    """Where both sides changed a field, this side's value holds (of one field, or of all the problem names).

    Raises NotToDecide when the problem names no such field.
    """
    fields = [str(one["field"]) for one in problem.facts.get("conflicts") or ()]
    wanted = fields if field is None else [field]
    if problem.cause != "party-conflict" or side not in ("portal", "onec") or not wanted or not set(wanted) <= set(fields):
        raise NotToDecide(problem.cause)
    _decide(problem, {"decided": dict.fromkeys(wanted, side)})


def _decide(problem: Problem, words: Mapping[str, Any]) -> None:
    with transaction.atomic():
        pk = int(problem.onec_id) if problem.kind == "party" and problem.onec_id.isdigit() else 0
        # The problem's own portal: a party of another one is not found.
        row = TradeParty.objects.select_for_update().filter(pk=pk, base__portal_id=problem.portal_id).first()
        if row is None:
            raise NotToDecide("the party is gone")
        known = {name: value for name, value in row.known.items() if name not in ("chosen", "make_new")}
        for name, value in words.items():
            known[name] = {**(known.get(name) or {}), **value} if isinstance(value, dict) else value
        row.known, row.version, row.not_before = known, row.version + 1, None
        row.save(update_fields=["known", "version", "not_before"])
        Problem.objects.filter(pk=problem.pk, closed_at=None).update(closed_at=timezone.now())
        lanes.mark_due(problem.portal_id, work=lanes.DOCUMENTS)
