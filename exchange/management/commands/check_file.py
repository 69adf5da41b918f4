"""Says what is in files of 1C before anybody sends them: which objects, what was odd, what is not carried, where a file breaks."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exchange.commerceml import Oddities, UnreadableFile, meaning, read
from exchange.commerceml.source import Opened
from exchange.planning.accounted import Account
from exchange.records import Counterparty, OrderDocument, Record

# Names of what a file holds, by the type of record: one of it, several of it.
_WORDS = {
    "ClassifierInfo": ("classifier", "classifiers"),
    "CatalogInfo": ("catalogue or offer package", "catalogues or offer packages"),
    "Group": ("group", "groups"),
    "Property": ("property", "properties"),
    "Category": ("category", "categories"),
    "Unit": ("unit", "units"),
    "PriceType": ("price type", "price types"),
    "Warehouse": ("warehouse", "warehouses"),
    "Product": ("product", "products"),
    "Offer": ("offer", "offers"),
    "OrderDocument": ("document", "documents"),
    "Counterparty": ("counterparty", "counterparties"),
}
# What an oddity's code means; `what` follows it.
_ODD = {
    "unknown-element": "not known, left out",
    "unknown-attribute": "an attribute that is not known, left out",
    "not-carried": "known, but not used by the exchange",
    "bad-number": "not a number",
    "bad-date": "not a date",
    "bad-time": "not a time",
    "bad-boolean": "neither yes nor no",
    "bad-characters": "not quite XML, repaired",
    "namespace": "a namespace is not as it should be",
    "bad-bytes": "damaged characters",
    "broken-item": "a broken item, left out",
    "encoding-repaired": "the encoding is not the declared one",
    "encoding-unknown": "an unknown encoding",
    "xml-repaired": "not quite XML, repaired",
    "declaration-late": "something stands before the XML declaration",
    "option-left-out": "an option without a value, left out",
    "description-markup": "markup in a description",
    "item-without-id": "an item without an id, left out",
    "too-many-attributes": "too many attributes, left out",
    "other-tax": "a tax other than VAT, left out",
    "stock-without-quantity": "a warehouse without a quantity, left out",
    "unknown-value-type": "an unknown type of values",
    "more-oddities": "and more",
}
# More is not unpacked: an archive of a megabyte can claim to hold a terabyte.
_UNPACKED_LIMIT = 2 << 30
# Documents that are looked at together, so that payments find their orders.
_TOGETHER = 5000


class Report(NamedTuple):
    """What one XML file holds; `error` is "" where it was read to its end. `sale` is what its documents come to (accounted.py)."""

    name: str
    found: dict[str, int]
    deleted: int
    oddities: list[dict[str, Any]]
    error: str
    line: int
    sale: dict[str, Any] = {}


class Command(BaseCommand):
    help = "Reads 1C files (XML or zip) and says what is in them and what is wrong with them. Changes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one line of JSON for each XML file")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = [report for name in options["files"] for report in check(Path(name))]
        for report in reports:
            told = json.dumps(report._asdict(), ensure_ascii=False) if options["json"] else "\n".join(_sentences(report))
            self.stdout.write(told)
        if broken := sum(bool(report.error) for report in reports):
            raise CommandError(f"{broken} of {len(reports)} cannot be read to the end.")


def check(path: Path) -> Iterator[Report]:
    """A report for the file, or for each XML file of an archive; nothing that is wrong with it is raised."""
    try:
        if zipfile.is_zipfile(path):
            yield from _check_archive(path)
        else:
            yield _check(str(path), path)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        yield _failed(str(path), f"The file cannot be opened: {getattr(error, 'strerror', None) or error}.")


def _check_archive(path: Path) -> Iterator[Report]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if member.filename.lower().endswith(".xml")]
        if not members:
            yield _failed(str(path), "The archive holds no XML file.")
        for member in members:
            name = f"{path}/{member.filename}"
            if member.file_size > _UNPACKED_LIMIT:
                yield _failed(name, "The file is larger than 2 GB when unpacked; it was not read.")
                continue
            # A member gives no more than its stated size, whatever is packed in it.
            with archive.open(member) as stream:
                yield _check(name, stream)


def _failed(name: str, error: str) -> Report:
    return Report(name, {}, 0, [], error, 0)


def _check(name: str, source: Opened) -> Report:
    oddities, found, deleted, error, line = Oddities(), Counter[str](), 0, "", 0
    sale = _Sale()
    try:
        for record in read(source, oddities=oddities):
            found[type(record).__name__] += 1
            deleted += _is_deleted(record)
            sale.take(record)
    except UnreadableFile as unreadable:
        error, line = unreadable.message, unreadable.line
    except zipfile.BadZipFile:
        error = "The archive is damaged here. What came before that was read."
    ordered = {_WORDS[kind][1]: found[kind] for kind in _WORDS if found[kind]}
    return Report(name, ordered, deleted, [odd._asdict() for odd in oddities], error, line, sale.told())


class _Sale:
    """Documents and counterparties of a file, accounted for in parts: whatever the file's size."""

    def __init__(self) -> None:
        self._account = Account(meaning.CURRENCIES)
        self._documents: list[OrderDocument] = []

    def take(self, record: Record) -> None:
        if isinstance(record, Counterparty):
            self._account.add((), [record])
        elif isinstance(record, OrderDocument):
            if len(self._documents) >= _TOGETHER and record.container != self._documents[-1].container:
                self._account.add(self._documents)
                self._documents = []
            self._documents.append(record)

    def told(self) -> dict[str, Any]:
        self._account.add(self._documents)
        return self._account.data()


def _is_deleted(record: Record) -> bool:
    return bool(getattr(getattr(record, "product", record), "deleted", False)) and not isinstance(record, Counterparty)


def _sentences(report: Report) -> Iterator[str]:
    yield report.name
    one = {many: word for word, many in _WORDS.values()}
    counted = [f"{count} {one[many] if count == 1 else many}" for many, count in report.found.items()]
    yield f"  Holds {', '.join(counted)}." if counted else "  Holds nothing that the exchange reads."
    if report.deleted:
        yield f"  Marked as deleted: {report.deleted}."
    if comes_to := report.sale.get("counts"):
        yield f"  Comes to {', '.join(f'{count} {name}' for name, count in comes_to.items())}."
    if left := report.sale.get("not_taken"):
        yield f"  Not documents of a sale, left out: {_named(left)}."
    if left := report.sale.get("not_carried"):
        yield f"  Kept with the document, without a field of the portal's own: {_named(left)}."
    for odd in report.oddities:
        times = f", {odd['times']} times" if odd["times"] > 1 else ""
        where = f" (line {odd['line']}{times})" if odd["line"] else ""
        yield f"  Odd: {_ODD.get(odd['code'], odd['code'])}: {odd['what']}{where}"
    yield f"  WRONG: {report.error}" if report.error else "  It can be read to the end."


def _named(counts: dict[str, int]) -> str:
    return ", ".join(name if count == 1 else f"{name} × {count}" for name, count in counts.items())
