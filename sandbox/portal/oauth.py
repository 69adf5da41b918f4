"""The authorisation server: codes, access and refresh tokens, and the installed application they belong to.

Lives documented by Bitrix24: code 30 s, access token 1 h, refresh token 180 days; every refresh hands out a new refresh
token and the old one stops working. Access tokens already out stay valid until their own end.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sandbox.portal.errors import RestError

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal
    from sandbox.portal.store import Row

CODE_LIFE = 30
REFRESH_LIFE = 180 * 86400


class OAuthError(Exception):
    """An error of the token endpoint: `{"error", "error_description"}` with its HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class OAuth:
    """Issues and checks credentials; the rows live in the store and outlive a restart."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.access_life = 3600

    def issue(self, user_id: int) -> dict[str, Any]:
        """A new pair for a user, in the shape of the token endpoint's answer."""
        portal, now = self.portal, self.portal.clock()
        access, refresh = secrets.token_hex(35), secrets.token_hex(35)
        scope = portal.app["scope"]
        expires = now + self.access_life
        portal.store.put("access_tokens", {"id": access, "user_id": user_id, "expires": expires, "scope": scope})
        portal.store.put("refresh_tokens", {"id": refresh, "user_id": user_id, "expires": now + REFRESH_LIFE, "scope": scope})
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": self.access_life,
            "expires": int(expires),
            "scope": scope,
            "domain": portal.oauth_domain,
            "server_endpoint": portal.server_endpoint,
            "client_endpoint": portal.client_endpoint,
            "status": portal.app["status"],
            "member_id": portal.member_id,
            "user_id": user_id,
        }

    def code(self, client_id: str, user_id: int) -> str:
        """An authorisation code for the browser to carry back."""
        if client_id != self.portal.client_id or not self.portal.app["installed"]:
            raise OAuthError("invalid_client", "Application not installed")
        code = secrets.token_hex(20)
        self.portal.store.put("codes", {"id": code, "user_id": user_id, "expires": self.portal.clock() + CODE_LIFE})
        return code

    def token(self, params: dict[str, Any]) -> dict[str, Any]:
        """Answer the token endpoint, or raise OAuthError."""
        self._client(params)
        grant = params.get("grant_type")
        if grant == "authorization_code":
            row = self._spend("codes", params.get("code"))
            answer = self.issue(row["user_id"])
            return {key: value for key, value in answer.items() if key not in {"expires", "user_id"}}
        if grant == "refresh_token":
            return self.issue(self._spend("refresh_tokens", params.get("refresh_token"))["user_id"])
        raise OAuthError("invalid_request", "Unknown grant_type")

    def _client(self, params: dict[str, Any]) -> None:
        if not params.get("client_id") or not params.get("client_secret") or not params.get("grant_type"):
            raise OAuthError("invalid_request", "A required parameter is missing")
        if params["client_id"] != self.portal.client_id:
            raise OAuthError("invalid_client", "Client not found", 401)
        if params["client_secret"] != self.portal.client_secret:
            # The server answers a wrong secret with HTTP 200: the error has to be looked for in the body.
            raise OAuthError("wrong_client", "Wrong client", 200)
        if self.portal.faults.payment_required:
            raise OAuthError("PAYMENT_REQUIRED", "Payment required", 401)

    def _spend(self, kind: str, key: Any) -> Row:
        row = self.portal.store.get(kind, key)
        if row is not None:
            self.portal.store.remove(kind, row["id"])
        if row is None or row["expires"] < self.portal.clock():
            raise OAuthError("invalid_grant", "Invalid grant")
        if not self.portal.app["installed"] and not self.portal.app["opened"]:
            raise OAuthError("invalid_client", "Application not installed", 401)
        return row

    def check(self, access: Any) -> Row:
        """The live access token, or the documented 401."""
        if not access or not isinstance(access, str):
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        row = self.portal.store.get("access_tokens", access)
        if row is None:
            raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if row["expires"] <= self.portal.clock():
            raise RestError("expired_token", "The access token provided has expired.", 401)
        return row

    def expire(self) -> None:
        """Make every access token old at once; refresh tokens keep working."""
        for row in self.portal.store.all("access_tokens"):
            self.portal.store.change("access_tokens", row, expires=self.portal.clock() - 1)

    def revoke(self) -> None:
        """Take every credential away, as after the application was removed."""
        for kind in ("access_tokens", "refresh_tokens", "codes"):
            for row in self.portal.store.all(kind):
                self.portal.store.remove(kind, row["id"])
