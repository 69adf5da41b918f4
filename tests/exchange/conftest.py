"""A base of 1C, and a 1C that speaks raw HTTP to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from b24app.models import Portal
from exchange import handlers, sessions
from exchange.models import ImportRun, OneCBase
from tests.exchange.onec import OneC


@pytest.fixture(autouse=True)
def _quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed cheaply, and nobody waits on the real clock."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(handlers, "sleep", lambda seconds: None)


@pytest.fixture
def shop(db: None) -> Portal:
    return Portal.objects.create(member_id="shop", domain="shop.example")


@pytest.fixture
def base(shop: Portal) -> OneCBase:
    made, password = sessions.create_base(shop, "Склад", "ut11")
    made.plain = password  # type: ignore[attr-defined]
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ImportRun]:
    """The runs whose reading was asked for; nobody reads them."""
    runs: list[ImportRun] = []
    monkeypatch.setattr(handlers, "start_reading", runs.append)
    return runs


@pytest.fixture
def onec(base: OneCBase, started: list[ImportRun]) -> OneC:
    return OneC(Client(raise_request_exception=False), base.key, base.login, base.plain)  # type: ignore[attr-defined]
