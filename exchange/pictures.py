"""Pictures of a base, kept by content until long after their upload is gone: the push needs them later, and only once.

`DATA_DIR/pictures/<base>/<2 hex>/<sha256>` holds the bytes, `names/<2 hex>/<sha256 of the path>` beside them the digest that a
path stands for.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from exchange.file_names import PICTURES, clean_name
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.protocol import Refused

_PICTURE_NAME = rf"\.({'|'.join(sorted(PICTURES))})$"


def keep_pictures(run: ImportRun) -> int:
    """Take the pictures that came with this run's file into the base's store; returns how many were new there.

    Safe to repeat; a picture sent again under the same path replaces what the path stood for.
    """
    if run.session_id is None:
        return 0
    kept = 0
    files = UploadedFile.objects.filter(session_id=run.session_id, digest="", name__iregex=_PICTURE_NAME)
    for file in files.iterator(chunk_size=500):
        path = Path(file.path)
        if not path.is_file():
            continue
        digest = _digest(path)
        kept += _keep(run.base_id, path, digest)
        _name(run.base_id, file.name, digest)
        UploadedFile.objects.filter(pk=file.pk, path=file.path).update(digest=digest, closed_at=timezone.now())
    return kept


def find_picture(where: ExchangeSession | OneCBase, path: str) -> Path | None:
    """The file that a `Картинка` path stands for: in the session's upload if one is given, else in the base's store."""
    try:
        name = clean_name(path)
    except Refused:
        return None
    if isinstance(where, ExchangeSession):
        exact = UploadedFile.objects.filter(session=where).filter(Q(name=name) | Q(name__iexact=name))
        for file in exact.order_by("-id"):
            if Path(file.path).is_file():
                return Path(file.path)
        return _stored(where.base_id, name)
    return _stored(where.pk, name)


def picture_bytes(base: OneCBase, path: str) -> bytes | None:
    """The picture itself, None when it never came."""
    found = find_picture(base, path)
    return found.read_bytes() if found else None


def picture_digest(base: OneCBase, path: str) -> str:
    """The sha256 (hex) of the picture a path stands for, "" when it never came: equal digests are one picture."""
    found = find_picture(base, path)
    return found.name if found else ""


def _folder(base_id: int) -> Path:
    return Path(settings.DATA_DIR) / "pictures" / str(base_id)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _keep(base_id: int, path: Path, digest: str) -> bool:
    target = _folder(base_id) / digest[:2] / digest
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{digest}.{secrets.token_hex(4)}")
    # A closed upload is never written again, so one file may have two names.
    try:
        os.link(path, beside)
    except OSError:
        shutil.copyfile(path, beside)
    beside.replace(target)
    return True


def _index(base_id: int, name: str) -> Path:
    digest = hashlib.sha256(name.casefold().encode()).hexdigest()
    return _folder(base_id) / "names" / digest[:2] / digest


def _name(base_id: int, name: str, digest: str) -> None:
    index = _index(base_id, name)
    index.parent.mkdir(parents=True, exist_ok=True)
    beside = index.with_name(f"{index.name}.{secrets.token_hex(4)}")
    beside.write_text(digest)
    beside.replace(index)


def _stored(base_id: int, name: str) -> Path | None:
    try:
        digest = _index(base_id, name).read_text()
    except OSError:
        return None
    path = _folder(base_id) / digest[:2] / digest
    return path if re.fullmatch(r"[0-9a-f]{64}", digest) and path.is_file() else None
