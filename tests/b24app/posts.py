"""What the portal posts to the app, built from the double's own data; any field can be replaced, None takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from sandbox.portal.server import PortalServer


def frame_body(server: PortalServer, user_id: int = 1, **changed: Any) -> dict[str, str]:
    """The form of a frame POST, opened by a user of the portal."""
    tokens = server.issue_tokens(user_id)
    body = {
        "AUTH_ID": tokens["access_token"],
        "AUTH_EXPIRES": "3600",
        "REFRESH_ID": tokens["refresh_token"],
        "SERVER_ENDPOINT": tokens["server_endpoint"],
        "APPLICATION_TOKEN": server.application_token,
        "APPLICATION_SCOPE": tokens["scope"],
        "member_id": server.member_id,
        "status": "L",
        "PLACEMENT": "DEFAULT",
        "PLACEMENT_OPTIONS": "[]",
    }
    return {name: value for name, value in {**body, **changed}.items() if value is not None}


def open_frame(server: PortalServer, path: str, user_id: int = 1, *, domain: str = "", lang: str = "ru", **changed: Any) -> Any:
    """The answer to a frame POST; the double speaks http, so PROTOCOL is 0."""
    query = f"DOMAIN={domain or server.domain}&PROTOCOL=0&LANG={lang}&APP_SID=sid1"
    return Client(enforce_csrf_checks=True).post(f"{path}?{query}", frame_body(server, user_id, **changed))


def event_body(
    server: PortalServer, code: str, data: dict[str, str] | None = None, user_id: int = 1, **changed: Any
) -> dict[str, str]:
    """The form of an event with the auth that this event carries."""
    with_tokens = code in ("ONAPPINSTALL", "ONAPPUPDATE")
    tokens = server.issue_tokens(user_id) if with_tokens else {}
    auth = {
        "domain": server.domain,
        "client_endpoint": f"{server.url}/rest/",
        "server_endpoint": f"{server.oauth_url}/rest/",
        "member_id": server.member_id,
        "application_token": server.application_token,
        "status": "L",
        "scope": "crm catalog",
        **({name: str(tokens[name]) for name in ("access_token", "refresh_token", "expires_in")} if with_tokens else {}),
        **changed,
    }
    form = {"event": code, "ts": "1766047124", **{f"data{key}": value for key, value in (data or {}).items()}}
    return {**form, **{f"auth[{name}]": value for name, value in auth.items() if value is not None}}


def send_event(
    server: PortalServer, code: str, data: dict[str, str] | None = None, *, path: str = "/b24/events/", **changed: Any
) -> Any:
    """The answer to an event."""
    return Client(enforce_csrf_checks=True).post(path, event_body(server, code, data, **changed))
