"""Whole ways of documents through settling, against the portal double."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.models import HeardObject, Problem, TradeDocument
from tests.exchange.settling.world import INVOICE, NEW, World, line

pytestmark = pytest.mark.django_db(transaction=True)


def no_problems() -> bool:
    return list(Problem.objects.filter(closed_at=None).values_list("cause", "facts")) == []


class TestToOneC:
    def test_an_invoice_that_left_its_first_stage_is_put_out(self, world: World) -> None:
        id = world.invoice(comments="Позвонить [b]до[/b] обеда")
        world.hear((INVOICE, id))
        world.settle()
        assert no_problems()
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


class TestToPortal:
    def test_a_quantity_changed_in_1c_changes_one_row(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        (before,) = world.rows_of(id)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),), amount=Decimal(300)))
        world.settle()
        assert no_problems()
        (after,) = world.rows_of(id)
        assert (after["id"], after["quantity"], after["price"]) == (before["id"], 3, 100)
        assert world.item(id)["opportunity"] == 300
        # What both have is no news for 1C.
        row = world.document(id)
        assert row.acknowledged_version == row.outgoing_version
