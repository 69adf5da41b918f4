"""The official browser SDK inside the portal's frame, in Chromium: the host page speaks the real protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, Playwright

from sandbox.portal import phpquery
from sandbox.portal.server import PortalServer

SDK = (Path(__file__).parent / "vendor" / "b24jssdk-2.2.0.min.js").read_bytes()
PAGE = b"<!doctype html><meta charset=utf-8><title>app</title><h1>app</h1><script src='/sdk.js'></script>"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IN_FRAME = """async () => {
  const b24 = await B24Js.initializeB24Frame();
  window.b24 = b24;
  return {auth: b24.auth.getAuthData(), admin: b24.auth.isAdmin, lang: b24.getLang(), sid: b24.getAppSid(),
          install: b24.isInstallMode, first: b24.isFirstRun, placement: b24.placement.title, options: b24.placement.options};
}"""


class App:
    """The application's pages, and the forms it was opened with."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, dict[str, Any]]] = []
        app = self

        class Serve(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.give(SDK if self.path == "/sdk.js" else PAGE)

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                app.opened.append((self.path, phpquery.parse(form)))
                self.give(PAGE)

            def give(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript" if content is SDK else "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    app = App()
    yield app
    app.http.shutdown()
    app.http.server_close()


@pytest.fixture(scope="module")
def browser(playwright_driver: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright_driver.chromium.launch(executable_path=chromium_path, headless=True, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def portal(app: App) -> Iterator[PortalServer]:
    app.opened.clear()
    with PortalServer(app_url=app.url, bucket=(1000, 100)) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    yield page
    page.close()


def inside(page: Page) -> Frame:
    page.frame_locator("iframe.app-frame").locator("h1").wait_for()
    frame = next(frame for frame in page.frames if frame is not page.main_frame)
    frame.wait_for_load_state("load")  # its heading is there before its scripts are
    return frame


def commands(page: Page) -> list[str]:
    return [name for name, _ in page.evaluate("window.frameCommands")]


class TestInstallation:
    def test_opens_the_install_page_and_installs_when_the_application_says_finish(
        self, portal: PortalServer, page: Page, app: App
    ) -> None:
        page.goto(f"{portal.url}/app/?lang=ru")
        frame = inside(page)
        seen = frame.evaluate(IN_FRAME)
        assert (seen["install"], seen["first"], seen["admin"], seen["lang"]) == (True, True, True, "ru")
        assert "setInstall" in commands(page)
        path, form = app.opened[0]
        assert path.startswith(f"/b24/install/?DOMAIN=localhost%3A{portal.port}&PROTOCOL=0&LANG=ru&APP_SID=")
        assert (form["PLACEMENT"], form["member_id"], form["status"]) == ("DEFAULT", portal.member_id, "L")
        assert form["APPLICATION_TOKEN"] == portal.application_token
        with page.expect_navigation(url="**install_finished=Y**"):
            frame.evaluate("() => { window.b24.installFinish() }")
        assert portal.portal.app["installed"] is True
        inside(page)
        assert app.opened[-1][0].startswith("/b24/?DOMAIN=")

    def test_is_kept_from_employees(self, portal: PortalServer, page: Page, app: App) -> None:
        page.goto(f"{portal.url}/app/?user=2")
        assert "не завершена" in page.inner_text("main")
        assert app.opened == []


class TestFrame:
    @pytest.fixture(autouse=True)
    def _installed(self, portal: PortalServer) -> None:
        portal.portal.change_app(installed=True, opened=True)

    def test_serves_everything_the_sdk_asks_of_a_portal(self, portal: PortalServer, page: Page) -> None:
        page.goto(f"{portal.url}/app/?user=2&lang=en")
        frame = inside(page)
        seen = frame.evaluate(IN_FRAME)
        assert (seen["install"], seen["admin"], seen["lang"]) == (False, False, "en")
        assert seen["auth"]["member_id"] == portal.member_id
        fresh = frame.evaluate("() => window.b24.auth.refreshAuth()")
        assert fresh["access_token"] != seen["auth"]["access_token"]
        frame.evaluate("() => { document.body.style.height = '900px' }")
        frame.evaluate("() => window.b24.parent.fitWindow()")
        box = page.locator("iframe.app-frame").bounding_box()
        assert box is not None
        assert box["height"] >= 900
        frame.evaluate("() => window.b24.parent.setTitle('Обмен: каталог')")
        assert page.inner_text("#pagetitle") == "Обмен: каталог"
        opened = frame.evaluate("() => window.b24.slider.openPath(window.b24.slider.getUrl('/crm/deal/details/5/'), 950)")
        assert "openPath" in commands(page), opened
        user = frame.evaluate("() => window.b24.dialog.selectUser()")
        assert user["id"] == "1"

    def test_lets_the_browser_call_rest_across_sites(self, portal: PortalServer, page: Page) -> None:
        page.goto(f"{portal.url}/app/?user=2")
        frame = inside(page)
        frame.evaluate(IN_FRAME)
        result = frame.evaluate("async () => (await window.b24.actions.v2.call.make({method: 'profile', params: {}})).getData()")
        assert result["result"]["ID"] == "2"

    def test_keeps_options_of_the_application_and_of_users(self, portal: PortalServer, page: Page) -> None:
        page.goto(f"{portal.url}/app/")
        frame = inside(page)
        frame.evaluate(IN_FRAME)
        frame.evaluate("() => window.b24.options.appSet('mode', 'full')")
        frame.evaluate("() => window.b24.options.userSet('view', 'short')")
        assert portal.portal.app["options"] == {"mode": "full"}
        assert portal.portal.app["user_options"] == {"1": {"view": "short"}}

    def test_hosts_widgets_with_their_options_and_denies_them_the_title(self, portal: PortalServer, page: Page, app: App) -> None:
        bound = {"PLACEMENT": "CRM_DEAL_DETAIL_TAB", "HANDLER": f"{app.url}/b24/placement/", "TITLE": "1С"}
        portal.call("placement.bind", bound)
        page.goto(f"{portal.url}/app/CRM_DEAL_DETAIL_TAB?ID=5")
        frame = inside(page)
        seen = frame.evaluate(IN_FRAME)
        assert (seen["placement"], seen["options"]["ID"]) == ("CRM_DEAL_DETAIL_TAB", "5")
        assert app.opened[-1][0].startswith("/b24/placement/?DOMAIN=")
        frame.evaluate("() => { window.b24.parent.setTitle('x') }")
        frame.evaluate("() => window.b24.auth.refreshAuth()")
        assert page.inner_text("#pagetitle") != "x"

    def test_shows_the_portal_around_it(self, portal: PortalServer, page: Page) -> None:
        portal.call("catalog.product.add", {"fields": {"iblockId": 23, "name": "Стул <b>"}})
        page.goto(f"{portal.url}/catalog/")
        assert page.inner_text("tbody td") == "Стул <b>"
        page.goto(f"{portal.url}/?lang=ua")
        assert "Мій портал" in page.inner_text("nav")
