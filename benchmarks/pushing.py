"""How much of a portal's request rate the client uses, and whether it is ever refused.

    python -m benchmarks.pushing [--batches 160]

A stub portal in a process of its own counts requests in a leaky bucket as Bitrix24 documents it (50 at once, 2 a second; Enterprise
250 and 5) and answers each batch of 50 commands after a set time. One client process pushes against each portal, all at the same time. Prints:

    rate    requests the portal let through ÷ requests it would have let through between the first and the last one
    time    the shortest possible time for as many batches ÷ the time taken, the last answer included
    refused requests answered with 503 QUERY_LIMIT_EXCEEDED
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import redis

from b24app.rest.client import PortalClient, Tokens
from b24app.rest.commands import Command
from b24app.rest.pipeline import Pipeline
from b24app.rest.throttle import ENTERPRISE, STANDARD, Pace, Throttle
from b24app.rest.transport import Transport


@dataclass(frozen=True)
class Case:
    """One portal: what it is called, its bucket, how long it takes to answer, what the client is told, how many batches it gets."""

    name: str
    size: int
    rate: float
    answer_seconds: float
    pace: Pace
    batches: int


@dataclass
class Portal:
    """A leaky bucket behind HTTP."""

    case: Case
    level: float = 0.0
    since: float = field(default_factory=time.monotonic)
    admitted: list[float] = field(default_factory=list)
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it closes."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                body = json.loads(await reader.readexactly(int(lines[b"content-length"])))
                status, answer = await self.answer(body)
                raw = json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(raw), raw)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Take a drop in or refuse; a batch's commands all succeed after the answer time."""
        now = time.monotonic()
        self.level = max(0.0, self.level - (now - self.since) * self.case.rate)
        self.since = now
        if self.level + 1 > self.case.size:
            self.refused += 1
            return 503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
        self.level += 1
        self.admitted.append(now)
        await asyncio.sleep(self.case.answer_seconds)
        finish, took = time.time(), self.case.answer_seconds / 50
        spent = {"duration": took, "processing": took, "finish": finish, "operating": 0.1, "operating_reset_at": finish + 600}
        results = {key: {"element": {"id": number}} for number, key in enumerate(body["cmd"])}
        return 200, {"result": {"result": results, "result_error": [], "result_time": dict.fromkeys(results, spent)}}


class _Tokens:
    def __init__(self, endpoint: str) -> None:
        self._tokens = Tokens("benchmark", endpoint)

    def current(self) -> Tokens:
        return self._tokens

    def refresh(self, stale: str) -> Tokens:
        raise RuntimeError("the stub's token never ends")

    def moved(self, endpoint: str) -> None:
        raise RuntimeError("the stub never moves")


def portal_process(case: Case, pipe: Any) -> None:
    """Run the stub until told to stop; then report what it counted."""

    async def main() -> None:
        portal = Portal(case)
        server = await asyncio.start_server(portal.serve, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while not pipe.poll():
            await asyncio.sleep(0.05)
        pipe.send((portal.admitted, portal.refused))

    asyncio.run(main())


def push_process(case: Case, port: int, redis_url: str, pipe: Any) -> None:
    """Push the case's batches through a pipeline and report the seconds it took and the failures."""
    throttle = Throttle(redis.Redis.from_url(redis_url), f"bench-{secrets.token_hex(8)}", case.pace)
    client = PortalClient("bench", _Tokens(f"http://127.0.0.1:{port}/rest/"), throttle, transport=Transport(insecure=True))
    fields = {"iblockId": 15, "name": "Writing desk", "xmlId": "bd72d8f9-55bc-11d9-848a-00112f43529a", "price": "1290.00"}
    commands = [Command("catalog.product.add", {"fields": fields})] * 50
    started, left, failed = time.monotonic(), case.batches, 0
    with Pipeline(client) as pipeline:
        while left or pipeline.pending:
            while left and pipeline.room:
                pipeline.submit(left, commands)
                left -= 1
            done = pipeline.next_done()
            failed += done is None or not isinstance(done[1], list) or any(outcome.error for outcome in done[1])
    pipe.send((time.monotonic() - started, failed))


def run(cases: list[Case], redis_url: str) -> list[dict[str, Any]]:
    """All cases at once, each with a portal and a client process of its own."""
    context = multiprocessing.get_context("spawn")
    portals, pushes = [], []
    for case in cases:
        here, there = context.Pipe()
        context.Process(target=portal_process, args=(case, there), daemon=True).start()
        portals.append(here)
    for case, portal in zip(cases, portals, strict=True):
        here, there = context.Pipe()
        context.Process(target=push_process, args=(case, portal.recv(), redis_url, there), daemon=True).start()
        pushes.append(here)
    results = []
    for case, portal, push in zip(cases, portals, pushes, strict=True):
        seconds, failed = push.recv()
        portal.send("stop")
        admitted, refused = portal.recv()
        possible = case.size + case.rate * (admitted[-1] - admitted[0])
        shortest = max(0.0, (case.batches - case.size) / case.rate)
        results.append(
            {
                "case": case.name,
                "rate": len(admitted) / possible,
                "time": shortest / seconds,
                "refused": refused,
                "failed": failed,
                "commands_per_second": case.batches * 50 / seconds,
                "seconds": seconds,
            }
        )
    return results


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a share is under 0.95 or anything was refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--batches", type=int, default=200, help="batches of 50 commands per case")
    parser.add_argument("--redis", default="", help="address of a Redis; by default the one the app uses")
    options = parser.parse_args(arguments)
    if not options.redis:
        from b24app import settings

        options.redis = settings.REDIS_CLIENT_URL
    cases = [
        Case("50 + 2/s, answers in 0.3 s", 50, 2.0, 0.3, STANDARD, options.batches),
        Case("50 + 2/s, answers in 2 s", 50, 2.0, 2.0, STANDARD, options.batches),
        Case("250 + 5/s, answers in 2 s", 250, 5.0, 2.0, ENTERPRISE, options.batches * 3),
    ]
    print(f"{'portal':28} {'rate':>6} {'time':>6} {'refused':>8} {'failed':>7} {'commands/s':>11} {'seconds':>8}")
    good = True
    for result in run(cases, options.redis):
        print(
            "{case:28} {rate:6.3f} {time:6.3f} {refused:8} {failed:7} {commands_per_second:11.1f} {seconds:8.1f}".format(**result)
        )
        good = good and result["rate"] >= 0.95 and not result["refused"] and not result["failed"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
