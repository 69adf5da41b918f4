"""Workers and web servers in processes of their own, forked from this one, so that they can be killed or have a full disk."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections

WORK_SECONDS = 120
_fork = multiprocessing.get_context("fork")


def _begin(file_limit: int | None) -> None:
    """After a fork: the parent's connections are of no use; no file may grow beyond `file_limit` bytes, as on a full disk."""
    logging.disable(logging.CRITICAL)
    wrapper: Any = connections["default"]
    wrapper._connection_pools.clear()
    wrapper.connection = None
    if file_limit is not None:
        # Python ignores SIGXFSZ: writing fails with EFBIG, which is an OSError like ENOSPC.
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))


def work(act: Callable[[], object], begin: Callable[[], None] = lambda: None, *, file_limit: int | None = None) -> int:
    """Do something as a worker process does; how the process ended (0, 1 after an error, -9 when it was killed)."""

    def run() -> None:
        _begin(file_limit)
        begin()
        try:
            act()
        except Exception:
            os._exit(1)
        os._exit(0)

    child = _fork.Process(target=run)
    child.start()
    child.join(WORK_SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        raise AssertionError(f"a worker was still at it after {WORK_SECONDS} s")
    return int(child.exitcode or 0)


@contextmanager
def web(begin: Callable[[], None] = lambda: None, *, file_limit: int | None = None) -> Iterator[str]:
    """The app's web server in a child; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        _begin(file_limit)
        begin()
        server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, bind_and_activate=False)
        server.socket.close()
        server.socket = listening
        server.server_address = listening.getsockname()
        server.server_name, server.server_port = "127.0.0.1", int(listening.getsockname()[1])
        server.setup_environ()
        server.set_app(WSGIHandler())
        server.serve_forever(poll_interval=0.05)

    child = _fork.Process(target=run)
    child.start()
    port = int(listening.getsockname()[1])
    listening.close()
    try:
        yield f"http://127.0.0.1:{port}"
        # Whatever it has begun it ends, unless it is dead already.
        deadline = time.monotonic() + 0.1
        while child.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        child.kill()
        child.join()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nobody reads it."""
