"""Orders: what each generation reads, what makes it refuse, and what it brings back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from sandbox.onec.clients import Client, orders
from sandbox.onec.clients.manners import D2, D_SUBORDINATE, MODULE31, A, B, C, D, E, Manners
from sandbox.onec.clients.wire import ClientRefused
from tests.sandbox.onec.conftest import FakeClock
from tests.sandbox.onec.fake import LOGIN, PASSWORD, TOKEN, FakeServer, Reply

ALL = [A, B, C, D, D2, E]
ITEM = "11111111-2222-3333-4444-555555555555"
XML = "application/xml; charset=windows-1251"
LINE = (
    f"<Товар><Ид>{ITEM}</Ид><Наименование>Кабель</Наименование><БазоваяЕдиница Код='796'>шт</БазоваяЕдиница>"
    "<ЦенаЗаЕдиницу>125.00</ЦенаЗаЕдиницу><Количество>2</Количество><Сумма>250.00</Сумма></Товар>"
)
ORDER = (
    "<Документ><Ид>1001</Ид><Номер>1001</Номер><Дата>2026-05-01</Дата><ХозОперация>Заказ товара</ХозОперация>"
    "<Роль>Продавец</Роль><Валюта>RUB</Валюта><Курс>1</Курс><Сумма>250.00</Сумма><Контрагенты><Контрагент><Ид>57</Ид>"
    "<Наименование>Иванов Иван</Наименование></Контрагент></Контрагенты><Время>10:00:00</Время><Комментарий>быстро</Комментарий>"
    f"<Товары>{LINE}</Товары></Документ>"
)


def answer(body: str = ORDER, *, root: str = ' ВерсияСхемы="2.05"', content_type: str = XML) -> Reply:
    head = '<?xml version="1.0" encoding="windows-1251"?>\n'
    return Reply(
        f"{head}<КоммерческаяИнформация{root}>{body}</КоммерческаяИнформация>".encode("cp1251"), content_type=content_type
    )


def take(manners: Manners, server: FakeServer, clock: FakeClock) -> orders.Taken:
    client = Client(manners, server.url, LOGIN, PASSWORD, clock=clock, timeout=5)
    return orders.take(lambda: client.session("sale"))


HEAD = '<?xml version="1.0" encoding="windows-1251"?>\n'
PLAIN = f'{HEAD}<КоммерческаяИнформация ВерсияСхемы="2.05">{ORDER}</КоммерческаяИнформация>'.encode("cp1251")
UTF8 = "text/xml; charset=utf-8"
EVERYBODY = [A, B, C, D, D2, E]


class TestTaking:
    @pytest.mark.parametrize("manners", ALL, ids=lambda m: m.name)
    def test_reads_a_plain_order_and_confirms_it(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.orders = answer()
        taken = take(manners, server, clock)
        (order,) = taken.orders
        assert (order.number, order.currency, order.buyer_name, order.comment) == ("1001", "RUB", "Иванов Иван", "быстро")
        assert [(line.id, line.quantity, line.price, line.unit_code) for line in order.lines] == [(ITEM, "2", "125.00", "796")]
        assert taken.confirmed
        modes = [call.params["mode"] for call in server.calls]
        assert modes == ["checkauth", *(["init"] if manners in (D, D2, E) else []), "query", "success"]

    @pytest.mark.parametrize("manners", ALL, ids=lambda m: m.name)
    def test_takes_a_bare_root_for_no_orders(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.orders = answer("")
        assert take(manners, server, clock).orders == []

    def test_of_the_module_asks_until_there_are_none_and_reads_containers(self, server: FakeServer, clock: FakeClock) -> None:
        payment = ORDER.replace("Заказ товара", "Эквайринговая операция")
        full = answer(f"<Контейнер>{ORDER}{payment}</Контейнер>", root=' ВерсияСхемы="3.1"')
        server.wrong["query"] = lambda n: full if n == 1 else answer("", root=' ВерсияСхемы="3.1"')
        assert [order.number for order in take(MODULE31, server, clock).orders] == ["1001"]
        assert [call.params["mode"] for call in server.calls[-3:]] == ["query", "query", "success"]
        server.wrong["query"] = full
        with pytest.raises(ClientRefused, match="for ever"):
            take(MODULE31, server, clock)

    def test_of_the_module_refuses_orders_outside_of_containers(self, server: FakeServer, clock: FakeClock) -> None:
        server.orders = answer(root=' ВерсияСхемы="3.1"')
        with pytest.raises(ClientRefused, match="outside of a Контейнер"):
            take(MODULE31, server, clock)

    def test_of_a_whole_warehouse_is_no_trouble(self, server: FakeServer, clock: FakeClock) -> None:
        server.orders = answer(ORDER.replace("<Товары>", f"<Склады>{STORE}</Склады><Товары>"))
        assert take(C, server, clock).confirmed

    def test_of_unf_with_subordinate_documents_names_its_version_at_init_alone(
        self, server: FakeServer, clock: FakeClock
    ) -> None:
        server.orders = answer()
        take(D_SUBORDINATE, server, clock)
        assert [call.params.get("cmlVersion") for call in server.calls] == [None, "2.10", None, None]

    def test_of_unf_new_passes_a_bad_order_over(self, server: FakeServer, clock: FakeClock) -> None:
        server.orders = answer(ORDER + ORDER.replace("<Валюта>RUB</Валюта>", "").replace("1001", "1002"))
        taken = take(D2, server, clock)
        assert [order.number for order in taken.orders] == ["1001"]
        assert "1002" in taken.notes[0]


_PHONE = "<Контакт><Тип>ТелефонРабочий</Тип><Значение>1</Значение></Контакт>"
STORE = (
    "<Склад><Ид>1</Ид><Наименование>С</Наименование><Адрес><АдресноеПоле><Тип>Улица</Тип><Значение>С</Значение></АдресноеПоле>"
    f"</Адрес><Контакты>{_PHONE}</Контакты></Склад>"
)
TWO_PHONES = STORE.replace(_PHONE, _PHONE + _PHONE)
RATE = "<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов>"
WRONG: dict[str, tuple[Reply, list[Manners]]] = {
    "another-operation": (answer(ORDER.replace("Заказ товара", "Отпуск товара")), [A, B, C, D, E]),
    "operation-in-small-letters": (answer(ORDER.replace("Заказ товара", "заказ товара")), [A, B]),
    "no-currency": (answer(ORDER.replace("<Валюта>RUB</Валюта>", "")), [A, B, C, D, E]),
    "no-counterparty": (answer(ORDER.replace("<Наименование>Иванов Иван</Наименование>", "")), [A, B, C, D, E]),
    "comment-before-number": (
        answer(ORDER.replace("<Комментарий>быстро</Комментарий>", "").replace("<Номер>", "<Комментарий>б</Комментарий><Номер>")),
        [A, B],
    ),
    "date-with-dots": (answer(ORDER.replace("2026-05-01", "01.05.2026")), [A, B, C, D, E]),
    "short-time": (answer(ORDER.replace("10:00:00", "9:00:00")), [A, B, C, D, E]),
    "comma-in-price": (answer(ORDER.replace("125.00", "125,00")), [A, B, C, D, E]),
    "blank-in-sum": (answer(ORDER.replace("<Сумма>250.00</Сумма><Контр", "<Сумма>1 250.00</Сумма><Контр")), [A, B, C, D, E]),
    "unit-without-code": (answer(ORDER.replace(" Код='796'", "")), [A, B, C, D, E]),
    "long-number": (answer(ORDER.replace("<Номер>1001", "<Номер>123456789012")), [C, E]),
    "letters-for-a-number": (answer(ORDER.replace("<Номер>1001", "<Номер>W-A")), [E]),
    "zero-vat": (answer(ORDER.replace("</Товар>", "<Налоги><Налог><Ставка>0</Ставка></Налог></Налоги></Товар>")), [E]),
    "namespace": (answer(root=' xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.05"'), [C, D, D2, E]),
    "empty-element": (answer(ORDER.replace(">быстро<", "><")), [C, D, D2, E]),
    "xml-comment": (answer("<!-- x -->" + ORDER), [C, D, D2, E]),
    "container": (answer(f"<Контейнер>{ORDER}</Контейнер>"), EVERYBODY),
    "version-three": (answer(root=' ВерсияСхемы="3.1"'), [D, D2]),
    "blank-at-the-start": (Reply(b" " + PLAIN, content_type=XML), EVERYBODY),
    "byte-order-mark": (Reply("\ufeff<?xml version='1.0'?><КоммерческаяИнформация/>".encode(), content_type=UTF8), EVERYBODY),
    "failure": (Reply("failure\nнет".encode("cp1251")), EVERYBODY),
    "archive": (Reply(b"PK\3\4...", content_type="application/zip"), EVERYBODY),
    "not-well-formed": (Reply("<?xml version='1.0'?><КоммерческаяИнформация>".encode("cp1251"), content_type=XML), EVERYBODY),
    "charset-untold": (answer(content_type="text/xml"), [C]),
    "utf-8": (Reply(PLAIN.decode("cp1251").replace("windows-1251", "utf-8").encode(), content_type=UTF8), [A, B]),
    "warehouse-without-address": (
        answer(ORDER.replace("<Товары>", "<Склады><Склад><Ид>1</Ид><Наименование>С</Наименование></Склад></Склады><Товары>")),
        [C],
    ),
    "two-warehouses": (answer(ORDER.replace("<Товары>", f"<Склады>{STORE}{STORE}</Склады><Товары>")), [C]),
    "warehouse-with-two-phones": (answer(ORDER.replace("<Товары>", f"<Склады>{TWO_PHONES}</Склады><Товары>")), [C]),
    "nothing-of-an-item": (answer(ORDER.replace("<Количество>2<", "<Количество>0<")), [A, B, C, D, E]),
    "unknown-currency": (answer(ORDER.replace("<Валюта>RUB<", "<Валюта>roubles<")), [A, B]),
    "rate-on-one-line-of-two": (answer(ORDER.replace(LINE, LINE + LINE.replace("</Товар>", f"{RATE}</Товар>"))), [C]),
    "discount-of-the-document": (
        answer(ORDER.replace("<Товары>", "<Скидки><Скидка><Сумма>1</Сумма><УчтеноВСумме>true</УчтеноВСумме></Скидка></Скидки><Товары>")),
        [E],
    ),
}  # fmt: skip


class TestWrongOrders:
    @pytest.mark.parametrize("fault", WRONG)
    @pytest.mark.parametrize("manners", ALL, ids=lambda m: m.name)
    def test_are_refused_by_those_who_mind_and_not_confirmed(
        self, server: FakeServer, clock: FakeClock, manners: Manners, fault: str
    ) -> None:
        reply, minders = WRONG[fault]
        server.orders = reply
        if manners not in minders:
            assert take(manners, server, clock).confirmed
            return
        with pytest.raises(ClientRefused):
            take(manners, server, clock)
        assert server.calls[-1].params["mode"] == "query"

    @pytest.mark.parametrize("manners", [D, E], ids=lambda m: m.name)
    def test_confirmed_with_a_failure_are_refused(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.orders, server.wrong["success"] = answer(), Reply("failure\n")
        with pytest.raises(ClientRefused, match="success"):
            take(manners, server, clock)
        assert take(C, server, clock).confirmed

    def test_of_nothing_but_long_words_are_no_empty_answer_for_unf_new(self, server: FakeServer, clock: FakeClock) -> None:
        server.orders = answer(" " * 600)
        with pytest.raises(ClientRefused, match="555"):
            take(D2, server, clock)


class TestGiving:
    @pytest.mark.parametrize("manners", [A, B, C, D, D2, D_SUBORDINATE, MODULE31], ids=lambda m: m.name)
    def test_sends_the_sites_number_with_what_happened_here(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.orders = answer()
        (order,) = take(C, server, clock).orders
        order.paid, order.status = True, "Выполнен"
        client = Client(manners, server.url, LOGIN, PASSWORD, clock=clock, timeout=5)
        sent = orders.give(lambda: client.session("sale"), [order], "2026-05-11T12:00:00")
        assert sent.imports == (1 if manners in (C, D_SUBORDINATE, MODULE31) else 0)
        ((name, data),) = server.contents().items()
        assert name.startswith("1cbitrix-" if manners in (A, B) else "documents_" if manners is MODULE31 else "orders-")
        root = ET.fromstring(data)
        texts = {element.tag.rpartition("}")[2]: (element.text or "") for element in root.iter()}
        assert (texts["Номер"], texts["Валюта"]) == ("1001", "RUB")
        words = [element.text for element in root.iter()]
        facts = dict(pairwise(words))
        assert facts["Номер по 1С"] == "ТД00-001001"
        assert facts["Номер оплаты по 1С"] == "ПТД00-001001"
        assert "Номер отгрузки по 1С" not in facts
        assert facts.get("Статус заказа") == (None if manners in (A, B, C) else "Выполнен")

    def test_names_both_versions_in_every_request_of_unf_with_subordinate_documents(
        self, server: FakeServer, clock: FakeClock
    ) -> None:
        server.orders = answer()
        taken = take(C, server, clock)
        client = Client(D_SUBORDINATE, server.url, LOGIN, PASSWORD, clock=clock, timeout=5)
        orders.give(lambda: client.session("sale"), taken.orders, "2026-05-11T12:00:00")
        post = next(call for call in server.calls if call.method == "POST")
        assert post.query.startswith(f"type=sale&{TOKEN}&version=2.09&cmlVersion=2.10&mode=file&filename=orders-")

    def test_is_nothing_bookkeeping_does(self, server: FakeServer, clock: FakeClock) -> None:
        client = Client(E, server.url, LOGIN, PASSWORD, clock=clock)
        with pytest.raises(ClientRefused, match="never"):
            orders.give(lambda: client.session("sale"), [], "2026-05-11T12:00:00")
