"""The page in Chromium, inside the portal on another site, with third-party cookies blocked."""

from __future__ import annotations

import gzip
import re

import pytest
import requests
from django.urls import reverse
from playwright.sync_api import expect

from b24app import frame as frame_module
from b24app.models import Portal
from exchange.models import ImportRun, OneCBase
from sandbox.portal.server import PortalServer
from tests.b24app.pages.conftest import make_base, make_problem, make_run
from tests.journeys.browsing import Visitor, overflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def employee(bitrix24: PortalServer) -> int:
    """A portal user who is no administrator."""
    return int(next(row["id"] for row in bitrix24.portal.store.all("users") if not row["admin"]))


class TestInstallation:
    def test_ends_in_the_app_by_itself(self, visitor: Visitor, bitrix24: PortalServer) -> None:
        visitor.page.goto(f"{bitrix24.url}/app/?user=1&lang=ru")
        visitor.page.wait_for_url(re.compile("install_finished=Y"))
        expect(visitor.frame().locator("h1")).to_have_text("Обмен с 1С")
        assert bitrix24.portal.app["installed"]
        assert Portal.objects.get().installed_at
        assert visitor.errors == []


class TestPage:
    def test_connects_a_base_with_a_password_that_1c_can_use(self, visitor: Visitor, portal: Portal, app_url: str) -> None:
        frame = visitor.open()
        frame.get_by_role("button", name="Подключить 1С").click()
        expect(frame.get_by_label("Название")).to_be_focused()
        frame.get_by_label("Название").fill("")
        frame.locator("form button[type=submit]").click()
        expect(frame.get_by_role("alert")).to_have_text("Дайте базе название.")
        frame.get_by_label("Название").fill("Торговля")
        frame.get_by_label("Какая это 1С").select_option("ut11")
        frame.locator("form button[type=submit]").click()
        base_id = OneCBase.objects.get(portal=portal).pk if frame.locator("[id$=-password]").inner_text() else 0
        url, login, password = (frame.locator(f"#base-{base_id}-{name}").inner_text() for name in ("url", "login", "password"))
        answer = requests.get(url, {"type": "catalog", "mode": "checkauth"}, auth=(login, password), timeout=10)
        assert answer.text.startswith("success\n")
        expect(frame.locator("#clicks")).to_contain_text("НСИ и администрирование")
        frame.locator(f"button[hx-get='{reverse('pages:overview')}']").click()
        expect(frame.locator(f"#base-{base_id}-state")).to_contain_text("последняя связь: сегодня")
        expect(frame.locator(f"#base-{base_id}-password")).to_have_count(0)
        expect(visitor.page.locator("#pagetitle")).to_have_text("Обмен с 1С")
        assert visitor.page.context.cookies(app_url) == []
        assert visitor.errors == [] or all("422" in error for error in visitor.errors)

    def test_copies_with_one_click_also_where_the_frame_forbids_the_clipboard(self, visitor: Visitor, portal: Portal) -> None:
        base = make_base(portal)
        frame = visitor.open()
        frame.get_by_role("button", name="Как подключить").click()
        frame.get_by_role("button", name="Скопировать имя пользователя").click()
        expect(frame.locator("#toast")).to_have_text("Скопировано")
        visitor.page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
        visitor.page.locator("#paste").press("Control+V")
        assert visitor.page.locator("#paste").input_value() == base.login
        assert visitor.errors == []

    def test_renews_its_token_through_the_portal_before_it_asks(
        self, visitor: Visitor, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A token that is good for a second is renewed before every request: no need to wait for it to age.
        monkeypatch.setattr(frame_module, "TTL_SECONDS", 1)
        make_base(portal)
        frame = visitor.open()
        assert visitor.commands("refreshAuth") == []
        frame.get_by_role("button", name="Приостановить").click()
        expect(frame.get_by_role("button", name="Возобновить")).to_be_visible()
        assert visitor.commands("refreshAuth")
        assert OneCBase.objects.get().paused_at
        assert visitor.errors == []

    def test_pauses_resumes_and_removes_a_base_after_asking(self, visitor: Visitor, portal: Portal) -> None:
        make_base(portal, name="Склад")
        frame = visitor.open()
        frame.get_by_role("button", name="Приостановить").click()
        expect(frame.locator("#summary")).to_contain_text("приостановлен")
        frame.get_by_role("button", name="Возобновить").click()
        expect(frame.get_by_role("button", name="Приостановить")).to_be_visible()
        frame.get_by_role("button", name="Удалить…").click()
        expect(frame.get_by_role("alertdialog")).to_contain_text("Удалить базу «Склад»?")
        expect(frame.get_by_role("button", name="Оставить как есть")).to_be_focused()
        frame.get_by_role("button", name="Удалить", exact=True).click()
        expect(frame.get_by_role("button", name="Подключить 1С")).to_be_visible()
        assert not OneCBase.objects.exists()
        assert visitor.errors == []

    def test_follows_a_file_being_read_and_keeps_open_what_was_opened(self, visitor: Visitor, portal: Portal) -> None:
        base = make_base(portal)
        for number in range(5):
            make_problem(base, "unknown-unit", number, facts={"unit": "бухта"})
        run = make_run(base, state="reading", size=100, bytes_read=10)
        frame = visitor.open()
        frame.locator("summary").click()
        expect(frame.get_by_role("progressbar")).to_have_attribute("value", "10")
        ImportRun.objects.filter(pk=run.pk).update(bytes_read=60)
        make_problem(base, "unknown-unit", 6)
        visitor.look_again(frame)
        expect(frame.get_by_role("progressbar")).to_have_attribute("value", "60")
        expect(frame.locator("#problems h3")).to_contain_text("6 товаров")
        expect(frame.locator("details")).to_have_attribute("open", "")
        assert visitor.errors == []

    def test_shows_an_employee_what_goes_on_and_nothing_to_press(self, visitor: Visitor, portal: Portal, employee: int) -> None:
        base = make_base(portal, name="Торговля")
        frame = visitor.open(user=employee)
        expect(frame.locator("#bases")).to_contain_text("Торговля")
        expect(frame.get_by_role("button")).to_have_count(0)
        assert base.login not in frame.content()
        assert visitor.errors == []

    def test_speaks_the_language_that_the_person_chose_from_then_on(self, visitor: Visitor, portal: Portal) -> None:
        frame = visitor.open(language="ua")
        expect(frame.locator("h1")).to_have_text("Обмін з 1С")
        frame.get_by_label("Мова").select_option("ro")
        expect(frame.locator("h1")).to_have_text("Schimb cu 1C")
        expect(visitor.page.locator("#pagetitle")).to_have_text("Schimb cu 1C")
        frame.get_by_role("button", name="Conectează 1C").click()
        expect(frame.get_by_role("button", name="Anulează")).to_be_visible()
        expect(visitor.open(language="ua").locator("h1")).to_have_text("Schimb cu 1C")
        assert visitor.errors == []

    @pytest.mark.parametrize("width", [1280, 380])
    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_needs_no_scrolling_inside_its_frame(self, visitor: Visitor, portal: Portal, width: int, language: str) -> None:
        base = make_base(portal, name="Торговля" * 8)
        make_problem(base, "portal-refused", facts={"answer": "x" * 300})
        make_run(base, state="failed", file_name="import" * 12, error="слово " * 40)
        frame = visitor.open(language=language)
        visitor.narrow(width)
        frame.locator("#bases button").first.click()
        expect(frame.locator(".steps")).to_be_visible()
        frame.wait_for_function("() => document.documentElement.scrollHeight <= document.documentElement.clientHeight")
        assert overflow(frame) == (0, 0)
        assert visitor.errors == []

    def test_weighs_under_sixty_kilobytes_and_asks_nobody_else(self, visitor: Visitor, portal: Portal, app_url: str) -> None:
        make_problem(make_base(portal))
        weights: dict[str, int] = {}
        visitor.page.on("response", lambda answer: weights.update({answer.url: len(gzip.compress(answer.body()))}))
        visitor.open()
        visitor.page.wait_for_load_state("networkidle")
        mine = {url: weight for url, weight in weights.items() if not url.startswith(visitor.portal_url)}
        assert len(mine) >= 4
        assert all(url.startswith(app_url) for url in mine)
        assert sum(mine.values()) < 60_000
