"""What an administrator does with 1C bases on the page; what others may not."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.hashers import check_password
from django.urls import reverse

from b24app.pages import configurations
from exchange import removal
from exchange.dialects import BY_CONFIGURATION
from exchange.models import OneCBase, Problem, StateRow
from tests.b24app.pages.conftest import Person, make_base, make_portal, make_problem, make_rows

READ = ("base", "base_guide", "base_ask_password", "base_ask_removal")
CHANGE = ("base_password", "base_pause", "base_resume", "base_remove")


def password_in(html: str) -> str:
    found = re.search(r'id="base-\d+-password">([^<]+)<', html)
    assert found
    return found.group(1)


def said(response) -> str:
    return str(json.loads(response["HX-Trigger"])["say"]["value"])


class TestGuide:
    @pytest.mark.parametrize("code", [*BY_CONFIGURATION, "never-heard-of"])
    def test_has_words_for_every_configuration(self, admin: Person, code: str) -> None:
        html = admin.get(reverse("pages:base_guide", args=[make_base(admin.portal, configuration="other").pk])).content.decode()
        assert "Another 1C" in html
        assert len(configurations.configuration(code).steps) >= 4

    def test_offers_every_configuration_that_the_exchange_knows(self) -> None:
        assert {code for code, _ in configurations.choices()} == set(BY_CONFIGURATION)


class TestPassword:
    def test_is_asked_for_first_and_then_replaced_at_once(self, admin: Person) -> None:
        base = make_base(admin.portal)
        old = base.password
        assert "stops working in 1C at once" in admin.get(reverse("pages:base_ask_password", args=[base.pk])).content.decode()
        base.refresh_from_db()
        assert base.password == old
        html = admin.post(reverse("pages:base_password", args=[base.pk])).content.decode()
        base.refresh_from_db()
        assert check_password(password_in(html), base.password)


class TestPause:
    def test_stops_and_goes_on_again(self, admin: Person) -> None:
        base = make_base(admin.portal)
        assert "paused" in admin.post(reverse("pages:base_pause", args=[base.pk])).content.decode()
        since = OneCBase.objects.get().paused_at
        assert since
        admin.post(reverse("pages:base_pause", args=[base.pk]))
        assert OneCBase.objects.get().paused_at == since
        response = admin.post(reverse("pages:base_resume", args=[base.pk]))
        assert OneCBase.objects.get().paused_at is None
        assert said(response) == "The exchange goes on."


class TestRemove:
    def test_says_first_what_it_will_do(self, admin: Person) -> None:
        base = make_base(admin.portal, name="Old base")
        html = admin.get(reverse("pages:base_ask_removal", args=[base.pk])).content.decode()
        assert "Remove the base “Old base”?" in html
        assert "stay as they are" in html
        assert OneCBase.objects.filter(pk=base.pk).exists()

    def test_takes_a_base_without_goods_away_at_once(self, admin: Person) -> None:
        base = make_base(admin.portal)
        html = admin.post(reverse("pages:base_remove", args=[base.pk])).content.decode()
        assert not OneCBase.objects.exists()
        assert "Connect your first 1C" in html

    def test_hides_a_large_base_at_once_and_deletes_its_rows_in_slices(
        self, admin: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(removal, "SLICE", 4)
        base, kept = make_base(admin.portal), make_base(admin.portal)
        make_rows(base, 10)
        make_rows(kept, 2)
        make_problem(base)
        password = base.password
        admin.post(reverse("pages:base_remove", args=[base.pk]))
        base.refresh_from_db()
        assert base.password != password
        assert base.paused_at
        assert not Problem.objects.exists()
        assert base.login not in admin.get("/b24/overview/").content.decode()
        assert admin.get(reverse("pages:base", args=[base.pk])).status_code == 404
        slices = 0
        while removal.carry_on():
            slices += 1
        assert slices == 4
        assert list(OneCBase.objects.all()) == [kept]
        assert StateRow.objects.count() == 2


class TestGuards:
    @pytest.mark.parametrize("name", [*READ, *CHANGE])
    def test_find_no_base_of_another_portal(self, admin: Person, name: str) -> None:
        foreign = make_base(make_portal())
        ask = admin.get if name in READ else admin.post
        assert ask(reverse(f"pages:{name}", args=[foreign.pk])).status_code == 404
        foreign.refresh_from_db()
        assert foreign.paused_at is None

    @pytest.mark.parametrize("name", [*READ, *CHANGE])
    def test_refuse_an_employee(self, employee: Person, name: str) -> None:
        base = make_base(employee.portal)
        ask = employee.get if name in READ else employee.post
        assert ask(reverse(f"pages:{name}", args=[base.pk])).status_code == 403
        assert OneCBase.objects.filter(pk=base.pk, paused_at=None).exists()

    @pytest.mark.parametrize(("name", "method"), [("setup_new", "get"), ("setup_create", "post")])
    def test_refuse_an_employee_a_new_base(self, employee: Person, name: str, method: str) -> None:
        assert getattr(employee, method)(reverse(f"pages:{name}"), {"name": "x", "configuration": "ut11"}).status_code == 403
        assert not OneCBase.objects.exists()

    @pytest.mark.parametrize("name", CHANGE)
    def test_change_nothing_by_get(self, admin: Person, name: str) -> None:
        assert admin.get(reverse(f"pages:{name}", args=[make_base(admin.portal).pk])).status_code == 405
