"""The whole app for a measurement: its real processes, as the Procfile names them, and a sandbox portal that notes what it is asked.

Everything lives in a folder of its own, which is gone afterwards. Use `running` before anything of Django is imported.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from b24app.models import Portal

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120


@dataclass
class Bitrix24:
    """The portal, in a process of its own; `facts` are its address, ids and secrets."""

    facts: dict[str, Any]
    pipe: Any

    def call(self, method: str, *, user: int = 2, **params: Any) -> Any:
        """Act as an employee of the portal (1 is the administrator); the event is on its way when this returns."""
        return self._ask("call", method, params, user)

    def install(self, app_url: str) -> None:
        """Install the app, which must answer there already."""
        if not self._ask("install", app_url):
            raise SystemExit("the app could not be installed in the portal")

    def forget(self) -> None:
        """Begin to note anew."""
        self._ask("forget")

    def noted(self) -> Noted:
        """What was asked since the beginning."""
        return Noted(*self._ask("noted"))

    def _ask(self, *what: Any) -> Any:
        self.pipe.send(what)
        return self.pipe.recv()


@dataclass(frozen=True)
class Noted:
    """Spans in which the portal answered a request, its commands (moment, method, parameters as text), and its refusals."""

    spans: list[tuple[float, float]]
    commands: list[tuple[float, str, str]]
    refused: int

    def at_work(self, begun: float, ended: float) -> float:
        """For how many seconds between two moments the portal was busy with a request."""
        busy, reached = 0.0, begun
        for start, end in sorted(self.spans):
            start, end = max(start, reached), min(end, ended)
            if end > start:
                busy, reached = busy + end - start, end
        return busy


def portal_process(pipe: Any, answer_seconds: float) -> None:
    """Be the portal until told to stop."""
    from sandbox.portal.server import PortalServer

    spans: list[tuple[float, float]] = []
    with PortalServer(port=0) as server:
        server.portal.options.answer_time = {"*": answer_seconds}
        answer = server.rest.answer

        def noting(*asked: Any, **how: Any) -> Any:
            begun = time.time()
            try:
                return answer(*asked, **how)
            finally:
                spans.append((begun, time.time()))

        server.rest.answer = noting  # type: ignore[method-assign]
        names = ("url", "domain", "member_id", "client_id", "client_secret", "oauth_url", "application_token")
        pipe.send({name: getattr(server, name) for name in names})
        while (asked := pipe.recv()) is not None:
            match asked:
                case ("call", method, params, user):
                    pipe.send(server.call(method, params, user_id=user))
                case ("install", app_url):
                    server.portal.change_app(app_url=app_url)
                    pipe.send(server.installation.install_until_answered())
                case ("forget",):
                    spans.clear()
                    server.calls.reset()
                    pipe.send(None)
                case ("noted",):
                    told = [(one.at, one.method, json.dumps(one.params, default=str)) for one in server.calls.of()]
                    pipe.send((list(spans), told, sum(server.calls.rejected.values())))


@contextmanager
def portal(answer_seconds: float = 0.0) -> Iterator[Bitrix24]:
    """A portal with the ordinary plan's bucket; each command takes it so long besides its own work."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=portal_process, args=(theirs, answer_seconds), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Bitrix24(ours.recv(), ours)
    finally:
        ours.send(None)
        process.join(10)
        process.kill()


def environment(folder: Path, port: int, bitrix24: Bitrix24 | None = None) -> dict[str, str]:
    """What the app's processes and this one must know; sets it for this one."""
    found = {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "b24app.settings",
        "APP_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "LISTEN": "127.0.0.1",
    }
    if bitrix24 is not None:
        facts = bitrix24.facts
        found |= {"B24_CLIENT_ID": facts["client_id"], "B24_CLIENT_SECRET": facts["client_secret"]}
        found |= {"B24_OAUTH_SERVERS": facts["oauth_url"], "B24_INSECURE_HTTP": "1"}
    os.environ.update(found)
    return found


@contextmanager
def running(bitrix24: Bitrix24, **more: str) -> Iterator[tuple[str, Portal]]:
    """The app with web, both kinds of workers and beat, installed in the portal: its address and the portal's row.

    `more`: further variables of the environment, as WORKER_CONCURRENCY.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        port = free_port()
        environment(Path(folder) / "data", port, bitrix24)
        log = (Path(folder) / "log").open("w+b")
        command = [sys.executable, "manage.py", "up", "--port", str(port), "--json"]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **more}, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                log.seek(0)
                raise SystemExit("the app did not start:\n" + log.read().decode(errors="replace")[-3000:])
            import django

            django.setup()
            from b24app.models import Portal

            app_url = f"http://127.0.0.1:{port}"
            bitrix24.install(app_url)
            yield app_url, Portal.objects.get(member_id=bitrix24.facts["member_id"])
        finally:
            process.terminate()
            process.wait()
            if keep := os.environ.get("BENCHMARK_LOG"):
                log.seek(0)
                Path(keep).write_bytes(log.read())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def share(seconds: Sequence[float], part: float) -> float:
    """The time within which that part of them was done."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def load() -> str:
    """How busy the machine is, for whoever reads the figures."""
    return "load {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()) + f" on {os.cpu_count()} cores"
