"""The whole app as its Procfile starts it, with a database and a broker of its own: to kill any of it, and to start that again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import psycopg

from sandbox.portal.server import PortalServer
from tests.chaos.site import CLIENT_ID, CLIENT_SECRET
from tests.processes import ROOT, EmbeddedUser, about, alive, environment, free_ports, status, until

PROGRAMS = ("web", "worker", "documents", "beat")
DATABASE, BROKER = "PostgreSQL", "Valkey"


class Stack:
    """Use as a context manager; `portal` is a double in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.portal = PortalServer(port=0, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, app_url=self.url)
        self.log = folder.parent / "programs.log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._users: list[EmbeddedUser] = []
        lines = (ROOT / "Procfile").read_text().splitlines()
        self._commands = {name.strip(): command.strip() for name, _, command in (line.partition(":") for line in lines)}

    def __enter__(self) -> Stack:
        try:
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.portal.start()
        self._serve()
        self.manage("migrate", "--verbosity", "0")
        for name in PROGRAMS:
            self.start(name)
        until(self._ready, lambda: self.log.read_text(errors="replace")[-3000:], 120)
        assert self.portal.installation.install()["status"] == 200

    def _ready(self) -> bool:
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        if ended:
            raise AssertionError(f"{ended} ended: {self.log.read_text(errors='replace')[:3000]}")
        return status(f"{self.url}/health/ready") == 200

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._running.values():
            _end(process)
        for user in self._users:
            user.kill()
        self.portal.stop()

    def manage(self, *arguments: str) -> str:
        """Run a management command; what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self._environment(), check=True, capture_output=True, text=True).stdout

    def base(self, name: str) -> dict[str, str]:
        """A new 1C base: exchange_url, login, password."""
        told = self.manage(
            "onec_base", "create", "--portal", self.portal.member_id, "--name", name, "--configuration", "unf", "--json"
        )
        found: dict[str, str] = json.loads(told.splitlines()[-1])
        return found

    def start(self, name: str) -> None:
        """Start a program of the Procfile."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with self.log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self._commands[name]}"],
                cwd=ROOT,
                env={**self._environment(), "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill -9 a program with all of its processes, or a server (the broker also loses all it had), and start it again."""
        if name in PROGRAMS:
            _end(self._running[name])
            self.start(name)
            return
        pid = self._pid(name)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid), f"{name} outlived kill -9")
        if name == BROKER:
            shutil.rmtree(self.folder / "valkey" / "appendonlydir")
        self._serve()

    def ask(self, sql: str, params: Sequence[object]) -> list[tuple[object, ...]]:
        """Look into the app's database."""
        with psycopg.connect(self._database, autocommit=True) as connection:
            return list(connection.execute(sql, params).fetchall())

    def pass_time(self) -> None:
        """Leases of dead workers are over, and so is every pause."""
        with psycopg.connect(self._database, autocommit=True) as connection:
            for (owner,) in connection.execute("select distinct owner from b24app_lane where owner <> ''").fetchall():
                pid = int(str(owner).rpartition(":")[2])
                if not alive(pid):
                    connection.execute("update b24app_lane set lease_until = now() where owner = %s", [owner])
            connection.execute("update b24app_lane set due_at = now() where owner = ''")
            for table in ("staterow", "tradedocument", "tradeparty"):
                connection.execute(f"update exchange_{table} set not_before = null where not_before is not null")
        self.portal.portal.bucket.empty()

    def _serve(self) -> None:
        """Have both servers run; whoever uses them holds a lock, so one user more starts what does not run."""
        user = EmbeddedUser(self.folder)
        self._users.append(user)
        self._database, self._broker = user.addresses()

    def _pid(self, name: str) -> int:
        if name == DATABASE:
            return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        return next(pid for pid in about(f"{self.folder}/valkey") if "valkey-server" in _program(pid))

    def _environment(self) -> dict[str, str]:
        return environment(
            DATA_DIR=str(self.folder),
            LISTEN="127.0.0.1",
            PORT=str(self.port),
            APP_URL=self.url,
            WEB_CONCURRENCY="1",
            WORKER_CONCURRENCY="1",
            DOCUMENTS_CONCURRENCY="1",
            B24_CLIENT_ID=CLIENT_ID,
            B24_CLIENT_SECRET=CLIENT_SECRET,
            B24_OAUTH_SERVERS=self.portal.url,
            B24_INSECURE_HTTP="1",
            B24_REQUEST_LIMIT="2",
            EXCHANGE_QUIET_SECONDS="2",
            EXCHANGE_FILE_LIMIT="1500",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _program(pid: int) -> str:
    return (Path("/proc") / str(pid) / "cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace")
