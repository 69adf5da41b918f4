"""What is learnt of a 1C base beside its exchange: what its client does, and what our own checks found (`OneCBase.observed`)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from exchange.models import OneCBase

# How stale the time of last contact may be: it is not written with each of thousands of requests.
CONTACT_STEP: Final = dt.timedelta(seconds=5)


class Said(NamedTuple):
    """What of a request shows which client asks; kept in `OneCBase.observed` (only what is not empty)."""

    agent: str = ""
    version: str = ""
    cml_version: str = ""
    sessid: bool = False
    cookie: bool = False
    imports: str = ""  # the type whose `import` it asked for
    absent_before: int = 0  # the moment (seconds) of its last `deactivate`: what it has not sent since, it may no longer have


def touch(base: OneCBase, said: Said) -> None:
    """Note when the base was last heard and what its client does; written at most every few seconds, or when something is new."""
    now = timezone.now()
    if _with(base.observed, said) != base.observed:
        # Two requests at once may each bring something new: whoever comes second adds to what the first one wrote.
        with transaction.atomic():
            held = OneCBase.objects.select_for_update().only("observed").get(pk=base.pk)
            base.observed = _with(held.observed, said)
            OneCBase.objects.filter(pk=base.pk).update(observed=base.observed, last_contact_at=now)
    elif base.last_contact_at is None or base.last_contact_at < now - CONTACT_STEP:
        OneCBase.objects.filter(pk=base.pk).update(last_contact_at=now)
    else:
        return
    base.last_contact_at = now


def _with(observed: Mapping[str, Any], said: Said) -> dict[str, Any]:
    news = {key: value for key, value in said._asdict().items() if value and key != "imports"}
    if said.imports:
        news["imports"] = sorted({*observed.get("imports", []), said.imports})
    return {**observed, **news}


def observe(base: OneCBase, facts: Mapping[str, Any], *, forget: Iterable[str] = ()) -> None:
    """Keep facts (JSON) about the base under their names, beside whatever else is kept meanwhile; drop those in `forget`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update exchange_onecbase set observed = (observed || %s::jsonb) - %s::text[] where id = %s returning observed::text",
            [json.dumps(dict(facts), ensure_ascii=False, default=str), list(forget), base.pk],
        )
        row = cursor.fetchone()
    if row is not None:
        base.observed = json.loads(row[0])
