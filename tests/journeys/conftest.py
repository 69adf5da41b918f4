"""A browser that blocks third-party cookies, the app on one site and the portal on another: how people really meet the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.browsing import FLAGS, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright
    from pytest_django.fixtures import Settings

    from sandbox.portal.server import PortalServer


@pytest.fixture(scope="session")
def chromium_context(
    playwright_driver: Playwright, chromium_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """One Chromium for all tests, with third-party cookies blocked by its own preference."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    preferences = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
    Path(profile, "Default", "Preferences").write_text(json.dumps(preferences))
    context = playwright_driver.chromium.launch_persistent_context(
        str(profile), executable_path=chromium_path, headless=True, args=FLAGS, viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def app_url(transactional_db: None, settings: Settings, bitrix24: PortalServer) -> Iterator[str]:
    """The running app, on another site (127.0.0.1) than the portal (localhost), which knows its address."""
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer("127.0.0.1")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.APP_URL = server.url
    bitrix24.portal.change_app(app_url=server.url)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def visitor(chromium_context: BrowserContext, app_url: str, bitrix24: PortalServer) -> Iterator[Visitor]:
    """Somebody with a browser tab, who notices every error in the console."""
    visitor = Visitor(chromium_context.new_page(), bitrix24.url)
    yield visitor
    visitor.page.close()
