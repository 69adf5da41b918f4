"""Our tab in the cards of deals, invoices, companies and contacts: how this element stands with 1C, and "send now"."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.elements import CARDS, MOST, Element, named, readable
from b24app.frame import FrameRequest, entry, portal_required
from b24app.oauth.views import notice
from b24app.pages.card_state import Card, card_of, documents_of
from b24app.pages.overview import overview_page
from b24app.pages.respond import announce, localized, page
from b24app.rest.errors import RestError
from exchange import tasks
from exchange.exports import queue
from exchange.models import TradeDocument, TradeParty
from exchange.planning.trade import DOCUMENT_TYPES, PARTY_TYPES
from exchange.settling import due, hear

POLL_BUSY, POLL_QUIET = 3, 20  # seconds
View = Callable[..., HttpResponseBase]


@entry
@localized
def opened(request: FrameRequest) -> HttpResponse:
    """Whatever place of the portal we were opened in: the card of an element that the person may see, else the overview."""
    element = named(request.placement, request.placement_options)
    if element is None:
        return no_access(request) if request.placement in CARDS else overview_page(request)
    auth = request.POST.get("AUTH_ID", "")
    asked = [element, *(documents_of(request.portal, element) if element[0] in PARTY_TYPES else ())]
    try:
        seen = readable(request.portal, auth, asked[:MOST])
    except RestError:
        return notice(request, "busy", status=503)
    if element not in seen:
        return no_access(request)
    elements: tuple[Element, ...] = (element, *(one for one in asked[1:] if one in seen))
    request.frame_user = dataclasses.replace(request.frame_user, elements=elements)
    return _card_page(request)


def no_access(request: FrameRequest) -> HttpResponse:
    """The portal does not show this element to the person (or it is not there): say so, and nothing of it."""
    return page(request, "card_refused", {}, status=403)


def card_required(view: View) -> View:
    """The view runs only in the card of an element that the portal has shown to the person; otherwise 403."""

    @functools.wraps(view)
    def guarded(request: FrameRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.frame_user.elements:
            return HttpResponse("Open the card in Bitrix24.", status=403, content_type="text/plain")
        return view(request, *args, **kwargs)

    return portal_required(guarded)


@require_GET
@card_required
@localized
def card(request: FrameRequest) -> HttpResponse:
    """The whole card, as after a change of its language."""
    return _card_page(request)


@require_GET
@card_required
@localized
def live(request: FrameRequest) -> HttpResponse:
    """The card's content if it looks different from what the page has (`seen`); else 204."""
    html = _content(request, _card(request))
    if request.GET.get("seen") == _digest(html):
        return HttpResponse(status=204)
    return HttpResponse(html + _seen(request, html))


@require_POST
@card_required
@localized
def send(request: FrameRequest) -> HttpResponse:
    """Read the element anew and bring it to 1C as soon as 1C asks, whatever it waited for."""
    element = request.frame_user.elements[0]
    portal_id = request.portal.pk
    if element[0] in DOCUMENT_TYPES:
        documents = TradeDocument.objects.filter(base__portal=portal_id, entity_type_id=element[0], b24_id=element[1])
        due.retry(documents, portal_id)
        for row in documents.filter(set_aside_at__isnull=False).select_related("base"):
            queue.retry_many(row.base, [row.pk])
    else:
        parties = TradeParty.objects.filter(base__portal=portal_id, entity_type_id=element[0], b24_id=element[1])
        due.retry(parties, portal_id)
    if not hear.note(portal_id, [element]):
        return announce(HttpResponse(status=204), _("No 1C base is at work: none is connected, or all are paused."))
    tasks.wake_settling(portal_id)
    return announce(HttpResponse(status=204), _("It is being read now; 1C gets it at its next exchange."))


def _card(request: FrameRequest) -> Card:
    first, *others = request.frame_user.elements
    return card_of(request.portal, first, others)


def _card_page(request: FrameRequest) -> HttpResponse:
    state = _card(request)
    content = _content(request, state)
    every = POLL_BUSY if state.busy else POLL_QUIET
    return page(request, "card", {"state": state, "content": content, "seen": _digest(content), "every": every})


def _content(request: FrameRequest, state: Card) -> str:
    return render_to_string("b24app/_card_content.html", {"state": state, "user": request.frame_user}, request)


def _seen(request: FrameRequest, html: str) -> str:
    every = POLL_BUSY if _card(request).busy else POLL_QUIET
    return render_to_string("b24app/_poll.html", {"seen": _digest(html), "every": every, "oob": True})


def _digest(html: str) -> str:
    return hashlib.blake2s(html.encode(), digest_size=5).hexdigest()
