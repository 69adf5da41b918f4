"""catalog.product.*, .sku.*, .offer.*, .service.*: the four kinds share one table and one code, rule by rule."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import PlainAnswer, RestError
from sandbox.portal.fields import described
from sandbox.portal.listing import candidates, conditions, page
from sandbox.portal.methods.catalog_access import writer
from sandbox.portal.methods.product_fields import (
    EMPTY_SKU,
    KINDS,
    OFFER,
    ORPHAN,
    SERVICE,
    SIMPLE,
    SKU,
    Kind,
    properties,
    shown,
    value,
)
from sandbox.portal.methods.product_writing import checked, read_fields
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

NO_IBLOCK, DENIED = 200040300000, 200040300040
EVENT = "CATALOG.PRODUCT.ON."
# Documented as fields of lists, yet not among the described ones.
UNDESCRIBED = frozenset({"barcodeMulti", "recurSchemeLength", "recurSchemeType", "trialPriceId", "withoutOrder"})
ABSENT = {
    "product": "Товар не существует",
    "sku": "Головной товар не существует",
    "offer": "Вариация товара не существует",
    "service": "Услуга не существует",
}
NEW_TYPE = {"product": SIMPLE, "sku": EMPTY_SKU, "offer": ORPHAN, "service": SERVICE}


def _add(call: Call, name: str) -> Row:
    kind = KINDS[name]
    writer(call, DENIED)
    row = read_fields(call, kind, call["fields"], None)
    catalog = call.store.get("catalogs", row["iblockId"])
    if catalog is None:
        raise RestError(NO_IBLOCK, "Information block not found")
    if (catalog["productIblockId"] is not None) != kind.offers:
        raise RestError(0, "The specified information block cannot hold products of this type")
    now = iso(call.portal.clock())
    row = {**_blank(kind), "createdBy": call.user["id"], "modifiedBy": call.user["id"], "dateCreate": now, **row}
    row |= {"type": OFFER if kind.offers and row["parentId"] else NEW_TYPE[name], "timestampX": now}
    row = checked(call, kind, row, None)
    stored = call.store.add("products", row)
    if not stored["xmlId"]:
        stored = call.store.change("products", stored, xmlId=str(stored["id"]))
    call.store.add("ratios", {"productId": stored["id"], "ratio": 1, "isDefault": "Y"})
    call.happened(EVENT + "ADD", {"ID": stored["id"], "TYPE": stored["type"]})
    _settle_parent(call, stored.get("parentId"))
    return {kind.added: shown(call, stored, kind)}


def _blank(kind: Kind) -> Row:
    row: Row = {name: field.default for name, field in kind.table.items() if name != "id"}
    return row | {"parentId": None, "parentValueId": None, "iblockSection": [], "iblockSectionId": None}


def _update(call: Call, name: str) -> Row:
    kind = KINDS[name]
    writer(call, DENIED)
    old = _found(call, name, call["id"])
    changes = read_fields(call, kind, call["fields"], old)
    row = {**old, "modifiedBy": call.user["id"], **changes, "timestampX": iso(call.portal.clock())}
    if kind.offers:
        row["type"] = OFFER if row["parentId"] else ORPHAN
    stored = call.store.put("products", checked(call, kind, row, old))
    call.happened(EVENT + "UPDATE", {"ID": stored["id"], "TYPE": stored["type"]})
    for parent in {old.get("parentId"), stored.get("parentId")}:
        _settle_parent(call, parent)
    return {kind.added: shown(call, stored, kind)}


def _settle_parent(call: Call, key: Any) -> None:
    """A parent without offers is of another type than one with them."""
    parent = call.store.get("products", key)
    if parent is None or parent["type"] not in {SKU, EMPTY_SKU}:
        return
    wanted = SKU if call.store.table("products").by("parentId", [key]) else EMPTY_SKU
    if parent["type"] != wanted:
        call.store.change("products", parent, type=wanted)


def _get(call: Call, name: str) -> Row:
    row = _found(call, name, call["id"])
    return {KINDS[name].one: shown(call, row, KINDS[name])}


def _found(call: Call, name: str, key: Any) -> Row:
    row = call.store.get("products", key)
    if row is None or row["type"] not in KINDS[name].types:
        raise RestError(0, ABSENT[name])
    return row


def _list(call: Call, name: str) -> Page:
    kind, given, select = KINDS[name], call.get("filter") or {}, call.get("select") or []
    names = set(map(str, select.values() if isinstance(select, dict) else select))
    if not {"id", "iblockId"} <= names:
        raise RestError(0, "Не указаны поля id, iblockId в полях выбора")
    if not isinstance(given, dict) or not (given.get("iblockId") or given.get("=iblockId") or given.get("@iblockId")):
        raise RestError(0, "Не указано поле iblockId в фильтре")
    test = conditions(
        given, lambda field: field in kind.table or field.startswith("property") or field == "parentId", read=_filtered
    )
    # catalog.product.list shows every element of the block, the other lists only their own kind.
    rows = [
        row for row in candidates(call.store, "products", given) if (name == "product" or row["type"] in kind.types) and test(row)
    ]
    found = page(call, rows, call.get("order"), read=_filtered)
    return Page({kind.many: [shown(call, row, kind, names) for row in found.result]}, found.total, found.next)


def _filtered(row: Row, name: str) -> Any:
    stored = row.get(name)
    return [item["value"] for item in stored or []] if name.startswith("property") else stored


def _delete(call: Call, name: str) -> bool:
    writer(call, DENIED)
    row = call.store.get("products", call["id"])
    if row is None or (name != "product" and row["type"] not in KINDS[name].types):
        raise RestError(NO_IBLOCK, "Information block not found")
    _remove(call, row)
    return True


def _remove(call: Call, row: Row) -> None:
    for offer in call.store.table("products").by("parentId", [row["id"]]):
        _remove(call, offer)
    for kind in ("prices", "ratios", "images", "storeproducts"):
        for owned in call.store.table(kind).by("productId", [row["id"]]):
            call.store.remove(kind, owned["id"])
    call.store.remove("products", row["id"])
    call.happened(EVENT + "DELETE", {"ID": row["id"], "TYPE": row["type"]})
    _settle_parent(call, row.get("parentId"))


def _fields(call: Call, name: str) -> Row:
    given = call.get("filter")
    if not isinstance(given, dict) or not given.get("iblockId"):
        raise RestError(0, "Не указан идентификатор информационного блока")
    catalog = call.store.get("catalogs", given["iblockId"])
    if catalog is None:
        raise RestError(NO_IBLOCK, "Information block not found")
    wanted = int(given.get("productType") or NEW_TYPE[name])
    kind = next((one for one in KINDS.values() if wanted in one.types), KINDS[name])
    table = {field: row for field, row in described(kind.table, named=True).items() if field not in UNDESCRIBED}
    if call.portal.options.accounting:
        for field in ("quantity", "quantityReserved", "purchasingPrice", "purchasingCurrency"):
            if field in table:
                table[field]["isReadOnly"] = True
    for field, prop in properties(call, catalog["iblockId"]).items():
        table[field] = {
            "isDynamic": True,
            "isImmutable": False,
            "isMultiple": prop["multiple"] == "Y",
            "isReadOnly": False,
            "isRequired": prop["isRequired"] == "Y",
            "name": prop["name"],
            "propertyType": prop["propertyType"],
            "type": "productproperty",
            "userType": prop["userType"] or "",
        }
    return {kind.one: dict(sorted(table.items()))}


def _register(name: str) -> None:
    prefix = KINDS[name].prefix
    actions = (
        ("add", "fields*:array", _add, True),
        ("update", "id*:int fields*:array", _update, True),
        ("get", "id*:int", _get, False),
        ("list", "select:array filter:array order:array start", _list, False),
        ("delete", "id*:int", _delete, True),
        ("getFieldsByFilter", "filter*:array", _fields, False),
    )
    for verb, params, action, write in actions:
        method(f"{prefix}.{verb}", params, scope="catalog", write=write)(partial(action, name=name))


for _name in KINDS:
    _register(_name)


@method("catalog.product.download", "fields*:array", scope="catalog")
def download(call: Call) -> Any:
    """The content of a product's file, as the file itself."""
    given = call["fields"]
    lacking = [name for name in ("fileId", "productId", "fieldName") if not given.get(name)]
    if lacking:
        raise RestError(0, f"Required fields: {', '.join(lacking)}")
    row = call.store.get("products", given["productId"])
    if row is None:
        raise RestError(0, "Товар с указанным идентификатором не существует")
    held = str(value(call, row, str(given["fieldName"])))
    file = call.store.get("files", given["fileId"])
    if file is None or f"'{file['id']}'" not in held:
        raise RestError(0, "Файл с указанным идентификатором не существует")
    raise PlainAnswer(200, file["content"] or "", {"Content-Type": "application/octet-stream"})
