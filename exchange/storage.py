"""Files that 1C sends: received in pieces, found again, and cleaned away by age.

They lie under `DATA_DIR/exchange/<base>/<session>/` under names of our own making, whatever 1C calls them; `UploadedFile` rows
know which is which. A piece goes to a file of its own first: a broken request leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import logging
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from exchange import protocol
from exchange.file_names import clean_name
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.pictures import find_picture, keep_pictures, picture_bytes, picture_digest
from exchange.protocol import NO_BODY, Refused

__all__ = [
    "Busy", "alone", "clean", "close_uploads", "find_picture", "folder_of", "forget", "has_room", "is_complete_xml",
    "keep_pictures", "picture_bytes", "picture_digest", "receive", "stored",
]  # fmt: skip

log = logging.getLogger(__name__)

_BLOCK: Final = 256 * 1024
# A repeated piece is told by its bytes; shorter ones may be equal by chance, but not the beginning of a file.
_REPEAT_FROM: Final = 1024
# Of what one base may have lying here at a time, in whole sessions.
_SESSIONS_PER_BASE: Final = 4
_MEBIBYTE: Final = 1024 * 1024
_SPARE_ON_DISK: Final = 256 * 1024 * 1024
KEEP_UPLOADS: Final = dt.timedelta(hours=24)
# For whoever asks why a file could not be read.
KEEP_FAILED: Final = dt.timedelta(days=7)
# Orders and reference books are kept until they are carried.
KEEP_DOCUMENTS: Final = dt.timedelta(days=90)
_AT_WORK: Final = (ImportRun.State.WAITING, ImportRun.State.READING)


def receive(session: ExchangeSession, name: str, stream: IO[bytes], length: int | None) -> UploadedFile:
    """Append one piece, of `length` bytes (None: up to the end of the stream), to the upload of that name.

    The same piece twice in a row is taken once: a client that missed our answer sends it again. Raises Refused, with nothing
    kept, for a bad name, a full quota, a cut body, or when another request is sending the same file.
    """
    name = clean_name(name)
    room = _room(session, name, length or 0)
    folder = folder_of(session)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, hashlib.sha256(name.encode()).hexdigest(), protocol.being_received(name)):
        piece = folder / f"piece-{secrets.token_hex(8)}"
        try:
            size, digest = _to_disk(stream, length, room, piece)
            return _append(session, name, piece, size, digest)
        except OSError as error:
            log.exception("session %s: a piece was not written", session.pk)
            raise Refused(protocol.write_failed(name)) from error
        finally:
            piece.unlink(missing_ok=True)


def close_uploads(session: ExchangeSession) -> None:
    """After a new init: files sent so far stay readable, but pieces of the same names begin new files."""
    UploadedFile.objects.filter(session=session, closed_at=None).update(closed_at=timezone.now())


def stored(session: ExchangeSession, name: str) -> UploadedFile | None:
    """The upload (or unpacked file) that 1C means: by its name, in any case, or by its last part where only one has it."""
    files = UploadedFile.objects.filter(session=session)
    found = files.filter(name=name).first() or files.filter(name__iexact=name).first()
    if found is None:
        last = name.rpartition("/")[2]
        alike = list(files.filter(Q(name__iexact=last) | Q(name__iendswith=f"/{last}"))[:2])
        found = alike[0] if len(alike) == 1 else None
    return found


def is_complete_xml(path: Path) -> bool:
    """Whether the file looks like a whole XML document: it ends with the end of the element it begins with."""
    try:
        with path.open("rb") as stream:
            head = stream.read(64 * 1024)
            stream.seek(max(0, path.stat().st_size - 1024))
            tail = stream.read().rstrip(b"\0 \t\r\n\x1a")
    except OSError:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
    root = re.search(rb"<([^\s?!/<>]+)[^<>]*?(/?)>", re.sub(rb"<!--.*?-->", b"", head, flags=re.DOTALL))
    if root is None:
        return False
    return tail.endswith(b"/>") if root[2] else re.search(rb"</" + re.escape(root[1]) + rb"\s*>$", tail) is not None


def clean(now: dt.datetime) -> int:
    """Remove uploads past their time (never what a waiting or reading run needs); returns how many sessions were cleared."""
    cleared = 0
    old = ExchangeSession.objects.filter(last_at__lt=now - KEEP_UPLOADS, files__isnull=False).distinct().order_by("id")
    for session in old[:500]:
        if _wanted_until(session) < now:
            forget(session)
            cleared += 1
    ExchangeSession.objects.filter(last_at__lt=now - KEEP_DOCUMENTS, files__isnull=True).delete()
    _forget_removed_bases()
    return cleared


def _forget_removed_bases() -> None:
    """The folders of bases that are no more: their rows went without them."""
    for folder in (Path(settings.DATA_DIR) / "exchange", Path(settings.DATA_DIR) / "pictures"):
        names = {path.name for path in folder.iterdir() if path.name.isdecimal()} if folder.is_dir() else set()
        there = {str(pk) for pk in OneCBase.objects.filter(pk__in=[int(name) for name in names]).values_list("pk", flat=True)}
        for name in names - there:
            shutil.rmtree(folder / name, ignore_errors=True)


def forget(session: ExchangeSession) -> None:
    """Remove a session's files from the disk and the database; its runs stay as history."""
    UploadedFile.objects.filter(session=session).delete()
    shutil.rmtree(folder_of(session), ignore_errors=True)


