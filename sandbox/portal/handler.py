"""One HTTP request to the double, handed to the part that answers: REST, the authorisation server, the portal's pages, the control API."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast
from urllib.parse import unquote

from sandbox.portal import control, frame, phpquery
from sandbox.portal.errors import CutAnswer, CutConnection, PlainAnswer
from sandbox.portal.oauth import OAuthError

if TYPE_CHECKING:
    from sandbox.portal.server import PortalServer

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
LARGEST = 64 * 1024 * 1024
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "origin, content-type, accept, authorization, x-requested-with, bx-pagination",
    "Access-Control-Max-Age": "86400",
}


class Listening(Protocol):
    """The HTTP server a request came to."""

    portal_server: PortalServer


class Handler(BaseHTTPRequestHandler):
    """Reads one request and hands it to the part that answers."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    wbufsize = 65536
    disable_nagle_algorithm = True
    timeout: ClassVar[float] = 120

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: tokens are in the addresses."""

    @property
    def app(self) -> PortalServer:
        """The double this request came to."""
        return cast(Listening, self.server).portal_server

    def do_GET(self) -> None:
        """Answer GET."""
        self._answer({})

    def do_HEAD(self) -> None:
        """Answer HEAD like GET, without a body."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer POST with a JSON or form body."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._send(413, "", {})
            return
        self._answer(self._body(self.rfile.read(length)))

    def do_OPTIONS(self) -> None:
        """Answer a browser's pre-flight."""
        self._send(200, "", {**CORS, "Content-Type": HTML})

    def _body(self, raw: bytes) -> dict[str, Any]:
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if kind == "application/json":
            try:
                body = json.loads(raw or b"{}")
            except ValueError:
                return {}
            return body if isinstance(body, dict) else {}
        return phpquery.parse(raw.decode("utf-8", "replace"))

    def _answer(self, body: dict[str, Any]) -> None:
        path, _, query = self.path.partition("?")
        params = {**phpquery.parse(query), **body}
        try:
            self._route(unquote(path), params)
        except PlainAnswer as answer:
            self._send(answer.status, answer.body, {"Content-Type": HTML, **CORS, **answer.headers})
        except CutAnswer as answer:
            self._json(answer.status, answer.body, CORS, share=0.5)
            self._hang_up()
        except CutConnection:
            self._hang_up()

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _route(self, path: str, params: dict[str, Any]) -> None:
        if path.startswith("/rest/"):
            self._rest(path, params)
        elif path == "/oauth/token/":
            self._token(params)
        elif path == "/oauth/authorize/":
            self._authorize(params)
        elif path.startswith("/_sandbox/"):
            status, answer = control.answer(self.app, self.command, path.removeprefix("/_sandbox/").strip("/"), params)
            self._json(status, answer)
        else:
            status, page, headers = frame.answer(self.app, path, params)
            self._send(status, page, {"Content-Type": HTML, "Cache-Control": "no-store", **headers})

    def _rest(self, path: str, params: dict[str, Any]) -> None:
        name = path.removeprefix("/rest/").strip("/")
        bearer = self.headers.get("Authorization") or ""
        if bearer.lower().startswith("bearer ") and "auth" not in params:
            params["auth"] = bearer[7:].strip()
        source = str(self.client_address[0])
        status, body = self.app.rest.answer(name, params, source=source, path=self.path, host=self.headers.get("Host") or "")
        self._json(status, body, CORS)

    def _token(self, params: dict[str, Any]) -> None:
        portal = self.app.portal
        portal.calls.tokens += 1
        if portal.faults.take("oauth_down"):
            raise PlainAnswer(502, "<html><body>502 Bad Gateway</body></html>")
        with portal.lock:
            try:
                answer = (200, portal.oauth.token(params))
            except OAuthError as error:
                answer = (error.status, {"error": error.error, "error_description": error.description})
            portal.store.commit()
        self._json(*answer)

    def _authorize(self, params: dict[str, Any]) -> None:
        portal = self.app.portal
        with portal.lock:
            try:
                code = portal.oauth.code(str(params.get("client_id", "")), int(params.get("user", 1)))
            except OAuthError as error:
                # No redirect happens on an error: people see it on the portal's own page.
                self._send(400, f"<h1>{error.error}</h1><p>{error.description}</p>", {"Content-Type": HTML})
                return
            portal.store.commit()
        back = {"code": code, "state": params.get("state", ""), "domain": portal.domain, "member_id": portal.member_id}
        back |= {"scope": portal.app["scope"], "server_domain": portal.oauth_domain}
        target = portal.app["app_url"] + "/accounts/bitrix24/login/callback/?" + phpquery.build(back)
        self._send(302, "", {"Location": target})

    def _json(self, status: int, body: Any, headers: dict[str, str] | None = None, *, share: float = 1.0) -> None:
        self._send(status, json.dumps(body, ensure_ascii=False), {"Content-Type": JSON, **(headers or {})}, share=share)

    def _send(self, status: int, body: str, headers: dict[str, str], *, share: float = 1.0) -> None:
        """Answer; `share` of the announced body is all that is sent."""
        content = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: int(len(content) * share)])
