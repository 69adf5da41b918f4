"""The overview: 1C bases, what moves between them and the portal, and what needs a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from b24app.frame import FrameRequest, entry, portal_required
from b24app.pages import living
from b24app.pages.respond import localized, page
from b24app.pages.state import Overview, overview_of

POLL_BUSY, POLL_QUIET = 2, 15  # seconds
# The parts of the page that live their own life: id of the element → template.
LIVE = ("summary", "exchange", "problems")


@entry
@localized
def opened(request: FrameRequest) -> HttpResponse:
    """The app opened in the portal: the whole page, with the token that its script works with from now on."""
    return overview_page(request)


@require_GET
@portal_required
@localized
def overview(request: FrameRequest) -> HttpResponse:
    """The whole overview."""
    return overview_page(request)


def overview_page(request: FrameRequest) -> HttpResponse:
    """The overview in the active language, for the views that end on it."""
    state = overview_of(request.portal)
    parts = _parts(request, state)
    return page(request, "overview", {"state": state, "parts": parts, "seen": living.seen(parts), "every": _every(state)})


@require_GET
@portal_required
@localized
def live(request: FrameRequest) -> HttpResponse:
    """Only the parts that look different from those the page has (`seen`): 204 when none does."""
    state = overview_of(request.portal)
    shown = {int(text) for text in request.GET.getlist("shown") if text.isdecimal() and len(text) < 19}
    parts = _parts(request, state, shown)
    return living.answer(request, parts, _every(state))


def _parts(request: FrameRequest, state: Overview, shown: set[int] | None = None) -> Mapping[str, str]:
    """Element id → HTML of the live parts; of the bases only those whose card is on the page (None = all)."""
    context: dict[str, Any] = {"state": state, "user": request.frame_user}
    parts = {name: render_to_string(f"b24app/_{name}.html", context, request) for name in LIVE}
    for one in (one for one in state.bases if shown is None or one.id in shown):
        parts[f"base-{one.id}-state"] = render_to_string("b24app/_base_state.html", {**context, "one": one}, request)
    return parts


def _every(state: Overview) -> int:
    return POLL_BUSY if state.busy else POLL_QUIET
