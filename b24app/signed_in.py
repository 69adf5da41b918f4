"""Who has signed in with Bitrix24 outside the frame: one entry per portal in the browser's session, proved as in the frame.

    sign-in at a portal ── add ──► the person, whether he is an administrator, when the portal said so, his own sealed token
    any page without a frame token ── enter ──► the entry of the portal that the page names, else of the chosen one

The portal is asked again with the person's token when its answer is 15 minutes old. The token lives an hour and no refresh token
is kept: then he signs in once more. A page names its portal in a header, so that two tabs may stand in two portals: whatever
changes something must name one, and nothing falls back to another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from b24app.models import Person, Portal
from b24app.oauth.language import language_for
from b24app.oauth.proof import Unproved, identify
from b24app.rest.errors import RestError
from b24app.sealed import Secret, seal, unseal

ENTRIES: Final = "b24_portals"
CHOSEN: Final = "b24_chosen"
HEADER: Final = "X-Portal"
PROVED_SECONDS: Final = 15 * 60
# What one browser session holds: an integrator's portals, not a list without end.
MOST: Final = 50
SAFE: Final = ("GET", "HEAD", "OPTIONS")
NO_STORE: Final = {"Cache-Control": "no-store"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person of one portal, as that portal itself told of him at most 15 minutes ago."""

    portal: Portal
    user_id: int
    admin: bool
    language: str


@dataclass(frozen=True, slots=True)
class Proved:
    """What a sign-in has found out: the person, and his own token for so many seconds."""

    portal: Portal
    user_id: int
    admin: bool
    token: Secret
    seconds: int


class Unreachable(Exception):
    """The portal did not say who the person is; what it said instead is in `error`."""

    def __init__(self, portal: Portal, error: RestError) -> None:
        super().__init__(error.code)
        self.portal, self.error = portal, error


# ---- the session -------------------------------------------------------------------------------------------------------------


def entries(session: SessionBase) -> dict[str, dict[str, Any]]:
    """Portal's number → what is kept of the person there; a copy."""
    return dict(session.get(ENTRIES) or {})


def add(session: SessionBase, proved: Proved, kept: Mapping[str, Any]) -> None:
    """Keep a person whom his portal has just proved, beside those of the same browser (`kept`), and choose that portal.

    Somebody else of the same portal takes the place of who was there.
    """
    now, portal = time.time(), proved.portal
    entry = {
        "member_id": portal.member_id,
        "user_id": proved.user_id,
        "admin": proved.admin,
        "proved_at": now,
        "token": seal(str(proved.token)),
        "until": now + proved.seconds,
    }
    others = [(key, value) for key, value in kept.items() if key != str(portal.pk)]
    session[ENTRIES] = dict([*others[-(MOST - 1) :], (str(portal.pk), entry)])
    session[CHOSEN] = portal.pk


def known(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """The entries that this request may use: none with an `Authorization` header (a frame's token never mixes with a session)."""
    user = getattr(request, "user", None)
    if "Authorization" in request.headers or user is None or not user.is_authenticated:
        return {}
    return entries(request.session)


def portals(request: HttpRequest) -> list[Portal]:
    """The portals that the person has signed in at and that still have the app, by name."""
    mine = known(request)
    found = Portal.objects.filter(pk__in=[int(key) for key in mine], uninstalled_at=None).exclude(installed_at=None)
    return [portal for portal in found.order_by("domain", "pk") if mine[str(portal.pk)]["member_id"] == portal.member_id]


def choose(request: HttpRequest, portal_id: str) -> Portal | None:
    """Open whole pages in this portal from now on; None for one that is not among the person's."""
    chosen = next((portal for portal in portals(request) if str(portal.pk) == portal_id), None)
    if chosen is not None:
        request.session[CHOSEN] = chosen.pk
    return chosen


# ---- a page ------------------------------------------------------------------------------------------------------------------


def enter(request: HttpRequest) -> SignedIn | HttpResponse:
    """The person of a request without a frame token, or the answer that refuses it. Raises Unreachable.

    CSRF is checked before any view, for every request without a valid frame token.
    """
    mine = known(request)
    if not mine:
        return _refused()
    named = request.headers.get(HEADER) or ("" if request.method not in SAFE else str(request.session.get(CHOSEN, "")))
    entry = mine.get(named)
    if entry is None:
        return HttpResponseRedirect(reverse("login_done"), headers=NO_STORE) if _navigates(request) else _refused()
    portal = Portal.objects.filter(pk=int(named), member_id=entry["member_id"], uninstalled_at=None).first()
    if portal is None or portal.installed_at is None:
        _forget(request.session, named)
        return HttpResponseRedirect(reverse("login_done"), headers=NO_STORE) if _navigates(request) else _refused()
    if not 0 <= time.time() - entry["proved_at"] < PROVED_SECONDS:
        proved = _proved_again(portal, entry)
        if proved is None:
            _forget(request.session, named, but_listed=True)
            return _sign_in_again(request, portal)
        entry = proved
        request.session[ENTRIES] = {**mine, named: entry}
    person = Person.objects.filter(portal=portal, user_id=entry["user_id"]).first()
    language = language_for(portal.language, person.language if person else "")
    return SignedIn(portal, entry["user_id"], entry["admin"], language)


def _proved_again(portal: Portal, entry: dict[str, Any]) -> dict[str, Any] | None:
    """The entry as the portal tells it now; None when the token has ended or is not that person's any more."""
    if not entry["token"] or time.time() >= entry["until"]:
        return None
    try:
        user_id, admin = identify(portal, unseal(entry["token"]))
    except (Unproved, InvalidToken) as error:
        log.warning("signed in: person not proved again on portal %s: %s", portal.pk, type(error).__name__)
        return None
    except RestError as error:
        raise Unreachable(portal, error) from error
    if user_id != entry["user_id"]:
        return None
    return {**entry, "admin": admin, "proved_at": time.time()}


def _forget(session: SessionBase, key: str, *, but_listed: bool = False) -> None:
    """Take the person's right away; `but_listed`: the portal stays in his list, to sign in there again."""
    mine = entries(session)
    if but_listed:
        mine[key] = {**mine[key], "admin": False, "proved_at": 0.0, "token": "", "until": 0.0}
    else:
        mine.pop(key, None)
    session[ENTRIES] = mine


def _sign_in_again(request: HttpRequest, portal: Portal) -> HttpResponse:
    """To a whole page: where the sign-in begins. A part of a page is refused, so that what was typed stays on the screen."""
    if not _navigates(request):
        return _refused()
    query = urlencode({"portal": portal.domain, "next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('account_login')}?{query}", headers=NO_STORE)


def _navigates(request: HttpRequest) -> bool:
    """Whether a person opens a whole page, rather than the script a part of one."""
    return request.method in SAFE and not request.headers.get("HX-Request") and not request.headers.get(HEADER)


def _refused() -> HttpResponse:
    return HttpResponse("Open the app in Bitrix24.", status=401, content_type="text/plain", headers=NO_STORE)
