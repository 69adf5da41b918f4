"""The Procfile as a hosting platform starts it: addresses given, nothing embedded, a release first."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, EmbeddedUser, alive, below, environment, free_ports, status, until

HONCHO = Path(sys.executable).with_name("honcho")


@pytest.fixture
def production(data_dir: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a production machine whose PostgreSQL and Redis happen to be new and near."""
    (tmp_path / "data").mkdir()
    with EmbeddedUser(data_dir) as servers:
        database, broker = servers.addresses()
        yield environment(
            PATH=f"{HONCHO.parent}:/usr/local/bin:/usr/bin:/bin",
            PYTHONUNBUFFERED="1",
            DATABASE_URL=database,
            REDIS_URL=broker,
            DATA_DIR=str(tmp_path / "data"),
            SECRET_KEY="0123456789" * 6,
            TOKEN_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            ALLOWED_HOSTS="127.0.0.1",
            APP_URL="https://app.example.com",
            B24_CLIENT_ID="local.0123456789abcd.01234567",
            B24_CLIENT_SECRET="0123456789abcdef",
            LISTEN="127.0.0.1",
        )


class TestProcfile:
    def test_starts_for_real_and_becomes_ready(self, tmp_path: Path, production: dict[str, str]):
        honcho = [str(HONCHO), "-f", str(ROOT / "Procfile"), "-d", str(ROOT)]
        release = subprocess.run([*honcho, "start", "release"], env=production, capture_output=True, text=True, check=False)
        assert release.returncode == 0, release.stdout + release.stderr
        assert "static files copied" in release.stdout or "unmodified" in release.stdout

        port = free_ports(1)[0]
        log = tmp_path / "log"
        with log.open("w") as stream:
            running = subprocess.Popen(
                [*honcho, "start", "web", "worker", "documents", "beat"],
                env=production | {"PORT": str(port)},
                stdout=stream,
                stderr=stream,
            )
        try:
            until(lambda: status(f"http://127.0.0.1:{port}/health/ready") == 200 or running.poll() is not None, log.read_text)
            assert running.poll() is None, log.read_text()
            assert status(f"http://127.0.0.1:{port}/health/live") == 200
            children = below(running.pid)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
        assert not any(map(alive, children)), log.read_text()
