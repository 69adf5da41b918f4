"""What waits for 1C."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction

from b24app.models import Portal
from exchange import sessions
from exchange.exports import queue
from exchange.models import OneCBase, Problem, TradeDocument
from tests.exchange.exports.documents import BUYER, outgoing

Waiting = Callable[..., TradeDocument]


def waits(document: TradeDocument) -> bool:
    return queue.waiting(document.base_id).filter(pk=document.pk).exists()


def stored(document: TradeDocument) -> Any:
    return TradeDocument.objects.get(pk=document.pk)


def confirm(document: TradeDocument) -> Any:
    TradeDocument.objects.filter(pk=document.pk).update(acknowledged_version=document.outgoing_version)
    return stored(document)


class TestPut:
    def test_stores_a_new_document_with_its_number_in_it(self, base: OneCBase):
        document = TradeDocument(base=base, entity_type_id=31, b24_id=15)
        assert queue.put(document, outgoing(number="СЧ-4"))
        found = stored(document)
        assert (found.number, found.outgoing_version, found.outgoing["trade"]["number"]) == ("СЧ-4", 1, "СЧ-4")
        assert waits(found)

    def test_the_same_again_is_nothing_new(self, waiting: Waiting):
        document = waiting(15)
        assert not queue.put(document, outgoing())
        assert not queue.put(stored(document), outgoing(updated_at="2026-03-03T10:00:00+03:00"))
        assert not queue.put(confirm(document), outgoing(buyer=dataclasses.replace(BUYER, updated_at="2026")))
        assert not waits(document)

    def test_a_change_is_a_new_version_under_the_same_number(self, waiting: Waiting):
        document = confirm(waiting(15, own="A-1"))
        assert queue.put(document, outgoing(number="B-2", comment="срочно"))
        assert (stored(document).number, stored(document).outgoing_version) == ("A-1", 2)
        assert waits(document)

    def test_the_number_stays_when_the_base_is_another_configuration_now(self, waiting: Waiting, base: OneCBase):
        document = waiting(15, own="A-1")
        base.configuration = "bp30"
        base.save()
        assert queue.put(stored(document), outgoing(number="77", comment="срочно"))
        assert stored(document).number == "A-1"

    def test_who_waits_keeps_his_place_and_who_was_served_gets_a_new_one(self, waiting: Waiting):
        document = waiting(15)
        since = document.ready_at
        queue.put(document, outgoing(comment="a"))
        assert stored(document).ready_at == since
        document = confirm(document)
        queue.put(document, outgoing(comment="b"))
        assert stored(document).ready_at > since

    def test_a_change_clears_the_document_of_suspicion(self, waiting: Waiting, base: OneCBase):
        document = waiting(15)
        TradeDocument.objects.update(served_times=5, served_alone=3)
        queue.set_aside(base, [stored(document)], queue.REJECTED)
        assert not waits(document)
        assert not queue.put(stored(document), outgoing())
        assert queue.put(stored(document), outgoing(comment="исправлено"))
        found = stored(document)
        assert (found.served_times, found.served_alone, waits(found)) == (0, 0, True)
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_nothing_of_it_stays_when_the_caller_gives_up(self, base: OneCBase):
        with transaction.atomic():
            queue.put(TradeDocument(base=base, entity_type_id=31, b24_id=15), outgoing())
            transaction.set_rollback(True)
        assert not TradeDocument.objects.exists()

    def test_money_that_is_written_otherwise_is_the_same_money(self, waiting: Waiting):
        document = waiting(15, amount=Decimal("31.50"))
        assert not queue.put(document, outgoing(amount=Decimal("31.5000")))


class TestWithdraw:
    def test_takes_back_what_1c_has_not_got(self, waiting: Waiting):
        document = waiting(15)
        assert queue.withdraw(document)
        assert not waits(document)
        assert not queue.withdraw(stored(document))

    def test_the_same_put_again_waits_again(self, waiting: Waiting):
        document = waiting(15)
        queue.withdraw(document)
        assert queue.put(stored(document), outgoing())
        assert (waits(document), stored(document).outgoing_version) == (True, 1)

    def test_what_1c_confirmed_stays_with_it(self, waiting: Waiting):
        document = confirm(waiting(15))
        assert not queue.withdraw(document)
        assert not queue.put(stored(document), outgoing())


class TestRetry:
    def test_lets_it_out_again_and_closes_the_problem(self, waiting: Waiting, base: OneCBase):
        document = waiting(15)
        TradeDocument.objects.update(served_times=5, served_alone=3)
        queue.set_aside(base, [stored(document)], queue.REJECTED)
        problem = Problem.objects.get(closed_at=None)
        assert (problem.cause, problem.name, problem.facts["times"]) == ("document-rejected", "№ 15", 3)
        queue.retry(stored(document))
        assert waits(document)
        assert stored(document).served_alone == 0
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_gives_another_number_to_one_that_the_client_would_mistake(self, waiting: Waiting, base: OneCBase):
        document = waiting(7, own="2026-000015")
        base.configuration = "bp30"
        base.save()
        queue.retry(stored(document))
        found = stored(document)
        assert (found.number, found.outgoing["trade"]["number"], found.outgoing_version) == ("7", "7", 2)

    def test_keeps_a_number_that_the_client_reads(self, waiting: Waiting):
        document = waiting(7, own="СЧ-15")
        queue.retry(stored(document))
        assert (stored(document).number, stored(document).outgoing_version) == ("СЧ-15", 1)

    def test_of_many_lets_out_only_those_of_the_base_that_were_set_aside(self, waiting: Waiting, base: OneCBase, shop: Portal):
        other, _ = sessions.create_base(shop, "Вторая")
        aside, waits_still, strange = waiting(1), waiting(2), waiting(3, of=other)
        queue.set_aside(base, [aside], queue.REJECTED)
        queue.set_aside(other, [strange], queue.REJECTED)
        assert queue.retry_many(base, [str(aside.pk), str(waits_still.pk), str(strange.pk)]) == 1
        assert [waits(aside), waits(waits_still), waits(strange)] == [True, True, False]
