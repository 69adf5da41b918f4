"""Several programs as one: started together, their lines prefixed, and none outlives the others or this process."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

COLOURS = (36, 33, 35, 32, 34, 31)
STOP_SECONDS = 30
ENDING = (signal.SIGINT, signal.SIGTERM)
PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child must not have to take a lock that some thread held.
LIBC = ctypes.CDLL(None)


class Interrupted(Exception):
    """Somebody asked this process to end: Ctrl-C or SIGTERM."""


@dataclass(frozen=True, slots=True)
class Ended(Exception):
    """A program ended by itself: the others are stopped, because half of the app is worse than none."""

    name: str
    code: int

    def __str__(self) -> str:
        how = f"killed by signal {-self.code}" if self.code < 0 else f"code {self.code}"
        return f"{self.name} ended by itself ({how}); the lines above that begin with {self.name!r} say why"


class ProcessTree:
    """Use as a context manager, in the main thread: Linux ends the children when the *thread* that started them dies."""

    def __init__(self, root: Path, environment: Mapping[str, str], output: IO[str]) -> None:
        self._root, self._output = root, output
        path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
        self._environment = {**environment, "PATH": path, "PYTHONUNBUFFERED": "1"}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._coloured = output.isatty() and "NO_COLOR" not in environment

    def __enter__(self) -> ProcessTree:
        self._handlers = {number: signal.signal(number, _interrupt) for number in ENDING}
        return self

    def __exit__(self, *error: object) -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: str) -> None:
        """Start a shell command (as a Procfile spells it) and show each of its lines behind its name."""
        parent = os.getpid()
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=self._root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),
        )
        self._processes[name] = process
        colour = COLOURS[(len(self._processes) - 1) % len(COLOURS)]
        threading.Thread(target=self._show, args=(name, process, colour), daemon=True).start()

    def check(self) -> None:
        """Raise Ended when a program is no more."""
        for name, process in self._processes.items():
            if (code := process.poll()) is not None:
                raise Ended(name, code)

    def wait_until(self, happens: Callable[[], bool], seconds: float) -> bool:
        """Whether it happened in time; raises Ended as soon as a program ends meanwhile."""
        deadline = time.monotonic() + seconds
        while not happens():
            self.check()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def wait(self) -> None:
        """Until a program ends (raises Ended) or somebody interrupts (raises Interrupted)."""
        while True:
            self.check()
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask every program to end, and after a while make it end."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _show(self, name: str, process: subprocess.Popen[str], colour: int) -> None:
        assert process.stdout is not None  # noqa: S101  (for the type checker: it is a pipe)
        prefix = f"\x1b[{colour}m{name:<7}|\x1b[0m" if self._coloured else f"{name:<7}|"
        for line in process.stdout:
            self._output.write(f"{prefix} {line.rstrip()}\n")
            self._output.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def _die_with(parent: int) -> None:
    """Runs in the child before its program: let Linux stop it when its parent dies, however it dies."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
