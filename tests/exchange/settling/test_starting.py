"""A base that is being set up keeps everything 1C sends, and gives nothing to the portal before it is started."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
from django.utils import timezone

from b24app import lanes
from exchange import setting_up
from exchange.imports import due as goods_due
from exchange.imports import push
from exchange.models import OneCBase, Problem, StateRow, TradeDocument
from exchange.planning.trade import Payment, Trade
from exchange.settling import hear, sweep
from exchange.settling.starting import start
from tests.exchange.settling.world import INVOICE, PAID, World, buyer, line

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


def trade() -> Trade:
    """A paid order that 1C made."""
    paid = Payment(key="p", number="7", date=dt.date(2026, 11, 20), amount=Decimal(200), currency="RUB", method="bank")
    lines = (line("boots", 200, 2),)
    return Trade(
        onec_id="order-1",
        onec_number="ТД-1",
        date=dt.date(2026, 11, 20),
        currency="RUB",
        amount=Decimal(200),
        lines=lines,
        party="buyer-1",
        comment="Срочно",
        payments=(paid,),
    )


class TestQuiet:
    def load(self, held: World, *, muted: bool) -> dict[str, int]:
        """The first load of one document; how often the portal was asked to make or tell something."""
        held.rules(trade={"invoices": {"travels": True, "made_from_onec": True}, "automation_trigger": True})
        held.product("boots")
        row = held.onec_makes(trade(), buyer())
        held.bitrix24.calls.reset()
        assert start(held.base, muted=muted)
        held.settle()
        row.refresh_from_db()
        assert row.b24_id
        item = held.item(row.b24_id)
        assert (item["stageId"], item["opportunity"], item["xmlId"]) == (PAID, 200, "order-1")
        assert list(Problem.objects.values_list("cause", flat=True)) == []
        asked = held.bitrix24.calls.by_method
        kinds = [one.params.get("fields", {}) for one in held.bitrix24.calls.log if one.method == "crm.item.update"]
        moved = sum("stageId" in fields for fields in kinds)
        told = asked["crm.automation.trigger.execute"] + asked["im.notify.system.add"]
        return {"imported": asked["crm.item.batchImport"], "told": told, "moved": moved}

    def test_the_first_load_starts_no_automation(self, held: World) -> None:
        assert self.load(held, muted=True) == {"imported": 1, "told": 0, "moved": 0}

    def test_unless_it_may(self, held: World) -> None:
        assert self.load(held, muted=False) == {"imported": 0, "told": 0, "moved": 1}

    def test_what_comes_after_the_start_is_made_as_always(self, held: World) -> None:
        held.rules(trade={"invoices": {"travels": True, "made_from_onec": True}})
        held.product("boots")
        assert start(held.base, muted=True)
        held.onec_makes(trade(), buyer())
        held.bitrix24.calls.reset()
        held.settle()
        assert held.bitrix24.calls.by_method["crm.item.batchImport"] == 0

    def test_what_the_portal_refuses_to_import_is_a_problem(self, held: World) -> None:
        held.rules(trade={"invoices": {"travels": True, "made_from_onec": True, "pipeline_for_new": 987}})
        row = held.onec_makes(trade(), buyer())
        assert start(held.base, muted=True)
        held.settle()
        row.refresh_from_db()
        assert row.b24_id is None
        assert Problem.objects.get(kind="document").cause == "portal-refused"
