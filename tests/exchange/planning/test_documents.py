"""A sale file says the same whichever generation of 1C wrote it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.documents import Loose, added, laid_over
from exchange.planning.trade import Payment, Shipment, Trade
from exchange.records import VatRate
from tests.exchange.planning.onec_files import (
    GUID,
    container,
    document,
    element,
    file,
    item,
    money,
    order,
    party,
    reading,
    requisites,
)

ONEC = {"Номер по 1С": "КА-000017", "Дата по 1С": "2026-03-02T9:05:07", "ПометкаУдаления": "false", "Проведен": "true"}


class TestOlderExchanges:
    def test_tell_an_order_by_the_number_we_gave_and_1cs_own(self):
        trade = order(file(document(facts=ONEC))).trade
        assert (trade.number, trade.onec_id, trade.onec_number) == ("1001", GUID, "КА-000017")
        assert (trade.date, trade.time, trade.onec_date) == (dt.date(2026, 3, 2), dt.time(10, 20, 30), dt.date(2026, 3, 2))
        assert (trade.posted, trade.cancelled, trade.deleted, trade.currency, trade.amount) == (
            True,
            False,
            False,
            "RUB",
            Decimal(100),
        )
        assert (trade.paid, trade.shipped, trade.payments, trade.shipments, trade.facts) == (None, None, None, None, ())

    def test_tell_only_that_it_is_paid_and_shipped_in_full(self):
        facts = {
            **ONEC,
            "Номер оплаты по 1С": "П-9",
            "Дата оплаты по 1С": "2026-03-04T00:00:00",
            "Номер отгрузки по 1С": "Р-3",
            "Дата отгрузки по 1С": "2026-03-05",
        }
        trade = order(file(document(facts=facts))).trade
        assert (trade.paid, trade.paid_number, trade.paid_on) == (True, "П-9", dt.date(2026, 3, 4))
        assert (trade.shipped, trade.shipped_number, trade.shipped_on) == (True, "Р-3", dt.date(2026, 3, 5))

    @pytest.mark.parametrize("name", ["Отменен", "ПометкаУдаления", "отменён", "Пометка удаления"])
    def test_cancel_by_a_requisite_or_by_the_mark_of_deletion(self, name: str):
        assert order(file(document(facts={name: "true"}))).trade.cancelled is True

    def test_say_nothing_where_they_say_nothing(self):
        trade = order(file(document(items=(), amount="", facts={"Проведен": "true"}))).trade
        assert (trade.lines, trade.amount, trade.comment, trade.cancelled, trade.pay_until) == (None, None, None, None, None)

    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"Статус заказа": "[N] Принят"}, ("N", "Принят")),
            ({"СтатусЗаказа": "Принят"}, (None, "Принят")),
            ({"Статуса заказа ИД": "P", "Статус заказа": "[N] Принят"}, ("P", "Принят")),
            ({"статус  ЗАКАЗА": "К отгрузке"}, (None, "К отгрузке")),
            ({}, (None, None)),
        ],
    )
    def test_spell_a_status_in_many_ways(self, facts: dict[str, str], expected: tuple[str | None, str | None]):
        trade = order(file(document(facts=facts))).trade
        assert (trade.status_id, trade.status_name) == expected

    def test_may_send_only_requisites(self):
        trade = order(file(document(items=(), parties=(), amount="", currency="", facts={"Статус заказа": "Открыт"}))).trade
        assert (trade.number, trade.status_name, trade.currency, trade.party) == ("1001", "Открыт", "", "")


class TestSubordinateDocuments:
    """УНФ with cmlVersion 2.10."""

    def test_are_the_payments_and_shipments_of_their_order(self):
        paid = money(
            "40",
            facts={"Оплачен": "true", "Номер оплаты по 1С": "П-1", "Дата оплаты по 1С": "2026-03-03"},
            name="ПодчиненныйДокумент",
        )
        sent = document(
            onec_id="s-1",
            operation="Отпуск товара",
            items=(item(quantity="1", amount="50"),),
            amount="50",
            parties=(),
            facts={"Отгружен": "true", "Идентификатор отправления": "RA123"},
            name="ПодчиненныйДокумент",
        )
        found = order(file(document(element("ПодчиненныеДокументы", paid, sent), facts={"Оплачен": "false"}), schema="2.10"))
        assert found.complete
        assert found.trade.payments == (
            Payment(
                key="payment:pay-1", number="П-1", date=dt.date(2026, 3, 3), amount=Decimal(40), currency="RUB", method="bank"
            ),
        )
        assert found.trade.shipments == (
            Shipment(
                key="shipment:s-1",
                number="1001",
                date=dt.date(2026, 3, 2),
                amount=Decimal(50),
                lines=(("i-1", Decimal(1)),),
                tracking="RA123",
            ),
        )

    def test_have_no_number_when_1c_made_them_and_their_date_is_the_term_of_payment(self):
        paid = money("40", onec_id="", number="", name="ПодчиненныйДокумент").replace(
            "<Роль>", "<СрокПлатежа>2026-03-09</СрокПлатежа><Роль>"
        )
        (payment,) = order(file(document(element("ПодчиненныеДокументы", paid)))).trade.payments or ()
        assert (payment.date, payment.key) == (dt.date(2026, 3, 9), "payment:|2026-03-09|40")

    def test_of_an_unpaid_order_without_any_are_none(self):
        assert order(file(document(facts={"Оплачен": "false", "Отгружен": "false"})), complete=True).trade.payments == ()
        assert order(file(document(facts={"Оплачен": "false"})), complete=False).trade.payments is None
        assert order(file(document(facts={"Оплачен": "true"})), complete=True).trade.payments is None

    def test_that_are_not_paid_or_sent_yet_have_not_happened(self):
        paid = money(facts={"Оплачен": "false"}, name="ПодчиненныйДокумент")
        trade = order(file(document(element("ПодчиненныеДокументы", paid)))).trade
        assert [one.cancelled for one in trade.payments or ()] == [True]
        assert laid_over(None, trade, complete=True).payments == ()


class TestContainers:
    """The vendor's module, 3.1."""

    def test_hold_an_order_with_its_documents(self):
        data = file(
            container(
                document(onec_id="1001", number="1001"),
                money("30", "p-1", operation="Эквайринговая операция", facts={"Оплачено": "true"}),
                money("20", "p-2", operation="Выплата наличных денег"),
                money("5", "p-3", operation="Возврат наличных денег"),
            ),
            container(document(onec_id="g-2", number="1002")),
            schema="3.1",
        )
        first, second = reading(data).orders
        assert [(int(one.amount), one.method, one.returned) for one in first.trade.payments or ()] == [
            (30, "card", False),
            (20, "cash", False),
            (5, "cash", True),
        ]
        assert (first.trade.number, first.trade.onec_id) == ("1001", "")
        assert (second.trade.payments, second.trade.onec_id) == (None, "g-2")

    def test_give_1cs_number_in_elements_of_their_own(self):
        more = element("Номер1С", "L320       ") + element("Дата1С", "2026-03-01") + element("НомерВерсии", "AAAC+wAAAAA=")
        trade = order(file(container(document(more, onec_id="")), schema="3.1")).trade
        assert (trade.onec_number, trade.onec_date, trade.version, trade.onec_id) == (
            "L320",
            dt.date(2026, 3, 1),
            "AAAC+wAAAAA=",
            "",
        )

    def test_name_organisation_agreement_and_warehouse_as_elements_or_requisites(self):
        more = (
            element("Организация", "Мы")
            + element("Склад", "Основной")
            + element("Соглашение", element("Наименование", "Розница"))
        )
        trade = order(file(container(document(more, facts={"Организация": "Мы", "Вид цен": "Опт"})), schema="3.1")).trade
        assert (trade.organisation, trade.warehouse_id, trade.agreement_id, trade.price_type_id) == (
            "Мы",
            "Основной",
            "Розница",
            "Опт",
        )
        assert trade.facts == ()


