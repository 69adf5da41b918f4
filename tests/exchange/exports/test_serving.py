"""What goes out in which session, and what its `success` confirms: over HTTP, as a client sees it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from exchange.dialects import choose
from exchange.exports import queue, reply, serving
from exchange.models import ExchangeSession, OneCBase, Problem, ServedDocument, TradeDocument
from tests.exchange.exports.documents import outgoing
from tests.exchange.onec import PASSWORD, OneC, content

Waiting = Callable[..., TradeDocument]


def numbers(onec: OneC) -> list[str]:
    """The numbers of the documents in the answer to `query`."""
    response = onec.raw("type=sale&mode=query" + (f"&sessid={onec.sessid}" if onec.sessid else ""))
    text = content(response).decode(response["Content-Type"].rpartition("charset=")[2])
    assert text.startswith("<?xml")
    return re.findall("<Документ>.*?<Номер>([^<]*)<", text, re.DOTALL)


def new_session(onec: OneC, version: str = "") -> OneC:
    onec.cookie = onec.sessid = ""
    onec.sign_in("sale")
    if version:
        onec.ask("sale", "init", version=version)
    return onec


def another(onec: OneC) -> OneC:
    return new_session(OneC(Client(raise_request_exception=False), onec.key, onec.login, PASSWORD))


def change(document: TradeDocument, comment: str) -> None:
    assert queue.put(TradeDocument.objects.get(pk=document.pk), outgoing(comment=comment))


class TestSuccess:
    def test_confirms_what_was_served(self, onec: OneC, waiting: Waiting):
        waiting(1), waiting(2)
        assert numbers(new_session(onec)) == ["1", "2"]
        assert onec.ask("sale", "success") == ["success", ""]
        assert numbers(onec) == numbers(new_session(onec)) == []
        assert TradeDocument.objects.filter(acknowledged_at=None).count() == 0

    def test_what_changed_between_query_and_success_comes_again(self, onec: OneC, waiting: Waiting):
        document = waiting(1)
        waiting(2)
        assert numbers(new_session(onec)) == ["1", "2"]
        change(document, "позже")
        waiting(3)
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == ["1", "3"]
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == []

    def test_without_it_the_same_is_served_again(self, onec: OneC, waiting: Waiting):
        waiting(1)
        for _ in range(2):
            assert numbers(new_session(onec)) == ["1"]

    def test_a_query_repeated_in_one_session_gives_the_same_and_what_is_new(self, onec: OneC, waiting: Waiting):
        waiting(1), waiting(2)
        new_session(onec)
        assert [numbers(onec) for _ in range(5)] == [["1", "2"]] * 5
        waiting(3)
        assert numbers(onec) == ["1", "2", "3"]
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == []

    def test_confirms_only_the_last_answer_of_a_client_that_asks_once(self, onec: OneC, waiting: Waiting):
        first = waiting(1)
        waiting(2)
        new_session(onec)
        assert numbers(onec) == ["1", "2"]
        queue.withdraw(TradeDocument.objects.get(pk=first.pk))
        assert numbers(onec) == ["2"]
        queue.put(TradeDocument.objects.get(pk=first.pk), outgoing())
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == ["1"]

    @pytest.mark.parametrize("steps", [[], ["success"], ["success", "success"]])
    def test_is_harmless_without_a_query(self, onec: OneC, waiting: Waiting, steps: list[str]):
        waiting(1)
        for step in steps:
            assert onec.ask("sale", step) == ["success", ""]
        assert numbers(new_session(onec)) == ["1"]

    def test_of_one_session_confirms_nothing_of_another(self, onec: OneC, waiting: Waiting):
        document = waiting(1)
        one, two = another(onec), another(onec)
        assert numbers(one) == numbers(two) == ["1"]
        change(document, "между")
        assert numbers(two) == ["1"]
        one.ask("sale", "success")
        assert queue.waiting(document.base_id).exists()
        two.ask("sale", "success")
        assert not queue.waiting(document.base_id).exists()
        one.ask("sale", "success")
        assert TradeDocument.objects.get().acknowledged_version == 2

    def test_that_comes_late_takes_a_document_back_from_those_set_aside(self, onec: OneC, waiting: Waiting, base: OneCBase):
        waiting(1)
        numbers(new_session(onec))
        queue.set_aside(base, TradeDocument.objects.all(), queue.REJECTED)
        onec.ask("sale", "success")
        assert TradeDocument.objects.get().set_aside_at is None
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_of_another_base_confirms_nothing_here(self, onec: OneC, waiting: Waiting, shop: Any):
        from exchange import sessions

        other, password = sessions.create_base(shop, "Вторая", "ut11")
        waiting(1)
        waiting(1, of=other)
        numbers(new_session(onec))
        stranger = OneC(Client(), other.key, other.login, password)
        stranger.ask("sale", "success")
        assert TradeDocument.objects.filter(acknowledged_version=0).count() == 2
        assert numbers(new_session(stranger)) == ["1"]

    def test_head_serves_nothing(self, onec: OneC, waiting: Waiting):
        waiting(1)
        new_session(onec)
        response = onec.client.head(f"/1c/{onec.key}/?type=sale&mode=query", headers={"Cookie": f"PHPSESSID={onec.cookie}"})
        assert int(response["Content-Length"]) > 500
        assert not content(response)  # type: ignore[arg-type]
        onec.ask("sale", "success")
        assert queue.waiting(TradeDocument.objects.get().base_id).exists()


class TestPoison:
    def refuses(self, onec: OneC, bad: set[str]) -> list[str]:
        """One exchange of a 1C that takes all or nothing."""
        out = numbers(new_session(onec))
        if bad.isdisjoint(out):
            onec.ask("sale", "success")
        return out

    def test_stands_alone_after_few_exchanges_and_is_set_aside_while_the_rest_flows(self, onec: OneC, waiting: Waiting):
        for number in range(1, 9):
            waiting(number)
        out = [self.refuses(onec, {"3"}) for _ in range(7)]
        assert [len(each) for each in out] == [8, 4, 2, 1, 1, 1, 5]
        assert out[-2:] == [["3"], ["4", "5", "6", "7", "8"]]
        problem = Problem.objects.get(closed_at=None)
        assert (problem.cause, problem.name, problem.facts) == ("document-rejected", "№ 3", {"number": "3", "times": 3})
        assert self.refuses(onec, {"3"}) == []

    def test_comes_back_when_its_content_changes(self, onec: OneC, waiting: Waiting):
        document = waiting(1)
        for _ in range(4):
            self.refuses(onec, {"1"})
        assert numbers(new_session(onec)) == []
        change(document, "исправлено")
        assert numbers(new_session(onec)) == ["1"]

    def test_comes_back_when_a_person_retries(self, onec: OneC, waiting: Waiting):
        waiting(1)
        for _ in range(4):
            self.refuses(onec, {"1"})
        queue.retry(TradeDocument.objects.get())
        assert self.refuses(onec, set()) == ["1"]
        assert self.refuses(onec, set()) == []

    def test_a_rule_says_how_often_it_may_come(self, onec: OneC, waiting: Waiting, base: OneCBase):
        from mapping.models import RuleSet

        RuleSet.objects.create(portal=base.portal, scope=base.pk, version=1, data={"trade": {"poison_after": 1}})
        waiting(1)
        assert [self.refuses(onec, {"1"}) for _ in range(2)] == [["1"], []]

    def test_new_documents_flow_meanwhile(self, onec: OneC, waiting: Waiting):
        for number in range(1, 5):
            waiting(number)
        assert [len(self.refuses(onec, {"1"})) for _ in range(2)] == [4, 2]
        waiting(9)
        assert self.refuses(onec, {"1"}) == ["9"]

    def test_an_answer_that_was_cut_off_makes_nobody_suspect(self, onec: OneC, waiting: Waiting, monkeypatch: Any):
        monkeypatch.setattr("exchange.exports.reply.PIECE", 500)
        for number in range(1, 4):
            waiting(number)
        new_session(onec)
        answer = reply.orders(ExchangeSession.objects.get(), choose("ut11"))
        assert answer.chunks is not None
        next(answer.chunks)
        answer.chunks.close()  # type: ignore[attr-defined]
        assert not ServedDocument.objects.exists()
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == ["1", "2", "3"]
        assert set(TradeDocument.objects.values_list("served_times", flat=True)) == {1}


class TestUntilEmpty:
    """The vendor's module asks again and again in one session."""

    @pytest.fixture(autouse=True)
    def _portions(self, settings: Any) -> None:
        settings.EXCHANGE_ORDERS_PORTION = 2

    def all_of(self, onec: OneC) -> list[list[str]]:
        new_session(onec, "3.1")
        out = []
        while portion := numbers(onec):
            out.append(portion)
            assert len(out) < 20
        return out

    def test_gets_portions_until_nothing_is_left_and_confirms_them_all(self, onec: OneC, waiting: Waiting):
        for number in range(1, 6):
            waiting(number)
        assert self.all_of(onec) == [["1", "2"], ["3", "4"], ["5"]]
        onec.ask("sale", "success")
        assert self.all_of(onec) == []

    def test_what_changes_meanwhile_comes_in_the_next_session(self, onec: OneC, waiting: Waiting):
        document = waiting(1)
        new_session(onec, "3.1")
        assert numbers(onec) == ["1"]
        change(document, "позже")
        waiting(2)
        assert [numbers(onec), numbers(onec)] == [["2"], []]
        onec.ask("sale", "success")
        assert self.all_of(onec) == [["1"]]

    def test_a_search_serves_one_portion_a_session(self, onec: OneC, waiting: Waiting):
        for number in range(1, 9):
            waiting(number)
        assert len(self.all_of(onec)) == 4
        for _ in range(8):
            out = self.all_of(onec)
            assert len(out) <= 1 or not any("1" in portion for portion in out)
            if not any("1" in portion for portion in out):
                onec.ask("sale", "success")
        for _ in range(8):
            if self.all_of(onec):
                onec.ask("sale", "success")
        assert [document.number for document in TradeDocument.objects.exclude(set_aside_at=None)] == ["1"]
        assert not queue.waiting(TradeDocument.objects.first().base_id).exists()  # type: ignore[union-attr]


