"""The CRM's part of the scenario: one call of every CRM method with documented facts."""

from __future__ import annotations

from typing import Any

from tests.sandbox.portal.client import PNG, Client

Parameters = dict[str, Any]
LAYOUT = {
    "icon": {"code": "call-completed"},
    "header": {"title": "Реализация", "tags": {"done": {"title": "проведена", "type": "success"}}},
    "body": {
        "logo": {"code": "call-incoming", "action": {"type": "redirect", "uri": "/crm/deal/details/1/"}},
        "blocks": {"sum": {"type": "text", "properties": {"value": "100"}}},
    },
    "footer": {"buttons": {"open": {"title": "Открыть", "type": "primary", "action": {"type": "openRestApp"}}}},
}
RELATIONS = {"parent": [{"entityTypeId": 2, "isChildrenListEnabled": "true"}], "child": [{"entityTypeId": 3}]}
ENUM = [{"value": "Да", "def": "N", "sort": 100}, {"value": "Нет", "def": "Y", "sort": 200}]


def furnish_crm(rest: Client, one: dict[str, int]) -> None:
    """Put one of each CRM thing on the portal, adding their ids."""

    def item(type_id: int, **fields: Any) -> int:
        return int(rest.ok("crm.item.add", entityTypeId=type_id, fields=fields)["item"]["id"])

    rest.ok("crm.category.add", entityTypeId=2, fields={"name": "Опт"})
    one["mine"] = item(4, title="Наша фирма", isMyCompany="Y")
    phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+7 900 000-00-01"}]
    one["company"] = item(4, title="Ромашка", originatorId="onec", originId="guid", fm=phone)
    one["contact"] = item(3, name="Пётр", companyId=one["company"], fm=phone)
    one["type"] = rest.ok("crm.type.add", fields={"title": "Договоры", "relations": RELATIONS})["type"]["id"]
    one["etid"] = rest.ok("crm.type.get", id=one["type"])["type"]["entityTypeId"]
    one["contract"] = item(one["etid"], title="Договор")
    one["deal"] = item(2, title="Заказ", companyId=one["company"], contactIds=[one["contact"]], observers=[2])
    one["lead"] = item(1, title="Лид", name="Пётр", fm=phone)
    one["invoice"] = item(31, title="Счёт", companyId=one["company"], parentId2=one["deal"])
    row = {"productId": one["product"], "price": 90000, "quantity": 3, "discountTypeId": 2, "discountRate": 10, "taxRate": 10}
    rows = [row | {"taxIncluded": "Y"}, {"productName": "Доставка", "price": 100, "quantity": 1}]
    set_rows = rest.ok("crm.item.productrow.set", ownerType="D", ownerId=one["deal"], productRows=rows)
    one["row"] = set_rows["productRows"][0]["id"]
    requisite = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": one["company"], "PRESET_ID": 1, "NAME": "Организация", "RQ_INN": "7700000001"}
    one["requisite"] = rest.ok("crm.requisite.add", fields=requisite)
    bank = {"ENTITY_ID": one["requisite"], "COUNTRY_ID": 1, "NAME": "Банк", "RQ_BIK": "040000001"}
    one["bank"] = rest.ok("crm.requisite.bankdetail.add", fields=bank)
    address = {"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": one["requisite"], "CITY": "Тула"}
    rest.ok("crm.address.add", fields=address)
    link = {"ENTITY_TYPE_ID": 31, "ENTITY_ID": one["invoice"], "REQUISITE_ID": one["requisite"], "BANK_DETAIL_ID": one["bank"]}
    rest.ok("crm.requisite.link.register", fields=link)
    field = {
        "entityId": "CRM_DEAL",
        "fieldName": "UF_CRM_DEAL_ONEC",
        "userTypeId": "enumeration",
        "enum": ENUM,
        "editFormLabel": {"ru": "1С"},
    }
    one["field"] = int(rest.ok("userfieldconfig.add", moduleId="crm", field=field)["field"]["id"])
    activity = {"ownerTypeId": 2, "ownerId": one["deal"], "fields": {"typeId": "CONFIGURABLE"}, "layout": LAYOUT}
    one["activity"] = rest.ok("crm.activity.configurable.add", **activity)["activity"]["id"]
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": one["deal"], "COMMENT": "x", "FILES": [["1.gif", PNG]]}
    rest.ok("crm.timeline.comment.add", fields=comment)
    log = {"entityTypeId": 2, "entityId": one["deal"], "title": "t", "text": "x", "iconCode": "info"}
    rest.ok("crm.timeline.logmessage.add", fields=log)
    rest.ok("crm.automation.trigger.add", CODE="paid", NAME="Оплачен")


