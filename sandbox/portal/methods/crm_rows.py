"""crm.item.productrow.*: goods of a deal, an invoice or a smart process.

`price` is the final price of one piece with discount and tax; everything else is derived from it as in the documented examples.
"""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.fields import names, number, typed
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_entities import Entity, by_short
from sandbox.portal.methods.crm_items import WITH_ROWS, changed, rows_total
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

SENT = frozenset(
    {
        "productId",
        "productName",
        "price",
        "quantity",
        "discountTypeId",
        "discountRate",
        "discountSum",
        "taxRate",
        "taxIncluded",
        "measureCode",
        "sort",
        "storeId",
    }
)
OWNER = frozenset({"ownerId", "ownerType"})
SHOWN = names(
    "id ownerId ownerType productId productName price priceAccount priceExclusive priceNetto priceBrutto quantity "
    "discountTypeId discountRate discountSum taxRate taxIncluded customized measureCode measureName sort xmlId type"
)
NUMBERS = ("price", "quantity", "discountRate", "discountSum", "taxRate")
ABSOLUTE, PERCENT = 1, 2


@method("crm.item.productrow.set", "ownerType*:string ownerId*:int productRows*:array", scope="crm", write=True)
def set_(call: Call) -> Row:
    """Replace all rows of an owner; the new ones get new ids."""
    return {"productRows": [_shown(row) for row in _replaced(call)]}


def _replaced(call: Call) -> list[Row]:
    known, owner = _owner(call, call["ownerType"], call["ownerId"])
    sent = call["productRows"]
    rows = [_row(call, given, known, owner["id"], {}) for given in (sent.values() if isinstance(sent, dict) else sent)]
    for old in call.store.table("productrows").by("owner", [f"{known.short}:{owner['id']}"]):
        call.store.remove("productrows", old["id"])
    stored = [call.store.add("productrows", row) for row in rows]
    _recalculate(call, known, owner)
    return stored


def _owner(call: Call, short: Any, key: Any) -> tuple[Entity, Row]:
    known = by_short(call, short)
    if known.type_id < 128 and known.type_id not in WITH_ROWS:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    row = call.store.get(known.kind, key)
    if row is None:
        raise RestError("OWNER_NOT_FOUND", "Owner was not found")
    return known, row


def _recalculate(call: Call, known: Entity, owner: Row) -> None:
    current = call.store.get(known.kind, owner["id"]) or owner
    total, tax = rows_total(call, known, owner["id"]) or (0, 0)
    row = {**current, "taxValue": number(tax)}
    if current["isManualOpportunity"] == "N":
        row["opportunity"] = number(total)
    changed(call, known, current, row)


def _row(call: Call, given: Any, known: Entity, owner_id: int, old: Row) -> Row:
    if not isinstance(given, dict):
        raise RestError(100, "Could not find value for parameter {productRows}")
    fields = {name: value for name, value in given.items() if name in SENT}
    for name in NUMBERS:
        if name in fields:
            fields[name] = typed(name, "double", fields[name])
    product = call.store.get("products", fields.get("productId"))
    row: Row = {
        "productId": 0,
        "productName": "",
        "price": 0,
        "quantity": 1,
        "discountTypeId": PERCENT,
        "discountRate": 0,
        "discountSum": 0,
        "taxRate": None,
        "taxIncluded": "N",
        "measureCode": 796,
        "sort": 10,
        "storeId": None,
        "xmlId": "",
    }
    if product is not None:
        row |= {"productName": product["name"]}
    row |= {**old, **fields}
    row |= {"owner": f"{known.short}:{owner_id}", "ownerId": owner_id, "ownerType": known.short, "customized": "Y"}
    for name in ("productId", "discountTypeId", "measureCode", "sort"):
        row[name] = typed(name, "integer", row[name]) or 0
    row["type"] = product["type"] if product else 1
    measure = next((one for one in call.store.all("measures") if one["code"] == row["measureCode"]), None)
    return {**row, "measureName": measure["symbol"] if measure else "", **_prices(row)}


def _prices(row: Row) -> Row:
    tax = 1 + (row["taxRate"] or 0) / 100
    price = row["price"] or 0
    exclusive = round(price / tax, 2)
    if row["discountTypeId"] == ABSOLUTE:
        discount = row["discountSum"] or 0
        netto = round(exclusive + discount, 2)
        rate = round(discount / netto * 100, 2) if netto else 0
    else:
        rate = row["discountRate"] or 0
        netto = round(exclusive / (1 - rate / 100) + 1e-9, 2) if rate < 100 else exclusive
        discount = round(netto - exclusive, 2)
    figures = {
        "priceExclusive": exclusive,
        "priceNetto": netto,
        "priceBrutto": round(netto * tax, 2),
        "priceAccount": price,
        "discountSum": discount,
        "discountRate": rate,
    }
    return {name: number(value) for name, value in figures.items()}


def _shown(row: Row, *, store: bool = False) -> Row:
    return {name: row[name] for name in (*SHOWN, *(("storeId",) if store else ()))}


@method("crm.item.productrow.add", "fields*:array", scope="crm", write=True)
def add(call: Call) -> Row:
    """Add one row."""
    fields = call["fields"]
    if not isinstance(fields, dict) or not fields.get("ownerId") or not fields.get("ownerType"):
        raise RestError(100, "Could not find value for parameter {ownerId}")
    known, owner = _owner(call, fields["ownerType"], fields["ownerId"])
    stored = call.store.add("productrows", _row(call, fields, known, owner["id"], {}))
    _recalculate(call, known, owner)
    return {"productRow": _shown(stored)}


@method("crm.item.productrow.update", "id*:int fields*:array", scope="crm", write=True)
def update(call: Call) -> Row:
    """Change one row; a field that cannot be changed is an error."""
    old = _found(call)
    for name in call["fields"]:
        if name not in SENT:
            raise RestError("INVALID_ARG_VALUE", f"Field '{name}' is not available for update")
    known, owner = _owner(call, old["ownerType"], old["ownerId"])
    row = {"id": old["id"], **_row(call, call["fields"], known, owner["id"], {name: old[name] for name in SENT | {"xmlId"}})}
    stored = call.store.put("productrows", row)
    _recalculate(call, known, owner)
    return {"productRow": _shown(stored)}


@method("crm.item.productrow.get", "id*:int", scope="crm")
def get(call: Call) -> Row:
    """One row."""
    return {"productRow": _shown(_found(call), store=True)}


@method("crm.item.productrow.list", "filter*:array order:array start", scope="crm")
def list_(call: Call) -> Page:
    """Rows of one owner."""
    given = call["filter"]
    short, key = given.get("=ownerType"), given.get("=ownerId")
    if not short or not key:
        raise RestError("INVALID_ARG_VALUE", "Filter by =ownerType and =ownerId is required")
    test = conditions(given, set(SHOWN).__contains__)
    rows = [row for row in call.store.table("productrows").by("owner", [f"{short}:{key}"]) if test(row)]
    found = page(call, rows, call.get("order"))
    return Page({"productRows": [_shown(row, store=True) for row in found.result]}, found.total, found.next)


@method("crm.item.productrow.delete", "id*:int", scope="crm", write=True)
def delete(call: Call) -> None:
    """Remove one row; answers null."""
    row = _found(call)
    known, owner = _owner(call, row["ownerType"], row["ownerId"])
    call.store.remove("productrows", row["id"])
    _recalculate(call, known, owner)


def _found(call: Call) -> Row:
    row = call.store.get("productrows", call["id"])
    if row is None:
        raise RestError("NOT_FOUND", "Product row was not found")
    return row
