"""What applications write beside an object: configurable activities, tasks to do, comments, log lines."""

from __future__ import annotations

import base64
import re
from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_entities import ENTITIES, entity
from sandbox.portal.methods.crm_item_fields import parsed_datetime
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

LAYOUT = {"icon": {"code"}, "header": {"title", "tags", "titleAction"}, "body": {"logo", "blocks"}, "footer": {"buttons", "menu"}}
BLOCKS = frozenset({"text", "largeText", "link", "withTitle", "lineOfBlocks", "deadline", "dropdownMenu"})
KEY = re.compile(r"[A-Za-z0-9_-]+")
BADGES = frozenset({"success", "failure", "warning", "primary", "secondary"})
FIELDS = (
    "typeId",
    "completed",
    "deadline",
    "pingOffsets",
    "isIncomingChannel",
    "responsibleId",
    "badgeCode",
    "originatorId",
    "originId",
)


def _owner(call: Call, type_id: Any, key: Any) -> Row:
    row = call.store.get(entity(call, type_id).kind, key)
    if row is None:
        raise RestError("OWNER_NOT_FOUND", "Владелец элемента не найден")
    return row


def _layout(layout: Any) -> None:
    if not isinstance(layout, dict) or not layout:
        raise RestError("ERROR_EMPTY_LAYOUT", "Layout must be set")
    for name, known in LAYOUT.items():
        part = layout.get(name)
        if part is None and name != "footer":
            raise RestError("FIELD_IS_REQUIRED", f"Field '{name}' is required")
        for key in part or {}:
            if key not in known:
                raise RestError("FIELD_IS_REDUNDANT", f"Field '{key}' is redundant in '{name}'")
    for name in layout:
        if name not in LAYOUT:
            raise RestError("FIELD_IS_REDUNDANT", f"Field '{name}' is redundant")
    if not layout["icon"].get("code") or not layout["header"].get("title"):
        raise RestError("FIELD_IS_REQUIRED", "Fields 'icon.code' and 'header.title' are required")
    _blocks(layout["body"].get("blocks") or {})
    if len((layout.get("footer") or {}).get("buttons") or {}) > 2:
        raise RestError("TOO_MANY_ITEMS", "Too many items in 'buttons': 2 at most")


def _blocks(blocks: Row) -> None:
    if len(blocks) > 20:
        raise RestError("TOO_MANY_ITEMS", "Too many items in 'blocks': 20 at most")
    for key, block in blocks.items():
        if KEY.fullmatch(key) is None:
            raise RestError("KEY_CONTAIN_WRONG_SYMBOLS", f"Key '{key}' contains wrong symbols")
        if block.get("type") not in BLOCKS:
            raise RestError("ENUM_FIELD", f"Field 'type' of block '{key}' is wrong")


def _activity_fields(given: Any, old: Row | None) -> Row:
    row: Row = old or {
        "typeId": "CONFIGURABLE",
        "completed": False,
        "deadline": None,
        "pingOffsets": [],
        "isIncomingChannel": False,
        "responsibleId": None,
        "badgeCode": "",
        "originatorId": None,
        "originId": None,
    }
    sent = {name: value for name, value in (given if isinstance(given, dict) else {}).items() if name in FIELDS}
    for name in ("completed", "isIncomingChannel"):
        if name in sent:
            sent[name] = sent[name] in (True, "Y", 1, "1", "true")
    if sent.get("deadline"):
        sent["deadline"] = parsed_datetime(sent["deadline"])
    row = {**row, **sent}
    if row["isIncomingChannel"] and row["deadline"]:
        raise RestError("INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE", "Incoming activity can not be with deadline")
    return row


@method("crm.activity.configurable.add", "ownerTypeId*:int ownerId*:int fields*:array layout*:array", scope="crm", write=True)
def activity_add(call: Call) -> Row:
    """A card in the timeline that the application lays out itself."""
    _owner(call, call["ownerTypeId"], call["ownerId"])
    _layout(call["layout"])
    row: Row = {"ownerTypeId": call["ownerTypeId"], "ownerId": call["ownerId"], "fields": _activity_fields(call["fields"], None)}
    row["fields"]["responsibleId"] = row["fields"]["responsibleId"] or call.user["id"]
    stored = call.store.add("activities", row | {"kind": "configurable", "layout": call["layout"]})
    call.happened("ONCRMACTIVITYADD", {"ID": stored["id"]})
    return {"activity": {"id": stored["id"]}}


def _activity(call: Call) -> Row:
    row = call.store.get("activities", call["id"])
    if row is None or row["kind"] != "configurable":
        raise RestError("NOT_FOUND", "Элемент не найден")
    return row


@method("crm.activity.configurable.update", "id*:int fields*:array layout*:array", scope="crm", write=True)
def activity_update(call: Call) -> Row:
    """Change one's own card."""
    row = _activity(call)
    _layout(call["layout"])
    call.store.change("activities", row, fields=_activity_fields(call["fields"], row["fields"]), layout=call["layout"])
    call.happened("ONCRMACTIVITYUPDATE", {"ID": row["id"]})
    return {"activity": {"id": row["id"]}}


@method("crm.activity.configurable.get", "id*:int", scope="crm")
def activity_get(call: Call) -> Row:
    """One card."""
    row = _activity(call)
    return {"activity": {name: row[name] for name in ("id", "ownerTypeId", "ownerId", "fields", "layout")}}


