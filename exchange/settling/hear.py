"""HEAR: what the portal says may have changed becomes due; nothing is believed of it but the object's name.

Events, the offline queue and the sweep (sweep.py) all end here: one row per object, however often and in whatever order it is told.
A deleted object is due like any other: that it is not there any more is found by reading.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from django.db import connection, transaction

from b24app import lanes
from b24app.events.registry import Heard, on
from exchange.models import OneCBase, TradeDocument
from exchange.planning.trade import COMPANY, CONTACT, DEAL, INVOICE, PARTY_TYPES, REQUISITE

# Bank details have no number among the portal's entity types.
BANK_DETAIL: Final = -REQUISITE
_VERBS: Final = ("ADD", "UPDATE", "DELETE")
_KINDS: Final = {
    "DEAL": DEAL,
    "CONTACT": CONTACT,
    "COMPANY": COMPANY,
    "REQUISITE": REQUISITE,
    "BANKDETAIL": BANK_DETAIL,
}
_BY_CODE: Final = {f"ONCRM{name}{verb}": kind for name, kind in _KINDS.items() for verb in _VERBS} | {
    "ONCRMDEALMOVETOCATEGORY": DEAL
}
_ITEMS: Final = tuple(f"ONCRMDYNAMICITEM{verb}" for verb in _VERBS)
_ADDRESSES: Final = ("ONCRMADDRESSREGISTER", "ONCRMADDRESSUNREGISTER")
CODES: Final = (*_BY_CODE, *_ITEMS, *_ADDRESSES)

Key = tuple[int, int]


def listen(wake: Callable[[int], None]) -> None:
    """Listen to the portal's events; `wake` is called with the portal's id once something new is due."""

    def heard(event: Heard) -> None:
        key = object_of(event)
        if key is None:
            return
        gone = event.code.endswith("DELETE") and key[0] in PARTY_TYPES
        if note(event.portal_id, [key, *(named_by(event.portal_id, key) if gone else ())]):
            transaction.on_commit(lambda: wake(event.portal_id))

    on(*CODES)(heard)


def object_of(event: Heard) -> Key | None:
    """(entity type, id) of what the event is about; None for what is no concern of the exchange."""
    fields = event.data
    if event.code in _ITEMS:
        kind, id = _number(fields.get("ENTITY_TYPE_ID")), _number(fields.get("ID"))
        return (INVOICE, id) if kind == INVOICE and id else None
    if event.code in _ADDRESSES:
        # The anchor is whose address it is; the entity is mostly the requisite it belongs to.
        for kind_name, id_name in (("ANCHOR_TYPE_ID", "ANCHOR_ID"), ("ENTITY_TYPE_ID", "ENTITY_ID")):
            kind, id = _number(fields.get(kind_name)), _number(fields.get(id_name))
            if kind in (CONTACT, COMPANY, REQUISITE) and id:
                return kind, id
        return None
    known = _BY_CODE.get(event.code)
    id = _number(fields.get("ID"))
    return (known, id) if known is not None and id else None


def named_by(portal_id: int, party: Key) -> list[Key]:
    """Documents that name a buyer: when it was merged into another one or deleted, they name somebody else now."""
    rows = TradeDocument.objects.filter(base__portal=portal_id, portal_side__buyer=list(party), b24_id__isnull=False)
    return [(kind, id) for kind, id in rows.values_list("entity_type_id", "b24_id") if id is not None]


def note(portal_id: int, keys: Collection[Key]) -> int:
    """Make these objects due, inside the caller's transaction; returns how many (0 when the portal has no base to settle with)."""
    if not keys or not OneCBase.objects.working().filter(portal=portal_id).exists():
        return 0
    ordered = sorted(set(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into exchange_heardobject (portal_id, entity_type_id, b24_id, heard_at, version, read_version, failures)
               select %s, t.type, t.id, clock_timestamp(), 1, 0, 0 from unnest(%s::int[], %s::bigint[]) t(type, id)
               on conflict (portal_id, entity_type_id, b24_id) do update
               set version = exchange_heardobject.version + 1, failures = 0, not_before = null,
                 heard_at = case when exchange_heardobject.read_version < exchange_heardobject.version
                   then exchange_heardobject.heard_at else excluded.heard_at end""",
            [portal_id, [kind for kind, _ in ordered], [id for _, id in ordered]],
        )
    lanes.mark_due(portal_id, work=lanes.DOCUMENTS)
    return len(ordered)


def _number(value: object) -> int:
    text = str(value or "").strip()
    return int(text) if text.isdigit() and len(text) < 19 else 0
