"""A 1C for tests: it keeps its cookie and form token, and shows every answer as lines."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

PASSWORD = "klmn-2345-pqrs"


@dataclass
class OneC:
    client: Client
    key: str
    login: str
    password: str
    cookie: str = ""
    sessid: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    basic: bool = True

    def raw(self, query: str, *, body: bytes | None = None, **extra: Any) -> HttpResponse:
        headers = dict(self.headers)
        if self.basic:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        if self.cookie:
            headers["Cookie"] = f"PHPSESSID={self.cookie}"
        url = f"{self.path or f'/1c/{self.key}/'}?{query}"
        if body is None:
            return self.client.get(url, headers=headers, **extra)  # type: ignore[return-value]
        return self.client.generic("POST", url, body, content_type="", headers=headers, **extra)  # type: ignore[return-value]

    def ask(self, type_: str, mode: str, *, body: bytes | None = None, **parameters: str) -> list[str]:
        if self.sessid:
            parameters.setdefault("sessid", self.sessid)
        response = self.raw(urlencode({"type": type_, "mode": mode, **parameters}), body=body)
        assert response.status_code == 200, response.status_code
        return lines(response)

    def sign_in(self, type_: str = "catalog") -> list[str]:
        answer = self.ask(type_, "checkauth")
        assert answer[0] == "success", answer
        self.cookie, self.sessid = answer[2], answer[3].removeprefix("sessid=")
        return answer

    def begin(self, type_: str = "catalog") -> None:
        self.sign_in(type_)
        assert self.ask(type_, "init")[0] in ("zip=yes", "zip=no")

    def send(self, name: str, body: bytes, type_: str = "catalog") -> list[str]:
        return self.ask(type_, "file", body=body, filename=name)

    def take(self, name: str, type_: str = "catalog") -> list[str]:
        return self.ask(type_, "import", filename=name)


def lines(response: HttpResponse) -> list[str]:
    """The answer as 1C reads it, in the encoding that the header names."""
    charset = response["Content-Type"].rpartition("charset=")[2]
    return content(response).decode(charset).split("\n")


def content(response: HttpResponse) -> bytes:
    """The whole body, of documents that are sent in pieces as well (they can be read once)."""
    return b"".join(response) if response.streaming else response.content
