"""Taking a 1C base away: at once for people and for 1C, in slices for the rows it leaves, which may be a million."""

from __future__ import annotations

import functools
import secrets
import shutil
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from b24app.models import Portal
from exchange.models import (
    ExchangeRequest,
    ExchangeSession,
    HeardObject,
    ImportRun,
    OneCBase,
    PieceBlock,
    PieceDigest,
    Problem,
    StateRow,
    TradeDocument,
    TradeParty,
)
from exchange.storage import folder_of

SLICE = 10_000
_SLICED = (PieceDigest, PieceBlock, StateRow)


def begin(base: OneCBase) -> None:
    """No more signing in, no page, no push for this base; `carry_on` deletes its rows. The portal keeps its goods."""
    with transaction.atomic():
        locked = OneCBase.objects.select_for_update().get(pk=base.pk)
        locked.paused_at = locked.paused_at or timezone.now()
        locked.password = make_password(None)
        # Keys are unique and may be seen in 1C: the old address must not lead anywhere.
        locked.key = secrets.token_hex(20)
        locked.observed = {"removed": timezone.now().isoformat()}
        locked.save(update_fields=["paused_at", "password", "key", "observed"])
        ExchangeSession.objects.filter(base=locked).delete()
        Problem.objects.filter(base=locked).delete()
    if not any(model.objects.filter(base=base).exists() for model in _SLICED):
        _finish(base.pk)


def forget_portal(portal: Portal, clean: bool) -> None:
    """What goes when the app is uninstalled: uploads, requests, problems, people's data in documents and parties; with `clean` the
    bases as well (see b24app.oauth.purge).

    Otherwise the bases stay for the next installation, and of documents and parties who is who: their ids and numbers, so that nothing
    is made twice. Nobody can sign in to the bases meanwhile.
    """
    sessions = ExchangeSession.objects.filter(base__portal=portal)
    folders = [folder_of(session) for session in sessions]
    for folder in folders:
        transaction.on_commit(functools.partial(shutil.rmtree, folder, ignore_errors=True), robust=True)
    unread = ImportRun.objects.filter(base__portal=portal, state__in=[ImportRun.State.WAITING, ImportRun.State.READING])
    unread.update(state=ImportRun.State.FAILED, error="The app was uninstalled.", finished_at=timezone.now())
    sessions.delete()
    ExchangeRequest.objects.filter(base__portal=portal).delete()
    Problem.objects.filter(portal=portal).delete()
    HeardObject.objects.filter(portal=portal).delete()
    nothing: dict[str, Any] = {
        "portal_side": None,
        "onec_side": None,
        "agreed": None,
        "known": {},
        "settled_version": F("version"),
    }
    TradeParty.objects.filter(base__portal=portal).update(**nothing)
    TradeDocument.objects.filter(base__portal=portal).update(
        **nothing, outgoing=None, acknowledged_version=F("outgoing_version"), set_aside_at=None
    )
    if clean:
        for base in OneCBase.objects.filter(portal=portal):
            begin(base)


def carry_on() -> bool:
    """Delete one slice of what removed bases left; True when there is more to do."""
    base_id = OneCBase.objects.filter(observed__has_key="removed").values_list("pk", flat=True).first()
    if base_id is None:
        return False
    for model in _SLICED:
        if _delete_slice(model, base_id):
            return True
    _finish(base_id)
    return True


def _delete_slice(model: type[PieceDigest] | type[PieceBlock] | type[StateRow], base_id: int) -> bool:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"delete from {table} where id in (select id from {table} where base_id = %s limit %s)",  # noqa: S608 (our own table)
            [base_id, SLICE],
        )
        return bool(cursor.rowcount)


def _finish(base_id: int) -> None:
    OneCBase.objects.filter(pk=base_id).delete()
