"""Buyers that a change of rules concerns: counterparties of 1C that the portal has no company or contact for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import ngettext_lazy

from exchange.models import OneCBase
from exchange.settling.what_if_lines import Line, counted, named
from mapping.rules import Rules

_TEXTS: Final[Mapping[str, Any]] = {
    "parties-made": ngettext_lazy(
        "%(count)d counterparty of 1C without a company or contact is looked for again, and made if nobody fits.",
        "%(count)d counterparties of 1C without a company or contact are looked for again, and made if nobody fits.",
        "count",
    ),
    "parties-matched": ngettext_lazy(
        "%(count)d counterparty of 1C without a company or contact is looked for by other rules.",
        "%(count)d counterparties of 1C without a company or contact are looked for by other rules.",
        "count",
    ),
    "organisations": ngettext_lazy(
        "%(count)d document of 1C names an organisation that gets another own company.",
        "%(count)d documents of 1C name an organisation that gets another own company.",
        "count",
    ),
}
_WAITING: Final = "row.base_id = %s and row.b24_id is null and row.onec_side is not null and not row.known ? 'alias'"


def lines(base: OneCBase, before: Rules, after: Rules) -> Iterator[Line]:
    """A line for buyers without their like in the portal, and one for documents whose organisation gets another own company."""
    was, now = before.trade.parties, after.trade.parties
    if now.create != was.create or replace(now, create=was.create, presets=was.presets) != was:
        key = "parties-made" if now.create else "parties-matched"
        count, rows = counted("exchange_tradeparty", "row.onec_side ->> 'name', row.onec_id", _WAITING, [base.pk])
        yield Line(key, str(_TEXTS[key] % {"count": count}), count, examples=named(rows))
    old, new = before.trade.organisations, after.trade.organisations
    moved = sorted(one for one in {*old, *new} if old.get(one) != new.get(one))
    if moved:
        where = "row.base_id = %s and row.onec_side ->> 'organisation' = any(%s)"
        columns = "coalesce(row.portal_side ->> 'title', row.onec_side ->> 'onec_number'), row.onec_id"
        count, rows = counted("exchange_tradedocument", columns, where, [base.pk, moved])
        yield Line("organisations", str(_TEXTS["organisations"] % {"count": count}), count, examples=named(rows))
