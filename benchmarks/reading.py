"""How fast 1C files are read and cut, at what memory, and what an unchanged file costs when it comes again.

    DATA_DIR=/tmp/reading python -m benchmarks.reading [--items 100000]

An invented base as 1C writes it (import.xml and offers.xml, a tab per level, GUIDs, Russian texts, three price types and warehouses;
every fifth item has characteristics, so that 100,000 items make 240,000 products and offers). Times are given as ratios to expat with Python
handlers that do nothing, over the same files in the same run. Each memory figure is the peak of a process of its own, each time its
processor time; only the last line, where PostgreSQL works too, goes by the clock. The rows in the database are deleted afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import xml.parsers.expat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from exchange.commerceml import pieces, read

ROOT = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" xmlns:xs="http://www.w3.org/2001/XMLSchema" ВерсияСхемы="2.08">
"""
END = "</КоммерческаяИнформация>\n"
NOUNS = "болт гайка шайба анкер хомут кабель розетка лампа труба муфта кран фильтр краска клей плитка замок ручка дрель пила ключ"
WORDS = NOUNS.split()
TEXT = (
    "Предназначен для внутренних и наружных работ, изготовлен из качественных материалов, гарантия не менее двух лет. "
    "Хранить в сухом месте, перед применением ознакомиться с руководством."
)
# Columns: code, full name, international, short.
UNITS = (("796", "Штука", "PCE", "шт"), ("166", "Килограмм", "KGM", "кг"), ("006", "Метр", "MTR", "м"))


