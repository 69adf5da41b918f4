"""How much of a portal's rate a whole push uses, and how many commands it spends: an invented base, read, remembered and pushed.

    DATA_DIR=/tmp/pushing python -m benchmarks.whole_push [--items 2000] [--answers 0.1 0.3 1 2 5]

The sandbox's portal, in a process of its own, counts requests in a leaky bucket as Bitrix24 documents it and takes so long with each
answer, however little is asked; the push runs in another one, with a database of its own, from the files of a 1C to the last price.
One case after the other, since each keeps a processor busy. Both buckets are full at the beginning, as they are in the midst of a long
push. Prints:

    rate      requests ÷ requests the portal would have let through, from the first one to the last full batch (while work is queued)
    refused   answers 503 QUERY_LIMIT_EXCEEDED and 429 OPERATION_TIME_LIMIT
    commands  commands ÷ the least that can make what the portal holds in the end: one for each object, one for each set of prices
    batch     commands in a request, on average
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

BUCKET, RATE = 50.0, 2.0
BATCH = 50
MARK = 0.97
MADE = ("sections", "properties", "enums", "stores", "measures", "vats", "price_types", "products")


@dataclass(frozen=True)
class Case:
    """One portal: its name, seconds until it answers, items pushed to it."""

    name: str
    answer_seconds: float
    items: int


def portal_process(case: Case, pipe: Any) -> None:
    """Run the portal until told to stop; then report its requests and what it holds."""
    from sandbox.portal.server import PortalServer

    requests: list[tuple[float, int]] = []
    with PortalServer(port=0) as server:
        server.installation.finish(1)
        answer = server.rest.answer

        def noting(name: str, params: dict[str, Any], **how: Any) -> Any:
            requests.append((time.monotonic(), len(params.get("cmd") or [name])))
            answered = answer(name, params, **how)
            time.sleep(case.answer_seconds)
            return answered

        server.rest.answer = noting  # type: ignore[method-assign]
        facts = ("url", "domain", "member_id", "client_id", "client_secret", "oauth_url", "application_token")
        pipe.send({**{name: getattr(server, name) for name in facts}, **server.issue_tokens()})
        pipe.recv()
        requests.clear()
        server.calls.reset()
        before = sum(server.state.count(kind) for kind in MADE)
        for _ in range(int(BUCKET) - 2):
            server.portal.bucket.admits("127.0.0.1")
        pipe.send("begun")
        pipe.recv()
        priced = {row["productId"] for row in server.state["prices"]}
        least = sum(server.state.count(kind) for kind in MADE) - before + len(priced)
        pipe.send((requests, server.calls.snapshot(), least, server.state.count("products")))


@contextmanager
def database(name: str) -> Iterator[None]:
    """The app with an empty database of its own, which is gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "b24app.settings")
    import django
    from django.db import connection, connections

    django.setup()
    connections.settings["default"]["TEST"]["NAME"] = name
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def push_process(case: Case, there: dict[str, Any], portal_pipe: Any, pipe: Any) -> None:
    """Read and remember the files of a base, then push it; report the seconds of the push."""
    with database(f"whole_push_{os.getpid()}"):
        from b24app import lanes
        from exchange.imports import push

        portal = _portal(there)
        _remember(portal, case.items)
        portal_pipe.send("begin")
        portal_pipe.recv()
        _fill(portal)
        lanes.mark_due(portal.pk)
        started = time.monotonic()
        while claim := lanes.claim("benchmark", portal.pk):
            lanes.release(claim, push.push(claim, until=time.monotonic() + 45, longest=time.monotonic() + 120))
        pipe.send(time.monotonic() - started)
        pipe.recv()


