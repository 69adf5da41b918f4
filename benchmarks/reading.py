"""How fast 1C files are read and cut, at what memory, and what an unchanged file costs when it comes again.

    DATA_DIR=/tmp/reading python -m benchmarks.reading [--items 100000]

Times are given as ratios to expat with Python handlers that do nothing, over the same file in the same run. Each memory figure
is the peak of a process of its own, each time its processor time; only the last line, where PostgreSQL works too, goes by the clock.
Everything is invented; the rows in the database are deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import xml.parsers.expat
from collections.abc import Callable
from pathlib import Path

from exchange.commerceml import pieces, read

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.08"><Каталог СодержитТолькоИзменения="false">
<Ид>c</Ид><ИдКлассификатора>k</ИдКлассификатора><Наименование>Каталог</Наименование><Товары>
"""
ITEM = """<Товар><Ид>00000000-0000-4000-8000-{0:012}</Ид><Артикул>N-{0}</Артикул><Наименование>Товар номер {0}</Наименование>
<БазоваяЕдиница Код="796" НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>
<Группы><Ид>g{1}</Ид></Группы><Описание>Описание товара номер {0}, в меру длинное.</Описание>
<Картинка>import_files/{1}/{0}.jpg</Картинка>
<ЗначенияСвойств><ЗначенияСвойства><Ид>p1</Ид><Значение>v{1}</Значение></ЗначенияСвойства>
<ЗначенияСвойства><Ид>p2</Ид><Значение>{0}</Значение></ЗначенияСвойства></ЗначенияСвойств>
<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов>
<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>ТипНоменклатуры</Наименование><Значение>Товар</Значение></ЗначениеРеквизита>
<ЗначениеРеквизита><Наименование>Ширина</Наименование><Значение>0.35</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></Товар>
"""
TAIL = "</Товары></Каталог></КоммерческаяИнформация>\n"


def write(path: Path, items: int) -> None:
    """A catalogue of so many items."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(ITEM.format(number, number % 97) for number in range(items))
        file.write(TAIL)


def expat(path: Path) -> int:
    """The floor: every event reaches Python, which does nothing."""
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: None
    parser.EndElementHandler = lambda name: None
    parser.CharacterDataHandler = lambda text: None
    with path.open("rb") as file:
        parser.ParseFile(file)
    return 0


def full(path: Path) -> int:
    """Full records of everything."""
    return sum(1 for _ in read(path))


def cut(path: Path) -> int:
    """Pieces with their digests."""
    return sum(len(part.pieces) for part in pieces.walk(path))


MEASURED: dict[str, Callable[[Path], int]] = {"expat": expat, "read": full, "cut": cut}


def alone(what: str, path: Path) -> dict[str, float]:
    """Time and peak memory (MB) of one way of reading, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading", "--one", what, str(path)], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def one(what: str, path: Path) -> None:
    """Measure in this process and print."""
    begun = time.process_time()
    count = MEASURED[what](path)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak": peak, "count": count}))


def again(path: Path) -> tuple[float, float, int]:
    """Seconds by the clock of reading alone and of the unchanged re-import, and how many pieces that found changed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "b24app.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    from b24app.models import Portal
    from exchange import sessions
    from exchange.imports.remember import changed_pieces, keep_digests
    from exchange.models import PieceDigest

    call_command("migrate", verbosity=0)
    portal = Portal.objects.create(member_id=f"benchmark{os.getpid()}", domain="benchmark.example")
    base, _ = sessions.create_base(portal, "benchmark", "other")

    def passed(*, keep: bool) -> int:
        changed = 0
        for part in pieces.walk(path):
            with transaction.atomic():
                found = changed_pieces(base.pk, part.pieces) if part.pieces else []
                if keep:
                    keep_digests(base.pk, found)
            changed += len(found)
        return changed

    try:
        passed(keep=True)
        begun = time.monotonic()
        full(path)
        reading = time.monotonic() - begun
        begun = time.monotonic()
        changed = passed(keep=False)
        return reading, time.monotonic() - begun, changed
    finally:
        PieceDigest.objects.filter(base=base).delete()
        base.delete()
        portal.delete()


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, default=100_000)
    arguments.add_argument("--one", nargs=2, metavar=("WHAT", "PATH"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        one(given.one[0], Path(given.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for items in (given.items // 10, given.items):
            path = Path(folder) / f"{items}.xml"
            write(path, items)
            size = path.stat().st_size / 1e6
            floor = alone("expat", path)["seconds"]
            for what in ("read", "cut"):
                found = alone(what, path)
                took = found["seconds"]
                print(
                    f"{items:>7} items {what:>4}: {took / floor:.2f} × expat, {items / took:,.0f} items/s, "
                    f"{size / took:.1f} MB/s, peak {found['peak']:.0f} MB",
                    flush=True,
                )
        reading, unchanged, changed = again(path)
        print(f"{items:>7} items again, unchanged: {unchanged / reading:.2f} × reading ({unchanged:.1f} s, {changed} changed)")


if __name__ == "__main__":
    main()