class TestBounds:
    def test_a_client_that_asks_once_gets_no_more_than_the_bound(self, onec: OneC, waiting: Waiting, settings: Any):
        settings.EXCHANGE_ORDERS_AT_ONCE = 2
        for number in range(1, 4):
            waiting(number)
        assert numbers(new_session(onec)) == ["1", "2"]
        onec.ask("sale", "success")
        assert numbers(new_session(onec)) == ["3"]

    def test_what_was_served_long_ago_is_forgotten(self, onec: OneC, waiting: Waiting):
        waiting(1)
        numbers(new_session(onec))
        assert serving.clean(timezone.now()) == 0
        assert serving.clean(timezone.now() + serving.KEEP * 2) == 1


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_sessions_of_one_base_at_once_lose_nothing(self, base: OneCBase, waiting: Waiting):
        for number in range(1, 31):
            waiting(number)
        failed: list[BaseException] = []

        def exchange() -> None:
            try:
                onec = another(OneC(Client(), base.key, base.login, PASSWORD))
                numbers(onec)
                onec.ask("sale", "success")
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        def settle() -> None:
            for document in TradeDocument.objects.order_by("-id"):
                queue.put(document, outgoing(comment="изменено"))
            connection.close()

        threads = [threading.Thread(target=target) for target in (exchange, settle, exchange, exchange)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        onec = another(OneC(Client(), base.key, base.login, PASSWORD))
        numbers(onec)
        onec.ask("sale", "success")
        rows = TradeDocument.objects.values_list("outgoing_version", "acknowledged_version", "outgoing__trade__comment")
        assert set(rows) == {(2, 2, "изменено")}
        assert ExchangeSession.objects.count() == 4
