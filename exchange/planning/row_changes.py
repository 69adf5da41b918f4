"""What to do to a document's product rows so that they say the wanted lines: only what differs, row by row. Pure.

Rows are never torn down and built anew (crm.item.productrow.set): reservations and payments hang on their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.planning.portal_trades import number, whole
from exchange.planning.rows import PortalRow, PortalRows, portal_rows, says
from exchange.planning.trade import Line, Trade


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Rows to add (fields), to change (id → fields) and to delete; and the document's fields that go with them, if any."""

    adds: tuple[Mapping[str, Any], ...] = ()
    updates: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    deletes: tuple[int, ...] = ()
    document: Mapping[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.adds or self.updates or self.deletes or self.document)


def row_changes(
    wanted: Trade, rows: Sequence[Mapping[str, Any]], item: Mapping[str, Any], products: Mapping[str, int]
) -> RowChanges:
    """The changes that lead from the rows of `item` to the wanted lines; `products` are the portal's ids of 1C's items.

    Raises Inexact for amounts that no field of the portal can hold.
    """
    lines = wanted.lines or ()
    plan = portal_rows(lines, wanted.currency)
    paired = _paired(lines, rows, products)
    used = {whole(row.get("id")) for row in paired if row is not None}
    adds: list[Mapping[str, Any]] = []
    updates: list[tuple[int, Mapping[str, Any]]] = []
    for place, (line, money, row) in enumerate(zip(lines, plan.rows, paired, strict=True)):
        product = products.get(line.item_id, 0) or line.product_id
        if row is None:
            adds.append(_new(line, money, product, 10 * (place + 1)))
        elif fields := _changed(line, money, row, product, wanted.currency):
            updates.append((whole(row.get("id")), fields))
    gone = tuple(whole(row.get("id")) for row in rows if whole(row.get("id")) not in used)
    touched = bool(adds or updates or gone)
    return RowChanges(tuple(adds), tuple(updates), gone, _document(wanted, item, plan, touched=touched))


def _document(wanted: Trade, item: Mapping[str, Any], plan: PortalRows, *, touched: bool) -> dict[str, Any] | None:
    """Currency, and the sum where the portal's own arithmetic would miss it (isManualOpportunity=Y) or was forbidden before.

    A sum that is right already and whose rows are left alone stays the portal's own.
    """
    fields: dict[str, Any] = {}
    if wanted.currency and wanted.currency != item.get("currencyId"):
        fields["currencyId"] = wanted.currency
    manual = item.get("isManualOpportunity") == "Y"
    right = number(item.get("opportunity")) == plan.opportunity
    if not plan.exact:
        if not right or (touched and not manual):
            fields |= {"isManualOpportunity": "Y", "opportunity": plan.opportunity}
    elif manual and wanted.lines:
        fields["isManualOpportunity"] = "N"
    return fields or None


def _paired(
    lines: Sequence[Line], rows: Sequence[Mapping[str, Any]], products: Mapping[str, int]
) -> list[Mapping[str, Any] | None]:
    """The row of each line: by the row's id, then by product, then (for free lines) by name."""
    free = {whole(row.get("id")): row for row in rows}
    paired: list[Mapping[str, Any] | None] = [free.pop(line.row_id, None) if line.row_id else None for line in lines]
    for place, line in enumerate(lines):
        if paired[place] is not None:
            continue
        product = products.get(line.item_id, 0) or line.product_id
        for id, row in free.items():
            same = whole(row.get("productId")) == product if product else _same_name(row, line)
            if same:
                paired[place] = free.pop(id)
                break
    return paired


def _same_name(row: Mapping[str, Any], line: Line) -> bool:
    return not whole(row.get("productId")) and str(row.get("productName") or "").strip() == line.name.strip()


def _new(line: Line, money: PortalRow, product: int, sort: int) -> dict[str, Any]:
    fields = {**money.fields(), "sort": sort}
    if product:
        fields["productId"] = product
    else:
        fields |= {"productId": 0, "productName": line.name or line.article or line.item_id}
    if line.unit_code.isdigit():
        fields["measureCode"] = int(line.unit_code)
    return fields


def _changed(line: Line, money: PortalRow, row: Mapping[str, Any], product: int, currency: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if not says(row, line, currency):
        fields |= money.fields()
    if product and product != whole(row.get("productId")):
        fields["productId"] = product
    if not product and line.name and line.name != str(row.get("productName") or ""):
        fields["productName"] = line.name
    return fields
