"""Fields of the four kinds of products, and how their values are read and shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.portal.errors import RestError
from sandbox.portal.fields import Field, fields, number, typed
from sandbox.portal.registry import Call
from sandbox.portal.store import Row

SIMPLE, SKU, OFFER, ORPHAN, EMPTY_SKU, SERVICE = 1, 3, 4, 5, 6, 7

ALL = fields(
    "active:char available!:char barcodeMulti:char bundle!:char canBuyZero:char code:string createdBy:integer "
    "dateActiveFrom:datetime dateActiveTo:datetime dateCreate:datetime detailPicture:file detailText:string "
    "detailTextType:string height:double iblockId*^:integer iblockSectionId:integer id!:integer length:double "
    "measure:integer modifiedBy:integer name*:string negativeAmountTrace!:char previewPicture:file priceType:char "
    "previewText:string previewTextType:string purchasingCurrency:string purchasingPrice:double quantity:double "
    "quantityReserved:double quantityTrace:char recurSchemeLength:integer recurSchemeType:string sort:integer "
    "subscribe:char timestampX!:datetime trialPriceId:integer type!:integer vatId:integer vatIncluded:char weight:double "
    "width:double withoutOrder:char xmlId:string",
    active="Y",
    available="Y",
    barcodeMulti="N",
    bundle="N",
    canBuyZero="N",
    detailTextType="text",
    negativeAmountTrace="N",
    previewTextType="text",
    quantity=0,
    quantityTrace="N",
    sort=500,
    subscribe="D",
    vatIncluded="N",
    withoutOrder="N",
)
# What belongs to offers is not editable on their parent; a service has no stock and no size.
TRADE = (
    "negativeAmountTrace",
    "priceType",
    "barcodeMulti",
    "quantityReserved",
    "quantityTrace",
    "recurSchemeLength",
    "recurSchemeType",
    "trialPriceId",
    "withoutOrder",
)
PARENT_READ_ONLY = frozenset({"quantity", "measure", "vatId", "vatIncluded", "purchasingPrice", "purchasingCurrency", "weight"})
GOODS = (
    "canBuyZero",
    "height",
    "length",
    "measure",
    "purchasingCurrency",
    "purchasingPrice",
    "quantity",
    "subscribe",
    "weight",
    "width",
)
STOCK = frozenset({"quantity", "quantityReserved", "purchasingPrice", "purchasingCurrency"})
LIST_ONLY = frozenset(
    {"negativeAmountTrace", "priceType", "barcodeMulti", "recurSchemeLength", "recurSchemeType", "trialPriceId", "withoutOrder"}
)
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"<svg", b"<?xm")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of product: its method prefix, result keys, types and fields."""

    prefix: str
    one: str
    added: str
    many: str
    types: frozenset[int]
    table: dict[str, Field]
    offers: bool = False


def _without(*names: str) -> dict[str, Field]:
    return {name: field for name, field in ALL.items() if name not in names}


def _parent_fields() -> dict[str, Field]:
    table = _without(*TRADE)
    return {
        name: Field(name, f.kind, f.required, name in PARENT_READ_ONLY or f.read_only, f.immutable, f.default)
        for name, f in table.items()
    }


KINDS = {
    "product": Kind("catalog.product", "product", "element", "products", frozenset({SIMPLE}), ALL),
    "sku": Kind("catalog.product.sku", "sku", "sku", "units", frozenset({SKU, EMPTY_SKU}), _parent_fields()),
    "offer": Kind(
        "catalog.product.offer",
        "offer",
        "offer",
        "offers",
        frozenset({OFFER, ORPHAN}),
        ALL | {"parentId": Field("parentId", "productproperty")},
        offers=True,
    ),
    "service": Kind("catalog.product.service", "service", "service", "services", frozenset({SERVICE}), _without(*TRADE, *GOODS)),
}


def kind_of(row: Row) -> Kind:
    """The kind a stored product belongs to."""
    return next(kind for kind in KINDS.values() if row["type"] in kind.types)


def properties(call: Call, iblock: int) -> dict[str, Row]:
    """Properties of an information block by field name."""
    rows = (row for row in call.store.all("properties") if row["iblockId"] == iblock and row["userType"] != "SKU")
    return {f"property{row['id']}": row for row in rows}


