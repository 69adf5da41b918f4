"""Uploads arrive in pieces and are there afterwards, exactly once."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange import storage
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.protocol import Refused
from exchange.sessions import open_run, open_session


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return open_session(base, "catalog")[0]


def send(session: ExchangeSession, body: bytes, name: str = "import.xml", length: int | None = -1) -> UploadedFile:
    return storage.receive(session, name, io.BytesIO(body), len(body) if length == -1 else length)


def content(session: ExchangeSession, name: str = "import.xml") -> bytes:
    file = storage.stored(session, name)
    assert file is not None
    return Path(file.path).read_bytes()


def on_disk(session: ExchangeSession) -> list[str]:
    return [path.name for path in storage.folder_of(session).rglob("*") if path.is_file() and path.suffix != ".lock"]


class TestReceive:
    def test_appends_pieces_in_order(self, session: ExchangeSession):
        for piece in (b"<a>", b"1", b"2", b"</a>"):
            file = send(session, piece)
        assert content(session) == b"<a>12</a>"
        assert (file.size, file.pieces) == (9, 4)

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(min_size=1, max_size=60_000), st.integers(min_value=700, max_value=9000))
    def test_puts_together_what_was_cut_anywhere(self, session: ExchangeSession, data: bytes, step: int):
        storage.close_uploads(session)
        for start in range(0, len(data), step):
            send(session, data[start : start + step] + b"%d" % start)
        whole = b"".join(data[start : start + step] + b"%d" % start for start in range(0, len(data), step))
        assert content(session) == whole

    def test_takes_a_large_piece_twice_in_a_row_once(self, session: ExchangeSession):
        piece = b"<a>" + b"x" * 2000
        send(session, b"<?xml?>")
        send(session, piece)
        send(session, piece)
        assert content(session) == b"<?xml?>" + piece

    def test_takes_a_repeated_first_piece_once_and_equal_small_pieces_as_they_come(self, session: ExchangeSession):
        send(session, b"<a>")
        send(session, b"<a>")
        send(session, b"--")
        send(session, b"--")
        assert content(session) == b"<a>----"

    def test_keeps_nothing_of_a_cut_body(self, session: ExchangeSession):
        send(session, b"<a>")
        with pytest.raises(Refused):
            send(session, b"cut", length=10)
        assert content(session) == b"<a>"
        assert len(on_disk(session)) == 1

    def test_drops_what_a_killed_request_left_behind_the_known_end(self, session: ExchangeSession):
        file = send(session, b"<a>")
        with Path(file.path).open("ab") as stream:
            stream.write(b"half a piece")
        send(session, b"</a>")
        assert content(session) == b"<a></a>"

    def test_reads_to_the_end_where_the_length_is_not_said(self, session: ExchangeSession):
        send(session, b"<a/>", length=None)
        assert content(session) == b"<a/>"

    @pytest.mark.parametrize("length", [0, None])
    def test_refuses_an_empty_body(self, session: ExchangeSession, length: int | None):
        with pytest.raises(Refused):
            send(session, b"", length=length)
        assert not UploadedFile.objects.exists()

    def test_refuses_more_than_a_session_may_send(self, session: ExchangeSession, settings: Any):
        settings.EXCHANGE_MAX_UPLOAD = 100
        send(session, b"1" * 60)
        with pytest.raises(Refused):
            send(session, b"2" * 60)
        with pytest.raises(Refused):
            send(session, b"2" * 60, "other.xml", length=None)
        assert len(content(session)) == 60
        assert len(on_disk(session)) == 1

    def test_never_reads_a_body_that_says_it_is_too_large(self, session: ExchangeSession, settings: Any):
        settings.EXCHANGE_MAX_UPLOAD = 100

        class Unread(io.BytesIO):
            def read(self, *args: Any) -> bytes:
                raise AssertionError("read")

        with pytest.raises(Refused):
            storage.receive(session, "a.xml", Unread(b"1"), 10**12)

    def test_refuses_when_a_base_fills_its_share(self, base: OneCBase, settings: Any):
        settings.EXCHANGE_MAX_UPLOAD = 100
        for _ in range(4):
            send(open_session(base, "catalog")[0], b"1" * 100)
        with pytest.raises(Refused):
            send(open_session(base, "catalog")[0], b"1" * 100)
        # An hour later what nobody waits for makes room.
        ExchangeSession.objects.update(last_at=timezone.now() - dt.timedelta(hours=2))
        send(open_session(base, "catalog")[0], b"1" * 100)

    def test_refuses_small_pieces_too_once_a_base_has_filled_its_share(self, base: OneCBase, settings: Any):
        settings.EXCHANGE_MAX_UPLOAD = 2 * 1024**2
        for _ in range(3):
            send(open_session(base, "catalog")[0], b"1" * settings.EXCHANGE_MAX_UPLOAD)
        small = b"2" * 200_000
        both = [open_session(base, "catalog")[0], open_session(base, "catalog")[0]]
        taken = 0
        for number in range(40):
            with contextlib.suppress(Refused):
                send(both[number % 2], small, f"{number}.xml")
                taken += len(small)
        assert settings.EXCHANGE_MAX_UPLOAD // 2 < taken <= settings.EXCHANGE_MAX_UPLOAD + 2 * 1024**2

    def test_refuses_more_files_than_a_session_may_hold(self, session: ExchangeSession, settings: Any):
        settings.EXCHANGE_MAX_FILES = 2
        send(session, b"1", "1.jpg")
        send(session, b"2", "2.jpg")
        with pytest.raises(Refused, match="слишком много файлов"):
            send(session, b"3", "3.jpg")

    def test_refuses_what_would_fill_the_disk(self, session: ExchangeSession, monkeypatch: pytest.MonkeyPatch):
        usage = shutil.disk_usage("/")._replace(free=1024**2)
        monkeypatch.setattr("exchange.storage.shutil.disk_usage", lambda _: usage)
        with pytest.raises(Refused, match="закончилось место"):
            send(session, b"1")
        assert not UploadedFile.objects.exists()

    def test_refuses_a_second_request_that_sends_the_same_file_meanwhile(self, session: ExchangeSession):
        class Meanwhile(io.BytesIO):
            def read(self, *args: Any) -> bytes:
                with pytest.raises(Refused):
                    send(session, b"second")
                send(session, b"other", "offers.xml")
                return super().read(*args)

        storage.receive(session, "import.xml", Meanwhile(b"first"), 5)
        assert content(session) == b"first"
        assert content(session, "offers.xml") == b"other"

    def test_begins_anew_after_an_init_and_after_an_import(self, session: ExchangeSession):
        send(session, b"<old>")
        storage.close_uploads(session)
        send(session, b"<new/>")
        run = open_run(session, "import.xml")
        send(session, b"<newest/>")
        assert content(session) == b"<newest/>"
        assert Path(run.path).read_bytes() == b"<new/>"
        assert len(on_disk(session)) == 2

    def test_says_what_could_not_be_written(self, session: ExchangeSession, monkeypatch: pytest.MonkeyPatch):
        def full(*args: object) -> tuple[int, str]:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(storage, "_to_disk", full)
        with pytest.raises(Refused, match=r"import\.xml"):
            send(session, b"<a>")


class TestStored:
    def test_finds_by_name_in_any_case_and_by_the_last_part(self, session: ExchangeSession):
        send(session, b"1", "webdata/Import.xml")
        for name in ("webdata/Import.xml", "WEBDATA/import.XML", "import.xml"):
            assert storage.stored(session, name) is not None
        send(session, b"2", "other/import.xml")
        assert storage.stored(session, "import.xml") is None


class TestIsCompleteXml:
    @pytest.mark.parametrize(
        ("text", "whole"),
        [
            ('<?xml version="1.0"?><К a="1"><b/></К>\n', True),
            ("<К a='1'/>", True),
            ("<!-- <x> --><К></К >", True),
            ("<К><b></b>", False),
            ("<К><К2></К2>", False),
            ("", False),
            ("text", False),
        ],
    )
    def test_asks_whether_it_ends_as_it_begins(self, tmp_path: Path, text: str, whole: bool):
        for encoding in ("utf-8", "utf-8-sig", "cp1251", "utf-16"):
            (tmp_path / encoding).write_bytes(text.encode(encoding))
            assert storage.is_complete_xml(tmp_path / encoding) is whole

    def test_says_no_of_a_file_that_is_gone(self, tmp_path: Path):
        assert not storage.is_complete_xml(tmp_path / "none")


class TestClean:
    def test_removes_old_uploads_but_none_that_a_run_still_needs(self, base: OneCBase):
        now = timezone.now()
        done, waiting, failed, orders = (open_session(base, "catalog")[0] for _ in range(4))
        orders.type = "sale"
        orders.save()
        for one in (done, waiting, failed, orders):
            send(one, b"<a/>")
        ImportRun.objects.filter(pk=open_run(done, "import.xml").pk).update(state="read")
        open_run(waiting, "import.xml")
        ImportRun.objects.filter(pk=open_run(failed, "import.xml").pk).update(state="failed")
        assert storage.clean(now) == 0
        assert storage.clean(now + dt.timedelta(days=2)) == 1
        assert not storage.folder_of(done).exists()
        assert storage.clean(now + dt.timedelta(days=9)) == 1
        assert storage.clean(now + dt.timedelta(days=100)) == 1
        assert content(waiting) == b"<a/>"
        assert ImportRun.objects.count() == 3
