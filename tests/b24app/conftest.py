"""What the tests of the portal's door need besides a portal."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from b24app.oauth import admission

if TYPE_CHECKING:
    from b24app.models import Portal
    from sandbox.portal.server import PortalServer


@pytest.fixture(autouse=True)
def _own_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's false claims keep another test out."""
    monkeypatch.setattr(admission, "PREFIX", f"test-{secrets.token_hex(6)}")


@pytest.fixture
def renamed(bitrix24: PortalServer, portal: Portal) -> Iterator[Portal]:
    """A portal that was renamed after the app was installed: the address we stored answers 302 to the new one."""

    class Old(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(302)
            self.send_header("Location", f"{bitrix24.url}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Old)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    portal.domain = f"127.0.0.1:{server.server_port}"
    portal.client_endpoint = f"http://{portal.domain}/rest/"
    portal.save()
    yield portal
    server.shutdown()
    thread.join()
    server.server_close()
