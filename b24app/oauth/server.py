"""The authorisation server: refreshing tokens, and asking whose token something is. Its host is never taken from a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from b24app.models import Portal
from b24app.oauth.addresses import listed_server
from b24app.rest.errors import NOT_JSON, error_in, make
from b24app.rest.transport import Transport
from b24app.sealed import Secret

ANSWER_SECONDS = 5.0  # + the transport's own margin; callers hold a row lock meanwhile
ANSWER_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the authorisation server: the app's id and secret (a local app has its own for its one portal)."""

    client_id: str
    client_secret: Secret

    @classmethod
    def of(cls, portal: Portal | None) -> Client:
        """The portal's own pair when it has one, else the marketplace app's."""
        if portal is not None and portal.client_id and portal.client_secret:
            return cls(portal.client_id, Secret(portal.client_secret))
        return cls(settings.B24_CLIENT_ID, Secret(settings.B24_CLIENT_SECRET))


@dataclass(frozen=True, slots=True)
class Grant:
    """A fresh pair of tokens with what the server says about them. `user_id` 0 and empty strings: the server did not say."""

    access_token: Secret
    refresh_token: Secret
    expires_in: int
    member_id: str
    user_id: int
    client_endpoint: str
    server_endpoint: str
    scope: str
    status: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What the server knows of an access token: the one trusted answer to "which portal, which app?". Empty: it did not say."""

    member_id: str
    client_id: str
    client_endpoint: str


def refresh(server_endpoint: str, client: Client, refresh_token: str) -> Grant:
    """Change the refresh token for a new pair (the old one is dead afterwards); raises RestError."""
    return _grant(server_endpoint, client, {"grant_type": "refresh_token", "refresh_token": str(refresh_token)})


def exchange(server_endpoint: str, client: Client, code: str) -> Grant:
    """Change the code of a full-page sign-in (it lives 30 seconds) for tokens; raises RestError."""
    return _grant(server_endpoint, client, {"grant_type": "authorization_code", "code": code})


def _grant(server_endpoint: str, client: Client, fields: Mapping[str, str]) -> Grant:
    base = listed_server(server_endpoint, settings.B24_OAUTH_SERVERS)
    secrets = {"client_id": client.client_id, "client_secret": str(client.client_secret)}
    answer = _post(f"{base}/oauth/token/", {**fields, **secrets}, "oauth/token")
    if not answer.get("access_token") or not answer.get("refresh_token"):
        raise make(NOT_JSON, "the authorisation server sent no tokens", method="oauth/token")
    return Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=_whole(answer.get("expires_in")) or 3600,
        member_id=str(answer.get("member_id") or ""),
        user_id=_whole(answer.get("user_id")),
        client_endpoint=str(answer.get("client_endpoint") or ""),
        server_endpoint=str(answer.get("server_endpoint") or ""),
        scope=str(answer.get("scope") or ""),
        status=str(answer.get("status") or ""),
    )


def app_info(server_endpoint: str, access_token: str) -> TokenInfo:
    """Ask the authorisation server about a token; raises RestError (also for a token it does not know).

    Its answer is told in prose only ("trusted status"), so every known spelling is read and nothing is required here.
    """
    base = listed_server(server_endpoint, settings.B24_OAUTH_SERVERS)
    result = _post(f"{base}/rest/app.info", {"auth": str(access_token)}, "app.info").get("result")
    told = result if isinstance(result, Mapping) else {}
    install = told.get("install")
    parts: list[Mapping[str, Any]] = [told, install] if isinstance(install, Mapping) else [told]
    member_id = _text(parts, "member_id", "MEMBER_ID")
    return TokenInfo(member_id, _text(parts, "client_id", "CLIENT_ID"), _text(parts, "client_endpoint"))


def _post(url: str, fields: Mapping[str, str], method: str) -> Mapping[str, Any]:
    """One form POST (the secret belongs in no address). An error may come with HTTP 200, so the body decides."""
    answer = _transport().post_form(url, fields)
    if not isinstance(answer.body, Mapping) or "error" in answer.body:
        error = error_in(answer.body, status=answer.status, method=method)
        raise error or make(NOT_JSON, status=answer.status, method=method)
    if answer.status >= 300:
        raise make(NOT_JSON, "an unexpected status", status=answer.status, method=method)
    return answer.body


@lru_cache(1)
def _transport() -> Transport:
    return Transport(request_limit=ANSWER_SECONDS, insecure=True, answer_limit=ANSWER_LIMIT)


def _text(parts: list[Mapping[str, Any]], *names: str) -> str:
    return next((str(part[name]) for part in parts for name in names if part.get(name)), "")


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
