"""The language of the pages, chosen by the person: the portal's own is only the default, and it never says Romanian."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseLocation, trigger_client_event

from b24app.frame import FrameRequest, choose_language, entry_context, portal_required
from b24app.pages.overview import overview_page
from b24app.pages.respond import localized


@require_POST
@portal_required
@localized
def choose(request: FrameRequest) -> HttpResponseBase:
    """The page the person is at (`at`, one of ours; else the overview) in the chosen language, and a token that carries it on."""
    choose_language(request, request.POST.get("language", ""))
    at = request.POST.get("at", "")
    response: HttpResponse = (
        HttpResponseLocation(at, target="#page", swap="outerHTML") if _is_page(at) else overview_page(request)
    )
    context = entry_context(request)
    trigger_client_event(response, "token", {"value": context["token"], "ttl": context["ttl"]})
    return response


def _is_page(address: str) -> bool:
    """Whether it is an address of these pages: the browser asks for it as the person it is, so nothing more is to be known."""
    try:
        return resolve(address).namespace == "pages"
    except Resolver404:
        return False
