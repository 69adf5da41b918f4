"""Links between contacts and companies, and finding either by phone or e-mail."""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.methods.crm_entities import COMPANY, CONTACT, Entity, entity
from sandbox.portal.methods.crm_items import changed
from sandbox.portal.registry import Call, method
from sandbox.portal.store import Row


def _linked(call: Call, owner: int, key: Any) -> tuple[Entity, Row]:
    """A contact or a company by id, for the methods that link them."""
    known = entity(call, owner)
    row = call.store.get(known.kind, key)
    if row is None:
        raise RestError("", "Not found")
    return known, row


def _links(call: Call, owner: int, many: str, name: str) -> list[Row]:
    _, row = _linked(call, owner, call["id"])
    keys = row.get(many) or []
    return [
        {name: key, "SORT": 100 + place * 10, "ROLE_ID": 0, "IS_PRIMARY": "N" if place else "Y"} for place, key in enumerate(keys)
    ]


def _set_links(call: Call, owner: int, many: str, name: str) -> bool:
    known, row = _linked(call, owner, call["id"])
    given = call["items"] if isinstance(call["items"], list) else list(call["items"].values())
    if not all(isinstance(item, dict) and str(item.get(name, "")).isdigit() for item in given):
        raise RestError("", "The parameter items must be array")
    items = sorted(given, key=lambda item: (item.get("IS_PRIMARY") != "Y", int(item.get("SORT", 500))))
    keys = [int(item[name]) for item in items]
    changed(call, known, row, {**row, many: keys})
    return True


@method("crm.company.contact.items.get", "id*:int", scope="crm")
def company_contacts(call: Call) -> list[Row]:
    """Contacts of a company."""
    return _links(call, COMPANY, "contactIds", "CONTACT_ID")


@method("crm.company.contact.items.set", "id*:int items*:array", scope="crm", write=True)
def set_company_contacts(call: Call) -> bool:
    """Replace the contacts of a company."""
    return _set_links(call, COMPANY, "contactIds", "CONTACT_ID")


@method("crm.contact.company.items.get", "id*:int", scope="crm")
def contact_companies(call: Call) -> list[Row]:
    """Companies of a contact."""
    return _links(call, CONTACT, "companyIds", "COMPANY_ID")


@method("crm.contact.company.items.set", "id*:int items*:array", scope="crm", write=True)
def set_contact_companies(call: Call) -> bool:
    """Replace the companies of a contact."""
    return _set_links(call, CONTACT, "companyIds", "COMPANY_ID")


@method("crm.duplicate.findbycomm", "entity_type:string type:string values:array", scope="crm")
def duplicates(call: Call) -> Row | list[Any]:
    """Ids of leads, contacts and companies with one of the phones or addresses; `[]` for none."""
    kind, wanted = str(call.get("type") or ""), call.get("values") or []
    if not kind:
        raise RestError("", "Communication type is not defined")
    if kind not in {"PHONE", "EMAIL"}:
        raise RestError("", f"Communication type '{kind}' is not supported in current context")
    if not wanted:
        raise RestError("", "Communication values is not defined")
    sought = {_same(kind, value) for value in list(wanted)[:20]}
    found: Row = {}
    for type_id, name in ((1, "LEAD"), (CONTACT, "CONTACT"), (COMPANY, "COMPANY")):
        if call.get("entity_type") in (None, "", name):
            rows = call.store.all(f"items_{type_id}")
            keys = [
                row["id"]
                for row in rows
                if any(fm["typeId"] == kind and _same(kind, fm["value"]) in sought for fm in row["fm"] or [])
            ]
            if keys:
                found[name] = keys
    return found or []


def _same(kind: str, value: Any) -> str:
    text = str(value).casefold()
    return "".join(mark for mark in text if mark.isdigit())[-10:] if kind == "PHONE" else text
