"""People hear of problems in the portal itself: the right ones, in words, and of each cause at most once a day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from b24app.models import Portal
from b24app.pages.problem_notices import Open, hearers, is_grave, tell_problems, text_of, to_tell
from exchange.models import OneCBase, Problem
from mapping.edit import change_rules
from mapping.rules import Rules
from sandbox.portal.server import PortalServer
from tests.b24app.pages.conftest import make_base, make_problem

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
MOSCOW = dt.timezone(dt.timedelta(hours=3))
GRAVE, SMALL = "document-conflict", "name-missing"


def met(newest: dt.datetime, told: dt.datetime | None, zone: dt.tzinfo = dt.UTC) -> bool:
    one = Open(1, GRAVE, 1, newest)
    return bool(to_tell([one], {one.key: told.isoformat()} if told else {}, NOW, zone))


class TestToTell:
    @pytest.mark.parametrize(
        ("newest", "told", "zone", "due"),
        [
            (NOW, None, dt.UTC, True),
            (NOW, NOW - dt.timedelta(hours=1), dt.UTC, False),
            (NOW, NOW - dt.timedelta(days=1), dt.UTC, True),
            (NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1), dt.UTC, False),
            (NOW, NOW - dt.timedelta(hours=14), dt.UTC, True),
            (NOW, NOW - dt.timedelta(hours=14), MOSCOW, False),
        ],
        ids=["never told", "today", "yesterday, met anew", "nothing new", "before midnight", "today by the portal's clock"],
    )
    def test_is_news_once_a_day(self, newest: dt.datetime, told: dt.datetime | None, zone: dt.tzinfo, due: bool) -> None:
        assert met(newest, told, zone) is due


class TestHearers:
    def test_are_those_of_the_base_else_whoever_installed_the_app(self) -> None:
        rules = {1: Rules(notify_users=frozenset({5, 6})), 2: Rules(), 3: Rules(notify_about="none")}
        told = [hearers(Open(base, GRAVE, 1, NOW), rules, 9) for base in (1, 2, 3, 0, 77)]
        assert told == [[5, 6], [9], [], [5, 6, 9], []]

    def test_hear_of_single_goods_only_when_they_want_to(self) -> None:
        rules = {1: Rules(), 2: Rules(notify_about="all")}
        assert [hearers(Open(base, SMALL, 1, NOW), rules, 9) for base in (1, 2)] == [[], [9]]
        assert is_grave("never-heard-of")


def test_a_notice_says_where_what_and_what_to_do_without_markup() -> None:
    text = text_of(Open(1, "document-conflict", 2, NOW), "Base [b]")
    assert text.startswith("1C exchange, Base (b): 2 documents were changed on both sides. Choose beside each document")


class TestTellProblems:
    @pytest.fixture
    def base(self, portal: Portal) -> OneCBase:
        return make_base(portal, "Trade")

    def old(self) -> None:
        Problem.objects.update(first_at=timezone.now() - dt.timedelta(minutes=10))

    def heard(self, bitrix24: PortalServer) -> list[tuple[int, str]]:
        return sorted((int(row["user_id"]), str(row["message"])) for row in bitrix24.state.where("notifications"))

    def test_sends_one_notice_for_a_cause_and_no_second_that_day(self, base: OneCBase, bitrix24: PortalServer) -> None:
        for number in range(3):
            make_problem(base, GRAVE, number, kind="document")
        make_problem(base, SMALL, 9)
        assert tell_problems(base.portal_id) == 0  # they may pass by themselves
        self.old()
        assert tell_problems(base.portal_id) == 1
        ((user, text),) = self.heard(bitrix24)
        assert user == 1
        assert "Trade" in text
        assert "3" in text
        make_problem(base, GRAVE, 10, kind="document")
        self.old()
        assert tell_problems(base.portal_id) == 0
        assert len(self.heard(bitrix24)) == 1

    def test_goes_to_whom_the_settings_name(self, base: OneCBase, bitrix24: PortalServer) -> None:
        make_problem(base, SMALL, 1)
        self.old()
        change_rules(base.portal_id, base.pk, {"notify_users": [2, 12345678], "notify_about": "all"}, author="")
        tell_problems(base.portal_id)
        assert 2 in {user for user, _ in self.heard(bitrix24)}
        assert tell_problems(base.portal_id) == 0

    def test_sends_nothing_where_the_app_has_no_right_to(self, base: OneCBase, bitrix24: PortalServer) -> None:
        make_problem(base, GRAVE, 1, kind="document")
        self.old()
        Portal.objects.update(facts={"scope": ["crm"]})
        assert tell_problems(base.portal_id) == 0
        assert not self.heard(bitrix24)

    def test_tries_again_when_the_portal_did_not_answer(self, base: OneCBase, bitrix24: PortalServer) -> None:
        make_problem(base, GRAVE, 1, kind="document")
        self.old()
        busy = {"error": "INTERNAL_SERVER_ERROR", "error_description": "busy", "status": 500, "times": 1}
        bitrix24.faults.update(method_errors={"im.notify.system.add": busy})
        assert tell_problems(base.portal_id) == 0
        bitrix24.faults.reset()
        assert tell_problems(base.portal_id) == 1
        assert len(self.heard(bitrix24)) == 1
