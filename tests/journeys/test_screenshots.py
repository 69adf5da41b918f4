"""Takes the pictures of the documentation, and of every place at both widths in light and dark: `make screenshots`.

The few pictures of the documentation are kept in docs/screenshots; those of all places are to be looked at, in shots/ (not kept).
Everything in them is invented.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from b24app.pages.navigation import PLACES
from b24app.pages.setup_steps import PREVIEW, STEPS
from tests.journeys.browsing import Visitor
from tests.journeys.furnishing import foresee, furnish, furnish_setup

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from b24app.models import Portal

pytestmark = [pytest.mark.screenshots, pytest.mark.django_db(transaction=True)]
FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
EVERYTHING = Path(__file__).parents[2] / "shots"
LARGEST = 150_000


def picture(visitor: Visitor, name: str, *, tallest: int = 1000) -> None:
    """The portal as high as the app's page makes it: what lies below the window is not painted inside a frame."""
    box = visitor.page.locator("iframe.app-frame").bounding_box()
    size = visitor.page.viewport_size
    assert box
    assert size
    visitor.page.set_viewport_size({"width": size["width"], "height": min(tallest, round(box["y"] + box["height"]) + 20)})
    visitor.page.wait_for_load_state("networkidle")
    path = FOLDER / f"{name}.png"
    visitor.page.screenshot(path=path)
    assert path.stat().st_size < LARGEST, f"{name}.png weighs {path.stat().st_size} bytes"


def dressed(visitor: Visitor, *, dark: bool = False, width: int = 1280) -> Frame:
    visitor.page.set_viewport_size({"width": 1280, "height": 800})
    visitor.page.emulate_media(color_scheme="dark" if dark else "light")
    frame = visitor.open()
    if width < 1000:
        visitor.narrow(width)
    return frame


@pytest.fixture(autouse=True)
def _folder() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    EVERYTHING.mkdir(parents=True, exist_ok=True)


def test_overview_in_the_portal(visitor: Visitor, portal: Portal) -> None:
    furnish(portal)
    dressed(visitor)
    picture(visitor, "overview")


def test_overview_in_the_dark_and_on_a_telephone(visitor: Visitor, portal: Portal) -> None:
    furnish(portal)
    frame = dressed(visitor, dark=True, width=380)
    visitor.page.set_viewport_size({"width": (visitor.page.viewport_size or {"width": 0})["width"], "height": 1500})
    path = FOLDER / "overview-dark-narrow.png"
    frame.locator("body").screenshot(path=path)
    assert path.stat().st_size < LARGEST


def test_connecting_a_base(visitor: Visitor, portal: Portal) -> None:
    frame = dressed(visitor)
    frame.get_by_role("button", name="Подключить 1С").click()
    frame.get_by_label("Название").fill("Торговля, основная база")
    frame.get_by_role("button", name="Далее").click()
    frame.locator(".steps").wait_for()
    frame.wait_for_function("() => document.getElementById('toast').textContent === ''", timeout=20_000)
    picture(visitor, "connect", tallest=860)


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_place(visitor: Visitor, portal: Portal, scheme: str, width: int) -> None:
    furnish(portal)
    frame = dressed(visitor, dark=scheme == "dark", width=width)
    for place in PLACES:
        link = frame.locator(f".places a[href='{reverse(place.url)}']")
        if not link.get_attribute("aria-current"):
            link.click()
            frame.locator(f".places a[href='{reverse(place.url)}'][aria-current]").wait_for()
        whole(visitor, frame, f"{place.template}-{scheme}-{width}")


def test_previewing_the_first_load(visitor: Visitor, portal: Portal) -> None:
    base = furnish_setup(portal)
    foresee(base)
    frame = dressed(visitor)
    frame.get_by_role("button", name="Продолжить").click()
    frame.locator(f"a[hx-get='{reverse('pages:setup_step', args=[base.pk, PREVIEW])}']").click()
    frame.locator("#examples").wait_for()
    picture(visitor, "preview", tallest=1100)


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_step_of_the_setup(visitor: Visitor, portal: Portal, scheme: str, width: int) -> None:
    frame = dressed(visitor, dark=scheme == "dark", width=width)
    frame.get_by_role("button", name="Подключить 1С").click()
    frame.get_by_label("Название").wait_for()
    whole(visitor, frame, f"setup-0-new-{scheme}-{width}")
    base = furnish_setup(portal)
    frame = dressed(visitor, dark=scheme == "dark", width=width)
    frame.get_by_role("button", name="Продолжить").click()
    for number, step in enumerate(STEPS, 1):
        if step.slug == PREVIEW:
            base.runs.update(state="read")
            base.refresh_from_db()
            foresee(base)
        if number > 1:
            frame.get_by_role("button", name="Далее").click()
        frame.locator("#step-title", has_text=re.compile(rf"^\s*{number} ")).wait_for()
        whole(visitor, frame, f"setup-{number}-{step.slug}-{scheme}-{width}")


def whole(visitor: Visitor, frame: Frame, name: str) -> None:
    """A picture of the whole page, to be looked at."""
    frame.evaluate("document.fonts.ready")
    # What lies below the window is not painted inside a frame: the window is made as high as the page first.
    height = frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
    visitor.page.set_viewport_size({"width": (visitor.page.viewport_size or {"width": 0})["width"], "height": height + 200})
    visitor.page.wait_for_load_state("networkidle")
    frame.locator("body").screenshot(path=EVERYTHING / f"{name}.png")
