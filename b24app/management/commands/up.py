"""`manage.py up`: the whole app in one terminal, from an empty folder to a page to open."""

from __future__ import annotations

import os
import socket
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from b24app.management.process_tree import Ended, Interrupted, ProcessTree
from b24app.management.sandbox_portal import Door, NotInstalled, SandboxPortal

READY_SECONDS = 60


class Command(BaseCommand):
    help = "Start everything: database, broker, migrations, web, worker, scheduler and (without B24_CLIENT_ID) a sandbox portal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the app (8000)")
        parser.add_argument("--portal-port", type=int, default=8900, help="of the sandbox portal (8900)")
        parser.add_argument("--no-sandbox", action="store_true", help="do not start the sandbox portal")
        parser.add_argument(
            "--json", action="store_true", help="print one line of JSON when ready; everything else goes to stderr"
        )

    def handle(self, *args: Any, port: int, portal_port: int, no_sandbox: bool, **options: Any) -> None:
        output: IO[str] = sys.stderr if options["json"] else sys.stdout
        sandbox = not no_sandbox and not settings.B24_CLIENT_ID
        _free(port, "--port")
        if sandbox:
            _free(portal_port, "--portal-port")
        app_url = os.environ.get("APP_URL", "").rstrip("/") or f"http://127.0.0.1:{port}"
        portal = SandboxPortal.of(settings.DATA_DIR, port=portal_port, app_url=app_url) if sandbox else None
        call_command("migrate", verbosity=0, interactive=False)
        try:
            with ProcessTree(settings.BASE_DIR, _environment(port, app_url, portal), output) as tree:
                door = _start(tree, port, app_url, portal)
                self.stdout.write(door.line() if options["json"] else _welcome(door))
                self.stdout.flush()
                tree.wait()
        except Interrupted:
            output.write("up: stopped\n")
        except (Ended, NotInstalled) as error:
            raise CommandError(f"up: {error}") from None


def _free(port: int, option: str) -> None:
    """Refuse before anything is started, and say what to do."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}): does another `make up` run? Stop it, or choose another port:"
                f' make up ARGS="{option} {port + 1}"'
            ) from None


def _environment(port: int, app_url: str, portal: SandboxPortal | None) -> dict[str, str]:
    ours = {"LISTEN": "127.0.0.1", "PORT": str(port), "APP_URL": app_url, "DATA_DIR": str(settings.DATA_DIR)}
    return {**os.environ, "WEB_CONCURRENCY": "1", **ours, **(portal.environment if portal else {})}


def _programs(root: Path) -> dict[str, str]:
    """The Procfile's lines by name: development runs what production runs."""
    lines = (root / "Procfile").read_text().splitlines()
    return {name.strip(): command.strip() for name, _, command in (line.partition(":") for line in lines) if command}


def _start(tree: ProcessTree, port: int, app_url: str, portal: SandboxPortal | None) -> Door:
    """Start every program, wait until all of it works, and install the app in the sandbox portal. Raises Ended, NotInstalled."""
    programs = _programs(settings.BASE_DIR)
    if portal is not None:
        tree.start("portal", portal.command)
    for name in ("web", "worker", "documents", "beat"):
        tree.start(name, programs[name])
    if not tree.wait_until(lambda: _status(f"http://127.0.0.1:{port}/health/ready") == 200, READY_SECONDS):
        raise CommandError(f"Not ready after {READY_SECONDS} s: {_body(f'http://127.0.0.1:{port}/health/ready')}")
    if portal is None:
        return Door(app_url)
    if not tree.wait_until(portal.answers, READY_SECONDS):
        raise CommandError(f"The sandbox portal does not answer on {portal.url}")
    path = settings.DATA_DIR / "up.json"
    door = portal.door(portal.install(), app_url, Door.read(path))
    door.write(path)
    return door


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own web process)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _body(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (our own web process)
            return str(answer.read(2000).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        return error.read(2000).decode(errors="replace")
    except OSError as error:
        return str(error)


def _welcome(door: Door) -> str:
    if door.portal_url is None:
        return f"\nReady: {door.app_url}\nStop with Ctrl-C.\n"
    return f"""
Ready. Open the portal and our app in it:

    {door.portal_url}

Let a 1C send its catalogue (in another terminal, in this folder):

    .venv/bin/python -m sandbox.onec catalog --url {door.exchange_url} --login {door.login} --password {door.password}

or connect a real 1C on this machine:   address {door.exchange_url}   user {door.login}   password {door.password}
Stop with Ctrl-C; the data stays in {settings.DATA_DIR} for the next start.
"""
