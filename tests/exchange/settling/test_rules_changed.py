"""A change of rules holds for documents and buyers that are there already, and not only for what moves next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F

from exchange.models import TradeDocument, TradeParty
from exchange.planning.stored import to_data
from exchange.planning.trade import Trade
from exchange.settling.rules_changed import follow
from exchange.settling.sweep import sweep
from mapping.load import rules_of
from mapping.rules import Rules
from mapping.trade_rules import Agreement, KindRules, PartyRules, StatusRule, TradeRules
from tests.exchange.settling.world import DEAL, INVOICE, SENT, World, buyer, line

pytestmark = pytest.mark.django_db(transaction=True)


def trade(**changes: Any) -> Rules:
    return Rules(trade=replace(TradeRules(), **changes))


def changed(world: World, **stored: Any) -> None:
    """The administrator saves."""
    before = rules_of(world.portal.pk, world.base.pk)
    world.rules(**stored)
    follow(world.base, before, rules_of(world.portal.pk, world.base.pk))


@pytest.fixture
def invoice(world: World) -> int:
    id = world.invoice()
    world.hear((INVOICE, id))
    world.settle()
    return id


class TestDocuments:
    def test_get_another_status_and_other_terms(self, world: World, invoice: int) -> None:
        pipeline = world.item(invoice)["categoryId"]
        status = {"entity_type_id": INVOICE, "pipeline": pipeline, "stage_id": SENT, "onec": "В работе"}
        changed(world, trade={"statuses": [status], "agreements": [{"id": "a", "name": "Основное", "default": True}]})
        world.settle()
        given = world.given(invoice)
        assert (given.status_name, given.agreement_name) == ("В работе", "Основное")

    def test_that_are_not_concerned_stay_settled(self, world: World, invoice: int) -> None:
        none = Rules()
        assert follow(world.base, none, replace(none, absent_limit=3)) == 0
        assert follow(world.base, none, trade(notify_responsible=False)) == 0
        other = trade(statuses=(StatusRule(DEAL, 0, "NEW", "Новый"),), agreements=(Agreement("a", my_company=77),))
        assert follow(world.base, none, other) == 0
        assert not TradeDocument.objects.filter(version__gt=F("settled_version")).exists()

    def test_of_a_kind_that_is_switched_off_and_on_again(self, world: World, invoice: int) -> None:
        changed(world, trade={"invoices": {"travels": False}})
        world.settle()
        assert world.document(invoice).ready_at is None
        changed(world, trade={"invoices": {"travels": True}})
        world.settle()
        assert world.document(invoice).ready_at is not None

    def test_that_nobody_has_touched_since_are_found_when_they_begin_to_travel(self, world: World, invoice: int) -> None:
        deal = world.invoice(kind=DEAL, title="Старая сделка", stageId="PREPARATION")
        world.rules(trade={"deals": {"travels": True, "from_stage": {"0": "FINAL_INVOICE"}}})
        sweep(world.portal.pk)
        world.settle()
        assert not TradeDocument.objects.filter(entity_type_id=DEAL).exists()
        changed(world, trade={"deals": {"from_stage": {}}})
        sweep(world.portal.pk)
        world.settle()
        assert world.document(deal, kind=DEAL).outgoing is not None

    def test_first_made_in_1c_are_made_once_the_rules_want_it_as_the_kind_they_want(self, world: World) -> None:
        row = world.onec_makes(Trade(onec_id="o", currency="RUB", lines=(line("boots", 100),), party="buyer-1"), buyer())
        world.settle()
        row.refresh_from_db()
        assert row.b24_id is None
        changed(world, trade={"deals": {"travels": True, "made_from_onec": True}})
        world.settle()
        row.refresh_from_db()
        assert (row.entity_type_id, row.b24_id is not None) == (DEAL, True)


class TestParties:
    def test_without_a_company_are_looked_for_again(self, world: World) -> None:
        waiting = TradeParty.objects.create(
            base=world.base, entity_type_id=4, onec_id="p", onec_side=to_data(buyer("p")), settled_version=1
        )
        assert follow(world.base, trade(parties=PartyRules(create=False)), Rules()) == 1
        waiting.refresh_from_db()
        assert waiting.version == 2
        assert follow(world.base, Rules(), trade(invoices=KindRules(travels=True, stage_paid={1: "-"}))) == 0
