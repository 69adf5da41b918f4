"""What 1C keeps of its own against the portal's is never passed over in silence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.models import Problem
from exchange.planning.trade import Payment
from exchange.settling.deciding import decide
from tests.exchange.settling.world import INVOICE, World, in_one_c, line, problems

pytestmark = pytest.mark.django_db(transaction=True)
PAID = (Payment(key="p", amount=Decimal(10), currency="RUB"),)


class TestUntaken:
    def test_lines_that_1c_does_not_take_are_told_beside_one_that_both_changed(self, world: World) -> None:
        boots = {"productId": world.product("boots"), "price": 100, "quantity": 1}
        laces = {"productId": world.product("laces"), "price": 5, "quantity": 1}
        id = in_one_c(world, rows=[boots, laces])
        told = world.told(id)
        world.onec_says(id, told)
        world.settle()
        # 1C has a payment, and another price of the laces; the portal changes both lines.
        changed = tuple(
            line if line.item_id == "boots" else replace(line, price=Decimal(7), amount=Decimal(7)) for line in told.lines or ()
        )
        world.rows(id, [boots | {"quantity": 3}, laces | {"price": 6}])
        world.onec_says(id, replace(told, lines=changed, payments=PAID))
        world.hear((INVOICE, id))
        world.settle()
        assert problems() == ["document-conflict", "document-not-taken"]
        (problem,) = Problem.objects.filter(closed_at=None, cause="document-not-taken")
        assert [one["field"] for one in problem.facts["conflicts"]] == ["lines"]

    def test_a_comment_that_came_too_late_is_missed_where_1c_tells_comments(self, world: World) -> None:
        other = in_one_c(world)
        world.onec_says(other, replace(world.told(other), comment="Срочно"))
        id = in_one_c(world, companyId=world.company("Василёк", "7736050003"), comments="Позвонить")
        # 1C had a payment for it already when it said success, and tells no comment: it has none.
        world.onec_says(id, replace(world.told(id), comment=None, payments=PAID))
        world.settle()
        (problem,) = Problem.objects.filter(closed_at=None, onec_id=str(world.document(id).pk))
        assert (problem.cause, problem.facts["conflicts"]) == (
            "document-not-taken",
            [{"field": "comment", "part": "", "portal": "Позвонить", "onec": ""}],
        )
        decide(problem, "onec")
        world.settle()
        assert not world.item(id)["comments"]
        assert not Problem.objects.filter(closed_at=None, onec_id=str(world.document(id).pk)).exists()

    def test_a_comment_is_not_missed_in_a_1c_that_never_tells_one(self, world: World) -> None:
        id = in_one_c(world, comments="Позвонить")
        world.onec_says(id, replace(world.told(id), comment=None, payments=PAID))
        world.settle()
        assert problems() == []


class TestForOneC:
    def test_an_order_has_vat_inside_of_all_lines_or_on_top_of_all(self, world: World) -> None:
        taxed = {"quantity": 1, "taxRate": 20}
        boots = {"productId": world.product("boots"), "price": 120, "taxIncluded": "N", **taxed}
        id = in_one_c(world, rows=[boots])
        told = world.told(id)
        world.onec_says(id, told)
        world.settle()
        # A line of 1C's with VAT inside comes to the portal's with VAT on top; then the portal changes something.
        world.product("laces", "Шнурки")
        laces = line("laces", 60, vat=(told.lines or ())[0].vat, vat_amount=Decimal(10))
        world.onec_says(id, replace(told, lines=(*(told.lines or ()), laces)))
        world.settle()
        world.change(id, comments="Ещё")
        world.hear((INVOICE, id))
        world.settle()
        lines = world.given(id).trade.lines or ()
        assert {line.vat_included for line in lines} == {True}
        assert sorted(line.amount for line in lines) == [60, 120]
