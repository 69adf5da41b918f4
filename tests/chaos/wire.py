"""A 1C whose connection fails on purpose at the n-th request of a session, or that does odd things just then."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.onec.clients import Client, address
from sandbox.onec.clients.wire import Answer, Request, Wire

SEND_HALF, READ_HALF, TWICE, CALL = "send half", "read half", "twice", "call"


@dataclass
class Mischief:
    """`what` happens at the request number `at` (from 0) that `fits`; `requests` counts all of them, `done` those that were struck."""

    what: str = ""
    at: int = 0
    fits: Callable[[Request], bool] = lambda request: True
    call: Callable[[], object] = lambda: None
    requests: int = 0
    fitting: int = 0
    done: int = 0

    def strikes(self, request: Request) -> bool:
        """Count a request; whether it is the one."""
        self.requests += 1
        if not self.what or not self.fits(request):
            return False
        self.fitting += 1
        if self.fitting - 1 != self.at:
            return False
        self.done += 1
        return True


class OddWire(Wire):
    """Wire with mischief."""

    mischief: Mischief

    def _roundtrip(self, request: Request, headers: dict[str, str], body: bytes, started: float) -> Answer:
        if not self.mischief.strikes(request):
            return super()._roundtrip(request, headers, body, started)
        if self.mischief.what in (SEND_HALF, READ_HALF):
            self._half(request, headers, body)
            raise ConnectionResetError("cut on purpose")
        if self.mischief.what == TWICE:
            super()._roundtrip(request, headers, body, started)
        if self.mischief.what == CALL:
            self.mischief.call()
        return super()._roundtrip(request, headers, body, started)

    def _half(self, request: Request, headers: dict[str, str], body: bytes) -> None:
        """Send all of the head and half of the body, or take the first bytes of the answer, and hang up."""
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=self.timeout)
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if request.method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        sends_half = self.mischief.what == SEND_HALF
        connection.endheaders((body[: len(body) // 2] if sends_half else body) or None)
        raw: socket.socket = connection.sock
        if not sends_half:
            raw.recv(20)
        raw.close()
        connection.close()


@dataclass(slots=True)
class OddClient(Client):
    """Client whose sessions share one Mischief."""

    mischief: Mischief = field(default_factory=Mischief)

    def wire(self) -> Wire:
        where = address.parse(self.url, self.manners)
        timeout = self.manners.timeout if self.timeout is None else self.timeout
        wire = OddWire(where, self.login, self.password, timeout, self.clock, self.transcript, self.watch)
        wire.mischief = self.mischief
        return wire
