"""SWEEP: what no event told is found by `>=updatedTime`, for every portal and kind of object, a little before where the last one ended.

It finds changes that raised no event (a product row changed with the sum unchanged), events that were lost, and everything that
happened while the app was away. The first sweep begins where the rules let documents begin, never with the whole CRM. Where a
sweep ended is kept in `Portal.facts["swept"]`: {"31": ISO moment by the portal's own clock}.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.db import transaction

from b24app.models import Portal
from b24app.oauth import troubles
from b24app.oauth.clients import client_for
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from b24app.rest.lists import PAGE, rows
from exchange.models import OneCBase, TradeDocument
from exchange.planning.portal_trades import whole
from exchange.planning.trade import COMPANY, CONTACT, DEAL, INVOICE
from exchange.settling import hear, work

log = logging.getLogger(__name__)

# Changes under way while the last sweep read, and clocks of the portal's machines that differ.
OVERLAP: Final = dt.timedelta(minutes=2)
# One sweep notes at most so many objects of a kind; the next goes on from there.
MOST: Final = 5000
# Pages asked for in one batch.
_PAGES: Final = 20
_KINDS: Final = (INVOICE, DEAL, COMPANY, CONTACT)


def portals() -> list[int]:
    """Portals to sweep: installed, callable, with a base that exchanges."""
    found = Portal.objects.filter(uninstalled_at=None, trouble="", bases__in=OneCBase.objects.working()).exclude(
        installed_at=None
    )
    return list(found.distinct().values_list("pk", flat=True))


def sweep(portal_id: int) -> int:
    """Note as heard what changed since the last sweep; returns how many objects were noted that are news."""
    portal = Portal.objects.filter(pk=portal_id, uninstalled_at=None, trouble="").first()
    if portal is None:
        return 0
    client = client_for(portal)
    noted = 0
    for kind in kinds_of(portal_id):
        since = _since(portal, kind)
        try:
            found, reached = _changed(client, kind, since)
        except RestError as error:
            troubles.note(portal.pk, error)
            log.warning("sweep of portal %s, kind %s: %s", portal_id, kind, error.code)
            return noted
        with transaction.atomic():
            noted += hear.note(portal_id, news(portal_id, kind, found))
            if reached is not None:
                _keep(portal_id, kind, reached)
    return noted


def kinds_of(portal_id: int) -> list[int]:
    """The kinds of objects that some base of the portal exchanges."""
    rules = [work.facts_of(base).rules.trade for base in OneCBase.objects.working().filter(portal=portal_id)]
    travels = {kind for kind in (INVOICE, DEAL) if any(one.of_kind(kind).travels for one in rules)}
    return [kind for kind in _KINDS if kind in travels or (kind in (COMPANY, CONTACT) and rules)]


def news(portal_id: int, kind: int, found: dict[int, str]) -> list[hear.Key]:
    """Those of the objects (id → updatedTime) that are not known as they are now."""
    if kind in (COMPANY, CONTACT):
        return [(kind, id) for id in found]
    rows = TradeDocument.objects.filter(base__portal=portal_id, entity_type_id=kind, b24_id__in=list(found))
    known = {id: str((side or {}).get("updated_at") or "") for id, side in rows.values_list("b24_id", "portal_side")}
    return [(kind, id) for id, moment in found.items() if known.get(id) != moment]


def _since(portal: Portal, kind: int) -> dt.datetime:
    kept = (portal.facts.get("swept") or {}).get(str(kind))
    if kept:
        return dt.datetime.fromisoformat(kept) - OVERLAP
    starts = []
    for base in OneCBase.objects.working().filter(portal=portal):
        rules = work.facts_of(base).rules.trade
        first = rules.of_kind(kind).from_date if kind in (INVOICE, DEAL) and rules.of_kind(kind).travels else None
        starts.append(dt.datetime.combine(first, dt.time(), dt.UTC) if first else base.created_at)
    return min(starts) - OVERLAP


def _changed(client: PortalClient, kind: int, since: dt.datetime) -> tuple[dict[int, str], str | None]:
    """Objects changed since: id → updatedTime; and how far was read, by the portal's clock (None = nothing new). Raises RestError."""
    params = {
        "entityTypeId": kind,
        "select": ["id", "updatedTime"],
        "filter": {">=updatedTime": since.isoformat()},
        "order": {"updatedTime": "ASC", "id": "ASC"},
    }
    found: dict[int, str] = {}
    first, *_ = client.batch([Command("crm.item.list", {**params, "start": 0})])
    starts = list(range(PAGE, min(first.total or 0, MOST), PAGE)) if first.error is None else []
    outcomes = [first]
    for begin in range(0, len(starts), _PAGES):
        outcomes += client.batch([Command("crm.item.list", {**params, "start": at}) for at in starts[begin : begin + _PAGES]])
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        found |= {whole(row.get("id")): str(row.get("updatedTime") or "") for row in rows(outcome.result)}
    moments = [dt.datetime.fromisoformat(moment) for moment in found.values() if moment]
    return found, max(moments).isoformat() if moments else None


def _keep(portal_id: int, kind: int, reached: str) -> None:
    locked = Portal.objects.select_for_update().get(pk=portal_id)
    locked.facts = {**locked.facts, "swept": {**(locked.facts.get("swept") or {}), str(kind): reached}}
    locked.save(update_fields=["facts"])