def _portal(there: dict[str, Any]) -> Any:
    import datetime as dt

    from django.conf import settings
    from django.utils import timezone

    from b24app.models import Portal, ServiceCredential
    from b24app.oauth.install import learn

    settings.B24_CLIENT_ID, settings.B24_CLIENT_SECRET = there["client_id"], there["client_secret"]
    settings.B24_OAUTH_SERVERS, settings.B24_INSECURE_HTTP = [there["oauth_url"]], True
    names = ("member_id", "domain", "client_endpoint", "server_endpoint", "application_token", "scope", "status")
    portal = Portal.objects.create(language="ru", installed_at=timezone.now(), **{name: there[name] for name in names})
    tokens = {name: there[name] for name in ("access_token", "refresh_token")}
    ServiceCredential.objects.create(portal=portal, user_id=1, expires_at=timezone.now() + dt.timedelta(hours=1), **tokens)
    learn(portal)
    return portal


def _remember(portal: Any, items: int) -> None:
    from django.db import connection, transaction

    from exchange.commerceml import Oddities, read
    from exchange.imports.remember import Counts, remember
    from exchange.models import ImportRun
    from exchange.sessions import create_base
    from sandbox.onec.base import Base
    from sandbox.onec.dialects import DIALECTS
    from sandbox.onec.writers.upload import Options

    base, _ = create_base(portal, "Benchmark", "ut11")
    for portion in DIALECTS["ut11"].export(Base.random(items=items, seed=1, pictures=0.0), Options()):
        for file in portion.xml:
            run = ImportRun.objects.create(base=base, type="catalog", file_name=file.name, path="")
            with transaction.atomic():
                records = read(io.BytesIO(file.data), oddities=Oddities())
                remember(base.pk, run.pk, records, only_changes=False, counts=Counts())
    with connection.cursor() as cursor:
        cursor.execute("analyze")


def _fill(portal: Any) -> None:
    """Use up the places that a quiet portal would have free."""
    from b24app.oauth.clients import client_for

    throttle = client_for(portal).throttle
    while throttle.free() >= 1:
        throttle.acquire()


def run(case: Case) -> dict[str, Any]:
    """A portal and a pushing process, each of its own."""
    context = multiprocessing.get_context("spawn")
    (portal, portal_end), (push, push_end) = context.Pipe(), context.Pipe()
    context.Process(target=portal_process, args=(case, portal_end), daemon=True).start()
    context.Process(target=push_process, args=(case, portal.recv(), portal, push_end), daemon=True).start()
    seconds = push.recv()
    portal.send("report")
    requests, calls, least, products = portal.recv()
    push.send("over")
    return {"case": case.name, "seconds": seconds, **shares(requests, calls, least, products)}


def shares(requests: list[tuple[float, int]], calls: dict[str, Any], least: int, products: int) -> dict[str, Any]:
    """The figures of one push, out of its requests (moment, commands) and what the portal counted."""
    starts = sorted(requests)
    first = starts[0][0]
    last = max(at for at, commands in starts if commands > BATCH / 2)
    queued = sum(at <= last for at, _ in starts)
    return {
        "rate": queued / (2 + RATE * (last - first)),
        "refused": sum(calls["rejected"].values()),
        "commands": calls["commands"] / least,
        "batch": calls["commands"] / len(starts),
        "products": products,
    }


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a rate is under the mark or anything was refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=2000, help="items of the base; a third of them with characteristics")
    parser.add_argument(
        "--answers", type=float, nargs="+", default=[0.1, 0.3, 1.0, 2.0, 5.0], help="seconds until the portal answers"
    )
    options = parser.parse_args(arguments)
    cases = [Case(f"50 + 2/s, answers in {seconds:g} s", seconds, options.items) for seconds in options.answers]
    print(f"{'portal':28} {'rate':>6} {'refused':>8} {'commands':>9} {'batch':>6} {'products':>9} {'seconds':>8}")
    good = True
    for result in map(run, cases):
        print("{case:28} {rate:6.3f} {refused:8} {commands:9.3f} {batch:6.1f} {products:9} {seconds:8.1f}".format(**result))
        good = good and result["rate"] >= MARK and not result["refused"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
