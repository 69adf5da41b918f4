"""Storing what the portal says, first of all: one waiting row per object and code, however often it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from b24app.models import InboundEvent

CODE = re.compile(r"[A-Z][A-Z0-9_.]{2,99}", re.ASCII)
_FIELD = re.compile(r"data\[FIELDS\]\[(\w{1,40})\]", re.ASCII)


def fields_of(body: Mapping[str, str]) -> dict[str, str]:
    """The `data[FIELDS][…]` of an online event's form; never its `auth`."""
    found = ((_FIELD.fullmatch(key), body[key]) for key in list(body)[:200])
    return {match[1]: value for match, value in found if match}


def object_id(fields: Mapping[str, Any]) -> str:
    """What the event is about: the id, with the type of a CRM item before it; "" when it names nothing."""
    number = str(fields.get("ID") or "")
    kind = str(fields.get("ENTITY_TYPE_ID") or "")
    return (f"{kind}:{number}" if kind and number else number)[:64]


def kept(fields: Mapping[str, Any]) -> dict[str, str]:
    """What is stored of an event's fields, bounded, in letters that PostgreSQL can hold."""
    return {_storable(name)[:40]: _storable(value)[:255] for name, value in list(fields.items())[:50]}


def store(portal_id: int, code: str, fields: Mapping[str, Any]) -> None:
    """Keep the event; the same code for the same object only renews a row that still waits (and forgives its failures)."""
    clean = kept(fields)
    with connection.cursor() as cursor:
        cursor.execute(renewing(1), [portal_id, code, object_id(clean), json.dumps(clean)])


@lru_cache(64)
def renewing(rows: int) -> str:
    """The statement that stores so many events, for four parameters each: portal, code, object, data as JSON."""
    values = ", ".join(["(%s, %s, %s, %s::jsonb, clock_timestamp(), 0, '')"] * rows)
    return f"""insert into b24app_inboundevent (portal_id, code, object_id, data, received_at, attempts, error) values {values}
               on conflict (portal_id, code, object_id) where handled_at is null
               do update set data = excluded.data, received_at = excluded.received_at, attempts = 0, error = ''"""  # noqa: S608


def _storable(value: Any) -> str:
    """As text that PostgreSQL can hold: without NUL and half characters."""
    return str(value).replace("\0", "").encode(errors="replace").decode()


def handled(event: InboundEvent) -> bool:
    """Close the row unless the event was said again meanwhile (then it waits on, and this returns False)."""
    waiting = InboundEvent.objects.filter(pk=event.pk, received_at=event.received_at, handled_at=None)
    return waiting.update(handled_at=timezone.now(), error="") == 1
