"""The address that the portal calls: prove, store, answer. Nothing slow here: a slow handler is called less and less often."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError
from redis import RedisError

from b24app.events.inbox import CODE, fields_of, store
from b24app.events.tasks import wake
from b24app.oauth.app_events import proved_portal, receive

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """200 when the event is stored, 403 when it is not proved, 400 when it is none."""
    if request.method != "POST":
        return HttpResponse("Events of Bitrix24 are received here.", content_type="text/plain")
    code = request.POST.get("event", "").upper()
    if not CODE.fullmatch(code):
        return HttpResponse(status=400)
    if code.startswith("ONAPP"):
        return receive(request.POST, request.META)
    portal = proved_portal(request.POST)
    if portal is None:
        log.warning("event refused: not proved")
        return HttpResponse(status=403)
    store(portal.pk, code, fields_of(request.POST))
    try:
        wake(portal.pk)
    except (OperationalError, RedisError):
        log.warning("the broker does not answer: the event waits for the next tick")
    return HttpResponse(status=200)
