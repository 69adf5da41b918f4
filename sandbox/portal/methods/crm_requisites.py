"""crm.requisite.*, bank details, templates and links: old methods, values are strings, `error` is often empty."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import names
from sandbox.portal.listing import conditions, page
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

_STAMPS = ("DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID")
REQUISITE = names(
    "ENTITY_TYPE_ID ENTITY_ID PRESET_ID DATE_CREATE DATE_MODIFY CREATED_BY_ID MODIFY_BY_ID NAME CODE XML_ID "
    "ORIGINATOR_ID ACTIVE ADDRESS_ONLY SORT RQ_NAME RQ_FIRST_NAME RQ_LAST_NAME RQ_SECOND_NAME RQ_COMPANY_ID "
    "RQ_COMPANY_NAME RQ_COMPANY_FULL_NAME RQ_COMPANY_REG_DATE RQ_DIRECTOR RQ_ACCOUNTANT RQ_CEO_NAME RQ_CEO_WORK_POS "
    "RQ_CONTACT RQ_EMAIL RQ_PHONE RQ_FAX RQ_IDENT_TYPE RQ_IDENT_DOC RQ_IDENT_DOC_SER RQ_IDENT_DOC_NUM "
    "RQ_IDENT_DOC_PERS_NUM RQ_IDENT_DOC_DATE RQ_IDENT_DOC_ISSUED_BY RQ_IDENT_DOC_DEP_CODE RQ_INN RQ_KPP RQ_USRLE "
    "RQ_IFNS RQ_OGRN RQ_OGRNIP RQ_OKPO RQ_OKTMO RQ_OKVED RQ_EDRPOU RQ_DRFO RQ_KBE RQ_IIN RQ_BIN RQ_ST_CERT_SER "
    "RQ_ST_CERT_NUM RQ_ST_CERT_DATE RQ_VAT_PAYER RQ_VAT_ID RQ_VAT_CERT_SER RQ_VAT_CERT_NUM RQ_VAT_CERT_DATE "
    "RQ_RESIDENCE_COUNTRY RQ_BASE_DOC RQ_REGON RQ_KRS RQ_PESEL RQ_LEGAL_FORM RQ_SIRET RQ_SIREN RQ_CAPITAL RQ_RCS "
    "RQ_CNPJ RQ_STATE_REG RQ_MNPL_REG RQ_CPF"
)
BANK = names(
    "ENTITY_ID COUNTRY_ID DATE_CREATE DATE_MODIFY CREATED_BY_ID MODIFY_BY_ID NAME CODE XML_ID ORIGINATOR_ID ACTIVE "
    "SORT RQ_BANK_NAME RQ_BANK_CODE RQ_BANK_ADDR RQ_BANK_ROUTE_NUM RQ_BIK RQ_MFO RQ_ACC_NAME RQ_ACC_NUM RQ_ACC_TYPE "
    "RQ_IIK RQ_ACC_CURRENCY RQ_COR_ACC_NUM RQ_IBAN RQ_SWIFT RQ_BIC RQ_CODEB RQ_CODEG RQ_RIB RQ_AGENCY_NAME COMMENTS"
)
PRESET = ("ENTITY_TYPE_ID", "COUNTRY_ID", *_STAMPS, "NAME", "XML_ID", "ACTIVE", "SORT")
LINK = ("ENTITY_TYPE_ID", "ENTITY_ID", "REQUISITE_ID", "BANK_DETAIL_ID", "MC_REQUISITE_ID", "MC_BANK_DETAIL_ID")
FIXED = frozenset({"ENTITY_TYPE_ID", "ENTITY_ID"})


def refused(text: str) -> RestError:
    """The old methods' error: an empty code and a sentence."""
    return RestError("", text)


def positive(fields: Any, name: str) -> int:
    """A required id out of a map of fields."""
    try:
        value = int((fields if isinstance(fields, dict) else {}).get(name) or 0)
    except (TypeError, ValueError):
        value = 0
    if value <= 0:
        raise refused(f"{name} is not defined or invalid.")
    return value


def text_of(value: Any) -> str | None:
    """A value as these methods keep it: text or nothing."""
    return None if value in (None, "") else str(value)


def _fresh(call: Call, known: tuple[str, ...], given: Row) -> Row:
    row: Row = {name: text_of(given.get(name)) for name in known}
    row |= {
        "DATE_CREATE": iso(call.portal.clock()),
        "DATE_MODIFY": "",
        "CREATED_BY_ID": str(call.user["id"]),
        "MODIFY_BY_ID": None,
    }
    return row | {"ACTIVE": row["ACTIVE"] or "Y", "SORT": row["SORT"] or "500"}


