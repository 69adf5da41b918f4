"""What every test may ask for. The servers come up once per DATA_DIR; xdist's workers share them, each with its own database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.chromium import chromium

if TYPE_CHECKING:
    from sandbox.portal.server import PortalServer

# The machine may be busy: a slow example is no finding, and every run tries the same ones.
hypothesis_settings.register_profile(
    "suite", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")


@pytest.fixture
def portal_server() -> Iterator[PortalServer]:
    """A Bitrix24 portal of its own, running in this process on a free port, with nothing installed."""
    from sandbox.portal.server import PortalServer

    server = PortalServer(port=0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to start (`make test` installs one when there is none)."""
    found = chromium()
    assert found, "No Chromium: run `make browser`, or set CHROMIUM=/path/to/chromium"
    return found


@pytest.fixture(autouse=True)
def _own_files(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test stores under DATA_DIR goes to a folder of its own; the servers keep running where they are."""
    from django.conf import settings

    monkeypatch.setattr(settings, "DATA_DIR", Path(tmp_path_factory.mktemp("data")))
