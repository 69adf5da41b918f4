"""Kinds of CRM objects: their fields, where their stages are, and which events they raise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.fields import Field, fields
from sandbox.portal.registry import Call
from sandbox.portal.store import Row

LEAD, DEAL, CONTACT, COMPANY, QUOTE, INVOICE = 1, 2, 3, 4, 7, 31
NOT_FOUND = RestError("NOT_FOUND", "Смарт-процесс не найден")

_KEPT = (
    "id!:integer createdTime!:datetime updatedTime!:datetime createdBy!:user updatedBy!:user assignedById:user "
    "opened:boolean lastActivityBy!:user lastActivityTime!:datetime entityTypeId!:integer observers:users "
)
_UTM = "utmSource:string utmMedium:string utmCampaign:string utmContent:string utmTerm:string "
_SHORT = "dateCreateShort!:string dateModifyShort!:string "
_ORIGIN = "originatorId:string originId:string "
_MONEY = "opportunity:double isManualOpportunity:boolean currencyId:crm_currency "
_SOURCE = "sourceId:crm_status sourceDescription:text "
_MOVED = "movedBy!:user movedTime!:datetime "
_FM = (
    "fm:multifields hasPhone!:boolean hasEmail!:boolean hasImol!:boolean phoneWork!:string emailWork!:string "
    "phone!:string email!:string "
)
_PERSON = "name:string lastName:string secondName:string honorific:crm_status birthdate:date post:string address:string "

DEAL_FIELDS = fields(
    _KEPT
    + _SHORT
    + _UTM
    + _ORIGIN
    + _MONEY
    + _SOURCE
    + _MOVED
    + "leadId:integer companyId:crm_company contactId:crm_contact quoteId:integer title:string productId!:integer "
    "categoryId:crm_category stageId:crm_status stageSemanticId!:string isNew!:boolean isRecurring!:boolean "
    "isReturnCustomer!:boolean isRepeatedApproach!:boolean closed:boolean typeId:crm_status taxValue:double "
    "probability:integer comments:text begindate:date begindateShort!:string closedate:date closedateShort!:string "
    "eventDate!:datetime eventDateShort!:string eventId!:integer eventDescription!:string locationId!:integer "
    "webformId:integer additionalInfo:text searchContent!:string orderStage!:string isWork!:boolean isWon!:boolean "
    "isLose!:boolean receivedAmount!:double lostAmount!:double hasProducts!:boolean contactIds:contacts"
)
LEAD_FIELDS = fields(
    _KEPT
    + _SHORT
    + _UTM
    + _ORIGIN
    + _MONEY
    + _SOURCE
    + _MOVED
    + _FM
    + _PERSON
    + "companyId:crm_company contactId:crm_contact stageId:crm_status isConvert!:boolean statusDescription:text "
    "stageSemanticId!:string productId!:integer title:string shortName!:string companyTitle:string comments:text "
    "webformId:integer dateClosed!:datetime login!:string isReturnCustomer!:boolean searchContent!:string "
    "phoneMobile!:string phoneMailing!:string emailHome!:string emailMailing!:string skype!:string icq!:string "
    "imol!:string contactIds:contacts"
)
CONTACT_FIELDS = fields(
    _KEPT
    + _UTM
    + _ORIGIN
    + _SOURCE
    + _FM
    + _PERSON
    + "originVersion:string typeId:crm_status companyId:crm_company comments:text leadId:integer export:boolean "
    "photo:file webformId:integer companyIds:companies categoryId:integer"
)
COMPANY_FIELDS = fields(
    _KEPT
    + _UTM
    + _ORIGIN
    + _FM
    + "originVersion:string title*:string typeId:crm_status industry:crm_status employees:string revenue:double "
    "currencyId:crm_currency isMyCompany:boolean comments:text leadId:integer address:string bankingDetails:text "
    "webformId:integer logo:file contactIds:contacts categoryId:integer"
)
QUOTE_FIELDS = fields(
    _KEPT
    + _UTM
    + _MONEY
    + "title:string stageId:crm_status stageSemanticId!:string dealId:integer leadId:integer companyId:crm_company "
    "contactId:crm_contact mycompanyId:crm_company taxValue:double begindate:date closedate:date quoteNumber:string "
    "comments:text content:text terms:text closed:boolean contactIds:contacts"
)
DYNAMIC_FIELDS = fields(
    _KEPT
    + _MONEY
    + _SOURCE
    + _MOVED
    + "title:string xmlId:string webformId:integer begindate:date closedate:date companyId:crm_company "
    "contactId:crm_contact contactIds:contacts categoryId:crm_category stageId:crm_status previousStageId!:crm_status "
    "mycompanyId:crm_company taxValue:double"
)
INVOICE_FIELDS = DYNAMIC_FIELDS | fields("accountNumber:string comments:text")


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of CRM object."""

    type_id: int
    short: str
    code: str
    name: str
    table: dict[str, Field]
    event: str
    stages: str
    uf: str
    categories: bool = False

    @property
    def kind(self) -> str:
        """The store's table of its items."""
        return f"items_{self.type_id}"


