"""The portal's whole acquaintance with the app, over real HTTP: installed, used, told of a change, updated, uninstalled, installed again."""

from __future__ import annotations

import pytest

from b24app.models import InboundEvent, Portal, ServiceCredential
from b24app.oauth.clients import client_for


@pytest.fixture
def connected(bitrix24, live_server, settings):
    """A portal and an app that know each other's addresses."""
    settings.APP_URL = live_server.url
    bitrix24.portal.change_app(app_url=live_server.url)
    return bitrix24


@pytest.mark.django_db(transaction=True)
class TestAcquaintance:
    def test_of_a_portal_with_the_app_survives_all_it_goes_through(self, connected):
        assert connected.installation.install()["status"] == 200
        portal = Portal.objects.get()
        assert portal.facts["refused"] == []
        assert client_for(portal).call("app.info")["INSTALLED"] is True

        deal = connected.call("crm.item.add", {"entityTypeId": 2, "fields": {"title": "Teapots"}})
        connected.portal.events.flush()
        heard = InboundEvent.objects.filter(portal=portal, code="ONCRMDEALADD")
        assert [event.object_id for event in heard] == [str(deal["item"]["id"])]

        assert connected.installation.update()["status"] == 200
        portal.refresh_from_db()
        assert portal.application_token == connected.application_token

        assert [sent["status"] for sent in connected.installation.uninstall(clean=False)] == [200]
        portal.refresh_from_db()
        assert portal.uninstalled_at is not None
        assert not ServiceCredential.objects.exists()
        assert not InboundEvent.objects.exists()

        assert connected.installation.install()["status"] == 200
        portal.refresh_from_db()
        assert Portal.objects.filter(uninstalled_at=None).count() == 1
        assert client_for(portal).call("profile")["ID"] == "1"
