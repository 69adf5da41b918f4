"""For operators: is this process alive, does the whole app work, and a few useful numbers."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

WORKER_KEY = "b24app:worker"
WORKER_SECONDS = 30
_LAST_HOUR = "b24app_restcall where at > now() - interval '1 hour'"
# name, what it is, the rows that are counted
_NUMBERS = (
    ("portals", "Portals where the app is installed", "b24app_portal where installed_at is not null and uninstalled_at is null"),
    ("portals_in_trouble", "Installed portals that cannot be called", "b24app_portal where trouble <> '' and uninstalled_at is null"),
    ("lanes_due", "Portals with work that waits", "b24app_lane where due_at <= now()"),
    ("lanes_working", "Portals that are being worked for", "b24app_lane where lease_until > now()"),
    ("events_waiting", "Portal events not handled yet", "b24app_inboundevent where handled_at is null"),
    ("events_failed", "Portal events whose handling failed", "b24app_inboundevent where handled_at is null and error <> ''"),
    ("rest_calls_hour", "Requests to portals in the last hour", _LAST_HOUR),
    ("rest_limited_hour", "Of these, refused for their rate", f"{_LAST_HOUR} and status in (429, 503)"),
    ("objects_due", "1C objects that wait for their portal", "exchange_staterow where pushed_version < version"),
    ("imports_open", "1C files that are not read yet", "exchange_importrun where state in ('waiting', 'reading')"),
    ("problems_open", "Problems that wait for a person", "exchange_problem where closed_at is null"),
)  # fmt: skip

log = logging.getLogger(__name__)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 once database (migrated), broker and a worker are there; else 503 with what fails (why is in the log)."""
    checks = {"web": True, "database": _works(_database), "broker": _works(_broker), "worker": _works(_worker)}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers in Prometheus' text form, for this machine or for whoever sends METRICS_TOKEN as a bearer token."""
    if not _may_measure(request):
        return HttpResponse(status=403)
    return HttpResponse("\n".join(_lines()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def note_worker() -> None:
    """A worker says that it lives; its word holds for half a minute."""
    _redis(settings.REDIS_CLIENT_URL).set(WORKER_KEY, str(time.time()), ex=WORKER_SECONDS)


def _lines() -> Iterator[str]:
    with connection.cursor() as cursor:
        for name, text, rows in _NUMBERS:
            cursor.execute(f"select count(*) from {rows}")  # noqa: S608  (our own constants)
            yield f"# HELP onec_bridge_{name} {text}"
            yield f"# TYPE onec_bridge_{name} gauge"
            yield f"onec_bridge_{name} {cursor.fetchone()[0]}"


def _may_measure(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    # A proxy on this machine also comes from here, but says for whom.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1", "") and not forwarded


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:
        log.warning("not ready: %s", check.__name__.strip("_"), exc_info=True)
        return False


def _database() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker() -> bool:
    return bool(_redis(settings.REDIS_CLIENT_URL).ping())


def _worker() -> bool:
    return bool(_redis(settings.REDIS_CLIENT_URL).exists(WORKER_KEY))


@lru_cache(2)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
