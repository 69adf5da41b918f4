"""A small REST client for the double's own tests: one keep-alive session of one user."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import requests

from sandbox.portal.server import PortalServer

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()
PICTURE = {"fileData": ["picture.png", PNG]}


class Client:
    """Calls methods as one user; `ok` insists on success and answers `result`."""

    def __init__(self, server: PortalServer, user_id: int = 1) -> None:
        self.server = server
        self.tokens = server.issue_tokens(user_id)
        self.session = requests.Session()

    def post(self, method: str, **params: Any) -> requests.Response:
        body = {"auth": self.tokens["access_token"], **params}
        return self.session.post(f"{self.server.url}/rest/{method}", json=body, timeout=10, allow_redirects=False)

    def body(self, method: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(method, **params).json()
        return answer

    def ok(self, method: str, **params: Any) -> Any:
        body = self.body(method, **params)
        assert "error" not in body, (method, body)
        return body["result"]

    def error(self, method: str, **params: Any) -> tuple[int, Any, str]:
        answer = self.post(method, **params)
        body = answer.json()
        assert "error" in body, (method, body)
        return answer.status_code, body["error"], body["error_description"]

    def batch(self, commands: dict[str, str] | list[str], halt: int = 0, **params: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.ok("batch", cmd=commands, halt=halt, **params)
        return result

    def product(self, **fields: Any) -> int:
        return int(self.ok("catalog.product.add", fields={"iblockId": 23, "name": "Стул", **fields})["element"]["id"])


def command(method: str, **params: Any) -> str:
    """A command of a batch, its parameters encoded once."""
    return f"{method}?{_encoded('', params)}"


def _encoded(prefix: str, value: Any) -> str:
    if isinstance(value, dict):
        return "&".join(_encoded(f"{prefix}[{key}]" if prefix else str(key), item) for key, item in value.items())
    if isinstance(value, list):
        return "&".join(_encoded(f"{prefix}[{index}]", item) for index, item in enumerate(value))
    return f"{quote(prefix, safe='')}={quote(str(value), safe='')}"
