"""What goes wrong on the way: nothing is lost, nothing is there twice, and both sides end in the same state."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db.models import F
from django.utils import timezone

from b24app import lanes
from b24app.events.handle import handle_waiting
from b24app.events.inbox import store
from b24app.events.offline import drain
from b24app.models import Lane, ServiceCredential
from b24app.oauth.install import equip
from exchange.models import HeardObject, Problem, TradeDocument
from exchange.settling import reading, sweep
from exchange.settling.flows import DocumentWork, Flow, Learnt
from exchange.settling.saving import Saving
from exchange.settling.settle import MOST_TRIES
from tests.exchange.settling.world import INVOICE, World, buyer, in_one_c, line, order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made_here(world: World) -> World:
    """A world whose invoices may begin in 1C."""
    world.rules(trade={"invoices": {"travels": True, "made_from_onec": True}})
    world.product("boots")
    return world


class TestEvents:
    def test_doubled_and_disordered_ones_end_in_one_reading(self, world: World) -> None:
        id = world.invoice()
        fields = {"ID": str(id), "ENTITY_TYPE_ID": "31"}
        for code in ("ONCRMDYNAMICITEMUPDATE", "ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE"):
            store(world.portal.pk, code, fields)
        handle_waiting()
        assert HeardObject.objects.count() == 1
        world.settle()
        store(world.portal.pk, "ONCRMDYNAMICITEMADD", fields)
        handle_waiting()
        world.settle()
        row = TradeDocument.objects.get()
        assert (row.outgoing_version, row.settled_version) == (1, row.version)

    def test_other_smart_processes_are_no_concern(self, world: World) -> None:
        store(world.portal.pk, "ONCRMDYNAMICITEMUPDATE", {"ID": "1", "ENTITY_TYPE_ID": "128"})
        handle_waiting()
        assert not HeardObject.objects.exists()

    def test_lost_ones_are_found_by_the_offline_queue(self, world: World) -> None:
        equip(world.portal)
        world.bitrix24.faults.events_drop = 1000
        id = world.invoice()
        drain(world.portal)
        handle_waiting()
        world.settle()
        assert world.given(id).trade.amount == 100

    def test_our_own_changes_do_not_come_back_through_it(self, world: World) -> None:
        equip(world.portal)
        world.bitrix24.faults.events_drop = 1000
        id = in_one_c(world)
        drain(world.portal)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),)))
        world.settle()
        assert world.item(id)["opportunity"] == 300
        assert drain(world.portal) == 0

    def test_what_no_event_told_is_found_by_the_sweep(self, world: World) -> None:
        id = world.invoice()
        assert sweep.sweep(world.portal.pk) > 0
        world.settle()
        assert world.given(id).trade.amount == 100
        world.confirm(id)
        assert (INVOICE, id) not in [(row.entity_type_id, row.b24_id) for row in HeardObject.objects.filter(version__gt=1)]
        sweep.sweep(world.portal.pk)
        assert HeardObject.objects.get(entity_type_id=INVOICE).version == 1, "known as it is: not read again"

    def test_the_first_sweep_does_not_reach_behind_the_base(self, world: World) -> None:
        with world.bitrix24.portal.lock:
            store_ = world.bitrix24.portal.store
            id = world.invoice()
            row = store_.get("items_31", id)
            assert row is not None
            old = (timezone.now() - dt.timedelta(days=30)).isoformat()
            store_.change("items_31", row, updatedTime=old, createdTime=old)
        sweep.sweep(world.portal.pk)
        assert not HeardObject.objects.filter(entity_type_id=INVOICE).exists()

    def test_addresses_and_requisites_are_followed_to_their_owner(self, world: World) -> None:
        id = in_one_c(world)
        company = world.item(id)["companyId"]
        requisite = world.bitrix24.state.one("requisites", ENTITY_ID=str(company))["id"]
        world.call("crm.requisite.update", id=requisite, fields={"RQ_INN": "7736207543"})
        store(world.portal.pk, "ONCRMREQUISITEUPDATE", {"ID": str(requisite)})
        handle_waiting()
        world.settle()
        given = world.given(id)
        assert given.buyer is not None
        assert given.buyer.tax_id == "7736207543"

    def test_a_company_merged_away_is_replaced_on_its_documents(self, world: World) -> None:
        id = in_one_c(world)
        old, new = world.item(id)["companyId"], world.company("Роза", "7736050003")
        world.change(id, companyId=new)
        world.call("crm.item.delete", entityTypeId=4, id=old)
        # Only the deletion was told.
        store(world.portal.pk, "ONCRMCOMPANYDELETE", {"ID": str(old)})
        handle_waiting()
        world.settle()
        given = world.given(id)
        assert given.buyer is not None
        assert given.buyer.name == "Роза"

    def test_a_stage_made_a_moment_ago_is_known(self, world: World) -> None:
        in_one_c(world)
        fields = {"ENTITY_ID": "SMART_INVOICE_STAGE_1", "STATUS_ID": "DT31_1:NEWER", "NAME": "Ещё", "SORT": 25}
        world.bitrix24.call("crm.status.add", {"fields": fields})
        stages = world.bitrix24.state.where("statuses", ENTITY_ID="SMART_INVOICE_STAGE_1", NAME="Ещё")
        other = world.invoice([{"productName": "x", "price": 1, "quantity": 1}], stageId=stages[0]["STATUS_ID"])
        world.hear((INVOICE, other))
        world.settle()
        assert world.given(other).status_name == "Ещё"


class TestPortalTroubles:
    @pytest.mark.parametrize("fault", ["query_limit", "down", "error_after", "cut_before", "cut_after", "html"])
    def test_passes_and_everything_arrives(self, world: World, fault: str) -> None:
        id = in_one_c(world)
        world.onec_says(id, replace(world.told(id), lines=(line("boots", 300, 3),)))
        world.bitrix24.faults.update(**{fault: 1 if fault == "query_limit" else 2})
        for _ in range(4):
            world.settle()
            world.later()
        assert world.item(id)["opportunity"] == 300
        row = world.document(id)
        assert row.settled_version == row.version
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_an_old_token_is_renewed(self, world: World) -> None:
        id = world.invoice()
        with world.bitrix24.portal.lock:
            for token in world.bitrix24.portal.store.all("access_tokens"):
                world.bitrix24.portal.store.change("access_tokens", token, expires=0)
        ServiceCredential.objects.update(expires_at=timezone.now() - dt.timedelta(hours=1))
        world.hear((INVOICE, id))
        world.settle()
        assert world.given(id).trade.amount == 100

    @pytest.mark.parametrize("fault", ["cut_after", "error_after"])
    @pytest.mark.parametrize("at", range(1, 8))
    def test_an_add_whose_answer_was_lost_makes_nothing_twice(self, made_here: World, fault: str, at: int) -> None:
        world = made_here
        row = world.onec_makes(order(), buyer())
        # The fault meets each of the first requests in turn.
        requests = iter(range(1, 100))
        take = world.bitrix24.faults.take

        def taken(name: str) -> bool:
            return name == fault and next(requests) == at if name == fault else take(name)

        world.bitrix24.faults.take = taken  # type: ignore[method-assign]
        for _ in range(6):
            world.settle()
            world.later()
        row.refresh_from_db()
        assert row.settled_version == row.version
        (item,) = world.bitrix24.state["items_31"]
        assert item["id"] == row.b24_id
        assert item["opportunity"] == 200
        assert len(world.bitrix24.state["productrows"]) == 1
        assert len([one for one in world.bitrix24.state["items_4"] if one["title"] == "Василёк"]) == 1

    def test_an_event_that_overtakes_the_lost_answer_finds_its_row(self, made_here: World) -> None:
        world = made_here
        row = world.onec_makes(order(party=""))
        id = int(
            world.bitrix24.call("crm.item.add", {"entityTypeId": 31, "fields": {"xmlId": "order-1", "title": "x"}})["item"]["id"]
        )
        TradeDocument.objects.filter(pk=row.pk).update(adding_since=timezone.now())
        world.hear((INVOICE, id))
        world.settle()
        row.refresh_from_db()
        assert (row.b24_id, TradeDocument.objects.count()) == (id, 1)
        assert world.item(id)["opportunity"] == 200


class TestKilledWorkers:
    @pytest.mark.parametrize("at", range(1, 6))
    def test_a_death_before_any_save_repeats_without_doubling(
        self, made_here: World, monkeypatch: pytest.MonkeyPatch, at: int
    ) -> None:
        world = made_here
        row = world.onec_makes(order(), buyer())
        count = iter(range(1, 1000))
        save = Saving.save

        def dying(self: Saving, learnt: object) -> None:
            if next(count) == at:
                raise KeyboardInterrupt
            save(self, learnt)  # type: ignore[arg-type]

        monkeypatch.setattr(Saving, "save", dying)

        def settled_six_times() -> None:
            for _ in range(6):
                world.settle()

        with pytest.raises(KeyboardInterrupt):
            settled_six_times()
        # Its lease runs out, and the next worker begins where it stopped.
        Lane.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        for _ in range(4):
            world.later()
            world.settle()
        row.refresh_from_db()
        assert row.settled_version == row.version
        assert [item["id"] for item in world.bitrix24.state["items_31"]] == [row.b24_id]
        assert len([one for one in world.bitrix24.state["items_4"] if one["title"] == "Василёк"]) == 1
        assert len(world.bitrix24.state["productrows"]) == 1

    def test_one_who_lost_the_lane_saves_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        id = in_one_c(world)
        before = TradeDocument.objects.values().get()
        world.change(id, comments="Другое")
        world.hear((INVOICE, id))
        put_out = Saving.save

        def overtaken(self: Saving, learnt: Learnt) -> None:
            if learnt.outgoing:
                Lane.objects.update(fence=F("fence") + 1)
            put_out(self, learnt)

        monkeypatch.setattr(Saving, "save", overtaken)
        with pytest.raises(lanes.LaneLost):
            world.settle()
        after = TradeDocument.objects.values().get()
        assert (after["portal_side"], after["outgoing_version"]) == (before["portal_side"], before["outgoing_version"])
        assert after["settled_version"] < after["version"], "whoever holds the lane now settles it"

    def test_a_row_that_stays_due_rests_instead_of_spinning(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        id = in_one_c(world)
        world.hear((INVOICE, id))
        read: list[int] = []

        def idle(works: list[DocumentWork], *_: object) -> Flow:
            read.extend(work.pk for work in works)
            yield from ()
            return None

        monkeypatch.setattr(reading, "chunk_flow", idle)
        world.settle()
        row = world.document(id)
        assert (len(read), row.failures) == (MOST_TRIES, 1)
        assert row.not_before is not None
