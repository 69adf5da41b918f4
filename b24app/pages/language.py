"""The language of the pages, chosen by the person: the portal's own is only the default, and it never says Romanian."""

from __future__ import annotations

import dataclasses

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseLocation, trigger_client_event

from b24app.frame import FrameRequest, entry_context, portal_required
from b24app.models import Person
from b24app.oauth.language import language_for
from b24app.pages.overview import overview_page
from b24app.pages.respond import localized


@require_POST
@portal_required
@localized
def choose(request: FrameRequest) -> HttpResponseBase:
    """The page the person is at (`at`, one of ours; else the overview) in the chosen language, and a token that carries it on."""
    _remember(request, request.POST.get("language", ""))
    at = request.POST.get("at", "")
    response: HttpResponse = (
        HttpResponseLocation(at, target="#page", swap="outerHTML") if _is_page(at) else overview_page(request)
    )
    context = entry_context(request)
    if context["token"]:
        trigger_client_event(response, "token", {"value": context["token"], "ttl": context["ttl"]})
    return response


def _remember(request: FrameRequest, language: str) -> None:
    """Store the person's choice ("" = as the portal) and use it from this answer on (`entry_context` then signs it)."""
    known = {code for code, _ in settings.LANGUAGES}
    chosen = language if language in known else ""
    user = request.frame_user
    Person.objects.update_or_create(portal_id=user.portal_id, user_id=user.user_id, defaults={"language": chosen})
    request.frame_user = dataclasses.replace(user, language=chosen or language_for(request.portal.language))
    translation.activate(request.frame_user.language)


def _is_page(address: str) -> bool:
    """Whether it is an address of these pages: the browser asks for it as the person it is, so nothing more is to be known."""
    try:
        return resolve(address).namespace == "pages"
    except Resolver404:
        return False
