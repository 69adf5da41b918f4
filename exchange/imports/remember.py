"""REMEMBER: what a file says becomes desired state, in bulk; what is as it was costs nothing.

First bytes are compared (digests of uncut pieces), then what their changed pieces mean; each slice is one statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from exchange.commerceml.pieces import Piece, Scope
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


def changed_pieces(base_id: int, pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces whose bytes are not those that last set the same facets of the same object."""
    seen: set[tuple[int, str]] = set()
    twice: set[tuple[int, str]] = set()
    for piece in pieces:
        key = (piece.scope, piece.onec_id)
        (twice if key in seen else seen).add(key)
    with connection.cursor() as cursor:
        # `limit 1` keeps the planner at one index look-up per piece: joined freely it hashes the whole table for every slice.
        cursor.execute(
            """select t.place - 1 from unnest(%b::smallint[], %b::text[], %b::bytea[]) with ordinality t(scope, onec_id, digest, place)
               left join lateral (select digest from exchange_piecedigest
                                  where base_id = %s and scope = t.scope and onec_id = t.onec_id limit 1) known on true
               where known.digest is distinct from t.digest""",
            [[piece.scope for piece in pieces], [piece.onec_id for piece in pieces], [piece.digest for piece in pieces], base_id],
        )
        places = {place for (place,) in cursor.fetchall()}
    if twice:
        # The same object twice in one slice: the last one must win, so all its pieces are read in order.
        changed = {(pieces[place].scope, pieces[place].onec_id) for place in places} & twice
        places |= {place for place, piece in enumerate(pieces) if (piece.scope, piece.onec_id) in changed}
    return [pieces[place] for place in sorted(places)]


def keep_digests(base_id: int, pieces: Iterable[Piece]) -> None:
    """Keep the digests of pieces that were read, and drop those of other pieces that had set the same facets before."""
    latest = {(piece.scope, piece.onec_id): piece.digest for piece in pieces}
    if not latest:
        return
    scopes, ids, digests = [s for s, _ in latest], [i for _, i in latest], list(latest.values())
    overlapping = [(a, b) for a in set(scopes) for b in _every_scope(base_id) if a != b and _overlap(a, b)]
    with connection.cursor() as cursor:
        if overlapping:
            cursor.execute(
                """delete from exchange_piecedigest known using unnest(%s::smallint[], %s::text[]) fresh(scope, onec_id),
                     unnest(%s::smallint[], %s::smallint[]) clash(fresh, old)
                   where known.base_id = %s and known.onec_id = fresh.onec_id and clash.fresh = fresh.scope and known.scope = clash.old""",
                [scopes, ids, [a for a, _ in overlapping], [b for _, b in overlapping], base_id],
            )
        cursor.execute(
            """insert into exchange_piecedigest (base_id, scope, onec_id, digest)
               select %s, t.* from unnest(%s::smallint[], %s::text[], %s::bytea[]) t(scope, onec_id, digest)
               on conflict (base_id, scope, onec_id) do update set digest = excluded.digest""",
            [base_id, scopes, ids, digests],
        )


def _overlap(a: int, b: int) -> bool:
    """Whether pieces of these scopes can set the same facet of the same row."""
    both = Scope(a & b)
    return bool(both & (Scope.PRODUCT | Scope.OFFER)) and bool(both & (Scope.MAIN | Scope.PRICES | Scope.STOCK))


def _every_scope(base_id: int) -> list[int]:
    with connection.cursor() as cursor:
        # A loose index scan: the index starts with (base, scope), so each step finds the next scope at once.
        cursor.execute(
            """with recursive found as (
                 (select scope from exchange_piecedigest where base_id = %(base)s order by scope limit 1)
                 union all
                 select (select scope from exchange_piecedigest where base_id = %(base)s and scope > found.scope order by scope limit 1)
                 from found where found.scope is not null)
               select scope from found where scope is not null""",
            {"base": base_id},
        )
        return [scope for (scope,) in cursor.fetchall()]


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
