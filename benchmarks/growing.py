"""What a first import costs and how memory and the database grow with it; and what each process of the app takes.

    python -m benchmarks.growing [--items 10000 50000]      (10000 1000000 takes half an hour and more, and 4 GB of disk)

A file of so many items is written to disk item by item, then read and remembered by the app's own code, in a process of its own for each
size, into a database that is gone afterwards.

    items/s    goods read, compared and remembered, by the clock; `of reading`: the time ÷ the time of reading the same file alone
    peak       the most memory that process had, and how far beyond the smallest file's
    bytes      of the database for each item, tables and indexes

Then the app is started as the Procfile says, imports the smallest file, and each program's memory is told (its share of what processes
have in common, PSS), at rest and after the work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import _app, reading

MOST_GROWTH = 20.0
TABLES = ("staterow", "piecedigest", "pieceblock")
PROGRAMS = ("web", "worker", "documents", "beat")


def remembered(path: str, items: str) -> dict[str, float]:
    """Read and remember the file in this process; its figures. The rows are deleted afterwards."""
    import django

    django.setup()
    from django.db import connection

    from b24app.models import Portal
    from exchange import sessions
    from exchange.imports import pipeline
    from exchange.models import ImportRun

    portal = Portal.objects.create(member_id=f"growing{os.getpid()}", domain="benchmark.example")
    base, _ = sessions.create_base(portal, "benchmark", "other")
    run = ImportRun.objects.create(
        base=base, type="catalog", file_name=Path(path).name, path=path, size=Path(path).stat().st_size
    )
    before = sum(sizes().values())
    begun = time.monotonic()
    pipeline.read_run(run.pk)
    took = time.monotonic() - begun
    peak = memory("self", "status", "VmHWM")
    run.refresh_from_db()
    if run.state != ImportRun.State.READ or run.counts.get("new") != int(items):
        raise SystemExit(f"{run.state} {run.error} {run.counts}")
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"vacuum exchange_{table}")
    grown = sum(sizes().values()) - before
    begun = time.monotonic()
    reading.full(Path(path))
    return {"seconds": took, "reading": time.monotonic() - begun, "peak": peak, "bytes": grown}


def sizes() -> dict[str, int]:
    """Bytes of the tables that an import fills, with their indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute("select pg_total_relation_size(%s)", [f"exchange_{table}"])
            found[table] = cursor.fetchone()[0]
    return found


def memory(pid: str, file: str, field: str) -> float:
    """A figure of a process in MB (Linux)."""
    try:
        with open(f"/proc/{pid}/{file}", encoding="ascii") as lines:
            return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)
    except OSError:
        return 0.0


def family(root: int) -> Iterable[str]:
    """A process and all below it."""
    below = {str(root)}
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            parent = (path / "stat").read_text().rpartition(") ")[2].split()[1]
        except OSError:
            continue
        if parent in below:
            below.add(path.name)
    return below


def shares(roots: dict[str, int]) -> dict[str, tuple[int, float]]:
    """Of each program: how many processes, and their memory together."""
    found = {}
    for name, root in roots.items():
        pids = list(family(root))
        found[name] = (len(pids), sum(memory(pid, "smaps_rollup", "Pss:") for pid in pids))
    return found


def processes(folder: Path, items: int) -> None:
    """Start the app, let it import, and print what its programs take."""
    from exchange.models import ImportRun

    path = reading.write_goods(folder, items)
    with ExitStack() as over:
        roots = {name: over.enter_context(_app.program(name)) for name in PROGRAMS}
        roots["postgres"] = int((folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        _app.until(ready, "the app did not start", seconds=300)
        time.sleep(5)  # beat wakes each of them
        rest = shares(roots)
        runs = [_import(path, items) for _ in range(2)]
        _app.until(
            lambda: not ImportRun.objects.filter(pk__in=runs).exclude(state=ImportRun.State.READ).exists(),
            "the import did not end",
            seconds=300,
        )
        after = shares(roots)
    for name, (count, used) in rest.items():
        print(
            f"{name:10} {count} processes  {used:5.0f} MB at rest  {after[name][1]:5.0f} MB after two imports of {items:,} items"
        )


def ready() -> bool:
    """Whether the app says that all of it works."""
    try:
        with urllib.request.urlopen(f"{os.environ['APP_URL']}/health/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _import(path: Path, items: int) -> int:
    from b24app.models import Portal
    from exchange import sessions
    from exchange.models import ImportRun
    from exchange.tasks import read_run

    # Of a portal that is gone, so that nothing is pushed.
    portal, _ = Portal.objects.get_or_create(member_id="growing", defaults={"domain": "benchmark.example"})
    base, _ = sessions.create_base(portal, f"benchmark {time.monotonic()}", "other")
    run = ImportRun.objects.create(base=base, type="catalog", file_name=path.name, path=str(path), size=path.stat().st_size)
    read_run.delay(run_id=run.pk)
    return run.pk


def main(arguments: list[str]) -> int:
    """Print both tables; 1 when memory grows too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 50_000], help="sizes of the files, smallest first")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given: Any = parser.parse_args(arguments)
    if given.one:
        sys.stdout.write(json.dumps(remembered(*given.one)))
        return 0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        _app.environment(folder / "data", _app.free_port())
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        print(
            f"{'items':>9} {'items/s':>8} {'of reading':>10} {'peak MB':>8} {'grown MB':>8} {'bytes':>6}   {_app.load()}",
            flush=True,
        )
        least = 0.0
        for items in given.items:
            path = reading.write_goods(folder, items)
            command = [sys.executable, "-m", "benchmarks.growing", "--one", str(path), str(items)]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_app.ROOT).stdout)
            path.unlink()
            least = least or found["peak"]
            grown = found["peak"] - least
            print(
                f"{items:9,} {items / found['seconds']:8,.0f} {found['seconds'] / found['reading']:10.1f} {found['peak']:8.0f} "
                f"{grown:8.1f} {found['bytes'] / items:6,.0f}   {_app.load()}",
                flush=True,
            )
        print(f"grown by at most {MOST_GROWTH:g} MB: {'yes' if grown <= MOST_GROWTH else 'NO'}")
        processes(folder, given.items[0])
    return 0 if grown <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
