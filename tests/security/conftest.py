"""Two portals side by side, and nobody who works for them."""

from __future__ import annotations

import secrets

import pytest

from b24app.oauth import admission
from exchange import guessing
from tests.security.neighbours import Neighbour


@pytest.fixture
def ours(db: None) -> Neighbour:
    return Neighbour("ATTACKER", 1_000_000)


@pytest.fixture
def theirs(db: None) -> Neighbour:
    return Neighbour("VICTIM", 2_000_000)


@pytest.fixture
def nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be woken stays asleep (no broker, no portal on the net), and refusals count for one test only."""
    from celery.app.task import Task

    monkeypatch.setattr(admission, "PREFIX", f"test-{secrets.token_hex(6)}")
    monkeypatch.setattr(guessing, "PREFIX", f"test-{secrets.token_hex(6)}")
    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **kwargs: None)
