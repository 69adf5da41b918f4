"""The wire under every client: http.client, raw bodies, no redirects, no retries, and a transcript of all that passed."""

from __future__ import annotations

import base64
import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Time as the client sees it; tests hand in their own, so that no pause is ever real there."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class RealClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is path and query exactly as sent; `size` the length of the body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    size: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.target}" + (f"  <{self.size} bytes>" if self.method == "POST" else "")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def charset(self) -> str:
        """What Content-Type says, in small letters; "" if it says nothing."""
        for part in self.header("Content-Type").split(";")[1:]:
            key, _, value = part.strip().partition("=")
            if key.lower() == "charset":
                return value.strip("\"' ").lower()
        return ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or with why there was none."""

    request: Request
    answer: Answer | None
    trouble: str = ""

    def __str__(self) -> str:
        if self.answer is None:
            return f"> {self.request}\n< no answer: {self.trouble}"
        said = self.answer.body[:400].decode("utf-8" if self.answer.charset in ("", "utf-8") else "windows-1251", "replace")
        shown = " / ".join(said.split("\n")) + (" …" if len(self.answer.body) > 400 else "")
        return f"> {self.request}\n< {self.answer.status} in {self.answer.seconds * 1000:.0f} ms  {shown}"


class ClientRefused(Exception):
    """This 1C would stop here: `what` says why, `shown` is what its user would read, `transcript` the whole wire."""

    def __init__(self, what: str, request: Request | None = None, answer: Answer | None = None, *, shown: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.request = request
        self.answer = answer
        self.shown = shown
        self.transcript: list[Exchange] = []


@dataclass(frozen=True, slots=True)
class Address:
    secure: bool
    host: str
    port: int
    path: str


@dataclass(slots=True)
class Wire:
    """Sends one request at a time, each on a connection of its own, with Basic sent unasked."""

    address: Address
    login: str
    password: str
    timeout: float | None
    clock: Clock = field(default_factory=RealClock)
    transcript: list[Exchange] = field(default_factory=list)
    watch: Callable[[Exchange], None] | None = None

    def send(
        self, method: str, query: str, *, cookie: str = "", body: bytes = b"", path: str = "", retry_partial: bool = False
    ) -> tuple[Request, Answer]:
        """Send and read the whole answer; raises ClientRefused when none arrives, when it is cut short, or leads elsewhere."""
        headers = dict(self._headers(cookie))
        request = Request(method, f"/{path or self.address.path}?{query}", tuple(headers.items()), len(body))
        if any(ch <= " " or ch > "~" for ch in request.target):
            raise self.refusal("the address of the request would hold a blank, a line break or a letter outside ASCII", request)
        started = self.clock.now()
        try:
            answer = self._roundtrip(request, headers, body, started)
        except http.client.IncompleteRead as e:
            if retry_partial:
                return self.send(method, query, cookie=cookie, body=body, path=path)
            raise self._lost(request, f"a partial answer ({e})") from e
        except TimeoutError as e:
            raise self._lost(request, f"no answer within {self.timeout:g} s") from e
        except (OSError, http.client.HTTPException) as e:
            raise self._lost(request, f"{type(e).__name__}: {e}") from e
        self._note(Exchange(request, answer))
        if 300 <= answer.status < 400 and answer.status != 304:
            raise self.refusal(
                f"answer {answer.status} leads to {answer.header('Location') or 'elsewhere'}: 1C follows no redirects",
                request,
                answer,
            )
        return request, answer

    def refusal(
        self, what: str, request: Request | None = None, answer: Answer | None = None, *, shown: str = ""
    ) -> ClientRefused:
        error = ClientRefused(what, request, answer, shown=shown)
        error.transcript = self.transcript
        return error

    def _headers(self, cookie: str) -> Iterator[tuple[str, str]]:
        default = 443 if self.address.secure else 80
        yield "Host", self.address.host + (f":{self.address.port}" if self.address.port != default else "")
        token = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        yield "Authorization", f"Basic {token}"
        yield "User-Agent", "1C+Enterprise/8.3"
        if cookie:
            yield "Cookie", cookie

    def _roundtrip(self, request: Request, headers: dict[str, str], body: bytes, started: float) -> Answer:
        kind = http.client.HTTPSConnection if self.address.secure else http.client.HTTPConnection
        connection = kind(self.address.host, self.address.port, timeout=self.timeout)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if request.method == "POST":
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            data = response.read()
            return Answer(response.status, tuple(response.getheaders()), data, self.clock.now() - started)
        finally:
            connection.close()

    def _lost(self, request: Request, trouble: str) -> ClientRefused:
        self._note(Exchange(request, None, trouble))
        return self.refusal(f"the server gave no whole answer: {trouble}", request)

    def _note(self, exchange: Exchange) -> None:
        self.transcript.append(exchange)
        if self.watch:
            self.watch(exchange)
