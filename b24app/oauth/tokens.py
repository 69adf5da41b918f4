"""The portal's tokens as the REST client wants them: the current pair, a refresh that happens once, a move that is remembered.

Refresh tokens rotate: whoever refreshes must save the new pair, or the portal is lost until an administrator comes. So a refresh
holds the credential's row, re-reads it, asks only if the token is still the stale one, and commits at once, in a transaction of
its own (`durable`): inside a caller's transaction a rollback would throw the new pair away, so that is refused loudly.
"""

from __future__ import annotations

import datetime as dt
import threading

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from b24app.models import Portal, ServiceCredential
from b24app.oauth import server, troubles
from b24app.oauth.addresses import UntrustedAddress, portal_endpoint
from b24app.rest.client import Tokens
from b24app.rest.errors import RestError, make
from b24app.sealed import Secret


class ServiceTokens:
    """The service credential of one portal; threads may share it; the database is read once, and again on refresh."""

    def __init__(self, portal_id: int) -> None:
        self._portal_id = portal_id
        self._home = threading.get_ident()
        self._lock = threading.Lock()
        self._known: Tokens | None = None

    def current(self) -> Tokens:
        """The tokens to call with; raises RestError (NOT_INSTALLED) when the portal has none."""
        with self._lock:
            if self._known is None:
                try:
                    self._known = _stored(self._portal_id)
                finally:
                    self._leave()
            return self._known

    def refresh(self, stale: str) -> Tokens:
        """Tokens other than `stale`: somebody else's fresh ones, or new ones from the authorisation server.

        Raises RestError; one that an administrator must heal is written on `Portal.trouble`.
        """
        with self._lock:
            try:
                self._known = _refreshed(self._portal_id, stale)
            except RestError as error:
                troubles.note(self._portal_id, error)
                raise
            finally:
                self._leave()
            return self._known

    def moved(self, endpoint: str) -> None:
        """The portal answers at another address now: check and remember it; raises RestError for one not to be trusted."""
        with self._lock:
            try:
                new = moved(self._portal_id, endpoint)
                if self._known is not None:
                    self._known = Tokens(self._known.access_token, new)
            finally:
                self._leave()

    def _leave(self) -> None:
        """A thread of the REST client gives its database connection back: nobody else would."""
        if threading.get_ident() != self._home:
            connection.close()


class PersonTokens:
    """One person's access token for as long as it lives: never refreshed (the portal's page does that), moves are remembered."""

    def __init__(self, portal: Portal, access_token: str) -> None:
        self._portal = portal
        self._tokens = Tokens(Secret(access_token), portal.client_endpoint)

    def current(self) -> Tokens:
        return self._tokens

    def refresh(self, stale: str) -> Tokens:
        raise make("expired_token", "the person's token is old", status=401)

    def moved(self, endpoint: str) -> None:
        self._tokens = Tokens(self._tokens.access_token, moved(self._portal.pk, endpoint))
        self._portal.refresh_from_db(fields=["domain", "client_endpoint"])


class StrangerTokens:
    """A token posted by somebody not proved yet, at the address he claims: used once, nothing stored, no moves followed."""

    def __init__(self, endpoint: str, access_token: str) -> None:
        self._tokens = Tokens(Secret(access_token), endpoint)

    def current(self) -> Tokens:
        return self._tokens

    def refresh(self, stale: str) -> Tokens:
        raise make("invalid_token", "the posted token is not accepted", status=401)

    def moved(self, endpoint: str) -> None:
        raise make("PORTAL_MOVED", "a portal that is not proved yet sends us elsewhere")


def moved(portal_id: int, endpoint: str) -> str:
    """Store the portal's new address (https, a REST root) and return it; raises RestError (FORBIDDEN_ADDRESS)."""
    try:
        new, domain = checked(endpoint)
    except UntrustedAddress as error:
        raise make("FORBIDDEN_ADDRESS", str(error)) from error
    Portal.objects.filter(pk=portal_id).update(client_endpoint=new, domain=domain)
    return new


def checked(endpoint: str) -> tuple[str, str]:
    """The address in its one spelling, and its domain; raises UntrustedAddress."""
    netloc = endpoint.partition("://")[2].partition("/")[0]
    new = portal_endpoint(endpoint, netloc, insecure=settings.B24_INSECURE_HTTP)
    return new, new.partition("://")[2].partition("/")[0]


def _stored(portal_id: int) -> Tokens:
    row = ServiceCredential.objects.select_related("portal").filter(portal_id=portal_id, portal__uninstalled_at=None).first()
    if row is None:
        raise make("NOT_INSTALLED", "the portal has no service credential")
    return Tokens(Secret(row.access_token), row.portal.client_endpoint)


def _refreshed(portal_id: int, stale: str) -> Tokens:
    portal = Portal.objects.get(pk=portal_id)
    with transaction.atomic(durable=True):
        row = ServiceCredential.objects.select_for_update().filter(portal_id=portal_id, portal__uninstalled_at=None).first()
        if row is None:
            raise make("NOT_INSTALLED", "the portal has no service credential")
        if row.access_token != stale:
            return Tokens(Secret(row.access_token), portal.client_endpoint)
        grant = server.refresh(portal.server_endpoint, server.Client.of(portal), row.refresh_token)
        if grant.member_id and grant.member_id != portal.member_id:
            raise make("invalid_grant", "the authorisation server answered for another portal")
        row.access_token, row.refresh_token = grant.access_token, grant.refresh_token
        row.expires_at = timezone.now() + dt.timedelta(seconds=grant.expires_in)
        row.save(update_fields=["access_token", "refresh_token", "expires_at", "updated_at"])
    # The portal's row is locked before the credential's by an installation: never the other way round.
    _follow(portal, grant.client_endpoint)
    troubles.clear(portal_id)
    return Tokens(grant.access_token, portal.client_endpoint)


def _follow(portal: Portal, told: str) -> None:
    """A renamed portal's new address comes with the refresh; an address we cannot trust is left alone."""
    try:
        new, domain = checked(told) if told else (portal.client_endpoint, portal.domain)
    except UntrustedAddress:
        return
    if new != portal.client_endpoint:
        portal.client_endpoint, portal.domain = new, domain
        portal.save(update_fields=["client_endpoint", "domain"])
