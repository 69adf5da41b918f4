"""What 1C's payments, shipments and status do to the portal's document."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from exchange.planning.effects import Effects, Place, Stage, effects_of, standing_of
from exchange.planning.trade import DEAL, INVOICE, Line, Payment, Shipment, Trade
from mapping.trade_rules import LEAVE, KindRules, StatusRule, TradeRules

STAGES = (
    Stage("DT31_1:N", "New", 10),
    Stage("DT31_1:S", "Sent", 20),
    Stage("DT31_1:W", "Shipped", 30),
    Stage("DT31_1:P", "Paid", 40, "S"),
    Stage("DT31_1:D", "Unpaid", 50, "F"),
    Stage("DT31_1:X", "Refused", 60, "F"),
)
DAY = dt.date(2026, 3, 4)


def place(stage: str = "DT31_1:S") -> Place:
    return Place(INVOICE, 1, stage, STAGES)


def paid(*amounts: str, currency: str = "RUB", **more: object) -> Trade:
    payments = tuple(
        Payment(key=f"p{number}", number=str(number), date=DAY + dt.timedelta(number), amount=Decimal(amount), currency=currency)
        for number, amount in enumerate(amounts)
    )
    return Trade(currency="RUB", amount=Decimal(1000), payments=payments, **more)  # type: ignore[arg-type]


def look(onec: Trade, *, stage: str = "DT31_1:S", rules: TradeRules | None = None, before: Effects | None = None) -> Effects:
    return effects_of(onec, Decimal(1000), place(stage), rules or TradeRules(), before.happened if before else None)


class TestPartPayment:
    def test_leaves_the_stage_and_shows_paid_and_owed(self):
        effects = look(paid("300.50"))
        assert effects.stage_id == ""
        assert (effects.own["paid"], effects.own["debt"]) == ("300.5|RUB", "699.5|RUB")
        assert effects.news == ("partly_paid",)

    def test_moves_to_the_stage_that_settings_name(self):
        rules = TradeRules(invoices=KindRules(travels=True, stage_partly_paid={1: "DT31_1:W"}))
        assert look(paid("300"), rules=rules).stage_id == "DT31_1:W"

    def test_never_moves_backwards(self):
        rules = TradeRules(invoices=KindRules(travels=True, stage_partly_paid={1: "DT31_1:N"}))
        assert look(paid("300"), rules=rules).stage_id == ""


class TestFullPayment:
    def test_moves_to_the_success_stage_without_any_setting(self):
        effects = look(paid("300", "700"))
        assert (effects.stage_id, effects.why) == ("DT31_1:P", "paid")
        assert effects.own["paid_on"] == "2026-03-05"

    def test_moves_once_and_then_leaves_the_manager_his_word(self):
        first = look(paid("1000"))
        assert look(paid("1000"), stage="DT31_1:S", before=first).stage_id == ""

    def test_counts_again_after_the_money_went_back(self):
        first = look(paid("1000"))
        back = Trade(
            currency="RUB",
            payments=(*(paid("1000").payments or ()), Payment(key="r", amount=Decimal(1000), currency="RUB", returned=True)),
        )
        second = look(back, before=first)
        assert second.own["paid"] == "0|RUB"
        assert look(paid("1000"), before=second).stage_id == "DT31_1:P"

    def test_is_told_by_the_older_exchanges_as_a_mark(self):
        effects = look(Trade(currency="RUB", amount=Decimal(1000), paid=True, paid_on=DAY, paid_number="5"))
        assert (effects.stage_id, effects.own["paid"], effects.own["debt"]) == ("DT31_1:P", "1000|RUB", "0|RUB")
        assert [(entry.key, entry.number) for entry in effects.entries] == [("payment:full", "5")]

    def test_that_the_older_exchanges_say_no_more_is_cancelled_in_the_timeline(self):
        effects = look(Trade(currency="RUB", amount=Decimal(1000), paid=False, paid_on=DAY, paid_number="5"))
        assert (effects.own["paid"], effects.own["debt"], effects.own["paid_on"]) == ("0|RUB", "1000|RUB", "")
        assert [(entry.key, entry.number, entry.cancelled) for entry in effects.entries] == [("payment:full", "5", True)]

    def test_can_be_told_to_leave_the_stage_alone(self):
        rules = TradeRules(invoices=KindRules(travels=True, stage_paid={1: LEAVE}))
        assert look(paid("1000"), rules=rules).stage_id == ""

    def test_in_another_currency_does_not_count(self):
        standing = standing_of(paid("1000", currency="USD"), Decimal(1000))
        assert standing.paid == 0
        assert len(standing.foreign) == 1

    def test_that_was_cancelled_does_not_count(self):
        onec = Trade(currency="RUB", payments=(Payment(key="a", amount=Decimal(1000), cancelled=True),))
        assert look(onec).stage_id == ""


class TestCancellation:
    def test_moves_to_the_first_failure_stage_even_from_a_final_one(self):
        assert look(paid("1000", cancelled=True), stage="DT31_1:P").stage_id == "DT31_1:D"

    def test_comes_before_payment(self):
        assert look(paid("1000", cancelled=True)).why == "cancelled"

    @pytest.mark.parametrize("over", [Trade(currency="RUB", cancelled=True), Trade(currency="RUB", deleted=True)])
    def test_that_is_taken_back_restores_the_stage(self, over):
        first = look(over)
        assert look(Trade(currency="RUB"), stage="DT31_1:D", before=first).stage_id == "DT31_1:S"

    def test_that_is_taken_back_leaves_a_document_that_a_manager_moved(self):
        first = look(Trade(currency="RUB", cancelled=True))
        assert look(Trade(currency="RUB"), stage="DT31_1:N", before=first).stage_id == ""


class TestShipment:
    LINES = (
        Line(item_id="a", quantity=Decimal(2), price=Decimal(400), amount=Decimal(800)),
        Line(item_id="s", quantity=Decimal(1), price=Decimal(200), amount=Decimal(200), service=True),
    )

    def onec(self, quantity: str) -> Trade:
        shipment = Shipment(key="s1", number="7", date=DAY, lines=(("a", Decimal(quantity)),))
        return Trade(currency="RUB", amount=Decimal(1000), lines=self.LINES, shipments=(shipment,))

    def test_in_part_is_shown_at_the_prices_of_the_order(self):
        effects = look(self.onec("1"))
        assert effects.own["shipped"] == "400|RUB"
        assert effects.news == ()

    def test_in_full_needs_all_goods_but_no_services(self):
        rules = TradeRules(invoices=KindRules(travels=True, stage_shipped={1: "DT31_1:W"}))
        assert look(self.onec("2"), rules=rules).stage_id == "DT31_1:W"

    def test_leaves_the_stage_without_a_setting(self):
        assert look(self.onec("2")).stage_id == ""


class TestStatus:
    RULES = TradeRules(statuses=(StatusRule(INVOICE, 1, "DT31_1:W", "[К] К отгрузке"),))

    @pytest.mark.parametrize("told", ["К отгрузке", "[К] К отгрузке", "к  ОТГРУЗКЕ", "К"])
    def test_is_found_in_either_spelling(self, told):
        assert look(Trade(currency="RUB", status_name=told), rules=self.RULES).stage_id == "DT31_1:W"

    def test_is_whether_1c_has_posted_it_where_no_status_is_told(self):
        assert look(Trade(currency="RUB", posted=False)).own["status"] == "Не проведен"
        assert look(Trade(currency="RUB", posted=True)).own["status"] == "Проведен"
        assert look(Trade(currency="RUB", posted=True, status_name="К отгрузке")).own["status"] == "К отгрузке"
        assert look(Trade(currency="RUB")).own["status"] == ""

    def test_moves_only_when_it_changes(self):
        first = look(Trade(currency="RUB", status_name="К отгрузке"), rules=self.RULES)
        assert look(Trade(currency="RUB", status_name="К отгрузке"), rules=self.RULES, before=first).stage_id == ""

    def test_of_another_kind_of_document_is_not_taken(self):
        rules = TradeRules(statuses=(StatusRule(DEAL, 1, "DT31_1:W", "К отгрузке"),))
        assert look(Trade(currency="RUB", status_name="К отгрузке"), rules=rules).stage_id == ""

    def test_that_only_goes_to_1c_moves_nothing(self):
        rules = TradeRules(statuses=(StatusRule(INVOICE, 1, "DT31_1:W", "К отгрузке", "to_onec"),))
        assert look(Trade(currency="RUB", status_name="К отгрузке"), rules=rules).stage_id == ""


class TestFirstLook:
    def test_tells_nobody_what_happened_long_ago(self):
        effects = effects_of(paid("1000"), Decimal(1000), place(), TradeRules(), first=True)
        assert effects.news == ()
        assert effects.stage_id == "DT31_1:P"
