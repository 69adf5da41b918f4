"""REMEMBER: what a file says becomes desired state, in bulk; what is as it was costs nothing.

First bytes are compared (piece_digests.py), then what the changed pieces mean; each slice is one statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from exchange.planning.desired import Facets, facets_of
from exchange.records import Record


@dataclass(slots=True)
class Counts:
    """How many objects a run met, by what became of them, and by kind."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, int]:
        return {"new": self.new, "changed": self.changed, "unchanged": self.unchanged, **self.by_kind}


def remember(base_id: int, run_id: int, records: Iterable[Record], *, only_changes: bool, counts: Counts) -> None:
    """Write the records into the state rows; a row whose meaning is new gets the next version and is due.

    In a file of changes a field that is not mentioned stays as it was; in a full file it is gone.
    """
    rows: dict[tuple[str, str], Facets] = {}
    for record in records:
        row = facets_of(record)
        if row is None or not row.onec_id:
            continue
        key = (row.kind, row.onec_id)
        rows[key] = _laid_over(rows[key], row) if key in rows else row
        counts.by_kind[row.kind] = counts.by_kind.get(row.kind, 0) + 1
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """create temporary table if not exists told
               (kind text, onec_id text, parent_id text, main jsonb, prices jsonb, stock jsonb) on commit drop"""
        )
        cursor.execute("truncate told")
        with cursor.copy("copy told from stdin") as copy:
            for row in rows.values():
                copy.write_row((row.kind, row.onec_id, row.parent_id, _json(row.main), _json(row.prices), _json(row.stock)))
        # Whatever 1C says of an object, it is there: see absence.py.
        merged = "(coalesce(state.main, '{}') - 'absent') || excluded.main" if only_changes else "excluded.main"
        cursor.execute(
            f"""with written as (
                  insert into exchange_staterow as state (base_id, kind, onec_id, parent_id, main, prices, stock, run_id, changed_at)
                  select %(base)s, kind, onec_id, parent_id, main, prices, stock, %(run)s, now() from told
                  on conflict (base_id, kind, onec_id) do update set
                    main = case when excluded.main is null then state.main else {merged} end,
                    prices = coalesce(excluded.prices, state.prices), stock = coalesce(excluded.stock, state.stock),
                    parent_id = case when excluded.main is null then state.parent_id else excluded.parent_id end,
                    version = state.version + 1, run_id = excluded.run_id, changed_at = excluded.changed_at,
                    failures = 0, not_before = null
                  where (excluded.main is not null and state.main is distinct from {merged})
                    or (excluded.prices is not null and state.prices is distinct from excluded.prices)
                    or (excluded.stock is not null and state.stock is distinct from excluded.stock)
                    or (excluded.main is not null and state.parent_id <> excluded.parent_id)
                  returning version)
                select count(*) filter (where version = 1), count(*) filter (where version > 1) from written""",  # noqa: S608
            {"base": base_id, "run": run_id},
        )
        new, changed = cursor.fetchone()
    counts.new += new
    counts.changed += changed
    counts.unchanged += len(rows) - new - changed


def touch(base_id: int, run_id: int, keys: Iterable[tuple[str, str]]) -> int:
    """Make these rows due although nothing they say has changed (a picture behind them has)."""
    kinds, ids = zip(*keys, strict=True) if (keys := list(keys)) else ((), ())
    with connection.cursor() as cursor:
        cursor.execute(
            """update exchange_staterow state set version = version + 1, run_id = %s, changed_at = now(), not_before = null
               from unnest(%s::text[], %s::text[]) t(kind, onec_id)
               where state.base_id = %s and state.kind = t.kind and state.onec_id = t.onec_id""",
            [run_id, list(kinds), list(ids), base_id],
        )
        return int(cursor.rowcount)


def _laid_over(before: Facets, after: Facets) -> Facets:
    """Two records of one object in one slice: the last one wins, facet by facet."""
    return after._replace(
        main=after.main if after.main is not None else before.main,
        prices=after.prices if after.prices is not None else before.prices,
        stock=after.stock if after.stock is not None else before.stock,
        parent_id=after.parent_id if after.main is not None else before.parent_id or after.parent_id,
    )


def _json(value: object) -> str | None:
    # PostgreSQL's jsonb refuses U+0000; XML cannot hold it, but a reader of broken files might let one through.
    return None if value is None else json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
