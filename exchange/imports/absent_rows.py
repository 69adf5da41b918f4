"""The state rows behind absence.py: which objects a set of files names, which rows it does not, and the marks on these."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.db import connection

from exchange.commerceml import UnreadableFile, pieces
from exchange.imports.piece_digests import forget_ids
from exchange.models import OneCBase
from exchange.records import CatalogInfo, Offer, Product
from mapping import links

State = Literal["off", "proposed", "kept", "elsewhere"]
Key = tuple[str, str]

# Rows that stand for goods: items, and variants wherever the files put them.
_GOODS = "row.base_id = %(base)s and (row.kind = 'product' or (row.kind = 'offer' and row.onec_id like '%%#%%'))"
_ALIVE = """coalesce((row.main ->> 'deleted')::boolean, false) is not true
  and coalesce(row.main -> 'absent' ->> 'state', '') not in ('off', 'elsewhere')"""

# Items that are alive, with the rows that carry their mark: their own row, or else those of their variants.
_FIND = f"""
with goods as (
  select row.kind, row.onec_id, row.main ->> 'name' as name, coalesce(nullif(row.parent_id, ''), row.onec_id) as item,
    row.onec_id like '%%#%%' as variant, coalesce(row.main -> 'absent' ->> 'state', '') = 'kept' as kept, {_ALIVE} as alive
  from exchange_staterow row where {_GOODS}),
items as (
  select item, bool_or(not variant) as own, bool_or(alive) filter (where not variant) as own_alive,
    bool_or(alive) as any_alive, bool_or(kept) as kept from goods group by item),
living as (select * from items where case when own then own_alive else any_alive end),
gone as (
  select living.* from living where not kept and not exists (select 1 from named where named.item = living.item)),
lost as (
  select goods.* from goods join living using (item)
  where goods.variant and goods.alive and not goods.kept
    and exists (select 1 from named where named.item = goods.item and named.onec_id like '%%#%%')
    and not exists (select 1 from named where named.onec_id = goods.onec_id))
select 'item' as what, goods.kind, goods.onec_id, goods.item, goods.name from gone join goods using (item)
  where case when gone.own then not goods.variant else goods.alive end
union all
-- One row of a variant is enough, and the one in the offers comes again with every price.
select 'variant', lost.kind, lost.onec_id, lost.onec_id, lost.name from lost
  where lost.kind = 'offer' or not exists (select 1 from lost other where other.kind = 'offer' and other.onec_id = lost.onec_id)
