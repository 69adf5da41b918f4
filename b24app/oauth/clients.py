"""REST clients for a portal: as the service (background work), as one person (his own rights), or for a claim not proved yet."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings

from b24app.journal_store import journal_for
from b24app.models import Portal
from b24app.oauth.tokens import PersonTokens, ServiceTokens, StrangerTokens
from b24app.rest.client import PortalClient, TokenSource
from b24app.rest.throttle import ENTERPRISE, LEFT_FREE, STANDARD, Pace, Throttle
from b24app.rest.transport import Transport

# Somebody waits in his browser: better a page that says "busy" than one that hangs.
PERSON_SECONDS = 10.0


def client_for(portal: Portal, *, urgent: bool = False, limit: float | None = None) -> PortalClient:
    """The portal's REST with the installing administrator's rights, journalled; without a credential its use raises RestError.

    `urgent`: its requests pass those of clients that are not, though never above the portal's pace. `limit`: seconds that a request
    may take.
    """
    connector = str(portal.facts.get("auth_connector") or "")
    return _client(portal, ServiceTokens(portal.pk), limit=limit, leave=0 if urgent else LEFT_FREE, connector=connector)


def client_as(portal: Portal, auth_id: str) -> PortalClient:
    """The portal's REST with the rights of the person whose frame token this is."""
    return _client(portal, PersonTokens(portal, auth_id), limit=PERSON_SECONDS)


def stranger(member_id: str, endpoint: str, access_token: str) -> PortalClient:
    """A portal that is being proved: nothing is journalled, because nothing belongs to anybody yet."""
    throttle = Throttle(_redis(settings.REDIS_CLIENT_URL), member_id, STANDARD)
    return PortalClient(member_id, StrangerTokens(endpoint, access_token), throttle, transport=_transport(PERSON_SECONDS))


def pace_of(portal: Portal) -> Pace:
    """How fast the portal's tariff lets us be: Enterprise licences are spelled like `ru_ent10000`."""
    family = portal.licence.partition("_")[2]
    return ENTERPRISE if family.startswith("ent") else STANDARD


def _client(
    portal: Portal, tokens: TokenSource, *, limit: float | None = None, leave: int = 0, connector: str = ""
) -> PortalClient:
    throttle = Throttle(_redis(settings.REDIS_CLIENT_URL), portal.member_id, pace_of(portal), leave=leave)
    transport = _transport(limit or settings.B24_REQUEST_LIMIT)
    return PortalClient(portal.member_id, tokens, throttle, journal_for(portal), transport=transport, connector=connector)


def _transport(limit: float) -> Transport:
    return _shared_transport(limit, settings.B24_INSECURE_HTTP)


@lru_cache(8)
def _shared_transport(limit: float, insecure: bool) -> Transport:
    """Connections stay open for as long as the process lives; each thread has its own."""
    return Transport(request_limit=limit, insecure=insecure)


@lru_cache(4)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)