@method(
    "crm.activity.todo.add",
    "ownerTypeId*:int ownerId*:int deadline* title description responsibleId:int parentActivityId pingOffsets colorId",
    scope="crm",
    write=True,
)
def todo_add(call: Call) -> Row:
    """A task to do beside an object."""
    _owner(call, call["ownerTypeId"], call["ownerId"])
    row: Row = {
        "kind": "todo",
        "ownerTypeId": call["ownerTypeId"],
        "ownerId": call["ownerId"],
        "deadline": parsed_datetime(call["deadline"]),
    }
    row |= {name: call.get(name) for name in ("title", "description", "responsibleId")}
    stored = call.store.add("activities", row)
    call.happened("ONCRMACTIVITYADD", {"ID": stored["id"]})
    return {"id": stored["id"]}


@method("crm.activity.badge.add", "code:string title:string value:string type:string", scope="crm", write=True)
def badge_add(call: Call) -> Row:
    """A badge for cards of the board."""
    if any(not call.get(name) for name in ("code", "title", "value", "type")) or call["type"] not in BADGES:
        raise RestError("REQUIRED_ARG_MISSING", "Required argument is missing")
    row = {name: call[name] for name in ("code", "title", "value", "type")}
    call.store.put("badges", {"id": str(call["code"]), **row})
    return {"badge": row}


@method("crm.timeline.comment.add", "fields*:array", scope="crm", write=True)
def comment_add(call: Call) -> int:
    """A comment, with files if any."""
    given = call["fields"]
    row = _comment_owner(call, given)
    if not given.get("COMMENT") and not given.get("FILES"):
        raise RestError("INVALID_ARG_VALUE", "Empty comment")
    row |= {
        "kind": "comment",
        "COMMENT": str(given.get("COMMENT") or ""),
        "AUTHOR_ID": call.user["id"],
        "CREATED": iso(call.portal.clock()),
    }
    stored = call.store.add("timeline", row | {"FILES": _files(call, given.get("FILES"))})
    call.happened("ONCRMTIMELINECOMMENTADD", {"ID": stored["id"]})
    return int(stored["id"])


def _comment_owner(call: Call, given: Row) -> Row:
    kind = str(given.get("ENTITY_TYPE") or "").lower()
    if not kind or not given.get("ENTITY_ID"):
        raise RestError(100, "Could not find value for parameter {ENTITY_ID}")
    dynamic = re.fullmatch(r"dynamic_(\d+)", kind)
    type_id = int(dynamic[1]) if dynamic else next((one.type_id for one in ENTITIES.values() if one.code.lower() == kind), 0)
    _owner(call, type_id, given["ENTITY_ID"])
    return {"ENTITY_TYPE": kind, "ENTITY_ID": int(given["ENTITY_ID"])}


def _files(call: Call, given: Any) -> list[Row]:
    rows = []
    for name, content in given or []:
        size = len(base64.b64decode(str(content)))
        rows.append(
            {
                "id": call.store.add("files", {"name": name, "size": size, "sha256": "", "content": None})["id"],
                "name": name,
                "size": size,
            }
        )
    return rows


@method("crm.timeline.comment.list", "select:array filter*:array order:array start", scope="crm")
def comment_list(call: Call) -> Page:
    """Comments of one object."""
    row = _comment_owner(call, call["filter"])
    test = conditions(row, set(row).__contains__)
    found = page(call, [one for one in call.store.all("timeline") if one["kind"] == "comment" and test(one)], None)
    return Page([_comment(one) for one in found.result], found.total, found.next)


def _comment(row: Row) -> Row:
    shown = {
        "ID": str(row["id"]),
        "ENTITY_ID": str(row["ENTITY_ID"]),
        "ENTITY_TYPE": row["ENTITY_TYPE"],
        "CREATED": row["CREATED"],
    }
    shown |= {"COMMENT": row["COMMENT"], "AUTHOR_ID": str(row["AUTHOR_ID"])}
    return shown | ({"FILES": {str(file["id"]): file for file in row["FILES"]}} if row["FILES"] else {})


@method("crm.timeline.logmessage.add", "fields*:array", scope="crm", write=True)
def log_add(call: Call) -> Row:
    """A line of the timeline's log."""
    given = call["fields"]
    for name in ("entityTypeId", "entityId", "title", "text", "iconCode"):
        if not given.get(name):
            raise RestError(100, f"Could not find value for parameter {{{name}}}")
    _owner(call, given["entityTypeId"], given["entityId"])
    row: Row = {name: given[name] for name in ("title", "text", "iconCode")}
    row |= {
        "kind": "log",
        "entityTypeId": int(given["entityTypeId"]),
        "entityId": int(given["entityId"]),
        "authorId": call.user["id"],
    }
    return {"logMessage": _log(call.store.add("timeline", row | {"created": iso(call.portal.clock())}))}


def _log(row: Row) -> Row:
    return {name: row[name] for name in ("id", "created", "authorId", "title", "text", "iconCode")}


@method("crm.timeline.logmessage.list", "entityTypeId*:int entityId*:int order:array start", scope="crm")
def log_list(call: Call) -> Page:
    """Log lines of one object."""
    owner = (call["entityTypeId"], call["entityId"])
    rows = [row for row in call.store.all("timeline") if row["kind"] == "log" and (row["entityTypeId"], row["entityId"]) == owner]
    found = page(call, rows, call.get("order"))
    return Page([_log(row) for row in found.result], found.total, found.next)