class TestSiblings:
    def test_belong_to_the_order_they_name_as_their_basis(self):
        data = file(
            document(onec_id="g-1", number="1001"),
            document(onec_id="g-2", number="1002"),
            money("10", "p-1", number="5").replace("<Роль>", "<Основание>g-2</Основание><Роль>"),
            document(onec_id="s-1", number="6", operation="Отпуск товара", parties=()).replace(
                "<Роль>", "<Основание>1001</Основание><Роль>"
            ),
            document(onec_id="s-2", number="7", operation="Возврат товара", parties=()).replace(
                "<Роль>", "<Основание>1001</Основание><Роль>"
            ),
            schema="2.10",
        )
        first, second = reading(data).orders
        assert [(one.key, one.returned) for one in first.trade.shipments or ()] == [
            ("shipment:s-1", False),
            ("shipment:s-2", True),
        ]
        assert [one.key for one in second.trade.payments or ()] == ["payment:p-1"]
        assert not first.complete

    def test_without_their_order_are_loose(self):
        found = reading(file(money("10").replace("<Роль>", "<Основание>g-9</Основание><Роль>")))
        (loose,) = found.loose
        assert (loose.basis, [int(one.amount) for one in loose.payments]) == ("g-9", [10])

    def test_a_bill_of_an_order_is_a_fact_and_a_bill_alone_a_document(self):
        bill = document(onec_id="b-1", number="77", operation="Счет на оплату")
        trade = order(file(container(document(), bill))).trade
        assert ("Счет на оплату", "Счет на оплату 77 2026-03-02") in trade.facts
        assert order(file(bill)).trade.onec_id == "b-1"

    def test_an_invoice_for_tax_is_a_fact_of_its_order_and_else_not_ours(self):
        bill = document(onec_id="b-1", number="77", operation="Счет-фактура")
        assert ("Счет-фактура", "Счет-фактура 77 2026-03-02") in order(file(container(document(), bill))).trade.facts
        assert [one.cause for one in reading(file(bill)).not_taken] == ["unknown-operation"]

    def test_payments_of_2_09_lie_in_the_order(self):
        old = element(
            "Оплаты",
            element(
                "Оплата",
                element("НомерДокумента", "3"),
                element("ДатаОплаты", "2026-03-04"),
                element("СуммаОплаты", "60"),
                element("СпособОплаты", "Банковской картой"),
            ),
        )
        assert order(file(document(old))).trade.payments == (
            Payment(
                key="payment:3|2026-03-04|",
                number="3",
                date=dt.date(2026, 3, 4),
                amount=Decimal(60),
                currency="RUB",
                method="card",
            ),
        )


