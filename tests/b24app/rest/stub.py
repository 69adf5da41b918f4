"""A portal of a few lines for one test at a time: it answers what the test says and remembers what it was asked.

For behaviour of real methods there is the sandbox's portal; here a test decides about bytes, statuses and times.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from b24app.rest.client import Tokens
from tests.b24app.rest.php import parse_str

Reply = tuple[int, Any, dict[str, str]]


class StubPortal:
    """`answer(method, params)` gives the body of one method (also inside a batch); `script` holds whole replies for the next requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.script: list[Reply | None] = []
        self.valid: set[str] = {"token-1"}
        self.answer: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda method, params: {"result": True}
        self.lock = threading.Lock()
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 65536

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def setup(self) -> None:
                portal.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = portal.reply(self.path, body, dict(self.headers))
                if reply is None:
                    self.close_connection = True
                    return
                status, content, headers = reply
                raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/rest/"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Reply | None:
        method = path.removeprefix("/rest/")
        with self.lock:
            self.requests.append((method, body))
            self.headers.append(headers)
            if self.script:
                return self.script.pop(0)
        if body["auth"] not in self.valid:
            return 401, {"error": "expired_token", "error_description": "The access token provided has expired."}, {}
        if method != "batch":
            return 200, self.answer(method, body), {}
        return 200, {"result": self._batch(body["cmd"])}, {}

    def _batch(self, commands: dict[str, str]) -> dict[str, Any]:
        maps: dict[str, dict[str, Any]] = {
            "result": {},
            "result_error": {},
            "result_total": {},
            "result_next": {},
            "result_time": {},
        }
        for key, line in commands.items():
            method, _, query = line.partition("?")
            answer = self.answer(method, parse_str(query))
            if "error" in answer:
                maps["result_error"][key] = answer
                continue
            for name, part in (("result", "result"), ("total", "result_total"), ("next", "result_next"), ("time", "result_time")):
                if name in answer:
                    maps[part][key] = answer[name]
        return {name: found or [] for name, found in maps.items()}


class Wallet:
    """A token source in memory: `token-1` is refreshed to `token-2` and so on, once per stale token."""

    def __init__(self, portal: StubPortal, *, works: bool = True) -> None:
        self.endpoint = portal.endpoint
        self.number = 1
        self.refreshed: list[str] = []
        self._portal = portal
        self._works = works
        self._lock = threading.Lock()

    def current(self) -> Tokens:
        return Tokens(f"token-{self.number}", self.endpoint)

    def refresh(self, stale: str) -> Tokens:
        with self._lock:
            if stale == f"token-{self.number}":
                self.refreshed.append(stale)
                time.sleep(0.01)  # Long enough for a second thread to come while the first one asks.
                self.number += 1
                if self._works:
                    self._portal.valid = {f"token-{self.number}"}
            return self.current()

    def moved(self, endpoint: str) -> None:
        self.endpoint = endpoint


class Time:
    """A clock that only sleeping moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
