"""How a page answers: in the person's language and the portal's time, as a whole page or as the part that htmx asked for."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django_htmx.http import trigger_client_event

from b24app import signed_in
from b24app.frame import FrameRequest, entry_context
from b24app.models import Portal
from b24app.pages.navigation import places

View = Callable[..., HttpResponseBase]


def localized(view: View) -> View:
    """Run the view in the language of the person's token and the time zone of the portal."""

    @functools.wraps(view)
    def wrapped(request: FrameRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(request.frame_user.language), timezone.override(zone_of(request.portal)):
            return view(request, *args, **kwargs)

    return wrapped


def page(request: FrameRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """`b24app/<template>.html` for a whole page, its part `b24app/_<template>.html` for htmx."""
    own = {"user": request.frame_user, "places": places(request.frame_user, template), **context}
    if request.frame_user.full_page:
        own |= {"portals": signed_in.portals(request), "portal_here": request.portal}
    if getattr(request, "htmx", False):
        return render(request, f"b24app/_{template}.html", own, status=status)
    return render(request, f"b24app/{template}.html", {**entry_context(request), **own}, status=status)


def part(request: FrameRequest, template: str, context: Mapping[str, Any], say: str = "", status: int = 200) -> HttpResponse:
    """The part `b24app/_<template>.html`; `say` is announced to the person, and the live parts are refreshed with it."""
    response = render(request, f"b24app/_{template}.html", {"user": request.frame_user, **context}, status=status)
    if say:
        announce(response, say)
    return response


def announce(response: HttpResponse, say: str) -> HttpResponse:
    """Say in a sentence what was done, and let the live parts of the page look again at once."""
    trigger_client_event(response, "say", {"value": say})
    trigger_client_event(response, "looked", {}, after="settle")
    return response


def zone_of(portal: Portal) -> dt.tzinfo:
    """The portal's time."""
    return portal.zone