class TestLines:
    def test_carry_ids_units_vat_and_kind(self):
        vat = element("СтавкиНалогов", element("СтавкаНалога", element("Наименование", "НДС"), element("Ставка", "20")))
        delivery = item("ORDER_DELIVERY", "1", "10", "10", name="Доставка заказа", facts={"ТипНоменклатуры": "Услуга"})
        trade = order(file(document(items=(item("i#c", "2", "45", "90", vat), delivery)))).trade
        first, second = trade.lines or ()
        assert (first.item_id, first.unit_code, first.unit_name, first.vat, first.service) == (
            "i#c",
            "006",
            "м",
            VatRate(Decimal(20)),
            False,
        )
        assert (second.item_id, second.service, int(second.amount)) == ("ORDER_DELIVERY", True, 10)

    def test_without_an_item_are_free_lines(self):
        trade = order(file(document(items=(item(""), item("free-0123456789ab")), amount="200"))).trade
        assert [(one.item_id, one.name) for one in trade.lines or ()] == [("", "Кабель"), ("", "Кабель")]

    def test_spread_a_discount_of_the_document(self):
        discount = element(
            "Скидки", element("Скидка", element("Наименование", "5 %"), element("Сумма", "10"), element("УчтеноВСумме", "false"))
        )
        trade = order(file(document(discount, items=(item(), item("i-2", "1", "100", "100")), amount="190"))).trade
        assert [one.amount for one in trade.lines or ()] == [95, 95]

    def test_keep_what_nobody_understands_as_facts(self):
        odd = element("ГТД", "10/1") + element("Действие", "Резервировать")
        trade = order(file(document(items=(item("i-1", "2", "50", "100", odd, facts={"СвойствоКорзины#SIZE": "XL"}),)))).trade
        assert set(trade.facts) == {
            ("Товар 1: ГТД", "10/1"),
            ("Товар 1: Действие", "Резервировать"),
            ("Товар 1: СвойствоКорзины#SIZE", "XL"),
        }


class TestFacts:
    def test_hold_everything_that_has_no_place_and_are_listed_by_name(self):
        found = reading(
            file(
                document(element("Подпись", element("Кто", "Иванов")), facts={"Адрес доставки": "Тула", "Вид заказа": "Розница"})
            )
        )
        assert set(found.orders[0].trade.facts) == {("Подпись", "Иванов"), ("Адрес доставки", "Тула"), ("Вид заказа", "Розница")}
        assert found.not_carried == {"Подпись": 1, "Адрес доставки": 1, "Вид заказа": 1}

    def test_keep_a_currency_nobody_knows(self):
        assert ("Валюта", "тугрик") in order(file(document(currency="тугрик"))).trade.facts

    def test_a_flag_that_is_neither_yes_nor_no_is_one(self):
        trade = order(file(document(facts={"Проведен": "частично"}))).trade
        assert (trade.posted, trade.facts) == (None, (("Проведен", "частично"),))


class TestParties:
    def test_are_told_apart_by_their_roles(self):
        seller = party("o-1", element("ИНН", "7701234567"), role="Продавец", name="Мы")
        found = order(file(document(parties=(seller, party("p-1")))))
        assert (found.trade.party, found.trade.organisation) == ("p-1", "o-1")
        assert found.seller is not None
        assert ("ИНН организации", "7701234567") in found.trade.facts

    def test_without_a_role_are_buyers(self):
        assert order(file(document(parties=(party("p-1", role=""),)))).trade.party == "p-1"

    def test_a_second_one_is_a_fact(self):
        found = order(file(document(parties=(party("p-1"), party("p-2", role="Получатель", name="Склад клиента")))))
        assert (found.trade.party, found.trade.facts) == ("p-1", (("Получатель", "Склад клиента"),))


