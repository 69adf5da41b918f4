"""A small server that does the exchange by the book, and any one thing wrong on demand. It knows nothing of the app."""

from __future__ import annotations

import base64
import io
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

LOGIN, PASSWORD = "onec", "secret"
COOKIE, TOKEN = "PHPSESSID=c0ffee", "sessid=0123456789abcdef"


@dataclass
class Reply:
    """One answer; `headers` come on top of Content-Type and Content-Length."""

    body: bytes | str
    status: int = 200
    content_type: str = "text/plain; charset=windows-1251"
    headers: dict[str, str] = field(default_factory=dict)
    claim_length: int | None = None


@dataclass
class Call:
    method: str
    query: str
    params: dict[str, str]
    cookie: str
    body: bytes


class FakeServer:
    """`wrong[mode]` replaces the answer of that mode: a Reply, or a function of the call number (from 1) to a Reply or None."""

    def __init__(self, *, zip_: bool = False, file_limit: int = 0, progress: int = 1) -> None:
        self.zip, self.file_limit, self.progress = zip_, file_limit, progress
        self.wrong: dict[str, Reply | Callable[[int], Reply | None]] = {}
        self.calls: list[Call] = []
        self.files: dict[str, bytes] = {}
        self.imported: list[str] = []
        self.orders: Reply = Reply("<?xml version='1.0'?><КоммерческаяИнформация/>".encode())
        self._seen: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        handler = type("Handler", (_Handler,), {"fake": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/1c/exchange"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def contents(self) -> dict[str, bytes]:
        """All files received, archives unpacked."""
        found: dict[str, bytes] = {}
        for name, data in self.files.items():
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    found |= {inner: archive.read(inner) for inner in archive.namelist()}
            else:
                found[name] = data
        return found

    def answer(self, call: Call, authorization: str) -> Reply:
        self.calls.append(call)
        mode = call.params.get("mode", "")
        self._seen[mode] = self._seen.get(mode, 0) + 1
        right = self._right(call, authorization)
        wrong = self.wrong.get(mode)
        return (wrong(self._seen[mode]) if callable(wrong) else wrong) or right

    def _right(self, call: Call, authorization: str) -> Reply:
        mode = call.params.get("mode", "")
        if authorization != "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode():
            return Reply("failure\nОшибка авторизации. Неверное имя пользователя или пароль.".encode("cp1251"))
        if mode != "checkauth" and call.cookie != COOKIE:
            return Reply("failure\nno cookie")
        return getattr(self, f"_{mode}", lambda _: Reply("failure\nНеизвестная команда.".encode("cp1251")))(call)

    def _checkauth(self, call: Call) -> Reply:
        return Reply("success\n" + COOKIE.replace("=", "\n") + f"\n{TOKEN}\ntimestamp=1700000000")

    def _init(self, call: Call) -> Reply:
        self.files.clear()
        lines = [f"zip={'yes' if self.zip else 'no'}", f"file_limit={self.file_limit}"]
        if "version" in call.params:
            lines += [TOKEN, "version=3.1"]
        return Reply("\n".join(lines))

    def _file(self, call: Call) -> Reply:
        name = call.params["filename"]
        self.files[name] = self.files.get(name, b"") + call.body
        return Reply("success\n")

    def _import(self, call: Call) -> Reply:
        name = call.params["filename"]
        self._asked[name] = self._asked.get(name, 0) + 1
        if name not in self.contents():
            return Reply("failure\nОшибка открытия файла импорта.".encode("cp1251"))
        if self._asked[name] <= self.progress:
            return Reply("progress\nОбработано 120 из 500".encode("cp1251"))
        self.imported.append(name)
        return Reply("success\nИмпорт успешно завершен.".encode("cp1251"))

    def _query(self, call: Call) -> Reply:
        return self.orders

    def _success(self, call: Call) -> Reply:
        return Reply("success\n")

    def _deactivate(self, call: Call) -> Reply:
        return Reply("success\nok" if call.params.get("timestamp") else "failure\nno timestamp")

    def _complete(self, call: Call) -> Reply:
        return Reply("success\nok")


class _Handler(BaseHTTPRequestHandler):
    fake: FakeServer
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        _, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Call(self.command, query, dict(parse_qsl(query, keep_blank_values=True)), self.headers.get("Cookie", ""), body)
        reply = self.fake.answer(call, self.headers.get("Authorization", ""))
        data = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(data) if reply.claim_length is None else reply.claim_length))
        self.send_header("Set-Cookie", "PHPSESSID=not-this-one")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if reply.claim_length is not None:
            self.close_connection = True

    do_GET = _do
    do_POST = _do

    def log_message(self, *args: Any) -> None:
        pass
