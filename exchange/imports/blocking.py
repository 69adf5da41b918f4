"""When the portal as a whole cannot be worked with: it is said, and its lane comes back later. The same for goods and documents."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.utils import timezone

from b24app.models import Portal
from b24app.oauth import troubles
from b24app.rest.errors import Fate, RestError
from exchange import reports

log = logging.getLogger(__name__)

# How long a blocked portal is left alone, and the pause after a failed call.
BLOCKED_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 15.0


def blocked(portal: Portal, error: RestError) -> dt.datetime:
    """Note why the portal cannot be worked with; returns when to try again."""
    troubles.note(portal.pk, error)
    waits = BLOCKED_SECONDS if error.fate is Fate.PERSON else max(error.retry_after, RETRY_SECONDS)
    if error.fate not in (Fate.RETRY, Fate.REFRESH):
        facts = {"code": error.code, "answer": error.description}
        reports.report(portal=portal, base=None, cause="portal-refused", facts=facts)
    log.warning("portal %s cannot be worked with: %s", portal.pk, error)
    return timezone.now() + dt.timedelta(seconds=waits)


def after_failure() -> dt.timedelta:
    """How long a lane rests after an unexpected error."""
    return dt.timedelta(seconds=RETRY_SECONDS)
