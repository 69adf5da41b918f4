"""A base that is being set up keeps everything 1C sends, and gives nothing to the portal before it is started."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.utils import timezone

from b24app import lanes
from exchange import setting_up
from exchange.imports import due as goods_due
from exchange.imports import push
from exchange.models import OneCBase, StateRow, TradeDocument
from exchange.settling import hear, sweep
from exchange.settling.starting import start
from tests.exchange.settling.world import INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(world: World) -> World:
    """The base waits for its administrator; 1C has sent one group."""
    setting_up.hold(world.base, "connect")
    StateRow.objects.create(base=world.base, kind="group", onec_id="g", main={"name": "Обувь"})
    lanes.mark_due(world.portal.pk)
    return world


def push_all(world: World) -> None:
    lanes.mark_due(world.portal.pk)
    while (claim := lanes.claim("test", world.portal.pk)) is not None:
        lanes.release(claim, push.push(claim, until=time.monotonic() + 30))


class TestHeld:
    def test_no_goods_go_before_the_start_and_all_after_it(self, held: World) -> None:
        push_all(held)
        assert held.bitrix24.state.count("sections") == 0
        assert goods_due.next_due(held.portal.pk) is None
        assert start(held.base, muted=True)
        push_all(held)
        assert held.bitrix24.state.count("sections") == 1

    def test_documents_of_the_meantime_go_once_it_is_started(self, held: World) -> None:
        id = held.invoice()
        assert hear.note(held.portal.pk, [(INVOICE, id)]) == 0
        held.settle()
        assert not TradeDocument.objects.exists()
        assert start(held.base, muted=False)
        assert sweep.sweep(held.portal.pk)
        held.settle()
        assert TradeDocument.objects.get().b24_id == id

    def test_it_goes_on_as_any_other_and_is_started_once(self, held: World) -> None:
        assert setting_up.setup_of(held.base).held
        assert list(OneCBase.objects.working()) == []
        assert start(held.base, muted=False)
        assert list(OneCBase.objects.working()) == [held.base]
        told = setting_up.setup_of(OneCBase.objects.get())
        assert (told.held, told.muted, told.step) == (False, False, "connect")
        assert told.started_at
        assert not start(held.base, muted=True)

    def test_a_base_that_nobody_sets_up_never_waits(self, world: World) -> None:
        setting_up.note(world.base, step="prices")
        assert not setting_up.setup_of(world.base).held
        assert list(OneCBase.objects.working()) == [world.base]

    def test_the_portal_is_swept_again_from_where_its_rules_begin(self, held: World) -> None:
        held.rules(trade={"invoices": {"travels": True, "from_date": "2026-01-10"}})
        now = timezone.now().isoformat()
        held.portal.facts = {**held.portal.facts, "swept": {"31": now, "2": now}}
        held.portal.save()
        assert start(held.base, muted=True)
        held.portal.refresh_from_db()
        assert held.portal.facts["swept"] == {"31": dt.datetime(2026, 1, 10, tzinfo=dt.UTC).isoformat(), "2": now}


class TestPaused:
    def test_what_was_heard_before_waits_without_a_worker_going_round(self, world: World) -> None:
        world.hear((INVOICE, world.invoice()))
        OneCBase.objects.update(paused_at=timezone.now())
        world.settle()
        assert not lanes.is_due(world.portal.pk, lanes.DOCUMENTS)
        OneCBase.objects.update(paused_at=None)
        world.settle()
        assert TradeDocument.objects.count() == 1
