"""Events about the app itself: installed, updated, uninstalled, paid. Each is proved before anything happens."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping

from django.http import HttpResponse

from b24app.models import Portal
from b24app.oauth import troubles
from b24app.oauth.addresses import UntrustedAddress
from b24app.oauth.admission import TooManyClaims, admit
from b24app.oauth.install import NotAdministrator, equip, install
from b24app.oauth.proof import Offer, Unproved
from b24app.oauth.purge import forget
from b24app.rest.errors import RestError

# These bring tokens of an administrator, which prove them; every other event is proved by the application token alone.
PROVED_BY_TOKENS = ("ONAPPINSTALL", "ONAPPUPDATE")

log = logging.getLogger(__name__)


def proved_portal(body: Mapping[str, str]) -> Portal | None:
    """The installed portal whose application token the event carries (compared in constant time), or None."""
    member_id = body.get("auth[member_id]", "").replace("\0", "")[:64]
    given = body.get("auth[application_token]", "")
    portal = Portal.objects.filter(member_id=member_id, uninstalled_at=None).first() if member_id else None
    stored = str(portal.application_token or "") if portal else ""
    # The comparison runs for an unknown portal too.
    right = hmac.compare_digest(given.encode(), (stored or "no such token").encode())
    return portal if right and stored else None


def is_known(offer: Offer) -> bool:
    """Whether the claim shows the application token of the portal that it names."""
    return (
        proved_portal({"auth[member_id]": offer.member_id, "auth[application_token]": str(offer.application_token)}) is not None
    )


def receive(body: Mapping[str, str], meta: Mapping[str, object]) -> HttpResponse:
    """Act on an app event: 200 when done, 403 when not proved (without side effect), 429 or 503 when the portal must try again.

    `meta` is the request's WSGI environment.
    """
    code = body.get("event", "").upper()[:100]
    if code in PROVED_BY_TOKENS:
        return _installed(code, body, meta)
    portal = proved_portal(body)
    if portal is None:
        log.warning("event %s refused: not proved", code if code.isalnum() else "?")
        return HttpResponse(status=403)
    if code == "ONAPPUNINSTALL":
        forget(portal, clean=body.get("data[CLEAN]") == "1")
    elif code == "ONAPPPAYMENT":
        # It only says that something was paid or ran out: the next call tells which.
        troubles.clear(portal.pk)
    return HttpResponse(status=200)


def _installed(code: str, body: Mapping[str, str], meta: Mapping[str, object]) -> HttpResponse:
    offer = Offer.from_event(body)
    try:
        place = admit(meta, (offer.domain,), trusted=is_known(offer))
        portal = install(offer)
        place.proved()
        equip(portal)
    except TooManyClaims as error:
        return HttpResponse(status=429, headers={"Retry-After": str(error.seconds)})
    except (Unproved, UntrustedAddress, NotAdministrator) as error:
        log.warning("event %s refused: %s", code, error)
        return HttpResponse(status=403)
    except RestError as error:
        log.warning("event %s: the portal did not answer: %s", code, error.code)
        return HttpResponse(status=503)
    return HttpResponse(status=200)
