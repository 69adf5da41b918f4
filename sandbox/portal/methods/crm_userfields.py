"""userfieldconfig.*: fields of one's own on CRM objects."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_entities import ENTITIES
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

TYPES = {
    "crm": "Привязка к элементам CRM",
    "crm_status": "Привязка к справочникам CRM",
    "money": "Деньги",
    "employee": "Привязка к сотруднику",
    "string": "Строка",
    "integer": "Целое число",
    "double": "Число",
    "datetime": "Дата со временем",
    "date": "Дата",
    "boolean": "Да/Нет",
    "address": "Адрес",
    "url": "Ссылка",
    "file": "Файл",
    "enumeration": "Список",
    "iblock_section": "Привязка к разделам инф. блоков",
    "iblock_element": "Привязка к элементам инф. блоков",
}
SETTINGS: dict[str, Row] = {"enumeration": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y"}}
LABELS = ("editFormLabel", "listColumnLabel", "listFilterLabel", "errorMessage", "helpMessage")
NAME = re.compile(r"[A-Z0-9_]{1,50}")
FLAGS = {"multiple": "N", "mandatory": "N", "showFilter": "N", "showInList": "Y", "editInList": "Y", "isSearchable": "N"}


def refused(text: str) -> RestError:
    """The user fields' error: an empty code and a sentence."""
    return RestError("", text)


def _module(call: Call) -> None:
    if call["moduleId"] != "crm":
        raise refused("No settings for UserFieldAccess")
    if "crm" not in str(call.portal.app["scope"]).split(","):
        raise refused("The current method required more scopes. (crm)")


def _writer(call: Call, text: str) -> None:
    _module(call)
    if not call.admin:
        raise refused(text)


def _entities(call: Call) -> set[str]:
    return {known.uf for known in ENTITIES.values()} | {f"CRM_{row['id']}" for row in call.store.all("types")} | {"CRM_REQUISITE"}


@method("userfieldconfig.add", "moduleId*:string field*:array", scope="userfieldconfig", write=True)
def add(call: Call) -> Row:
    """Create a field; its name begins with its object's."""
    _writer(call, "Access denied")
    given = call["field"]
    entity, name, kind = (str(given.get(key) or "") for key in ("entityId", "fieldName", "userTypeId"))
    if not kind:
        raise refused("The 'USER_TYPE_ID' field is not found")
    if not name:
        raise refused("The 'FIELD_NAME' field is not found")
    if entity not in _entities(call) or not name.startswith(f"UF_{entity}_") or NAME.fullmatch(name) is None or kind not in TYPES:
        raise refused("Вы не можете создавать пользовательские поля")
    if any(row["entityId"] == entity and row["fieldName"] == name for row in call.store.all("userfields")):
        raise refused(f"Поле {name} для объекта {entity} уже существует.")
    row: Row = {
        "entityId": entity,
        "fieldName": name,
        "userTypeId": kind,
        "xmlId": given.get("xmlId"),
        "sort": str(given.get("sort", 100)),
    }
    row |= {flag: str(given.get(flag, default)) for flag, default in FLAGS.items()}
    row |= {"settings": SETTINGS.get(kind, {}) | (given.get("settings") or {}), "languageId": {"en": "en", "ru": "ru"}}
    row |= {label: _label(given.get(label)) for label in LABELS}
    key = call.store.next_id("userfields")
    return {"field": _shown(call.store.put("userfields", {"id": key, **row, "enum": _enum(call, key, given.get("enum"))}))}


def _label(given: Any) -> Row:
    if isinstance(given, str):
        return {"en": given, "ru": given}
    return {"en": None, "ru": None} | (given if isinstance(given, dict) else {})


def _enum(call: Call, key: int, given: Any) -> list[Row]:
    rows = []
    for item in given if isinstance(given, list) else []:
        new = str(item.get("id") or call.store.next_id("userfield_enums"))
        code = item.get("xmlId") or hashlib.md5(f"{key}{new}".encode(), usedforsecurity=False).hexdigest()
        rows.append(
            {"id": new, "userFieldId": str(key), "value": str(item.get("value")), "def": item.get("def", "N")}
            | {"sort": str(item.get("sort", 500)), "xmlId": code}
        )
    return rows


def _shown(row: Row) -> Row:
    hidden = {"enum"} if row["userTypeId"] != "enumeration" else set()
    return {name: value for name, value in row.items() if name not in hidden} | {"id": str(row["id"])}


@method("userfieldconfig.get", "moduleId*:string id*:int", scope="userfieldconfig")
def get(call: Call) -> Row:
    """One field."""
    _module(call)
    return {"field": _shown(_found(call, "Вы не можете просматривать настройки пользовательских полей"))}


@method("userfieldconfig.list", "moduleId*:string select:array order:array filter:array start", scope="userfieldconfig")
def list_(call: Call) -> Page:
    """Fields by filter."""
    _module(call)
    names = {"id", "entityId", "fieldName", "userTypeId", "xmlId", "sort", *FLAGS}
    test = conditions(call.get("filter") or {}, names.__contains__)
    found = page(call, [row for row in call.store.all("userfields") if test(row)], call.get("order"))
    select = call.get("select")
    language = select.get("language") if isinstance(select, dict) else None
    rows = [{name: value for name, value in _shown(row).items() if name != "enum"} for row in found.result]
    return Page({"fields": [_in_language(row, language) for row in rows]}, found.total, found.next)


def _in_language(row: Row, language: Any) -> Row:
    if not language:
        return row
    labels = {label: {language: row[label].get(language)} if row[label].get(language) else None for label in LABELS}
    return row | labels | {"languageId": {language: language}}


@method("userfieldconfig.update", "moduleId*:string id*:int field*:array", scope="userfieldconfig", write=True)
def update(call: Call) -> Row:
    """Change a field; its object, name and type stay."""
    _writer(call, "Вы не можете изменить настройки пользовательского поля")
    row, given = _found(call, "Вы не можете изменить настройки пользовательского поля"), call["field"]
    changes: Row = {name: str(given[name]) for name in (*FLAGS, "sort", "xmlId") if name in given}
    changes |= {label: row[label] | _sent(given[label]) for label in LABELS if label in given}
    if "settings" in given:
        changes["settings"] = given["settings"]
    if "enum" in given:
        changes["enum"] = _enum(call, row["id"], given["enum"])
    return {"field": _shown(call.store.change("userfields", row, **changes))}


def _sent(given: Any) -> Row:
    return given if isinstance(given, dict) else {"en": given, "ru": given}


@method("userfieldconfig.delete", "moduleId*:string id*:int", scope="userfieldconfig", write=True)
def delete(call: Call) -> None:
    """Delete a field; answers null."""
    _writer(call, "Вы не можете удалить пользовательское поле")
    call.store.remove("userfields", _found(call, "Вы не можете удалить пользовательское поле")["id"])


@method("userfieldconfig.getTypes", "moduleId*:string", scope="userfieldconfig")
def types(call: Call) -> Row:
    """Kinds of fields."""
    _module(call)
    return {"types": {key: {"userTypeId": key, "description": text} for key, text in TYPES.items()}}


def _found(call: Call, text: str) -> Row:
    row = call.store.get("userfields", call["id"])
    if row is None:
        raise refused(text)
    return row