def shown(call: Call, row: Row, kind: Kind, names: Any = None) -> Row:
    """A product as the portal answers it, all fields or the named ones."""
    everything = {**kind.table, **properties(call, row["iblockId"])}
    wanted = everything if names is None else [name for name in everything if name in names]
    shown = {name: value(call, row, name) for name in sorted(wanted) if names is not None or name not in LIST_ONLY}
    if names is not None and shown.get("purchasingPrice") is not None:
        # Lists write as a number what `get` writes as a string of six decimals.
        shown["purchasingPrice"] = row["purchasingPrice"]
    return shown


def value(call: Call, row: Row, name: str) -> Any:
    """One field's value in its answer's shape."""
    stored = row.get(name)
    if stored is None:
        return None
    if name in {"detailPicture", "previewPicture"}:
        return picture(row["id"], name, stored)
    if name == "purchasingPrice":
        return f"{stored:.6f}"
    if name == "parentId":
        return {"value": str(stored), "valueId": str(row["parentValueId"])}
    if name.startswith("property"):
        return _property(call, row, name, stored)
    return stored


def picture(product_id: int, name: str, file_id: int) -> Row:
    """A file's id and addresses."""
    query = urlencode({"fields[fieldName]": name, "fields[fileId]": file_id, "fields[productId]": product_id})
    url = f"/rest/catalog.product.download?{query}"
    return {"id": str(file_id), "url": url, "urlMachine": url}


def _property(call: Call, row: Row, name: str, stored: list[Row]) -> Any:
    prop = call.store.get("properties", int(name.removeprefix("property")))
    if prop is None or not stored:
        return None
    items = [_one_value(call, row, name, prop, item) for item in stored]
    return items if prop["multiple"] == "Y" else items[0]


def _one_value(call: Call, row: Row, name: str, prop: Row, item: Row) -> Row:
    if prop["propertyType"] == "F":
        return {"value": picture(row["id"], name, int(item["value"])), "valueId": item["valueId"]}
    answer = {"value": item["value"], "valueId": item["valueId"]}
    if prop["propertyType"] == "L":
        enum = call.store.get("enums", item["value"])
        answer["valueEnum"] = enum["value"] if enum else None
    return answer


def save_file(call: Call, given: Any, *, image: bool) -> int | None:
    """Keep a file sent as {"fileData": [name, base64]}; None when it is to be removed."""
    if isinstance(given, dict) and given.get("remove") == "Y":
        return None
    data = given.get("fileData") if isinstance(given, dict) else given
    if not isinstance(data, list) or len(data) != 2 or not data[0]:
        raise RestError(0, "Не указано имя файла")
    try:
        content = base64.b64decode(str(data[1]), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or (image and not content.startswith(MAGIC)):
        raise RestError(0, "Неверный тип файла")
    digest = hashlib.sha256(content).hexdigest()
    kept = str(data[1]) if len(content) <= 65536 else None
    return int(call.store.add("files", {"name": str(data[0]), "size": len(content), "sha256": digest, "content": kept})["id"])


def property_values(call: Call, prop: Row, given: Any, stored: list[Row]) -> list[Row]:
    """The values a property has after `given` was sent.

    Values sent with a known valueId keep it, all others are new; stored values whose valueId is not sent are dropped,
    but files stay until they are removed by name.
    """
    items = given if isinstance(given, list) else [given]
    if prop["multiple"] != "Y":
        items = items[:1]
    known = {item["valueId"] for item in stored}
    result = [item for item in stored if prop["propertyType"] == "F" and prop["multiple"] == "Y"]
    for item in items:
        content = item.get("value") if isinstance(item, dict) and "fileData" not in item else item
        value_id = str(item.get("valueId", "")) if isinstance(item, dict) else ""
        read = _read_value(call, prop, content)
        if read is None:
            result = [kept for kept in result if kept["valueId"] != value_id]
        else:
            key = value_id if value_id in known else str(call.store.next_id("property_values"))
            result = [kept for kept in result if kept["valueId"] != key] + [{"value": read, "valueId": key}]
    return result


def _read_value(call: Call, prop: Row, content: Any) -> str | None:
    if content in (None, "", []):
        return None
    kind = prop["propertyType"]
    if kind == "F":
        kept = save_file(call, content, image=False)
        return None if kept is None else str(kept)
    if kind == "L":
        enum = call.store.get("enums", content)
        # A foreign or deleted list value is dropped without a word.
        return str(enum["id"]) if enum is not None and enum["propertyId"] == prop["id"] else None
    if kind == "N":
        return str(number(float(typed(prop["name"], "double", content))))
    if kind in {"E", "G"}:
        return str(typed(prop["name"], "integer", content))
    return str(content)
