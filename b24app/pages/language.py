"""The language of the pages, chosen by the person: the portal's own is only the default, and it never says Romanian."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from b24app.frame import FrameRequest, choose_language, entry_context, portal_required
from b24app.pages.overview import overview_page
from b24app.pages.respond import localized


@require_POST
@portal_required
@localized
def choose(request: FrameRequest) -> HttpResponseBase:
    """The overview in the chosen language, with a token that carries the choice on."""
    choose_language(request, request.POST.get("language", ""))
    response = overview_page(request)
    context = entry_context(request)
    trigger_client_event(response, "token", {"value": context["token"], "ttl": context["ttl"]})
    return response
