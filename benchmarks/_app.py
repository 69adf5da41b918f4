"""The whole app for a measurement: its real processes, as the Procfile names them, and a sandbox portal that notes what it is asked.

Everything lives in a folder of its own, which is gone afterwards. Use `running` before anything of Django is imported.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from b24app.models import Portal
    from sandbox.portal.server import PortalServer

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Bitrix24:
    """A portal, in a process with its like; `facts` are its address, ids, secrets and tokens."""

    facts: dict[str, Any]
    place: int
    pipe: Any
    lock: threading.Lock

    def call(self, method: str, *, user: int = 2, **params: Any) -> Any:
        """Act as an employee of the portal (1 is the administrator); the event is on its way when this returns."""
        return self._ask("call", method, params, user)

    def install(self, app_url: str) -> None:
        """Install the app, which must answer there already."""
        if not self._ask("install", app_url):
            raise SystemExit("the app could not be installed in the portal")

    def enroll(self) -> Portal:
        """The app's row of the portal, as an installation makes it, but without events and widgets."""
        import datetime as dt

        from django.utils import timezone

        from b24app.models import Portal, ServiceCredential
        from b24app.oauth.install import learn

        names = ("member_id", "domain", "client_endpoint", "server_endpoint", "application_token", "scope", "status")
        facts = {name: self.facts[name] for name in names}
        portal = Portal.objects.create(language="en", installed_at=timezone.now(), **facts)
        tokens = {name: self.facts[name] for name in ("access_token", "refresh_token")}
        expires = timezone.now() + dt.timedelta(hours=1)
        ServiceCredential.objects.create(portal=portal, user_id=1, expires_at=expires, **tokens)
        learn(portal)
        return portal

    def forget(self) -> None:
        """Begin to note anew."""
        self._ask("forget")

    def noted(self) -> Noted:
        """What was asked since the beginning."""
        return Noted(*self._ask("noted"))

    def _ask(self, *what: Any) -> Any:
        with self.lock:
            self.pipe.send((self.place, *what))
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


def portal_process(pipe: Any, count: int, answer_seconds: float) -> None:
    """Be so many portals, all with one application, until told to stop."""
    from sandbox.portal.server import PortalServer

    client, secret = f"local.{secrets.token_hex(7)}.12345678", secrets.token_hex(25)
    servers = [PortalServer(port=0, client_id=client, client_secret=secret) for _ in range(count)]
    spans: list[list[tuple[float, float]]] = [[] for _ in servers]
    with ExitStack() as running:
        for server, noted in zip(servers, spans, strict=True):
            running.enter_context(server)
            server.portal.options.answer_time = {"*": answer_seconds}
            server.rest.answer = _noting(server.rest.answer, noted)  # type: ignore[method-assign]
        names = ("url", "domain", "member_id", "client_id", "client_secret", "oauth_url", "application_token")
        pipe.send([{**{name: getattr(server, name) for name in names}, **_opened(server)} for server in servers])
        while (asked := pipe.recv()) is not None:
            place, *what = asked
            pipe.send(_answer(servers[place], spans[place], tuple(what)))


def _opened(server: PortalServer) -> dict[str, Any]:
    server.installation.finish(1)
    return server.issue_tokens()


def _noting(answer: Callable[..., Any], spans: list[tuple[float, float]]) -> Callable[..., Any]:
    def noting(*asked: Any, **how: Any) -> Any:
        begun = time.time()
        try:
            return answer(*asked, **how)
        finally:
            spans.append((begun, time.time()))

    return noting


def _answer(server: PortalServer, spans: list[tuple[float, float]], asked: tuple[Any, ...]) -> Any:
    match asked:
        case ("call", method, params, user):
            return server.call(method, params, user_id=user)
        case ("install", app_url):
            server.portal.change_app(app_url=app_url, installed=False)
            return server.installation.install_until_answered()
        case ("forget",):
            spans.clear()
            server.calls.reset()
        case ("noted",):
            told = [(one.at, one.method, json.dumps(one.params, default=str, ensure_ascii=False)) for one in server.calls.of()]
            return list(spans), told, sum(server.calls.rejected.values())
    return None


@contextmanager
def portals(count: int = 1, answer_seconds: float = 0.0) -> Iterator[list[Bitrix24]]:
    """Portals with the ordinary plan's bucket; each command takes them so long besides its own work."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=portal_process, args=(theirs, count, answer_seconds), daemon=True)
    process.start()
    theirs.close()
    lock = threading.Lock()
    try:
        yield [Bitrix24(facts, place, ours, lock) for place, facts in enumerate(ours.recv())]
    finally:
        ours.send(None)
        process.join(10)
        process.kill()


@contextmanager
def program(name: str, instead: tuple[str, str] = ("", ""), **more: str) -> Iterator[int]:
    """A program of the Procfile, one word of it replaced, with these variables besides; its process id."""
    line = re.search(rf"^{name}: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    if line is None:
        raise SystemExit(f"the Procfile knows no {name}")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = ["/bin/sh", "-c", f"exec {line[1].replace(*instead)}"]
    with Path(os.environ.get("BENCHMARK_LOG", os.devnull)).open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PATH": path, **more}, stdout=log, stderr=log)
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(happens: Callable[[], bool], trouble: str, seconds: float = 120) -> None:
    """Wait for it, or give up."""
    ends = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > ends:
            raise SystemExit(trouble)
        time.sleep(0.2)


def environment(folder: Path, port: int, *bitrix24: Bitrix24) -> None:
    """Set what the app's processes and this one must know."""
    found = {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "b24app.settings",
        "APP_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "LISTEN": "127.0.0.1",
    }
    if bitrix24:
        facts = bitrix24[0].facts
        found |= {"B24_CLIENT_ID": facts["client_id"], "B24_CLIENT_SECRET": facts["client_secret"]}
        found |= {"B24_OAUTH_SERVERS": ",".join(one.facts["oauth_url"] for one in bitrix24), "B24_INSECURE_HTTP": "1"}
    os.environ.update(found)


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
            log.seek(0)
            Path(os.environ.get("BENCHMARK_LOG", os.devnull)).write_bytes(log.read())


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
