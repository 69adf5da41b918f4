from __future__ import annotations

from typing import Any

from b24app.oauth.bindings import APP_EVENTS, OBJECT_EVENTS, PLACEMENTS, carry_out, plan_events, plan_placements
from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import RestError

EVENTS, PLACES = "https://app.test/b24/events/", "https://app.test/b24/placement/"
TITLES = {"en": {"TITLE": "1C exchange"}, "ru": {"TITLE": "Обмен с 1С"}}


def apply(plan: list[Command], bound: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the portal has after the plan, as event.get and placement.get tell it."""
    rows = [dict(row) for row in bound]
    for command in plan:
        params = command.params
        offline = params.get("event_type") == "offline"
        match command.method:
            case "event.bind":
                own = {"connector_id": params.get("auth_connector", "")} if offline else {"handler": params["handler"]}
                rows.append({"event": params["event"], "offline": int(offline), **own})
            case "event.unbind":
                rows = [row for row in rows if (row.get("event"), row.get("handler")) != (params["event"], params["handler"])]
            case "placement.bind":
                rows.append({"placement": params["PLACEMENT"], "handler": params["HANDLER"], "langAll": params["LANG_ALL"]})
            case "placement.unbind":
                rows = [row for row in rows if row.get("placement") != params["PLACEMENT"]]
    return rows


class TestEvents:
    def test_bind_app_events_online_and_object_events_both_ways(self):
        plan = plan_events(OBJECT_EVENTS, [], EVENTS)
        online = [c.params["event"] for c in plan if c.params["event_type"] == "online"]
        offline = [c.params["event"] for c in plan if c.params["event_type"] == "offline"]
        assert set(online) == {*APP_EVENTS, *OBJECT_EVENTS}
        assert set(offline) == set(OBJECT_EVENTS)
        assert all("handler" not in c.params for c in plan if c.params["event_type"] == "offline")

    def test_bind_only_what_the_portal_lists(self):
        plan = plan_events(["oncrmdealadd", "ONVOTE"], [], EVENTS)
        assert {c.params["event"] for c in plan} == {*APP_EVENTS, "ONCRMDEALADD"}

    def test_need_nothing_the_second_time(self):
        for connector in ("", "onec"):
            bound = apply(plan_events(OBJECT_EVENTS, [], EVENTS, connector=connector), [])
            assert plan_events(OBJECT_EVENTS, bound, EVENTS, connector=connector) == []

    def test_follow_the_app_to_another_address(self):
        bound = apply(plan_events(["ONCRMDEALADD"], [], "https://old.test/b24/events/"), [])
        plan = plan_events(["ONCRMDEALADD"], bound, EVENTS)
        assert [c.method for c in plan[:2]] == ["event.unbind", "event.bind"]
        after = apply(plan, bound)
        assert {row["handler"] for row in after if "handler" in row} == {EVENTS}
        assert plan_events(["ONCRMDEALADD"], after, EVENTS) == []


class TestPlacements:
    def test_are_bound_with_their_titles_where_the_portal_has_them(self):
        plan = plan_placements(["LEFT_MENU", "CRM_DEAL_DETAIL_TAB", "X"], [], PLACES, TITLES)
        assert [c.params["PLACEMENT"] for c in plan] == ["LEFT_MENU", "CRM_DEAL_DETAIL_TAB"]
        assert plan[0].params["LANG_ALL"]["ru"]["TITLE"] == "Обмен с 1С"

    def test_need_nothing_the_second_time(self):
        bound = apply(plan_placements(PLACEMENTS, [], PLACES, TITLES), [])
        assert plan_placements(PLACEMENTS, bound, PLACES, TITLES) == []

    def test_are_bound_again_with_a_new_title_or_address(self):
        bound = apply(plan_placements(["LEFT_MENU"], [], PLACES, TITLES), [])
        for address, titles in ((PLACES, {"en": {"TITLE": "1C"}}), ("https://new.test/", TITLES)):
            assert [c.method for c in plan_placements(["LEFT_MENU"], bound, address, titles)] == [
                "placement.unbind",
                "placement.bind",
            ]

    def test_compare_the_plain_title_when_php_shows_an_empty_list(self):
        bound = [{"placement": "LEFT_MENU", "handler": PLACES, "title": "1C exchange", "langAll": []}]
        assert plan_placements(["LEFT_MENU"], bound, PLACES, TITLES) == []


class TestCarryingOut:
    def test_takes_already_bound_for_success_and_returns_other_refusals(self):
        answers = {
            "A": RestError("ERROR_CORE", "Unable to set event handler: Handler already binded"),
            "B": RestError("ERROR_EVENT_NOT_FOUND", "Event not found"),
            "C": None,
        }
        asked: list[int] = []

        class Portal:
            def batch(self, commands):
                asked.append(len(commands))
                return [Outcome(command, True, answers[command.params["event"]]) for command in commands]

        refused = carry_out(Portal(), [Command("event.bind", {"event": name}) for name in answers], size=2)
        assert asked == [2, 1]
        assert [(row["what"], row["code"]) for row in refused] == [("B", "ERROR_EVENT_NOT_FOUND")]
