"""A sale file of 1C in the database: 1C's side of documents and parties, what is due, and what people are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.utils import timezone

from b24app import lanes
from exchange.exports import queue
from exchange.imports import loose_parts, pipeline, trade
from exchange.models import ExchangeSession, ImportRun, LoosePart, OneCBase, Problem, TradeDocument, TradeParty
from exchange.planning.documents import trades_of
from exchange.planning.outgoing import Outgoing
from exchange.planning.stored import from_data, to_data
from exchange.planning.trade import CONTACT, DEAL, INVOICE, Line, Party, Trade
from exchange.records import OrderDocument
from exchange.sessions import open_session
from mapping.models import RuleSet
from tests.exchange.planning.onec_files import GUID, container, document, element, file, item, money, party

Read = Callable[..., ImportRun]


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return open_session(base, "sale")[0]


@pytest.fixture
def read(session: ExchangeSession, tmp_path: Path) -> Read:
    """Read a sale file; returns its run."""
    numbers = iter(range(1000))

    def read(data: bytes, *, version: str = "") -> ImportRun:
        path = tmp_path / f"orders-{next(numbers)}.xml"
        path.write_bytes(data)
        ExchangeSession.objects.filter(pk=session.pk).update(cml_version=version)
        run = ImportRun.objects.create(
            base_id=session.base_id, session=session, type="sale", file_name=path.name, path=str(path), size=len(data)
        )
        assert pipeline.read_run(run.pk)
        run.refresh_from_db()
        return run

    return read


def loose(amount: str, number: str, *, basis: str = GUID, deleted: bool = False) -> str:
    """A payment that names its order and comes without it."""
    marks = f"<Основание>{basis}</Основание>" + ("<ПометкаУдаления>true</ПометкаУдаления>" if deleted else "")
    return money(amount, onec_id=f"pay-{number}", number=number).replace("<Роль>", f"{marks}<Роль>")


def told(row: TradeDocument) -> Trade:
    return from_data(Trade, row.onec_side or {})


def known(base: OneCBase, number: str = "1001", **columns: object) -> TradeDocument:
    """A document of the portal that 1C was given and confirmed."""
    columns = {"outgoing": {}, "outgoing_version": 1, "acknowledged_version": 1, **columns}
    return TradeDocument.objects.create(base=base, entity_type_id=INVOICE, b24_id=70, number=number, **columns)


class TestDocuments:
    def test_are_found_by_the_number_we_gave_and_then_by_1cs_id(self, base: OneCBase, read: Read):
        row = known(base)
        run = read(file(document()))
        row.refresh_from_db()
        assert (row.onec_id, row.version, told(row).onec_id) == (GUID, 2, GUID)
        assert (run.state, run.counts) == ("read", {"new": 1, "changed": 1, "unchanged": 0, "orders": 1})
        read(file(document(number="", facts={"Отменен": "true"})))
        row.refresh_from_db()
        assert (row.version, told(row).cancelled, told(row).number) == (3, True, "1001")
        assert TradeDocument.objects.count() == 1

    def test_that_say_nothing_new_make_nothing_due(self, base: OneCBase, read: Read):
        row = known(base)
        read(file(document()))
        lanes.claim("test", base.portal_id, lanes.DOCUMENTS)
        run = read(file(document()))
        row.refresh_from_db()
        assert (row.version, run.counts["unchanged"], run.counts["changed"]) == (2, 2, 0)
        assert lanes.due(9, lanes.DOCUMENTS) == []

    def test_that_are_news_make_the_documents_lane_due_and_not_the_catalogues(self, base: OneCBase, read: Read):
        read(file(document()))
        assert (lanes.due(9, lanes.DOCUMENTS), lanes.due(9)) == ([base.portal_id], [])

    def test_first_made_in_1c_wait_for_the_rules_without_a_place_in_the_portal(self, base: OneCBase, read: Read):
        read(file(document(number="НФ-000017")))
        row = TradeDocument.objects.get()
        assert (row.entity_type_id, row.b24_id, row.onec_id, row.number) == (INVOICE, None, GUID, "")
        assert row.settled_version < row.version

    def test_first_made_in_1c_are_deals_where_the_rules_make_deals(self, base: OneCBase, read: Read):
        RuleSet.objects.create(
            portal=base.portal,
            scope=base.pk,
            version=1,
            data={"trade": {"deals": {"travels": True, "made_from_onec": True}, "invoices": {"made_from_onec": False}}},
        )
        read(file(document(number="НФ-000017")))
        assert TradeDocument.objects.get().entity_type_id == DEAL

    def test_without_an_id_are_known_by_number_and_year(self, base: OneCBase, read: Read):
        for _ in range(2):
            read(file(container(document(onec_id="", number="K-9")), schema="3.1"))
        assert TradeDocument.objects.count() == 1
        read(file(container(document(onec_id="", number="K-9")), schema="3.1").replace(b"2026-03-02", b"2027-03-02"))
        assert TradeDocument.objects.count() == 2

    def test_of_1c_itself_under_a_number_that_1c_never_got_are_its_own(self, base: OneCBase, read: Read):
        row = known(base, acknowledged_version=0)
        read(file(document()))
        row.refresh_from_db()
        assert row.onec_side is None
        assert TradeDocument.objects.filter(onec_id=GUID, b24_id=None).count() == 1

    def test_that_1c_made_anew_stay_one(self, base: OneCBase, read: Read):
        row = known(base, onec_id="old")
        read(file(document()))
        row.refresh_from_db()
        assert (row.onec_id, TradeDocument.objects.count()) == (GUID, 1)

    def test_of_another_base_are_left_alone(self, base: OneCBase, read: Read):
        other = OneCBase.objects.create(portal=base.portal, name="b", key="k" * 20, login="1c-other", password="x")
        row = known(other)
        read(file(document()))
        row.refresh_from_db()
        assert row.onec_side is None

    def test_served_and_returned_unchanged_are_no_second_document(self, base: OneCBase, read: Read):
        row = TradeDocument(base=base, entity_type_id=INVOICE, b24_id=5)
        trade = Trade(currency="RUB", date=timezone.now().date(), lines=(Line(item_id="i-1", name="A", amount=100),))  # type: ignore[arg-type]
        queue.put(row, Outgoing(trade=trade))
        TradeDocument.objects.filter(pk=row.pk).update(served_times=1)
        read(file(document(number=row.number)))
        assert TradeDocument.objects.get().onec_id == GUID


class TestMoneyAndGoods:
    def test_payments_are_laid_over_those_told_before(self, base: OneCBase, read: Read):
        row = known(base)
        read(file(document(element("ПодчиненныеДокументы", money("40", name="ПодчиненныйДокумент")))))
        read(
            file(
                document(
                    element("ПодчиненныеДокументы", *(money("40", key, name="ПодчиненныйДокумент") for key in ("pay-1", "pay-2")))
                )
            )
        )
        row.refresh_from_db()
        assert [one.key for one in told(row).payments or ()] == ["payment:pay-1", "payment:pay-2"]

    def test_an_unpaid_order_of_a_client_that_names_payments_has_none(self, base: OneCBase, read: Read):
        row = known(base)
        read(file(document(element("ПодчиненныеДокументы", money(name="ПодчиненныйДокумент")))))
        read(file(document(facts={"Оплачен": "false"})))
        row.refresh_from_db()
        assert len(told(row).payments or ()) == 1
        read(file(document(facts={"Оплачен": "false"})), version="2.10")
        row.refresh_from_db()
        assert told(row).payments == ()

    def test_a_payment_alone_comes_to_the_order_it_names(self, base: OneCBase, read: Read):
        row = known(base)
        read(file(document()))
        run = read(file(money().replace("<Роль>", f"<Основание>{GUID}</Основание><Роль>")))
        row.refresh_from_db()
        assert [int(one.amount) for one in told(row).payments or ()] == [40]
        assert told(row).lines
        assert run.counts["payments"] == 1

    def test_a_payment_before_its_order_in_one_file_finds_it(self, base: OneCBase, read: Read, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(trade, "BATCH", 1)
        read(file(money().replace("<Роль>", f"<Основание>{GUID}</Основание><Роль>"), document()))
        assert [int(one.amount) for one in told(TradeDocument.objects.get()).payments or ()] == [40]
        assert not Problem.objects.exists()

    def test_payments_told_before_their_order_wait_for_it(self, base: OneCBase, read: Read):
        read(file(loose("40", "П-1"), loose("70", "П-2")))
        run = read(file(loose("10", "П-3")))
        assert (run.state, run.counts.get("failed"), Problem.objects.count(), TradeDocument.objects.count()) == (
            "read",
            None,
            0,
            0,
        )
        read(file(loose("45", "П-1")))
        read(file(document()))
        row = TradeDocument.objects.get()
        assert {one.number: int(one.amount) for one in told(row).payments or ()} == {"П-1": 45, "П-2": 70, "П-3": 10}
        assert not LoosePart.objects.exists()
        read(file(loose("50", "П-3")))
        row.refresh_from_db()
        assert sorted(int(one.amount) for one in told(row).payments or ()) == [45, 50, 70]
        assert not LoosePart.objects.exists()

    def test_a_payment_cancelled_before_its_order_came_has_never_been(self, base: OneCBase, read: Read):
        read(file(loose("40", "П-1")))
        read(file(loose("40", "П-1", deleted=True)))
        read(file(document()))
        assert not told(TradeDocument.objects.get()).payments
        assert not LoosePart.objects.exists()

    def test_a_payment_of_our_number_waits_as_well(self, base: OneCBase, read: Read):
        read(file(loose("40", "П-1", basis="1001")))
        row = known(base)
        read(file(document()))
        row.refresh_from_db()
        assert [int(one.amount) for one in told(row).payments or ()] == [40]

    def test_an_order_that_does_not_come_is_a_problem_until_it_does(self, base: OneCBase, read: Read):
        read(file(loose("40", "П-5")))
        assert loose_parts.report_late() == 0
        LoosePart.objects.update(told_at=timezone.now() - loose_parts.LATE - timedelta(seconds=1))
        assert loose_parts.report_late() == 1
        assert loose_parts.report_late() == 0
        (problem,) = Problem.objects.all()
        assert (problem.cause, problem.kind, problem.facts) == ("order-unknown", "document", {"basis": GUID})
        read(file(document()))
        problem.refresh_from_db()
        assert problem.closed_at is not None
        assert [int(one.amount) for one in told(TradeDocument.objects.get()).payments or ()] == [40]

    def test_a_payment_that_names_no_order_is_a_problem_at_once(self, base: OneCBase, read: Read):
        run = read(file(money()))
        (problem,) = Problem.objects.all()
        assert (problem.cause, problem.facts, problem.run_id) == ("order-unknown", {"basis": ""}, run.pk)
        assert run.counts["failed"] == 1

    def test_are_read_in_the_currency_that_the_settings_name(self, base: OneCBase, read: Read):
        RuleSet.objects.create(portal=base.portal, scope=base.pk, version=1, data={"currencies": {"у.е.": "USD"}})
        read(file(document(currency="у.е.")))
        assert told(TradeDocument.objects.get()).currency == "USD"


class TestParties:
    def test_of_documents_and_of_files_of_their_own_are_rows(self, base: OneCBase, read: Read):
        read(file(document(parties=(party("p-1", element("Контакты", contact("Телефон", "1"))),))))
        read(file(element("Контрагенты", party("p-1", element("ИНН", "7701234567")), party("p-2", element("Фамилия", "П")))))
        rows = {row.onec_id: row for row in TradeParty.objects.all()}
        one = from_data(Party, rows["p-1"].onec_side or {})
        assert (one.tax_id, one.phones, rows["p-1"].version) == ("7701234567", ("1",), 2)
        assert (rows["p-2"].entity_type_id, rows["p-2"].b24_id) == (CONTACT, None)

    def test_are_found_by_the_id_we_gave(self, base: OneCBase, read: Read):
        row = TradeParty.objects.create(base=base, entity_type_id=4, b24_id=9, given_id="p-1")
        read(file(document()))
        row.refresh_from_db()
        assert (row.onec_id, row.version, (row.onec_side or {})["name"]) == ("", 2, "Ромашка")
        assert TradeParty.objects.count() == 1

    def test_of_sellers_are_no_buyers(self, base: OneCBase, read: Read):
        read(file(document(parties=(party("o", role="Продавец"), party("p")))))
        assert [row.onec_id for row in TradeParty.objects.all()] == ["p"]


def contact(kind: str, value: str) -> str:
    return element("Контакт", element("Тип", kind), element("Значение", value))


class TestBadDocuments:
    def test_never_block_the_others(self, base: OneCBase, read: Read, monkeypatch: pytest.MonkeyPatch):
        whole = trades_of

        def fails(documents: Iterable[OrderDocument], *rest: object, **more: object) -> object:
            documents = list(documents)
            if any(one.id == "bad" for one in documents):
                raise ZeroDivisionError
            return whole(documents, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr("exchange.imports.trade.trades_of", fails)
        run = read(
            file(document(onec_id="a", number="1"), document(onec_id="bad", number="2"), document(onec_id="c", number="3"))
        )
        assert {row.onec_id for row in TradeDocument.objects.all()} == {"a", "c"}
        assert (run.state, run.counts["failed"]) == ("read", 1)
        assert [(one.cause, one.onec_id) for one in Problem.objects.all()] == [("document-not-read", "bad")]

    def test_that_the_database_refuses_never_block_the_others(self, base: OneCBase, read: Read, monkeypatch: pytest.MonkeyPatch):
        whole = to_data

        def fails(value: object) -> dict[str, object]:
            if isinstance(value, Trade) and value.onec_id == "bad":
                raise DatabaseError
            return whole(value)

        monkeypatch.setattr("exchange.imports.trade_rows.to_data", fails)
        run = read(
            file(document(onec_id="a", number="1"), document(onec_id="bad", number="2"), document(onec_id="c", number="3"))
        )
        assert {row.onec_id for row in TradeDocument.objects.all()} == {"a", "c"}
        assert run.counts["failed"] == 1

    def test_a_file_that_breaks_off_keeps_what_came_before(self, base: OneCBase, read: Read):
        whole = file(document(onec_id="a", number="1"), document(onec_id="b", number="2"))
        run = read(whole[: whole.index(b"1002") if b"1002" in whole else len(whole) - 200])
        assert run.state == "failed"
        assert [row.onec_id for row in TradeDocument.objects.all()] == ["a"]

    def test_what_is_not_carried_is_told_with_the_run(self, base: OneCBase, read: Read):
        run = read(file(document(facts={"Вид заказа": "Опт"}), document(role="Покупатель", number="5")))
        assert [[one[0], one[1], one[3]] for one in run.oddities] == [
            ["document-purchase", "Заказ товара 5 2026-03-02", 1],
            ["not-carried", "Вид заказа", 1],
        ]


class TestBatches:
    def test_leave_a_container_whole(self, base: OneCBase, read: Read, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(trade, "BATCH", 1)
        containers = [
            container(document(onec_id=f"g{n}", number=f"{n}"), money("1", f"m{n}"), money("2", f"k{n}")) for n in range(5)
        ]
        read(file(*containers, schema="3.1"))
        assert [len(told(row).payments or ()) for row in TradeDocument.objects.all()] == [2] * 5

    def test_of_thousands_of_orders_are_kept_in_few_statements(
        self, base: OneCBase, read: Read, django_assert_max_num_queries: Callable[[int], object]
    ):
        orders = [document(onec_id=f"g{n}", number=f"{n}", items=(item(),)) for n in range(300)]
        read(file(*orders))
        with django_assert_max_num_queries(60):  # type: ignore[attr-defined]
            run = read(file(*orders))
        assert (run.counts["unchanged"], run.counts["orders"]) == (600, 300)


def test_a_row_stored_by_an_older_reader_is_read_as_it_is(base: OneCBase, read: Read):
    row = known(base, onec_side={**to_data(Trade(number="1001", status_name="old")), "unknown": 1})
    read(file(document()))
    row.refresh_from_db()
    assert told(row).status_name == "old"
