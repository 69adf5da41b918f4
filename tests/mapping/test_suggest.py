"""Suggestions pair what means the same and leave the rest to a person."""

from __future__ import annotations

from mapping.suggest import Named, by_tax_id, pairs, status_rules
from mapping.trade_rules import StatusRule

STAGES = [
    Named("NEW", "Новая"),
    Named("EXECUTING", "В работе"),
    Named("WON", "Сделка успешна"),
    Named("LOSE", "Сделка провалена"),
]


class TestStatuses:
    def test_are_paired_by_equal_names_whatever_brackets_and_case(self):
        rules = status_rules(2, 0, STAGES, ["[В] в РАБОТЕ"])
        assert rules == (StatusRule(2, 0, "EXECUTING", "[В] в РАБОТЕ"),)

    def test_are_paired_by_meaning(self):
        rules = status_rules(2, 0, STAGES, ["Отменен", "Выполнен"])
        assert {rule.stage_id: rule.onec for rule in rules} == {"WON": "Выполнен", "LOSE": "Отменен"}

    def test_are_left_to_a_person_when_two_fit(self):
        assert status_rules(2, 0, STAGES, ["Отменен", "Отказ клиента"]) == ()

    def test_that_a_person_has_mapped_already_are_not_suggested_again(self):
        have = [StatusRule(2, 0, "WON", "Выполнен")]
        assert status_rules(2, 0, STAGES, ["Выполнен", "Закрыт"], have) == ()

    def test_of_another_pipeline_do_not_count(self):
        have = [StatusRule(2, 7, "C7:WON", "Выполнен")]
        assert len(status_rules(2, 0, STAGES, ["Выполнен"], have)) == 1

    def test_nearly_alike_are_paired_last(self):
        assert pairs([Named("1", "Ожидается согласование заказа")], [Named("a", "Ожидает согласование заказа")]) == {"1": "a"}

    def test_without_any_word_are_no_match(self):
        assert pairs([Named("1", "—")], [Named("a", "…")]) == {}


class TestOrganisations:
    def test_are_paired_by_tax_id(self):
        assert by_tax_id({"org": "7700000016", "other": ""}, {5: "7700000016", 6: ""}) == {"org": 5}

    def test_with_one_tax_id_twice_are_left_to_a_person(self):
        assert by_tax_id({"a": "7700000016", "b": "7700000016"}, {5: "7700000016"}) == {}
        assert by_tax_id({"a": "7700000016"}, {5: "7700000016", 6: "7700000016"}) == {}
