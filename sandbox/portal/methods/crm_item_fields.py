"""Reading the fields of a CRM item, and showing them."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import normalised
from sandbox.portal.errors import RestError
from sandbox.portal.fields import Field, typed
from sandbox.portal.methods.crm_entities import Entity, upper, user_fields
from sandbox.portal.methods.product_fields import save_file
from sandbox.portal.registry import Call
from sandbox.portal.store import Row

LISTS = {"users": "users", "contacts": "items_3", "companies": "items_4"}
REFERENCES = {"user": "users", "crm_company": "items_4", "crm_contact": "items_3"}
SHOWN_TYPES = {"users": "user", "contacts": "crm_contact", "companies": "crm_company", "multifields": "crm_multifield"}
STATUS_TYPES = {"sourceId": "SOURCE", "honorific": "HONORIFIC", "industry": "INDUSTRY"}
MY_COMPANY = {"isMyCompany": True, "isEmbeddedEditorEnabled": True}
FM_TYPES = ("PHONE", "EMAIL", "WEB", "IM", "LINK")


def invalid(name: str) -> RestError:
    """The refusal of a value."""
    return RestError("CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Неверное значение поля "{name}"')


def written(call: Call, known: Entity, given: Any, old: Row | None) -> Row:
    """The writable fields of `given` in stored form; unknown names are dropped without a word, as on the portal."""
    own = user_fields(call, known)
    original = {row["fieldName"]: name for name, row in own.items()} if call.get("useOriginalUfNames") == "Y" else {}
    row: Row = {}
    for sent, value in (given if isinstance(given, dict) else {}).items():
        name = original.get(str(sent), str(sent))
        field = known.table.get(name)
        if name == "fm" and field is not None:
            row["fm"] = multifields(call, value, (old or {}).get("fm") or [])
        elif field is not None and not field.read_only:
            row[name] = _read(call, name, field, value)
        elif name in own:
            row[name] = _user_value(call, name, own[name], value)
        elif name.startswith("parentId") and name[8:].isdigit():
            row[name] = _reference(call, name, f"items_{name[8:]}", value)
        else:
            call.portal.calls.ignored_fields[sent] += 1
    return row


def _read(call: Call, name: str, field: Field, value: Any) -> Any:
    if field.kind in LISTS:
        return _many(call, name, LISTS[field.kind], value)
    if field.kind in REFERENCES:
        return _reference(call, name, REFERENCES[field.kind], value)
    if field.kind == "boolean":
        return "Y" if value in ("Y", "y", True, 1, "1", "true") else "N"
    if field.kind == "crm_currency":
        if value and call.store.get("currencies", value) is None:
            raise invalid(name)
        return value
    return _plain(name, field.kind, value)


def _plain(name: str, kind: str, value: Any) -> Any:
    if kind == "file":
        return value
    simple = {"crm_category": "integer", "date": "datetime", "crm_status": "string", "text": "string"}.get(kind, kind)
    try:
        read = typed(name, simple, value)
    except RestError:
        raise invalid(name) from None
    # Dates without a time come back at a fixed hour of the portal's zone.
    return f"{read[:10]}T03:00:00+03:00" if kind == "date" and read else read


def _many(call: Call, name: str, kind: str, value: Any) -> list[int]:
    if value in (None, "", False):
        return []
    if not isinstance(value, (list, dict)):
        raise RestError(100, f"Expected iterable value for multiple field, but got {type(value).__name__} instead")
    found = [_reference(call, name, kind, item) for item in (value.values() if isinstance(value, dict) else value)]
    return [key for key in found if key]


def _reference(call: Call, name: str, kind: str, value: Any) -> int:
    if isinstance(value, (list, dict)):
        return 1  # PHP's (int) of an array: what a broken $result reference of a batch turns into
    try:
        key = int(value or 0)
    except ValueError:
        raise invalid(name) from None
    if key and call.store.get(kind, key) is None:
        raise invalid(name)
    return key


def multifields(call: Call, given: Any, old: list[Row]) -> list[Row]:
    """Phones and addresses after `given`: a list adds, a map keyed by id changes, and an empty value deletes."""
    rows = {str(row["id"]): row for row in old}
    items = (
        [(f"n{place}", item) for place, item in enumerate(given)] if isinstance(given, list) else list(dict(given or {}).items())
    )
    for key, item in items:
        # Without a known type a value is dropped without a word.
        if not isinstance(item, dict) or (str(key) not in rows and item.get("typeId") not in FM_TYPES):
            continue
        if str(key) in rows:
            changed = {**rows[str(key)], **{name: item[name] for name in ("typeId", "valueType", "value") if name in item}}
            rows[str(key)] = changed
            if not changed["value"]:
                del rows[str(key)]
        elif item.get("value"):
            new = call.store.next_id("multifields")
            rows[str(new)] = {
                "id": new,
                "valueType": item.get("valueType", "WORK"),
                "value": str(item["value"]),
                "typeId": item["typeId"],
            }
    return list(rows.values())


def _user_value(call: Call, name: str, field: Row, value: Any) -> Any:
    if field["multiple"] == "Y":
        items = value if isinstance(value, list) else [] if value in (None, "") else None
        if items is None:
            raise RestError(100, f"Expected iterable value for multiple field, but got {type(value).__name__} instead")
        return [_one_user_value(call, name, field, item) for item in items]
    return _one_user_value(call, name, field, value)


def _one_user_value(call: Call, name: str, field: Row, value: Any) -> Any:
    kind = field["userTypeId"]
    if kind == "file":
        return _file(call, value)
    if kind == "enumeration":
        if value in (None, "", 0):
            return None
        if not any(str(item["id"]) == str(value) for item in field["enum"]):
            raise invalid(name)
        return int(value)
    if kind == "boolean":
        return "Y" if value in ("Y", True, 1, "1") else "N"
    return _plain(name, kind if kind in {"integer", "double", "date", "datetime"} else "string", value)


def _file(call: Call, value: Any) -> Row | None:
    if value in (None, ""):
        return None
    if isinstance(value, dict) and value.get("id"):
        return dict(value)
    key = save_file(call, value, image=False)
    url = f"/rest/crm.controller.item.getFile?fileId={key}"
    return {"id": key, "url": url, "urlMachine": url}


def shown(call: Call, known: Entity, row: Row, names: Any = None) -> Row:
    """An item as answers show it: everything, or the selected fields (the id always)."""
    own = user_fields(call, known)
    parents = [name for name in row if name.startswith("parentId")]
    everything = [name for name in known.table if name != "fm" or names is None or "*" in names] + list(own) + parents
    wanted = everything if not names or "*" in names else [name for name in everything if name in names or name == "id"]
    answer = {name: _shown(known, row, name) for name in wanted}
    if call.get("useOriginalUfNames") == "Y":
        return {(own[name]["fieldName"] if name in own else name): value for name, value in answer.items()}
    return answer


def _shown(known: Entity, row: Row, name: str) -> Any:
    value = row.get(name)
    if name == "entityTypeId":
        return known.type_id
    if value is None and name in known.table and known.table[name].kind in (*LISTS, "multifields"):
        return []
    if "fm" in known.table and name in known.table and known.table[name].read_only:
        return _from_fm(row, name, value)
    return value


def _from_fm(row: Row, name: str, value: Any) -> Any:
    values = row.get("fm") or []
    for kind, flag in (("PHONE", "hasPhone"), ("EMAIL", "hasEmail"), ("IM", "hasImol")):
        found = [item["value"] for item in values if item["typeId"] == kind]
        if name == flag:
            return "Y" if found else "N"
        if name in {kind.lower(), f"{kind.lower()}Work"}:
            work = [item["value"] for item in values if item["typeId"] == kind and item["valueType"] == "WORK"]
            return (work or ([] if name.endswith("Work") else found) or [""])[0]
    return value


def described(call: Call, known: Entity) -> dict[str, Row]:
    """crm.item.fields of a kind."""
    answer = {name: _described(known, field) for name, field in known.table.items() if name != "entityTypeId"}
    if "contactIds" in answer:
        answer["contacts"] = answer["contactIds"] | {"title": "contacts", "upperName": "CONTACTS"}
    for parent in _parents(call, known):
        name = f"parentId{parent}"
        answer[name] = _described(known, Field(name, "crm_entity")) | {"settings": {"parentEntityTypeId": parent}}
    for name, row in user_fields(call, known).items():
        answer[name] = {
            "type": row["userTypeId"],
            "isRequired": row["mandatory"] == "Y",
            "isReadOnly": False,
            "isImmutable": False,
            "isMultiple": row["multiple"] == "Y",
            "isDynamic": True,
            "title": _label(row),
            "upperName": row["fieldName"],
            "settings": row["settings"],
        }
        if row["userTypeId"] == "enumeration":
            answer[name]["items"] = [{"ID": item["id"], "VALUE": item["value"]} for item in row["enum"]]
    return answer


def _label(row: Row) -> str:
    labels = row["editFormLabel"] if isinstance(row["editFormLabel"], dict) else {}
    return next((str(text) for text in (labels.get("ru"), *labels.values()) if text), str(row["fieldName"]))


def _parents(call: Call, known: Entity) -> list[int]:
    if known.type_id in {7, 31}:
        return [2]
    row = next((row for row in call.store.all("types") if row["entityTypeId"] == known.type_id), None)
    return [one["entityTypeId"] for one in row["relations"]["parent"] if one["isPredefined"] == "N"] if row else []


def _described(known: Entity, field: Field) -> Row:
    row: Row = {
        "type": SHOWN_TYPES.get(field.kind, field.kind),
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isImmutable": False,
        "isMultiple": field.kind in LISTS or field.kind == "multifields",
        "isDynamic": False,
        "title": field.name,
        "upperName": upper(field.name),
    }
    if field.kind == "crm_status":
        row["statusType"] = STATUS_TYPES.get(field.name) or _own_dictionary(known, field.name)
    if field.kind == "crm_company":
        row["settings"] = {"parentEntityTypeId": 4} | (MY_COMPANY if field.name == "mycompanyId" else {})
    if field.name == "contactId":
        row["isDeprecated"] = True
    return row


def _own_dictionary(known: Entity, name: str) -> str:
    if name in {"stageId", "previousStageId"}:
        return known.stages
    return {2: "DEAL_TYPE", 3: "CONTACT_TYPE", 4: "COMPANY_TYPE"}.get(known.type_id, "")


def parsed_datetime(value: Any) -> str:
    """A moment a client sent, or WRONG_DATETIME_FORMAT."""
    try:
        return normalised(str(value))
    except ValueError:
        raise RestError("WRONG_DATETIME_FORMAT", "Wrong datetime format") from None
