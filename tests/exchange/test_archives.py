"""Archives are unpacked without being trusted."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from exchange import archives
from exchange.protocol import UNZIP_FAILED, Refused

ROOM = 1 << 30


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    out.seek(0)
    return out


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def locked() -> io.BytesIO:
    raw = bytearray(packed(("a.xml", b"<a/>")).getvalue())
    start = raw.index(b"PK\x01\x02") + 8
    raw[start] |= 1
    return io.BytesIO(bytes(raw))


def in_866(name: str, data: bytes) -> io.BytesIO:
    """As Windows packs it: the name in cp866, without the flag that says UTF-8."""
    raw = name.encode("cp866")
    stand_in = "x" * len(raw)
    return io.BytesIO(packed((stand_in, data)).getvalue().replace(stand_in.encode(), raw))


class TestEntries:
    @pytest.mark.parametrize(
        "hostile",
        [
            packed(("../a.xml", b"1")),
            packed(("/etc/a.xml", b"1")),
            packed(("..\\a.xml", b"1")),
            packed(("C:\\a.xml", b"1")),
            packed(("a/../../b.jpg", b"1")),
            packed((link("a.xml"), b"/etc/passwd")),
            packed(("a.xml", b"1"), ("A.XML", b"2")),
            locked(),
        ],
        ids=["up", "absolute", "backslash", "drive", "inside", "link", "twice", "locked"],
    )
    def test_refuses_a_hostile_archive_as_a_whole(self, hostile: io.BytesIO):
        hostile.seek(0)
        with archives.opened(hostile) as archive, pytest.raises(Refused, match=UNZIP_FAILED[:-1]):
            archives.entries(archive, ROOM)

    def test_refuses_too_many_files(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(archives, "MOST_FILES", 3)
        with archives.opened(packed(*((f"{n}.jpg", b"") for n in range(4)))) as archive, pytest.raises(Refused):
            archives.entries(archive, ROOM)

    def test_refuses_more_bytes_than_there_is_room_for(self):
        with archives.opened(packed(("a.xml", b"0" * 100))) as archive, pytest.raises(Refused):
            archives.entries(archive, 99)

    def test_leaves_out_what_nobody_needs(self):
        with archives.opened(packed(("a.xml", b"1"), ("Thumbs.db", b"2"), ("run.exe", b"3"))) as archive:
            assert list(archives.entries(archive, ROOM)) == ["a.xml"]

    def test_reads_names_that_windows_packed(self):
        with archives.opened(in_866("Товары.xml", b"<a/>")) as archive:
            assert list(archives.entries(archive, ROOM)) == ["Товары.xml"]


class TestExtract:
    def test_writes_the_entry(self, tmp_path: Path):
        with archives.opened(packed(("a.xml", b"<a/>"))) as archive:
            (info,) = archives.entries(archive, ROOM).values()
            assert archives.extract(archive, info, tmp_path / "a") == 4
        assert (tmp_path / "a").read_bytes() == b"<a/>"

    def test_stops_a_bomb_early_and_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(archives, "RATIO_FROM", 2 << 20)
        with archives.opened(packed(("bomb.xml", bytes(8 << 20)))) as archive:
            (info,) = archives.entries(archive, ROOM).values()
            with pytest.raises(Refused):
                archives.extract(archive, info, tmp_path / "bomb")
        assert list(tmp_path.iterdir()) == []

    def test_stops_an_entry_that_is_larger_than_it_says(self, tmp_path: Path):
        raw = bytearray(packed(("a.xml", b"0" * 5000)).getvalue())
        at = raw.index(b"PK\x01\x02") + 24
        struct.pack_into("<I", raw, at, 10)
        with archives.opened(io.BytesIO(bytes(raw))) as archive:
            (info,) = archives.entries(archive, ROOM).values()
            try:
                size = archives.extract(archive, info, tmp_path / "a")
            except Refused:
                size = 0
        assert size <= 10

    def test_reports_a_broken_entry(self, tmp_path: Path):
        raw = bytearray(packed(("a.xml", bytes(range(256)) * 40)).getvalue())
        raw[45] ^= 0xFF
        with archives.opened(io.BytesIO(bytes(raw))) as archive:
            (info,) = archives.entries(archive, ROOM).values()
            with pytest.raises(Refused):
                archives.extract(archive, info, tmp_path / "a")
        assert list(tmp_path.iterdir()) == []


class TestOpened:
    def test_refuses_a_cut_archive(self):
        with pytest.raises(Refused):
            archives.opened(io.BytesIO(packed(("a.xml", b"<a/>")).getvalue()[:-10]))

    def test_tells_an_archive_by_its_content(self, tmp_path: Path):
        path = tmp_path / "x"
        path.write_bytes(packed(("a.xml", b"<a/>")).getvalue())
        assert archives.looks_like_archive(path)
        assert archives.is_complete(path)
        path.write_bytes(path.read_bytes()[:-5])
        assert archives.looks_like_archive(path)
        assert not archives.is_complete(path)
