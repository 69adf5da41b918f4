"""Lines and suppliers of warehouse documents; only drafts may change."""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.fields import fields, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown
from sandbox.portal.methods.catalog_documents import CONDUCTED
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

ELEMENT = fields(
    "id!:integer docId*^:integer storeFrom:integer storeTo:integer elementId*:integer amount:double purchasingPrice:double",
    amount=0,
)
CONTRACTOR = fields("id!:integer documentId*:integer entityTypeId*:integer entityId*:integer")


def _draft(call: Call, key: Any) -> Row:
    row = needed(call, "documents", key, RestError("ERROR_DOCUMENT_STATUS", "Document not found"))
    if row["status"] == CONDUCTED:
        raise RestError("ERROR_DOCUMENT_STATUS", "Conducted document")
    return row


@method("catalog.document.element.add", "fields*:array", scope="catalog", write=True)
def element_add(call: Call) -> Row:
    """Add one line to a draft."""
    _element_writer(call)
    row = with_defaults(read(call, call["fields"], ELEMENT, adding=True), ELEMENT)
    _draft(call, row["docId"])
    if call.store.get("products", row["elementId"]) is None:
        raise RestError(0, "Error of adding new document element")
    return {"documentElement": shown(call.store.add("document_elements", row), ELEMENT)}


@method("catalog.document.element.update", "id*:int fields*:array", scope="catalog", write=True)
def element_update(call: Call) -> Row:
    """Change a line of a draft."""
    _element_writer(call)
    old = _element(call)
    row = {**old, **read(call, call["fields"], ELEMENT, adding=False)}
    return {"documentElement": shown(call.store.put("document_elements", row), ELEMENT)}


@method("catalog.document.element.list", "select:array filter:array order:array start", scope="catalog")
def element_list(call: Call) -> Page:
    """Lines of documents."""
    return listed(call, "document_elements", "documentElements", ELEMENT)


@method("catalog.document.element.delete", "id*:int", scope="catalog", write=True)
def element_delete(call: Call) -> bool:
    """Remove a line of a draft."""
    _element_writer(call)
    call.store.remove("document_elements", _element(call)["id"])
    return True


def _element_writer(call: Call) -> None:
    if not call.admin:
        raise RestError("ERROR_DOCUMENT_RIGHTS", "Access denied")


def _element(call: Call) -> Row:
    row = needed(call, "document_elements", call["id"], RestError("ERROR_DOCUMENT_STATUS", "Document not found"))
    _draft(call, row["docId"])
    return row


@method("catalog.documentcontractor.add", "fields*:array", scope="catalog", write=True)
def contractor_add(call: Call) -> Row:
    """Name the supplier of an arrival."""
    row = with_defaults(read(call, call["fields"], CONTRACTOR, adding=True), CONTRACTOR)
    document = needed(call, "documents", row["documentId"], RestError(0, "Store document was not found"))
    if document["docType"] != "A":
        raise RestError(0, "Type of store document is wrong")
    if document["status"] == CONDUCTED:
        raise RestError(0, "Unable to edit conducted document")
    if row["entityTypeId"] not in {3, 4}:
        raise RestError(0, "Wrong entity type id")
    needed(call, f"items_{row['entityTypeId']}", row["entityId"], RestError(0, "Wrong entity id"))
    bound = [one for one in call.store.all("contractors") if one["documentId"] == row["documentId"]]
    if any(one["entityTypeId"] == row["entityTypeId"] and one["entityId"] == row["entityId"] for one in bound):
        raise RestError(0, "This contractor has been already bound to this document")
    if row["entityTypeId"] == 4 and any(one["entityTypeId"] == 4 for one in bound):
        raise RestError(0, "This document already has a Company contractor")
    return {"documentContractor": shown(call.store.add("contractors", row), CONTRACTOR)}


@method("catalog.documentcontractor.list", "select:array filter:array order:array start", scope="catalog")
def contractor_list(call: Call) -> Page:
    """Suppliers of documents."""
    return listed(call, "contractors", "documentContractor", CONTRACTOR)


@method("catalog.enum.getStoreDocumentTypes", scope="catalog")
def document_types(call: Call) -> Row:
    """Kinds of documents."""
    names = {
        "A": "Приход товара на склад",
        "S": "Оприходование товара",
        "M": "Перемещение товара между складами",
        "R": "Возврат товара",
        "D": "Списание товара",
    }
    return {"enum": [{"id": key, "name": name} for key, name in names.items()]}
