"""Settings in a browser: what a change would do is seen before it is saved, it can be taken back, and every page is usable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from b24app.pages.sections import SECTIONS
from mapping.load import rules_of
from tests.journeys.browsing import Visitor, overflow
from tests.journeys.furnishing_settings import furnish_settings
from tests.journeys.test_accessibility import violations

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from b24app.models import Portal

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def settings(visitor: Visitor) -> Frame:
    """The row of sections of the first base."""
    frame = visitor.open(language="en")
    frame.locator(f".places a[href='{reverse('pages:settings')}']").click()
    frame.locator(".sections").first.wait_for()
    return frame


def opened(frame: Frame, url: str) -> None:
    """Open one of the pages that the row of sections leads to, from wherever we are."""
    if frame.locator(".trail a").count():
        frame.locator(".trail a").click()
        frame.locator(".sections").first.wait_for()
    frame.locator(f".sections a[href='{url}']").click()
    frame.locator(".trail").wait_for()


def test_a_change_is_seen_before_it_is_saved_and_can_be_taken_back(visitor: Visitor, portal: Portal) -> None:
    base = furnish_settings(portal)
    frame = settings(visitor)
    opened(frame, reverse("pages:settings_section", args=[base.pk, "prices"]))
    frame.locator("#price-1").select_option("skip")
    ahead = frame.locator("#settings-ahead")
    ahead.get_by_text("Оптовая").first.wait_for()
    assert "5 items" in ahead.inner_text()
    assert rules_of(portal.pk, base.pk).skipped_price_types == {"price_type-3"}
    frame.get_by_role("button", name="Save").click()
    frame.locator(".note.ok").wait_for()
    assert rules_of(portal.pk, base.pk).skipped_price_types == {"price_type-1", "price_type-3"}
    opened(frame, reverse("pages:settings_history", args=[base.pk]))
    frame.locator("#version-2").get_by_role("button").click()
    frame.locator("#version-2-ask").get_by_role("button", name="Put back").click()
    frame.locator("#version-4").wait_for()
    assert rules_of(portal.pk, base.pk).skipped_price_types == {"price_type-3"}
    assert visitor.errors == []


def test_every_page_of_it_is_usable_by_everybody(visitor: Visitor, portal: Portal) -> None:
    base = furnish_settings(portal)
    pages = [reverse("pages:settings_section", args=[base.pk, one.slug]) for one in SECTIONS]
    pages += [reverse(f"pages:settings_{name}", args=[base.pk]) for name in ("history", "file")]
    visitor.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    frame = settings(visitor)
    visitor.narrow(380)
    assert violations(frame) == []
    for page in pages:
        opened(frame, page)
        if page.endswith(("/goods/", "/items/", "/statuses/", "/documents/", "/history/", "/file/")):  # one of each make
            assert violations(frame) == [], page
        assert overflow(frame)[0] == 0, page