class TestNotTaken:
    def test_what_1c_itself_buys_is_not_ours(self):
        assert [one.cause for one in reading(file(document(role="Покупатель"))).not_taken] == ["purchase"]

    def test_a_document_nobody_can_find_again_is_told(self):
        assert [one.cause for one in reading(file(document(onec_id="", number=""))).not_taken] == ["document-without-number"]


class TestLaidOver:
    def test_what_is_not_told_again_stays(self):
        before = order(file(document(facts={**ONEC, "Статус заказа": "Новый"}))).trade
        now = order(file(document(items=(), parties=(), amount="", facts={"Отменен": "true"}))).trade
        after = laid_over(before, now, complete=False)
        assert (after.lines, after.status_name, after.party, after.onec_number) == (before.lines, "Новый", "p-1", "КА-000017")
        assert after.cancelled is True

    def test_a_comment_that_a_whole_order_leaves_out_was_taken_away(self):
        before = replace(order(file(document())).trade, comment="Срочно")
        assert laid_over(before, order(file(document())).trade, complete=False).comment == ""
        assert laid_over(before, Trade(paid=True), complete=False).comment == "Срочно"

    def test_an_order_that_is_not_said_to_be_paid_in_full_any_more_is_not(self):
        done = {"Номер оплаты по 1С": "П-9", "Номер отгрузки по 1С": "Р-9"}
        before = order(file(document(facts={**ONEC, **done}))).trade
        assert (before.paid, before.shipped) == (True, True)
        after = laid_over(before, order(file(document(facts=ONEC))).trade, complete=False)
        assert (after.paid, after.shipped, after.paid_number) == (False, False, "П-9")
        assert laid_over(before, Trade(cancelled=True), complete=False).paid is True, "that says nothing of it"

    def test_payments_told_alone_come_to_the_others_and_a_whole_list_replaces_them(self):
        one, two = Payment(key="1", amount=Decimal(1)), Payment(key="2", amount=Decimal(2))
        before = Trade(payments=(one,))
        assert laid_over(before, Trade(payments=(two,)), complete=False).payments == (one, two)
        assert laid_over(before, Trade(payments=(two,)), complete=True).payments == (two,)
        assert laid_over(before, Trade(), complete=True).payments == (one,)

    def test_a_payment_that_was_told_and_is_cancelled_stays_as_cancelled(self):
        one = Payment(key="1", amount=Decimal(1))
        gone = replace(one, cancelled=True)
        assert laid_over(Trade(payments=(one,)), Trade(payments=(gone,)), complete=True).payments == (gone,)
        assert laid_over(Trade(payments=()), Trade(payments=(gone,)), complete=True).payments == ()

    def test_part_payments_end_when_1c_says_paid_in_full_without_naming_any(self):
        before = Trade(payments=(Payment(key="1", amount=Decimal(1)),))
        assert laid_over(before, Trade(paid=True, amount=Decimal(5)), complete=True).payments is None

    def test_a_loose_payment_comes_to_its_order(self):
        loose = Loose("g", payments=(Payment(key="9", amount=Decimal(3)),))
        assert [one.key for one in added(Trade(payments=(Payment(key="1"),)), loose).payments or ()] == ["1", "9"]

    @given(st.lists(st.sampled_from(["1", "2", "3"]), unique=True), st.lists(st.sampled_from(["1", "2", "3"]), unique=True))
    def test_the_same_telling_again_changes_nothing(self, before: list[str], now: list[str]):
        trades = [Trade(number="7", payments=tuple(Payment(key=key) for key in keys)) for keys in (before, now)]
        once = laid_over(trades[0], trades[1], complete=False)
        assert laid_over(once, trades[1], complete=False) == once


def test_a_payment_has_the_same_key_in_every_telling():
    tellings = [
        reading(file(money("40", "", number="П-1").replace("<Роль>", "<Основание>g</Основание><Роль>"))).loose[0],
        reading(file(container(money("55", "", number="П-1").replace("<Роль>", "<Основание>g</Основание><Роль>")))).loose[0],
    ]
    assert len({one.payments[0].key for one in tellings}) == 1


def test_requisites_are_read_by_name_whatever_their_order():
    facts = {"Проведен": "true", "Номер по 1С": "1"}
    turned = dict(reversed(facts.items()))
    assert order(file(document(requisites(facts)))).trade == order(file(document(requisites(turned)))).trade
