"""Reading the fields of a product that is added or changed, and the rules it must keep."""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.fields import read
from sandbox.portal.methods.product_fields import EMPTY_SKU, SKU, STOCK, Kind, properties, property_values, save_file
from sandbox.portal.registry import Call
from sandbox.portal.store import Row

PICTURES = ("previewPicture", "detailPicture")


def read_fields(call: Call, kind: Kind, given: Any, old: Row | None) -> Row:
    """The writable fields of `given` in stored form."""
    if not isinstance(given, dict):
        given = {}
    plain = {
        name: item
        for name, item in given.items()
        if not name.startswith("property") and name not in {"parentId", "iblockSection"}
    }
    row = read(call, plain, kind.table, adding=old is None)
    if call.portal.options.accounting:
        # With warehouse accounting on the fields are read-only, and read-only fields are dropped without a word.
        for name in STOCK & row.keys():
            call.portal.calls.ignored_fields[name] += 1
            del row[name]
    iblock = old["iblockId"] if old else row["iblockId"]
    _properties(call, iblock, given, old, row)
    for name in PICTURES:
        if name in row:
            row[name] = save_file(call, row[name], image=True) if row[name] else None
    if kind.offers and "parentId" in given:
        _parent(call, given["parentId"], row)
    _sections(given, row, offers=kind.offers)
    return row


def _properties(call: Call, iblock: int, given: Row, old: Row | None, row: Row) -> None:
    known = properties(call, iblock)
    for name, item in given.items():
        if not name.startswith("property"):
            continue
        if name in known:
            row[name] = property_values(call, known[name], item, (old or {}).get(name) or [])
        else:
            call.portal.calls.ignored_fields[name] += 1
    for name, prop in known.items():
        if prop["isRequired"] == "Y" and not row.get(name, (old or {}).get(name)):
            raise RestError(0, f"Не заполнено обязательное поле «{prop['name']}»")


def _parent(call: Call, given: Any, row: Row) -> None:
    key = given.get("value") if isinstance(given, dict) else given
    if isinstance(key, list):
        # What a broken $result reference of a batch puts here: PHP makes 1 of an array.
        key = 1
    parent = call.store.get("products", key) if key else None
    if key and (parent is None or parent["type"] not in {SKU, EMPTY_SKU}):
        raise RestError(0, "Головной товар не существует")
    row["parentId"] = parent["id"] if parent else None
    row["parentValueId"] = call.store.next_id("property_values")


def _sections(given: Row, row: Row, *, offers: bool) -> None:
    if "iblockSection" in given and not offers:
        keys = given["iblockSection"]
        row["iblockSection"] = [int(key) for key in (keys if isinstance(keys, list) else [keys]) if key]
        if row["iblockSection"] and "iblockSectionId" not in given:
            row["iblockSectionId"] = row["iblockSection"][0]
    if offers:
        row.pop("iblockSectionId", None)


def checked(call: Call, kind: Kind, row: Row, old: Row | None) -> Row:
    """The row with what the portal derives; raises the documented refusals."""
    store = call.store
    for key in {row["iblockSectionId"], *row["iblockSection"]} - {None}:
        section = store.get("sections", key)
        if section is None or section["iblockId"] != row["iblockId"]:
            raise RestError(0, "Раздел с указанным идентификатором не существует")
    if row.get("vatId") is not None and store.get("vats", row["vatId"]) is None:
        raise RestError(0, "Ставка НДС с указанным идентификатором не существует")
    if row.get("purchasingCurrency") and store.get("currencies", row["purchasingCurrency"]) is None:
        raise RestError(0, "Указанная валюта закупочной цены не существует")
    if row.get("measure") is not None and store.get("measures", row["measure"]) is None:
        raise RestError(0, "Единица измерения с указанным идентификатором не существует")
    for name, text in (("createdBy", "создавший"), ("modifiedBy", "изменивший")):
        if row[name] is not None and store.get("users", row[name]) is None:
            raise RestError(0, f"Пользователь с указанным идентификатором, {text} товар, не существует")
    _code(call, row, old)
    return _derived(call, kind, row)


def _code(call: Call, row: Row, old: Row | None) -> None:
    twins = call.store.table("products").by("code", [row["code"]]) if row["code"] else []
    own = old["id"] if old else None
    if any(twin["id"] != own and twin["iblockId"] == row["iblockId"] for twin in twins):
        raise RestError(0, "Товар с указанным символьным кодом уже существует")


def _derived(call: Call, kind: Kind, row: Row) -> Row:
    if "measure" in kind.table and row["measure"] is None and kind.table["measure"].read_only is False:
        default = next((one["id"] for one in call.store.all("measures") if one["isDefault"] == "Y"), None)
        row = {**row, "measure": default}
    if "quantity" in kind.table and "quantityTrace" in kind.table:
        row["quantity"] = row["quantity"] or 0
        sold_out = row["quantityTrace"] == "Y" and row["canBuyZero"] == "N" and row["quantity"] <= 0
        row["available"] = "N" if sold_out else "Y"
    return row
