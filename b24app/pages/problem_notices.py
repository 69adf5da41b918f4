"""Telling people of problems by the portal's own notices: whom the settings name, and of each cause at most once a day.

A problem that goes away by itself within minutes is nobody's business. What was told is kept in `Portal.facts["noticed"]`:
{"<base id, 0 = the portal itself>:<cause>": ISO moment}.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from b24app.models import Portal, ServiceCredential
from b24app.oauth import troubles
from b24app.oauth.clients import client_for
from b24app.oauth.language import language_for
from b24app.pages import causes
from b24app.pages.causes.documents import DOCUMENTS
from b24app.pages.causes.parties import PARTIES
from b24app.rest.batching import BATCH_LIMIT
from b24app.rest.errors import Fate, RestError
from exchange.models import OneCBase, Problem
from exchange.settling.entries import notification
from mapping.load import rules_of
from mapping.rules import Rules

FACT: Final = "noticed"
# So long a problem may take to go away by itself.
PATIENCE: Final = dt.timedelta(minutes=5)
_KEPT: Final = dt.timedelta(days=3)
# Beside everything about documents and buyers: what concerns more than single goods.
_GRAVE: Final = frozenset(
    {
        "unreadable-file",
        "tariff",
        "no-rights",
        "connection-lost",
        "catalog-missing",
        "offers-catalog-missing",
        "too-many-absent",
        "stock-document-refused",
        "price-type-refused",
        "own-fields-refused",
    }
)


@dataclass(frozen=True, slots=True)
class Open:
    """All open problems of one cause in one base (0 = of the portal itself); `newest`: when the last of them was first met."""

    base: int
    cause: str
    count: int
    newest: dt.datetime

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return f"{self.base}:{self.cause}"


def is_grave(cause: str) -> bool:
    """Whether a cause stops documents, buyers or a whole exchange; one that nobody has described may."""
    return cause in _GRAVE or cause in DOCUMENTS or cause in PARTIES or cause not in causes.CAUSES


def to_tell(found: Iterable[Open], told: Mapping[str, str], now: dt.datetime, zone: dt.tzinfo) -> list[Open]:
    """What is news: never told, or told before today and met anew since."""
    due = []
    for one in found:
        last = dt.datetime.fromisoformat(told[one.key]) if one.key in told else None
        if last is None or (last.astimezone(zone).date() < now.astimezone(zone).date() and one.newest > last):
            due.append(one)
    return due


def hearers(one: Open, rules: Mapping[int, Rules], installer: int) -> list[int]:
    """Who is told of it: those whom the base's settings name, else whoever installed the app; of the portal's own, those of any base."""
    asked = [rules[one.base]] if one.base in rules else list(rules.values()) if not one.base else []
    users: set[int] = set()
    for each in asked:
        if each.notify_about == "all" or (each.notify_about == "grave" and is_grave(one.cause)):
            users |= each.notify_users or {installer}
    return sorted(users - {0})


def tell_problems(portal_id: int) -> int:
    """Tell what is news in a portal; returns how many notices were sent."""
    portal = Portal.objects.filter(pk=portal_id, uninstalled_at=None, trouble="").first()
    scope = (portal.facts if portal else {}).get("scope")
    if portal is None or (scope and "im" not in scope):
        return 0
    now = timezone.now()
    told: dict[str, str] = dict(portal.facts.get(FACT) or {})
    found = open_problems(portal_id, now)
    bases = {base.pk: base for base in OneCBase.objects.filter(portal=portal)}
    rules = {pk: rules_of(portal_id, pk) for pk in bases}
    installer = ServiceCredential.objects.filter(portal=portal).values_list("user_id", flat=True).first() or 0
    due = [(one, users) for one in to_tell(found, told, now, portal.zone) if (users := hearers(one, rules, installer))]
    if not due:
        return 0
    with override(language_for(portal.language)):
        texts = {one.key: text_of(one, bases[one.base].name if one.base in bases else "") for one, _users in due}
    notices = [(one, user) for one, users in due for user in users]
    sent = _sent(portal, notices, texts)
    _keep(portal_id, {one.key: now.isoformat() for one in sent}, {one.key for one in found}, told, now)
    return len(sent)


def open_problems(portal_id: int, now: dt.datetime) -> list[Open]:
    """Open problems of a portal that have stood for a while, by base and cause."""
    rows = Problem.objects.filter(portal=portal_id, closed_at=None, first_at__lte=now - PATIENCE)
    grouped = rows.values("base_id", "cause").annotate(count=Count("id"), newest=Max("first_at")).order_by("base_id", "cause")
    return [Open(row["base_id"] or 0, row["cause"], row["count"], row["newest"]) for row in grouped]


def text_of(one: Open, base: str) -> str:
    """The notice: where, what, and what to do."""
    cause = causes.cause(one.cause)
    where = _("1C exchange, %(base)s") % {"base": base} if base else _("1C exchange")
    text = f"{where}: {causes.title(one.cause, one.count)}. {cause.remedy} {_('Open the app to see them.')}"
    # Square brackets are the portal's markup.
    return text.replace("[", "(").replace("]", ")")


def _sent(portal: Portal, notices: Sequence[tuple[Open, int]], texts: Mapping[str, str]) -> list[Open]:
    """Send them; those that the portal could not take now are left for the next time."""
    client = client_for(portal)
    sent: list[Open] = []
    for start in range(0, len(notices), BATCH_LIMIT):
        some = notices[start : start + BATCH_LIMIT]
        try:
            commands = [notification(user, texts[one.key], f"ONEC|PROBLEM|{one.key}") for one, user in some]
            outcomes = client.batch(commands)
        except RestError as error:
            troubles.note(portal.pk, error)
            break
        for (one, _user), outcome in zip(some, outcomes, strict=True):
            # A person who is not there any more is no reason to try again.
            if outcome.error is None or outcome.error.fate not in (Fate.RETRY, Fate.REFRESH):
                sent.append(one)
    return sent


def _keep(portal_id: int, news: Mapping[str, str], still: set[str], told: Mapping[str, str], now: dt.datetime) -> None:
    """Remember what was told, as long as it stands or was told lately."""
    lately = (now - _KEPT).isoformat()
    kept = {**{key: moment for key, moment in told.items() if key in still or moment > lately}, **news}
    with connection.cursor() as cursor:
        cursor.execute(
            "update b24app_portal set facts = facts || jsonb_build_object(%s::text, %s::jsonb) where id = %s",
            [FACT, json.dumps(kept), portal_id],
        )
