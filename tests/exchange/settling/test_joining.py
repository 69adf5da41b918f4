"""A person says which object of the portal a document or counterparty of 1C is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from b24app import lanes
from exchange import history
from exchange.models import TradeDocument, TradeParty
from exchange.planning.joining import Candidate
from exchange.planning.stored import to_data
from exchange.planning.trade import COMPANY, Line, Trade
from exchange.sessions import create_base
from exchange.settling import joining
from mapping import links
from tests.exchange.settling.parties import Exchange
from tests.exchange.settling.test_party_flow import DAISY
from tests.exchange.settling.world import INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)
WHO = "user:1"


@pytest.fixture
def exchange(portal) -> Exchange:
    return Exchange(portal, create_base(portal, "Торговля", "ut11")[0])


def party(key: tuple[int, int], name: str = "Ромашка", *, own: bool = False) -> Candidate:
    return Candidate(key[0], key[1], name, own=own)


def row_of(exchange: Exchange, onec_id: str) -> TradeParty:
    return TradeParty.objects.get(base=exchange.base, onec_id=onec_id)


class TestParties:
    def test_are_found_by_name_tax_number_and_id(self, exchange):
        key = exchange.add(COMPANY, "7701234567", title="Ромашка Север")
        for typed in ("маш", "7701234567", str(key[1])):
            assert [(one.kind, one.id) for one in joining.parties(exchange.portal, typed)] == [key], typed
        assert joining.parties(exchange.portal, key=key)[0].name == "Ромашка Север"
        assert joining.parties(exchange.portal, key=(999, 1)) == []

    def test_move_to_the_chosen_company_and_both_are_brought_in_line(self, exchange):
        old = exchange.told("c-1", DAISY)
        other = exchange.add(COMPANY, title="Ромашка, филиал")
        done = joining.link_party(exchange.portal, row_of(exchange, "c-1").pk, party(other), WHO)
        assert (done.refused, done.effects, done.left) == ("", ("merge-both", "party-left"), old[1])
        assert exchange.settle("c-1") == other
        row = row_of(exchange, "c-1")
        assert (row.entity_type_id, row.b24_id) == other
        assert links.to_b24(exchange.portal.pk, exchange.base.pk, "company") == {"c-1": other[1]}
        # The chosen one got what only 1C knew; nothing new was made; who did it is known.
        assert exchange.requisites(other)[0]["RQ_INN"] == DAISY.tax_id
        assert exchange.count(COMPANY) == 2
        assert [(one["what"], one["by"]) for one in history.entries_of(row.known) if "what" in one] == [("linked", WHO)]
        assert exchange.told("c-1", DAISY) == other

    def test_two_of_1c_that_are_one_share_the_company(self, exchange):
        first = exchange.told("c-1", DAISY)
        second = exchange.told("c-2", replace(DAISY, name="Лютик", tax_id="7709999990", phones=(), emails=()))
        assert second != first
        row = row_of(exchange, "c-2")
        foreseen = joining.outlook_of_party(row, party(first))
        assert (foreseen.effects, foreseen.other) == (("shared", "party-left"), DAISY.name)
        joining.link_party(exchange.portal, row.pk, party(first), WHO)
        assert exchange.settle("c-2") == first
        assert (row_of(exchange, "c-1").entity_type_id, row_of(exchange, "c-1").b24_id) == first
        assert row_of(exchange, "c-2").b24_id is None
        assert exchange.told("c-2", DAISY, name="Лютик и Ко") == first
        assert exchange.item(first)["title"] == DAISY.name
        assert exchange.count(COMPANY) == 2

    def test_what_is_an_own_company_or_linked_already_is_refused(self, exchange):
        key = exchange.told("c-1", DAISY)
        row = row_of(exchange, "c-1")
        for chosen, why in ((party(key), "same"), (party((COMPANY, 999), own=True), "own-company")):
            assert joining.link_party(exchange.portal, row.pk, chosen, WHO).refused == why
        after = row_of(exchange, "c-1")
        assert (after.version, after.known) == (row.version, row.known)


class TestDocuments:
    @pytest.fixture
    def order(self, world: World) -> TradeDocument:
        """1C made an order first; in the portal somebody has an invoice for the same."""
        line = Line(item_id="boots", name="Сапоги", quantity=Decimal(3), price=Decimal(100), amount=Decimal(300))
        trade = Trade(onec_id="order-9", onec_number="ТД-9", currency="RUB", amount=Decimal(300), lines=(line,), comment="из 1С")
        return TradeDocument.objects.create(
            base=world.base, entity_type_id=INVOICE, onec_id="order-9", onec_side=to_data(trade), settled_version=1
        )

    def test_are_found_by_title_and_id(self, world):
        id = world.invoice(title="Счёт на сапоги")
        for typed in ("сапог", str(id)):
            assert (INVOICE, id) in [(one.kind, one.id) for one in joining.documents(world.portal, typed)]

    def test_of_1c_take_over_the_portals_one_and_nothing_is_doubled(self, world, order):
        id = world.invoice(title="Счёт на сапоги", stageId="DT31_1:N")
        world.hear((INVOICE, id))
        world.settle()
        chosen = joining.documents(world.portal, key=(INVOICE, id))[0]
        count = len(world.bitrix24.state["items_31"])
        done = joining.link_document(world.portal, order.pk, chosen, WHO)
        assert (done.refused, done.effects) == ("", ("merge-portal",))
        world.settle()
        row = world.document(id)
        assert (row.pk, row.onec_id, row.settled_version) == (order.pk, "order-9", row.version)
        assert TradeDocument.objects.filter(base=world.base).count() == 1
        assert len(world.bitrix24.state["items_31"]) == count
        assert world.item(id)["comments"] == "из 1С"
        assert history.entries_of(row.known)[-1]["what"] == "linked"

    def test_that_1c_got_from_us_are_refused_and_stay(self, world, order):
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        chosen = joining.documents(world.portal, key=(INVOICE, id))[0]
        done = joining.link_document(world.portal, order.pk, chosen, WHO)
        assert (done.refused, done.other) == ("given", world.document(id).number)
        order.refresh_from_db()
        assert order.b24_id is None

    def test_of_another_base_or_another_order_are_refused(self, world, order):
        id = world.invoice()
        other = create_base(world.portal, "Другая", "ut11")[0]
        row = TradeDocument.objects.create(base=other, entity_type_id=INVOICE, b24_id=id, settled_version=1)
        chosen = joining.documents(world.portal, key=(INVOICE, id))[0]
        assert joining.link_document(world.portal, order.pk, chosen, WHO).refused == "elsewhere"
        TradeDocument.objects.filter(pk=row.pk).update(base=world.base, onec_id="order-8")
        assert joining.link_document(world.portal, order.pk, chosen, WHO).refused == "taken"

    def test_whoever_settled_it_meanwhile_saves_nothing_of_it(self, world, order):
        id = world.invoice()
        lanes.mark_due(world.portal.pk, work=lanes.DOCUMENTS)
        claim = lanes.claim("worker", world.portal.pk, lanes.DOCUMENTS)
        assert claim is not None
        joining.link_document(world.portal, order.pk, joining.documents(world.portal, key=(INVOICE, id))[0], WHO)
        with pytest.raises(lanes.LaneLost):
            lanes.hold(claim)
        # Its commands may still be under way: nobody goes on before its lease is over.
        assert lanes.claim("other", world.portal.pk, lanes.DOCUMENTS) is None


class TestHistory:
    def test_tells_what_was_changed_where_and_by_whose_word(self, world):
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        world.onec_says(id, replace(world.told(id), comment="позвонить"))
        world.settle()
        world.change(id, title="Счёт исправленный")
        world.hear((INVOICE, id))
        world.settle()
        told = [(one["side"], one["field"], one["to"], one["by"]) for one in history.entries_of(world.document(id).known)]
        assert ("portal", "comment", "позвонить", "onec") in told
        assert ("portal", "name", "Счёт исправленный", "portal") in told
