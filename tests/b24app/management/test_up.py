"""The whole app by one command, as a newcomer starts it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, alive, below, environment, free_ports, status, until


class Up:
    """A running `manage.py up --json` with its own data and ports."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self.log = data_dir.with_suffix(".log")
        port, portal_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--json", f"--port={port}", f"--portal-port={portal_port}", *arguments],
                cwd=ROOT,
                env=environment(DATA_DIR=str(data_dir)),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def door(self) -> dict[str, str]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        found: dict[str, str] = json.loads(line)
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def started(data_dir: Path) -> Iterator[list[Up]]:
    """Every `up` that a test starts, so that a failure leaves none running."""
    running: list[Up] = []
    yield running
    for up in running:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


class TestUp:
    def test_starts_from_nothing_survives_a_kill_and_finds_its_data_again(self, data_dir: Path, started: list[Up]):
        first = Up(data_dir)
        started.append(first)
        door = first.door()
        assert status(f"{first.url}/health/ready") == 200
        assert status(f"{door['portal_url']}/_sandbox/state?only=users") == 200
        assert door["exchange_url"].startswith(first.url)
        assert all(door[name] for name in ("member_id", "login", "password"))
        kept = data_dir / "up.json"
        assert (json.loads(kept.read_text()), kept.stat().st_mode & 0o777) == (door, 0o600)

        children = below(first.process.pid)
        first.end(signal.SIGKILL)
        until(lambda: not any(map(alive, children)), "web, worker, beat or the portal outlived `up`")

        second = Up(data_dir)
        started.append(second)
        again = second.door()
        same = ("member_id", "login", "password")
        assert [again[name] for name in same] == [door[name] for name in same]
        assert again["exchange_url"].removeprefix(second.url) == door["exchange_url"].removeprefix(first.url)
        children = below(second.process.pid)
        assert second.end(signal.SIGTERM) == 0
        until(lambda: not any(map(alive, children)), "a program outlived `up`")

    def test_says_what_to_do_when_its_port_is_taken(self, data_dir: Path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            command = [sys.executable, "manage.py", "up", "--port", str(port)]
            done = subprocess.run(
                command, cwd=ROOT, env=environment(DATA_DIR=str(data_dir)), capture_output=True, text=True, check=False
            )
        assert done.returncode == 1
        assert f"Port {port} cannot be used" in done.stderr
        assert f'make up ARGS="--port {port + 1}"' in done.stderr
