"""What is written for which 1C, element by element: the hard requirements of the order readers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from decimal import Decimal

import pytest

from exchange.commerceml.write_documents import Unwritable, empty, footer, header, lacking, render_document, render_documents
from exchange.commerceml.write_info import render_info
from exchange.dialects import choose
from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import (
    Shipment,
)
from tests.exchange.commerceml.writing import CLIENTS, MOMENT, line, payment, simple, text_of, we_read, written

D = Decimal
ALL = list(CLIENTS)
BARE = ["A", "B", "C", "D", "D2", "E"]
LATER = ["D subordinate", "E subordinate", "module"]


class TestEnvelope:
    @pytest.mark.parametrize("name", ALL)
    def test_begins_with_the_declaration_and_has_no_namespace(self, name: str):
        dialect = CLIENTS[name][0]
        body = written([simple()], dialect)
        assert body.startswith(f'<?xml version="1.0" encoding="{dialect.encoding}"?>\n<'.encode())
        text = body.decode(dialect.encoding)
        assert "xmlns" not in text
        assert "<!" not in text
        assert f'ВерсияСхемы="{dialect.schema}" ДатаФормирования="2026-03-01T10:30:00"' in text

    def test_is_windows_1251_for_everyone_but_the_containers_of_the_module(self):
        assert {name: CLIENTS[name][0].encoding for name in ALL if CLIENTS[name][0].encoding != "windows-1251"} == {
            "module": "utf-8"
        }

    def test_characters_outside_the_code_page_are_numeric_references(self):
        out = simple(comment="₴ ă 😀 ї")
        assert "₴ &#259; &#128512; ї".replace("₴", "&#8372;") in text_of(out, "C")
        assert "₴ ă 😀 ї" in text_of(out, "module")

    def test_an_answer_without_documents_is_the_bare_root(self):
        body = b"".join(render_documents([], choose("unf_new"), MOMENT))
        assert body.decode("windows-1251") == (
            '<?xml version="1.0" encoding="windows-1251"?>\n'
            '<КоммерческаяИнформация ВерсияСхемы="2.05" ДатаФормирования="2026-03-01T10:30:00"></КоммерческаяИнформация>'
        )

    def test_pieces_are_the_whole(self):
        dialect, documents = choose("ut11"), [simple(), simple(number="1002")]
        pieces = [header(dialect, MOMENT), *(render_document(one, dialect) for one in documents), footer(dialect)]
        assert list(render_documents(documents, dialect, MOMENT)) == pieces

    def test_streams_with_one_document_in_memory(self):
        def many(count: int) -> Iterator[Outgoing]:
            for number in range(1, count + 1):
                yield simple(number=str(number), lines=(line(),) * 50)

        def peak(count: int) -> int:
            tracemalloc.start()
            try:
                total = sum(len(piece) for piece in render_documents(many(count), choose("ut11"), MOMENT))
                assert total > count * 10_000
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak(2)
        assert peak(200) < peak(10) * 1.5


class TestRefusal:
    @pytest.mark.parametrize(
        ("fields", "configuration", "reason"),
        [
            ({"number": ""}, "ut11", "no-number"),
            ({"number": "\x00 "}, "ut11", "no-number"),
            ({"number": "123456789012"}, "ut11", "number-too-long"),
            ({"number": "1234567"}, "bp30", "number-too-long"),
            ({"number": "A-B"}, "bp30", "no-digits"),
            ({"date": None}, "unf", "no-date"),
            ({"currency": ""}, "ut103", "no-currency"),
            ({"lines": ()}, "ut11", "no-lines"),
            ({"lines": None}, "ut11", "no-lines"),
            ({"lines": (line(quantity=D(0)),)}, "ut11", "no-lines"),
        ],
    )
    def test_comes_before_a_byte_is_written(self, fields: dict[str, object], configuration: str, reason: str):
        dialect, out = choose(configuration), simple(**fields)
        assert lacking(out, dialect) == reason
        stream = render_documents([out], dialect, MOMENT)
        with pytest.raises(Unwritable) as caught:
            next(stream)
        assert caught.value.reason == reason

    def test_long_numbers_are_fine_where_they_are_kept(self):
        assert lacking(simple(number="x" * 50), choose("unf")) == ""


class TestForms:
    @pytest.mark.parametrize("name", BARE)
    def test_a_bare_order_stands_alone(self, name: str):
        text = text_of(simple(payments=(payment(),), shipments=(Shipment(key="s"),)), name)
        assert text.count("<Документ>") == text.count("<ХозОперация>") == 1

    @pytest.mark.parametrize("name", ["D subordinate", "E subordinate"])
    def test_payments_and_shipments_lie_inside_the_order(self, name: str):
        (order,) = we_read(written([simple(payments=(payment(),), shipments=(Shipment(key="s", number="5"),))], CLIENTS[name][0]))
        assert [(one.operation, one.number, one.amount, one.basis_id) for one in order.subordinates] == [
            ("Эквайринговая операция", "17", D(250), ""),
            ("Отпуск товара", "5", D(250), ""),
        ]
        told = {one.name: one.values[0] for one in order.subordinates[0].requisites}
        assert (told["Оплачено"], told["Дата оплаты"], told["Метод оплаты ИД"]) == ("true", "2026-03-02 00:00:00", "card")

    def test_siblings_and_containers_name_the_order_they_belong_to(self):
        out = simple(id="D-7", payments=(payment(method="cash"), payment(key="p-2", method="bank")))
        for dialect in (choose("other", "2.10"), choose("module31", "3.1")):
            documents = we_read(written([out], dialect))
            assert [(one.operation, one.basis_id) for one in documents] == [
                ("Заказ товара", ""),
                ("Выплата наличных денег", "D-7"),
                ("Выплата безналичных денег", "D-7"),
            ]
            assert {one.container for one in documents} == {1 if dialect.name == "module" else 0}

    def test_a_shipment_of_a_part_has_that_part_of_the_lines(self):
        shipment = Shipment(key="s", lines=(("a#b", D(1)), ("gone", D(1))), tracking="T-1")
        (order,) = we_read(written([simple(shipments=(shipment,))], choose("unf", "2.09", "2.10")))
        (inner,) = order.subordinates
        assert [(one.product.id, one.quantity, one.amount) for one in inner.lines] == [("a#b", D(1), D(125))]
        assert {one.name: one.values[0] for one in inner.requisites}["Идентификатор отправления"] == "T-1"

    @pytest.mark.parametrize("name", ALL)
    def test_the_same_content_is_the_same_bytes(self, name: str):
        assert text_of(simple(), name) == text_of(simple(), name)


class TestInfo:
    def test_offers_statuses_under_their_latin_letter_and_the_kinds_of_payment(self):
        text = render_info([("N", "Новый"), ("", "x"), ("y", "")]).decode("windows-1251")
        assert text.startswith('<?xml version="1.0" encoding="windows-1251"?>\n<Справочник><\x43татусы><Элемент>')
        assert "<Элемент><Ид>N</Ид><Название>Новый</Название></Элемент></\x43татусы><ПлатежныеСистемы>" in text
        assert "<Ид>card</Ид><Название>Банковская карта</Название><ТипОплаты>Эквайринговая оплата</ТипОплаты>" in text
        assert text.endswith("</СлужбыДоставки></Справочник>")
        assert text.count("<Элемент>") == 6

    def test_has_a_place_for_statuses_even_when_none_is_known(self):
        assert "<Справочник><\x43татусы></\x43татусы><ПлатежныеСистемы>" in render_info([]).decode("windows-1251")

    def test_offers_what_it_is_given(self):
        text = render_info([("N", "A & ă")], [("1", "Pay", "")], [("2", "Post")]).decode("windows-1251")
        assert "<Название>A &amp; &#259;</Название>" in text
        assert "<ПлатежныеСистемы><Элемент><Ид>1</Ид><Название>Pay</Название></Элемент></ПлатежныеСистемы>" in text
        assert "<СлужбыДоставки><Элемент><Ид>2</Ид><Название>Post</Название></Элемент></СлужбыДоставки>" in text


def test_empty_is_short_for_every_client():
    assert all(len(empty(dialect, MOMENT)) < 555 for dialect, _ in CLIENTS.values())