ENTITIES = {
    entity.type_id: entity
    for entity in (
        Entity(LEAD, "L", "LEAD", "Лид", LEAD_FIELDS, "ONCRMLEAD", "STATUS", "CRM_LEAD"),
        Entity(DEAL, "D", "DEAL", "Сделка", DEAL_FIELDS, "ONCRMDEAL", "DEAL_STAGE", "CRM_DEAL", categories=True),
        Entity(CONTACT, "C", "CONTACT", "Контакт", CONTACT_FIELDS, "ONCRMCONTACT", "", "CRM_CONTACT"),
        Entity(COMPANY, "CO", "COMPANY", "Компания", COMPANY_FIELDS, "ONCRMCOMPANY", "", "CRM_COMPANY"),
        Entity(QUOTE, "Q", "QUOTE", "Предложение", QUOTE_FIELDS, "ONCRMQUOTE", "QUOTE_STATUS", "CRM_QUOTE"),
        Entity(
            INVOICE,
            "SI",
            "SMART_INVOICE",
            "Счёт",
            INVOICE_FIELDS,
            "ONCRMDYNAMICITEM",
            "SMART_INVOICE_STAGE",
            "CRM_SMART_INVOICE",
            categories=True,
        ),
    )
}


def entity(call: Call, type_id: Any) -> Entity:
    """The kind with a type id, smart processes included; NOT_FOUND otherwise, also for invoices of the old kind."""
    try:
        key = int(type_id)
    except (TypeError, ValueError):
        raise NOT_FOUND from None
    if key == 5:
        raise RestError("ENTITY_TYPE_NOT_SUPPORTED", "Entity type `Invoice` is not supported")
    if key in ENTITIES:
        return ENTITIES[key]
    row = next((row for row in call.store.all("types") if row["entityTypeId"] == key), None)
    if row is None:
        raise NOT_FOUND
    short, code = f"T{key:x}", f"DYNAMIC_{key}"
    return Entity(
        key, short, code, row["title"], DYNAMIC_FIELDS, "ONCRMDYNAMICITEM", f"{code}_STAGE", f"CRM_{row['id']}", categories=True
    )


def by_short(call: Call, short: Any) -> Entity:
    """The kind with a short code such as D or SI; ENTITY_TYPE_NOT_SUPPORTED otherwise."""
    for known in ENTITIES.values():
        if known.short == short:
            return known
    match = re.fullmatch(r"T([0-9a-fA-F]+)", str(short))
    if match is not None and any(row["entityTypeId"] == int(match[1], 16) for row in call.store.all("types")):
        return entity(call, int(match[1], 16))
    raise RestError("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")


def user_fields(call: Call, known: Entity) -> dict[str, Row]:
    """The kind's user fields by their camel-case name."""
    rows = (row for row in call.store.all("userfields") if row["entityId"] == known.uf)
    return {camel(row["fieldName"]): row for row in rows}


def camel(name: str) -> str:
    """A user field's name in items: UF_CRM_17 → ufCrm_17, UF_CRM_7_SUM → ufCrm7_Sum, UF_CRM_DEAL_NO → ufCrmDealNo."""
    rest = name.removeprefix("UF_CRM_")
    if rest.isdigit():
        return f"ufCrm_{rest}"
    head, _, tail = rest.partition("_")
    if head.isdigit():
        return f"ufCrm{head}_{_words(tail)}"
    return f"ufCrm{_words(rest)}"


def _words(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def upper(name: str) -> str:
    """The old upper-case name of a field: createdTime → CREATED_TIME."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def stage_dictionary(known: Entity, category: Any) -> str:
    """ENTITY_ID of the dictionary with the stages of a funnel."""
    if not known.categories:
        return known.stages
    return known.stages if known.type_id == DEAL and not category else f"{known.stages}_{category}"


def stages(call: Call, known: Entity, category: Any) -> list[Row]:
    """The stages of a funnel, in order."""
    name = stage_dictionary(known, category)
    return sorted((row for row in call.store.all("statuses") if row["ENTITY_ID"] == name), key=lambda row: int(row["SORT"]))


def default_category(call: Call, known: Entity) -> int | None:
    """The funnel an item gets when none is named."""
    if not known.categories:
        return None
    rows = [row for row in call.store.all("categories") if row["entityTypeId"] == known.type_id]
    return next((int(row["id"]) for row in rows if row["isDefault"] == "Y"), None)
