"""What a change of rules would do is told before it is saved, and nothing is changed by asking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.imports.rules_changed import goods_due
from exchange.models import OneCBase, StateRow, TradeParty
from exchange.planning.stored import to_data
from exchange.planning.trade import Trade
from exchange.sessions import create_base
from exchange.settling.what_if import WhatIf, what_if
from mapping.load import rules_of
from mapping.rules import Rules
from mapping.trade_rules import Agreement, KindRules, PartyRules, StatusRule, TradeRules
from tests.exchange.settling.world import DEAL, NEW, PAID, SENT, World, buyer, line

pytestmark = pytest.mark.django_db(transaction=True)


def asked(world: World, after: Rules, before: Rules | None = None) -> WhatIf:
    world.portal.refresh_from_db()
    return what_if(world.portal, world.base, before or rules_of(world.portal.pk, world.base.pk), after)


def told(found: WhatIf) -> dict[str, int]:
    return {line.key: line.count for line in found.lines}


def trade(**changes: Any) -> Rules:
    return Rules(trade=replace(TradeRules(), **changes))


class TestDocuments:
    def test_those_that_would_begin_to_travel_are_counted_in_the_portal(self, world: World) -> None:
        world.invoice(title="Первый", stageId=NEW)
        taken = world.invoice(title="Второй")
        deals = [world.invoice(kind=DEAL, title=f"Сделка {n}", stageId="PREPARATION") for n in range(3)]
        world.invoice(kind=DEAL, title="Свежая", stageId="NEW")
        world.hear((31, taken))
        world.settle()
        found = asked(world, trade(deals=KindRules(travels=True)))
        assert told(found) == {"documents-start": 3}
        (only,) = found.lines
        assert only.exact
        assert only.text == "3 documents begin to travel to 1C."
        assert [example.name for example in only.examples] == ["Сделка 2", "Сделка 1", "Сделка 0"]
        assert only.examples[0].link.endswith(f"/crm/deal/details/{deals[2]}/")
        earlier = KindRules(travels=True, from_stage={world.portal.facts["trade"]["pipelines"][1]["id"]: NEW})
        assert told(asked(world, trade(invoices=replace(earlier, all_pipelines=True)))).get("documents-start") == 1

    def test_many_are_reckoned_from_the_newest(self, world: World) -> None:
        for number in range(2):
            world.invoice(title=str(number))
        world.settle()
        world.hear()
        for number in range(60):
            fields = {"title": f"D{number}", "stageId": "PREPARATION"}
            world.call("crm.item.add", entityTypeId=DEAL, fields=fields)
        one = world.invoice(title="x")
        world.hear((31, one))
        world.settle()
        found = asked(world, trade(deals=KindRules(travels=True)))
        assert told(found) == {"documents-start": 60}
        assert len(found.lines[0].examples) == 20

    def test_a_portal_that_cannot_be_asked_leaves_them_out(self, world: World) -> None:
        one = world.invoice()
        world.hear((31, one))
        world.settle()
        world.portal.refresh_from_db()
        world.portal.trouble = "ACCESS_DENIED"
        world.portal.save()
        found = asked(world, trade(deals=KindRules(travels=True)))
        assert not found.complete
        assert not found.nothing
        assert found.lines == ()

    def test_stages_statuses_and_terms_are_counted_where_documents_stand(self, world: World) -> None:
        ids = [world.invoice(title=f"Счёт {n}") for n in range(3)]
        done = world.invoice(title="Оплачен", stageId=PAID)
        world.hear(*((31, id) for id in (*ids, done)))
        world.settle()
        pipeline = world.item(ids[0])["categoryId"]
        invoices = KindRules(travels=True, stage_paid={pipeline: SENT}, stage_shipped={pipeline: PAID})
        rules = trade(
            invoices=invoices,
            statuses=(StatusRule(31, pipeline, SENT, "В работе"),),
            agreements=(Agreement("a", "Основное", default=True),),
        )
        found = asked(world, rules)
        assert told(found) == {"stage-paid": 3, "stage-shipped": 3, "status-told": 3, "terms": 3}
        by_key = {one.key: one for one in found.lines}
        assert {example.name for example in by_key["stage-paid"].examples} == {"Счёт 0", "Счёт 1", "Счёт 2"}
        stages = {stage["id"]: stage["name"] for one in world.portal.facts["trade"]["pipelines"] for stage in one["stages"]}
        assert by_key["stage-paid"].examples[0].detail == f"{stages[PAID]} → {stages[SENT]}"
        assert by_key["status-told"].examples[0].detail.endswith("→ В работе")

    def test_a_kind_that_is_switched_off_stops(self, world: World) -> None:
        one = world.invoice()
        world.hear((31, one))
        world.settle()
        assert told(asked(world, trade(invoices=KindRules()))) == {"documents-stop": 1}
        pipeline = world.item(one)["categoryId"]
        other = KindRules(travels=True, pipelines=frozenset({pipeline + 100}))
        assert told(asked(world, trade(invoices=other))) == {"documents-go-on": 1}

    def test_orders_of_1c_that_would_be_made_are_counted(self, world: World) -> None:
        for number in range(2):
            world.onec_makes(Trade(onec_id=f"o{number}", onec_number=f"ТД-{number}", lines=(line("boots", 100),)))
        world.onec_makes(Trade(onec_id="dead", cancelled=True))
        found = asked(world, trade(invoices=KindRules(travels=True, made_from_onec=True)))
        assert told(found) == {"made-in-portal": 2}
        assert [one.name for one in found.lines[0].examples] == ["ТД-1", "ТД-0"]


class TestParties:
    def test_buyers_without_a_company_are_counted(self, world: World) -> None:
        TradeParty.objects.create(base=world.base, entity_type_id=4, onec_id="p1", onec_side=to_data(buyer("p1")))
        TradeParty.objects.create(base=world.base, entity_type_id=4, onec_id="p2", b24_id=5, onec_side=to_data(buyer("p2")))
        assert told(asked(world, trade(parties=PartyRules(by_name=False)))) == {"parties-made": 1}
        assert told(asked(world, trade(parties=PartyRules(create=False)))) == {"parties-matched": 1}


@pytest.fixture
def goods(world: World) -> OneCBase:
    main = [("a", {"name": "Сапоги", "article": "1", "item_type": "Товар"}), ("b", {"name": "Доставка", "item_type": "Услуга"})]
    for onec_id, facet in main:
        StateRow.objects.create(base=world.base, kind="product", onec_id=onec_id, main=facet, pushed_version=1)
    prices = [["retail", "10", "RUB", "", None, None], ["old", "5", "у.е.", "", None, None]]
    stock = {"total": None, "by": {"w1": "3"}}
    StateRow.objects.create(
        base=world.base, kind="offer", onec_id="a", parent_id="a", prices=prices, stock=stock, known={}, pushed_version=1
    )
    StateRow.objects.create(base=world.base, kind="price_type", onec_id="retail", main={"name": "Розничная"}, pushed_version=1)
    other, _ = create_base(world.portal, "Другая", "ut11")
    StateRow.objects.create(base=other, kind="offer", onec_id="a", parent_id="a", prices=prices, pushed_version=1)
    return world.base


class TestGoods:
    def test_are_counted_by_what_changes_for_them(self, world: World, goods: OneCBase) -> None:
        after = Rules(
            skipped_price_types=frozenset({"retail"}),
            skipped_warehouses=frozenset({"w1", "unknown"}),
            service_item_types=frozenset({"Услуга"}),
            skipped_item_types=frozenset({"Нет таких"}),
            match_by_article=True,
            portal_owns=frozenset({"prices"}),
            currencies={"у.е.": "USD"},
        )
        found = asked(world, after)
        assert told(found) == {
            "goods-price-stops": 1,
            "goods-currency": 1,
            "goods-stock": 1,
            "goods-type-service": 1,
            "goods-owner-portal": 1,
            "goods-match-article": 1,
        }
        texts = {one.key: one.text for one in found.lines}
        assert texts["goods-price-stops"] == "Prices of type “Розничная” no longer go to Bitrix24: 1 item."
        assert {example.name for one in found.lines for example in one.examples} == {"Сапоги", "Доставка"}

    def test_become_due_when_the_change_is_saved(self, goods: OneCBase) -> None:
        before = Rules()
        assert goods_due(goods, before, replace(before, absent_limit=3)) == 0
        assert goods_due(goods, before, Rules(portal_owns=frozenset({"prices"}))) == 0
        assert goods_due(goods, before, Rules(skipped_price_types=frozenset({"retail"}))) == 2
        due = StateRow.objects.filter(version__gt=1)
        assert sorted(due.values_list("base", "kind")) == [(goods.pk, "offer"), (goods.pk, "price_type")]
        assert goods_due(goods, Rules(), Rules(service_item_types=frozenset({"Услуга"}))) == 1
