"""What tests of whole programs need: free ports, waiting for what must happen, the processes below a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Everything that decides how the app starts: a test of a start begins without them.
DECIDING = (
    "DATABASE_URL", "REDIS_URL", "DATA_DIR", "APP_URL", "SECRET_KEY", "TOKEN_KEYS", "ALLOWED_HOSTS", "DEBUG", "PORT", "LISTEN",
    "B24_CLIENT_ID", "B24_CLIENT_SECRET", "B24_OAUTH_SERVERS", "B24_INSECURE_HTTP", "WEB_CONCURRENCY", "DJANGO_SETTINGS_MODULE",
)  # fmt: skip


def environment(**values: str) -> dict[str, str]:
    """This process's environment without what decides how the app starts, and with `values`."""
    return {name: value for name, value in os.environ.items() if name not in DECIDING} | values


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def until(happens: Callable[[], bool], what: Callable[[], str] | str, seconds: float = 60) -> None:
    """Wait for something that another process does; fails with `what` when it does not happen in time."""
    woken = threading.Event()
    for _ in range(int(seconds * 20)):
        if happens():
            return
        woken.wait(0.05)
    raise AssertionError(what if isinstance(what, str) else what())


def status(url: str) -> int:
    """The HTTP status of a GET; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def below(pid: int) -> set[int]:
    """The living processes that descend from `pid` (Linux)."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found: set[int] = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    try:
        return not (Path("/proc") / str(pid) / "stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


def about(text: str) -> list[int]:
    """The living processes whose command line holds `text` (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text in (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


USES_EMBEDDED = """
import sys, pathlib
from b24app import embedded
folder = pathlib.Path(sys.argv[1])
print(embedded.database_url(folder), embedded.redis_url(folder), flush=True)
sys.stdin.read()
"""


class EmbeddedUser:
    """Another process that uses the servers of a folder until it is told, or made, to end."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USES_EMBEDDED, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def addresses(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        database, broker = self.process.stdout.readline().split()
        return database, broker.replace("redis+socket://", "unix://")

    def __enter__(self) -> EmbeddedUser:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
