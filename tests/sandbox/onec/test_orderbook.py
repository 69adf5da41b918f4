"""What a base makes of the site's orders, and what it sends back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.onec.clients.manners import D2, D_SUBORDINATE, MODULE31, A, B, C, D, E, Manners
from sandbox.onec.clients.xmltree import parse
from sandbox.onec.orderbook import DONE, WAITING, OrderBook
from sandbox.onec.orders import Buyer, OrderLine, SiteOrder
from sandbox.onec.writers.orders import counterparties, documents

GOODS, SERVICE = "11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555"
MOMENT = "2026-05-11T12:00:00"


def order(number: str = "1001", **more: object) -> SiteOrder:
    lines = [
        OrderLine(GOODS, "Кабель", "4", "100.00", "400.00", "796", "шт", "20", False, "66.67", "true"),
        OrderLine(SERVICE, "Монтаж", "1", "600.00", "600.00", "796", "шт", is_service=True),
    ]
    buyer = Buyer("57", "ООО «Ромашка»", official_name="ООО «Ромашка»", inn="7700000016", kpp="770001001")
    made = SiteOrder("9", number, "2026-05-01", "10:00:00", "RUB", "1", "1000.00", "", "57", buyer.name, lines, {}, buyer=buyer)
    return replace(made, **more)  # type: ignore[arg-type]


def book(manners: Manners, *orders: SiteOrder) -> OrderBook:
    made = OrderBook(manners)
    made.take(orders or [order()])
    return made


class TestTaking:
    def test_finds_an_order_again_by_eleven_characters_in_ut11(self):
        made = book(C, order("12345678901-A"))
        made.take([order("12345678901-B")])
        assert len(made.orders) == 1

    def test_finds_an_invoice_again_by_digits_and_year_in_accounting(self):
        made = book(E, order("A-101"))
        made.take([order("B-101"), order("B-101", date="2027-01-09")])
        assert len(made.orders) == 2

    def test_of_a_cancelled_order_writes_nothing_new_in_accounting(self):
        assert book(E, order(properties={"Отменен": "true"})).orders == {}

    def test_does_not_echo_what_it_has_just_loaded(self):
        made = book(C)
        made.set_comment("1001", "здесь")
        made.take([order()])
        assert made.to_send() == []

    @pytest.mark.parametrize(("manners", "told"), [(A, []), (C, ["1001"]), (D, ["1001"])], ids=["A", "C", "D"])
    def test_tells_in_the_next_run_what_its_people_did_before_the_load_except_in_the_oldest(self, manners, told):
        made = book(manners)
        made.pay("1001", "10")
        made.take([order()])
        made.confirm()
        assert [order.number for order in made.to_send()] == ([] if manners is D else told)

    @pytest.mark.parametrize("manners", [A, B, C, D, D2, MODULE31], ids=lambda m: m.name)
    def test_leaves_an_order_that_is_at_work_alone(self, manners):
        made = book(manners)
        made.pay("1001", "10")
        made.take([order(comment="новое")])
        assert made.find("1001").comment == ""
        assert made.notes

    def test_rewrites_an_invoice_whatever_happened_in_accounting(self):
        made = book(E)
        made.pay("1001", "10")
        made.take([order(comment="новое")])
        assert made.find("1001").comment == "новое"

    def test_takes_changes_while_the_order_waits_for_approval_in_ut11(self):
        made = book(C)
        made.set_status("1001", WAITING)
        made.take([order(comment="раз")])
        made.set_status("1001", "К выполнению")
        made.take([order(comment="два")])
        assert made.find("1001").comment == "раз"

    def test_leaves_a_finished_order_alone_in_unf(self):
        made = book(D)
        made.set_status("1001", DONE)
        made.take([order(comment="новое")])
        assert made.find("1001").comment == ""

    def test_knows_a_buyer_again_and_renames_it(self):
        made = book(D)
        again = replace(order("1002"), buyer=Buyer("57", "ООО «Ромашка плюс»", inn="7700000016", kpp="770001001"))
        made.take([again])
        assert len(made.buyers) == 1
        assert made.find("1001").buyer is made.find("1002").buyer


class TestWriting:
    def sent(self, made: OrderBook, manners: Manners) -> str:
        return documents(made.to_send(), manners, MOMENT).decode("utf-8-sig")

    def facts(self, text: str) -> dict[str, str]:
        document = parse(text).root.first("Документ") or parse(text).root.first("Контейнер/Документ")
        assert document is not None
        return {one.value("Наименование"): one.value("Значение") for one in document.all("ЗначенияРеквизитов/ЗначениеРеквизита")}

    @pytest.mark.parametrize("manners", [A, B, C], ids=lambda m: m.name)
    def test_of_a_part_payment_says_nothing_in_the_older_exchanges(self, manners):
        made = book(manners)
        made.pay("1001", "300")
        text = self.sent(made, manners)
        assert "Дата оплаты по 1С" not in self.facts(text)
        made.pay("1001", "700")
        assert self.facts(self.sent(made, manners))["Номер оплаты по 1С"] == made.find("1001").payments[-1].number
        assert "ПодчиненныеДокументы" not in text

    def test_of_part_payments_are_documents_of_their_own_in_unf(self):
        made = book(D_SUBORDINATE)
        made.pay("1001", "300", method="cash")
        made.ship("1001", {GOODS: "1"})
        kinds = [
            (one.value("ХозОперация"), one.value("Сумма"))
            for one in parse(self.sent(made, D_SUBORDINATE)).root.all("Документ/ПодчиненныеДокументы/ПодчиненныйДокумент")
        ]
        assert kinds == [("Выплата наличных денег", "300"), ("Отпуск товара", "100.00")]

    def test_of_part_payments_stand_beside_the_order_in_the_modules_container(self):
        made = book(MODULE31)
        made.pay("1001", "300")
        documents_of = parse(self.sent(made, MODULE31)).root.all("Контейнер/Документ")
        assert [(one.value("Ид"), one.value("Основание")) for one in documents_of[:1]] == [("9", "")]
        assert documents_of[1].value("Основание") == "9"

    def test_of_a_cancelled_order_says_so_where_the_generation_can(self):
        for manners, said in ((A, None), (C, "true"), (D, "true")):
            made = book(manners)
            made.cancel("1001")
            assert self.facts(self.sent(made, manners)).get("Отменен") == said

    def test_keeps_sum_and_vat_in_step_with_the_lines(self):
        made = book(D)
        made.set_line("1001", GOODS, quantity="3", price="33.33")
        assert made.find("1001").sum == "699.99"
        assert made.find("1001").lines[0].vat_sum == "16.67"

    def test_sends_orders_of_its_own_only_where_the_generation_does(self):
        for manners, count in ((C, 0), (D, 1), (MODULE31, 1)):
            made = OrderBook(manners)
            made.create(Buyer("b", "Петров"), [OrderLine(GOODS, "Кабель", "1", "10.00", "10.00", "796", "шт")])
            assert len(made.to_send()) == count

    def test_writes_counterparties_alone(self):
        (party,) = parse(counterparties([Buyer("b", "Петров", phones=["+70000000000"])], MOMENT).decode("utf-8-sig")).root.all(
            "Контрагенты/Контрагент"
        )
        assert party.value("Контакты/Контакт/Значение") == "+70000000000"


class TestState:
    def test_gives_the_same_book_back(self):
        made = book(D)
        made.pay("1001", "300")
        again = OrderBook.from_state(D, made.to_state())
        assert again.to_state() == made.to_state()
        assert again.find("1001").paid_sum() == 300
