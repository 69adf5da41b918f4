"""A base of the installed portal, and the whole way of a file: read, remembered, pushed."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from b24app import lanes
from b24app.models import Portal
from b24app.pages.sections import saving
from exchange.commerceml import Oddities, read
from exchange.imports import push
from exchange.imports.remember import Counts, remember
from exchange.models import ImportRun, OneCBase
from exchange.sessions import create_base

Send = Callable[..., Counts]


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    return create_base(portal, "Торговля", "ut11")[0]


@pytest.fixture
def tell(base: OneCBase) -> Send:
    """Remember the records of a file (text) as a run of the base."""

    def tell(text: str, *, only_changes: bool = False, of: OneCBase | None = None) -> Counts:
        counts = Counts()
        run = ImportRun.objects.create(base=of or base, type="catalog", file_name="import.xml", path="")
        records = read(io.BytesIO(text.encode()), oddities=Oddities())
        with transaction.atomic():
            remember((of or base).pk, run.pk, records, only_changes=only_changes, counts=counts)
        lanes.mark_due((of or base).portal_id)
        return counts

    return tell


@pytest.fixture
def push_all(portal: Portal) -> Callable[[], None]:
    """Work the portal's lane until nothing is due now."""

    def work() -> None:
        lanes.mark_due(portal.pk)
        for _ in range(20):
            claim = lanes.claim("test", portal.pk)
            if claim is None:
                return
            lanes.release(claim, push.push(claim, until=time.monotonic() + 30))

    return work


@pytest.fixture
def change(base: OneCBase, push_all: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change rules as the settings page does, and let a worker carry what became due."""
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)

    def change(**changes: Any) -> None:
        assert saving.save(base, changes, author="user:1").changed
        push_all()

    return change
