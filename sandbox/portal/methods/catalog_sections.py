"""catalog.section.*: the tree of product groups."""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown, writer
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

NO_SUCH, CODE_TAKEN, NO_IBLOCK, ADD_FAILED, UPDATE_FAILED = 200700300030, 200700300040, 200700300050, 200700300000, 200700300010
FIELDS = fields(
    "id!:integer iblockId*:integer iblockSectionId:integer name*:string xmlId:string code:string sort:integer active:char "
    "description:string descriptionType:string",
    sort=500,
    active="Y",
    descriptionType="text",
)


@method("catalog.section.add", "fields*:array", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Create a section."""
    writer(call, 200040300040)
    row = with_defaults(read(call, call["fields"], FIELDS, adding=True), FIELDS)
    _check(call, row, None, ADD_FAILED)
    stored = call.store.add("sections", row)
    if not stored["xmlId"]:
        stored = call.store.change("sections", stored, xmlId=str(stored["id"]))
    return {"section": shown(stored, FIELDS)}


@method("catalog.section.update", "id*:int fields*:array", scope="catalog", write=True)
def update(call: Call) -> Row:
    """Change a section."""
    writer(call, 200040300040)
    old = _found(call)
    given = call["fields"]
    if not isinstance(given, dict) or not given.get("iblockId"):
        raise RestError(0, "Required fields: iblockId")
    row = {**old, **read(call, given, FIELDS, adding=False)}
    _check(call, row, old["id"], UPDATE_FAILED)
    if row["iblockId"] != old["iblockId"]:
        raise RestError(UPDATE_FAILED, "The information block of a section cannot be changed")
    return {"section": shown(call.store.put("sections", row), FIELDS)}


def _check(call: Call, row: Row, own: Any, failed: int) -> None:
    if call.store.get("catalogs", row["iblockId"]) is None:
        raise RestError(NO_IBLOCK, "Iblock not found")
    twins = call.store.table("sections").by("code", [row["code"]]) if row["code"] else []
    if any(twin["id"] != own and twin["iblockId"] == row["iblockId"] for twin in twins):
        raise RestError(CODE_TAKEN, "Section with this code already exists")
    parent = row["iblockSectionId"]
    seen = {own}
    while parent:
        above = call.store.get("sections", parent)
        if above is None or above["iblockId"] != row["iblockId"] or above["id"] in seen:
            raise RestError(failed, "Неверный родительский раздел")
        seen.add(above["id"])
        parent = above["iblockSectionId"]


@method("catalog.section.get", "id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One section."""
    return {"section": shown(_found(call), FIELDS)}


@method("catalog.section.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Sections of one information block."""
    given = call.get("filter")
    if not isinstance(given, dict) or not (given.get("iblockId") or given.get("=iblockId") or given.get("@iblockId")):
        raise RestError(0, "Required filter fields: iblockId")
    return listed(call, "sections", "sections", FIELDS)


@method("catalog.section.delete", "id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Delete a section with everything below it; its products stay, without a section."""
    writer(call, 200040300050)
    _remove(call, _found(call)["id"])
    return True


def _remove(call: Call, key: int) -> None:
    for row in call.store.all("sections"):
        if row["iblockSectionId"] == key:
            _remove(call, row["id"])
    for row in call.store.all("products"):
        if row["iblockSectionId"] == key:
            call.store.change("products", row, iblockSectionId=None)
    call.store.remove("sections", key)


@method("catalog.section.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a section."""
    return {"section": described(FIELDS)}


def _found(call: Call) -> Row:
    return needed(call, "sections", call["id"], RestError(NO_SUCH, "Section does not exist"))
