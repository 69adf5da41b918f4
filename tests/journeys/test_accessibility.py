"""axe-core looks at every page, wide and narrow, light and dark: nothing that it calls serious or critical."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from b24app.pages.navigation import PLACES
from b24app.pages.setup_steps import STEPS
from tests.journeys.browsing import Visitor, overflow
from tests.journeys.furnishing import foresee, furnish, furnish_setup

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from b24app.models import Portal

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = (Path(__file__).parent / "vendor" / "axe-core-4.10.3.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => [one.id, one.help, one.nodes.map(node => node.html.slice(0, 200)).slice(0, 3)])"""


def violations(frame: Frame) -> list[Any]:
    """What axe-core finds serious or critical in the page as it stands."""
    # What waits for an answer is pale on purpose.
    frame.wait_for_function("() => !document.querySelector('.htmx-request')")
    frame.evaluate(AXE)
    found: list[Any] = frame.evaluate(RUN)
    return found


def at(frame: Frame, url: str) -> None:
    """Go to another place of the app by the row of places, as people do."""
    link = frame.locator(f".places a[href='{url}']")
    if link.count() and not link.get_attribute("aria-current"):
        link.click()
        frame.locator(f".places a[href='{url}'][aria-current]").wait_for()


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_place_is_usable_by_everybody(visitor: Visitor, portal: Portal, scheme: str, width: int) -> None:
    furnish(portal)
    visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    frame = visitor.open()
    visitor.narrow(width)
    for place in PLACES:
        at(frame, reverse(place.url))
        assert violations(frame) == [], place.url
        assert overflow(frame)[0] == 0, place.url


def test_an_opened_base_is_usable_by_everybody(visitor: Visitor, portal: Portal) -> None:
    furnish(portal)
    frame = visitor.open()
    for name in ("Как подключить", "Удалить…"):
        frame.get_by_role("button", name=name).first.click()
        assert violations(frame) == [], name


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 380)])
def test_every_step_of_the_setup_is_usable_by_everybody(visitor: Visitor, portal: Portal, scheme: str, width: int) -> None:
    base = furnish_setup(portal)
    foresee(base)
    visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    frame = visitor.open()
    visitor.narrow(width)
    frame.locator(f"button[hx-get='{reverse('pages:setup_new')}']").click()
    frame.locator("select[name=configuration]").wait_for()
    assert violations(frame) == []
    frame.locator(f"button[hx-get='{reverse('pages:overview')}']").click()
    frame.locator(f"button[hx-get='{reverse('pages:setup', args=[base.pk])}']").click()
    for number, step in enumerate(STEPS, 1):
        frame.locator("#step-title", has_text=re.compile(rf"^\s*{number} ")).wait_for()
        assert violations(frame) == [], step.slug
        assert overflow(frame)[0] == 0, step.slug
        if number < len(STEPS):
            frame.locator("form button[type=submit]").last.click()


def test_axe_would_find_something() -> None:
    """The checker itself is the real one, and whole."""
    assert len(AXE) > 500_000
    assert "color-contrast" in AXE


def test_finds_what_is_wrong(visitor: Visitor, portal: Portal) -> None:
    frame = visitor.open()
    frame.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [name for name, *_ in violations(frame)] == ["button-name"]
