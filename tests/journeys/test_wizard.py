"""The whole way of an administrator in the browser: from the first click to a finished exchange, and what may come afterwards."""

from __future__ import annotations

import dataclasses
import re
import time
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import expect

from b24app import lanes
from b24app.models import Portal
from b24app.pages.navigation import PLACES
from b24app.pages.setup_steps import STEPS
from exchange import handlers, tasks
from exchange.imports import pipeline, push
from exchange.models import ImportRun, OneCBase, Problem
from sandbox.onec.base import Base
from sandbox.onec.clients import Client
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS, Dialect
from sandbox.onec.orderbook import OrderBook
from sandbox.onec.writers.upload import Options
from tests.journeys.browsing import Visitor, overflow
from tests.journeys.trading import CABLE, INVOICE, QuickClock, World

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from sandbox.portal.server import PortalServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DIALECT: Dialect = DIALECTS["ut11"]
ITEMS = 12
LANGUAGES = {"ru": "Обмен с 1С", "en": "Exchange with 1C", "ro": "Schimb cu 1C", "ua": "Обмін з 1С"}


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free workers for what 1C sends and for the preview; goods and documents are carried when the test says so."""

    def read_at_once(run: ImportRun) -> None:
        transaction.on_commit(lambda: pipeline.read_run(run.pk))

    monkeypatch.setattr(handlers, "start_reading", read_at_once)
    monkeypatch.setattr(tasks, "wake_rehearsal", lambda base_id: tasks.rehearse(base_id=base_id))
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)


def shop() -> Base:
    """What 1C has: a few goods, one price of which is in a currency that the portal lacks."""
    base = Base.random(items=ITEMS, seed=4, pictures=0, awkward=0)
    base.books.price_types[-1] = dataclasses.replace(base.books.price_types[-1], currency="KZT", iso="KZT")
    return base


def carry(portal: Portal, bitrix24: PortalServer) -> None:
    """A worker carries goods until nothing is due."""
    bitrix24.portal.bucket.empty()
    lanes.mark_due(portal.pk)
    while (claim := lanes.claim("test", portal.pk)) is not None:
        lanes.release(claim, push.push(claim, until=time.monotonic() + 30))


def look(visitor: Visitor, frame: Frame, text: str, *, at: str = "#page") -> None:
    """The page notices by itself (its timer is hurried)."""
    frame.evaluate("document.body.dispatchEvent(new Event('looked'))")
    expect(frame.locator(at)).to_contain_text(text)


def onec(frame: Frame) -> Client:
    """1C with what its user copied from the page."""
    base_id = OneCBase.objects.get().pk
    address, login, password = (frame.locator(f"#base-{base_id}-{name}").inner_text() for name in ("url", "login", "password"))
    return Client(DIALECT.manners, address, login, password, clock=QuickClock())


def connect(visitor: Visitor, frame: Frame) -> Client:
    """The first step: the values go into 1C, and the page follows every move of it."""
    frame.get_by_role("button", name="Connect 1C").click()
    frame.get_by_label("Name").fill("Trade")
    frame.get_by_role("button", name="Next").click()
    expect(frame.locator("#said")).to_have_text("Waiting for 1C…")
    client = onec(frame)
    frame.get_by_role("button", name="Copy the password").click()
    expect(frame.locator("#toast")).to_have_text("Copied")
    client.session("catalog").checkauth()
    look(visitor, frame, "checkauth received", at="#said")
    DIALECT.send(client, DIALECT.export(shop(), Options()))
    look(visitor, frame, f"{ITEMS} items seen. You may go on", at="#said")
    return client


def install(visitor: Visitor, bitrix24: PortalServer) -> Portal:
    """An administrator installs the app and ends in it."""
    visitor.page.goto(f"{bitrix24.url}/app/?user=1&lang=en")
    visitor.page.wait_for_url(re.compile("install_finished=Y"))
    return Portal.objects.get()


def whole_way(visitor: Visitor, bitrix24: PortalServer, portal: Portal) -> Client:
    """Every step with "Next", the preview, the start, and the goods in the portal."""
    frame = visitor.frame()
    client = connect(visitor, frame)
    frame.get_by_role("button", name="Next").click()
    expect(frame.locator("#page")).to_contain_text(f"2 of {len(STEPS)}")
    # Left in the middle, and found again where it was.
    frame.get_by_role("button", name="Finish later").click()
    expect(frame.locator("#summary")).to_contain_text("The set-up is not finished.")
    carry(portal, bitrix24)
    assert bitrix24.state.count("products") == 0
    frame.get_by_role("button", name="Continue the set-up").click()
    for number in range(2, len(STEPS) - 1):
        expect(frame.locator("#step-title")).to_contain_text(f"{number} of {len(STEPS)}")
        assert overflow(frame)[0] == 0
        frame.get_by_role("button", name="Next").click()
    expect(frame.locator("#moving")).to_contain_text("The first load would write")
    expect(frame.locator("#moving")).to_contain_text("Bitrix24 does not have it yet.")
    assert bitrix24.state.count("products") == 0
    frame.get_by_role("button", name="Next").click()
    frame.get_by_role("button", name="Start the exchange").click()
    expect(frame.locator("#moving")).to_contain_text("The first load is running.")
    expect(frame.get_by_role("progressbar")).to_be_visible()
    carry(portal, bitrix24)
    look(visitor, frame, "The first load is over: what could go is in the portal.", at="#moving")
    assert bitrix24.state.count("products") >= ITEMS
    frame.get_by_role("button", name="To the overview").click()
    return client


def conflict(world: World) -> None:
    """An invoice that both sides know, and whose only line both have changed since."""
    world._stock()
    rows = [world.row(CABLE, "125.50", "4")]
    document = world.document(INVOICE, world.company(), rows, stageId="DT31_1:S")
    world.both()
    number = world.order(INVOICE, document).number
    world.set_rows(INVOICE, document, [world.row(CABLE, "125.50", "5")])
    world.book.set_line(number, CABLE, quantity="7")
    world.exchange()
    assert Problem.objects.get(closed_at=None).cause == "document-conflict"


def refused(client: Client) -> str:
    """What 1C is told when it is turned away."""
    with pytest.raises(ClientRefused):
        client.session("catalog").checkauth()
    answer = client.transcript[-1].answer
    assert answer
    return answer.body.decode("windows-1251")


def languages(visitor: Visitor) -> None:
    """Every page in every language."""
    for language, title in LANGUAGES.items():
        frame = visitor.open(language=language)
        expect(frame.locator("h1")).to_have_text(title)
        for place in PLACES[1:]:
            link = frame.locator(f".places a[href='{reverse(place.url)}']")
            link.click()
            expect(frame.locator(f".places a[href='{reverse(place.url)}'][aria-current]")).to_be_visible()
            expect(frame.locator("main#page")).to_have_attribute("lang", {"ua": "uk"}.get(language, language))


def test_from_the_installation_to_a_finished_exchange_and_through_a_day(visitor: Visitor, bitrix24: PortalServer) -> None:
    portal = install(visitor, bitrix24)
    client = whole_way(visitor, bitrix24, portal)
    frame = visitor.frame()
    base = OneCBase.objects.get()

    # A price waits for a currency that the portal lacks: its rate is the person's to say, on the spot.
    expect(frame.locator("#problems")).to_contain_text("currencies the portal does not have")
    frame.locator("#problems summary").first.click()
    frame.get_by_label("Rate of KZT").first.fill("0.19")
    frame.get_by_role("button", name="Add the currency").first.click()
    expect(frame.locator("#toast")).to_contain_text("The currency is made")
    carry(portal, bitrix24)
    look(visitor, frame, "No problems", at="#problems")

    # Both sides change one line: a person decides, and both sides have it so.
    world = World(bitrix24, portal, base, DIALECT, client, OrderBook(DIALECT.manners, "trade"))
    conflict(world)
    look(visitor, frame, "Take 1C's", at="#problems")
    frame.get_by_role("button", name="Take 1C's").first.click()
    expect(frame.locator("#toast")).not_to_be_empty()
    world.both()
    look(visitor, frame, "No problems", at="#problems")
    assert world.differences() == []

    # Paused, 1C is told so; resumed, it goes on.
    frame.get_by_role("button", name="Pause").click()
    expect(frame.locator("#summary")).to_contain_text("paused")
    assert "приостановлен" in refused(client)
    frame.get_by_role("button", name="Resume").click()
    expect(frame.locator("#toast")).to_have_text("The exchange goes on.")
    client.session("catalog").checkauth()

    languages(visitor)
    assert visitor.errors == []
    assert visitor.page.context.cookies() == []