def crm_parameters(one: dict[str, int]) -> dict[str, Parameters]:
    """What to send to each CRM method."""
    return _items(one) | _requisites(one) | _rest(one)


def _items(one: dict[str, int]) -> dict[str, Parameters]:
    deal = {"entityTypeId": 2, "id": one["deal"]}
    row = {"ownerId": one["deal"], "ownerType": "D", "productId": one["product"], "price": 80000, "quantity": 2, "taxRate": 20}
    return {
        "crm.item.add": {
            "entityTypeId": 2,
            "fields": {"title": "Ещё", "leadId": one["lead"], "observers": [2], "contactIds": [one["contact"]]},
        },
        "crm.item.update": deal | {"fields": {"title": "Иначе"}},
        "crm.item.get": {"entityTypeId": 1, "id": one["lead"]},
        "crm.item.list": {
            "entityTypeId": 1,
            "select": [
                "id",
                "assignedById",
                "stageId",
                "opportunity",
                "sourceId",
                "title",
                "name",
                "lastName",
                "isManualOpportunity",
            ],
        },
        "crm.item.delete": deal,
        "crm.item.fields": {"entityTypeId": one["etid"]},
        "crm.item.import": {"entityTypeId": 2, "fields": {"title": "Ещё"}},
        "crm.item.batchImport": {"entityTypeId": 4, "data": [{"title": "Ещё"}, {}]},
        "crm.item.productrow.set": {
            "ownerType": "D",
            "ownerId": one["deal"],
            "productRows": [{"productId": one["product"], "price": 5}],
        },
        "crm.item.productrow.add": {"fields": row},
        "crm.item.productrow.update": {"id": one["row"], "fields": {"quantity": 4}},
        "crm.item.productrow.get": {"id": one["row"]},
        "crm.item.productrow.list": {"filter": {"=ownerType": "D", "=ownerId": one["deal"], ">price": 5000}},
        "crm.item.productrow.delete": {"id": one["row"]},
        "crm.company.contact.items.get": {"id": one["company"]},
        "crm.company.contact.items.set": {"id": one["company"], "items": [{"CONTACT_ID": one["contact"]}]},
        "crm.contact.company.items.get": {"id": one["contact"]},
        "crm.contact.company.items.set": {"id": one["contact"], "items": [{"COMPANY_ID": one["company"]}]},
        "crm.duplicate.findbycomm": {"entity_type": "CONTACT", "type": "PHONE", "values": ["8 900 0000001"]},
    }


def _requisites(one: dict[str, int]) -> dict[str, Parameters]:
    owner = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": one["company"], "PRESET_ID": 1, "NAME": "Ещё"}
    place = {"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": one["requisite"]}
    link = {"entityTypeId": 31, "entityId": one["invoice"]}
    registered = {"ENTITY_TYPE_ID": 2, "ENTITY_ID": one["deal"], "REQUISITE_ID": one["requisite"]}
    return {
        "crm.requisite.add": {"fields": owner},
        "crm.requisite.update": {"id": one["requisite"], "fields": {"RQ_KPP": "770001001"}},
        "crm.requisite.get": {"id": one["requisite"]},
        "crm.requisite.list": {"select": ["ENTITY_TYPE_ID", "ENTITY_ID", "ID", "NAME"], "filter": {"RQ_INN": "7700000001"}},
        "crm.requisite.delete": {"id": one["requisite"]},
        "crm.requisite.preset.list": {"filter": {"COUNTRY_ID": "1"}, "select": ["ID", "NAME"]},
        "crm.requisite.preset.get": {"id": 1},
        "crm.requisite.bankdetail.add": {"fields": {"ENTITY_ID": one["requisite"], "NAME": "Ещё"}},
        "crm.requisite.bankdetail.update": {"id": one["bank"], "fields": {"NAME": "Иначе"}},
        "crm.requisite.bankdetail.get": {"id": one["bank"]},
        "crm.requisite.bankdetail.list": {"select": ["ID", "ENTITY_ID", "NAME"]},
        "crm.requisite.bankdetail.delete": {"id": one["bank"]},
        "crm.requisite.link.register": {"fields": registered},
        "crm.requisite.link.get": link,
        "crm.requisite.link.unregister": link,
        "crm.address.add": {"fields": place | {"TYPE_ID": 1}},
        "crm.address.update": {"fields": place | {"CITY": "Омск"}},
        "crm.address.delete": {"fields": place},
        "crm.address.list": {"filter": {"ENTITY_TYPE_ID": 8}},
    }


