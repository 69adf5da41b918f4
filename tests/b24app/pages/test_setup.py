"""The set-up wizard: what each step shows and does, that it can be left and resumed, and that nothing happens before the start."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.hashers import check_password
from django.urls import reverse
from django.utils import timezone
from lxml import html as lxml_html

from b24app.lanes import is_due
from b24app.pages.setup_steps import STEPS
from exchange import sessions, setting_up
from exchange.models import ExchangeRequest, OneCBase, StateRow, UploadedFile
from exchange.observing import observe
from exchange.planning.previewed import Counts, Detail, Example, Preview
from exchange.protocol import BAD_LOGIN
from mapping.load import rules_of
from mapping.models import RuleSet
from mapping.rules import Rules
from tests.b24app.pages.conftest import Person, make_base, make_portal, make_problem, make_rows, make_run

NOTHING_RUNS = "celery.app.task.Task.apply_async"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were asked for; nobody runs them."""
    names: list[str] = []
    monkeypatch.setattr(NOTHING_RUNS, lambda task, *_, **__: names.append(task.name))
    return names


@pytest.fixture
def held(admin: Person) -> OneCBase:
    """A base that was made in the wizard."""
    base = make_base(admin.portal, "Main")
    setting_up.hold(base, "connect")
    return base


def url(name: str, base: OneCBase, *more: str) -> str:
    return reverse(f"pages:{name}", args=[base.pk, *more])


def as_shown(page: str) -> dict[str, list[str]]:
    """The step's form as a browser sends it when nobody has touched it."""
    told: dict[str, list[str]] = {}
    for name, value in lxml_html.document_fromstring(page).forms[-1].form_values():
        told.setdefault(str(name), []).append(str(value))
    return told


def said(response) -> str:
    return str(json.loads(response["HX-Trigger"])["say"]["value"])


