"""Who is in the iframe: the portal's POST proves the person, a short-lived signed token in a header carries it on.

No cookie is used inside the frame: browsers block third-party cookies. The page that answers the entry POST holds the token;
its script sends it as `Authorization: Frame …` and renews it through the portal. A token is never ambient: no CSRF there.
Without that header the same pages open for who has signed in outside the frame (signed_in.py), with CSRF; the two never mix.

    POST /b24/          ── @entry ──► AUTH_ID proved on the stored portal ──► page with token (15 minutes)
    any hx-get/hx-post  ── FrameToken middleware ──► request.frame_user ──► @portal_required / @admin_required
    POST /b24/renew/    ── AUTH_ID proved again, same person ──► {"token", "ttl"}
"""

from __future__ import annotations

import dataclasses
import functools
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from b24app import signed_in
from b24app.elements import Element, readable
from b24app.models import Person, Portal
from b24app.oauth import troubles
from b24app.oauth.addresses import UntrustedAddress, domain_of, origin_of
from b24app.oauth.admission import TooManyClaims, admit
from b24app.oauth.install import adopt
from b24app.oauth.language import language_for
from b24app.oauth.proof import Offer, Unproved, identify, prove
from b24app.oauth.tokens import moved
from b24app.oauth.views import later, notice
from b24app.rest.errors import Fate, RestError

SALT = "b24app.frame"
TTL_SECONDS = 15 * 60
# A page left open over the weekend renews itself: who the person is comes from the old token, that he still is from AUTH_ID.
RENEWABLE_SECONDS = 7 * 24 * 3600

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FrameUser:
    """The proved person in the frame, or on a full page. `admin` is what the portal's server said, at most 15 minutes ago."""

    portal_id: int
    user_id: int
    admin: bool
    language: str
    app_sid: str
    # Opened in the card of an element: that one, which the portal has shown him, and others that belong to it and he may see too.
    elements: tuple[Element, ...] = ()
    # Signed in outside the frame: known by the session's cookie, and no token may ever be made of it.
    full_page: bool = False
    # Loaded by the guards: inside a guarded view it is always there.
    portal: Portal = dataclasses.field(default=None, compare=False, repr=False)  # type: ignore[assignment]


class FrameRequest(HttpRequest):
    """What a view behind `@entry`, `@portal_required` or `@admin_required` receives."""

    frame_user: FrameUser
    portal: Portal
    portal_origin: str
    placement: str
    placement_options: dict[str, Any]


class BadFrameToken(Exception):
    """The header token is forged, for another purpose, or old."""


View = Callable[..., HttpResponseBase]


# ---- the token ---------------------------------------------------------------------------------------------------------------


def sign(user: FrameUser) -> str:
    """The header token for this person."""
    if user.full_page:
        raise ValueError("a session becomes no frame token")
    told = [user.portal_id, user.user_id, int(user.admin), user.language, user.app_sid, user.elements]
    return signing.dumps(told, salt=SALT)


def unsign(token: str, max_age: int = TTL_SECONDS) -> FrameUser:
    """The person of a token; raises BadFrameToken."""
    try:
        portal_id, user_id, admin, language, app_sid, *more = signing.loads(token, salt=SALT, max_age=max_age)
        elements = tuple((int(kind), int(id)) for kind, id in (more[0] if more else ()))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadFrameToken from error
    return FrameUser(portal_id, user_id, bool(admin), language, app_sid, elements)


