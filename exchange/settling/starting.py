"""The first load of a base that was held back by its set-up: from now on it works like any other."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from b24app import lanes
from b24app.models import Portal
from exchange import setting_up
from exchange.models import OneCBase
from exchange.planning.trade import COMPANY, CONTACT, DEAL, INVOICE
from exchange.settling import work


def start(base: OneCBase, *, muted: bool) -> bool:
    """Let the base work, and the next sweep look back as far as its rules want; False when it works already.

    What 1C has sent until now is the first load: with `muted` what is made in the portal for it starts no automation.
    """
    with transaction.atomic():
        if not setting_up.let_go(base, muted=muted):
            return False
        _look_back(base)
        lanes.mark_due(base.portal_id)
        lanes.mark_due(base.portal_id, work=lanes.DOCUMENTS)
    return True


def _look_back(base: OneCBase) -> None:
    """The portal was swept for other bases meanwhile, and heard for nobody: what this one wants may be older than where that ended."""
    rules = work.facts_of(base).rules.trade
    portal = Portal.objects.select_for_update().get(pk=base.portal_id)
    swept: dict[str, str] = dict(portal.facts.get("swept") or {})
    for kind in (INVOICE, DEAL, COMPANY, CONTACT):
        since = base.created_at
        if kind in (INVOICE, DEAL):
            if not rules.of_kind(kind).travels:
                continue
            if first := rules.of_kind(kind).from_date:
                since = dt.datetime.combine(first, dt.time(), dt.UTC)
        kept = swept.get(str(kind))
        if kept and dt.datetime.fromisoformat(kept) > since:
            swept[str(kind)] = since.isoformat()
    if swept != (portal.facts.get("swept") or {}):
        portal.facts = {**portal.facts, "swept": swept}
        portal.save(update_fields=["facts"])
