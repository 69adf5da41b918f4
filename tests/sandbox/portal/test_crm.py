"""Rules of the CRM that an application meets."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.portal.methods.crm_entities import camel
from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client
from tests.sandbox.portal.crm_scenario import LAYOUT


def add(rest: Client, type_id: int, **fields: Any) -> dict[str, Any]:
    item: dict[str, Any] = rest.ok("crm.item.add", entityTypeId=type_id, fields=fields)["item"]
    return item


class TestItems:
    def test_ignore_unknown_fields_but_refuse_unknown_filters_and_orders(self, rest: Client) -> None:
        deal = add(rest, 2, titel="x")
        assert deal["title"] == f"Сделка #{deal['id']}"
        assert rest.server.calls.ignored_fields == {"titel": 1}
        assert rest.error("crm.item.list", entityTypeId=2, filter={"titel": "x"})[:2] == (400, "INVALID_ARG_VALUE")
        assert rest.error("crm.item.list", entityTypeId=2, order={"titel": "ASC"})[:2] == (400, "INVALID_ARG_VALUE")

    def test_are_not_found_by_wrong_type_or_id(self, rest: Client) -> None:
        assert rest.error("crm.item.get", entityTypeId=999, id=1)[:2] == (400, "NOT_FOUND")
        assert rest.error("crm.item.get", entityTypeId=2, id=1)[:2] == (400, "NOT_FOUND")
        assert rest.error("crm.item.list", entityTypeId=5)[1] == "ENTITY_TYPE_NOT_SUPPORTED"

    def test_refuse_values_that_point_nowhere(self, rest: Client) -> None:
        for wrong in ({"stageId": "NO"}, {"companyId": 99}, {"currencyId": "XXX"}, {"opportunity": "many"}, {"assignedById": 99}):
            assert rest.error("crm.item.add", entityTypeId=2, fields=wrong)[:2] == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID"), wrong
        assert rest.error("crm.item.add", entityTypeId=2, fields={"contactIds": "7"})[:2] == (400, 100)
        assert rest.error("crm.item.add", entityTypeId=4, fields={})[1] == "CRM_FIELD_ERROR_REQUIRED"

    def test_update_with_equal_values_is_no_change_and_no_event(self, rest: Client) -> None:
        rest.ok("event.bind", event="ONCRMDEALUPDATE", event_type="offline")
        deal = add(rest, 2, title="a", closedate="2026-12-01")
        assert deal["closedate"] == "2026-12-01T03:00:00+03:00"
        rest.ok("crm.item.update", entityTypeId=2, id=deal["id"], fields={"title": "a", "closedate": "2026-12-01T00:00:00+03:00"})
        assert rest.ok("event.offline.get")["events"] == []
        rest.ok("crm.item.update", entityTypeId=2, id=deal["id"], fields={"title": "b"})
        assert len(rest.ok("event.offline.get")["events"]) == 1

    def test_tell_invoices_and_smart_processes_by_one_event_with_the_type(self, rest: Client) -> None:
        rest.ok("event.bind", event="ONCRMDYNAMICITEMADD", event_type="offline")
        invoice = add(rest, 31, title="Счёт")
        data = rest.ok("event.offline.get")["events"][0]["EVENT_DATA"]
        assert data == {"FIELDS": {"ID": invoice["id"], "ENTITY_TYPE_ID": 31}}
        assert (invoice["stageId"], invoice["accountNumber"]) == ("DT31_1:N", str(invoice["id"]))

    def test_move_through_the_stages_of_their_funnel_only(self, rest: Client) -> None:
        funnel = rest.ok("crm.category.add", entityTypeId=2, fields={"name": "Опт"})["category"]["id"]
        deal = add(rest, 2, categoryId=funnel)
        assert deal["stageId"] == f"C{funnel}:NEW"
        won = rest.ok("crm.item.update", entityTypeId=2, id=deal["id"], fields={"stageId": f"C{funnel}:SUCCESS"})["item"]
        assert (won["stageSemanticId"], won["closed"]) == ("S", "Y")
        assert rest.error("crm.item.update", entityTypeId=2, id=deal["id"], fields={"stageId": "WON"})[0] == 400

    def test_answer_deletion_with_an_empty_array(self, rest: Client) -> None:
        deal = add(rest, 2)
        assert rest.ok("crm.item.delete", entityTypeId=2, id=deal["id"]) == []

    def test_understand_alternatives_in_filters(self, rest: Client) -> None:
        for title in ("a", "b", "c"):
            add(rest, 2, title=title)
        found = rest.ok("crm.item.list", entityTypeId=2, filter={"0": {"logic": "OR", "0": {"title": "a"}, "1": {"%title": "C"}}})
        assert [deal["title"] for deal in found["items"]] == ["a", "c"]

    def test_import_up_to_twenty_each_with_its_outcome(self, rest: Client) -> None:
        items = rest.ok("crm.item.batchImport", entityTypeId=4, data=[{"title": "a"}, {}])["items"]
        assert ("item" in items[0], items[1]["error"]) == (True, "CRM_FIELD_ERROR_REQUIRED")
        assert rest.error("crm.item.batchImport", entityTypeId=4, data=[{}] * 21)[1] == "MAX_IMPORT_BATCH_SIZE_EXCEEDED"

    def test_see_contacts_and_companies_from_both_sides(self, rest: Client) -> None:
        company = add(rest, 4, title="Ромашка")
        contact = add(rest, 3, name="Пётр", companyIds=[company["id"]])
        linked = rest.ok("crm.company.contact.items.get", id=company["id"])
        assert linked == [{"CONTACT_ID": contact["id"], "SORT": 100, "ROLE_ID": 0, "IS_PRIMARY": "Y"}]
        rest.ok("crm.company.contact.items.set", id=company["id"], items=[])
        assert rest.ok("crm.item.get", entityTypeId=3, id=contact["id"])["item"]["companyIds"] == []


class TestMultifields:
    PHONE = {"typeId": "PHONE", "valueType": "WORK", "value": "+7 900 1"}

    def test_need_their_type_or_vanish(self, rest: Client) -> None:
        company = add(rest, 4, title="x", fm=[self.PHONE, {"valueType": "WORK", "value": "lost"}])
        assert [value["value"] for value in company["fm"]] == ["+7 900 1"]
        assert (company["phoneWork"], company["hasPhone"], company["hasEmail"]) == ("+7 900 1", "Y", "N")

    def test_change_by_id_vanish_when_empty_and_add_up_as_a_list(self, rest: Client) -> None:
        company = add(rest, 4, title="x", fm=[self.PHONE])
        key = str(company["fm"][0]["id"])

        def update(fm: Any) -> list[str]:
            item = rest.ok("crm.item.update", entityTypeId=4, id=company["id"], fields={"fm": fm})["item"]
            return [value["value"] for value in item["fm"]]

        assert update({key: {"value": "+7 900 2"}}) == ["+7 900 2"]
        assert update([self.PHONE]) == ["+7 900 2", "+7 900 1"]
        assert update({key: {"value": ""}}) == ["+7 900 1"]

    def test_find_duplicates_by_phone_however_written(self, rest: Client) -> None:
        company = add(rest, 4, title="x", fm=[{**self.PHONE, "value": "+7 (900) 123-45-67"}])
        asked = {"entity_type": "COMPANY", "type": "PHONE"}
        assert rest.ok("crm.duplicate.findbycomm", values=["8 900 1234567"], **asked) == {"COMPANY": [company["id"]]}
        assert rest.ok("crm.duplicate.findbycomm", values=["1"], **asked) == []


class TestProductRows:
    def rows(self, rest: Client, owner: int, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        answer = rest.ok("crm.item.productrow.set", ownerType="D", ownerId=owner, productRows=list(rows))
        stored: list[dict[str, Any]] = answer["productRows"]
        return stored

    @pytest.mark.parametrize(
        ("sent", "derived"),
        [
            ({"price": 80000, "discountTypeId": 2, "discountRate": 20, "taxRate": 20}, (66666.67, 83333.34, 100000.01, 16666.67)),
            ({"price": 90000, "discountTypeId": 2, "discountRate": 10, "taxRate": 10}, (81818.18, 90909.09, 100000, 9090.91)),
            ({"price": 79999}, (79999, 79999, 79999, 0)),
        ],
    )
    def test_derive_their_prices_as_in_the_documented_examples(
        self, rest: Client, sent: dict[str, Any], derived: tuple[float, ...]
    ) -> None:
        row = self.rows(rest, add(rest, 2)["id"], {**sent, "taxIncluded": "Y"})[0]
        assert tuple(row[name] for name in ("priceExclusive", "priceNetto", "priceBrutto", "discountSum")) == derived

    def test_replace_all_rows_and_sum_up_the_owner(self, rest: Client) -> None:
        deal = add(rest, 2)["id"]
        first = self.rows(rest, deal, {"price": 100, "quantity": 2}, {"productName": "Доставка", "price": 50})
        second = self.rows(rest, deal, {"price": 120, "quantity": 1, "taxRate": 20, "taxIncluded": "Y"})
        assert second[0]["id"] not in {row["id"] for row in first}
        item = rest.ok("crm.item.get", entityTypeId=2, id=deal)["item"]
        assert (item["opportunity"], item["taxValue"]) == (120, 20)

    def test_leave_a_sum_set_by_hand_alone(self, rest: Client) -> None:
        deal = add(rest, 2, isManualOpportunity="Y", opportunity=7)["id"]
        self.rows(rest, deal, {"price": 100})
        assert rest.ok("crm.item.get", entityTypeId=2, id=deal)["item"]["opportunity"] == 7

    def test_refuse_strange_owners_and_fields(self, rest: Client) -> None:
        assert rest.error("crm.item.productrow.set", ownerType="C", ownerId=1, productRows=[{}])[1] == "ENTITY_TYPE_NOT_SUPPORTED"
        assert rest.error("crm.item.productrow.set", ownerType="D", ownerId=9, productRows=[{}])[1] == "OWNER_NOT_FOUND"
        row = self.rows(rest, add(rest, 2)["id"], {"price": 1})[0]
        assert rest.error("crm.item.productrow.update", id=row["id"], fields={"xmlId": "x"})[1] == "INVALID_ARG_VALUE"


class TestSmartProcesses:
    def test_have_fields_stages_rows_and_placements_of_their_own(self, rest: Client) -> None:
        kind = rest.ok("crm.type.add", fields={"title": "Документы 1С"})["type"]
        item = add(rest, kind["entityTypeId"], title="Реализация", xmlId="guid")
        assert item["stageId"].startswith(f"DT{kind['entityTypeId']}_")
        found = rest.ok("crm.item.list", entityTypeId=kind["entityTypeId"], filter={"xmlId": "guid"}, select=["id", "xmlId"])[
            "items"
        ]
        assert found == [{"id": item["id"], "xmlId": "guid"}]
        short = f"T{kind['entityTypeId']:x}"
        rest.ok("crm.item.productrow.set", ownerType=short, ownerId=item["id"], productRows=[{"price": 5}])
        assert f"CRM_DYNAMIC_{kind['entityTypeId']}_DETAIL_TAB" in rest.ok("placement.list", SCOPE="crm")


class TestRequisites:
    def company(self, rest: Client, inn: str = "7700000001") -> tuple[int, int]:
        company = add(rest, 4, title="Ромашка")["id"]
        fields = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "Организация", "RQ_INN": inn}
        return company, rest.ok("crm.requisite.add", fields=fields)

    def test_are_found_by_tax_number_as_strings(self, rest: Client) -> None:
        company, key = self.company(rest)
        found = rest.ok("crm.requisite.list", filter={"RQ_INN": "7700000001", "ENTITY_TYPE_ID": 4}, select=["ID", "ENTITY_ID"])
        assert found == [{"ID": str(key), "ENTITY_ID": str(company)}]

    def test_have_errors_without_a_code(self, rest: Client) -> None:
        assert rest.error("crm.requisite.get", id=99) == (400, "", "The Requisite with ID '99' is not found")
        assert rest.error("crm.requisite.add", fields={"ENTITY_TYPE_ID": 4})[1:] == ("", "ENTITY_ID is not defined or invalid.")

    def test_take_one_address_of_each_type(self, rest: Client) -> None:
        _, key = self.company(rest)
        fields = {"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": key, "CITY": "Тула"}
        assert rest.ok("crm.address.add", fields=fields) is True
        assert rest.error("crm.address.add", fields=fields)[1:] == ("", "TypeAddress exists")
        rest.ok("crm.address.update", fields=fields | {"CITY": "Омск"})
        assert rest.ok("crm.address.list", filter={"ENTITY_ID": key})[0]["CITY"] == "Омск"

    def test_are_linked_only_to_documents_of_their_company(self, rest: Client) -> None:
        company, key = self.company(rest)
        _, foreign = self.company(rest, "7700000002")
        invoice = add(rest, 31, companyId=company)["id"]
        link = {"ENTITY_TYPE_ID": 31, "ENTITY_ID": invoice}
        assert "REQUISITE_ID" in rest.error("crm.requisite.link.register", fields=link | {"REQUISITE_ID": foreign})[2]
        rest.ok("crm.requisite.link.register", fields=link | {"REQUISITE_ID": key})
        assert rest.ok("crm.requisite.link.get", entityTypeId=31, entityId=invoice)["REQUISITE_ID"] == str(key)


class TestUserFields:
    FIELD = {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_DEAL_ONEC_NUMBER", "userTypeId": "string"}

    @pytest.mark.parametrize(
        ("name", "shown"), [("UF_CRM_17", "ufCrm_17"), ("UF_CRM_7_NEW_SUM", "ufCrm7_NewSum"), ("UF_CRM_DEAL_NO", "ufCrmDealNo")]
    )
    def test_are_spelt_in_camel_case(self, name: str, shown: str) -> None:
        assert camel(name) == shown

    def test_appear_among_the_fields_and_keep_values_under_either_name(self, rest: Client) -> None:
        rest.ok("userfieldconfig.add", moduleId="crm", field=self.FIELD)
        fields = rest.ok("crm.item.fields", entityTypeId=2)["fields"]
        assert fields["ufCrmDealOnecNumber"]["upperName"] == "UF_CRM_DEAL_ONEC_NUMBER"
        deal = add(rest, 2, ufCrmDealOnecNumber="УТ-1")
        original = rest.ok("crm.item.get", entityTypeId=2, id=deal["id"], useOriginalUfNames="Y")["item"]
        assert original["UF_CRM_DEAL_ONEC_NUMBER"] == deal["ufCrmDealOnecNumber"] == "УТ-1"

    def test_refuse_a_wrong_prefix_and_a_second_of_the_name(self, rest: Client) -> None:
        rest.ok("userfieldconfig.add", moduleId="crm", field=self.FIELD)
        assert "уже существует" in rest.error("userfieldconfig.add", moduleId="crm", field=self.FIELD)[2]
        wrong = self.FIELD | {"fieldName": "UF_CRM_ONEC"}
        assert rest.error("userfieldconfig.add", moduleId="crm", field=wrong)[1:] == (
            "",
            "Вы не можете создавать пользовательские поля",
        )

    def test_may_be_mandatory(self, rest: Client) -> None:
        rest.ok("userfieldconfig.add", moduleId="crm", field=self.FIELD | {"mandatory": "Y"})
        assert rest.error("crm.item.add", entityTypeId=2, fields={"title": "x"})[1] == "CRM_FIELD_ERROR_REQUIRED"


class TestTimeline:
    def test_checks_the_layout_of_a_card(self, rest: Client) -> None:
        owner = {"ownerTypeId": 2, "ownerId": add(rest, 2)["id"], "fields": {"typeId": "CONFIGURABLE"}}
        rest.ok("crm.activity.configurable.add", **owner, layout=LAYOUT)
        for layout, error in (
            ({**LAYOUT, "header": {}}, "FIELD_IS_REQUIRED"),
            ({**LAYOUT, "colour": {}}, "FIELD_IS_REDUNDANT"),
            ({**LAYOUT, "body": {"blocks": {"a b": {"type": "text"}}}}, "KEY_CONTAIN_WRONG_SYMBOLS"),
            ({**LAYOUT, "body": {"blocks": {"a": {"type": "poem"}}}}, "ENUM_FIELD"),
            ({**LAYOUT, "footer": {"buttons": {str(n): {} for n in range(3)}}}, "TOO_MANY_ITEMS"),
        ):
            assert rest.error("crm.activity.configurable.add", **owner, layout=layout)[1] == error

    def test_fires_only_registered_triggers(self, rest: Client) -> None:
        deal = add(rest, 2)["id"]
        fire = {"CODE": "paid", "OWNER_TYPE_ID": 2, "OWNER_ID": deal}
        assert "not registered" in rest.error("crm.automation.trigger.execute", **fire)[2]
        rest.ok("crm.automation.trigger.add", CODE="paid", NAME="Оплачен")
        assert rest.ok("crm.automation.trigger.execute", **fire) is True
        assert rest.server.state.fired_triggers[0]["ownerId"] == deal


class TestSupplier:
    def test_lets_an_arrival_be_conducted(self, rest: Client, server: PortalServer) -> None:
        server.portal.set_accounting(True)
        fields = {"docType": "A", "currency": "RUB", "responsibleId": 1}
        key = rest.ok("catalog.document.add", fields=fields)["document"]["id"]
        line = {"docId": key, "elementId": rest.product(), "storeTo": 1, "amount": 2}
        rest.ok("catalog.document.element.add", fields=line)
        supplier = {"documentId": key, "entityTypeId": 4, "entityId": add(rest, 4, title="Поставщик")["id"]}
        rest.ok("catalog.documentcontractor.add", fields=supplier)
        assert rest.ok("catalog.document.conduct", id=key) is True
