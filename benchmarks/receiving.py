"""How many of the portal's events and of 1C's requests the web processes take, against a Django view that does nothing.

    python -m benchmarks.receiving [--seconds 4] [--rounds 3] [--connections 16]

The servers are started as the Procfile starts them, one with the app and one with a bare Django (no middleware, no database), and loaded
in turn by a process of its own: `wrk` would do, but few machines have it, so benchmarks/_load.py does. Every event is about another
object, so each is a new row, and it is answered once PostgreSQL has it for good (synchronous_commit is on). Rounds follow one
another, and each ratio is taken within a round: the middle one of them counts.

Where others work on the machine too, the clock tells little; `work` is the processor time that an answer costs the web processes,
PostgreSQL and Valkey together, as the no-op's ÷ this one's.

    event       POST /b24/events/, proved by the application token, stored, a worker woken
    checkauth   1C signs in: a new session each time
    init        1C asks for the limits
    file        1C sends a small file, each under a name of its own
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import _app, reading
from benchmarks._load import NUMBER

LEAST = 0.35
TOKEN = "4d9c5f1fbb1c44d2a0f2e0f7d5f5f0a1"
MEMBER = "benchmark"
FILE = (reading.ROOT + reading.END).encode()


@contextmanager
def web(module: str, port: int) -> Iterator[int]:
    """The Procfile's web server with this application, once it answers; its process id."""
    # The bare Django brings its settings with it.
    settings = "b24app.settings" if module == "b24app.wsgi" else ""
    with _app.program("web", ("b24app.wsgi", module), LISTEN="127.0.0.1", PORT=str(port), DJANGO_SETTINGS_MODULE=settings) as pid:
        _app.until(lambda: answers(port), "the web server did not start")
        yield pid


def answers(port: int) -> bool:
    """Whether anything answers there, whatever it says."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/noop/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def event() -> bytes:
    """A changed invoice, as the portal sends it."""
    form = {
        "event": "ONCRMDYNAMICITEMUPDATE",
        "event_handler_id": "12",
        "data[FIELDS][ID]": NUMBER.decode(),
        "data[FIELDS][ENTITY_TYPE_ID]": "31",
        "ts": "1767225600",
        "auth[access_token]": "6a1d2e3f" * 8,
        "auth[expires]": "1767229200",
        "auth[expires_in]": "3600",
        "auth[scope]": "crm,catalog,placement",
        "auth[domain]": "benchmark.example",
        "auth[server_endpoint]": "https://oauth.bitrix24.tech/rest/",
        "auth[status]": "L",
        "auth[client_endpoint]": "https://benchmark.example/rest/",
        "auth[member_id]": MEMBER,
        "auth[user_id]": "1",
        "auth[application_token]": TOKEN,
    }
    return urlencode(form).encode()


def request(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def prepared() -> tuple[dict[str, bytes], Any]:
    """The requests to measure, and the base that 1C's are for."""
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    from b24app.models import Portal
    from exchange import sessions

    portal = Portal.objects.create(
        member_id=MEMBER, domain="benchmark.example", application_token=TOKEN, installed_at=timezone.now()
    )
    base, password = sessions.create_base(portal, "benchmark", "ut11")
    basic = {"Authorization": "Basic " + b64encode(f"{base.login}:{password}".encode()).decode()}
    kind = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24"}
    _, token = sessions.open_session(base, "catalog")
    from exchange.protocol import COOKIE

    cookie = {**basic, "Cookie": f"{COOKIE}={token}"}
    exchange = f"/1c/{base.key}/?type=catalog&mode="
    return {
        "event": request("POST", "/b24/events/", kind, event()),
        "checkauth": request("GET", exchange + "checkauth", basic),
        "init": request("GET", exchange + "init", cookie),
        "file": request("POST", f"{exchange}file&filename=import{NUMBER.decode()}.xml", cookie, FILE),
    }, base


def processor_seconds(about: str, root: int) -> float:
    """What a process with its children, and all whose command line names the folder, have used so far."""
    total, ticks = 0.0, os.sysconf("SC_CLK_TCK")
    family, found = {root}, {}
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            line, fields = (path / "cmdline").read_bytes(), (path / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        found[int(path.name)] = (int(fields[1]), sum(map(int, fields[11:13])) / ticks, about.encode() in line)
    for pid, (parent, used, named) in found.items():
        if parent in family or named:
            family.add(pid)
        if pid in family:
            total += used
    return total


def loaded(port: int, sent: bytes, given: Any) -> dict[str, float]:
    """One round of load; raises SystemExit when an answer was wrong."""
    command = [sys.executable, "-m", "benchmarks._load", str(port), str(given.connections), str(given.seconds)]
    done = subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True, cwd=_app.ROOT)
    found: dict[str, float] = json.loads(done.stdout)
    if found["bad"]:
        raise SystemExit(f"{found['bad']:.0f} wrong answers to {sent[:60]!r}")
    return found


def main(arguments: list[str]) -> int:
    """Print the table; 1 when the receiver is slower than its mark or an event was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    given: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as servers:
        ports = {"noop": _app.free_port(), "app": _app.free_port()}
        _app.environment(Path(folder) / "data", ports["app"])
        import django

        django.setup()
        requests, _ = prepared()
        roots = {
            ports["noop"]: servers.enter_context(web("benchmarks._noop", ports["noop"])),
            ports["app"]: servers.enter_context(web("b24app.wsgi", ports["app"])),
        }

        def measured(port: int, sent: bytes) -> dict[str, float]:
            before = processor_seconds(folder, roots[port])
            found = loaded(port, sent, given)
            used = processor_seconds(folder, roots[port]) - before
            return {**found, "work": used / (found["rate"] * given.seconds)}

        noop = request("POST", "/noop/", {}, event())
        for sent in requests.values():  # what is loaded and connected once does not count
            loaded(ports["app"], sent, argparse.Namespace(connections=given.connections, seconds=1))
        kept = _events()
        rates: dict[str, list[dict[str, float]]] = {name: [] for name in ("noop", *requests)}
        for _ in range(given.rounds):
            rates["noop"].append(measured(ports["noop"], noop))
            for name, sent in requests.items():
                rates[name].append(measured(ports["app"], sent))
        told = sum(one["rate"] * given.seconds for one in rates["event"])
        kept = _events() - kept
    ratio = {}
    print(f"{'':10} {'of no-op':>8} {'work':>6} {'answers/s':>10} {'p50 ms':>7} {'p95 ms':>7}   {_app.load()}")
    for name, found in rates.items():
        shares = [one["rate"] / base["rate"] for one, base in zip(found, rates["noop"], strict=True)]
        ratio[name] = statistics.median(shares)
        work = statistics.median(base["work"] / one["work"] for one, base in zip(found, rates["noop"], strict=True))
        middle = sorted(found, key=lambda one: one["rate"])[len(found) // 2]
        print(
            f"{name:10} {ratio[name]:8.2f} {work:6.2f} {middle['rate']:10,.0f} {middle['p50'] * 1000:7.1f} {middle['p95'] * 1000:7.1f}"
        )
    whole = kept >= told * 0.99
    good = ratio["event"] >= LEAST and whole
    print(f"events ≥ {LEAST:g} of no-op: {'yes' if ratio['event'] >= LEAST else 'NO'}; {kept} rows for {told:,.0f} answers")
    return 0 if good else 1


def _events() -> int:
    from b24app.models import InboundEvent

    return InboundEvent.objects.count()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
