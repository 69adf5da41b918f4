"""catalog.productProperty.*, its list values and its features."""

from __future__ import annotations

import re
from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown, writer
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

FIELDS = fields(
    "id!:integer iblockId*^:integer name*:string propertyType*:string active:char sort:integer code:string "
    "defaultValue:text userType:string rowCount:integer colCount:integer listType:char multiple:char xmlId:string "
    "fileType:string multipleCnt:integer linkIblockId:integer withDescription:char searchable:char filtrable:char "
    "isRequired:char hint:string userTypeSettings:array timestampX!:datetime",
    active="Y",
    sort=500,
    rowCount=1,
    colCount=30,
    listType="L",
    multiple="N",
    searchable="N",
    filtrable="N",
    isRequired="N",
)
ENUM = fields("id!:integer propertyId*^:integer value*:string xmlId*:string def:char sort:integer", sort=500, **{"def": "N"})
FEATURE = fields("id!:integer propertyId*^:integer moduleId*:string featureId*:string isEnabled*:char")
USER_TYPES = {
    "S": {"", "HTML", "Date", "DateTime", "directory", "Money", "employee", "ECrm", "map_yandex", "FileMan", "UserID", "video"},
    "N": {"", "Sequence"},
    "L": {""},
    "F": {""},
    "E": {"", "SKU", "EList", "EAutocomplete"},
    "G": {"", "SectionAuto"},
}
CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NO_PROPERTY = RestError("", "productProperty does not exist")
FEATURES = (
    ("LIST_PAGE_SHOW", "Показывать на странице списка элементов"),
    ("DETAIL_PAGE_SHOW", "Показывать на детальной странице элемента"),
)


def refused(text: str) -> RestError:
    """The properties' own error: code "0" as a string."""
    return RestError("0", text)


def _writer(call: Call) -> None:
    if not call.admin:
        raise refused("Access Denied")


