"""Whole ways of documents through settling, against the portal double."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db.models import F

from exchange.exports import queue
from exchange.models import HeardObject, StateRow, TradeDocument
from mapping import links
from tests.exchange.settling.world import (
    DEAL,
    INVOICE,
    NEW,
    SENT,
    UNPAID,
    World,
    in_one_c,
    line,
    problems,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestToOneC:
    def test_an_invoice_that_left_its_first_stage_is_put_out(self, world: World) -> None:
        id = world.invoice(comments="Позвонить [b]до[/b] обеда")
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == []
        given = world.given(id)
        assert given.trade.amount == Decimal(100)
        assert given.trade.lines is not None
        (only,) = given.trade.lines
        assert (only.item_id, only.quantity, only.amount) == ("boots", Decimal(1), Decimal(100))
        assert given.trade.comment == "Позвонить до обеда"
        assert given.buyer is not None
        assert (given.buyer.name, given.buyer.tax_id) == ("Ромашка", "7707083893")
        assert world.document(id).number
        assert not HeardObject.objects.filter(read_version=0).exists()

    def test_one_in_its_first_stage_stays(self, world: World) -> None:
        id = world.invoice(stageId=NEW)
        world.hear((INVOICE, id))
        world.settle()
        assert not TradeDocument.objects.exists()
        world.change(id, stageId=SENT)
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.amount == Decimal(100)

    def test_one_moved_back_stays_with_1c_and_goes_on_being_updated(self, world: World) -> None:
        id = in_one_c(world)
        world.change(id, stageId=NEW, comments="Подождать")
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.comment == "Подождать"

    def test_a_failed_one_is_cancelled_and_can_come_back(self, world: World) -> None:
        id = in_one_c(world)
        world.change(id, stageId=UNPAID)
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.cancelled is True
        world.confirm(id)
        world.change(id, stageId=SENT)
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.cancelled is False

    def test_a_deleted_one_is_cancelled_once(self, world: World) -> None:
        id = in_one_c(world)
        version = world.document(id).outgoing_version
        world.call("crm.item.delete", entityTypeId=INVOICE, id=id)
        for _ in range(2):
            world.hear((INVOICE, id))
            world.settle()
        given = world.given(id).trade
        assert (given.cancelled, world.document(id).outgoing_version) == (True, version + 1)
        assert given.lines is not None
        assert given.lines[0].item_id == "boots"

    def test_one_deleted_before_1c_heard_of_it_never_goes_there(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.call("crm.item.delete", entityTypeId=INVOICE, id=id)
        world.settle()
        assert not TradeDocument.objects.exists()

    def test_a_product_that_1c_does_not_know_is_a_line_with_its_name(self, world: World) -> None:
        rows = [{"productId": 0, "productName": "Доставка", "price": 300, "quantity": 1}]
        id = world.invoice(rows)
        world.hear((INVOICE, id))
        world.settle()
        lines = world.given(id).trade.lines
        assert lines is not None
        assert [(one.item_id, one.name, one.amount) for one in lines] == [("", "Доставка", Decimal(300))]

    def test_without_a_buyer_it_waits_and_says_so(self, world: World) -> None:
        id = in_one_c(world)
        other = world.invoice(companyId=world.item(id)["companyId"])
        world.change(other, companyId=0, contactIds=[])
        world.hear((INVOICE, other))
        world.settle()
        assert problems() == ["document-without-buyer"]
        assert world.document(other).outgoing is None
        world.change(other, companyId=world.item(id)["companyId"])
        world.hear((INVOICE, other))
        world.settle()
        assert problems() == []
        assert world.given(other).buyer is not None

    def test_a_deal_keeps_its_own_currency_and_its_characteristics(self, world: World) -> None:
        world.rules(trade={"deals": {"travels": True}})
        offer = world.product("boots#40", "Сапоги 40")
        links.unbind(world.portal.pk, world.base.pk, "product", ["boots#40"])
        links.bind(world.portal.pk, world.base.pk, "offer", {"boots#40": offer})
        rows = [{"productId": offer, "price": 10, "quantity": 3, "taxRate": 20, "taxIncluded": "Y"}]
        id = world.invoice(rows, kind=DEAL, currencyId="USD", stageId="PREPARATION")
        world.hear((DEAL, id))
        world.settle()
        given = world.given(id, kind=DEAL).trade
        assert (given.currency, str(given.amount)) == ("USD", "30")
        assert [one.item_id for one in given.lines or ()] == ["boots#40"]
        TradeDocument.objects.filter(b24_id=id).update(acknowledged_version=F("outgoing_version"))
        told = world.told(id, kind=DEAL)
        world.onec_says(id, replace(told, lines=(line("boots#40", 50, 5),)), kind=DEAL)
        world.settle()
        (row,) = world.rows_of(id, kind=DEAL)
        assert (row["productId"], row["quantity"], world.item(id, kind=DEAL)["opportunity"]) == (offer, 5, 50)
        assert world.item(id, kind=DEAL)["currencyId"] == "USD"

    def test_the_price_type_is_the_catalogues_base_price_without_any_setting(self, world: World) -> None:
        for onec_id, name in (("opt", "Оптовая"), ("retail", "Розничная цена")):
            StateRow.objects.create(base=world.base, kind="price_type", onec_id=onec_id, main={"name": name})
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        assert (world.given(id).trade.price_type_id, world.given(id).price_type_name) == ("retail", "Розничная цена")

    def test_more_rows_than_a_page_all_travel(self, world: World) -> None:
        rows = [{"productId": 0, "productName": f"Товар {n}", "price": n, "quantity": 1} for n in range(1, 121)]
        id = world.invoice(rows)
        world.hear((INVOICE, id))
        world.settle()
        lines = world.given(id).trade.lines
        assert lines is not None
        assert sorted(line.amount for line in lines) == list(range(1, 121))

    def test_deals_travel_only_when_switched_on(self, world: World) -> None:
        id = world.invoice(kind=DEAL, stageId="PREPARATION")
        world.hear((DEAL, id))
        world.settle()
        assert not TradeDocument.objects.exists()
        world.rules(trade={"deals": {"travels": True}})
        world.hear((DEAL, id))
        world.settle()
        assert world.given(id, kind=DEAL).trade.amount == Decimal(100)

    def test_of_a_kind_that_is_switched_off_stay_as_they_are_on_both_sides(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.rules(trade={"invoices": {"travels": False}})
        world.change(id, comments="Только здесь")
        world.hear((INVOICE, id))
        world.settle()
        row = world.document(id)
        assert row.settled_version == row.version
        assert not queue.waiting(world.base.pk).exists(), "what 1C has not got yet, it does not get any more"
        world.rules(trade={"invoices": {"travels": True}})
        world.hear((INVOICE, id))
        world.settle()
        assert [one.pk for one in queue.waiting(world.base.pk)] == [row.pk]
        assert world.given(id).trade.comment == "Только здесь"

    def test_nothing_new_costs_no_new_version(self, world: World) -> None:
        id = in_one_c(world)
        version = world.document(id).outgoing_version
        for _ in range(3):
            world.hear((INVOICE, id))
            world.settle()
        assert world.document(id).outgoing_version == version

    def test_a_company_renamed_in_the_portal_reaches_1c(self, world: World) -> None:
        id = in_one_c(world)
        company = world.item(id)["companyId"]
        world.call("crm.item.update", entityTypeId=4, id=company, fields={"title": "Роза"})
        world.hear((4, company))
        world.settle()
        given = world.given(id)
        assert given.buyer is not None
        assert given.buyer.name == "Роза"
        assert world.document(id).acknowledged_version < world.document(id).outgoing_version
