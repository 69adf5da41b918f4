"""The archives of a session become its files, a while at a time."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange import storage
from exchange.models import ExchangeSession, OneCBase, UploadedFile
from exchange.protocol import Refused
from exchange.sessions import open_session
from exchange.unpacking import Unpacking, unpack
from tests.exchange.test_archives import packed


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return open_session(base, "catalog")[0]


def send(session: ExchangeSession, body: bytes, name: str = "v8_1.zip") -> None:
    storage.receive(session, name, io.BytesIO(body), len(body))


def ticking() -> Iterator[float]:
    return iter(range(1000))


class TestUnpack:
    def test_is_nothing_without_an_archive(self, session: ExchangeSession):
        send(session, b"<a/>", "import.xml")
        assert unpack(session, seconds=1) is None

    def test_unpacks_pieces_that_came_under_one_name_once(self, session: ExchangeSession):
        data = packed(("import.xml", b"<a/>"), ("import_files/ab/x.jpg", b"jpeg")).getvalue()
        for start in range(0, len(data), 50):
            send(session, data[start : start + 50])
        assert unpack(session, seconds=10) == Unpacking(2, 2)
        assert unpack(session, seconds=10) is None
        for name, content in (("import.xml", b"<a/>"), ("import_files/ab/x.jpg", b"jpeg")):
            file = storage.stored(session, name)
            assert file is not None
            assert Path(file.path).read_bytes() == content
        assert not Path(UploadedFile.objects.get(name="v8_1.zip").path).exists()

    def test_stops_when_time_is_over_and_goes_on_where_it_stopped(self, session: ExchangeSession):
        send(session, packed(*((f"{number}.xml", b"<a/>") for number in range(5))).getvalue())
        clock = ticking()
        states = [unpack(session, seconds=1.5, clock=lambda: next(clock)) for _ in range(3)]
        assert states == [Unpacking(2, 5), Unpacking(4, 5), Unpacking(5, 5)]

    def test_knows_an_archive_by_its_content(self, session: ExchangeSession):
        send(session, packed(("goods.xml", b"<a/>")).getvalue(), "import.xml")
        assert unpack(session, seconds=10) is None
        assert unpack(session, "import.xml", seconds=10) == Unpacking(1, 1)
        assert storage.stored(session, "goods.xml") is not None

    def test_leaves_archives_that_belong_to_an_item_alone(self, session: ExchangeSession):
        send(session, b"PK\x03\x04 anything", "import_files/ab/drawings.zip")
        assert unpack(session, seconds=1) is None

    @pytest.mark.parametrize(
        "data", [packed(("a.xml", b"<a/>")).getvalue()[:-8], b"no archive", packed(("a.exe", b"1")).getvalue()]
    )
    def test_refuses_what_is_cut_or_no_archive_or_holds_nothing(self, session: ExchangeSession, data: bytes):
        send(session, data)
        with pytest.raises(Refused):
            unpack(session, seconds=1)

    def test_refuses_more_than_a_session_may_hold(self, session: ExchangeSession, settings):
        settings.EXCHANGE_MAX_UPLOAD = 1000
        send(session, packed(("a.xml", b"0" * 1500)).getvalue())
        with pytest.raises(Refused):
            unpack(session, seconds=1)
        assert not UploadedFile.objects.filter(name="a.xml").exists()

    def test_refuses_what_would_fill_the_disk(self, session: ExchangeSession, monkeypatch: pytest.MonkeyPatch):
        send(session, packed(("a.xml", b"<a/>")).getvalue())
        usage = shutil.disk_usage("/")._replace(free=1024**2)
        monkeypatch.setattr("exchange.storage.shutil.disk_usage", lambda _: usage)
        with pytest.raises(Refused, match="закончилось место"):
            unpack(session, seconds=1)
        assert not UploadedFile.objects.filter(name="a.xml").exists()

    def test_keeps_what_was_unpacked_before_a_broken_entry(self, session: ExchangeSession):
        raw = bytearray(packed(("a.xml", b"<a/>"), ("b.xml", bytes(range(256)) * 40)).getvalue())
        raw[raw.index(b"b.xml") + 20] ^= 0xFF
        send(session, bytes(raw))
        with pytest.raises(Refused):
            unpack(session, seconds=10)
        assert UploadedFile.objects.filter(name="a.xml").exists()

    def test_an_archive_sent_again_is_unpacked_again(self, session: ExchangeSession):
        for content in (b"<a/>", b"<b/>"):
            send(session, packed(("a.xml", content)).getvalue())
            assert unpack(session, seconds=10) == Unpacking(1, 1)
            file = storage.stored(session, "a.xml")
            assert file is not None
            assert Path(file.path).read_bytes() == content

    def test_says_so_while_another_request_unpacks(self, session: ExchangeSession):
        send(session, packed(("a.xml", b"<a/>")).getvalue())
        with storage.alone(storage.folder_of(session), "unpacking", ""):
            state = unpack(session, seconds=1)
        assert state is not None
        assert not state.finished
