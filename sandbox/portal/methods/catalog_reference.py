"""Small dictionaries of the catalogue: price types and their names, VAT, units, ratios, rounding."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown, writer
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

PRICE_TYPE = fields(
    "id!:integer name*:string base:char sort:integer xmlId:string timestampX!:datetime modifiedBy!:integer "
    "createdBy!:integer dateCreate!:datetime",
    base="N",
    sort=100,
)
PRICE_TYPE_LANG = fields("id!:integer catalogGroupId*:integer lang*:string name*:string")
VAT = fields("id!:integer name*:string rate:double sort:integer active:char timestampX!:datetime", sort=100, active="Y")
MEASURE = fields(
    "id!:integer code*:integer measureTitle*:string symbol:string symbolIntl:string symbolLetterIntl:string isDefault:char",
    isDefault="N",
)
RATIO = fields("id!:integer productId*:integer ratio*:double isDefault:char")
ROUNDING = fields("id!:integer catalogGroupId*:integer price*:double roundType*:integer roundPrecision*:double")
LANGUAGES = ("ar", "br", "de", "en", "fr", "id", "it", "ja", "kz", "la", "pl", "ro", "ru", "th", "tr", "ua", "vn")
NO_TYPE = RestError(201000000000, "Price type does not exist")


# --- price types -------------------------------------------------------------------------------------------------------


@method("catalog.priceType.add", "fields*:array", scope="catalog", write=True)
def price_type_add(call: Call) -> Row:
    """Create a price type; a new base type takes the mark from the old one."""
    writer(call)
    now = iso(call.portal.clock())
    row = with_defaults(read(call, call["fields"], PRICE_TYPE, adding=True), PRICE_TYPE)
    row |= {"createdBy": call.user["id"], "modifiedBy": call.user["id"], "dateCreate": now, "timestampX": now}
    _free_name(call, row["name"], None)
    stored = call.store.add("price_types", row)
    _one_base(call, stored)
    call.happened("CATALOG.PRICE.TYPE.ON.ADD", {"ID": stored["id"]})
    return {"priceType": shown(stored, PRICE_TYPE)}


def _free_name(call: Call, name: str, own: Any) -> None:
    if any(row["name"].casefold() == name.casefold() and row["id"] != own for row in call.store.all("price_types")):
        raise RestError(0, f'Тип цены с кодом "{name}" уже существует.')


def _one_base(call: Call, stored: Row) -> None:
    if stored["base"] == "Y":
        for row in call.store.all("price_types"):
            if row["base"] == "Y" and row["id"] != stored["id"]:
                call.store.change("price_types", row, base="N")


@method("catalog.priceType.update", "id*:int fields*:array", scope="catalog", write=True)
def price_type_update(call: Call) -> Row:
    """Change a price type."""
    writer(call)
    old = needed(call, "price_types", call["id"], NO_TYPE)
    row = {
        **old,
        **read(call, call["fields"], PRICE_TYPE, adding=False),
        "timestampX": iso(call.portal.clock()),
        "modifiedBy": call.user["id"],
    }
    _free_name(call, row["name"], old["id"])
    if old["base"] == "Y":
        row["base"] = "Y"
    stored = call.store.put("price_types", row)
    _one_base(call, stored)
    call.happened("CATALOG.PRICE.TYPE.ON.UPDATE", {"ID": stored["id"]})
    return {"priceType": shown(stored, PRICE_TYPE)}


@method("catalog.priceType.get", "id*:int", scope="catalog")
def price_type_get(call: Call) -> Row:
    """One price type."""
    return {"priceType": shown(needed(call, "price_types", call["id"], NO_TYPE), PRICE_TYPE)}


@method("catalog.priceType.list", "select:array filter:array order:array start", scope="catalog")
def price_type_list(call: Call) -> Page:
    """Price types."""
    return listed(call, "price_types", "priceTypes", PRICE_TYPE)


@method("catalog.priceType.delete", "id*:int", scope="catalog", write=True)
def price_type_delete(call: Call) -> bool:
    """Delete a price type with its prices and names; the base one stays."""
    writer(call)
    row = needed(call, "price_types", call["id"], NO_TYPE)
    if row["base"] == "Y":
        raise RestError("BASE", "You cannot delete the base price type")
    for kind in ("prices", "price_type_langs"):
        for owned in call.store.all(kind):
            if owned["catalogGroupId"] == row["id"]:
                call.store.remove(kind, owned["id"])
    call.store.remove("price_types", row["id"])
    call.happened("CATALOG.PRICE.TYPE.ON.DELETE", {"ID": row["id"]})
    return True


@method("catalog.priceType.getFields", scope="catalog")
def price_type_fields(call: Call) -> Row:
    """Fields of a price type."""
    return {"priceType": described(PRICE_TYPE)}


@method("catalog.priceTypeLang.add", "fields*:array", scope="catalog", write=True)
def price_type_lang_add(call: Call) -> Row:
    """Name a price type in a language, once per language."""
    writer(call)
    row = with_defaults(read(call, call["fields"], PRICE_TYPE_LANG, adding=True), PRICE_TYPE_LANG)
    _lang(call, row, None)
    return {"priceTypeLang": shown(call.store.add("price_type_langs", row), PRICE_TYPE_LANG)}


def _lang(call: Call, row: Row, own: Any) -> None:
    if row["lang"] not in LANGUAGES:
        raise RestError(201200000010, "Language does not exist")
    needed(call, "price_types", row["catalogGroupId"], NO_TYPE)
    for twin in call.store.all("price_type_langs"):
        if (twin["catalogGroupId"], twin["lang"]) == (row["catalogGroupId"], row["lang"]) and twin["id"] != own:
            raise RestError(400, "Translation for this price type and language already exists")


@method("catalog.priceTypeLang.update", "id*:int fields*:array", scope="catalog", write=True)
def price_type_lang_update(call: Call) -> Row:
    """Change a price type's name in a language."""
    writer(call)
    old = needed(call, "price_type_langs", call["id"], RestError(201200000000, "Price type translation does not exist"))
    row = {**old, **read(call, call["fields"], PRICE_TYPE_LANG, adding=False)}
    _lang(call, row, old["id"])
    return {"priceTypeLang": shown(call.store.put("price_type_langs", row), PRICE_TYPE_LANG)}


