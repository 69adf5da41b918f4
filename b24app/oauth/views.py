"""The installation's address: the portal's frame (POST) and the app events come here; who opens it himself gets a page."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from b24app.models import Portal
from b24app.oauth.addresses import UntrustedAddress, origin_of
from b24app.oauth.admission import TooManyClaims, admit
from b24app.oauth.app_events import is_known, receive
from b24app.oauth.install import NotAdministrator, equip, install
from b24app.oauth.language import language_for
from b24app.oauth.proof import Offer, Unproved
from b24app.rest.errors import RestError

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def installation(request: HttpRequest) -> HttpResponse:
    """Install the app from the frame's POST (answering the page that finishes it), or take an app event."""
    if request.method != "POST":
        return notice(request, "outside", status=200)
    if request.POST.get("event"):
        return receive(request.POST, request.META)
    translation.activate(language_for(request.GET.get("LANG", "")))
    offer = Offer.from_frame(request.GET, request.POST)
    try:
        place = admit(request.META, (offer.domain,), trusted=is_known(offer))
        portal = install(offer)
    except TooManyClaims as error:
        _frame_in_known(request, offer)
        return later(request, error)
    except (Unproved, UntrustedAddress) as error:
        log.warning("installation not proved: %s", error)
        return notice(request, "refused", status=403)
    except NotAdministrator as error:
        place.proved()
        _frame_in(request, error.endpoint)
        return notice(request, "not_admin", status=403)
    except RestError as error:
        log.warning("installation: no answer: %s", error.code)
        _frame_in_known(request, offer)
        return notice(request, "busy", status=503)
    place.proved()
    _frame_in(request, portal.client_endpoint)
    return _finished(request, portal)


def _finished(request: HttpRequest, portal: Portal) -> HttpResponse:
    """The page that tells the portal that the installation is finished: only after the bindings, else they stay unseen."""
    try:
        equip(portal)
    except RestError as error:
        log.warning("portal %s could not be equipped: %s", portal.pk, error.code)
        return notice(request, "busy", status=503)
    context = {"portal_origin": origin_of(portal.client_endpoint), "language": translation.get_language() or "en"}
    response = render(request, "b24app/installed.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def notice(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    """A whole page that says one thing to a person: outside, not_installed, not_admin, refused, busy, payment."""
    context = {"reason": reason, "language": translation.get_language() or "en"}
    return render(request, "b24app/notice.html", context, status=status)


def later(request: HttpRequest, error: TooManyClaims) -> HttpResponse:
    """The page for a claim that is not looked at just now."""
    log.warning("too many claims that proved false: one more is put off for %s s", error.seconds)
    response = notice(request, "busy", status=429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _frame_in(request: HttpRequest, endpoint: str) -> None:
    request.portal_origin = origin_of(endpoint)  # type: ignore[attr-defined]


def _frame_in_known(request: HttpRequest, offer: Offer) -> None:
    """Only a portal that is stored already may show us while nothing is proved."""
    known = Portal.objects.filter(member_id=offer.member_id, domain=offer.domain.lower()).first()
    if known is not None:
        _frame_in(request, known.client_endpoint)
