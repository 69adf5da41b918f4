"""crm.item.*: one set of methods for deals, contacts, companies, invoices and smart processes."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_entities import (
    COMPANY,
    CONTACT,
    DEAL,
    INVOICE,
    Entity,
    default_category,
    entity,
    stages,
    user_fields,
)
from sandbox.portal.methods.crm_item_fields import described, invalid, shown, written
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

IMPORTED = 20
UNKNOWN_FILTER = "Invalid {0}: field '{1}' is not allowed in {0}"


@method("crm.item.add", "entityTypeId*:int fields*:array useOriginalUfNames", scope="crm", write=True)
def add(call: Call) -> Row:
    """Create an item."""
    known = entity(call, call["entityTypeId"])
    return {"item": shown(call, known, created(call, known, call["fields"]))}


def created(call: Call, known: Entity, given: Any) -> Row:
    """Create an item from a client's fields; answers its row."""
    fields = written(call, known, given, None)
    now = iso(call.portal.clock())
    row: Row = {name: field.default for name, field in known.table.items() if name != "id"}
    row |= {"createdTime": now, "updatedTime": now, "createdBy": call.user["id"], "updatedBy": call.user["id"]}
    row |= {"assignedById": call.user["id"], "opened": "Y", "lastActivityBy": call.user["id"], "lastActivityTime": now}
    row |= _blank(call, known, now)
    row |= fields
    _required(call, known, row)
    _settled(call, known, row, None)
    stored = call.store.add(known.kind, row)
    stored = call.store.change(known.kind, stored, **_named(known, stored))
    _mirror(call, known, {}, stored)
    _happened(call, known, "ADD", stored)
    return stored


def _blank(call: Call, known: Entity, now: str) -> Row:
    row: Row = {}
    for name, value in (
        ("isManualOpportunity", "N"),
        ("opportunity", 0),
        ("taxValue", 0),
        ("currencyId", "RUB"),
        ("movedTime", now),
        ("movedBy", call.user["id"]),
        ("companyId", 0),
        ("contactId", 0),
        ("isNew", "N"),
        ("isRecurring", "N"),
        ("isReturnCustomer", "N"),
        ("isRepeatedApproach", "N"),
        ("closed", "N"),
        ("isMyCompany", "N"),
    ):
        if name in known.table:
            row[name] = value
    if "mycompanyId" in known.table:
        mine = [one["id"] for one in call.store.all("items_4") if one["isMyCompany"] == "Y"]
        row["mycompanyId"] = mine[0] if mine else 0
    if known.categories:
        row["categoryId"] = default_category(call, known)
    return row


def _named(known: Entity, row: Row) -> Row:
    names: Row = {}
    if "title" in known.table and not row["title"]:
        names["title"] = f"{known.name} #{row['id']}"
    if "accountNumber" in known.table and not row["accountNumber"]:
        names["accountNumber"] = str(row["id"])
    return names


def _required(call: Call, known: Entity, row: Row) -> None:
    for name, field in known.table.items():
        if field.required and not row.get(name):
            raise RestError("CRM_FIELD_ERROR_REQUIRED", f'Поле "{name}" обязательно для заполнения')
    for name, field_row in user_fields(call, known).items():
        if field_row["mandatory"] == "Y" and row.get(name) in (None, "", []):
            raise RestError("CRM_FIELD_ERROR_REQUIRED", f'Поле "{field_row["fieldName"]}" обязательно для заполнения')


def _settled(call: Call, known: Entity, row: Row, old: Row | None) -> None:
    """Fill in what the portal derives: stage, its meaning, the primary contact, the sum of rows."""
    if known.stages:
        _stage(call, known, row, old)
    for many, one in (("contactIds", "contactId"), ("companyIds", "companyId")):
        if many in known.table:
            _primary(row, old, many, one)
    if old is not None and row.get("isManualOpportunity") == "N":
        totals = rows_total(call, known, row["id"])
        if totals is not None:
            row["opportunity"], row["taxValue"] = totals


def _stage(call: Call, known: Entity, row: Row, old: Row | None) -> None:
    if known.categories and call.store.get("categories", row["categoryId"]) is None:
        raise invalid("categoryId")
    rows = stages(call, known, row.get("categoryId"))
    moved_category = old is not None and row.get("categoryId") != old.get("categoryId")
    if not row["stageId"] or (moved_category and old is not None and row["stageId"] == old["stageId"]):
        row["stageId"] = rows[0]["STATUS_ID"]
    found = next((one for one in rows if one["STATUS_ID"] == row["stageId"]), None)
    if found is None:
        raise invalid("stageId")
    if "stageSemanticId" in known.table:
        row["stageSemanticId"] = found["SEMANTICS"] or "P"
    if "closed" in known.table:
        row["closed"] = "Y" if found["SEMANTICS"] else "N"
    if old is not None and old["stageId"] != row["stageId"] and "movedTime" in known.table:
        row |= {"movedTime": iso(call.portal.clock()), "movedBy": call.user["id"]}
        if "previousStageId" in known.table:
            row["previousStageId"] = old["stageId"]


def _primary(row: Row, old: Row | None, many: str, one: str) -> None:
    before = old or {}
    if row.get(many) != before.get(many) and row.get(many) is not None:
        row[one] = row[many][0] if row[many] else 0
    elif row.get(one) and row[one] not in (row.get(many) or []):
        row[many] = [row[one], *(row.get(many) or [])]


