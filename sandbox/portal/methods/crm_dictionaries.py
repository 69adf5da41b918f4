"""Funnels, stages and other dictionaries, smart process types."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.crm_seed import DYNAMIC_STAGES, add_stages, category
from sandbox.portal.errors import RestError
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_entities import ENTITIES, entity
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

FLAGS = (
    "isCategoriesEnabled",
    "isStagesEnabled",
    "isBeginCloseDatesEnabled",
    "isClientEnabled",
    "isUseInUserfieldEnabled",
    "isLinkWithProductsEnabled",
    "isMycompanyEnabled",
    "isDocumentsEnabled",
    "isSourceEnabled",
    "isObserversEnabled",
    "isRecyclebinEnabled",
    "isAutomationEnabled",
    "isBizProcEnabled",
    "isSetOpenPermissions",
    "isPaymentsEnabled",
    "isCountersEnabled",
)
LINKED = ("CALENDAR_EVENT|UF_CRM_CAL_EVENT", "TASKS_TASK|UF_CRM_TASK", "TASKS_TASK_TEMPLATE|UF_CRM_TASK")
TAKEN = frozenset({1, 2, 3, 4, 5, 7, 8, 14, 31})
STATUS = ("ID", "ENTITY_ID", "STATUS_ID", "NAME", "NAME_INIT", "SORT", "SYSTEM", "CATEGORY_ID", "COLOR", "SEMANTICS", "EXTRA")


def _admin(call: Call) -> None:
    if not call.admin:
        raise RestError("ACCESS_DENIED", "Доступ запрещен")


@method("crm.category.list", "entityTypeId*:int", scope="crm")
def categories(call: Call) -> Page:
    """Funnels of a kind, not paged; the general one of deals has neither origin."""
    known = entity(call, call["entityTypeId"])
    if not known.categories:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{known.code}` is not supported")
    rows = [row for row in call.store.all("categories") if row["entityTypeId"] == known.type_id]
    shown = [{name: value for name, value in row.items() if row["id"] or not name.startswith("origin")} for row in rows]
    return Page({"categories": sorted(shown, key=lambda row: row["sort"])}, len(rows))


@method("crm.category.get", "entityTypeId*:int id*:int", scope="crm")
def category_get(call: Call) -> Row:
    """One funnel."""
    known = entity(call, call["entityTypeId"])
    row = call.store.get("categories", call["id"])
    if row is None or row["entityTypeId"] != known.type_id:
        raise RestError("NOT_FOUND", "Элемент не найден")
    return {"category": dict(row)}


@method("crm.category.add", "entityTypeId*:int fields*:array", scope="crm", write=True)
def category_add(call: Call) -> Row:
    """A new funnel with stages of its own."""
    _admin(call)
    known = entity(call, call["entityTypeId"])
    if not known.categories:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{known.code}` is not supported")
    given = call["fields"]
    key = call.store.next_id("categories")
    row = category(key, known.type_id, str(given.get("name") or ""), default=False)
    row |= {name: str(given[name]) for name in ("originId", "originatorId") if given.get(name)}
    prefix = f"C{key}:" if known.type_id == 2 else f"DT{known.type_id}_{key}:"
    add_stages(call.store, f"{known.stages}_{key}", prefix, key, DYNAMIC_STAGES)
    stored = call.store.put("categories", row)
    return {"category": {name: value for name, value in stored.items() if not name.startswith("origin")}}


@method("crm.status.list", "order:array filter:array", scope="crm")
def statuses(call: Call) -> Page:
    """Rows of dictionaries, not paged."""
    test = conditions(call.get("filter") or {}, set(STATUS).__contains__, read=_read)
    rows = [row for row in call.store.all("statuses") if test(row)]
    items = list(dict(call.get("order") or {"SORT": "ASC"}).items())
    for name, direction in reversed(items):
        rows.sort(key=lambda row: _sortable(_read(row, name)), reverse=str(direction).lower() == "desc")
    return Page([{name: _read(row, name) for name in STATUS} for row in rows], len(rows))


def _read(row: Row, name: str) -> Any:
    return str(row["id"]) if name in {"ID", "id"} else row.get(name)


def _sortable(value: Any) -> tuple[int, str]:
    return (int(value), "") if isinstance(value, str) and value.isdigit() else (0, str(value or ""))


@method("crm.status.add", "fields*:array", scope="crm", write=True)
def status_add(call: Call) -> int:
    """A new row of a dictionary."""
    if not call.admin:
        raise RestError("Access denied.", "Access denied.")
    given = call["fields"]
    for name in ("ENTITY_ID", "STATUS_ID"):
        if not given.get(name):
            raise RestError("", f"The field {name} is required.")
    if not given.get("NAME"):
        raise RestError("", 'Не заполнено обязательное поле "Заголовок"')
    if not any(row["ENTITY_ID"] == given["ENTITY_ID"] for row in call.store.all("statuses")):
        raise RestError("", "Specified entity type is not supported.")
    add_stages(
        call.store, str(given["ENTITY_ID"]), "", None, ((str(given["STATUS_ID"]), str(given["NAME"]), given.get("SEMANTICS")),)
    )
    row = call.store.all("statuses")[-1]
    call.store.change("statuses", row, SORT=str(given.get("SORT", 500)), SYSTEM="N", NAME_INIT="")
    return int(row["id"])


@method("crm.type.add", "fields*:array", scope="crm", write=True)
def type_add(call: Call) -> Row:
    """A new smart process."""
    _admin(call)
    given, now = call["fields"], iso(call.portal.clock())
    rows = call.store.all("types")
    key = int(given.get("entityTypeId") or max([126, *(row["entityTypeId"] for row in rows)]) + 2)
    if (
        key in TAKEN
        or not (128 <= key <= 192 or (key >= 1030 and key % 2 == 0))
        or any(row["entityTypeId"] == key for row in rows)
    ):
        raise RestError("INVALID_ARG_VALUE", "entityTypeId is out of allowed range")
    row: Row = {"createdBy": call.user["id"], "entityTypeId": key} | {name: _flag(given.get(name)) for name in FLAGS}
    row |= {
        "createdTime": now,
        "updatedTime": now,
        "updatedBy": call.user["id"],
        "title": str(given.get("title") or f"Смарт-процесс #{key}"),
    }
    row |= {
        "relations": _relations(given.get("relations")),
        "linkedUserFields": _linked(given.get("linkedUserFields")),
    }
    stored = call.store.add("types", row | {"customSections": [], "customSectionId": None})
    funnel = call.store.next_id("categories")
    call.store.put("categories", category(funnel, key, "Общая", default=True))
    add_stages(call.store, f"DYNAMIC_{key}_STAGE_{funnel}", f"DT{key}_{funnel}:", funnel, DYNAMIC_STAGES)
    call.happened("ONCRMTYPEADD", {"ID": stored["id"]})
    return {"type": dict(stored)}


def _relations(given: Any) -> Row:
    """Contacts and companies are always there; what was asked for comes after them."""
    asked = given if isinstance(given, dict) else {}
    parents: list[Row] = [{"entityTypeId": key, "isChildrenListEnabled": "Y", "isPredefined": "Y"} for key in (3, 4)]
    sides: dict[str, list[Row]] = {"parent": parents, "child": []}
    for side, rows in sides.items():
        for item in asked.get(side) or []:
            enabled = _flag(item.get("isChildrenListEnabled"))
            rows.append({"entityTypeId": int(item["entityTypeId"]), "isChildrenListEnabled": enabled, "isPredefined": "N"})
    return dict(sides)


def _linked(given: Any) -> Row:
    asked = given if isinstance(given, dict) else {}
    return {name: _flag(asked.get(name)) for name in LINKED}


def _flag(value: Any) -> str:
    return "Y" if value in ("Y", "true", True, 1) else "N"


@method("crm.type.list", "order:array filter:array start", scope="crm")
def types(call: Call) -> Page:
    """Smart processes."""
    names = {"id", "title", "entityTypeId", *FLAGS}
    test = conditions(call.get("filter") or {}, names.__contains__, strict=True)
    found = page(call, [row for row in call.store.all("types") if test(row)], call.get("order"))
    hidden = {"relations", "linkedUserFields", "customSections"}
    rows = [{name: value for name, value in row.items() if name not in hidden} | {"code": ""} for row in found.result]
    return Page({"types": rows}, found.total, found.next)


@method("crm.type.get", "id*:int", scope="crm")
def type_get(call: Call) -> Row:
    """One smart process."""
    row = call.store.get("types", call["id"])
    if row is None:
        raise RestError(0, "Смарт-процесс не найден")
    return {"type": dict(row) | {"code": ""}}


@method("crm.type.getByEntityTypeId", "entityTypeId*:int", scope="crm")
def type_by_entity(call: Call) -> Row:
    """One smart process by its type id."""
    row = next((row for row in call.store.all("types") if row["entityTypeId"] == call["entityTypeId"]), None)
    if row is None:
        raise RestError("NOT_FOUND", "Смарт-процесс не найден")
    return {"type": dict(row) | {"code": ""}}


@method("crm.enum.ownertype", scope="crm")
def owner_types(call: Call) -> list[Row]:
    """Kinds of CRM objects."""
    rows = [
        {"ID": one.type_id, "NAME": one.name, "SYMBOL_CODE": one.code, "SYMBOL_CODE_SHORT": one.short}
        for one in ENTITIES.values()
    ]
    for row in call.store.all("types"):
        known = entity(call, row["entityTypeId"])
        rows.append({"ID": known.type_id, "NAME": known.name, "SYMBOL_CODE": known.code, "SYMBOL_CODE_SHORT": known.short})
    return rows
