"""A load generator: so many connections to one address, each sending its next request as soon as its answer is there.

    python -m benchmarks._load PORT CONNECTIONS SECONDS <requests

Standard input holds one request as it goes over the wire; 00000000 in it becomes a number of its own for every request. Prints JSON:
answers a second, how many were not 200 or had a body that is no success, and the time within which half and 95 % of them came. One
process, one thread, epoll.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

NUMBER = b"00000000"


@dataclass
class Connection:
    """One keep-alive connection with at most one request under way."""

    socket: socket.socket
    begun: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        """Send a request; these are small enough to leave at once."""
        self.answer.clear()
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def complete(self) -> bool:
        """Take what came; whether the answer is whole. Raises ConnectionError."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError
        self.answer += piece
        end = self.answer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if self.answer.find(b"chunked", 0, end) >= 0:
            return self.answer.endswith(b"0\r\n\r\n")
        place = self.answer.find(b"Content-Length: ", 0, end)
        length = int(self.answer[place + 16 : self.answer.find(b"\r\n", place)]) if place >= 0 else 0
        return len(self.answer) >= end + 4 + length

    @property
    def good(self) -> bool:
        """Whether it says 200, and nothing but success."""
        body = bytes(self.answer.partition(b"\r\n\r\n")[2][:40])
        return self.answer.startswith(b"HTTP/1.1 200") and (not body or b"success" in body or b"zip=" in body)


def run(port: int, connections: int, seconds: float, template: bytes) -> dict[str, Any]:
    """Load the server for so long."""
    number, times, bad = int(time.time()) % 90 * 1_000_000, [], 0
    head, found, tail = template.partition(NUMBER)

    def request() -> bytes:
        nonlocal number
        number += 1
        return head + b"%08d" % number + tail if found else head

    with selectors.DefaultSelector() as selector:

        def connect() -> None:
            one = Connection(socket.create_connection(("127.0.0.1", port)))
            one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(request())

        for _ in range(connections):
            connect()
        begun = time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            for key, _ in selector.select(1.0):
                one: Connection = key.data
                try:
                    if not one.complete():
                        continue
                    times.append(now - one.begun)
                    bad += not one.good
                    one.send(request())
                except ConnectionError:
                    # A server may close a connection after an answer; what it cut off is counted.
                    bad += bool(one.answer) and not one.good
                    selector.unregister(one.socket)
                    one.socket.close()
                    connect()
        took = time.perf_counter() - begun
    times.sort()
    middle = {"p50": times[len(times) // 2], "p95": times[len(times) * 95 // 100]} if times else {}
    return {"rate": len(times) / took, "bad": bad, **middle}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.stdin.buffer.read())))