def _changes(call: Call, known: tuple[str, ...], given: Row) -> Row:
    sent = {name: text_of(given[name]) for name in known if name in given and name not in FIXED and name not in _STAMPS}
    return sent | {"DATE_MODIFY": iso(call.portal.clock()), "MODIFY_BY_ID": str(call.user["id"])}


def _shown(row: Row, known: tuple[str, ...], select: Any = None) -> Row:
    wanted = ("ID", *known) if not select or "*" in select else [name for name in ("ID", *known) if name in select]
    return {name: str(row["id"]) if name == "ID" else row.get(name) for name in wanted}


def _read(row: Row, name: str) -> Any:
    return row["id"] if name in {"ID", "id"} else row.get(name)


def _list(call: Call, kind: str, known: tuple[str, ...]) -> Page:
    test = conditions(call.get("filter") or {}, {"ID", *known}.__contains__, read=_read)
    found = page(call, [row for row in call.store.all(kind) if test(row)], call.get("order"), read=_read)
    return Page([_shown(row, known, call.get("select")) for row in found.result], found.total, found.next)


def _found(call: Call, kind: str, key: Any, noun: str = "Requisite") -> Row:
    row = call.store.get(kind, key)
    if row is None:
        raise refused(f"The {noun} with ID '{key}' is not found")
    return row


# --- requisites ----------------------------------------------------------------------------------------------------------


@method("crm.requisite.add", "fields*:array", scope="crm", write=True)
def add(call: Call) -> int:
    """Requisites of a contact or a company."""
    given = call["fields"]
    owner, key, preset = positive(given, "ENTITY_TYPE_ID"), positive(given, "ENTITY_ID"), positive(given, "PRESET_ID")
    if owner not in {3, 4}:
        raise refused("ENTITY_TYPE_ID is not defined or invalid.")
    if call.store.get(f"items_{owner}", key) is None:
        raise refused("Entity not found.")
    if call.store.get("presets", preset) is None:
        raise refused("PRESET_ID is not defined or invalid.")
    stored = call.store.add(
        "requisites", _fresh(call, REQUISITE, given) | {"ADDRESS_ONLY": text_of(given.get("ADDRESS_ONLY")) or "N"}
    )
    call.happened("ONCRMREQUISITEADD", {"ID": stored["id"]})
    return int(stored["id"])


@method("crm.requisite.update", "id*:int fields*:array", scope="crm", write=True)
def update(call: Call) -> bool:
    """Change requisites."""
    row = _found(call, "requisites", call["id"])
    call.store.change("requisites", row, **_changes(call, REQUISITE, call["fields"]))
    call.happened("ONCRMREQUISITEUPDATE", {"ID": row["id"]})
    return True


@method("crm.requisite.get", "id*:int", scope="crm")
def get(call: Call) -> Row:
    """One set of requisites."""
    return _shown(_found(call, "requisites", call["id"]), REQUISITE)


@method("crm.requisite.list", "select:array filter:array order:array start", scope="crm")
def list_(call: Call) -> Page:
    """Requisites by filter."""
    return _list(call, "requisites", REQUISITE)


@method("crm.requisite.delete", "id*:int", scope="crm", write=True)
def delete(call: Call) -> bool:
    """Delete requisites with their bank details and addresses."""
    row = _found(call, "requisites", call["id"])
    for bank in call.store.all("bankdetails"):
        if bank["ENTITY_ID"] == str(row["id"]):
            call.store.remove("bankdetails", bank["id"])
    for address in call.store.all("addresses"):
        if (address["ENTITY_TYPE_ID"], address["ENTITY_ID"]) == ("8", str(row["id"])):
            call.store.remove("addresses", address["id"])
    call.store.remove("requisites", row["id"])
    call.happened("ONCRMREQUISITEDELETE", {"ID": row["id"]})
    return True


@method("crm.requisite.preset.list", "select:array filter:array order:array start", scope="crm")
def presets(call: Call) -> Page:
    """Templates of requisites."""
    return _list(call, "presets", PRESET)


@method("crm.requisite.preset.get", "id*:int", scope="crm")
def preset(call: Call) -> Row:
    """One template."""
    return _shown(_found(call, "presets", call["id"], "Preset"), PRESET)


# --- bank details --------------------------------------------------------------------------------------------------------


