"""Events of several requests that come at the same time are stored in one statement: what a commit costs, they share.

Whoever comes first writes at once; those who come meanwhile are written together by the first of them. Nobody waits for company, and every
request is answered only once PostgreSQL has its event for good.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, connection
from django.db.models.signals import post_delete, post_save
from kombu.exceptions import OperationalError
from redis import RedisError

from b24app.events.inbox import kept, object_id, renewing
from b24app.events.tasks import wake
from b24app.models import Portal
from b24app.oauth.app_events import proved_portal

log = logging.getLogger(__name__)

# How long a proved event proves those that show the same token (seconds). A mass edit sends hundreds of them; what comes this soon after
# the portal was uninstalled is stored, and never handled.
PROVED_FOR: Final = 2.0
# While events keep coming, workers are woken so often (seconds).
WAKE_SECONDS: Final = 0.05
_MOST_PROOFS: Final = 10_000

Key = tuple[int, str, str]  # portal, code, object


class _Told:
    """One event on its way. Its request waits at `turn` until it is written, or has to write itself."""

    __slots__ = ("data", "key", "turn", "written")

    def __init__(self, key: Key, data: str) -> None:
        self.key, self.data = key, data
        self.written = False
        self.turn = threading.Lock()
        self.turn.acquire()


_proofs: dict[bytes, tuple[int, float]] = {}  # digest of what was shown → the portal, and until when
_waiting: list[_Told] = []
_mutex = threading.Lock()
_busy = False  # whether somebody writes
_to_wake: set[int] = set()
_woken_at = 0.0


def receive(code: str, body: Mapping[str, str], fields: Mapping[str, Any]) -> bool:
    """Store the event of a proved portal and wake a worker for it; False when it is not proved. Raises DatabaseError."""
    try:
        return _receive(code, body, fields)
    except IntegrityError:
        # The portal is not there any more.
        _proofs.clear()
        return _receive(code, body, fields)


def _receive(code: str, body: Mapping[str, str], fields: Mapping[str, Any]) -> bool:
    portal_id = _proved(body)
    if portal_id is None:
        return False
    clean = kept(fields)
    _store(_Told((portal_id, code, object_id(clean)), json.dumps(clean)))
    return True


def _proved(body: Mapping[str, str]) -> int | None:
    """The portal whose application token the event carries. The token itself is not remembered."""
    shown = f"{body.get('auth[member_id]', '')}\n{body.get('auth[application_token]', '')}"
    name = hashlib.blake2b(shown.encode(errors="replace"), digest_size=20).digest()
    known, now = _proofs.get(name), time.monotonic()
    if known is not None and now < known[1]:
        return known[0]
    portal = proved_portal(body)
    if portal is None:
        _proofs.pop(name, None)
        return None
    if len(_proofs) >= _MOST_PROOFS:
        _proofs.clear()
    _proofs[name] = (portal.pk, now + PROVED_FOR)
    return portal.pk


def _forget_proofs(**_: object) -> None:
    """A portal's row was written by this process: what was proved before is asked anew."""
    _proofs.clear()


post_save.connect(_forget_proofs, sender=Portal, dispatch_uid="proofs of events")
post_delete.connect(_forget_proofs, sender=Portal, dispatch_uid="proofs of events")


def _store(mine: _Told) -> None:
    global _busy
    with _mutex:
        _waiting.append(mine)
        first, _busy = not _busy, True
    if not first:
        mine.turn.acquire()
        if mine.written:
            return
    with _mutex:
        together = [mine, *(told for told in _waiting if told is not mine)]
        _waiting.clear()
    try:
        _write(together)
    finally:
        _pass_on(together[1:])
        # After the next one was let in: a slow broker keeps nobody from storing.
        for portal_id in _due({told.key[0] for told in together if told.written}):
            try:
                wake(portal_id)
            except (OperationalError, RedisError):
                log.warning("the broker does not answer: the event waits for the next tick")


def _due(portal_ids: set[int]) -> set[int]:
    """The portals whose workers are to be woken now. While others go on writing it is left to them, but not for long."""
    global _woken_at
    with _mutex:
        _to_wake.update(portal_ids)
        now = time.monotonic()
        if _busy and now < _woken_at + WAKE_SECONDS:
            return set()
        _woken_at = now
        due = set(_to_wake)
        _to_wake.clear()
    return due


def _write(together: list[_Told]) -> None:
    """Write them all; if they fail together, the first one alone, and the others are left to their own requests."""
    try:
        _insert(together)
    except DatabaseError:
        if len(together) == 1:
            raise
        together = together[:1]
        _insert(together)
    for told in together:
        told.written = True


def _insert(together: list[_Told]) -> None:
    # One row a key, for a statement may not renew the same row twice; and in the order of the keys: of two processes that renew the
    # same rows one waits for the other, and never both.
    rows = sorted({told.key: told.data for told in together}.items())
    with connection.cursor() as cursor:
        cursor.execute(renewing(len(rows)), [value for key, data in rows for value in (*key, data)])


def _pass_on(others: list[_Told]) -> None:
    """Let those go whose events are written; the first of the rest, or of those who came meanwhile, writes next."""
    global _busy
    with _mutex:
        _waiting[:0] = [told for told in others if not told.written]
        following = _waiting[0] if _waiting else None
        _busy = following is not None
    if following is not None:
        following.turn.release()
    for told in others:
        if told.written:
            told.turn.release()
