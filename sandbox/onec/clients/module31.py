"""The catalogue exchange of the 1C-Bitrix module: one session for all files; a full export ends with two closing calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.onec.clients.catalog import Sent, upload
from sandbox.onec.clients.session import Session
from sandbox.onec.writers.upload import Portion


def send(new_session: Callable[[], Session], portions: Iterable[Portion]) -> Sent:
    """Send all files, import them in order, and close a full export; raises ClientRefused.

    `deactivate` carries the timestamp of checkauth; an export of changes sends neither of the two closing calls.
    """
    sent = Sent()
    session = new_session()
    session.checkauth()
    session.init()
    is_full = False
    for portion in portions:
        upload(session, portion, sent)
        for file in portion.xml:
            session.import_(file.name)
            sent.imports += 1
        sent.portions += 1
        is_full = is_full or portion.is_full
    if is_full:
        if not session.timestamp:
            raise session.wire.refusal("checkauth gave no timestamp, which a full export needs for deactivate")
        sent.notes.append(session.say("deactivate", f"timestamp={session.timestamp}"))
        sent.notes.append(session.say("complete"))
    sent.notes += session.notes
    return sent
