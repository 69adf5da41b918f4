"""The settings page: sections of a base, what a change would do before it is saved, and what was saved."""

from __future__ import annotations

import pytest

from b24app.models import Portal
from exchange.models import OneCBase, StateRow
from mapping.load import rules_of
from mapping.models import RuleSet
from tests.b24app.pages.conftest import Person, make_base, make_portal


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    base = make_base(portal)
    for number, name in enumerate(("Retail", "Wholesale")):
        StateRow.objects.create(base=base, kind="price_type", onec_id=f"p{number}", main={"name": name, "currency": "RUB"})
    return base


class TestList:
    def test_teaches_who_has_no_base_yet(self, admin: Person) -> None:
        assert "connect one on the overview first" in admin.get("/b24/settings/").content.decode()

    def test_tells_what_is_set_in_each_section(self, admin: Person, base: OneCBase) -> None:
        page = admin.get("/b24/settings/").content.decode()
        assert "2 of 2 price types go to Bitrix24" in page

    def test_switches_between_bases(self, admin: Person, base: OneCBase) -> None:
        other = make_base(base.portal, "Works")
        page = admin.get("/b24/settings/", {"base": other.pk}).content.decode()
        assert "Settings of “Works”" in page
        assert "1C has not told of any price type yet" in page

    def test_is_not_for_employees(self, employee: Person, base: OneCBase) -> None:
        assert employee.get("/b24/settings/").status_code == 403
        assert employee.get(f"/b24/settings/{base.pk}/prices/").status_code == 403

    @pytest.mark.parametrize("path", ["{pk}/prices/", "?base={pk}"])
    def test_knows_no_base_of_another_portal(self, admin: Person, path: str) -> None:
        foreign = make_base(make_portal())
        assert admin.get("/b24/settings/" + path.format(pk=foreign.pk)).status_code == 404


class TestSection:
    def test_is_saved_with_its_author_and_says_what_changed(self, admin: Person, base: OneCBase) -> None:
        sent = {"price-0": "", "price-1": "skip", "base-price": "p0"}
        answer = admin.post(f"/b24/settings/{base.pk}/prices/save/", sent)
        rules = rules_of(base.portal_id, base.pk)
        assert (set(rules.skipped_price_types), rules.base_price_type) == ({"p1"}, "p0")
        assert RuleSet.objects.get().author == "user:1"
        assert "Price type that does not go to Bitrix24" in answer.content.decode()

    def test_left_untouched_changes_nothing(self, admin: Person, base: OneCBase) -> None:
        answer = admin.post(f"/b24/settings/{base.pk}/prices/save/", {"price-0": "", "price-1": "", "base-price": ""})
        assert "Nothing was changed." in answer.content.decode()
        assert not RuleSet.objects.exists()

    def test_keeps_what_was_typed_when_it_cannot_be_saved(self, admin: Person, base: OneCBase) -> None:
        answer = admin.post(f"/b24/settings/{base.pk}/prices/save/", {"price-0": "", "price-1": "skip", "base-price": "p1"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert 'value="p1" selected' in page
        assert "cannot be the base price" in page
        assert not RuleSet.objects.exists()

    def test_shows_what_a_change_would_do_before_it_is_saved(self, admin: Person, base: OneCBase) -> None:
        page = admin.post(f"/b24/settings/{base.pk}/prices/ahead/", {"price-1": "skip"}).content.decode()
        assert "Saving would change" in page
        assert "Wholesale" in page
        assert not RuleSet.objects.exists()
