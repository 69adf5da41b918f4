"""The journal page: every request of 1C and every call to the portal, to search, open and download."""

from __future__ import annotations

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from b24app.frame import FrameRequest, admin_required
from b24app.pages.journal_rows import Search, entry, lines, rows
from b24app.pages.respond import localized, page, zone_of
from exchange.models import OneCBase


@require_GET
@admin_required
@localized
def journal(request: FrameRequest) -> HttpResponse:
    """The whole page, or for a search the list alone."""
    search = Search.from_form(request.GET, zone_of(request.portal))
    found, following = rows(request.portal, search)
    context = {"rows": found, "following": following, "search": search, "bases": _bases(request)}
    if request.headers.get("HX-Target") == "journal-rows":
        return render(request, "b24app/_journal_rows.html", context)
    return page(request, "journal", context)


@require_GET
@admin_required
@localized
def opened(request: FrameRequest, row_id: str) -> HttpResponse:
    """One request with its answer."""
    found = entry(request.portal, row_id)
    if found is None:
        raise Http404
    return render(request, "b24app/_journal_entry.html", {"entry": found})


@require_GET
@admin_required
@localized
def download(request: FrameRequest) -> HttpResponseBase:
    """What was found, as a file of JSON lines."""
    search = Search.from_form(request.GET, zone_of(request.portal))
    response = StreamingHttpResponse(lines(request.portal, search), content_type="application/x-ndjson; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y-%m-%d-%H%M")
    response.headers["Content-Disposition"] = f'attachment; filename="journal-{stamp}.jsonl"'
    return response


def _bases(request: FrameRequest) -> list[OneCBase]:
    return list(OneCBase.objects.filter(portal=request.portal).order_by("pk").only("pk", "name"))
