"""A base of 1C, and a 1C that speaks raw HTTP to it."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from b24app.models import Portal
from exchange import guessing, handlers, sessions
from exchange.models import ImportRun, OneCBase
from tests.exchange.onec import PASSWORD, OneC


@pytest.fixture(autouse=True)
def _quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed cheaply, nobody waits on the real clock, and nobody's wrong guesses slow another test down."""
    monkeypatch.setattr(guessing, "PREFIX", f"test-{secrets.token_hex(6)}")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(handlers, "sleep", lambda seconds: None)


@pytest.fixture
def shop(db: None) -> Portal:
    return Portal.objects.create(member_id="shop", domain="shop.example")


@pytest.fixture
def base(shop: Portal) -> OneCBase:
    """Its password is PASSWORD."""
    made, _ = sessions.create_base(shop, "Склад", "ut11")
    made.password = make_password(PASSWORD)
    made.save()
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ImportRun]:
    """The runs whose reading was asked for; nobody reads them."""
    runs: list[ImportRun] = []
    monkeypatch.setattr(handlers, "start_reading", runs.append)
    return runs


@pytest.fixture
def onec(base: OneCBase, started: list[ImportRun]) -> OneC:
    return OneC(Client(raise_request_exception=False), base.key, base.login, PASSWORD)
