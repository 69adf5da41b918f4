"""After rules were changed: which goods of a base they concern, and how these become due, so that the change holds for all of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db import connection

from b24app import lanes
from exchange.imports.currencies import resend
from exchange.models import OneCBase
from exchange.planning.what_if import GoodsChange, goods_changes
from mapping.rules import Rules


class Concerned(NamedTuple):
    """Rows of exchange_staterow (called `row`) that a change concerns, in SQL."""

    where: str
    params: tuple[Any, ...]


_OF_KIND: Final = {
    "name": "row.kind in ('product', 'offer') and row.main ? 'name'",
    "description": "row.kind = 'product' and row.main ? 'description'",
    "sections": "row.kind = 'product' and row.main ? 'group_ids'",
    "pictures": "row.kind in ('product', 'offer') and row.main ? 'pictures'",
    "properties": "row.kind in ('product', 'offer') and row.main ?| array['property_values', 'requisites', 'article', 'barcodes']",
    "prices": "row.kind = 'offer' and row.prices is not null",
    "stock": "row.kind = 'offer' and row.stock is not null",
    "unit": "row.kind in ('product', 'offer') and row.main ? 'unit'",
    "vat": "row.kind in ('product', 'offer') and row.main ? 'vat'",
    "weight": "row.kind in ('product', 'offer') and row.main ?| array['weight', 'width', 'length', 'height']",
    "active": "row.kind in ('product', 'offer') and row.main is not null",
}
_TYPE: Final = "row.kind = 'product' and btrim(row.main ->> 'item_type') = any(%s)"
_WITH_PRICE: Final = "row.kind = 'offer' and row.prices @> jsonb_build_array(jsonb_build_array(%s::text))"
_UNKNOWN: Final = "row.kind = 'product' and row.known is null"
_PRICED_IN: Final = """row.kind = 'offer' and exists (select 1 from jsonb_array_elements(
    case jsonb_typeof(row.prices) when 'array' then row.prices else '[]'::jsonb end) price where lower(btrim(price ->> 2)) = any(%s))"""

_MEASURED_IN: Final = """row.kind in ('product', 'offer') and lower(btrim(coalesce(nullif(row.main -> 'unit' ->> 1, ''),
    nullif(row.main -> 'unit' ->> 2, ''), row.main -> 'unit' ->> 0))) = any(%s)"""


def concerned(change: GoodsChange) -> Concerned:
    """The rows of goods that a change concerns, of any base."""
    kind, of = change.kind, change.of
    if kind == "base-price":  # another price type makes room for it
        return Concerned("row.kind = 'offer' and row.prices is not null", ())
    if kind.startswith("price-"):
        return Concerned(_WITH_PRICE, (of[0],))
    if kind == "stock":
        return Concerned("row.kind = 'offer' and row.stock -> 'by' ?| %s", (list(of),))
    if kind == "type-plain":
        # What has characteristics in the portal already keeps them.
        return Concerned(f"{_TYPE} and coalesce(row.known ->> 'shape', '') <> 'sku'", (list(of),))
    if kind.startswith("type-"):
        return Concerned(_TYPE, (list(of),))
    if kind.startswith("owner-"):
        return Concerned(f"{_OF_KIND[of[0]]} and row.known is not null", ())
    if kind == "currency":
        return Concerned(_PRICED_IN, ([code.lower() for code in of],))
    if kind == "unit":
        return Concerned(_MEASURED_IN, (list(of),))
    return Concerned(f"{_UNKNOWN} and row.main ? %s", ("article" if kind == "match-article" else "barcodes",))


def goods_due(base: OneCBase, before: Rules, after: Rules) -> int:
    """Make due, in the caller's transaction, the goods that the change concerns; returns how many rows.

    What the portal has already of them is compared with what it shall have, as ever: only differences are written.
    """
    changes = [change for change in goods_changes(before, after) if change.kind != "owner-portal"]
    if not changes:
        return 0
    count = 0
    with connection.cursor() as cursor:
        for change in changes:
            if change.kind.startswith(("price-", "base-price")):
                count += _due(cursor, base, "row.kind = 'price_type'", ())
            count += _due(cursor, base, *concerned(change))
    # Prices that have no currency of their own wait by that of their price type.
    count += sum(resend(base, written) for change in changes if change.kind == "currency" for written in change.of)
    if count:
        lanes.mark_due(base.portal_id)
    return count


def _due(cursor: Any, base: OneCBase, where: str, params: tuple[Any, ...]) -> int:
    """Also what is due already: a slice at work may be carrying it by the rules before."""
    cursor.execute(
        f"""update exchange_staterow row
            set version = row.version + 1, not_before = null, failures = 0, changed_at = clock_timestamp()
            where row.base_id = %s and {where}""",  # noqa: S608
        [base.pk, *params],
    )
    return int(cursor.rowcount)
