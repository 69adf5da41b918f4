"""The tab in a card: only what the portal shows to the person, and how the element stands with 1C."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client

from b24app.elements import named
from b24app.frame import FrameUser, sign, unsign
from b24app.models import Portal
from b24app.pages.card_state import card_of
from exchange.models import HeardObject, StateRow, TradeDocument
from exchange.planning.stored import to_data
from exchange.planning.trade import Line, Payment
from exchange.sessions import create_base
from sandbox.portal.server import PortalServer
from tests import conftest
from tests.b24app.posts import frame_body, open_frame
from tests.exchange.settling.world import World

PLACEMENT, MAIN, SEND, LIVE = "/b24/placement/", "/b24/", "/b24/card/send/", "/b24/card/live/"
INVOICE_TAB, DEAL_TAB, COMPANY_TAB = "CRM_SMART_INVOICE_DETAIL_TAB", "CRM_DEAL_DETAIL_TAB", "CRM_COMPANY_DETAIL_TAB"

# Settling asks the portal in threads of its own.
pytestmark = pytest.mark.django_db(transaction=True)
# The portal that answers, not that of the other pages' tests.
portal = conftest.portal


@pytest.fixture
def world(portal: Portal, bitrix24: PortalServer) -> World:
    return World(portal, create_base(portal, "Торговля", "ut11")[0], bitrix24)


def open_card(bitrix24: PortalServer, tab: str, id: object, user_id: int = 2, *, path: str = PLACEMENT, **options: object):
    placed = json.dumps({"ID": str(id), **options})
    return open_frame(bitrix24, path, user_id, lang="en", PLACEMENT=tab, PLACEMENT_OPTIONS=placed)


def token_in(answer) -> str:
    return str(answer.content.decode().partition('name="frame-token" content="')[2].partition('"')[0])


def ask(token: str, path: str, method: str = "get", **data):
    headers = {"Authorization": f"Frame {token}", "HX-Request": "true"}
    return getattr(Client(enforce_csrf_checks=True), method)(path, data, headers=headers)


def settled(world: World) -> int:
    id = world.invoice()
    world.hear((31, id))
    world.settle()
    return id


class TestDoor:
    def test_opens_the_card_to_an_employee_whom_the_portal_shows_the_element(self, world, bitrix24):
        id = settled(world)
        answer = open_card(bitrix24, INVOICE_TAB, id)
        assert answer.status_code == 200
        assert "Ready for 1C" in answer.content.decode()
        user = unsign(token_in(answer))
        assert (user.admin, user.elements) == (False, ((31, id),))

    @pytest.mark.parametrize("id", ["999", "", "0", "-1", "1e3", "٣", "1" * 40, "[]"])
    def test_refuses_kindly_what_the_portal_does_not_show(self, portal, bitrix24, id):
        answer = open_card(bitrix24, DEAL_TAB, id)
        assert answer.status_code == 403
        assert "This card is not open to you" in answer.content.decode()
        assert unsign(token_in(answer)).elements == ()

    def test_takes_the_type_from_the_place_whatever_the_options_say(self, world, bitrix24):
        id = settled(world)
        assert open_card(bitrix24, DEAL_TAB, id, entityTypeId="31", type="31").status_code == 403

    def test_takes_the_id_under_the_portals_other_name(self, world, bitrix24):
        id = settled(world)
        answer = open_frame(
            bitrix24, PLACEMENT, 2, lang="en", PLACEMENT=INVOICE_TAB, PLACEMENT_OPTIONS=json.dumps({"ENTITY_ID": id})
        )
        assert unsign(token_in(answer)).elements == ((31, id),)

    def test_opens_the_card_from_an_entry_of_the_timeline(self, world, bitrix24):
        id = settled(world)
        options = json.dumps({"entry": "payment:1", "type": 31, "id": id})
        answer = open_frame(bitrix24, MAIN, 2, lang="en", PLACEMENT_OPTIONS=options)
        assert unsign(token_in(answer)).elements == ((31, id),)

    @pytest.mark.parametrize(("placement", "path"), [("LEFT_MENU", PLACEMENT), ("DEFAULT", MAIN)])
    def test_is_none_where_the_app_is_opened_by_itself(self, world, bitrix24, placement, path):
        answer = open_card(bitrix24, placement, 1, path=path)
        assert answer.status_code == 200
        assert unsign(token_in(answer)).elements == ()
        assert "1C bases" in answer.content.decode()

    def test_asks_to_come_again_while_the_portal_is_away(self, world, bitrix24):
        id = settled(world)
        body = frame_body(bitrix24, 2, PLACEMENT=INVOICE_TAB, PLACEMENT_OPTIONS=json.dumps({"ID": id}))
        bitrix24.faults.down = 50
        query = f"DOMAIN={bitrix24.domain}&PROTOCOL=0&LANG=en&APP_SID=sid1"
        assert Client(enforce_csrf_checks=True).post(f"{PLACEMENT}?{query}", body).status_code == 503

    def test_keeps_the_element_when_the_token_is_renewed_and_loses_it_with_the_right(self, world, bitrix24):
        id = settled(world)
        token = token_in(open_card(bitrix24, INVOICE_TAB, id))
        auth = bitrix24.issue_tokens(2)["access_token"]
        renewed = ask(token, "/b24/renew/", "post", AUTH_ID=auth)
        assert unsign(renewed.json()["token"]).elements == ((31, id),)
        world.call("crm.item.delete", entityTypeId=31, id=id)
        assert ask(token, "/b24/renew/", "post", AUTH_ID=auth).status_code == 401


class TestToken:
    @pytest.mark.parametrize(("path", "method"), [("/b24/card/", "get"), (LIVE, "get"), (SEND, "post")])
    def test_without_an_element_opens_no_card(self, portal, path, method):
        token = sign(FrameUser(portal.pk, 1, True, "en", "sid"))
        assert ask(token, path, method).status_code == 403

    def test_shows_its_own_element_whatever_is_asked(self, world, bitrix24):
        first, second = settled(world), settled(world)
        token = token_in(open_card(bitrix24, INVOICE_TAB, first))
        html = ask(token, LIVE, ID=str(second), id=str(second)).content.decode()
        assert world.document(first).number in html
        assert ask(token, SEND, "post", ID=str(second)).status_code == 204
        assert list(HeardObject.objects.filter(version=2).values_list("b24_id", flat=True)) == [first]

    def test_of_another_portal_shows_nothing_of_this_one(self, world, bitrix24):
        id = settled(world)
        other = Portal.objects.create(member_id="other", domain="other.test", client_endpoint="https://other.test/rest/")
        assert card_of(other, (31, id)).bases == []


class TestDocument:
    def test_shows_the_path_payments_shipments_and_stock(self, world, bitrix24):
        id = settled(world)
        world.confirm(id)
        told = world.told(id)
        lines = (Line(item_id="boots", name="Сапоги", price=Decimal(100), amount=Decimal(100)),)
        payment = Payment(key="p1", number="ПП-7", amount=Decimal(40), currency="RUB")
        trade = replace(told, lines=lines, amount=Decimal(100), currency="RUB", payments=(payment,), status_name="В работе")
        TradeDocument.objects.filter(b24_id=id).update(onec_side=to_data(trade), onec_id="order-1")
        StateRow.objects.create(base=world.base, kind="warehouse", onec_id="w1", main={"name": "Главный склад"})
        StateRow.objects.create(base=world.base, kind="offer", onec_id="boots", stock={"total": "12", "by": {"w1": "12"}})
        (card,) = card_of(world.portal, (31, id)).bases
        assert [step.state for step in card.steps][:4] == ["done", "done", "done", "done"]
        assert card.money is not None
        assert ("40" in card.money.paid, "60" in card.money.debt) == (True, True)
        assert [(line.total, line.places) for line in card.stock] == [("12", [("Главный склад", "12")])]
        html = open_card(bitrix24, INVOICE_TAB, id).content.decode()
        for text in ("ПП-7", "Главный склад", "Owed", "В работе"):
            assert text in html

    def test_is_told_apart_from_one_that_1c_does_not_know(self, world, bitrix24):
        id = world.invoice()
        assert "1C does not know this one yet" in open_card(bitrix24, INVOICE_TAB, id).content.decode()

    def test_is_drawn_again_only_when_it_changed(self, world, bitrix24):
        id = settled(world)
        answer = open_card(bitrix24, INVOICE_TAB, id)
        seen = answer.content.decode().partition('id="seen" name="seen" value="')[2].partition('"')[0]
        token = token_in(answer)
        assert ask(token, LIVE, seen=seen).status_code == 204
        world.confirm(id)
        changed = ask(token, LIVE, seen=seen)
        assert changed.status_code == 200
        assert 'hx-swap-oob="true"' in changed.content.decode()

    def test_is_read_anew_on_demand(self, world, bitrix24):
        id = settled(world)
        answer = ask(token_in(open_card(bitrix24, INVOICE_TAB, id)), SEND, "post")
        assert "It is being read now" in answer["HX-Trigger"]
        heard = HeardObject.objects.get(entity_type_id=31, b24_id=id)
        assert heard.read_version < heard.version
        assert card_of(world.portal, (31, id)).busy


class TestBuyer:
    def test_shows_the_link_the_requisites_and_documents_that_the_person_may_see(self, world, bitrix24):
        id = settled(world)
        company = world.item(id)["companyId"]
        answer = open_card(bitrix24, COMPANY_TAB, company)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert unsign(token_in(answer)).elements == ((4, company), (31, id))
        for text in ("7707083893", "Ромашка", "Tax number"):
            assert text in html
        world.call("crm.item.delete", entityTypeId=31, id=id)
        assert unsign(token_in(open_card(bitrix24, COMPANY_TAB, company))).elements == ((4, company),)


class TestNamed:
    @pytest.mark.parametrize(
        ("placement", "options", "element"),
        [
            ("CRM_CONTACT_DETAIL_TAB", {"ID": 7}, (3, 7)),
            ("DEFAULT", {"ID": "7"}, None),
            ("DEFAULT", {"entry": "x"}, None),
            ("DEFAULT", {"entry": "x", "type": "31", "id": "7"}, (31, 7)),
            ("DEFAULT", {"entry": "x", "type": "1", "id": "7"}, None),
            ("CRM_DEAL_DETAIL_TAB", {"ID": ["7"]}, None),
        ],
    )
    def test_is_what_the_place_and_its_options_say(self, placement, options, element):
        assert named(placement, options) == element