union all
select 'total', '', '', count(*)::text, '' from living
union all
select 'variants', '', '', count(distinct goods.onec_id)::text, '' from goods join living using (item) where goods.variant and goods.alive
"""  # noqa: S608 (our own words)


@dataclass(frozen=True, slots=True)
class Named:
    """What files name: whether anything at all, whether a full catalogue of goods is among them, and the ids of catalogues."""

    any: bool
    full: bool
    catalogs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Absent:
    """Rows to mark, and the numbers: `items` of `total` items, `variants` (of items that are there) of `all_variants`."""

    rows: Sequence[Key]
    names: Sequence[str]
    items: int
    total: int
    variants: int
    all_variants: int

    @property
    def percent(self) -> float:
        """The share that is absent, of items or of variants, whichever is more."""
        items = 100 * self.items / self.total if self.total else 0.0
        return max(items, 100 * self.variants / self.all_variants if self.all_variants else 0.0)


def gather(base: OneCBase, paths: Iterable[Path]) -> Named | None:
    """Fill the temporary table `named` with the goods of the files; None when one of them cannot be read any more.

    To be called inside a transaction, at whose end the table goes.
    """
    full, any_goods = False, False
    catalogs: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists named")
        cursor.execute("create temporary table named (onec_id text, item text) on commit drop")
        for path in paths:
            whole = False
            try:
                with path.open("rb") as stream, cursor.copy("copy named from stdin") as copy:
                    for part in pieces.walk(stream):
                        heads = [r for r in part.records if isinstance(r, CatalogInfo) and not r.is_offers]
                        catalogs |= {head.id for head in heads}
                        whole = whole or any(not head.only_changes for head in heads)
                        ids = [*(piece.onec_id for piece in part.pieces), *_ids(part.records)]
                        full, any_goods = full or (whole and bool(ids)), any_goods or bool(ids)
                        for onec_id in ids:
                            copy.write_row((onec_id, onec_id.partition("#")[0]))
            except (OSError, UnreadableFile):
                return None
        cursor.execute("create index on named (item); create index on named (onec_id); analyze named")
    return Named(any_goods, full, frozenset(catalogs))


def _ids(records: Iterable[object]) -> Iterable[str]:
    for record in records:
        if isinstance(record, Offer):
            yield record.product.id
        elif isinstance(record, Product):
            yield record.id


def find(base: OneCBase) -> Absent:
    """The living rows of the base that `named` (see gather) does not hold."""
    rows: list[Key] = []
    names: dict[str, str] = {}
    items: set[str] = set()
    numbers = {"total": 0, "variants": 0}
    variants = 0
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"base": base.pk})
        for what, kind, onec_id, item, name in cursor.fetchall():
            if what in numbers:
                numbers[what] = int(item)
                continue
            rows.append((kind, onec_id))
            names.setdefault(item, name or item)
            if what == "item":
                items.add(item)
            else:
                variants += 1
    return Absent(rows, sorted(names.values()), len(items), numbers["total"], variants, numbers["variants"])


def mark(base: OneCBase, rows: Sequence[Key], state: State, now: dt.datetime) -> None:
    """Put the mark on the rows; should the same bytes come again, they are read again and take it off."""
    kinds, ids = [kind for kind, _ in rows], [onec_id for _, onec_id in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            """update exchange_staterow row set main = coalesce(row.main, '{}') || %s::jsonb
               from unnest(%s::text[], %s::text[]) t(kind, onec_id)
               where row.base_id = %s and row.kind = t.kind and row.onec_id = t.onec_id""",
            [_mark(state, now), kinds, ids, base.pk],
        )
    forget_ids(base.pk, ids)


def switch_off(base: OneCBase, now: dt.datetime) -> int:
    """Let the push switch off all rows that are proposed; what another base still has stays on. Returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, onec_id from exchange_staterow where base_id = %s and main -> 'absent' ->> 'state' = 'proposed'",
            [base.pk],
        )
        rows = [(kind, onec_id) for kind, onec_id in cursor.fetchall()]
    shared = _shared(base, rows)
    still = [row for row in rows if row in shared and any(_has(scope, onec_id) for scope, onec_id in shared[row])]
    mark(base, still, "elsewhere", now)
    for scope, onec_id in {holder for row in rows if row in shared and row not in still for holder in shared[row]}:
        _off(scope, now, "elsewhere", onec_id)
    return _off(base.pk, now, "proposed")


def restate(base: OneCBase, before: State, after: State, now: dt.datetime) -> int:
    """Change the marks of one state into another; nothing is pushed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update exchange_staterow set main = main || %s::jsonb where base_id = %s and main -> 'absent' ->> 'state' = %s",
            [_mark(after, now), base.pk, before],
        )
        return int(cursor.rowcount)


def withdraw(base: OneCBase) -> None:
    """Take off the marks of what was proposed before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update exchange_staterow set main = main - 'absent' where base_id = %s and main -> 'absent' ->> 'state' = 'proposed'",
            [base.pk],
        )


def _off(base_id: int, now: dt.datetime, before: State, onec_id: str | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """update exchange_staterow set main = main || %s::jsonb, version = version + 1, changed_at = now(), failures = 0,
                 not_before = null
               where base_id = %s and main -> 'absent' ->> 'state' = %s and (%s::text is null or onec_id = %s)""",
            [_mark("off", now), base_id, before, onec_id, onec_id],
        )
        return int(cursor.rowcount)


def _shared(base: OneCBase, rows: Sequence[Key]) -> dict[Key, list[tuple[int, str]]]:
    """The other bases' ids of the portal's elements behind these rows, for rows that have any."""
    if not rows or OneCBase.objects.filter(portal=base.portal_id).count() < 2:
        return {}
    found: dict[Key, list[tuple[int, str]]] = {}
    for kind, of_kind in (("product", [r for r in rows if "#" not in r[1]]), ("offer", [r for r in rows if "#" in r[1]])):
        linked = links.to_b24(base.portal_id, base.pk, kind, [onec_id for _, onec_id in of_kind])
        sharing = links.sharing(base.portal_id, kind, linked.values())
        for row in of_kind:
            others = [(scope, id) for scope, id in sharing.get(linked.get(row[1], 0), []) if scope != base.pk]
            if others:
                found[row] = others
    return found


def _has(base_id: int, onec_id: str) -> bool:
    """Whether the base still has the object."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select exists (select 1 from exchange_staterow row where {_GOODS} and {_ALIVE} and row.onec_id = %(id)s)",  # noqa: S608
            {"base": base_id, "id": onec_id},
        )
        return bool(cursor.fetchone()[0])


def _mark(state: State, now: dt.datetime) -> str:
    return json.dumps({"absent": {"state": state, "since": now.isoformat()}})
