"""Tasks wake up, do one thing, and leave the rest to the next one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from b24app import celery, lanes
from b24app.models import Lane, Portal
from exchange import tasks
from exchange.imports import push
from exchange.models import ImportRun
from exchange.sessions import create_base

pytestmark = pytest.mark.django_db(transaction=True)


class TestWorkLane:
    @pytest.fixture
    def woken(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
        asked: list[dict[str, int]] = []
        monkeypatch.setattr(tasks.work_lane, "delay", lambda **how: asked.append(how))
        return asked

    @pytest.fixture
    def slices(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """The portals pushed to, slice by slice; each has more to do at once, three times in all."""
        pushed: list[int] = []

        def slice_of(claim: lanes.Claim, *, until: float, longest: float) -> dt.datetime | None:
            pushed.append(claim.portal_id)
            return timezone.now() if len(pushed) < 3 else None

        monkeypatch.setattr(push, "push", slice_of)
        return pushed

    def test_keeps_a_lane_while_it_has_more_to_do(self, portal: Portal, slices: list[int], woken: list[dict[str, int]]) -> None:
        lanes.mark_due(portal.pk)
        tasks.work_lane(portal_id=portal.pk)
        assert (slices, woken) == ([portal.pk] * 3, [])
        assert Lane.objects.get(portal=portal, work=lanes.CATALOG).owner == ""

    def test_gives_it_up_when_another_one_waits(
        self, portal: Portal, slices: list[int], woken: list[dict[str, int]], second: Callable[[], Portal]
    ) -> None:
        lanes.mark_due(portal.pk)
        lanes.mark_due(second().pk)
        tasks.work_lane(portal_id=portal.pk)
        assert (slices, woken) == ([portal.pk], [{"portal_id": portal.pk}])
        assert portal.pk in lanes.due(5)

    @pytest.fixture
    def second(self) -> Callable[[], Portal]:
        return lambda: Portal.objects.create(member_id="second", domain="second.example", installed_at=timezone.now())


class TestReading:
    @pytest.fixture
    def queues(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
        asked: list[tuple[int, str]] = []

        def note(kwargs: dict[str, int], queue: str) -> None:
            asked.append((kwargs["run_id"], queue))

        monkeypatch.setattr(tasks.read_run, "apply_async", note)
        monkeypatch.setattr(tasks.work_lane, "delay", lambda **how: None)
        return asked

    def test_of_documents_never_waits_behind_a_catalogue(self, portal: Portal, queues: list[tuple[int, str]]) -> None:
        base, _ = create_base(portal, "Торговля", "ut11")
        sale, catalog = (
            ImportRun.objects.create(base=base, type=type_, file_name="x", path="x") for type_ in ("sale", "catalog")
        )
        tasks.tick()
        assert queues == [(catalog.pk, celery.app.conf.task_default_queue)]
        queues.clear()
        tasks.tick_documents()
        assert queues == [(sale.pk, celery.DOCUMENTS)]
        routes = celery.app.conf.task_routes
        assert {name for name, route in routes.items() if route["queue"] == celery.DOCUMENTS} >= {
            "exchange.settle",
            "exchange.tick_documents",
        }
