"""A fresh portal with a bucket too deep to matter, a client of its administrator, and a clock to turn by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[PortalServer]:
    with PortalServer(clock=clock, installed=True, bucket=(10_000, 1000)) as server:
        yield server


@pytest.fixture
def rest(server: PortalServer) -> Client:
    return Client(server)
