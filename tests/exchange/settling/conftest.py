"""Both sides of one base, ready to act."""

from __future__ import annotations

import pytest

from b24app.models import Portal
from exchange.sessions import create_base
from sandbox.portal.server import PortalServer
from tests.exchange.settling.world import World


@pytest.fixture
def world(portal: Portal, bitrix24: PortalServer) -> World:
    """A portal with a base of УТ 11."""
    return World(portal, create_base(portal, "Торговля", "ut11")[0], bitrix24)