@method("catalog.priceTypeLang.list", "select:array filter:array order:array start", scope="catalog")
def price_type_lang_list(call: Call) -> Page:
    """Names of price types."""
    return listed(call, "price_type_langs", "priceTypeLangs", PRICE_TYPE_LANG)


@method("catalog.priceTypeLang.getLanguages", scope="catalog")
def price_type_languages(call: Call) -> Page:
    """Languages a price type can be named in."""
    names = {"en": "English", "ru": "Russian"}
    rows = [{"active": "Y", "lid": code, "name": names.get(code, code)} for code in LANGUAGES]
    return Page({"languages": rows}, len(rows))


# --- VAT ---------------------------------------------------------------------------------------------------------------

NO_VAT = RestError(200800000000, "VAT rate does not exist")


@method("catalog.vat.add", "fields*:array", scope="catalog", write=True)
def vat_add(call: Call) -> Row:
    """Create a VAT rate."""
    writer(call)
    if isinstance(call["fields"], dict) and call["fields"].get("rate") in (None, ""):
        raise RestError(0, "Required fields: rate")
    row = with_defaults(read(call, call["fields"], VAT, adding=True), VAT)
    row["timestampX"] = iso(call.portal.clock())
    return {"vat": shown(call.store.add("vats", row), VAT)}


@method("catalog.vat.update", "id*:int fields*:array", scope="catalog", write=True)
def vat_update(call: Call) -> Row:
    """Change a VAT rate."""
    writer(call)
    old = needed(call, "vats", call["id"], NO_VAT)
    row = {**old, **read(call, call["fields"], VAT, adding=False), "timestampX": iso(call.portal.clock())}
    return {"vat": shown(call.store.put("vats", row), VAT)}


@method("catalog.vat.get", "id*:int", scope="catalog")
def vat_get(call: Call) -> Row:
    """One VAT rate."""
    return {"vat": shown(needed(call, "vats", call["id"], NO_VAT), VAT)}


@method("catalog.vat.list", "select:array filter:array order:array start", scope="catalog")
def vat_list(call: Call) -> Page:
    """VAT rates; the one without VAT has no rate."""
    return listed(call, "vats", "vats", VAT)


# --- units -------------------------------------------------------------------------------------------------------------

NO_MEASURE = RestError(200600000020, "Measure does not exist")


@method("catalog.measure.add", "fields*:array", scope="catalog", write=True)
def measure_add(call: Call) -> Row:
    """Create a unit; its code is unique."""
    writer(call)
    row = with_defaults(read(call, call["fields"], MEASURE, adding=True), MEASURE)
    _measure(call, row, None)
    stored = call.store.add("measures", row)
    call.happened("CATALOG.MEASURE.ON.ADD", {"ID": stored["id"]})
    return {"measure": shown(stored, MEASURE)}


def _measure(call: Call, row: Row, own: Any) -> None:
    for other in call.store.all("measures"):
        if other["id"] != own and other["code"] == row["code"]:
            raise RestError(200600000000, "Duplicate entry for key [code]")
        if other["id"] != own and row["isDefault"] == "Y" and other["isDefault"] == "Y":
            raise RestError(200600000010, "Default measure already exists")


@method("catalog.measure.update", "id*:int fields*:array", scope="catalog", write=True)
def measure_update(call: Call) -> Row:
    """Change a unit."""
    writer(call)
    old = needed(call, "measures", call["id"], NO_MEASURE)
    row = {**old, **read(call, call["fields"], MEASURE, adding=False)}
    _measure(call, row, old["id"])
    call.happened("CATALOG.MEASURE.ON.UPDATE", {"ID": old["id"]})
    return {"measure": shown(call.store.put("measures", row), MEASURE)}


@method("catalog.measure.get", "id*:int", scope="catalog")
def measure_get(call: Call) -> Row:
    """One unit."""
    return {"measure": shown(needed(call, "measures", call["id"], NO_MEASURE), MEASURE)}


@method("catalog.measure.list", "select:array filter:array order:array start", scope="catalog")
def measure_list(call: Call) -> Page:
    """Units."""
    return listed(call, "measures", "measures", MEASURE)


@method("catalog.ratio.list", "select:array filter:array order:array start", scope="catalog")
def ratio_list(call: Call) -> Page:
    """Ratios of units, one per product; read-only by REST."""
    return listed(call, "ratios", "ratios", RATIO)


@method("catalog.ratio.get", "id*:int", scope="catalog")
def ratio_get(call: Call) -> Row:
    """One ratio."""
    return {"ratio": shown(needed(call, "ratios", call["id"], RestError(0, "ratio does not exist")), RATIO)}


@method("catalog.roundingRule.list", "select:array filter:array order:array start", scope="catalog")
def rounding_list(call: Call) -> Page:
    """Rules by which prices are rounded."""
    return listed(call, "rounding_rules", "roundingRules", ROUNDING)


@method("catalog.enum.getRoundTypes", scope="catalog")
def round_types(call: Call) -> Row:
    """Kinds of rounding."""
    return {
        "enum": [
            {"id": 1, "name": "Математическое"},
            {"id": 2, "name": "В пользу магазина"},
            {"id": 4, "name": "В пользу клиента"},
        ]
    }
