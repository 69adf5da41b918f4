from __future__ import annotations

import pytest

from b24app.events import registry
from b24app.events.offline import drain
from b24app.events.tasks import drain_offline
from b24app.models import InboundEvent
from b24app.oauth import troubles
from b24app.oauth.install import equip
from b24app.rest.errors import RestError

DEAL = "ONCRMDEALUPDATE"


def happen(server, count: int, code: str = DEAL) -> None:
    with server.portal.lock:
        for number in range(1, count + 1):
            server.portal.events.happened(code, {"ID": number}, user=2)
        server.portal.store.commit()


def left(server) -> int:
    return len(server.portal.store.all("offline_events"))


@pytest.fixture
def bound(portal, bitrix24):
    equip(portal)
    return portal


class TestDraining:
    @pytest.mark.parametrize("extended", [True, False])
    def test_takes_everything_and_leaves_nothing(self, bound, bitrix24, extended):
        bound.facts["features"]["rest_offline_extended"] = extended
        happen(bitrix24, 120)
        assert left(bitrix24) == 120
        assert drain(bound) == 120
        assert InboundEvent.objects.filter(portal=bound, code=DEAL, handled_at=None).count() == 120
        assert left(bitrix24) == 0
        assert drain(bound) == 0

    def test_joins_what_was_heard_online(self, bound, bitrix24):
        happen(bitrix24, 3)
        drain(bound)
        happen(bitrix24, 3)
        drain(bound)
        assert InboundEvent.objects.count() == 3

    def test_loses_nothing_when_it_fails_before_clearing(self, bound, bitrix24):
        happen(bitrix24, 3)
        bitrix24.faults.method_errors = {"event.offline.clear": {"error": "INTERNAL_SERVER_ERROR", "status": 500, "times": 1}}
        with pytest.raises(RestError):
            drain(bound)
        assert InboundEvent.objects.count() == 3
        drain(bound)
        assert InboundEvent.objects.count() == 3


class TestTask:
    def test_asks_nothing_while_nobody_listens(self, bound, bitrix24, monkeypatch):
        monkeypatch.setattr(registry, "_handlers", {})
        bitrix24.calls.reset()
        drain_offline(portal_id=bound.pk)
        assert bitrix24.calls.snapshot()["requests"] == 0

    def test_drains_and_handles(self, bound, bitrix24, monkeypatch):
        heard: list[object] = []
        monkeypatch.setattr(registry, "_handlers", {DEAL: [heard.append]})
        happen(bitrix24, 2)
        drain_offline(portal_id=bound.pk)
        assert len(heard) == 2

    def test_writes_down_why_a_portal_cannot_be_asked(self, bound, bitrix24, monkeypatch):
        monkeypatch.setattr(registry, "_handlers", {DEAL: [print]})
        bitrix24.faults.rest_off = True
        drain_offline(portal_id=bound.pk)
        bound.refresh_from_db()
        assert bound.trouble == troubles.TARIFF
