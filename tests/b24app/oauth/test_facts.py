from __future__ import annotations

import pytest

from b24app.oauth.facts import QUESTIONS, answers, facts_from
from b24app.rest.batching import Outcome
from b24app.rest.errors import RestError

PLAIN = {"iblockId": 20, "iblockTypeId": "catalog", "productIblockId": None}
CRM = {"iblockId": 23, "iblockTypeId": "CRM_PRODUCT_CATALOG", "productIblockId": None}
OFFERS = {"iblockId": 24, "iblockTypeId": "CRM_PRODUCT_CATALOG", "productIblockId": 23, "skuPropertyId": 97}


class TestFacts:
    def test_leave_out_what_was_refused(self):
        outcomes = [
            Outcome(command, error=RestError("ACCESS_DENIED")) if name == "currency" else Outcome(command, "x")
            for name, command in QUESTIONS
        ]
        told = answers(outcomes)
        assert "currency" not in told
        assert told["scope"] == "x"

    def test_are_neutral_when_nothing_was_told(self):
        facts = facts_from({}, "now")
        assert facts["catalog"] == {"iblock_id": None, "offers_iblock_id": None, "sku_property_id": None}
        assert facts["warehouse_accounting"] is None
        assert facts["features"] == {"rest_auth_connector": False, "rest_offline_extended": False}
        assert facts["missing_scope"] == []

    def test_find_the_crm_catalogue_among_others(self):
        for rows in ([PLAIN, CRM, OFFERS], [OFFERS, CRM, PLAIN]):
            assert facts_from({"catalogs": {"catalogs": rows}}, "")["catalog"] == {
                "iblock_id": 23,
                "offers_iblock_id": 24,
                "sku_property_id": 97,
            }

    def test_take_a_catalogue_without_offers_when_there_is_no_other(self):
        assert facts_from({"catalogs": {"catalogs": [PLAIN]}}, "")["catalog"]["iblock_id"] == 20

    def test_take_a_self_hosted_portals_licence_for_a_feature_worth_trying(self):
        told = {
            "app": {"LICENSE": "ru_selfhosted"},
            "rest_auth_connector": {"value": "ru_selfhosted"},
            "rest_offline_extended": {"value": "N"},
        }
        facts = facts_from(told, "")
        assert facts["box"] is True
        assert facts["features"] == {"rest_auth_connector": True, "rest_offline_extended": False}

    def test_name_the_scopes_that_are_missing(self):
        assert facts_from({"scope": ["crm", "im"]}, "")["missing_scope"] == ["catalog", "placement"]

    def test_survive_what_php_makes_of_empty_things(self):
        facts = facts_from({"app": [], "scope": {"0": "crm"}, "catalogs": [], "accounting": False, "currency": None}, "")
        assert facts["scope"] == ["crm"]
        assert facts["base_currency"] == ""

    @pytest.mark.parametrize(
        ("told", "zone", "offset"),
        [
            ({"profile": {"TIME_ZONE": "Asia/Almaty"}, "time": "2024-08-05T12:02:13+03:00"}, "Asia/Almaty", 10_800),
            ({"profile": {"TIME_ZONE": ""}, "time": "2024-08-05T09:02:13+00:00"}, "", 0),
            ({"profile": {"TIME_ZONE": "Mars/Olympus"}, "time": "noon"}, "", None),
            ({"profile": {"TIME_ZONE": "../../etc/passwd"}, "time": "2024-08-05T09:02:13"}, "", None),
            ({"profile": {"TIME_ZONE_OFFSET": "7200"}, "time": "2024-08-05T12:02:13+03:00"}, "", 18_000),
            ({"profile": []}, "", None),
        ],
    )
    def test_know_the_portals_time(self, told, zone, offset):
        facts = facts_from(told, "")
        assert (facts["time_zone"], facts["utc_offset"]) == (zone, offset)

    def test_are_read_from_the_portal_with_its_time(self, portal):
        assert portal.facts["utc_offset"] == 0
