"""Sends a whole folder of 1C files through a running exchange, file by file, and tells what became of each.

Three witnesses speak of every file: a plain reader of this sandbox (looking.py) says what it holds, the endpoint what it answered, and
the portal what it has now. With the application's own commands at hand each file gets a base of its own, and the reasons are told too.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.onec.clients import Client, catalog
from sandbox.onec.clients.manners import MODULE31, C, Manners
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.comparing import PortalState, fetch_state
from sandbox.onec.connection import Connection
from sandbox.onec.given import ORDER
from sandbox.onec.looking import Seen, look
from sandbox.onec.writers.upload import OutFile, Portion

# How often the portal is looked at while it fills, and for how long nothing may happen before it counts as filled, in seconds.
LOOK_EVERY = 15.0
QUIET_FOR = 60.0


@dataclass(slots=True)
class Result:
    """One file: what it holds, what the endpoint answered after how many seconds, and what there is of it afterwards.

    `read` is what the application's reader finds in it (`manage.py check_file`), `told` the application's account of the base
    (`manage.py onec_base report`); {} where it was not asked.
    """

    name: str
    size: int
    seen: Seen
    login: str = ""
    type_: str = "catalog"
    zipped: bool = False
    answer: str = ""
    is_taken: bool = False
    seconds: float = 0.0
    read: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    portal: Counter[str] = field(default_factory=Counter)


class Manager:
    """The application's commands, run as an operator runs them."""

    def __init__(self, command: Sequence[str], portal: str) -> None:
        self._command = list(command)
        self._portal = portal

    def create(self, names: Sequence[str], server: str) -> list[Connection]:
        """A new base for each name, on the server of the address `server`: a command run by hand may not know it."""
        lines = self._run(
            "onec_base", "create", "--portal", self._portal, "--json", *(part for name in names for part in ("--name", name))
        )
        where = urlsplit(server)
        urls = [urlsplit(told["exchange_url"])._replace(scheme=where.scheme, netloc=where.netloc).geturl() for told in lines]
        return [Connection(url, told["login"], told["password"]) for url, told in zip(urls, lines, strict=True)]

    def report(self) -> dict[str, Mapping[str, Any]]:
        """What became of what the bases of the portal sent, by login."""
        return {told["login"]: told for told in self._run("onec_base", "report", "--portal", self._portal, "--json")}

    def read(self, files: Sequence[Path]) -> dict[str, Mapping[str, Any]]:
        """What the application's reader finds in files, by their names as given."""
        # It ends with 1 when one of them cannot be read to its end: that is an answer too.
        return {told["name"]: told for told in self._run("check_file", "--json", *map(str, files), ends=(0, 1))}

    def _run(self, *arguments: str, ends: Sequence[int] = (0,)) -> list[dict[str, Any]]:
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False)
        if done.returncode not in ends:
            raise ValueError(f"{' '.join(self._command)} {arguments[0]} failed: {done.stderr.strip()[-500:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def files_of(folder: Path) -> list[Path]:
    """Every XML file of a folder and of the folders in it, in the order 1C sends them: dictionaries, goods, offers, prices, stock."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() == ".xml"]
    return sorted(found, key=lambda path: (_place(path), path.relative_to(folder).as_posix()))


def _place(path: Path) -> int:
    name = path.name.lower()
    return next((place for place, word in enumerate(ORDER) if word in name), len(ORDER))


def send_all(
    folder: Path, files: Iterable[Path], login_of: Callable[[Path], Connection], *, timeout: float, say: Callable[[str], None]
) -> Iterator[Result]:
    """Send every file in a session of its own, as the 1C that wrote it would; nothing that goes wrong with one stops the others."""
    for path in files:
        data = path.read_bytes()
        seen = look(data)
        result = Result(path.relative_to(folder).as_posix(), len(data), seen, type_=seen.type)
        where = login_of(path)
        result.login = where.login
        _send(result, path.name, data, where, timeout)
        say(f"{result.seconds:6.1f} s  {result.name}: {result.answer}")
        yield result


def manners_of(seen: Seen) -> Manners:
    """The client that wrote it: the module of 1C-Bitrix from scheme 2.09 on, else that of a typical configuration."""
    return MODULE31 if seen.version.startswith(("2.09", "2.1", "3")) else C


def _send(result: Result, name: str, data: bytes, where: Connection, timeout: float) -> None:
    client = Client(manners_of(result.seen), where.url, where.login, where.password, timeout=timeout, patience=timeout)
    started = time.monotonic()
    try:
        session = client.session(result.type_)
        session.checkauth()
        session.init()
        result.zipped = session.zip
        # Names of 1C's own making are ASCII; in an address any other is spelled as a browser would.
        spelled = quote(name, safe="()@")
        catalog.upload(session, Portion([OutFile(name if session.zip else spelled, data)]), catalog.Sent())
        session.import_(spelled)
    except ClientRefused as refusal:
        result.answer = refusal.shown.strip().replace("\n", ": ") or refusal.what
    else:
        result.answer, result.is_taken = "success", True
    result.seconds = time.monotonic() - started


def follow(
    folder: Path,
    results: Sequence[Result],
    portal_url: str | None,
    manager: Manager | None,
    *,
    within: float,
    say: Callable[[str], None],
) -> None:
    """Wait until the portal is filled, then note for each file what the portal has of it and what the application tells of its base."""
    _wait(portal_url, manager, within, say)
    told = manager.report() if manager else {}
    read = manager.read([folder / result.name for result in results]) if manager else {}
    state = PortalState(fetch_state(portal_url)) if portal_url else None
    for result in results:
        result.told = told.get(result.login, {})
        result.read = read.get(str(folder / result.name), {})
        if state is not None:
            result.portal = in_portal(result.seen, state)


def _wait(portal_url: str | None, manager: Manager | None, within: float, say: Callable[[str], None]) -> None:
    started = last = time.monotonic()
    before: object = None
    while time.monotonic() - started < within:
        # Reading goes on for ever: an application looks for events.
        commands = fetch_state(portal_url, "calls")["write_commands"] if portal_url else 0
        now = (commands, _waiting(manager))
        if now != before:
            before, last = now, time.monotonic()
            say(f"the portal has run {commands} commands that write" + (f", {now[1]} objects wait" if manager else ""))
        elif time.monotonic() - last >= QUIET_FOR:
            return
        time.sleep(LOOK_EVERY)


def _waiting(manager: Manager | None) -> int:
    told = manager.report().values() if manager else ()
    return sum(counts["waiting"] for account in told for counts in account["objects"].values())


def in_portal(seen: Seen, state: PortalState) -> Counter[str]:
    """How many of the ids of a file a portal has, and how many of these have prices and stock."""
    found: Counter[str] = Counter()
    sections = {str(row.get("xmlId")) for row in state.by_id["sections"].values()}
    properties = {str(row.get("xmlId")) for row in state.by_id["properties"].values()}
    found["groups"] = len(seen.ids.get("groups", set()) & sections)
    found["properties"] = len(seen.ids.get("properties", set()) & properties)
    stored = {product for product, _ in state.amounts}
    for column in ("products", "offers"):
        rows = {id_: state.products[id_] for id_ in seen.ids.get(column, ()) if id_ in state.products}
        found[column] = len(rows)
        if column == "offers":
            found["with prices"] = sum(any(row["id"] in state.prices for row in group) for group in rows.values())
            found["with stock"] = sum(any(_has_stock(row, stored) for row in group) for group in rows.values())
    return found


def _has_stock(row: Mapping[str, Any], stored: set[Any]) -> bool:
    return row["id"] in stored or row.get("quantity") is not None
