"""catalog.price.*: prices of products and offers, one per price type."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, read, typed, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown, writer
from sandbox.portal.methods.product_fields import EMPTY_SKU, SKU
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

EVENT = "CATALOG.PRICE.ON."
FIELDS = fields(
    "id!:integer productId*^:integer extraId:integer catalogGroupId*^:integer price*:double currency*:string "
    "quantityFrom:integer quantityTo:integer timestampX!:datetime"
)
LISTED = (*FIELDS, "priceScale")
SINGLE_ONLY = "Validate price error. Catalog product is allowed has only single price without ranges in price group"


@method("catalog.price.add", "fields*:array", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Add a price; a second one of the same type is refused."""
    writer(call)
    row = with_defaults(read(call, call["fields"], FIELDS, adding=True), FIELDS)
    _sellable(call, row["productId"])
    _check(call, row)
    if any(one["catalogGroupId"] == row["catalogGroupId"] for one in _of(call, row["productId"])):
        raise RestError(0, SINGLE_ONLY)
    return {"price": shown(_put(call, row, None), FIELDS)}


@method("catalog.price.update", "id*:int fields*:array", scope="catalog", write=True)
def update(call: Call) -> Row:
    """Change a price."""
    writer(call)
    old = _found(call)
    row = {**old, **read(call, call["fields"], FIELDS, adding=False)}
    _check(call, row)
    return {"price": shown(_put(call, row, old), FIELDS)}


@method("catalog.price.get", "id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One price."""
    return {"price": shown(_found(call), FIELDS)}


@method("catalog.price.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Prices by filter."""
    return listed(call, "prices", "prices", LISTED)


@method("catalog.price.delete", "id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Delete a price."""
    writer(call)
    _drop(call, _found(call))
    return True


@method("catalog.price.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a price."""
    return {"price": described(FIELDS)}


@method("catalog.price.modify", "fields*:array", scope="catalog", write=True)
def modify(call: Call) -> Row:
    """Make the given prices the whole set of one product: those whose id is not sent are deleted."""
    writer(call)
    given = call["fields"]
    product = given.get("product") if isinstance(given, dict) else None
    if not isinstance(product, dict) or not product.get("id") or not isinstance(product.get("prices"), (list, dict)):
        raise RestError(0, "Required fields: product")
    key = typed("id", "integer", product["id"])
    _sellable(call, key)
    prices = product["prices"] if isinstance(product["prices"], list) else list(product["prices"].values())
    rows = [_sent(call, key, price) for price in prices]
    if len({row["catalogGroupId"] for row in rows}) != len(rows):
        raise RestError(0, SINGLE_ONLY)
    sent = {row["id"] for row in rows if "id" in row}
    for old in _of(call, key):
        if old["id"] not in sent:
            _drop(call, old)
    stored = [_put(call, row, call.store.get("prices", row["id"]) if "id" in row else None) for row in rows]
    return {"prices": [shown(row, LISTED) for row in stored]}


def _sent(call: Call, product_id: int, price: Any) -> Row:
    if not isinstance(price, dict):
        raise RestError(0, "Required fields: price, currency")
    lacking = [name for name in ("catalogGroupId", "price", "currency") if price.get(name) in (None, "")]
    if lacking:
        raise RestError(0, f"Required fields: {', '.join(lacking)}")
    row = with_defaults(read(call, {**price, "productId": product_id}, FIELDS, adding=True), FIELDS)
    _check(call, row)
    if price.get("id"):
        call.portal.calls.ignored_fields["id"] -= 1
        return _with_id(call, row, typed("id", "integer", price["id"]))
    return row


def _with_id(call: Call, row: Row, key: int) -> Row:
    if call.portal.faults.refuse_price_ids:
        raise RestError(0, "Validate price error. Price id is not allowed")
    old = call.store.get("prices", key)
    if old is None or old["productId"] != row["productId"]:
        raise RestError(0, "Price is not exists")
    return {**row, "id": key}


def _of(call: Call, product_id: Any) -> list[Row]:
    return call.store.table("prices").by("productId", [product_id])


def _sellable(call: Call, product_id: Any) -> None:
    product = call.store.get("products", product_id)
    if product is None:
        raise RestError(0, "Validate price error. Catalog product is not exists")
    if product["type"] in {SKU, EMPTY_SKU}:
        raise RestError(0, "Validate price error. The price of a product with variations is set on its variations")


def _check(call: Call, row: Row) -> None:
    if call.store.get("price_types", row["catalogGroupId"]) is None:
        raise RestError(0, "Validate price error. Catalog price group is wrong")
    if call.store.get("currencies", row["currency"]) is None:
        raise RestError(0, "Validate price error. Currency is wrong")
    if row["price"] is None or row["price"] < 0:
        raise RestError(0, "Validate price error. Price is wrong")
    if row["quantityFrom"] or row["quantityTo"]:
        raise RestError(0, SINGLE_ONLY)


def _put(call: Call, row: Row, old: Row | None) -> Row:
    row = {**row, "priceScale": row["price"], "timestampX": iso(call.portal.clock())}
    stored = call.store.put("prices", {**old, **row}) if old else call.store.add("prices", row)
    call.happened(EVENT + ("UPDATE" if old else "ADD"), {"ID": stored["id"]})
    return stored


def _drop(call: Call, row: Row) -> None:
    call.store.remove("prices", row["id"])
    call.happened(EVENT + "DELETE", {"ID": row["id"]})


def _found(call: Call) -> Row:
    return needed(call, "prices", call["id"], RestError("", "Price is not exists"))
