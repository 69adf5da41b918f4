from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from b24app import lanes
from b24app.events import tasks
from b24app.models import InboundEvent, Portal, RestCall
from b24app.oauth import troubles
from b24app.oauth.clients import client_for


@pytest.fixture
def woken(monkeypatch) -> list[dict]:
    """Tasks that were asked for, by their arguments."""
    asked: list[dict] = []
    for task in (tasks.daily, tasks.look_again, tasks.drain_offline):
        monkeypatch.setattr(task, "delay", lambda **arguments: asked.append(arguments))
    return asked


class TestLookingAgain:
    @pytest.mark.parametrize("trouble", troubles.MAY_PASS)
    def test_finds_that_the_trouble_is_over_and_lets_work_go_on(self, portal, woken, trouble):
        Portal.objects.filter(pk=portal.pk).update(trouble=trouble)
        tasks.look_again()
        assert woken == [{"portal_id": portal.pk}]
        tasks.look_again(portal_id=portal.pk)
        portal.refresh_from_db()
        assert portal.trouble == ""
        assert lanes.due(1) == [portal.pk]

    def test_leaves_a_trouble_that_lasts(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.TARIFF)
        bitrix24.faults.rest_off = True
        tasks.look_again(portal_id=portal.pk)
        portal.refresh_from_db()
        assert portal.trouble == troubles.TARIFF

    def test_asks_nobody_with_a_dead_credential(self, portal, bitrix24, woken):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.ACCESS_REVOKED)
        bitrix24.calls.reset()
        tasks.look_again()
        tasks.look_again(portal_id=portal.pk)
        assert woken == []
        assert bitrix24.calls.snapshot()["requests"] == 0


class TestDaily:
    def test_wakes_a_task_for_each_installed_portal(self, portal, woken):
        Portal.objects.create(
            member_id="gone", domain="g.test", client_endpoint="https://g.test/rest/", uninstalled_at=timezone.now()
        )
        tasks.daily()
        assert woken == [{"portal_id": portal.pk}]

    def test_binds_again_what_the_portal_lost(self, portal, bitrix24):
        tasks.daily(portal_id=portal.pk)
        assert client_for(portal).call("event.get")

    def test_deletes_what_is_old(self, portal, woken):
        long_ago = timezone.now() - dt.timedelta(days=60)
        RestCall.objects.create(portal=portal, method="old")
        RestCall.objects.filter(method="old").update(at=long_ago)
        InboundEvent.objects.create(portal=portal, code="OLD", received_at=long_ago, handled_at=long_ago)
        InboundEvent.objects.create(portal=portal, code="WAITS", received_at=long_ago)
        tasks.daily()
        assert not RestCall.objects.filter(method="old").exists()
        assert [event.code for event in InboundEvent.objects.all()] == ["WAITS"]

    def test_writes_down_why_a_portal_cannot_be_cared_for(self, portal, bitrix24):
        bitrix24.faults.rest_off = True
        tasks.daily(portal_id=portal.pk)
        portal.refresh_from_db()
        assert portal.trouble == troubles.TARIFF
