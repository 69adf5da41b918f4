"""What every test may ask for. The servers come up once per DATA_DIR; xdist's workers share them, each with its own database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.chromium import chromium
from tests.processes import about, until

if TYPE_CHECKING:
    from playwright.sync_api import Playwright
    from pytest_django.fixtures import Settings

    from b24app.models import Portal
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


@pytest.fixture
def bitrix24(portal_server: PortalServer, settings: Settings) -> PortalServer:
    """The portal double as this app's world: its OAuth server is listed, its http and loopback address allowed."""
    settings.B24_CLIENT_ID, settings.B24_CLIENT_SECRET = portal_server.client_id, portal_server.client_secret
    settings.B24_OAUTH_SERVERS, settings.B24_INSECURE_HTTP = [portal_server.oauth_url], True
    return portal_server


@pytest.fixture
def portal(bitrix24: PortalServer, db: None) -> Portal:
    """The double's portal with the app installed by its first user, an administrator: service tokens work, facts are read."""
    import datetime as dt

    from django.utils import timezone

    from b24app.models import Portal, ServiceCredential
    from b24app.oauth.install import learn

    tokens = bitrix24.issue_tokens(1)
    bitrix24.installation.finish(1)
    row = Portal.objects.create(
        member_id=bitrix24.member_id,
        domain=bitrix24.domain,
        client_endpoint=tokens["client_endpoint"],
        server_endpoint=tokens["server_endpoint"],
        application_token=bitrix24.application_token,
        scope=tokens["scope"],
        status=tokens["status"],
        language="ru",
        installed_at=timezone.now(),
    )
    ServiceCredential.objects.create(
        portal=row,
        user_id=1,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        expires_at=timezone.now() + dt.timedelta(hours=1),
    )
    learn(row)
    return row


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A DATA_DIR for a test's own programs, which must all have ended with the test.

    Not below pytest's folder: every start of pytest closes that one to other users, and PostgreSQL may run as one.
    """
    with tempfile.TemporaryDirectory(prefix="onec-bridge-") as folder:
        yield Path(folder).resolve() / "data"
        until(lambda: not about(folder), lambda: f"still running: {about(folder)}", 30)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to start (`make test` installs one when there is none)."""
    found = chromium()
    assert found, "No Chromium: run `make browser`, or set CHROMIUM=/path/to/chromium"
    return found


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """The one driver of a test process: a second one beside it would not start."""
    from playwright.sync_api import expect, sync_playwright

    # It keeps an event loop in this thread, and Django would forbid the ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # The machine may be busy.
    expect.set_options(timeout=45_000)
    with sync_playwright() as playwright:
        yield playwright
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def _own_files(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test stores under DATA_DIR goes to a folder of its own; the servers keep running where they are."""
    from django.conf import settings

    monkeypatch.setattr(settings, "DATA_DIR", Path(tmp_path_factory.mktemp("data")))
