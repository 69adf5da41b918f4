"""Installing the app on a portal, from whatever comes first: the frame's POST, ONAPPINSTALL, both, twice, or with new tokens.

    claim ──► prove (no row touched) ──► store (one transaction) ──► equip: read the facts, bind events and places

Each step may be repeated at any time. The tokens of the administrator who installs become the service credential; an employee
cannot install, and nobody's frame visit replaces the credential later.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from b24app.models import Portal, ServiceCredential
from b24app.oauth import bindings, facts, troubles
from b24app.oauth.addresses import domain_of
from b24app.oauth.clients import client_for
from b24app.oauth.proof import Offer, Proof, Unproved, prove

# Our languages that a portal can show, by the portal's own codes; it has no Romanian.
PORTAL_LANGUAGES = {"en": "en", "ru": "ru", "uk": "ua"}

log = logging.getLogger(__name__)


class NotAdministrator(Exception):
    """The person who installs is proved, but no administrator of the portal."""

    def __init__(self, endpoint: str) -> None:
        super().__init__("only an administrator installs the app")
        self.endpoint = endpoint


def install(offer: Offer) -> Portal:
    """Prove the offer and store the portal with its service credential; safe to repeat and to race.

    Raises Unproved, UntrustedAddress, NotAdministrator, or RestError (fate RETRY: the portal or the server did not answer).
    """
    if not offer.refresh_token:
        raise Unproved("no refresh token was posted: background work could not live on")
    proof = prove(offer, Portal.objects.filter(member_id=offer.member_id).first())
    if not proof.admin:
        raise NotAdministrator(proof.endpoint)
    return _store(offer, proof)


@transaction.atomic
def _store(offer: Offer, proof: Proof) -> Portal:
    Portal.objects.get_or_create(
        member_id=proof.member_id, defaults={"domain": domain_of(offer.domain), "client_endpoint": proof.endpoint}
    )
    portal = Portal.objects.select_for_update().get(member_id=proof.member_id)
    portal.domain, portal.client_endpoint = domain_of(offer.domain), proof.endpoint
    portal.server_endpoint = offer.server_endpoint or portal.server_endpoint
    portal.application_token = offer.application_token or portal.application_token
    portal.scope, portal.status = offer.scope or portal.scope, offer.status or portal.status
    portal.language = offer.language or portal.language
    portal.installed_at, portal.uninstalled_at = timezone.now(), None
    portal.trouble = ""
    portal.save()
    _keep_tokens(portal, proof.user_id, proof.access_token, proof.refresh_token, proof.expires_in)
    log.info("portal %s installed by user %s", portal.pk, proof.user_id)
    return portal


def adopt(portal: Portal, offer: Offer, user_id: int) -> None:
    """Replace a dead service credential by the tokens of an administrator who was proved at the portal just now."""
    if not offer.refresh_token:
        return
    with transaction.atomic():
        locked = Portal.objects.select_for_update().get(pk=portal.pk)
        if locked.uninstalled_at is None and locked.trouble in troubles.HEALED_BY_ADMIN:
            _keep_tokens(locked, user_id, offer.access_token, offer.refresh_token, offer.expires_in)
            troubles.clear(portal.pk)
            portal.trouble = ""
            log.info("portal %s: the credential of user %s replaces a dead one", portal.pk, user_id)


def _keep_tokens(portal: Portal, user_id: int, access: str, refresh: str, expires_in: int) -> None:
    ServiceCredential.objects.update_or_create(
        portal=portal,
        defaults={
            "user_id": user_id,
            "access_token": access,
            "refresh_token": refresh,
            "expires_at": timezone.now() + dt.timedelta(seconds=expires_in),
        },
    )


def equip(portal: Portal) -> list[dict[str, str]]:
    """Read the portal's facts and bind what is missing; returns what the portal refused (also kept in facts["refused"]).

    Raises RestError when the portal could not be asked at all; everything can be repeated.
    """
    told = learn(portal)
    events, places = (f"{settings.APP_URL}/b24/{name}/" for name in ("events", "placement"))
    connector = portal.facts["auth_connector"]
    plan = [
        *bindings.plan_events(_list(told, "events"), _list(told, "bound_events"), events, connector=connector),
        *bindings.plan_placements(_list(told, "placements"), _list(told, "bound_placements"), places, titles()),
    ]
    refused = bindings.carry_out(client_for(portal), plan)
    if refused:
        log.warning("portal %s refused %s of %s bindings: %s", portal.pk, len(refused), len(plan), refused[:5])
    _keep_facts(portal, {**portal.facts, "refused": refused})
    return refused


def learn(portal: Portal) -> dict[str, Any]:
    """Read the portal's facts into `portal.facts`, with one request; returns the answers as they came. Raises RestError."""
    told = facts.answers(client_for(portal).batch([command for _, command in facts.QUESTIONS]))
    found = facts.facts_from(told, timezone.now().isoformat())
    connector = bindings.CONNECTOR if found["features"]["rest_auth_connector"] else ""
    _keep_facts(portal, {**found, "auth_connector": connector, "refused": portal.facts.get("refused", [])})
    return told


@transaction.atomic
def _keep_facts(portal: Portal, found: dict[str, Any]) -> None:
    """Ours replace their namesakes; what others keep among the facts stays."""
    locked = Portal.objects.select_for_update().get(pk=portal.pk)
    locked.facts = {**locked.facts, **found}
    locked.licence = found["licence"] or locked.licence
    locked.scope = ",".join(found["scope"]) or locked.scope
    locked.language = found["language"] or locked.language
    locked.save(update_fields=["facts", "licence", "scope", "language"])
    portal.refresh_from_db()


def titles() -> bindings.Titles:
    """What our places in the portal are called, per portal language."""
    made = {}
    for language, code in PORTAL_LANGUAGES.items():
        with translation.override(language):
            made[code] = {"TITLE": gettext("1C exchange"), "DESCRIPTION": gettext("Goods, prices, orders and payments from 1C")}
    return made


def _list(told: dict[str, Any], name: str) -> list[Any]:
    value = told.get(name)
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
