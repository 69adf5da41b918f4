"""What a person can decide about a problem on the spot: a side, one of several candidates, or the rate of a currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from b24app.pages.compared import Compared, label, shown
from exchange.models import Problem, TradeDocument, TradeParty
from exchange.planning.trade import COMPANY
from exchange.settling import deciding, party_choices
from exchange.settling.combining import fields_of

CONFLICTS: Final = (*deciding.DECIDABLE, "party-conflict")
CURRENCY: Final = "currency-missing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company or contact that a counterparty may be; `key` goes back to the server."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`kind`: sides (both values; `portal` tells whether the portal's may hold), candidates, or currency (`code`)."""

    kind: str
    values: list[Compared] = field(default_factory=list)
    portal: bool = True
    candidates: list[Candidate] = field(default_factory=list)
    code: str = ""


def decisions_of(problems: Iterable[Problem]) -> dict[int, Decision]:
    """Problem id → what can be decided, in two queries; the rate of a currency is asked once, with its first problem."""
    told = list(problems)
    agreed = _agreed(told)
    found: dict[int, Decision] = {}
    asked: set[tuple[int | None, str]] = set()
    for one in told:
        code = str(one.facts.get("currency") or "")
        if one.cause in CONFLICTS:
            found[one.pk] = _sides(one, agreed.get((one.kind, one.onec_id), {}))
        elif one.cause in party_choices.CHOOSABLE:
            found[one.pk] = Decision("candidates", candidates=_candidates(one))
        elif one.cause == CURRENCY and code and (one.base_id, code) not in asked:
            asked.add((one.base_id, code))
            found[one.pk] = Decision("currency", code=code)
    return found


def _agreed(problems: Sequence[Problem]) -> dict[tuple[str, str], Mapping[str, Any]]:
    wanted: dict[str, list[int]] = {"document": [], "party": []}
    for one in problems:
        if one.cause in CONFLICTS and one.kind in wanted and one.onec_id.isdecimal() and len(one.onec_id) < 19:
            wanted[one.kind].append(int(one.onec_id))
    # Whatever number a problem holds: only rows of the bases that the problems themselves are of.
    bases = {one.base_id for one in problems if one.base_id}
    rows: dict[tuple[str, str], Mapping[str, Any]] = {}
    for pk, side in TradeDocument.objects.filter(base__in=bases, pk__in=wanted["document"]).values_list("pk", "agreed"):
        rows["document", str(pk)] = side or {}
    for pk, side in TradeParty.objects.filter(base__in=bases, pk__in=wanted["party"]).values_list("pk", "agreed"):
        rows["party", str(pk)] = side or {}
    return rows


def _sides(problem: Problem, agreed: Mapping[str, Any]) -> Decision:
    values = []
    for conflict in problem.facts.get("conflicts") or ():
        name, part = str(conflict.get("field", "")), str(conflict.get("part") or "")
        title = f"{label(name)}: {part}" if part else label(name)
        both = (_text(conflict.get("portal")), _text(conflict.get("onec")))
        values.append(Compared(title, *both, "" if part else _before(problem.kind, name, agreed)))
    return Decision("sides", values=values, portal=problem.cause != "document-not-taken")


def _before(kind: str, name: str, agreed: Mapping[str, Any]) -> str:
    names = fields_of(name) if kind == "document" else (name,)
    return next((_text(agreed[each]) for each in names if agreed.get(each) not in (None, "")), "")


def _text(value: Any) -> str:
    return shown(value)[:500]


def _candidates(problem: Problem) -> list[Candidate]:
    offered = []
    for one in problem.facts.get("candidates") or ():
        kind = _("company") if one.get("type") == COMPANY else _("contact")
        numbers = ", ".join(str(one[name]) for name in ("tax_id", "branch") if one.get(name))
        name = f"{one.get('name') or one.get('id')} ({kind} {one.get('id')}{', ' + numbers if numbers else ''})"
        offered.append(Candidate(f"{one.get('type')}:{one.get('id')}", name))
    return offered
