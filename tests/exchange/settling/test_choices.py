"""What the portal has that settings can point to, as the portal double tells it."""

from __future__ import annotations

import pytest

from b24app.models import Portal
from exchange.settling.choices import choices_of, refresh
from sandbox.portal.server import PortalServer

pytestmark = pytest.mark.django_db(transaction=True)


class TestRefresh:
    def test_reads_all_that_settings_can_point_to(self, portal: Portal, bitrix24: PortalServer) -> None:
        own = bitrix24.call("crm.item.add", {"entityTypeId": 4, "fields": {"title": "ООО «Дом»", "isMyCompany": "Y"}})["item"][
            "id"
        ]
        fields = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": own, "PRESET_ID": 1, "NAME": "Реквизиты", "RQ_INN": "7707083893"}
        bitrix24.call("crm.requisite.add", {"fields": fields})
        refresh(portal)
        found = choices_of(Portal.objects.get(pk=portal.pk).facts)
        assert found.known
        assert [one.main for one in found.price_types].count(True) == 1
        assert all(one.name for one in found.price_types)
        assert (own, "ООО «Дом»", "7707083893") in {(one.id, one.name, one.note) for one in found.my_companies}
        assert {one.code for one in found.currencies if one.base} == {"RUB"}
        assert found.stores
        assert found.measures
        assert found.users
        assert {of.entity_type_id for of in found.pipelines} == {2, 31}
        assert all(of.stages for of in found.pipelines)

    def test_asks_little_and_not_again_at_once(self, portal: Portal, bitrix24: PortalServer) -> None:
        bitrix24.calls.reset()
        refresh(portal)
        asked = bitrix24.calls.snapshot()["requests"]
        refresh(portal)
        assert asked <= 6
        assert bitrix24.calls.snapshot()["requests"] == asked
        refresh(portal, anew=True)
        assert bitrix24.calls.snapshot()["requests"] > asked

    def test_keeps_what_was_known_when_the_portal_cannot_be_asked(self, portal: Portal, bitrix24: PortalServer) -> None:
        refresh(portal)
        known = choices_of(portal.facts)
        bitrix24.stop()
        refresh(portal, anew=True)
        found = choices_of(portal.facts)
        assert found.failed
        assert found.price_types == known.price_types

    def test_leaves_what_settling_keeps_beside_the_pipelines(self, portal: Portal, bitrix24: PortalServer) -> None:
        Portal.objects.filter(pk=portal.pk).update(facts={**portal.facts, "trade": {"own_fields": {"31": {"paid": "uf"}}}})
        refresh(portal)
        trade = Portal.objects.get(pk=portal.pk).facts["trade"]
        assert trade["own_fields"] == {"31": {"paid": "uf"}}
        assert trade["pipelines"]