@method("catalog.productProperty.add", "fields*:array", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Create a property of products or offers."""
    _writer(call)
    row = with_defaults(read(call, call["fields"], FIELDS, adding=True, code="0"), FIELDS)
    if call.store.get("catalogs", row["iblockId"]) is None:
        raise refused("The specified iblock is not a product catalog")
    _check(call, row)
    stored = call.store.add("properties", {**row, "timestampX": iso(call.portal.clock())})
    for place, item in enumerate(call["fields"].get("values") or []):
        _add_enum(call, {"propertyId": stored["id"], "sort": (place + 1) * 10, **item})
    return {"productProperty": shown(stored, FIELDS)}


@method("catalog.productProperty.update", "id*:int fields*:array", scope="catalog", write=True)
def update(call: Call) -> Row:
    """Change a property; its type cannot change."""
    _writer(call)
    old = _found(call, call["id"])
    given = call["fields"]
    if not isinstance(given, dict) or not given.get("iblockId"):
        raise refused("Required fields: iblockId")
    changes = read(call, given, FIELDS, adding=False, code="0")
    if changes.get("propertyType", old["propertyType"]) != old["propertyType"]:
        raise refused("Invalid property type specified")
    row = {**old, **changes, "timestampX": iso(call.portal.clock())}
    _check(call, row)
    return {"productProperty": shown(call.store.put("properties", row), FIELDS)}


def _check(call: Call, row: Row) -> None:
    kind, user_type = row["propertyType"], row["userType"] or ""
    if user_type not in USER_TYPES.get(kind, set()):
        raise refused("Invalid property type specified")
    if row["userTypeSettings"] is not None and not isinstance(row["userTypeSettings"], dict):
        raise refused("Invalid custom property type settings specified")
    if row["code"] and row["code"][0].isdigit():
        raise refused(f'Код свойства "{row["code"]}" не может начинаться с цифры.')
    if row["code"] and CODE.fullmatch(row["code"]) is None:
        raise refused(f'Код свойства "{row["code"]}" содержит недопустимые символы.')


@method("catalog.productProperty.get", "id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One property."""
    return {"productProperty": shown(_found(call, call["id"]), FIELDS)}


@method("catalog.productProperty.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Properties by filter."""
    return listed(call, "properties", "productProperties", FIELDS)


@method("catalog.productProperty.delete", "id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Delete a property with its values everywhere."""
    _writer(call)
    row = _found(call, call["id"])
    name = f"property{row['id']}"
    for enum in call.store.table("enums").by("propertyId", [row["id"]]):
        call.store.remove("enums", enum["id"])
    for product in call.store.all("products"):
        if name in product:
            call.store.put("products", {key: value for key, value in product.items() if key != name})
    call.store.remove("properties", row["id"])
    return True


@method("catalog.productProperty.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a property."""
    return {"productProperty": described(FIELDS)}


def _found(call: Call, key: Any) -> Row:
    return needed(call, "properties", key, NO_PROPERTY)


def _list_property(call: Call, key: Any) -> Row:
    row = needed(call, "properties", key, RestError(0, "productPropertyEnum does not exist."))
    if row["propertyType"] != "L":
        raise RestError(0, "Only list properties are supported")
    return row


@method("catalog.productPropertyEnum.add", "fields*:array", scope="catalog", write=True)
def enum_add(call: Call) -> Row:
    """Add a value of a list property; xmlId is unique within the property."""
    writer(call, 0)
    return {"productPropertyEnum": shown(_add_enum(call, call["fields"]), ENUM)}


def _add_enum(call: Call, given: Any) -> Row:
    row = with_defaults(read(call, given, ENUM, adding=True), ENUM)
    _list_property(call, row["propertyId"])
    _unique(call, row, None)
    return call.store.add("enums", row)


def _unique(call: Call, row: Row, own: Any) -> None:
    twins = call.store.table("enums").by("propertyId", [row["propertyId"]])
    if any(twin["xmlId"] == row["xmlId"] and twin["id"] != own for twin in twins):
        raise RestError(0, f"A value with xmlId '{row['xmlId']}' already exists.")


@method("catalog.productPropertyEnum.update", "id*:int fields*:array", scope="catalog", write=True)
def enum_update(call: Call) -> Row:
    """Change a value of a list property; xmlId has to be sent."""
    writer(call, 0)
    old = _enum(call)
    if not isinstance(call["fields"], dict) or not call["fields"].get("xmlId"):
        raise RestError(0, "Required fields: xmlId")
    row = {**old, **read(call, call["fields"], ENUM, adding=False)}
    _unique(call, row, old["id"])
    return {"productPropertyEnum": shown(call.store.put("enums", row), ENUM)}


@method("catalog.productPropertyEnum.get", "id*:int", scope="catalog")
def enum_get(call: Call) -> Row:
    """One value of a list property."""
    return {"productPropertyEnum": shown(_enum(call), ENUM)}


@method("catalog.productPropertyEnum.list", "select:array filter:array order:array start", scope="catalog")
def enum_list(call: Call) -> Page:
    """Values of list properties."""
    return listed(call, "enums", "productPropertyEnums", ENUM)


@method("catalog.productPropertyEnum.delete", "id*:int", scope="catalog", write=True)
def enum_delete(call: Call) -> bool:
    """Delete a value of a list property."""
    writer(call, 0)
    call.store.remove("enums", _enum(call)["id"])
    return True


@method("catalog.productPropertyEnum.getFields", scope="catalog")
def enum_fields(call: Call) -> Row:
    """Fields of a list value."""
    return {"productPropertyEnum": described(ENUM)}


def _enum(call: Call) -> Row:
    return needed(call, "enums", call["id"], RestError(0, "productPropertyEnum does not exist."))


@method("catalog.productPropertyFeature.add", "fields*:array", scope="catalog", write=True)
def feature_add(call: Call) -> Row:
    """Switch a feature of a property, such as being shown in lists."""
    writer(call, 0)
    row = with_defaults(read(call, call["fields"], FEATURE, adding=True), FEATURE)
    needed(call, "properties", row["propertyId"], RestError(0, "productPropertyFeature does not exist."))
    if row["moduleId"] not in {"iblock", "catalog"} or not row["featureId"]:
        raise RestError(0, "Ошибочный набор параметров свойства")
    same = ("propertyId", "moduleId", "featureId")
    if any(all(one[name] == row[name] for name in same) for one in call.store.all("features")):
        key = f"{row['propertyId']}-{row['moduleId']}-{row['featureId']}"
        raise RestError(0, f"Mysql query error: (1062) Duplicate entry '{key}' for key 'b_iblock_property_feature'")
    return {"productPropertyFeature": shown(call.store.add("features", row), FEATURE)}


@method("catalog.productPropertyFeature.list", "select:array filter:array order:array start", scope="catalog")
def feature_list(call: Call) -> Page:
    """Features of properties."""
    return listed(call, "features", "productPropertyFeatures", FEATURE)


@method("catalog.productPropertyFeature.getAvailableFeaturesByProperty", "propertyId*:int", scope="catalog")
def feature_available(call: Call) -> Row:
    """Features a property can have."""
    needed(call, "properties", call["propertyId"], RestError(0, "productPropertyFeature does not exist."))
    return {"features": [{"featureId": key, "featureName": name, "moduleId": "iblock"} for key, name in FEATURES]}
