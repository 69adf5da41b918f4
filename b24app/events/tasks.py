"""Thin tasks around events and the daily care of portals; what is due stands in the database."""

from __future__ import annotations

import datetime as dt
import logging
from functools import lru_cache
from typing import Any

import redis
from celery import shared_task
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from b24app.events.handle import handle_waiting
from b24app.events.offline import drain
from b24app.events.registry import anybody_listens
from b24app.journal_store import purge
from b24app.models import InboundEvent, Portal
from b24app.oauth import troubles
from b24app.oauth.clients import client_for
from b24app.oauth.install import equip
from b24app.rest.errors import RestError

KEEP_EVENTS = dt.timedelta(days=30)
# How long a message that got lost can keep the next one from being sent; the tick looks as often.
WOKEN_SECONDS = 15
_WOKEN = "b24:events:woken:{}"

log = logging.getLogger(__name__)


@shared_task(name="b24app.handle_events")
def handle_events(portal_id: int | None = None, **_: Any) -> None:
    """Hand waiting events to their handlers."""
    if portal_id is not None:
        _redis().delete(_WOKEN.format(portal_id))  # before looking: what is stored from now on sends a message of its own
    handle_waiting(portal_id)


def wake(portal_id: int) -> None:
    """Have a portal's stored events handled: one message, however many events come before a worker takes it.

    A mass edit raises thousands of events; a message for each would keep every other task waiting behind them.
    Raises redis.RedisError and kombu's OperationalError.
    """
    if _redis().set(_WOKEN.format(portal_id), 1, nx=True, ex=WOKEN_SECONDS):
        handle_events.apply_async(kwargs={"portal_id": portal_id}, retry=False)


def _one_of(portals: QuerySet[Portal], portal_id: int | None, task: Any) -> Portal | None:
    """The portal that the task is for, if it is (still) one of these; without an id, a task is woken for each of them."""
    if portal_id is not None:
        return portals.filter(pk=portal_id).first()
    for pk in portals.values_list("pk", flat=True):
        task.delay(portal_id=pk)
    return None


@shared_task(name="b24app.drain_offline")
def drain_offline(portal_id: int | None = None, **_: Any) -> None:
    """Take the offline queue of one portal; without a portal, wake one such task for each (when anybody listens)."""
    if not anybody_listens():
        return
    callable_portals = Portal.objects.filter(uninstalled_at=None, trouble="").exclude(installed_at=None)
    portal = _one_of(callable_portals, portal_id, drain_offline)
    if portal is None:
        return
    try:
        taken = drain(portal)
    except RestError as error:
        troubles.note(portal.pk, error)
        log.warning("offline events of portal %s: %s", portal.pk, error.code)
        return
    if taken:
        handle_waiting(portal.pk)


@shared_task(name="b24app.look_again")
def look_again(portal_id: int | None = None, **_: Any) -> None:
    """Ask the portals whose plan or subscription had ended whether that is over."""
    troubled = Portal.objects.filter(uninstalled_at=None, trouble__in=troubles.MAY_PASS)
    portal = _one_of(troubled, portal_id, look_again)
    if portal is None:
        return
    try:
        client_for(portal).call("app.info")
    except RestError as error:
        troubles.note(portal.pk, error)
    else:
        troubles.clear(portal.pk)


@shared_task(name="b24app.daily")
def daily(portal_id: int | None = None, **_: Any) -> None:
    """Once a day: bind again what the portal lost, read its facts anew, delete old journal and events."""
    if portal_id is None:
        purge(timezone.now())
        InboundEvent.objects.filter(handled_at__lt=timezone.now() - KEEP_EVENTS).delete()
        for pk in Portal.objects.filter(uninstalled_at=None).exclude(installed_at=None).values_list("pk", flat=True):
            daily.delay(portal_id=pk)
        return
    portal = Portal.objects.filter(pk=portal_id, uninstalled_at=None).first()
    if portal is None:
        return
    try:
        equip(portal)
        troubles.clear(portal.pk)
    except RestError as error:
        troubles.note(portal.pk, error)
        log.warning("daily care of portal %s: %s", portal.pk, error.code)


@lru_cache(1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CLIENT_URL)
