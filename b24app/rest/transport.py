"""One HTTP request to a portal: the only place that knows `requests`. No retry, no token in any address, no redirect followed."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import NewConnectionError

from b24app.rest.errors import FORBIDDEN_ADDRESS, NO_ANSWER, NO_CONNECTION, TOO_LARGE, UNENCODABLE, make

CONNECT_SECONDS = 5.0
# How much longer than the portal may work we wait for the next bytes of its answer, and twice that for the last one.
MARGIN_SECONDS = 15.0
ANSWER_LIMIT = 64 * 1024 * 1024
# Some of the portal's file links refuse the names of HTTP libraries.
USER_AGENT = "Mozilla/5.0 (compatible; OneCBridge/0.1)"
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is the decoded JSON, None when it was none (then `text` is its beginning); `location` of a redirect."""

    status: int
    body: Any
    text: str
    location: str
    seconds: float


class Transport:
    """Sends one request at a time per thread, over a connection kept open. `request_limit`: seconds the portal may work on one.

    `insecure` allows http and private addresses: only for a sandbox on the same machine.
    """

    def __init__(self, *, request_limit: float = 60.0, insecure: bool = False, answer_limit: int = ANSWER_LIMIT) -> None:
        self.insecure = insecure
        self.request_limit = request_limit
        self._answer_limit = answer_limit
        self._own = threading.local()

    def post(self, url: str, params: Mapping[str, Any], token: str) -> Answer:
        """Send the parameters (JSON-able) with the token in the body.

        Raises RestError: NO_CONNECTION (surely not sent), NO_ANSWER (perhaps sent), ANSWER_TOO_LARGE, FORBIDDEN_ADDRESS, UNENCODABLE.
        """
        self.check(url)
        try:
            data = json.dumps({**params, "auth": token}, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError) as exc:
            raise make(UNENCODABLE, str(exc)) from exc
        return self._send(url, data, "application/json")

    def post_form(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Send a form to the authorisation server, which is a setting and therefore trusted; raises RestError as `post` does."""
        return self._send(url, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def _send(self, url: str, data: bytes, content_type: str) -> Answer:
        started = time.monotonic()
        try:
            with self._session().post(
                url,
                data,
                headers={"Content-Type": content_type},
                allow_redirects=False,
                stream=True,
                timeout=(CONNECT_SECONDS, self.request_limit + MARGIN_SECONDS),
            ) as response:
                raw = self._read(response, started)
                return self._answer(response, raw, time.monotonic() - started)
        except requests.RequestException as exc:
            if _cause(exc, _Forbidden):
                raise make(FORBIDDEN_ADDRESS, urlsplit(url).hostname or "") from None
            never_sent = isinstance(exc, requests.ConnectTimeout | requests.exceptions.SSLError) or _cause(
                exc, NewConnectionError
            )
            raise make(NO_CONNECTION if never_sent else NO_ANSWER, type(exc).__name__) from exc

    def check(self, url: str) -> None:
        """Raise RestError (FORBIDDEN_ADDRESS) unless the address is https (or http, if insecure) without user data, under `/rest/`."""
        parts = urlsplit(url)
        schemes = ("https", "http") if self.insecure else ("https",)
        if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or not parts.path.startswith("/rest/"):
            raise make(FORBIDDEN_ADDRESS, f"{parts.scheme}://{parts.hostname}")

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            session.trust_env = False  # No .netrc: it would add a password of the machine's.
            session.headers["User-Agent"] = USER_AGENT
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            if not self.insecure:
                session.mount("https://", _GuardedAdapter())
        return session

    def _read(self, response: requests.Response, started: float) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(64 * 1024):
            size += len(part)
            if size > self._answer_limit:
                raise make(TOO_LARGE, f"more than {self._answer_limit} bytes", status=response.status_code)
            if time.monotonic() - started > self.request_limit + 2 * MARGIN_SECONDS:
                raise make(NO_ANSWER, "the answer drips", status=response.status_code)
            parts.append(part)
        return b"".join(parts)

    @staticmethod
    def _answer(response: requests.Response, raw: bytes, seconds: float) -> Answer:
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        text = "" if body is not None else raw[:2000].decode(errors="replace")
        location = response.headers.get("Location", "") if response.status_code in _REDIRECTS else ""
        return Answer(response.status_code, body, text, location, seconds)


class _Forbidden(OSError):
    pass


def _guard(host: str, port: int | None) -> None:
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not _public(str(address[0])):
            raise _Forbidden(host)


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


class _GuardedHTTPS(HTTPSConnection):
    """Looks at the address before it connects, and at what it is connected to afterwards: names can change in between."""

    def _new_conn(self) -> socket.socket:
        try:
            _guard(self._dns_host, self.port)
        except _Forbidden:
            raise
        except OSError as exc:
            raise NewConnectionError(self, f"no address: {exc}") from exc
        connected = super()._new_conn()
        if not _public(connected.getpeername()[0]):
            connected.close()
            raise _Forbidden(self.host)
        return connected


class _GuardedPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _GuardedPool, "http": HTTPConnectionPool}


def _cause(exc: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error of this kind is at the bottom: requests and urllib3 wrap it in `args`, `reason` and `__context__`."""
    seen: list[BaseException] = [exc]
    for known in seen:
        if isinstance(known, kind):
            return True
        inner = [*known.args, getattr(known, "reason", None), known.__cause__, known.__context__]
        seen.extend(error for error in inner if isinstance(error, BaseException) and error not in seen)
    return False
