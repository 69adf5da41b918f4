"""Pictures of every page of the settings, at both widths in light and dark, and the one of the documentation: `make screenshots`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from b24app.pages.sections import SECTIONS
from tests.journeys.furnishing_settings import furnish_settings
from tests.journeys.test_screenshots import EVERYTHING, dressed, picture
from tests.journeys.test_settings import opened

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from b24app.models import Portal
    from tests.journeys.browsing import Visitor

pytestmark = [pytest.mark.screenshots, pytest.mark.django_db(transaction=True)]


def sections(visitor: Visitor, *, dark: bool = False, width: int = 1280) -> Frame:
    """The list of sections, in the language of the documentation."""
    frame = dressed(visitor, dark=dark, width=width)
    frame.locator(f".places a[href='{reverse('pages:settings')}']").click()
    frame.locator(".sections").first.wait_for()
    return frame


def ahead(frame: Frame) -> None:
    """A change in the form, with what it would do."""
    frame.locator("#price-1").select_option("skip")
    frame.locator("#settings-ahead .note").wait_for()


def test_what_a_change_would_do(visitor: Visitor, portal: Portal) -> None:
    base = furnish_settings(portal)
    frame = sections(visitor)
    opened(frame, reverse("pages:settings_section", args=[base.pk, "prices"]))
    ahead(frame)
    picture(visitor, "settings")


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_settings(visitor: Visitor, portal: Portal, scheme: str, width: int) -> None:
    base = furnish_settings(portal)
    frame = sections(visitor, dark=scheme == "dark", width=width)
    urls = {one.slug: reverse("pages:settings_section", args=[base.pk, one.slug]) for one in SECTIONS}
    urls |= {name: reverse(f"pages:settings_{name}", args=[base.pk]) for name in ("history", "file")}
    for name, url in urls.items():
        opened(frame, url)
        if name == "prices":
            ahead(frame)
        if name == "history":
            frame.locator("#version-1").get_by_role("button").click()
            frame.locator("#version-1-ask .note").wait_for()
        for details in frame.locator("details").all():
            details.evaluate("element => element.open = true")
        height = frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        visitor.page.set_viewport_size({"width": (visitor.page.viewport_size or {"width": 0})["width"], "height": height + 200})
        visitor.page.wait_for_load_state("networkidle")
        frame.locator("body").screenshot(path=EVERYTHING / f"settings-{name}-{scheme}-{width}.png")
