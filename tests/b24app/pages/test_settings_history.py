"""Versions of settings and settings as a file: everything can be taken back, and nothing senseless is taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from b24app.models import Portal
from b24app.oauth.purge import forget
from exchange.models import OneCBase, StateRow
from mapping.edit import change_rules
from mapping.load import rules_of
from mapping.models import RuleSet
from mapping.rules import from_data, to_data
from tests.b24app.pages.conftest import Person, make_base, make_portal

CHOICES = {
    "price_types": [{"id": 1, "name": "BASE", "base": True}, {"id": 5, "name": "Dealers"}],
    "users": [{"id": 1, "name": "Anna Smith"}],
    "my_companies": [{"id": 7, "name": "Trade House", "tax_id": "7707083893"}],
    "read_at": "2026-01-01T00:00:00+00:00",
}


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    portal.facts = {"choices": CHOICES}
    portal.save()
    base = make_base(portal)
    StateRow.objects.create(base=base, kind="price_type", onec_id="p0", main={"name": "Retail"})
    return base


def set_(base: OneCBase, author: str = "user:1", **changes: Any) -> None:
    change_rules(base.portal_id, base.pk, changes, author=author)


def bring(admin: Person, base: OneCBase, content: Any) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return admin.post(f"/b24/settings/{base.pk}/file/look/", {"file": SimpleUploadedFile("s.json", raw)})


def file_of(**settings: Any) -> dict[str, Any]:
    return {"format": "bitrix24-1c-settings", "version": 1, "settings": settings}


class TestHistory:
    def test_teaches_while_nothing_was_changed(self, admin: Person, base: OneCBase) -> None:
        assert "Every setting is at its default" in admin.get(f"/b24/settings/{base.pk}/history/").content.decode()

    def test_names_who_changed_what_from_what(self, admin: Person, base: OneCBase) -> None:
        set_(base, price_types={"p0": 5})
        set_(base, price_types={"p0": 1})
        page = " ".join(admin.get(f"/b24/settings/{base.pk}/history/").content.decode().split())
        assert "Anna Smith" in page
        assert "Prices of this type go to: Retail" in page
        assert '<span class="dim">Dealers</span> → <b>BASE</b>' in page

    def test_goes_on_with_earlier_versions(self, admin: Person, base: OneCBase) -> None:
        for limit in range(25):
            set_(base, absent_limit=limit)
        page = admin.get(f"/b24/settings/{base.pk}/history/").content.decode()
        assert "history/?before=6" in page
        assert admin.get(f"/b24/settings/{base.pk}/history/", {"before": 6}).content.decode().count('id="version-') == 15

    def test_says_plainly_that_authors_were_forgotten(self, admin: Person, base: OneCBase) -> None:
        set_(base, absent_limit=3)
        forget(base.portal, clean=False)
        Portal.objects.filter(pk=base.portal_id).update(uninstalled_at=None)
        assert "before the application was installed anew" in admin.get(f"/b24/settings/{base.pk}/history/").content.decode()

    def test_puts_a_version_back_after_showing_what_that_changes(self, admin: Person, base: OneCBase) -> None:
        set_(base, absent_limit=3)
        set_(base, absent_limit=50, match_by_article=True)
        asked = admin.get(f"/b24/settings/{base.pk}/history/1/").content.decode()
        assert "Match goods by article" in asked
        assert RuleSet.objects.count() == 2
        admin.post(f"/b24/settings/{base.pk}/history/1/put-back/")
        rules = rules_of(base.portal_id, base.pk)
        assert (rules.absent_limit, rules.match_by_article) == (3, False)
        assert RuleSet.objects.count() == 3

    def test_knows_no_version_of_another_portal(self, admin: Person, base: OneCBase) -> None:
        foreign = make_base(make_portal())
        set_(foreign, absent_limit=3)
        for path in ("history/", "history/1/", "file/", "file/export/"):
            assert admin.get(f"/b24/settings/{foreign.pk}/{path}").status_code == 404
        for path in ("history/1/put-back/", "file/look/", "file/take/"):
            assert admin.post(f"/b24/settings/{foreign.pk}/{path}").status_code == 404


class TestFile:
    def test_brings_back_what_was_written(self, admin: Person, base: OneCBase) -> None:
        set_(base, absent_limit=3, price_types={"p0": 5}, trade={"deals": {"travels": True}})
        written = admin.get(f"/b24/settings/{base.pk}/file/export/")
        assert written.headers["Content-Disposition"].startswith("attachment")
        other = make_base(base.portal, "Works")
        page = bring(admin, other, written.content).content.decode()
        assert "Taking these settings would change" in page
        admin.post(f"/b24/settings/{other.pk}/file/take/", {"settings": json.dumps(json.loads(written.content)["settings"])})
        assert rules_of(base.portal_id, other.pk) == rules_of(base.portal_id, base.pk)

    def test_says_what_does_not_fit_this_portal(self, admin: Person, base: OneCBase) -> None:
        trade = {"organisations": {"o1": 7, "o2": 99}, "deals": {"stage_paid": {"0": "C9:NOWHERE"}}}
        page = bring(admin, base, file_of(price_types={"p0": 77}, absent_limit=3, trade=trade)).content.decode()
        assert "is left out" in page
        for text in ("#77", "#99", "C9:NOWHERE"):
            assert text in page
        settings = page.partition('name="settings" value="')[2].partition('"')[0]
        assert "absent_limit" in settings
        assert "o1" in settings
        assert "77" not in settings.replace("7707083893", "")

    def test_says_that_nobody_could_look_whether_it_fits(self, admin: Person, portal: Portal) -> None:
        base = make_base(portal)
        assert "could not be seen" in bring(admin, base, file_of(price_types={"p0": 77})).content.decode()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"[" * 10_000,
            b"{}",
            b'{"format": "other", "settings": {}}',
            b'{"format": "bitrix24-1c-settings", "version": 2, "settings": {}}',
            b'{"format": "bitrix24-1c-settings", "version": 1, "settings": []}',
            b'{"format": "bitrix24-1c-settings", "version": 1, "settings": {"base_price_type": "\\u0000"}}',
            b'{"format": "bitrix24-1c-settings", "version": 1, "settings": {"base_price_type": "\\ud800"}}',
            b" " * 300_000,
        ],
        ids=["empty", "binary", "deep", "bare", "foreign", "newer", "list", "null", "surrogate", "large"],
    )
    def test_refuses_what_is_no_file_of_settings(self, admin: Person, base: OneCBase, content: bytes) -> None:
        assert bring(admin, base, content).status_code == 422
        assert admin.post(f"/b24/settings/{base.pk}/file/take/", {"settings": content[:1000]}).status_code in (200, 422)
        assert not RuleSet.objects.exists()

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "portal_owns": st.lists(st.sampled_from(["name", "stock", "nonsense"])),
                "absent_limit": st.integers() | st.text(),
                "currencies": st.dictionaries(st.text(), st.sampled_from(["usd", "EUR", "nonsense", ""])),
                "units": st.dictionaries(st.text(), st.integers(-3, 3)),
                "create_currencies": st.dictionaries(st.sampled_from(["usd", "KZT", "?"]), st.text() | st.integers()),
                "notify_users": st.lists(st.integers(-2, 9)),
                "trade": st.dictionaries(st.sampled_from(["warehouse", "poison_after"]), st.text() | st.integers()),
            },
        )
    )
    def test_means_the_same_when_written_and_read_again(self, settings: dict[str, Any]) -> None:
        rules = from_data(settings)
        assert from_data(json.loads(json.dumps(to_data(rules)))) == rules
