"""The address that the portal calls: prove, store, answer. Nothing slow here: a slow handler is called less and less often."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from b24app.events import together
from b24app.events.inbox import CODE, fields_of
from b24app.oauth.app_events import receive

log = logging.getLogger(__name__)

_FORM: Final = "application/x-www-form-urlencoded"


def straight_to_inbox(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, to stand first: an event needs no session, no language, no frame; a mass edit sends thousands of them."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.path_info == _address():
            return inbox(request)
        return get_response(request)

    return middleware


@lru_cache(1)
def _address() -> str:
    return reverse("events:inbox")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """200 when the event is stored, 403 when it is not proved, 400 when it is none."""
    if request.method != "POST":
        return HttpResponse("Events of Bitrix24 are received here.", content_type="text/plain")
    body = _form(request)
    code = body.get("event", "").upper()
    if not CODE.fullmatch(code):
        return _answer(400)
    if code.startswith("ONAPP"):
        return receive(body, request.META)
    if not together.receive(code, body, fields_of(body)):
        log.warning("event refused: not proved")
        return _answer(403)
    return _answer(200)


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, headers={"Content-Length": "0"})


class _Form(Mapping[str, str]):
    """A form whose values are decoded when they are asked for: of the twenty in an event four are. The last value of a name counts."""

    def __init__(self, body: str) -> None:
        pairs = (pair.partition("=") for pair in body.split("&", settings.DATA_UPLOAD_MAX_NUMBER_FIELDS))
        self._raw = {_decoded(name): value for name, _, value in pairs}

    def __getitem__(self, name: str) -> str:
        return unquote_plus(self._raw[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


# The same names come with every event.
_decoded = lru_cache(500)(unquote_plus)


def _form(request: HttpRequest) -> Mapping[str, str]:
    """The last value of each name. Raises SuspiciousOperation for a body that is too large."""
    if request.content_type != _FORM:
        return request.POST.dict()
    return _Form(request.body.decode(errors="replace"))
