"""Arbitrary files and records: the reader, the archives and the planning of trade fail only by their own errors."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from exchange import archives
from exchange.commerceml import UnreadableFile, meaning, pieces, read
from exchange.planning.counterparties import taken
from exchange.planning.documents import trades_of
from exchange.protocol import Refused
from exchange.records import Counterparty, OrderDocument
from tests.exchange.commerceml.plain import DATA
from tests.security.fuzzing import fuzz

SEEDS = sorted((path.read_bytes() for path in (DATA / "forms").glob("*.xml")), key=len)[:12]
TOKENS = [
    b"<", b">", b"/>", b"</", b"&lt;", b"&#0;", b"&#x10FFFF;", b"&a;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml?>", b"\0",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"\xef\xbb\xbf", b"\xff\xfe", b"'", b'"', b"=", b" xmlns:x='y'", b"1e999999", b"-0", b"NaN",
    "Документ".encode(), "Контейнер".encode(), "Сумма".encode(), "Товар".encode(), b"9999-99-99", b"x" * 5000,
]  # fmt: skip
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 60), st.one_of(st.sampled_from(TOKENS), st.binary(max_size=12))),
    min_size=1,
    max_size=8,
)


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The bytes with pieces cut out and put in at parts of their length."""
    for place, cut, put in edits:
        at = int(place * len(data))
        data = data[:at] + put + data[at + cut :]
    return data


class TestReader:
    @fuzz(0.35, st.sampled_from(SEEDS), EDITS)
    def test_fails_only_by_its_own_error(self, seed: bytes, edits: list[tuple[float, int, bytes]]):
        with contextlib.suppress(UnreadableFile):
            for record in read(io.BytesIO(edited(seed, edits))):
                assert "\0" not in repr(record)

    @fuzz(0.1, st.sampled_from(SEEDS), EDITS)
    def test_walks_through_the_pieces_of_any_file(self, seed: bytes, edits: list[tuple[float, int, bytes]]):
        with contextlib.suppress(UnreadableFile):
            for _ in pieces.walk(io.BytesIO(edited(seed, edits))):
                pass


def archive(names: list[str], texts: list[bytes]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        warnings.simplefilter("ignore", UserWarning)  # the same name twice is meant
        for number, name in enumerate(names):
            with contextlib.suppress(ValueError, UnicodeError):
                made.writestr(zipfile.ZipInfo(name or "a"), texts[number % len(texts)], zipfile.ZIP_DEFLATED)
    return stream.getvalue()


NAMES = st.lists(
    st.one_of(
        st.sampled_from(["import.xml", "../a.xml", "/etc/a.xml", "a/../../b.xml", "C:\\a.xml", "import_files/a.jpg", "A.XML", "a.XML"]),
        st.text(max_size=30),
    ),
    max_size=5,
)  # fmt: skip


class TestArchives:
    @fuzz(0.2, NAMES, st.lists(st.binary(max_size=200), min_size=1, max_size=3), st.one_of(st.just([]), EDITS))
    def test_lead_nowhere_else_and_fail_only_as_refused(
        self, names: list[str], texts: list[bytes], edits: list[tuple[float, int, bytes]]
    ):
        data = edited(archive(names, texts), edits)
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Refused), archives.opened(io.BytesIO(data)) as opened:
            for number, (name, info) in enumerate(archives.entries(opened, 1_000_000).items()):
                assert not name.startswith("/")
                assert ".." not in name.split("/")
                assert archives.extract(opened, info, Path(folder) / str(number)) <= 1_000_000


class TestFinds:
    def test_an_archive_that_lost_its_first_byte_is_refused_as_broken(self, tmp_path: Path):
        data = archive(["import.xml"], [b"text"])[1:]
        with pytest.raises(Refused), archives.opened(io.BytesIO(data)) as opened:  # noqa: PT012  (any step may refuse)
            for info in archives.entries(opened, 1000).values():
                archives.extract(opened, info, tmp_path / "out")

    def test_an_entry_without_a_name_is_left_out(self):
        with archives.opened(io.BytesIO(archive(["\0"], [b"text"]))) as opened:
            assert archives.entries(opened, 1000) == {}


NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([Decimal(0), Decimal("1.005"), Decimal(-7), Decimal(10) ** 30]),
    st.just(Decimal("1e400")),
    st.just(Decimal("-0")),
)
PARTIES = st.tuples(st.sampled_from(["", "1", "2"]), st.text(max_size=12), st.text("0123456789 ", max_size=14)).map(
    lambda told: Counterparty(id=told[0], name=told[1], inn=told[2])
)
IDS = st.sampled_from(["", "1", "2", "3", "\u0444"])
OPERATIONS = ["Заказ товара", "Выплата безналичных денег", "Отпуск товара", "Счет на оплату", "", "x"]


def _document(told: dict[str, Any]) -> OrderDocument:
    return OrderDocument(**told)


def documents(inner: st.SearchStrategy[tuple[OrderDocument, ...]]) -> st.SearchStrategy[OrderDocument]:
    """Documents of any kind with any numbers that name one another by chance."""
    return st.fixed_dictionaries(
        {
            "id": IDS,
            "number": IDS,
            "operation": st.sampled_from(OPERATIONS),
            "currency": st.sampled_from(["RUB", "руб", "", "643", "???"]),
            "currency_rate": NUMBERS,
            "amount": NUMBERS,
            "parties": st.lists(PARTIES, max_size=1).map(tuple),
            "basis_id": IDS,
            "deleted": st.booleans(),
            "container": st.integers(0, 2),
            "subordinates": inner,
        }
    ).map(_document)


DOCUMENTS = documents(st.lists(documents(st.just(())), max_size=2).map(tuple))


class TestTrades:
    @fuzz(0.25, st.lists(DOCUMENTS, max_size=4), st.booleans())
    def test_of_any_records_are_planned(self, told: list[OrderDocument], complete: bool):
        reading = trades_of(told, meaning.CURRENCIES, complete=complete)
        assert len(reading.orders) + len(reading.loose) + len(reading.not_taken) <= sum(map(_count, told))

    @fuzz(0.1, PARTIES)
    def test_of_any_counterparty_are_planned(self, party: Counterparty):
        taken(party)


def _count(document: OrderDocument) -> int:
    return 1 + sum(map(_count, document.subordinates))
