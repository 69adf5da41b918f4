"""Problems for people: opened or counted again when met, closed when gone. Their words are made where they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from b24app.models import Portal
from exchange import protocol
from exchange.models import ImportRun, OneCBase, Problem

_UPSERT = """
    insert into exchange_problem
      (portal_id, base_id, run_id, cause, kind, onec_id, name, facts, times, first_at, last_at)
    select %(portal)s, %(base)s, %(run)s, cause, kind, onec_id, name, facts::jsonb, times, now(), now()
    from unnest(%(causes)s::text[], %(kinds)s::text[], %(ids)s::text[], %(names)s::text[], %(facts)s::text[], %(times)s::int[])
      as told(cause, kind, onec_id, name, facts, times)
    order by cause, kind, onec_id
    on conflict (portal_id, base_id, cause, kind, onec_id) where closed_at is null
    do update set times = exchange_problem.times + excluded.times, last_at = excluded.last_at, facts = excluded.facts,
      name = case when excluded.name = '' then exchange_problem.name else excluded.name end,
      run_id = coalesce(excluded.run_id, exchange_problem.run_id)
"""


class Trouble(NamedTuple):
    """One problem to report: the cause's code, the object it is about ("" = none), and facts (JSON) for its text."""

    cause: str
    kind: str = ""
    onec_id: str = ""
    name: str = ""
    facts: Mapping[str, Any] = {}


def report(
    *,
    portal: Portal,
    base: OneCBase | None,
    cause: str,
    kind: str = "",
    onec_id: str = "",
    name: str = "",
    facts: Mapping[str, Any] | None = None,
    run: ImportRun | None = None,
) -> None:
    """Open the problem, or count it once more and take the newer facts if it is open already."""
    report_many([Trouble(cause, kind, onec_id, name, facts or {})], portal=portal, base=base, run=run)


def report_many(troubles: Iterable[Trouble], *, portal: Portal, base: OneCBase | None, run: ImportRun | None = None) -> int:
    """Report any number of problems in one statement; returns how many different ones."""
    told: dict[tuple[str, str, str], tuple[Trouble, int]] = {}
    for trouble in troubles:
        key = (trouble.cause, trouble.kind, trouble.onec_id)
        told[key] = (trouble, told[key][1] + 1 if key in told else 1)
    if not told:
        return 0
    rows = [row for row, _ in told.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "portal": portal.pk,
                "base": base.pk if base else None,
                "run": run.pk if run else None,
                "causes": [row.cause[:60] for row in rows],
                "kinds": [row.kind[:12] for row in rows],
                "ids": [_text(row.onec_id, 255) for row in rows],
                "names": [_text(row.name, 255) for row in rows],
                "facts": [json.dumps(dict(row.facts), ensure_ascii=False, default=str).replace("\\u0000", "") for row in rows],
                "times": [times for _, times in told.values()],
            },
        )
    return len(rows)


def lines_of(runs: Iterable[ImportRun], most: int) -> list[str]:
    """What 1C is told of the documents of these runs that could not be carried, one line each, together at most so many characters."""
    problems = Problem.objects.filter(run__in=list(runs), cause__in=[*protocol.NOT_CARRIED], closed_at=None).order_by("id")[:20]
    lines: list[str] = []
    for problem in problems:
        line = protocol.not_carried(problem.cause, problem.name or problem.onec_id, str(problem.facts.get("basis", "")))
        if sum(map(len, lines)) + len(lines) + len(line) > most:
            break
        lines.append(line)
    return lines


def close(*, portal: Portal, base: OneCBase | None, cause: str, kind: str = "", onec_id: str = "") -> bool:
    """Close the problem if it is open; says whether it was."""
    open_ones = Problem.objects.filter(portal=portal, base=base, cause=cause, kind=kind, onec_id=onec_id, closed_at=None)
    return bool(open_ones.update(closed_at=timezone.now()))


def close_many(
    *, portal: Portal, base: OneCBase | None, kind: str, onec_ids: Iterable[str], causes: Iterable[str] | None = None
) -> int:
    """Close every open problem of these objects (only of `causes`, if given); returns how many."""
    open_ones = Problem.objects.filter(portal=portal, base=base, kind=kind, onec_id__in=list(onec_ids), closed_at=None)
    if causes is not None:
        open_ones = open_ones.filter(cause__in=list(causes))
    return open_ones.update(closed_at=timezone.now())


def _text(value: str, limit: int) -> str:
    return value.replace("\0", "")[:limit]
