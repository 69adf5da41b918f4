"""Forgetting a portal: secrets and personal data go, a tombstone row stays (so that late events are recognised and refused)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from b24app.models import InboundEvent, Lane, Person, Portal, RestCall, ServiceCredential
from b24app.oauth import troubles

# Called inside the transaction with (portal, clean). Rooms above this one register from their apps.py; files go on commit.
Purger = Callable[[Portal, bool], None]
_purgers: list[Purger] = []

log = logging.getLogger(__name__)


def on_purge(purger: Purger) -> Purger:
    """Register what else has to be forgotten; usable as a decorator."""
    if purger not in _purgers:
        _purgers.append(purger)
    return purger


@transaction.atomic
def forget(portal: Portal, *, clean: bool) -> None:
    """Delete tokens, journal, events and personal choices; with `clean` (the administrator wants it) everything of the portal.

    Without `clean` links and rules stay: the app may be installed again, and goods must not be created twice. Without its lane
    a worker that is busy for the portal notices at its next save.
    """
    locked = Portal.objects.select_for_update().get(pk=portal.pk)
    for purger in _purgers:
        purger(locked, clean)
    for model in (ServiceCredential, RestCall, InboundEvent, Person, Lane):
        model._default_manager.filter(portal=locked).delete()
    locked.application_token = locked.client_secret = None
    locked.client_id = ""
    locked.scope = locked.status = locked.licence = ""
    locked.facts = {}
    locked.trouble = troubles.UNINSTALLED
    locked.uninstalled_at = timezone.now()
    locked.save()
    log.info("portal %s uninstalled, clean=%s", locked.pk, clean)
