"""What 1C says reaches the portal, and what happens when both sides speak."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.models import Problem, TradeDocument
from exchange.planning.trade import Trade
from exchange.records import VatRate
from exchange.settling.deciding import decide
from tests.exchange.settling.world import (
    INVOICE,
    PAID,
    SENT,
    UNPAID,
    World,
    buyer,
    in_one_c,
    line,
    order,
    payment,
    problems,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestToPortal:
    def test_a_quantity_changed_in_1c_changes_one_row(self, world: World) -> None:
        id = in_one_c(world)
        (before,) = world.rows_of(id)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),), amount=Decimal(300)))
        world.settle()
        assert problems() == []
        (after,) = world.rows_of(id)
        assert (after["id"], after["quantity"], after["price"]) == (before["id"], 3, 100)
        assert world.item(id)["opportunity"] == 300
        # What both have is no news for 1C.
        row = world.document(id)
        assert row.acknowledged_version == row.outgoing_version

    def test_what_was_written_is_read_again_without_asking_for_what_the_answer_told(self, world: World) -> None:
        id = in_one_c(world)
        for quantity in (3, 4):
            world.bitrix24.calls.reset()
            lines = (line("boots", quantity * 100, quantity),)
            world.onec_says(id, replace(world.told(id), lines=lines, amount=Decimal(quantity * 100)))
            world.settle()
        asked = world.bitrix24.calls.by_method
        assert asked["crm.item.productrow.update"] == 1
        assert (asked["crm.item.productrow.list"], asked["crm.requisite.link.list"]) == (2, 1)
        read = world.bitrix24.calls.of("crm.item.list")
        assert len([one for one in read if int(one.params["entityTypeId"]) == INVOICE]) == 1

    def test_lines_come_and_go_row_by_row(self, world: World) -> None:
        id = in_one_c(world)
        laces = world.product("laces", "Шнурки")
        world.onec_says(
            id, replace(world.told(id), lines=(line("laces", 30, 3, vat=VatRate(Decimal(20))), line("?", 5, name="Пакет")))
        )
        world.settle()
        rows = [(row["productId"], row["productName"], row["price"], row["quantity"]) for row in world.rows_of(id)]
        assert sorted(rows) == [(0, "Пакет", 5, 1), (laces, "Шнурки", 10, 3)]
        assert world.item(id)["opportunity"] == 35

    def test_a_sum_that_rows_cannot_give_is_held_by_hand(self, world: World) -> None:
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", "10.00", 3),)))
        world.settle()
        item = world.item(id)
        assert (item["isManualOpportunity"], item["opportunity"]) == ("Y", 10)
        # It means the same line again: nobody hears of a kopeck.
        row = world.document(id)
        world.hear((INVOICE, id))
        world.settle()
        assert world.document(id).outgoing_version == row.outgoing_version
        world.rows(id, [{**world.rows_of(id)[0], "price": 4, "quantity": 3}])
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.amount == Decimal(12)
        assert world.item(id)["opportunity"] == 12

    def test_a_full_payment_moves_the_stage_and_shows_the_sums(self, world: World) -> None:
        id = in_one_c(world)
        version = world.document(id).outgoing_version
        world.onec_says(id, replace(world.told(id), payments=(payment("p1", 40),)))
        world.settle()
        assert world.item(id)["stageId"] == SENT
        own = {name: value for name, value in world.item(id).items() if name.lower().endswith(("onecpaid", "onec_paid"))}
        assert list(own.values()) == ["40|RUB"]
        world.onec_says(id, replace(world.told(id), payments=(payment("p1", 40), payment("p2", 60))))
        world.settle()
        assert world.item(id)["stageId"] == PAID
        activities = world.bitrix24.state["activities"]
        assert len(activities) == 2
        assert problems() == []
        assert world.document(id).outgoing_version == version, "its own payment is no news for 1C"

    def test_a_document_made_in_1c_is_made_once(self, world: World) -> None:
        world.rules(trade={"invoices": {"travels": True, "made_from_onec": True}})
        world.product("boots")
        row = world.onec_makes(order(comment="Срочно"), buyer())
        world.settle()
        row.refresh_from_db()
        assert problems() == []
        assert row.b24_id is not None
        item = world.item(row.b24_id)
        assert (item["xmlId"], item["opportunity"], item["comments"], item["title"]) == ("order-1", 200, "Срочно", "ТД-1")
        company = world.bitrix24.state.get("items_4", item["companyId"])
        assert company is not None
        assert company["title"] == "Василёк"
        assert row.outgoing is None, "1C has it already"
        assert row.settled_version == row.version
        world.hear((INVOICE, row.b24_id))
        world.settle()
        assert TradeDocument.objects.count() == 1
        assert len(world.bitrix24.state["items_31"]) == 1

    def test_an_agreement_with_vat_on_top_goes_there_and_back_without_a_kopeck_of_difference(self, world: World) -> None:
        world.rules(trade={"agreements": [{"id": "a", "name": "Основное", "default": True, "vat_included": False}]})
        rows = [{"productId": world.product("boots"), "price": 100, "quantity": 3, "taxRate": 20, "taxIncluded": "Y"}]
        id = world.invoice(rows)
        world.hear((INVOICE, id))
        world.settle()
        (given,) = world.given(id).trade.lines or ()
        assert (given.vat_included, str(given.amount), str(given.vat_amount)) == (False, "250", "50")
        world.confirm(id)
        version, before = world.document(id).outgoing_version, [dict(row) for row in world.rows_of(id)]
        told = world.told(id)
        world.onec_says(id, told)
        world.settle()
        assert (problems(), world.rows_of(id), world.document(id).outgoing_version) == ([], before, version)
        doubled = replace(given, quantity=given.quantity * 2, amount=given.amount * 2, vat_amount=Decimal(100))
        world.onec_says(id, replace(told, lines=(doubled,)))
        world.settle()
        assert (problems(), world.item(id)["opportunity"]) == ([], 600)

    def test_a_document_made_in_1c_before_the_rules_date_stays_there(self, world: World) -> None:
        world.rules(trade={"invoices": {"travels": True, "made_from_onec": True, "from_date": "2026-11-21"}})
        old = world.onec_makes(Trade(onec_id="old", date=dt.date(2026, 11, 20), currency="RUB", lines=(line("boots", 100),)))
        new = world.onec_makes(Trade(onec_id="new", date=dt.date(2026, 11, 21), currency="RUB", lines=(line("boots", 100),)))
        world.settle()
        old.refresh_from_db()
        new.refresh_from_db()
        assert (old.b24_id, old.settled_version) == (None, old.version)
        assert new.b24_id is not None

    def test_a_comment_and_a_term_changed_in_1c_reach_the_portal(self, world: World) -> None:
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), comment="Позвонить до 12", pay_until=dt.date(2026, 12, 24)))
        world.settle()
        assert world.item(id)["comments"] == "Позвонить до 12"
        assert str(world.item(id)["closedate"]).startswith("2026-12-24")
        assert problems() == []

    def test_an_order_cancelled_in_1c_goes_to_the_failure_stage(self, world: World) -> None:
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), cancelled=True))
        world.settle()
        assert world.item(id)["stageId"] == UNPAID

    def test_a_stage_the_portal_refuses_blocks_nothing_else(self, world: World) -> None:
        kind = {"travels": True, "stage_cancelled": {"1": "DT31_1:GONE"}}
        world.rules(trade={"invoices": kind})
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),), cancelled=True))
        world.settle()
        assert problems() == ["stage-refused"]
        assert (world.item(id)["opportunity"], world.item(id)["stageId"]) == (300, SENT)


class TestBothSides:
    def test_different_fields_reach_both(self, world: World) -> None:
        id = in_one_c(world)
        world.change(id, comments="Из портала")
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),)))
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == []
        assert world.item(id)["opportunity"] == 300
        assert world.given(id).trade.comment == "Из портала"
        assert world.given(id).trade.amount == 300

    @pytest.mark.parametrize("side", ["portal", "onec"])
    def test_the_same_line_is_a_conflict_that_one_click_decides(self, world: World, side: str) -> None:
        id = in_one_c(world)
        (row,) = world.rows_of(id)
        world.call("crm.item.productrow.update", id=row["id"], fields={"quantity": 2})
        world.change(id, comments="Из портала")
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),)))
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == ["document-conflict"]
        assert world.item(id)["opportunity"] == 200, "each keeps its own"
        assert world.given(id).trade.comment == "Из портала", "the other fields go on"
        world.hear((INVOICE, id))
        world.confirm(id)
        world.settle()
        assert problems() == ["document-conflict"], "it stays until somebody decides"
        decide(Problem.objects.get(closed_at=None), side)  # type: ignore[arg-type]
        world.settle()
        assert problems() == []
        assert world.item(id)["opportunity"] == {"portal": 200, "onec": 300}[side]
        assert world.given(id).trade.amount == {"portal": 200, "onec": 300}[side]

    def test_1c_that_has_not_heard_yet_is_not_taken_for_one_who_changed(self, world: World) -> None:
        id = in_one_c(world)
        told = world.told(id)
        (row,) = world.rows_of(id)
        world.call("crm.item.productrow.update", id=row["id"], fields={"quantity": 2})
        world.hear((INVOICE, id))
        world.settle()
        # 1C's file was made before it read ours.
        world.onec_says(id, replace(told, status_name="Согласован"))
        world.settle()
        assert world.item(id)["opportunity"] == 200
        assert world.given(id).trade.amount == 200
        assert problems() == []

    def test_1c_that_leaves_our_change_alone_does_not_undo_it(self, world: World) -> None:
        id = in_one_c(world)
        told = world.told(id)
        world.onec_says(id, told)
        world.settle()
        (row,) = world.rows_of(id)
        world.call("crm.item.productrow.update", id=row["id"], fields={"quantity": 2})
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        # УТ 11 says success and leaves an order alone that is in work; later it tells of a payment.
        world.onec_says(id, replace(told, payments=(payment("p1", 10),)))
        world.settle()
        assert world.item(id)["opportunity"] == 200
        assert problems() == ["document-not-taken"]
        decide(Problem.objects.get(closed_at=None), "onec")
        world.settle()
        assert problems() == []
        assert world.item(id)["opportunity"] == 100

    def test_a_paid_order_that_the_portal_changes_is_a_question(self, world: World) -> None:
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), payments=(payment("p1", 10),)))
        world.settle()
        world.change(id, comments="Ещё")
        world.hear((INVOICE, id))
        world.settle()
        (problem,) = Problem.objects.filter(closed_at=None)
        assert problem.cause == "document-not-taken"
        assert problem.facts["conflicts"] == [{"field": "comment", "part": "", "portal": "Ещё", "onec": ""}]
        world.confirm(id)
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == ["document-not-taken"], "success is no proof"
        world.onec_says(id, replace(world.told(id), comment="Ещё"))
        world.settle()
        assert problems() == []

    def test_1c_that_tells_the_same_after_its_success_did_not_take_ours(self, world: World) -> None:
        id = in_one_c(world)
        told = world.told(id)
        world.onec_says(id, told)
        world.settle()
        (row,) = world.rows_of(id)
        world.call("crm.item.productrow.update", id=row["id"], fields={"quantity": 2})
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == [], "it said nothing since"
        world.onec_says(id, told)
        world.settle()
        assert problems() == ["document-not-taken"]
