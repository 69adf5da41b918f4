"""The whole way of a sign-in, as a browser goes it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.utils import timezone

from b24app.models import Portal
from sandbox.portal.server import PortalServer

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

LOGIN, CALLBACK = "/accounts/bitrix24/login/", "/accounts/bitrix24/login/callback/"


def begin(client: Client, portal: str, **query: str) -> Response:
    return client.get(LOGIN, {"portal": portal, **query})


def code_for(server: PortalServer, user_id: int) -> str:
    with server.portal.lock:
        code = server.portal.oauth.code(server.client_id, user_id)
        server.portal.store.commit()
    return code


def sign_in(client: Client, server: PortalServer, user_id: int = 1, **changed: Any) -> Response:
    """The whole way: to the portal, and back with a code of the person who signed in there."""
    state = parse_qs(urlsplit(begin(client, server.domain).headers["Location"]).query)["state"][0]
    query = {"code": code_for(server, user_id), "state": state, "domain": server.domain, "member_id": server.member_id, **changed}
    return client.get(CALLBACK, query)


def installed(server: PortalServer) -> Portal:
    """The app on this portal, as a local application with an id and a secret of its own."""
    tokens = server.issue_tokens(1)
    server.installation.finish(1)
    return Portal.objects.create(
        member_id=server.member_id,
        domain=server.domain,
        client_endpoint=tokens["client_endpoint"],
        server_endpoint=tokens["server_endpoint"],
        client_id=server.client_id,
        client_secret=server.client_secret,
        installed_at=timezone.now() - dt.timedelta(days=1),
    )
