"""Currencies that the portal lacks: made only at a rate that a person has given; until then their prices wait as a problem."""

from __future__ import annotations

from collections.abc import Mapping

from b24app.rest.errors import Fate
from exchange.imports.due import retry
from exchange.imports.flows import Ask, Flow, Log
from exchange.imports.portal_lists import DictionaryFailed
from exchange.imports.reference_commands import add_currency
from exchange.models import OneCBase, Problem
from exchange.planning.items import Trouble
from mapping.edit import change_rules
from mapping.load import rules_of
from mapping.rules import from_data


def make_currencies(wanted: Mapping[str, str], there: set[str], log: Log) -> Flow:
    """Make the currencies of `wanted` (code → rate) that are not `there`, and add them to it."""
    missing = {code: rate for code, rate in wanted.items() if code not in there}
    if not missing:
        return None
    outcomes = yield Ask(tuple(add_currency(code, rate) for code, rate in missing.items()))
    for code, outcome in zip(missing, outcomes, strict=True):
        if outcome.error is None:
            there.add(code)
            log.settled.add(("currency", code))
        elif outcome.error.fate in (Fate.RETRY, Fate.REFRESH):
            raise DictionaryFailed(outcome.error)
        else:
            facts = {"currency": code, "code": outcome.error.code, "answer": outcome.error.description}
            log.troubles.append((("currency", code), code, Trouble("currency-refused", facts)))
    return None


def allow_currency(base: OneCBase, code: str, rate: str, *, author: str) -> int:
    """The one step that ends the problem: from now on the currency is made at this rate; returns how many objects go again.

    Raises ValueError when the code is no ISO code or the rate no positive number.
    """
    wanted = from_data({"create_currencies": {code: rate}}).create_currencies
    if not wanted:
        raise ValueError(f"no currency {code} at {rate}")
    known = rules_of(base.portal_id, base.pk).create_currencies
    change_rules(base.portal_id, base.pk, {"create_currencies": {**known, **wanted}}, author=author)
    return resend(base, code.upper())


def resend(base: OneCBase, code: str) -> int:
    """Let the push take all objects again that wait for this currency: its code, or its name as 1C writes it."""
    waiting = Problem.objects.filter(
        base=base, cause__in=("currency-missing", "unknown-currency"), facts__currency__iexact=code, closed_at=None
    )
    by_kind: dict[str, list[str]] = {}
    for kind, onec_id in waiting.values_list("kind", "onec_id").iterator():
        by_kind.setdefault(kind, []).append(onec_id)
    return sum(retry(base, kind, onec_ids) for kind, onec_ids in by_kind.items())
