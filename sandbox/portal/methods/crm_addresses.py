"""crm.address.*: one address of each type for requisites, contacts and companies."""

from __future__ import annotations

from sandbox.portal.fields import names
from sandbox.portal.listing import conditions, page
from sandbox.portal.methods.crm_requisites import positive, refused, text_of
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

ADDRESS = names(
    "TYPE_ID ENTITY_TYPE_ID ENTITY_ID ADDRESS_1 ADDRESS_2 CITY POSTAL_CODE REGION PROVINCE COUNTRY COUNTRY_CODE "
    "LOC_ADDR_ID ANCHOR_TYPE_ID ANCHOR_ID"
)
ADDRESS_TYPES = frozenset({1, 4, 6, 8, 9, 11})


def _address(call: Call) -> tuple[Row, Row | None]:
    given = call["fields"]
    key = {name: positive(given, name) for name in ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID")}
    if key["TYPE_ID"] not in ADDRESS_TYPES:
        raise refused("TYPE_ID is not defined or invalid.")
    if key["ENTITY_TYPE_ID"] not in {1, 3, 4, 8}:
        raise refused("ENTITY_TYPE_ID is not defined or invalid.")
    kind = "requisites" if key["ENTITY_TYPE_ID"] == 8 else f"items_{key['ENTITY_TYPE_ID']}"
    owner = call.store.get(kind, key["ENTITY_ID"])
    if owner is None:
        raise refused("ENTITY_ID is not defined or invalid.")
    text = {name: str(value) for name, value in key.items()}
    if kind == "requisites":
        text |= {"ANCHOR_TYPE_ID": owner["ENTITY_TYPE_ID"], "ANCHOR_ID": owner["ENTITY_ID"]}
    else:
        text |= {"ANCHOR_TYPE_ID": text["ENTITY_TYPE_ID"], "ANCHOR_ID": text["ENTITY_ID"]}
    same = ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID")
    old = next((row for row in call.store.all("addresses") if all(row[name] == text[name] for name in same)), None)
    return text, old


def _event(call: Call, name: str, key: Row) -> None:
    call.happened(
        name, {field: key[field] for field in ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID", "ANCHOR_TYPE_ID", "ANCHOR_ID")}
    )


@method("crm.address.add", "fields*:array", scope="crm", write=True)
def address_add(call: Call) -> bool:
    """An address, one of each type."""
    key, old = _address(call)
    if old is not None:
        raise refused("TypeAddress exists")
    row = {name: text_of(call["fields"].get(name)) for name in ADDRESS}
    stored = call.store.add("addresses", row | key)
    call.store.change("addresses", stored, LOC_ADDR_ID=str(stored["id"]))
    _event(call, "ONCRMADDRESSREGISTER", key)
    return True


@method("crm.address.update", "fields*:array", scope="crm", write=True)
def address_update(call: Call) -> bool:
    """Change an address."""
    key, old = _address(call)
    if old is None:
        raise refused("TypeAddress not found")
    call.store.change(
        "addresses", old, **{name: text_of(call["fields"][name]) for name in ADDRESS[3:11] if name in call["fields"]}
    )
    _event(call, "ONCRMADDRESSREGISTER", key)
    return True


@method("crm.address.list", "select:array filter:array order:array start limit", scope="crm")
def address_list(call: Call) -> Page:
    """Addresses by filter."""
    test = conditions(call.get("filter") or {}, set(ADDRESS).__contains__)
    found = page(call, [row for row in call.store.all("addresses") if test(row)], call.get("order"))
    select = call.get("select") or ["*"]
    wanted = ADDRESS if "*" in select else [name for name in ADDRESS if name in select]
    return Page([{name: row[name] for name in wanted} for row in found.result], found.total, found.next)


@method("crm.address.delete", "fields*:array", scope="crm", write=True)
def address_delete(call: Call) -> bool:
    """Delete an address."""
    key, old = _address(call)
    if old is None:
        raise refused("TypeAddress not found")
    call.store.remove("addresses", old["id"])
    _event(call, "ONCRMADDRESSUNREGISTER", key)
    return True