class TestNew:
    def test_needs_nothing_but_next(self, admin: Person) -> None:
        html = admin.get(reverse("pages:setup_new")).content.decode()
        typed = {"name": re.findall(r'name="name" value="([^"]*)"', html)[0], "configuration": "ut11"}
        response = admin.post(reverse("pages:setup_create"), typed)
        base = OneCBase.objects.get()
        assert response.status_code == 200
        assert (base.name, base.portal, base.configuration) == ("1C", admin.portal, "ut11")
        assert setting_up.setup_of(base).held
        assert "1C, base 2" in admin.get(reverse("pages:setup_new")).content.decode()

    def test_shows_the_password_once_with_the_clicks_of_that_1c(self, admin: Person) -> None:
        response = admin.post(reverse("pages:setup_create"), {"name": "Main", "configuration": "ut103"})
        html = response.content.decode()
        base = OneCBase.objects.get()
        found = re.search(r'id="base-\d+-password">([^<]+)<', html)
        assert found
        assert check_password(found.group(1), base.password)
        assert base.login in html
        assert f"/1c/{base.key}/" in html
        assert "Tools → Data exchange with WEB site" in html
        assert "Main" in said(response)
        assert "-password" not in admin.get(url("setup_step", base, "connect")).content.decode()

    @pytest.mark.parametrize(
        ("typed", "complaint"),
        [
            ({"name": " ", "configuration": "ut11"}, "Give the base a name."),
            ({"name": "x" * 101, "configuration": "ut11"}, "At most 100 characters"),
            ({"name": "Kept <name>", "configuration": "sap"}, "Choose one of the list."),
        ],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(self, admin: Person, typed: dict, complaint: str) -> None:
        response = admin.post(reverse("pages:setup_create"), typed)
        html = response.content.decode()
        assert response.status_code == 422
        assert complaint in html
        assert 'aria-invalid="true"' in html
        assert typed["name"].strip().replace("<", "&lt;").replace(">", "&gt;") in html
        assert not OneCBase.objects.exists()


class TestSteps:
    def test_ask_for_a_dozen_decisions_at_most(self) -> None:
        assert sum(step.decides for step in STEPS) <= 12

    def test_show_sections_that_are_there_and_share_no_field(self, held: OneCBase, admin: Person) -> None:
        assert all(len(step.shown()) == len(step.sections) for step in STEPS)
        for step in (one for one in STEPS if one.sections):
            html = admin.get(url("setup_step", held, step.slug)).content.decode()
            ids = re.findall(r'\bid="([^"]+)"', html)
            assert sorted(ids) == sorted(set(ids)), step.slug

    def test_next_everywhere_leads_to_the_start(self, held: OneCBase, admin: Person) -> None:
        page = admin.get(url("setup", held)).content.decode()
        for number, step in enumerate(STEPS[:-1], 1):
            assert f"{number} of {len(STEPS)}" in page
            response = admin.post(url("setup_save", held, step.slug), as_shown(page))
            assert response.status_code == 200, step.slug
            page = response.content.decode()
        assert "Start the exchange" in page
        assert setting_up.setup_of(OneCBase.objects.get()).held
        assert rules_of(held.portal_id, held.pk) == Rules()

    def test_are_resumed_where_they_were_left(self, held: OneCBase, admin: Person) -> None:
        admin.get(url("setup_step", held, "statuses"))
        overview = admin.get(reverse("pages:overview")).content.decode()
        assert url("setup", held) in overview
        assert "The set-up is not finished." in overview
        assert "5 of 8" in admin.get(url("setup", held)).content.decode()

    def test_come_as_a_whole_page_too(self, held: OneCBase, admin: Person) -> None:
        for step in STEPS:
            assert admin.get(url("setup_step", held, step.slug), htmx=False).content.startswith(b"<!doctype html>")

    def test_of_another_language_are_the_same_step(self, held: OneCBase, admin: Person) -> None:
        html = admin.get(url("setup_step", held, "prices")).content.decode()
        assert f'name="at" value="{url("setup_step", held, "prices")}"' in html
        response = admin.post(reverse("pages:language"), {"language": "ru", "at": url("setup_step", held, "prices")})
        assert json.loads(response["HX-Location"])["path"] == url("setup_step", held, "prices")
        assert "HX-Location" not in admin.post(reverse("pages:language"), {"language": "ru", "at": "https://else.example/"})

    def test_are_not_for_employees_nor_of_another_portal(self, held: OneCBase, admin: Person, employee: Person) -> None:
        other = make_base(make_portal())
        for name in ("setup", "setup_ask_password"):
            assert employee.get(url(name, held)).status_code == 403
            assert admin.get(url(name, other)).status_code == 404
        for name in ("setup_password", "setup_look_again", "setup_start", "setup_clicks"):
            assert employee.post(url(name, held)).status_code == 403
            assert admin.post(url(name, other)).status_code == 404
            assert admin.get(url(name, held)).status_code == 405
        assert admin.get(url("setup_step", held, "nowhere")).status_code == 404
        assert admin.post(url("setup_save", held, "start")).status_code == 404
        assert setting_up.setup_of(OneCBase.objects.get(pk=held.pk)).held


class TestConnect:
    def line(self, admin: Person, base: OneCBase) -> str:
        return str(admin.get(url("setup_live", base, "connect")).content.decode())

    def test_tells_what_comes_from_1c_as_it_comes(self, held: OneCBase, admin: Person) -> None:
        assert "Waiting for 1C…" in self.line(admin, held)
        session, _token = sessions.open_session(held, "catalog")
        assert "checkauth received" in self.line(admin, held)
        UploadedFile.objects.create(session=session, name="import.xml", path="x", size=2_500_000)
        assert "1C is sending: 1 file, 2,441 KB" in self.line(admin, held)
        run = make_run(held, state="reading", size=100, bytes_read=45)
        make_rows(held, 1248)
        assert "Reading import.xml: 45 %. 1,248 items seen" in self.line(admin, held)
        run.state = "read"
        run.save()
        assert "1,248 items seen. You may go on" in self.line(admin, held)

    def test_says_nothing_twice(self, held: OneCBase, admin: Person) -> None:
        seen = re.findall(r'name="seen" value="([^"]*)"', admin.get(url("setup", held)).content.decode())[0]
        assert admin.get(url("setup_live", held, "connect"), {"seen": seen}).status_code == 204

    def test_tells_why_1c_was_turned_away(self, held: OneCBase, admin: Person) -> None:
        ExchangeRequest.objects.create(base=held, method="GET", mode="checkauth", answer=f"failure\n{BAD_LOGIN}")
        assert "The user name or the password is not the one shown here." in self.line(admin, held)
        ExchangeRequest.objects.create(base=held, method="GET", mode="checkauth", answer="success\nPHPSESSID\n***")
        assert "turned away" not in self.line(admin, held)

    def test_shows_the_clicks_of_another_1c_and_remembers_it(self, held: OneCBase, admin: Person) -> None:
        html = admin.post(url("setup_clicks", held), {"configuration": "bp30"}).content.decode()
        assert "Настройки обмена с интернет-магазином" in html
        held.refresh_from_db()
        assert held.configuration == "bp30"
        assert admin.post(url("setup_clicks", held), {"configuration": "sap"}).status_code == 422

    def test_makes_a_new_password_only_after_asking(self, held: OneCBase, admin: Person) -> None:
        old = held.password
        assert "stops working in 1C at once" in admin.get(url("setup_ask_password", held)).content.decode()
        held.refresh_from_db()
        assert held.password == old
        html = admin.post(url("setup_password", held)).content.decode()
        held.refresh_from_db()
        found = re.search(r'id="base-\d+-password">([^<]+)<', html)
        assert found
        assert check_password(found.group(1), held.password)


class TestPreview:
    def found(self) -> Preview:
        return Preview(
            kinds={"products": Counts(made=1200, skipped=1), "prices": Counts()},
            troubles={"name-missing": 1},
            examples=(
                Example(
                    "products",
                    "made",
                    "a",
                    "Boots",
                    "new",
                    (Detail("name", "Boots"), Detail("article", "B-1"), Detail("property7", "x")),
                ),
                Example("prices", "changed", "a", "Boots", "changed", (Detail("price:1", "100.5 RUB", "90 RUB"),)),
                Example("products", "skipped", "b", "", "name-missing"),
                Example("products", "matched", "c", "Laces", "found"),
            ),
            unchanged=7,
        )

    def test_is_begun_in_the_background_and_waited_for(
        self, held: OneCBase, admin: Person, asked: list[str], django_capture_on_commit_callbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            html = admin.get(url("setup_step", held, "preview")).content.decode()
            admin.get(url("setup_step", held, "preview"))
        assert asked == ["exchange.rehearse"]
        assert "Looking at both sides…" in html
        assert "Next" in html

    def test_shows_numbers_reasons_and_examples(self, held: OneCBase, admin: Person) -> None:
        make_rows(held, 1)
        observe(held, {"rehearsal": {"state": "done", "of": "0.0", "found": self.found().to_json()}})
        html = " ".join(admin.get(url("setup_step", held, "preview")).content.decode().split())
        for text in (
            "The first load would write 1,200 objects.",
            "7 stay as they are.",
            "1 item without a name",
            "4 examples",
            "Article: B-1",
            "Price: 90 RUB → 100.5 RUB",
            "Bitrix24 does not have it yet.",
            "it was found by its id, article or barcode and is not doubled.",
        ):
            assert text in html, text
        assert "property7" not in html

    @pytest.mark.parametrize(
        ("kept", "text"),
        [
            ({"state": "done", "of": "0.0", "found": Preview().to_json()}, "1C has not sent anything yet"),
            ({"state": "failed", "code": "catalog-missing", "of": "0.0"}, "Goods from 1C have no place to go"),
            ({"state": "failed", "code": "defect", "of": "0.0"}, "The preview could not be made."),
        ],
    )
    def test_says_why_there_is_nothing_to_see(self, held: OneCBase, admin: Person, kept: dict, text: str) -> None:
        observe(held, {"rehearsal": kept})
        assert text in admin.get(url("setup_live", held, "preview")).content.decode()

    def test_is_made_anew_on_demand(self, held: OneCBase, admin: Person) -> None:
        observe(held, {"rehearsal": {"state": "done", "of": "0.0", "found": Preview().to_json()}})
        assert "Looking at both sides…" in admin.post(url("setup_look_again", held)).content.decode()

    def test_keeps_whether_automations_are_muted(self, held: OneCBase, admin: Person) -> None:
        assert re.search(r'id="muted"[^>]* checked', admin.get(url("setup_step", held, "preview")).content.decode())
        admin.post(url("setup_save", held, "preview"), {})
        assert setting_up.setup_of(OneCBase.objects.get()).muted is False
        admin.post(url("setup_save", held, "preview"), {"muted": "on"})
        assert setting_up.setup_of(OneCBase.objects.get()).muted


class TestStart:
    def test_lets_the_base_work_and_follows_it_to_the_end(
        self, held: OneCBase, admin: Person, asked: list[str], django_capture_on_commit_callbacks
    ) -> None:
        make_rows(held, 4)
        OneCBase.objects.update(last_contact_at=timezone.now())
        assert "4 objects of 1C wait for the start." in admin.get(url("setup_step", held, "start")).content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            response = admin.post(url("setup_start", held))
        assert "The exchange has begun." in said(response)
        assert set(asked) == {"exchange.work_lane", "exchange.sweep", "exchange.settle"}
        assert not setting_up.setup_of(OneCBase.objects.get()).held
        assert is_due(admin.portal.pk)
        html = response.content.decode()
        assert "The first load is running." in html
        assert "0 of 4 objects" in html
        StateRow.objects.filter(onec_id="item-1").update(pushed_version=1)
        assert "1 of 4 objects" in admin.get(url("setup_live", held, "start")).content.decode()
        StateRow.objects.update(pushed_version=1)
        make_problem(held)
        html = admin.get(url("setup_live", held, "start")).content.decode()
        assert "Done: the portal has everything" in html
        assert "1 object needs your attention" in html

    def test_may_come_before_1c_has_called(self, held: OneCBase, admin: Person) -> None:
        assert "it goes on as soon as it does" in admin.get(url("setup_step", held, "start")).content.decode()
        assert "Waiting for 1C…" in admin.post(url("setup_start", held)).content.decode()

    def test_changes_no_rules_by_itself(self, held: OneCBase, admin: Person) -> None:
        admin.post(url("setup_start", held))
        assert not RuleSet.objects.exists()
