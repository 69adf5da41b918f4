"""A portal with people in its frame, without a portal to talk to: what a page shows is in the database."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from b24app import frame
from b24app.models import Portal
from exchange import sessions
from exchange.models import ImportRun, OneCBase, Problem, StateRow

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody in the frame of a portal: `get` and `post` as the page's script sends them."""

    portal: Portal
    admin: bool
    language: str = "en"
    user_id: int = 1

    def headers(self, htmx: bool = True) -> dict[str, str]:
        token = frame.sign(frame.FrameUser(self.portal.pk, self.user_id, self.admin, self.language, "sid"))
        return {"Authorization": f"Frame {token}", **({"HX-Request": "true"} if htmx else {})}

    def get(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = True):
        return Client(enforce_csrf_checks=True).get(path, data or {}, headers=self.headers(htmx))

    def post(self, path: str, data: dict[str, Any] | None = None):
        return Client(enforce_csrf_checks=True).post(path, data or {}, headers=self.headers())


def make_portal() -> Portal:
    number = next(_numbers)
    domain = f"p{number}.bitrix24.test"
    return Portal.objects.create(
        member_id=f"member{number}", domain=domain, client_endpoint=f"https://{domain}/rest/", installed_at=timezone.now()
    )


def make_base(portal: Portal, name: str = "Trade", configuration: str = "ut11", **fields: Any) -> OneCBase:
    base, _ = sessions.create_base(portal, name, configuration)
    for field, value in fields.items():
        setattr(base, field, value)
    base.save()
    return base


def make_run(base: OneCBase, **fields: Any) -> ImportRun:
    values = {"type": "catalog", "file_name": "import.xml", "path": "import.xml", "state": "read", **fields}
    return ImportRun.objects.create(base=base, **values)


def make_problem(base: OneCBase, cause: str = "name-missing", number: int = 1, **fields: Any) -> Problem:
    values = {"kind": "product", "onec_id": f"item-{number}", "name": f"Item {number}", **fields}
    return Problem.objects.create(portal=base.portal, base=base, cause=cause, **values)


def make_rows(base: OneCBase, count: int, **fields: Any) -> None:
    StateRow.objects.bulk_create(
        StateRow(base=base, kind="product", onec_id=f"item-{n}", main={}, **fields) for n in range(count)
    )


@pytest.fixture
def portal(db: None) -> Portal:
    return make_portal()


@pytest.fixture
def admin(portal: Portal) -> Person:
    return Person(portal, admin=True)


@pytest.fixture
def employee(portal: Portal) -> Person:
    return Person(portal, admin=False, user_id=2)
