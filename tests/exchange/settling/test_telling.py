"""What people in the portal hear of 1C's news."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exchange.settling.world import INVOICE, World, payment

pytestmark = pytest.mark.django_db(transaction=True)


class TestTriggers:
    def test_are_registered_when_a_base_pulls_them_and_pulled_once(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        assert world.bitrix24.state["triggers"] == []
        world.rules(trade={"automation_trigger": True})
        world.onec_says(id, replace(world.told(id), payments=(payment("p1", 40),)))
        world.settle()
        assert {row["CODE"] for row in world.bitrix24.state["triggers"]} >= {"onec_paid", "onec_partly_paid"}
        assert [row["code"] for row in world.bitrix24.state["fired_triggers"]] == ["onec_partly_paid"]
        world.onec_says(id, replace(world.told(id), comment="again"))
        world.settle()
        assert len(world.bitrix24.state["fired_triggers"]) == 1