def _mirror(call: Call, known: Entity, old: Row, row: Row) -> None:
    """A link between a contact and a company is seen from both sides."""
    if known.type_id not in {CONTACT, COMPANY}:
        return
    mine, theirs, kind = (
        ("companyIds", "contactIds", "items_4") if known.type_id == CONTACT else ("contactIds", "companyIds", "items_3")
    )
    before, after = set(old.get(mine) or []), set(row.get(mine) or [])
    for key in before ^ after:
        other = call.store.get(kind, key)
        if other is None:
            continue
        links = [one for one in other.get(theirs) or [] if one != row["id"]] + ([row["id"]] if key in after else [])
        primary = {"companyId": links[0] if links else 0} if kind == "items_3" else {}
        call.store.change(kind, other, **{theirs: links}, **primary)


def rows_total(call: Call, known: Entity, key: int) -> tuple[float, float] | None:
    """The sum and the tax of an item's product rows; None without rows."""
    rows = call.store.table("productrows").by("owner", [f"{known.short}:{key}"])
    if not rows:
        return None
    total = sum(row["price"] * row["quantity"] for row in rows)
    tax = sum((row["price"] - row["priceExclusive"]) * row["quantity"] for row in rows)
    return round(total, 2), round(tax, 2)


def _happened(call: Call, known: Entity, verb: str, row: Row) -> None:
    fields: Row = {"ID": row["id"]}
    if known.event == "ONCRMDYNAMICITEM":
        fields["ENTITY_TYPE_ID"] = known.type_id
    call.happened(known.event + verb, fields)


@method("crm.item.update", "entityTypeId*:int id*:int fields*:array useOriginalUfNames", scope="crm", write=True)
def update(call: Call) -> Row:
    """Change an item; values it already has change nothing and raise nothing."""
    known = entity(call, call["entityTypeId"])
    old = _found(call, known, call["id"])
    row = {**old, **written(call, known, call["fields"], old)}
    _required(call, known, row)
    _settled(call, known, row, old)
    return {"item": shown(call, known, changed(call, known, old, row))}


def changed(call: Call, known: Entity, old: Row, row: Row) -> Row:
    """Keep a changed row and tell of it; an equal one is left alone."""
    if row == old:
        return old
    row = {**row, "updatedTime": iso(call.portal.clock()), "updatedBy": call.user["id"]}
    stored = call.store.put(known.kind, row)
    _mirror(call, known, old, stored)
    _happened(call, known, "UPDATE", stored)
    return stored


@method("crm.item.get", "entityTypeId*:int id*:int useOriginalUfNames", scope="crm")
def get(call: Call) -> Row:
    """One item."""
    known = entity(call, call["entityTypeId"])
    return {"item": shown(call, known, _found(call, known, call["id"]))}


@method("crm.item.list", "entityTypeId*:int select:array filter:array order:array start useOriginalUfNames", scope="crm")
def list_(call: Call) -> Page:
    """Items by filter; an unknown name in filter or order is an error."""
    known = entity(call, call["entityTypeId"])
    names = {*known.table, *user_fields(call, known)} - {"fm"}

    def allowed(name: str) -> bool:
        return name in names or name.startswith("parentId")

    test = conditions(call.get("filter") or {}, allowed, strict=True)
    for name, direction in dict(call.get("order") or {}).items():
        if not allowed(name):
            raise RestError("INVALID_ARG_VALUE", UNKNOWN_FILTER.format("order", name))
        if str(direction).upper() not in {"ASC", "DESC"}:
            text = f"Invalid order: allowed sort directions are `ASC, DESC`. But got '{direction}' for field '{name}'"
            raise RestError("INVALID_ARG_VALUE", text)
    found = page(call, [row for row in call.store.all(known.kind) if test(row)], call.get("order"))
    select = call.get("select") or ["*"]
    return Page({"items": [shown(call, known, row, select) for row in found.result]}, found.total, found.next)


@method("crm.item.delete", "entityTypeId*:int id*:int", scope="crm", write=True)
def delete(call: Call) -> list[Any]:
    """Delete an item with its product rows; answers an empty array."""
    known = entity(call, call["entityTypeId"])
    row = _found(call, known, call["id"])
    for one in call.store.table("productrows").by("owner", [f"{known.short}:{row['id']}"]):
        call.store.remove("productrows", one["id"])
    call.store.remove(known.kind, row["id"])
    _happened(call, known, "DELETE", row)
    return []


@method("crm.item.fields", "entityTypeId*:int useOriginalUfNames", scope="crm")
def fields_(call: Call) -> Row:
    """Fields of a kind."""
    return {"fields": described(call, entity(call, call["entityTypeId"]))}


@method("crm.item.import", "entityTypeId*:int fields*:array useOriginalUfNames", scope="crm", write=True)
def import_(call: Call) -> Row:
    """Create an item without robots."""
    known = entity(call, call["entityTypeId"])
    return {"item": {"id": created(call, known, call["fields"])["id"]}}


@method("crm.item.batchImport", "entityTypeId*:int data*:array useOriginalUfNames", scope="crm", write=True)
def batch_import(call: Call) -> Row:
    """Create up to twenty items, each with its own outcome."""
    known = entity(call, call["entityTypeId"])
    if len(call["data"]) > IMPORTED:
        raise RestError("MAX_IMPORT_BATCH_SIZE_EXCEEDED", f"Вы не можете импортировать больше {IMPORTED} элементов")
    items: list[Row] = []
    for fields in call["data"]:
        try:
            items.append({"item": {"id": created(call, known, fields)["id"]}})
        except RestError as error:
            items.append(error.body())
    return {"items": items}


def _found(call: Call, known: Entity, key: Any) -> Row:
    row = call.store.get(known.kind, key)
    if row is None:
        raise RestError("NOT_FOUND", "Элемент не найден")
    return row


WITH_ROWS = frozenset({1, DEAL, 7, INVOICE})
