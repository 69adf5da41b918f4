"""Unpacks the archives of a session a while at a time, so that 1C never waits long for an answer.

What is unpacked is known to the database in the same step; what a killed process unpacked without that is unpacked again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from exchange import archives, protocol
from exchange.file_names import extension
from exchange.models import ExchangeSession, UploadedFile
from exchange.protocol import Refused, unzip_failed
from exchange.storage import Busy, alone, folder_of, has_room


class Unpacking(NamedTuple):
    """How far the archives of a session are unpacked, in files (0 of 0: another request is at it)."""

    done: int
    total: int

    @property
    def finished(self) -> bool:
        return 0 < self.done >= self.total


def unpack(
    session: ExchangeSession, asked: str = "", *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Unpacking | None:
    """Unpack the session's archives for about `seconds`; None when none waits. Call again until it is finished.

    `asked` is a file that may be an archive whatever it is called. Raises Refused for an archive that is cut, broken or hostile;
    files unpacked before stay.
    """
    if not _waiting(session, asked):
        return None
    state = Unpacking(0, 0)
    until = clock() + seconds
    try:
        with alone(folder_of(session), "unpacking", ""):
            for file in _waiting(session, asked):
                state = _unpack_one(file, until, clock)
                if not state.finished:
                    break
    except Busy:
        return Unpacking(0, 0)
    return state


def archives_are_whole(session: ExchangeSession) -> bool:
    """Whether every archive that is still to be unpacked has come to its end."""
    return all(Path(file.path).is_file() and archives.is_complete(Path(file.path)) for file in _waiting(session, ""))


def is_archive(file: UploadedFile) -> bool:
    """Whether the upload begins as an archive does."""
    return Path(file.path).is_file() and archives.looks_like_archive(Path(file.path))


def _waiting(session: ExchangeSession, asked: str) -> list[UploadedFile]:
    # An archive in a sub-folder is a file of an item.
    named = UploadedFile.objects.filter(session=session, unpacked_at=None).filter(Q(name__iendswith=".zip") | Q(name=asked))
    named = named.exclude(name__contains="/")
    return [file for file in named.order_by("id") if extension(file.name) == "zip" or is_archive(file)]


def _unpack_one(file: UploadedFile, until: float, clock: Callable[[], float]) -> Unpacking:
    path = Path(file.path)
    if not is_archive(file):
        raise Refused(unzip_failed(protocol.ZIP_CUT))
    with path.open("rb") as stream, archives.opened(stream) as archive:
        found = archives.entries(archive, settings.EXCHANGE_MAX_UPLOAD)
        if not found:
            raise Refused(unzip_failed(protocol.ZIP_EMPTY))
        there = _unpacked(file)
        left = {name: info for name, info in found.items() if name not in there}
        used = UploadedFile.objects.filter(session_id=file.session_id).aggregate(size=Sum("size"))["size"] or 0
        if used + sum(info.file_size for info in left.values()) > 2 * settings.EXCHANGE_MAX_UPLOAD:
            raise Refused(unzip_failed(protocol.ZIP_TOO_LARGE))
        if not has_room(sum(info.file_size for info in left.values())):
            raise Refused(unzip_failed(protocol.DISK_FULL))
        state = Unpacking(len(there) + _extract(file, archive, left, until, clock), len(found))
    if state.finished:
        UploadedFile.objects.filter(pk=file.pk).update(unpacked_at=timezone.now(), closed_at=timezone.now(), size=0)
        path.unlink(missing_ok=True)
    return state


def _target(file: UploadedFile) -> Path:
    return Path(f"{file.path}.unpacked")


def _unpacked(file: UploadedFile) -> set[str]:
    rows = UploadedFile.objects.filter(session_id=file.session_id, path__startswith=f"{_target(file)}/")
    return set(rows.values_list("name", flat=True))


def _extract(file: UploadedFile, archive: ZipFile, left: Mapping[str, ZipInfo], until: float, clock: Callable[[], float]) -> int:
    """Unpack entries until time is over; returns how many."""
    _target(file).mkdir(exist_ok=True)
    rows: list[UploadedFile] = []
    try:
        for name, info in left.items():
            path = _target(file) / secrets.token_hex(12)
            size = archives.extract(archive, info, path)
            rows.append(UploadedFile(session_id=file.session_id, name=name, path=str(path), size=size, pieces=1))
            if clock() >= until:
                break
    finally:
        _know(rows)
    return len(rows)


def _know(rows: list[UploadedFile]) -> None:
    now = timezone.now()
    for row in rows:
        row.unpacked_at = row.closed_at = row.changed_at = now
    UploadedFile.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["session", "name"],
        update_fields=["path", "size", "pieces", "unpacked_at", "closed_at", "changed_at", "digest", "piece_digest"],
    )
