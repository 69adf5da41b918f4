"""Every generation of 1C takes its orders, each with the strictness of its own reader, over a real connection."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from b24app.models import Portal
from exchange import sessions
from exchange.commerceml import write_documents
from exchange.dialects import CONFIGURATIONS
from exchange.exports import queue, reply
from exchange.models import ExchangeRequest, OneCBase, Problem, TradeDocument
from sandbox.onec.clients import Client
from sandbox.onec.clients.orders import Taken, take
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS, Dialect
from tests.exchange.exports.documents import outgoing

# Those that reject everything for one order, and end there.
ALL_OR_NOTHING = [name for name in DIALECTS if name not in ("unf_new", "ka2", "erp2")]


class QuickClock:
    """Time that moves only when somebody sleeps."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Connected:
    """A client of the dialect, its base, and what it takes."""

    def __init__(self, dialect: Dialect, url: str) -> None:
        portal = Portal.objects.create(member_id=secrets.token_hex(8), domain="shop.example")
        picked = {"unf_docs": "unf"}.get(dialect.name, dialect.name)
        assert picked in CONFIGURATIONS
        self.base, password = sessions.create_base(portal, dialect.title, picked)
        self.client = Client(dialect.manners, f"{url}/1c/{self.base.key}/", self.base.login, password, clock=QuickClock())

    def put(self, *numbers: int, **trade: Any) -> None:
        for number in numbers:
            queue.put(TradeDocument(base=self.base, entity_type_id=31, b24_id=number), outgoing(**trade))

    def take(self) -> Taken:
        return take(lambda: self.client.session("sale"))

    def exchange(self) -> list[str]:
        """The numbers of one exchange; [] where this 1C rejected them."""
        try:
            return [order.number for order in self.take().orders]
        except ClientRefused:
            return []


@pytest.fixture
def connect(transactional_db: None, live_server: Any) -> Callable[[str], Connected]:
    return lambda name: Connected(DIALECTS[name], live_server.url)


@pytest.fixture
def third_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """1C stumbles over the document of number 3, which we believe to be a good one."""
    render = write_documents.render_document

    def spoiled(out: Any, dialect: Any) -> bytes:
        text = render(out, dialect).decode(dialect.encoding)
        if out.trade.number == "3":
            text = text.replace("<Валюта>RUB</Валюта>", "").replace("<Валюта>руб</Валюта>", "")
        return text.encode(dialect.encoding)

    monkeypatch.setattr(reply, "render_document", spoiled)


class TestTake:
    @pytest.mark.parametrize("name", DIALECTS)
    def test_everything_is_taken_once_and_confirmed(self, name: str, connect: Callable[[str], Connected]):
        onec = connect(name)
        onec.put(1, 2, 3)
        taken = onec.take()
        assert [order.number for order in taken.orders] == ["1", "2", "3"]
        assert (taken.confirmed, taken.notes) == (True, [])
        assert {(order.currency, order.sum, order.buyer_name) for order in taken.orders} <= {
            (currency, "31.50", "Ромашка") for currency in ("RUB", "руб")
        }
        assert onec.take().orders == []
        assert not queue.waiting(onec.base.pk).exists()

    @pytest.mark.parametrize("name", DIALECTS)
    def test_a_change_comes_under_the_same_number(self, name: str, connect: Callable[[str], Connected]):
        onec = connect(name)
        onec.put(1, 2)
        onec.take()
        queue.put(TradeDocument.objects.get(b24_id=2), outgoing(number="17", comment="Позвонить"))
        (order,) = onec.take().orders
        assert (order.number, order.comment) == ("2", "Позвонить")

    def test_the_module_takes_all_portions_in_one_session(self, connect: Callable[[str], Connected], settings: Any):
        settings.EXCHANGE_ORDERS_PORTION = 2
        onec = connect("module31")
        onec.put(*range(1, 6))
        assert len(onec.take().orders) == 5
        assert [step.request.target.count("mode=query") for step in onec.client.transcript].count(1) == 4

    def test_letters_that_the_code_page_has_not_arrive(self, connect: Callable[[str], Connected]):
        for name in DIALECTS:
            onec = connect(name)
            onec.put(1, comment="Қазақстан – ғимарат №1 ✓")
            assert onec.take().orders[0].comment == "Қазақстан – ғимарат №1 ✓"

    def test_no_document_and_no_person_stays_in_the_journal(self, connect: Callable[[str], Connected]):
        onec = connect("ut11")
        onec.put(1, comment="Секрет")
        onec.take()
        told = "\n".join(ExchangeRequest.objects.values_list("answer", flat=True))
        assert "1 documents 1" in told
        assert not any(word in told for word in ("Ромашка", "7701000000", "Секрет", "Болт"))


@pytest.mark.usefixtures("third_is_bad")
class TestPoison:
    @pytest.mark.parametrize("name", ALL_OR_NOTHING)
    def test_the_bad_one_is_set_aside_and_the_rest_arrives(self, name: str, connect: Callable[[str], Connected]):
        onec = connect(name)
        onec.put(*range(1, 9))
        arrived: list[str] = []
        for _ in range(8):
            arrived += onec.exchange()
        assert sorted(arrived) == ["1", "2", "4", "5", "6", "7", "8"]
        assert [problem.name for problem in Problem.objects.filter(closed_at=None)] == ["№ 3"]

    def test_the_newer_unf_passes_over_the_bad_one_and_goes_on(self, connect: Callable[[str], Connected]):
        onec = connect("unf_new")
        onec.put(*range(1, 5))
        taken = onec.take()
        assert [order.number for order in taken.orders] == ["1", "2", "4"]
        assert "'3'" in taken.notes[0]

    def test_one_that_cannot_be_written_holds_nobody_up(self, connect: Callable[[str], Connected]):
        onec = connect("ut11")
        onec.put(1)
        onec.put(2, lines=())
        onec.put(4, date=None)
        onec.put(5, amount=Decimal(1))
        assert onec.exchange() == ["1", "5"]
        problems = Problem.objects.filter(closed_at=None).order_by("name")
        assert [(problem.cause, problem.name, problem.facts["reason"]) for problem in problems] == [
            ("document-not-written", "№ 2", "no-lines"),
            ("document-not-written", "№ 4", "no-date"),
        ]

    def test_a_number_given_for_another_configuration_is_not_mistaken(self, connect: Callable[[str], Connected]):
        onec = connect("bp30")
        OneCBase.objects.update(configuration="ut11")
        queue.put(TradeDocument(base=OneCBase.objects.get(), entity_type_id=31, b24_id=1), outgoing(number="2026-000015"))
        queue.put(TradeDocument(base=OneCBase.objects.get(), entity_type_id=31, b24_id=2), outgoing(number="СЧ-15"))
        OneCBase.objects.update(configuration="bp30")
        assert onec.exchange() == ["СЧ-15"]
        queue.retry(TradeDocument.objects.get(b24_id=1))
        assert onec.exchange() == ["1"]