def header_token(request: HttpRequest) -> str:
    """What stands after `Authorization: Frame `, or "" when the request carries no such header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "frame" else ""


def entry_context(request: HttpRequest) -> dict[str, Any]:
    """For the template of a whole page: {"token" ("" outside the frame), "ttl", "language", "portal_origin", "app_sid", "admin"}."""
    user: FrameUser | None = getattr(request, "frame_user", None)
    return {
        "token": sign(user) if user and not user.full_page else "",
        "ttl": TTL_SECONDS,
        "language": translation.get_language() or "en",
        "portal_origin": getattr(request, "portal_origin", ""),
        "app_sid": user.app_sid if user else "",
        "admin": bool(user and user.admin),
    }


# ---- entry -------------------------------------------------------------------------------------------------------------------


def entry(view: View) -> View:
    """The view answers the portal's POST of the frame (any place) for a proved person; GET and HEAD get a friendly page."""

    @csrf_exempt
    @functools.wraps(view)
    def proved(request: FrameRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD"):
            return redirect("pages:overview") if signed_in.known(request) else notice(request, "outside", status=200)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
        refusal = _enter(request)
        if refusal is not None:
            return refusal
        with translation.override(request.frame_user.language):
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    return proved


def _enter(request: FrameRequest) -> HttpResponse | None:
    """Put the proved person, portal and placement on the request; or the page that says why not."""
    translation.activate(language_for(request.GET.get("LANG", "")))
    offer = Offer.from_frame(request.GET, request.POST)
    portal = Portal.objects.filter(member_id=offer.member_id, uninstalled_at=None).exclude(installed_at=None).first()
    if portal is None:
        return notice(request, "not_installed", status=403)
    request.portal, request.portal_origin = portal, origin_of(portal.client_endpoint)
    if offer.application_token and portal.application_token and not _equal(offer.application_token, portal.application_token):
        log.warning("frame: wrong application token for portal %s", portal.pk)
        return notice(request, "refused", status=403)
    try:
        # A right token of the application was shown (a wrong one has been refused above).
        trusted = bool(offer.application_token and portal.application_token)
        place = admit(request.META, (portal.domain, offer.domain), trusted=trusted)
        user_id, admin = _person(portal, offer)
    except TooManyClaims as error:
        return later(request, error)
    except (Unproved, UntrustedAddress) as error:
        log.warning("frame: person not proved on portal %s: %s", portal.pk, error)
        return notice(request, "refused", status=403)
    except RestError as error:
        return _unreachable(request, portal, error)
    place.proved()
    if admin and portal.trouble in troubles.HEALED_BY_ADMIN:
        adopt(portal, offer, user_id)
    elif portal.trouble in troubles.MAY_PASS:
        # The portal has just answered: whatever it was, it is over.
        troubles.clear(portal.pk)
        portal.trouble = ""
    request.portal_origin = origin_of(portal.client_endpoint)
    person = Person.objects.filter(portal=portal, user_id=user_id).first()
    language = language_for(request.GET.get("LANG") or portal.language, person.language if person else "")
    request.frame_user = FrameUser(portal.pk, user_id, admin, language, request.GET.get("APP_SID", "")[:64], portal=portal)
    request.placement = request.POST.get("PLACEMENT", "DEFAULT")[:100]
    request.placement_options = _options(request.POST.get("PLACEMENT_OPTIONS", ""))
    return None


def _person(portal: Portal, offer: Offer) -> tuple[int, bool]:
    """Who the token belongs to, asked at the address we stored; a portal under a new name is proved like an installation."""
    try:
        renamed = bool(offer.domain) and domain_of(offer.domain) != portal.domain
    except UntrustedAddress:
        raise Unproved("the domain is not a host name") from None
    if renamed:
        proof = prove(offer, portal)
        moved(portal.pk, proof.endpoint)
        portal.refresh_from_db(fields=["domain", "client_endpoint"])
        return proof.user_id, proof.admin
    return identify(portal, offer.access_token)


def _unreachable(request: HttpRequest, portal: Portal, error: RestError) -> HttpResponse:
    if error.fate is Fate.RETRY:
        log.warning("frame: portal %s does not answer: %s", portal.pk, error.code)
        return notice(request, "busy", status=503)
    log.warning("frame: portal %s refuses the person's token: %s", portal.pk, error.code)
    if troubles.trouble_of(error) in (troubles.PAYMENT_REQUIRED, troubles.TARIFF):
        return notice(request, "payment", status=403)
    return notice(request, "refused", status=403)


def _options(text: str) -> dict[str, Any]:
    """PLACEMENT_OPTIONS as told: untrusted, and `[]` or nothing at all on the main page."""
    try:
        value = json.loads(text) if len(text) < 20_000 else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@csrf_exempt
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """A new token for the same person: the old one in the header (it may be old), a fresh AUTH_ID in the form."""
    try:
        old = unsign(header_token(request) or request.POST.get("token", ""), max_age=RENEWABLE_SECONDS)
    except BadFrameToken:
        return JsonResponse({"error": "unknown token"}, status=401)
    portal = Portal.objects.filter(pk=old.portal_id, uninstalled_at=None).first()
    if portal is None:
        return JsonResponse({"error": "not installed"}, status=401)
    try:
        place = admit(request.META, (portal.domain,), trusted=True)
        user_id, admin = identify(portal, request.POST.get("AUTH_ID", ""))
        place.proved()
        seen = readable(portal, request.POST.get("AUTH_ID", ""), old.elements) if user_id == old.user_id else frozenset()
    except TooManyClaims as error:
        return JsonResponse({"error": "later"}, status=429, headers={"Retry-After": str(error.seconds)})
    except Unproved:
        return JsonResponse({"error": "not proved"}, status=401)
    except RestError as error:
        return JsonResponse({"error": "portal"}, status=503 if error.fate is Fate.RETRY else 401)
    if user_id != old.user_id:
        return JsonResponse({"error": "another person"}, status=401)
    if old.elements and old.elements[0] not in seen:
        return JsonResponse({"error": "not shown to this person any more"}, status=401)
    person = Person.objects.filter(portal=portal, user_id=user_id).first()
    language = person.language if person and person.language else old.language
    elements = tuple(element for element in old.elements if element in seen)
    token = sign(dataclasses.replace(old, admin=admin, language=language, elements=elements))
    return JsonResponse({"token": token, "ttl": TTL_SECONDS}, headers={"Cache-Control": "no-store"})


# ---- guards ------------------------------------------------------------------------------------------------------------------


def portal_required(view: View) -> View:
    """The view runs only for a proved person of an installed portal; `request.portal` is that portal. Otherwise 401."""

    @functools.wraps(view)
    def guarded(request: FrameRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: FrameUser | None = getattr(request, "frame_user", None)
        if user is None:
            refusal = _from_session(request)
            if refusal is not None:
                return refusal
        else:
            portal = Portal.objects.filter(pk=user.portal_id, uninstalled_at=None).first()
            if portal is None:
                return HttpResponse("Open the app in Bitrix24.", status=401, content_type="text/plain")
            request.portal, request.portal_origin = portal, origin_of(portal.client_endpoint)
            request.frame_user = dataclasses.replace(user, portal=portal)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Language", request.frame_user.language)
        return response

    return guarded


def _from_session(request: FrameRequest) -> HttpResponse | None:
    """Put the person signed in outside the frame on the request (nobody may frame that page); or the answer that says why not."""
    try:
        found = signed_in.enter(request)
    except signed_in.Unreachable as error:
        return _unreachable(request, error.portal, error.error)
    if isinstance(found, HttpResponse):
        return found
    portal = found.portal
    request.portal, request.portal_origin = portal, ""
    request.frame_user = FrameUser(portal.pk, found.user_id, found.admin, found.language, "", full_page=True, portal=portal)
    return None


def admin_required(view: View) -> View:
    """As portal_required, and only for an administrator of the portal; others get 403."""

    @functools.wraps(view)
    def guarded(request: FrameRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.frame_user.admin:
            return HttpResponse("Only an administrator of the portal may do this.", status=403, content_type="text/plain")
        return view(request, *args, **kwargs)

    return portal_required(guarded)


def _equal(given: str, stored: str) -> bool:
    return hmac.compare_digest(given.encode(), stored.encode())