def folder_of(session: ExchangeSession) -> Path:
    """Where the files of a session lie."""
    return Path(settings.DATA_DIR) / "exchange" / str(session.base_id) / str(session.pk)


class Busy(Refused):
    """Another request does just this."""


@contextlib.contextmanager
def alone(folder: Path, what: str, otherwise: str) -> Iterator[None]:
    """Hold the folder's lock for `what`; raises Busy with the sentence `otherwise` when someone else does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(otherwise) from error
        yield


def _room(session: ExchangeSession, name: str, length: int) -> int:
    """How many bytes may come now; raises Refused when `length` is more."""
    limit: int = settings.EXCHANGE_MAX_UPLOAD
    held = UploadedFile.objects.filter(session=session).aggregate(size=Sum("size"), files=Count("pk"))
    used: int = held["size"] or 0
    if used + length > limit:
        raise Refused(protocol.upload_too_large(limit))
    if held["files"] >= settings.EXCHANGE_MAX_FILES and not UploadedFile.objects.filter(session=session, name=name).exists():
        raise Refused(protocol.TOO_MANY_FILES)
    # The whole base is asked for when a session begins and each time that it passes another mebibyte: pieces may be small.
    if (used == 0 or (used + length) // _MEBIBYTE > used // _MEBIBYTE) and _base_is_full(session, length):
        raise Refused(protocol.BASE_FULL)
    if not has_room(length):
        raise Refused(protocol.DISK_FULL)
    return limit - used


def has_room(length: int) -> bool:
    """Whether the disk takes so many bytes more and keeps what the database needs to live."""
    folder = Path(settings.DATA_DIR)
    return not folder.exists() or shutil.disk_usage(folder).free >= length + _SPARE_ON_DISK


def _base_is_full(session: ExchangeSession, length: int) -> bool:
    files = UploadedFile.objects.filter(session__base_id=session.base_id)
    limit = settings.EXCHANGE_MAX_UPLOAD * _SESSIONS_PER_BASE
    if (files.aggregate(size=Sum("size"))["size"] or 0) + length <= limit:
        return False
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    for other in ExchangeSession.objects.filter(base_id=session.base_id, last_at__lt=hour_ago, type="catalog").exclude(
        pk=session.pk
    ):
        if not ImportRun.objects.filter(session=other, state__in=_AT_WORK).exists():
            forget(other)
    return bool((files.aggregate(size=Sum("size"))["size"] or 0) + length > limit)


def _to_disk(stream: IO[bytes], length: int | None, room: int, target: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        while length is None or size < length:
            block = stream.read(_BLOCK if length is None else min(_BLOCK, length - size))
            if not block:
                break
            size += len(block)
            if size > room:
                raise Refused(protocol.upload_too_large(settings.EXCHANGE_MAX_UPLOAD))
            digest.update(block)
            out.write(block)
    if size == 0 or (length is not None and size != length):
        raise Refused(NO_BODY)
    return size, digest.hexdigest()


def _append(session: ExchangeSession, name: str, piece: Path, size: int, digest: str) -> UploadedFile:
    with transaction.atomic():
        file, _ = UploadedFile.objects.select_for_update().get_or_create(session=session, name=name)
        if file.closed_at is not None or not file.path:
            _begin(file)
        elif file.piece_digest == digest and (size >= _REPEAT_FROM or (file.pieces == 1 and _begins_a_file(piece))):
            return file
        target = Path(file.path)
        if file.size == 0:
            piece.replace(target)
        else:
            with target.open("r+b") as out, piece.open("rb") as source:
                # What a killed request wrote past the known end goes.
                out.truncate(file.size)
                out.seek(file.size)
                shutil.copyfileobj(source, out, _BLOCK)
        file.size += size
        file.pieces += 1
        file.piece_digest = digest
        file.save()
    return file


def _begin(file: UploadedFile) -> None:
    if file.path and not ImportRun.objects.filter(path=file.path, state__in=_AT_WORK).exists():
        Path(file.path).unlink(missing_ok=True)
    file.path = str(folder_of(file.session) / secrets.token_hex(12))
    file.size = file.pieces = 0
    file.unpacked_at = file.closed_at = None
    file.digest = ""


def _begins_a_file(piece: Path) -> bool:
    with piece.open("rb") as stream:
        return stream.read(16).lstrip(b"\xef\xbb\xbf").startswith((b"<", b"PK\x03\x04", b"\xff\xd8", b"\x89PNG", b"GIF8"))


def _wanted_until(session: ExchangeSession) -> dt.datetime:
    runs = ImportRun.objects.filter(session=session)
    if runs.filter(state__in=_AT_WORK).exists():
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    if session.type in ("sale", "reference"):
        return session.last_at + KEEP_DOCUMENTS
    if runs.filter(state=ImportRun.State.FAILED).exists():
        return session.last_at + KEEP_FAILED
    return session.last_at + KEEP_UPLOADS
