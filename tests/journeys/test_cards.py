"""Our tab in a card of the portal, met as people meet it: in the portal's frame, by an employee."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from exchange.models import HeardObject, StateRow, TradeDocument
from exchange.planning.outgoing import Outgoing
from exchange.planning.outgoing import to_data as outgoing_data
from exchange.planning.stored import to_data
from exchange.planning.trade import Line, Payment, Trade
from exchange.sessions import create_base
from tests.exchange.settling.world import DEAL, World
from tests.journeys.browsing import Visitor, overflow

if TYPE_CHECKING:
    from b24app.models import Portal
    from sandbox.portal.server import PortalServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(portal: Portal, bitrix24: PortalServer, app_url: str) -> World:
    bound = {"PLACEMENT": "CRM_DEAL_DETAIL_TAB", "HANDLER": f"{app_url}/b24/placement/", "TITLE": "1C"}
    bitrix24.call("placement.bind", bound)
    return World(portal, create_base(portal, "Торговля", "ut11")[0], bitrix24)


def deal_of_1c(world: World) -> int:
    """A deal that 1C took, with a payment and stock."""
    id = world.invoice(kind=DEAL, title="Сапоги для Ромашки")
    world.hear((DEAL, id))
    world.settle()
    if not TradeDocument.objects.filter(b24_id=id).exists():
        # Deals do not travel unless the settings say so: what one that does would be.
        given = outgoing_data(Outgoing(trade=Trade(number="15")))
        moments = {"ready_at": timezone.now(), "acknowledged_at": timezone.now()}
        row = TradeDocument(
            base=world.base, entity_type_id=DEAL, b24_id=id, number="15", outgoing=given, settled_version=1, **moments
        )
        row.outgoing_version = row.acknowledged_version = 1
        row.save()
    line = Line(item_id="boots", name="Сапоги", price=Decimal(100), amount=Decimal(100))
    payment = Payment(key="p1", number="ПП-7", amount=Decimal(40), currency="RUB")
    told = Trade(
        lines=(line,), amount=Decimal(100), currency="RUB", payments=(payment,), status_name="В работе", onec_number="ТД-7"
    )
    TradeDocument.objects.filter(b24_id=id, entity_type_id=DEAL).update(onec_side=to_data(told), onec_id="order-1")
    StateRow.objects.create(base=world.base, kind="warehouse", onec_id="w1", main={"name": "Главный склад"})
    StateRow.objects.create(base=world.base, kind="offer", onec_id="boots", stock={"total": "12", "by": {"w1": "12"}})
    return id


class TestDealCard:
    def test_shows_an_employee_how_the_deal_stands_and_sends_it_on_demand(self, visitor: Visitor, world: World) -> None:
        id = deal_of_1c(world)
        visitor.page.goto(f"{visitor.portal_url}/crm/deal/details/{id}/?user=2&lang=ru")
        frame = visitor.frame()
        for text in ("ПП-7", "Главный склад", "В работе"):
            assert frame.locator("main", has_text=text).count() == 1
        before = HeardObject.objects.filter(b24_id=id, entity_type_id=DEAL).values_list("version", flat=True).first() or 0
        frame.locator("button[hx-post$='/card/send/']").click()
        frame.locator("#toast:not(:empty)").wait_for()
        assert HeardObject.objects.get(b24_id=id, entity_type_id=DEAL).version == before + 1
        visitor.narrow(380)
        assert overflow(frame)[0] == 0
        assert visitor.errors == []

    def test_of_a_deal_that_is_not_there_says_so(self, visitor: Visitor, world: World) -> None:
        visitor.page.goto(f"{visitor.portal_url}/crm/deal/details/987/?user=2&lang=ru")
        frame = visitor.frame()
        assert frame.locator("[role=alert] h1").count() == 1
        assert frame.locator("button").count() == 0
