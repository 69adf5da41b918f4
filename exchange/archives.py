"""Unpacks the archives of 1C without trusting them: no way out, no bombs, no links, nothing encrypted, nothing twice."""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from exchange import protocol
from exchange.file_names import clean_name, extension
from exchange.protocol import Refused, unzip_failed

MOST_FILES: Final = 200_000
# Text of a catalogue shrinks to a twentieth; a thousandth is a bomb. Small entries may do as they like.
WORST_RATIO: Final = 200
RATIO_FROM: Final = 10 * 1024 * 1024
_BLOCK: Final = 1024 * 1024


def looks_like_archive(path: Path) -> bool:
    """Whether the file begins as a zip does; 1C names its archives at random, so content decides."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def is_complete(path: Path) -> bool:
    """Whether the whole archive is there: its directory comes last."""
    return zipfile.is_zipfile(path)


def entries(archive: zipfile.ZipFile, room: int) -> dict[str, zipfile.ZipInfo]:
    """The files to unpack by clean name; raises Refused for an archive that is not to be touched at all.

    `room` is how many bytes may be unpacked. Entries with extensions we never take are left out.
    """
    infos = [info for info in archive.infolist() if info.filename and not info.is_dir()]
    if len(infos) > MOST_FILES:
        raise Refused(unzip_failed(protocol.ZIP_TOO_MANY))
    if sum(info.file_size for info in infos) > room:
        raise Refused(unzip_failed(protocol.ZIP_TOO_LARGE))
    found: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in infos:
        if info.flag_bits & 1:
            raise Refused(unzip_failed(protocol.ZIP_LOCKED))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Refused(unzip_failed(protocol.ZIP_LINK))
        name = _name(info)
        if name is None:
            continue
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise Refused(protocol.zip_twice(name))
        seen.add(folded)
        found[name] = info
    return found


def _name(info: zipfile.ZipInfo) -> str | None:
    raw = info.filename
    if raw.startswith(("/", "\\")) or ":" in raw or ".." in raw.replace("\\", "/").split("/"):
        raise Refused(unzip_failed(protocol.name_refused(raw, protocol.NAME_LEADS_OUT)))
    if not raw.isascii() and not info.flag_bits & 0x800:
        # Without the UTF-8 flag zipfile decodes cp437; Windows wrote cp866.
        raw = raw.encode("cp437", "replace").decode("cp866", "replace")
    try:
        return clean_name(raw)
    except Refused:
        if extension(raw) in ("xml", "jpg", "jpeg", "png", "gif"):
            raise
        return None


def extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> int:
    """Write one entry to `target` (a new file) and return its size; raises Refused for a bomb or a broken entry."""
    size = 0
    try:
        with archive.open(info) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                size += len(block)
                _guard(info, size)
                out.write(block)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise Refused(protocol.zip_broken(info.filename)) from error
    except Refused:
        target.unlink(missing_ok=True)
        raise
    return size


def _guard(info: zipfile.ZipInfo, size: int) -> None:
    if size > info.file_size:
        raise Refused(unzip_failed(protocol.ZIP_LIES))
    if size > RATIO_FROM and size > WORST_RATIO * max(1, info.compress_size):
        raise Refused(unzip_failed(protocol.ZIP_BOMB))


def opened(stream: IO[bytes]) -> zipfile.ZipFile:
    """The archive, or Refused when it is cut or no archive."""
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError, struct.error) as error:
        raise Refused(unzip_failed(protocol.ZIP_CUT)) from error
