"""Takes the pictures of the documentation: `make screenshots`. Everything in them is invented."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from b24app.lanes import claim, mark_due
from b24app.pages import pace
from tests.b24app.pages.conftest import make_base, make_problem, make_rows, make_run
from tests.journeys.browsing import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from b24app.models import Portal

pytestmark = [pytest.mark.screenshots, pytest.mark.django_db(transaction=True)]
FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
LARGEST = 150_000


def furnish(portal: Portal) -> None:
    """A portal in the middle of an ordinary day: one base sends, another is quiet, a few objects need a person."""
    now = timezone.now()
    trade = make_base(portal, "Торговля, основная база", "ut11", last_contact_at=now - dt.timedelta(minutes=1))
    make_base(portal, "Производство", "erp2", last_contact_at=now - dt.timedelta(minutes=9))
    make_rows(trade, 640)
    # What earlier looks at the page would have measured.
    pace.backlog(trade.pk, 2480, 10_000, time.time() - 240)
    counts = {"new": 12, "changed": 48, "unchanged": 12421}
    make_run(trade, file_name="import0_1.xml", counts=counts)
    make_run(trade, file_name="offers0_1.xml", counts={"changed": 312, "unchanged": 12169, "failed": 3})
    started = now - dt.timedelta(seconds=40)
    make_run(trade, file_name="import0_2.xml", state="reading", size=48_000_000, bytes_read=30_700_000, started_at=started)
    for number, name in enumerate(("Кабель силовой 3×2,5", "Провод установочный 1×4"), 1):
        make_problem(trade, "unknown-unit", number, name=name, facts={"unit": "бухта"})
    mark_due(portal.pk)
    assert claim("worker")


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


def test_overview_in_the_portal(visitor: Visitor, portal: Portal) -> None:
    furnish(portal)
    dressed(visitor)
    picture(visitor, "overview")


def test_overview_in_the_dark_and_on_a_telephone(visitor: Visitor, portal: Portal) -> None:
    furnish(portal)
    frame = dressed(visitor, dark=True, width=380)
    visitor.page.set_viewport_size({"width": (visitor.page.viewport_size or {"width": 0})["width"], "height": 1400})
    path = FOLDER / "overview-dark-narrow.png"
    frame.locator("body").screenshot(path=path)
    assert path.stat().st_size < LARGEST


def test_connecting_a_base(visitor: Visitor, portal: Portal) -> None:
    frame = dressed(visitor)
    frame.get_by_role("button", name="Подключить 1С").click()
    frame.get_by_label("Название").fill("Торговля, основная база")
    frame.get_by_role("button", name="Создать").click()
    frame.locator(".steps").wait_for()
    frame.wait_for_function("() => document.getElementById('toast').textContent === ''", timeout=20_000)
    picture(visitor, "connect", tallest=860)