def guid(*of: object) -> str:
    """The same id for the same object, every time."""
    digits = hashlib.md5(repr(of).encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def lines(level: int, *rows: str) -> str:
    """Rows as 1C indents them."""
    return "".join(f"{chr(9) * (level + row.count('>>'))}{row.replace('>>', '')}\n" for row in rows)


def element(name: str, text: object) -> str:
    return f"<{name}>{text}</{name}>"


def item_name(number: int) -> str:
    return f"{WORDS[number % 20].capitalize()} {WORDS[number // 20 % 20]} М{number % 90 + 4}х{number % 300}"


def unit(number: int) -> str:
    code, full, international, short = UNITS[number % 3]
    return f'<БазоваяЕдиница Код="{code}" НаименованиеПолное="{full}" МеждународноеСокращение="{international}">{short}</БазоваяЕдиница>'


def product(number: int) -> str:
    """One Товар."""
    name, level = item_name(number), 4
    rows = [
        element("Ид", guid("item", number)),
        element("Артикул", f"А-{number:06}"),
        element("Наименование", name),
        unit(number),
    ]
    rows += ["<Группы>", ">>" + element("Ид", guid("group", number % 800)), "</Группы>", element("Описание", f"{name}. {TEXT}")]
    rows += [element("Картинка", f"import_files/{number % 256:02x}/{guid('item', number)}_{k}.jpg") for k in range(number % 3)]
    rows += [
        "<Изготовитель>",
        ">>" + element("Ид", guid("maker", number % 60)),
        ">>" + element("Наименование", f"Завод {number % 60}"),
    ]
    rows += ["</Изготовитель>", "<ЗначенияСвойств>"]
    for k in range(3 + number % 5):
        value = guid("option", k, number % 40) if k % 2 else f"{WORDS[(number + k) % 20]} {number % 97}"
        rows += [">><ЗначенияСвойства>", ">>>>" + element("Ид", guid("property", k)), ">>>>" + element("Значение", value)]
        rows.append(">></ЗначенияСвойства>")
    rows += ["</ЗначенияСвойств>", "<СтавкиНалогов>", ">><СтавкаНалога>", ">>>>" + element("Наименование", "НДС")]
    rows += [
        ">>>>" + element("Ставка", (20, 10, "Без НДС")[number % 3]),
        ">></СтавкаНалога>",
        "</СтавкиНалогов>",
        "<ЗначенияРеквизитов>",
    ]
    requisites = {
        "ВидНоменклатуры": "Товары",
        "ТипНоменклатуры": "Товар",
        "Полное наименование": name,
        "Вес": number % 5000 / 1000,
    }
    for key, held in requisites.items():
        rows += [">><ЗначениеРеквизита>", ">>>>" + element("Наименование", key), ">>>>" + element("Значение", held)]
        rows.append(">></ЗначениеРеквизита>")
    rows.append("</ЗначенияРеквизитов>")
    return lines(level - 1, "<Товар>") + lines(level, *rows) + lines(level - 1, "</Товар>")


def offers(number: int) -> Iterator[str]:
    """One Предложение, or one for each characteristic."""
    level = 4
    for variant in range(2 + number // 5 % 3 if number % 5 == 0 else 1):
        onec_id = guid("item", number) + (f"#{guid('variant', number, variant)}" if number % 5 == 0 else "")
        rows = [
            element("Ид", onec_id),
            element("Артикул", f"А-{number:06}"),
            element("Наименование", item_name(number)),
            unit(number),
        ]
        if number % 5 == 0:
            rows += ["<ХарактеристикиТовара>", ">><ХарактеристикаТовара>", ">>>>" + element("Наименование", "Размер")]
            rows += [">>>>" + element("Значение", 40 + variant), ">></ХарактеристикаТовара>", "</ХарактеристикиТовара>"]
        rows.append("<Цены>")
        for k in range(3):
            price, short = f"{(number % 50000 + 1000) * (10 - 2 * k) / 100:.2f}", UNITS[number % 3][3]
            rows += [">><Цена>", ">>>>" + element("Представление", f"{price} руб. за {short}")]
            rows += [">>>>" + element("ИдТипаЦены", guid("price", k)), ">>>>" + element("ЦенаЗаЕдиницу", price)]
            rows += [">>>>" + element("Валюта", "RUB"), ">>>>" + element("Единица", short), ">>>>" + element("Коэффициент", 1)]
            rows.append(">></Цена>")
        rows += ["</Цены>", element("Количество", sum((number + variant) % (7 + k) for k in range(3)))]
        rows += [f'<Склад ИдСклада="{guid("store", k)}" КоличествоНаСкладе="{(number + variant) % (7 + k)}"/>' for k in range(3)]
        yield lines(level - 1, "<Предложение>") + lines(level, *rows) + lines(level - 1, "</Предложение>")


def write(folder: Path, items: int) -> list[Path]:
    """The two files of a base of so many items."""
    package = folder / f"offers{items}.xml"
    with package.open("w", encoding="utf-8") as file:
        file.write(ROOT + lines(1, "<ПакетПредложений>", ">>" + element("ИдКаталога", guid("c")), ">><Предложения>"))
        file.writelines(offer for number in range(items) for offer in offers(number))
        file.write(lines(1, ">></Предложения>", "</ПакетПредложений>") + END)
    return [write_goods(folder, items), package]


def write_goods(folder: Path, items: int) -> Path:
    """The file of goods alone."""
    catalogue = folder / f"import{items}.xml"
    with catalogue.open("w", encoding="utf-8") as file:
        file.write(ROOT + lines(1, '<Каталог СодержитТолькоИзменения="false">', ">>" + element("Ид", guid("c")), ">><Товары>"))
        file.writelines(product(number) for number in range(items))
        file.write(lines(1, ">></Товары>", "</Каталог>") + END)
    return catalogue


def expat(path: Path) -> int:
    """The yardstick: every event reaches Python, which does nothing."""
    parser = xml.parsers.expat.ParserCreate()
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


def parsed(path: Path) -> int:
    """A first import: every piece is new, so all are cut and then parsed."""
    return sum(len(pieces.parse(part.pieces)) for part in pieces.walk(path))


MEASURED: dict[str, Callable[[Path], int]] = {"expat": expat, "read": full, "cut": cut, "cut+parse": parsed}


def alone(what: str, paths: Sequence[Path]) -> dict[str, float]:
    """Time and peak memory (MB) of one way of reading, in a process of its own; the better of two."""
    return min((_alone(what, paths) for _ in range(2)), key=lambda figures: figures["seconds"])


def _alone(what: str, paths: Sequence[Path]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading", "--one", what, *map(str, paths)], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def one(what: str, paths: Sequence[Path]) -> None:
    """Measure in this process and print."""
    begun = time.process_time()
    count = sum(MEASURED[what](path) for path in paths)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak": peak, "count": count}))


def again(paths: Sequence[Path]) -> tuple[float, float, int]:
    """Seconds by the clock of reading alone and of the unchanged re-import, and how many pieces that found changed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "b24app.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    from b24app.models import Portal
    from exchange import sessions
    from exchange.imports import piece_digests
    from exchange.models import PieceBlock, PieceDigest

    call_command("migrate", verbosity=0)
    portal = Portal.objects.create(member_id=f"benchmark{os.getpid()}", domain="benchmark.example")
    base, _ = sessions.create_base(portal, "benchmark", "other")

    def passed() -> int:
        changed = 0
        for part in (part for path in paths for part in pieces.walk(path) if part.pieces):
            with transaction.atomic():
                compared = piece_digests.compare(base.pk, part.pieces)
                piece_digests.keep(base.pk, compared, whole=True)
            changed += len(compared.changed)
        return changed

    try:
        passed()
        begun = time.monotonic()
        for path in paths:
            full(path)
        reading = time.monotonic() - begun
        begun = time.monotonic()
        changed = passed()
        return reading, time.monotonic() - begun, changed
    finally:
        PieceDigest.objects.filter(base=base).delete()
        PieceBlock.objects.filter(base=base).delete()
        base.delete()
        portal.delete()


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, default=100_000)
    arguments.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        one(given.one[0], [Path(name) for name in given.one[1:]])
        return
    with tempfile.TemporaryDirectory() as folder:
        for items in (given.items // 10, given.items):
            paths = write(Path(folder), items)
            size = sum(path.stat().st_size for path in paths) / 1e6
            yardstick = alone("expat", paths)["seconds"]
            for what in ("read", "cut", "cut+parse"):
                found = alone(what, paths)
                took = found["seconds"]
                print(
                    f"{items:>7} items {what:>9}: {took / yardstick:.2f} × expat, {found['count'] / took:,.0f} objects/s, "
                    f"{size / took:.1f} MB/s, peak {found['peak']:.0f} MB",
                    flush=True,
                )
        reading, unchanged, changed = again(paths)
        print(f"{items:>7} items again, unchanged: {unchanged / reading:.2f} × reading ({unchanged:.1f} s, {changed} changed)")


if __name__ == "__main__":
    main()