@method("crm.requisite.bankdetail.add", "fields*:array", scope="crm", write=True)
def bank_add(call: Call) -> int:
    """A bank account of requisites."""
    given = call["fields"]
    if call.store.get("requisites", positive(given, "ENTITY_ID")) is None:
        raise refused("ENTITY_ID is not defined or invalid")
    if not given.get("NAME"):
        raise refused("NAME is not defined or invalid")
    stored = call.store.add("bankdetails", _fresh(call, BANK, given))
    call.happened("ONCRMBANKDETAILADD", {"ID": stored["id"]})
    return int(stored["id"])


@method("crm.requisite.bankdetail.update", "id*:int fields*:array", scope="crm", write=True)
def bank_update(call: Call) -> bool:
    """Change a bank account."""
    row = _found(call, "bankdetails", call["id"])
    call.store.change("bankdetails", row, **_changes(call, BANK, call["fields"]))
    call.happened("ONCRMBANKDETAILUPDATE", {"ID": row["id"]})
    return True


@method("crm.requisite.bankdetail.get", "id*:int", scope="crm")
def bank_get(call: Call) -> Row:
    """One bank account."""
    return _shown(_found(call, "bankdetails", call["id"]), BANK)


@method("crm.requisite.bankdetail.list", "select:array filter:array order:array start", scope="crm")
def bank_list(call: Call) -> Page:
    """Bank accounts by filter."""
    return _list(call, "bankdetails", BANK)


@method("crm.requisite.bankdetail.delete", "id*:int", scope="crm", write=True)
def bank_delete(call: Call) -> bool:
    """Delete a bank account."""
    row = _found(call, "bankdetails", call["id"])
    call.store.remove("bankdetails", row["id"])
    call.happened("ONCRMBANKDETAILDELETE", {"ID": row["id"]})
    return True


# --- links ---------------------------------------------------------------------------------------------------------------


def _link(call: Call, owner: int, key: int) -> Row | None:
    return next(
        (row for row in call.store.all("requisite_links") if (row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == (owner, key)), None
    )


@method("crm.requisite.link.register", "fields*:array", scope="crm", write=True)
def link_register(call: Call) -> bool:
    """Say which requisites a deal, quote or invoice is made out to; they must belong to its client."""
    given = call["fields"]
    owner, key = positive(given, "ENTITY_TYPE_ID"), positive(given, "ENTITY_ID")
    item = call.store.get(f"items_{owner}", key)
    if item is None:
        raise refused("ENTITY_ID is not defined or invalid")
    row: Row = {"ENTITY_TYPE_ID": owner, "ENTITY_ID": key} | {name: int(given.get(name) or 0) for name in LINK[2:]}
    for name, party in (
        ("REQUISITE_ID", (item.get("companyId"), item.get("contactId"))),
        ("MC_REQUISITE_ID", (item.get("mycompanyId"),)),
    ):
        _belongs(call, row, name, party)
    old = _link(call, owner, key)
    call.store.change("requisite_links", old, **row) if old else call.store.add("requisite_links", row)
    return True


def _belongs(call: Call, row: Row, name: str, party: tuple[Any, ...]) -> None:
    if not row[name]:
        return
    requisite = call.store.get("requisites", row[name])
    # Deals have no field for the own company, so any of its requisites will do there.
    if requisite is None or (any(party) and int(requisite["ENTITY_ID"]) not in party):
        raise refused(f"{name} is not defined or invalid")
    bank = row[name.replace("REQUISITE_ID", "BANK_DETAIL_ID")]
    detail = call.store.get("bankdetails", bank)
    if bank and (detail is None or detail["ENTITY_ID"] != str(row[name])):
        raise refused(f"{name.replace('REQUISITE_ID', 'BANK_DETAIL_ID')} is not defined or invalid")


@method("crm.requisite.link.get", "entityTypeId*:int entityId*:int", scope="crm")
def link_get(call: Call) -> Row:
    """The link of one object."""
    row = _link(call, call["entityTypeId"], call["entityId"])
    if row is None:
        raise refused("Not found")
    return {name: row[name] if name in FIXED else str(row[name]) for name in LINK}


@method("crm.requisite.link.list", "select:array filter:array order:array start", scope="crm")
def link_list(call: Call) -> Page:
    """Links by filter."""
    test = conditions(call.get("filter") or {}, set(LINK).__contains__)
    found = page(call, [row for row in call.store.all("requisite_links") if test(row)], call.get("order"))
    return Page([{name: str(row[name]) for name in LINK} for row in found.result], found.total, found.next)


@method("crm.requisite.link.unregister", "entityTypeId*:int entityId*:int", scope="crm", write=True)
def link_unregister(call: Call) -> bool:
    """Forget the link of one object."""
    row = _link(call, call["entityTypeId"], call["entityId"])
    if row is not None:
        call.store.remove("requisite_links", row["id"])
    return True
