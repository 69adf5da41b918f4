"""Both sides are read again and compared: what agrees is counted, what differs is heard."""

from __future__ import annotations

import itertools

import pytest
import redis

from exchange import tasks
from exchange.models import HeardObject
from exchange.settling import checking
from tests.exchange.settling.world import INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)
_numbers = itertools.count()


def settled(world: World) -> int:
    product = world.product(f"item-{next(_numbers)}")
    id = world.invoice([{"productId": product, "price": 100, "quantity": 1, "taxRate": 20, "taxIncluded": "Y"}])
    world.hear((INVOICE, id))
    world.settle()
    return id


def counts(world: World) -> dict[str, object]:
    world.base.refresh_from_db()
    told = checking.last_checked(world.base)
    assert told is not None
    return {name: value for name, value in told.items() if name != "at" and value}


class TestDocuments:
    def test_agree_after_they_were_settled(self, world: World) -> None:
        settled(world)
        settled(world)
        assert checking.check_documents(world.base) == 0
        assert counts(world) == {"agree": 2, "complete": True}

    def test_that_changed_unheard_are_heard_and_agree_once_settled(self, world: World) -> None:
        id, other = settled(world), settled(world)
        rows = [{"productId": 0, "productName": "Доставка", "price": 700, "quantity": 1, "taxRate": 20, "taxIncluded": "Y"}]
        world.rows(id, rows)
        assert checking.check_documents(world.base) == 1
        assert counts(world) == {"agree": 1, "differ": 1, "complete": True}
        world.settle()
        assert world.given(id).trade.amount == 700
        assert checking.check_documents(world.base) == 0
        assert counts(world)["agree"] == 2
        assert world.document(other).version == 1

    def test_that_are_gone_are_told_once(self, world: World) -> None:
        id = settled(world)
        world.call("crm.item.delete", entityTypeId=INVOICE, id=id)
        assert checking.check_documents(world.base) == 1
        assert counts(world) == {"gone": 1, "complete": True}
        world.settle()
        assert checking.check_documents(world.base) == 0

    def test_that_are_on_their_way_are_not_judged(self, world: World) -> None:
        id = settled(world)
        world.change(id, title="Другой")
        world.hear((INVOICE, id))
        assert checking.check_documents(world.base) == 0
        assert counts(world) == {"unsettled": 1, "complete": True}

    def test_left_for_want_of_time_are_told_to_be_left(self, world: World) -> None:
        settled(world)
        checking.check_documents(world.base, seconds=-1)
        assert counts(world) == {}


class TestTask:
    def test_checks_goods_and_documents_and_is_over(self, world: World) -> None:
        settled(world)
        assert checking.begin(world.base)
        assert not checking.begin(world.base)
        tasks.reconcile(base_id=world.base.pk)
        assert counts(world)["agree"] == 1
        assert world.base.observed["reconciled"]["complete"]
        assert not checking.under_way(world.base)

    def test_says_why_the_portal_cannot_be_asked(self, world: World) -> None:
        world.portal.trouble = "payment_required"
        world.portal.save()
        tasks.reconcile(base_id=world.base.pk)
        world.base.refresh_from_db()
        assert world.base.observed["check_failed"] == "payment_required"
        assert not checking.under_way(world.base)
        assert not HeardObject.objects.exists()

    def test_that_breaks_off_does_not_count_as_done(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*_: object, **__: object) -> None:
            raise redis.ConnectionError

        monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", away)
        assert checking.begin(world.base)
        with pytest.raises(redis.ConnectionError):
            tasks.reconcile(base_id=world.base.pk)
        world.base.refresh_from_db()
        assert world.base.observed["check_failed"] == "broken-off"
        assert not checking.under_way(world.base)
