"""What a person does with the portal in a browser, and what the tests look at meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visitor:
    """A tab on the portal; `errors` collects what the console complains of."""

    def __init__(self, page: Page, portal_url: str) -> None:
        self.page = page
        self.portal_url = portal_url
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, *, user: int = 1, language: str = "ru") -> Frame:
        """The app opened in the portal by that user, once its page is there."""
        self.page.goto(f"{self.portal_url}/app/?user={user}&lang={language}")
        return self.frame()

    def frame(self) -> Frame:
        """The app's frame with its page shown."""
        element = self.page.locator("iframe.app-frame").element_handle()
        frame = element.content_frame()
        assert frame
        frame.locator("main#page").wait_for()
        frame.locator("html[data-ready]").wait_for()
        return frame

    def commands(self, name: str) -> list[Any]:
        """What the page told the portal under that name, so far."""
        told: list[tuple[str, Any]] = self.page.evaluate("window.frameCommands")
        return [given for command, given in told if command == name]

    def narrow(self, width: int) -> None:
        """Give the app's frame that width, whatever the portal puts beside it."""
        box = self.page.locator("iframe.app-frame").bounding_box()
        size = self.page.viewport_size
        assert box
        assert size
        self.page.set_viewport_size({"width": round(size["width"] + width - box["width"]), "height": 800})
        self.page.wait_for_function("width => document.querySelector('iframe.app-frame').clientWidth === width", arg=width)

    def look_again(self, frame: Frame) -> None:
        """What the timer does every few seconds: ask for the live parts."""
        with self.page.expect_response(lambda response: "/overview/live/" in response.url):
            frame.evaluate("document.body.dispatchEvent(new Event('looked'))")


def overflow(frame: Frame) -> tuple[int, int]:
    """By how many pixels the page is wider and taller than its frame."""
    script = (
        "() => { const e = document.documentElement; return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight] }"
    )
    wide, tall = frame.evaluate(script)
    return wide, tall
