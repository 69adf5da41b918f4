"""A stub portal, Redis and a client that never really waits."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from b24app.rest.client import PortalClient
from b24app.rest.session import Persistence
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Transport
from tests.b24app.rest.stub import StubPortal, Time, Wallet


@pytest.fixture
def stub() -> Iterator[StubPortal]:
    portal = StubPortal()
    yield portal
    portal.stop()


@pytest.fixture
def server() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CLIENT_URL)


@pytest.fixture
def member_id() -> str:
    return secrets.token_hex(16)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def throttle(server: redis.Redis, member_id: str, clock: Time) -> Throttle:
    return Throttle(server, member_id, sleep=clock.sleep, clock=clock)


@pytest.fixture
def wallet(stub: StubPortal) -> Wallet:
    return Wallet(stub)


@pytest.fixture
def client(member_id: str, wallet: Wallet, throttle: Throttle, clock: Time) -> PortalClient:
    return PortalClient(
        member_id, wallet, throttle, transport=Transport(insecure=True), persistence=Persistence(sleep=clock.sleep)
    )
