"""Rules are changed by versions: nobody's change is lost, and an earlier version can be put back whole."""

from __future__ import annotations

from b24app.models import Portal
from mapping.edit import change_rules, replace_rules
from mapping.load import rules_of
from mapping.models import RuleSet


class TestChange:
    def test_of_one_setting_leaves_the_others(self, portal: Portal) -> None:
        change_rules(portal.pk, 1, {"trade": {"deals": {"travels": True}}}, author="5")
        change_rules(portal.pk, 1, {"trade": {"deals": {"made_from_onec": True}, "poison_after": 5}}, author="6")
        change_rules(portal.pk, 1, {"absent_limit": 3}, author="5")
        rules = rules_of(portal.pk, 1)
        assert (rules.trade.deals.travels, rules.trade.deals.made_from_onec) == (True, True)
        assert (rules.trade.poison_after, rules.absent_limit) == (5, 3)
        assert list(RuleSet.objects.order_by("version").values_list("version", "author")) == [(1, "5"), (2, "6"), (3, "5")]

    def test_of_a_mapping_replaces_it_whole(self, portal: Portal) -> None:
        change_rules(portal.pk, 1, {"trade": {"deals": {"stage_paid": {"0": "WON", "1": "C1:WON"}}}}, author="5")
        change_rules(portal.pk, 1, {"trade": {"deals": {"stage_paid": {"0": "-"}}}}, author="5")
        assert rules_of(portal.pk, 1).trade.deals.stage_paid == {0: "-"}


class TestReplacement:
    def test_forgets_what_the_replacement_does_not_say(self, portal: Portal) -> None:
        first = change_rules(portal.pk, 1, {"absent_limit": 3}, author="5")
        change_rules(portal.pk, 1, {"trade": {"deals": {"travels": True}}}, author="5")
        replace_rules(portal.pk, 1, first.data, author="6")
        rules = rules_of(portal.pk, 1)
        assert (rules.absent_limit, rules.trade.deals.travels) == (3, False)
