"""The pages outside the frame, in Chromium: signed in at the portal, known by a cookie."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from b24app.models import Portal
from sandbox.portal.server import PortalServer
from tests.b24app.pages.conftest import make_base
from tests.journeys.browsing import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_cookie_stays(visitor: Visitor) -> Iterator[None]:
    """The browser is shared, and nobody else has a cookie."""
    yield
    visitor.page.context.clear_cookies()


def test_a_person_signs_in_works_and_leaves(visitor: Visitor, portal: Portal, bitrix24: PortalServer, app_url: str) -> None:
    base = make_base(portal)
    page = visitor.page
    page.goto(f"{app_url}/accounts/login/")
    page.locator("#portal").fill(bitrix24.domain)
    page.locator("button[type=submit]").click()
    page.locator("main a.btn").click()
    page.wait_for_url("**/accounts/done/")
    page.locator("form[action='/accounts/choose/'] button").click()
    page.wait_for_url("**/b24/overview/")
    page.locator("html[data-ready]").wait_for()
    page.locator("#language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator(f"#base-{base.pk}-state").wait_for()
    page.get_by_role("button", name="Pause").first.click()
    expect(page.locator(f"#base-{base.pk}-state")).to_contain_text("paused", ignore_case=True)
    base.refresh_from_db()
    assert base.paused_at
    page.locator("nav a", has_text="Journal").click()
    expect(page.locator("main")).to_have_attribute("data-title", "Journal")
    with page.expect_download():
        page.locator("[data-download]").click()
    page.get_by_role("link", name="My portals").click()
    page.locator("form[action='/accounts/leave/'] button").click()
    page.wait_for_url("**/accounts/login/")
    assert page.goto(f"{app_url}/b24/overview/").status == 401  # type: ignore[union-attr]
    assert [error for error in visitor.errors if "401" not in error] == []
