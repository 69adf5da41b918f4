"""Handing waiting events to whoever listens; a failure stays on its row and blocks no other."""

from __future__ import annotations

import logging
import traceback

from django.db import transaction
from django.db.models import F

from b24app.events.inbox import handled
from b24app.events.registry import Heard, handlers_of
from b24app.models import InboundEvent

ATTEMPTS = 5

log = logging.getLogger(__name__)


def handle_waiting(portal_id: int | None = None, limit: int = 500) -> int:
    """Handle up to `limit` waiting events, oldest first; returns how many were closed. Any number of workers may do this."""
    waiting = InboundEvent.objects.filter(handled_at=None, attempts__lt=ATTEMPTS, portal__uninstalled_at=None)
    if portal_id is not None:
        waiting = waiting.filter(portal_id=portal_id)
    return sum(_handle(pk) for pk in list(waiting.order_by("attempts", "received_at").values_list("pk", flat=True)[:limit]))


def _handle(pk: int) -> bool:
    try:
        with transaction.atomic():
            event = InboundEvent.objects.select_for_update(skip_locked=True).filter(pk=pk, handled_at=None).first()
            if event is None:
                return False
            heard = Heard(event.portal_id, event.code, event.object_id, event.data)
            for handler in handlers_of(event.code):
                handler(heard)
            return handled(event)
    except Exception as error:
        # Whatever a handler raises is kept for people (and for replay_events --failed); the next event is handled all the same.
        log.warning("event %s failed: %s", pk, type(error).__name__, exc_info=True)
        text = "".join(traceback.format_exception(error, limit=-5))[-4000:]
        InboundEvent.objects.filter(pk=pk, handled_at=None).update(attempts=F("attempts") + 1, error=text.replace("\0", ""))
        return False


def replay(*, failed: bool, since: object = None) -> int:
    """Let events wait again: the failed ones, or all received since a moment (a newer waiting row of the same object wins)."""
    if failed:
        return InboundEvent.objects.filter(handled_at=None).exclude(error="").update(attempts=0)
    again = 0
    for event in InboundEvent.objects.filter(handled_at__isnull=False, received_at__gte=since).order_by("-received_at"):
        with transaction.atomic():
            waits = InboundEvent.objects.filter(
                portal_id=event.portal_id, code=event.code, object_id=event.object_id, handled_at=None
            )
            if not waits.exists():
                again += InboundEvent.objects.filter(pk=event.pk).update(handled_at=None, attempts=0, error="")
    return again