def _rest(one: dict[str, int]) -> dict[str, Parameters]:
    field = {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_DEAL_MORE", "userTypeId": "enumeration", "enum": ENUM}
    owner = {"ownerTypeId": 2, "ownerId": one["deal"]}
    log = {"entityTypeId": 2, "entityId": one["deal"]}
    return {
        "crm.category.list": {"entityTypeId": 2},
        "crm.category.get": {"entityTypeId": 31, "id": 1},
        "crm.category.add": {"entityTypeId": 2, "fields": {"name": "Опт"}},
        "crm.status.list": {"filter": {"ENTITY_ID": "DEAL_STAGE"}},
        "crm.status.add": {"fields": {"ENTITY_ID": "SOURCE", "STATUS_ID": "ONEC", "NAME": "1С"}},
        "crm.type.add": {"fields": {"title": "Ещё", "entityTypeId": 1040, "relations": RELATIONS}},
        "crm.type.get": {"id": one["type"]},
        "crm.type.getByEntityTypeId": {"entityTypeId": one["etid"]},
        "userfieldconfig.add": {"moduleId": "crm", "field": field},
        "userfieldconfig.get": {"moduleId": "crm", "id": one["field"]},
        "userfieldconfig.list": {"moduleId": "crm", "select": {"0": "*", "language": "ru"}},
        "userfieldconfig.update": {"moduleId": "crm", "id": one["field"], "field": {"mandatory": "Y"}},
        "userfieldconfig.delete": {"moduleId": "crm", "id": one["field"]},
        "userfieldconfig.getTypes": {"moduleId": "crm"},
        "crm.activity.configurable.add": owner | {"fields": {"typeId": "CONFIGURABLE"}, "layout": LAYOUT},
        "crm.activity.configurable.update": {"id": one["activity"], "fields": {"completed": "Y"}, "layout": LAYOUT},
        "crm.activity.configurable.get": {"id": one["activity"]},
        "crm.activity.list": {"filter": {"OWNER_TYPE_ID": 2, "OWNER_ID": one["deal"]}, "select": ["*"], "start": 0},
        "crm.activity.todo.add": owner | {"deadline": "2026-12-01T10:00:00+03:00"},
        "crm.activity.badge.add": {"code": "paid", "title": "Оплата", "value": "Есть", "type": "success"},
        "crm.timeline.comment.add": {"fields": {"ENTITY_TYPE": "deal", "ENTITY_ID": one["deal"], "COMMENT": "x"}},
        "crm.timeline.comment.list": {"filter": {"ENTITY_TYPE": "deal", "ENTITY_ID": one["deal"]}},
        "crm.timeline.logmessage.add": {"fields": log | {"title": "t", "text": "x", "iconCode": "info"}},
        "crm.timeline.logmessage.list": log,
        "crm.automation.trigger.add": {"CODE": "shipped", "NAME": "Отгружен"},
        "crm.automation.trigger.delete": {"CODE": "paid"},
        "crm.automation.trigger.execute": {"CODE": "paid", "OWNER_TYPE_ID": 2, "OWNER_ID": one["deal"]},
        "catalog.documentcontractor.list": {"select": ["id", "documentId"]},
    }
