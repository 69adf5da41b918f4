"""Is it true? A request only claims which portal and person it comes from; here the claim is proved by asking.

Three independent answers: the authorisation server (trusted, listed) says which portal a token belongs to, the portal
itself says who the person is, and the app it names must be ours. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings

from b24app.models import Portal
from b24app.oauth import server
from b24app.oauth.addresses import UntrustedAddress, domain_of, portal_endpoint
from b24app.oauth.clients import client_as, stranger
from b24app.oauth.troubles import PAYMENT_REQUIRED, TARIFF, trouble_of
from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from b24app.sealed import Secret

Answer = TypeVar("Answer")
QUESTIONS = (Command("profile"), Command("app.info"))


class Unproved(Exception):
    """A claim that is not true, or that nothing supports; the text says which and is safe to log."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a frame POST or an app event claims, word for word (only lengths are cut)."""

    member_id: str
    domain: str
    client_endpoint: str
    server_endpoint: str
    access_token: Secret
    refresh_token: Secret
    expires_in: int
    application_token: Secret
    scope: str
    status: str
    language: str

    @classmethod
    def from_frame(cls, query: Mapping[str, str], body: Mapping[str, str]) -> Offer:
        """The claim of a frame POST; older self-hosted portals leave out SERVER_ENDPOINT and APPLICATION_TOKEN."""
        domain = _cut(query.get("DOMAIN") or body.get("DOMAIN"), 255)
        scheme = "http" if _cut(query.get("PROTOCOL"), 1) == "0" else "https"
        return cls(
            member_id=_cut(body.get("member_id"), 64),
            domain=domain,
            client_endpoint=f"{scheme}://{domain}/rest/",
            server_endpoint=_cut(body.get("SERVER_ENDPOINT"), 255),
            access_token=_secret(body.get("AUTH_ID")),
            refresh_token=_secret(body.get("REFRESH_ID")),
            expires_in=_seconds(body.get("AUTH_EXPIRES")),
            application_token=_secret(body.get("APPLICATION_TOKEN")),
            scope=_cut(body.get("APPLICATION_SCOPE"), 2000),
            status=_cut(body.get("status"), 1),
            language=_cut(query.get("LANG"), 8).lower(),
        )

    @classmethod
    def from_event(cls, body: Mapping[str, str]) -> Offer:
        """The claim of an event's `auth[…]`."""
        named = ("member_id", "domain", "client_endpoint", "server_endpoint", "scope", "status")
        auth = {name: body.get(f"auth[{name}]") for name in named}
        endpoint = _cut(auth["client_endpoint"], 255)
        return cls(
            member_id=_cut(auth["member_id"], 64),
            domain=_cut(auth["domain"], 255),
            client_endpoint=endpoint or f"https://{_cut(auth['domain'], 255)}/rest/",
            server_endpoint=_cut(auth["server_endpoint"], 255),
            access_token=_secret(body.get("auth[access_token]")),
            refresh_token=_secret(body.get("auth[refresh_token]")),
            expires_in=_seconds(body.get("auth[expires_in]")),
            application_token=_secret(body.get("auth[application_token]")),
            scope=_cut(auth["scope"], 2000),
            status=_cut(auth["status"], 1),
            language=_cut(body.get("data[LANGUAGE_ID]"), 8).lower(),
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found true of an offer: the portal's address, the person, his rights, and the tokens to keep."""

    member_id: str
    endpoint: str
    user_id: int
    admin: bool
    access_token: Secret
    refresh_token: Secret
    expires_in: int


def prove(offer: Offer, portal: Portal | None = None) -> Proof:
    """Prove an offer against the authorisation server and the portal it names.

    Raises Unproved, UntrustedAddress, or RestError (fate RETRY: nobody answered, so nothing is known yet).
    """
    insecure = settings.B24_INSECURE_HTTP
    if not offer.member_id or not offer.access_token:
        raise Unproved("no portal or no token was posted")
    endpoint = portal_endpoint(offer.client_endpoint, offer.domain, insecure=insecure)
    client = server.Client.of(portal)
    tokens = (offer.access_token, offer.refresh_token, offer.expires_in)
    info = _token_info(offer)
    member_id, told_endpoint = info.member_id, info.client_endpoint
    if member_id and portal is not None and portal.installed_at and portal.client_endpoint == endpoint:
        told_endpoint = told_endpoint or endpoint  # proved before, and not changed
    if info.client_id and info.client_id != client.client_id:
        raise Unproved("the token belongs to another app")
    if not member_id or not told_endpoint:
        # The server said too little of the access token: what it says of the refresh token is complete (and proves our app).
        if not offer.refresh_token:
            raise Unproved("no refresh token was posted")
        grant = _doubted(lambda: server.refresh(offer.server_endpoint, client, offer.refresh_token))
        member_id, told_endpoint = member_id or grant.member_id, told_endpoint or grant.client_endpoint
        tokens = (grant.access_token, grant.refresh_token, grant.expires_in)
    if member_id != offer.member_id:
        raise Unproved("the token belongs to another portal")
    if not _same_host(told_endpoint, endpoint):
        raise Unproved("the portal lives at another address")
    user_id, admin = _read_person(stranger(offer.member_id, endpoint, tokens[0]).batch(QUESTIONS), "")
    return Proof(member_id, endpoint, user_id, admin, *tokens)


def _token_info(offer: Offer) -> server.TokenInfo:
    """What the authorisation server says of the access token; nothing when it does not have that question."""
    try:
        return server.app_info(offer.server_endpoint, offer.access_token)
    except RestError as error:
        if error.fate in (Fate.GONE, Fate.REFUSED):
            return server.TokenInfo("", "", "")
        raise _judged(error) from error


def identify(portal: Portal, auth_id: str) -> tuple[int, bool]:
    """The person behind a token of an installed portal, and whether he is its administrator, asked at the stored address.

    Raises Unproved for a token that the portal does not know or that was given to another app; RestError as above.
    """
    if not auth_id:
        raise Unproved("no token was posted")
    client = client_as(portal, auth_id)
    return _read_person(_doubted(lambda: client.batch(QUESTIONS)), str((portal.facts.get("app") or {}).get("code") or ""))


def _read_person(outcomes: list[Outcome], app_code: str) -> tuple[int, bool]:
    profile, app = outcomes
    for outcome in outcomes:
        if outcome.error is not None:
            raise _judged(outcome.error)
    told = profile.result
    user_id = str(told.get("ID", "")) if isinstance(told, Mapping) else ""
    if not user_id.isdigit():  # an inactive user is answered with []
        raise Unproved("the portal names no person for the token")
    code = str(app.result.get("CODE") or "") if isinstance(app.result, Mapping) else ""
    if app_code and code != app_code:
        raise Unproved("the token belongs to another app")
    return int(user_id), told.get("ADMIN") in (True, "Y", "true", "1", 1)


def _doubted(ask: Callable[[], Answer]) -> Answer:
    """The answer; a refusal of the token means that the claim is not proved, silence says nothing and goes up."""
    try:
        return ask()
    except RestError as error:
        raise _judged(error) from error


def _judged(error: RestError) -> Exception:
    if error.fate is Fate.RETRY or trouble_of(error) in (PAYMENT_REQUIRED, TARIFF):
        return error
    return Unproved(f"refused: {error.code}")


def _same_host(one: str, other: str) -> bool:
    try:
        return domain_of(urlsplit(one).netloc) == domain_of(urlsplit(other).netloc)
    except (UntrustedAddress, ValueError):
        return False


def _cut(value: str | None, length: int) -> str:
    return (value or "").replace("\0", "").strip()[:length]


def _secret(value: str | None) -> Secret:
    return Secret(_cut(value, 1000))


def _seconds(value: str | None) -> int:
    text = _cut(value, 9)
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else 3600
