from __future__ import annotations

from dataclasses import replace

from exchange.planning.effects import Stage
from exchange.planning.what_if import GoodsChange, goods_changes, stage_moves, status_read, status_told, terms_differ
from mapping.rules import Rules
from mapping.trade_rules import Agreement, KindRules, StatusRule, TradeRules

STAGES = (
    Stage("N", sort=10),
    Stage("S", sort=20),
    Stage("P", sort=30, semantics="S"),
    Stage("D", sort=40, semantics="F"),
)


def changed(**after: object) -> tuple[GoodsChange, ...]:
    return goods_changes(Rules(skipped_price_types=frozenset({"old"})), replace(Rules(), **after))  # type: ignore[arg-type]


class TestGoods:
    def test_the_same_rules_change_nothing(self) -> None:
        assert goods_changes(Rules(), Rules()) == ()

    def test_each_price_type_is_told_apart(self) -> None:
        told = changed(skipped_price_types=frozenset({"new"}), price_types={"retail": 7, "new": 8}, base_price_type="retail")
        assert told == (
            GoodsChange("price-stops", ("new",)),
            GoodsChange("price-starts", ("old",)),
            GoodsChange("price-moves", ("retail",)),
            GoodsChange("base-price", ("retail",)),
        )

    def test_types_warehouses_owners_and_matching_are_told(self) -> None:
        before = Rules(skipped_item_types=frozenset({"Набор"}), portal_owns=frozenset({"name"}))
        after = Rules(
            skipped_item_types=frozenset({"Работа"}),
            service_item_types=frozenset({"Услуга"}),
            skipped_warehouses=frozenset({"w2", "w1"}),
            portal_owns=frozenset({"pictures"}),
            match_by_article=True,
            match_by_barcode=True,
            currencies={"у.е.": "USD"},
            create_currencies={"USD": "90"},
        )
        assert {(one.kind, one.of) for one in goods_changes(before, after)} == {
            ("stock", ("w1", "w2")),
            ("type-skipped", ("Работа",)),
            ("type-carried", ("Набор",)),
            ("type-service", ("Услуга",)),
            ("owner-portal", ("pictures",)),
            ("owner-onec", ("name",)),
            ("match-article", ()),
            ("match-barcode", ()),
            ("currency", ("у.е.",)),
            ("currency", ("USD",)),
        }


class TestDocuments:
    def test_a_stage_that_is_the_default_anyway_is_no_move(self) -> None:
        same = TradeRules(invoices=KindRules(travels=True, stage_paid={1: "P"}))
        assert stage_moves(TradeRules(), same, 31, 1, STAGES) == ()
        other = TradeRules(invoices=KindRules(travels=True, stage_paid={1: "-"}, stage_shipped={1: "S"}))
        moves = {move.happening: (move.old, move.new) for move in stage_moves(TradeRules(), other, 31, 1, STAGES)}
        assert moves == {"paid": ("P", ""), "shipped": ("", "S")}

    def test_a_status_is_looked_at_in_each_direction(self) -> None:
        told = TradeRules(statuses=(StatusRule(31, 1, "S", "[1] Отгружен", "to_onec"),))
        move = status_told(TradeRules(), told, 31, 1, "S")
        assert move is not None
        assert (move.old, move.new) == ("", "[1] Отгружен")
        assert status_told(TradeRules(), told, 31, 2, "S") is None
        assert status_read(TradeRules(), told, 31, 1, "1", "") is None
        read = status_read(TradeRules(), TradeRules(statuses=(StatusRule(31, 1, "S", "[1] Отгружен"),)), 31, 1, "1", "")
        assert read is not None
        assert read.new == "S"

    def test_terms_are_compared_as_a_document_gets_them(self) -> None:
        rules = Rules(trade=TradeRules(agreements=(Agreement("a", my_company=5),)))
        assert terms_differ(Rules(), rules, 5, 1, "RUB")
        assert not terms_differ(Rules(), rules, 6, 1, "RUB")
        assert terms_differ(Rules(), Rules(base_price_type="retail"), 6, 1, "RUB")
