"""The overview page: what it says, to whom, how cheaply, and how it renews its parts."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from b24app.lanes import claim, mark_due
from b24app.models import Portal
from tests.b24app.pages.conftest import Person, make_base, make_portal, make_problem, make_rows, make_run

PAGE, LIVE = "/b24/overview/", "/b24/overview/live/"


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def seen_of(html: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', html)
    assert found
    return found.group(1)


class TestOverview:
    def test_teaches_a_portal_without_a_base_what_to_do_first(self, admin: Person) -> None:
        said = text(admin.get(PAGE))
        assert "Connect your first 1C" in said
        assert "Nothing has come from 1C yet" in said
        assert "No problems" in said

    def test_is_a_whole_page_without_htmx_and_a_part_with_it(self, admin: Person) -> None:
        assert admin.get(PAGE, htmx=False).content.startswith(b"<!doctype html>")
        assert admin.get(PAGE).content.strip().startswith(b"<main")

    def test_is_refused_without_a_token(self, db: None) -> None:
        assert Client().get(PAGE).status_code == 401

    def test_has_neither_inline_script_nor_inline_style_nor_a_foreign_address(self, admin: Person) -> None:
        make_base(admin.portal, paused_at=timezone.now())
        html = admin.get(PAGE, htmx=False).content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)
        assert not re.search(r"(src|href)=\"(https?:)?//", html)

    def test_shows_an_employee_the_state_without_credentials_or_buttons(self, employee: Person) -> None:
        base = make_base(employee.portal, name="Warehouse base")
        make_problem(base)
        html = employee.get(PAGE).content.decode()
        assert "Warehouse base" in html
        assert "Item 1" in html
        assert base.login not in html
        assert base.key not in html
        assert "<button" not in html

    def test_never_shows_another_portal(self, admin: Person) -> None:
        other = make_base(make_portal(), name="Foreign base")
        make_problem(other, name="Foreign item")
        make_run(other, file_name="foreign.xml")
        assert "oreign" not in admin.get(PAGE).content.decode()

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({}, "Waiting for the first contact from 1C."),
            ({"last_contact_at": timezone.now()}, "All is well."),
            ({"last_contact_at": timezone.now(), "paused_at": timezone.now()}, "The exchange is paused."),
            ({"last_contact_at": timezone.now() - dt.timedelta(days=3)}, "silent for long"),
        ],
    )
    def test_says_in_one_sentence_how_things_stand(self, admin: Person, facts: dict, sentence: str) -> None:
        make_base(admin.portal, **facts)
        assert sentence in text(admin.get(PAGE))

    def test_says_why_the_portal_takes_nothing(self, admin: Person) -> None:
        Portal.objects.update(trouble="payment_required")
        make_rows(make_base(admin.portal, last_contact_at=timezone.now()), 3)
        said = text(admin.get(PAGE))
        assert "The application is not paid." in said
        assert "the portal takes nothing" in said

    def test_rests_while_what_failed_waits_for_its_next_try(self, admin: Person) -> None:
        later = timezone.now() + dt.timedelta(minutes=10)
        make_rows(make_base(admin.portal, last_contact_at=timezone.now()), 3, not_before=later)
        html = admin.get(PAGE).content.decode()
        assert "3 objects wait for the portal" in html
        assert "retry later" in html
        assert 'data-every="15"' in html

    def test_tells_sending_from_queued_by_the_lane(self, admin: Person) -> None:
        make_rows(make_base(admin.portal, last_contact_at=timezone.now()), 1)
        assert "queued" in text(admin.get(PAGE))
        mark_due(admin.portal.pk)
        assert claim("worker")
        assert "sending to the portal" in text(admin.get(PAGE))

    def test_shows_a_run_being_read_with_its_share_and_a_finished_one_with_its_counts(self, admin: Person) -> None:
        base = make_base(admin.portal)
        started = timezone.now() - dt.timedelta(seconds=60)
        make_run(base, state="reading", file_name="big.xml", size=1000, bytes_read=250, started_at=started)
        make_run(base, file_name="small.xml", counts={"new": 1, "changed": 2000, "unchanged": 0, "failed": 3, "products": 2004})
        html = admin.get(PAGE).content.decode()
        assert '<progress max="1000" value="250"' in html
        said = text(admin.get(PAGE))
        assert "25 %" in said
        assert "about 3 minutes left" in said
        assert "1 new 2,000 changed 3 failed" in said
        assert "unchanged" not in said

    def test_asks_the_database_no_more_often_with_more_of_everything(self, admin: Person) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                admin.get(PAGE)
            return len(captured)

        base = make_base(admin.portal)
        make_run(base)
        make_problem(base)
        few = queries()
        for number in range(4):
            another = make_base(admin.portal)
            make_rows(another, 50)
            for _ in range(12):
                make_run(another)
            for cause in ("unknown-unit", "portal-refused", f"new-{number}"):
                for item in range(30):
                    make_problem(another, cause, item)
        assert queries() == few
        assert few <= 9

    def test_groups_problems_by_cause_with_the_first_twenty_objects(self, admin: Person) -> None:
        base = make_base(admin.portal)
        for number in range(25):
            make_problem(base, "unknown-unit", number, facts={"unit": "barrel"})
        said = text(admin.get(PAGE))
        assert "25 items with an unknown unit" in said
        assert "Unit in 1C: barrel" in said
        assert "Item 19" in said
        assert "Item 20" not in said
        assert "and 5 more" in said

    def test_shows_the_portals_own_words_for_a_cause_it_has_no_words_for(self, admin: Person) -> None:
        make_problem(make_base(admin.portal), "something-new", facts={"message": "Field XYZ is <bad>"})
        html = admin.get(PAGE).content.decode()
        assert "1 object could not be transferred" in html
        assert "Field XYZ is &lt;bad&gt;" in html

    def test_gives_dates_in_the_portals_time_zone(self, admin: Person) -> None:
        admin.portal.facts = {"time_zone": "Asia/Vladivostok"}
        admin.portal.save()
        run = make_run(make_base(admin.portal))
        run.created_at = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)
        run.save()
        assert "2026-03-02T06:30:00+10:00" in admin.get(PAGE).content.decode()

    @pytest.mark.parametrize(
        ("facts", "shown"),
        [
            ({"time_zone": "", "utc_offset": 10_800}, "2026-03-01T23:30:00+03:00"),
            ({"time_zone": "Asia/Almaty", "utc_offset": 10_800}, "2026-03-02T01:30:00+05:00"),
            ({"time_zone": "Mars/Olympus", "utc_offset": 999_999}, "2026-03-01T20:30:00+00:00"),
        ],
    )
    def test_falls_back_to_the_offset_of_the_portals_clock(self, admin: Person, facts: dict[str, Any], shown: str) -> None:
        admin.portal.facts = facts
        admin.portal.save()
        run = make_run(make_base(admin.portal))
        run.created_at = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)
        run.save()
        assert shown in admin.get(PAGE).content.decode()


class TestLive:
    def test_answers_nothing_while_nothing_changes(self, admin: Person) -> None:
        base = make_base(admin.portal)
        seen = seen_of(admin.get(PAGE).content.decode())
        assert admin.get(LIVE, {"seen": seen, "shown": [base.pk]}).status_code == 204

    def test_brings_only_what_changed_and_asks_more_often_while_something_runs(self, admin: Person) -> None:
        base = make_base(admin.portal, last_contact_at=timezone.now())
        html = admin.get(PAGE).content.decode()
        assert 'data-every="15"' in html
        make_run(base, state="reading", size=10, bytes_read=5)
        html = admin.get(LIVE, {"seen": seen_of(html), "shown": [base.pk]}).content.decode()
        assert "innerHTML:#exchange" in html
        assert "innerHTML:#summary" in html
        assert "innerHTML:#problems" not in html
        assert 'data-every="2"' in html

    def test_speaks_only_of_bases_whose_card_is_on_the_page(self, admin: Person) -> None:
        shown, hidden = make_base(admin.portal), make_base(admin.portal)
        html = admin.get(LIVE, {"seen": "", "shown": [shown.pk, "x", hidden.pk + 99]}).content.decode()
        assert f"#base-{shown.pk}-state" in html
        assert f"#base-{hidden.pk}-state" not in html

    def test_closes_a_problem_that_was_solved_meanwhile(self, admin: Person) -> None:
        problem = make_problem(make_base(admin.portal))
        seen = seen_of(admin.get(PAGE).content.decode())
        problem.closed_at = timezone.now()
        problem.save()
        assert "No problems" in text(admin.get(LIVE, {"seen": seen}))


class TestLanguage:
    def test_is_the_persons_choice_from_this_answer_on(self, employee: Person) -> None:
        response = employee.post("/b24/language/", {"language": "ru"})
        html = response.content.decode()
        assert 'lang="ru"' in html
        assert "Обмен с 1С" in html
        assert '"token"' in response["HX-Trigger"]

    @pytest.mark.parametrize(
        ("language", "counted"), [("ru", "12\xa0000"), ("uk", "12\xa0000"), ("ro", "12.000"), ("en", "12,000")]
    )
    def test_writes_numbers_as_the_language_does(self, portal: Portal, language: str, counted: str) -> None:
        make_run(make_base(portal), counts={"new": 12000})
        assert counted in Person(portal, admin=False, language=language).get(PAGE).content.decode()
