"""The elements of an order as each 1C reads them: lines, buyer, facts."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from exchange.dialects import choose
from exchange.planning.outgoing import Place
from exchange.planning.trade import (
    Account,
    AddressKind,
    Party,
    PartyKind,
    Person,
    PostalAddress,
)
from exchange.records import VatRate
from tests.exchange.commerceml.writing import CLIENTS, facts, line, payment, simple, tags, text_of, we_read, written

D = Decimal
ALL = list(CLIENTS)
BARE = ["A", "B", "C", "D", "D2", "E"]
LATER = ["D subordinate", "E subordinate", "module"]


class TestElements:
    def test_stand_in_the_order_that_a_reader_of_one_pass_needs(self):
        out = simple(comment="Soon", warehouse=Place(id="w", name="Main"), onec_id="1c", pay_until=dt.date(2026, 4, 1))
        assert tags(text_of(out, "A")) == [
            "Ид", "Номер", "Дата", "ХозОперация", "Роль", "Валюта", "Курс", "Сумма", "Контрагенты", "Время", "Комментарий",
            "Налоги", "Склады", "Товары", "ЗначенияРеквизитов",
        ]  # fmt: skip

    def test_of_subordinate_documents_stand_as_their_exporter_has_them(self):
        out = simple(comment="Soon", onec_id="1c", payments=(payment(),))
        assert tags(text_of(out, "D subordinate")) == [
            "Дата", "Время", "Роль", "Валюта", "Курс", "Номер", "Ид", "ХозОперация", "Сумма", "Комментарий", "Номер1С",
            "ЗначенияРеквизитов", "Товары", "Налоги", "Контрагенты", "ПодчиненныеДокументы",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ALL)
    def test_are_never_empty(self, name: str):
        out = simple(buyer=None, comment="  ", status_name="\x00", facts=(("", "x"), ("x", "")))
        assert not re.search(r"<([^\s>/]+)[^>]*></\1>|/>", text_of(out, name))

    @pytest.mark.parametrize("name", ALL)
    def test_hold_no_control_characters_and_no_endless_texts(self, name: str):
        out = simple(comment="a\x00b\x1b\x85c\r\nd" + "x" * 9000, lines=(line(name="n\n\x07" * 900),))
        text = text_of(out, name)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
        assert "<Комментарий>a b" in text
        assert len(text) < 12_000

    def test_a_comment_keeps_its_lines(self):
        assert "<Комментарий>one\ntwo three</Комментарий>" in text_of(simple(comment=" one \r\n two   three "))

    def test_a_warehouse_is_whole_or_not_there(self):
        assert "<Склады>" not in text_of(simple(warehouse=Place(id=" ", name="Main")))
        assert (
            "<Склады><Склад><Ид>w</Ид><Наименование>Main</Наименование><Адрес><АдресноеПоле><Тип>Улица</Тип><Значение>Main</Значение>"
            "</АдресноеПоле></Адрес><Контакты><Контакт><Тип>ТелефонРабочий</Тип><Значение>не указан</Значение></Контакт></Контакты>"
            "</Склад></Склады>"
        ) in text_of(simple(warehouse=Place(id="w", name="Main")))

    @pytest.mark.parametrize(
        ("name", "currency"), [("A", "руб"), ("B", "руб"), ("C", "RUB"), ("D", "RUB"), ("E", "RUB"), ("module", "RUB")]
    )
    def test_a_currency_has_the_name_its_base_knows(self, name: str, currency: str):
        assert f"<Валюта>{currency}</Валюта>" in text_of(simple(), name)
        assert "<Валюта>руб.</Валюта>" in text_of(simple(currency_name="руб."), name)


class TestLines:
    def test_are_goods_and_services_by_both_names(self):
        for service, kind in ((False, "Товар"), (True, "Услуга")):
            text = text_of(simple(lines=(line(service=service),)))
            for name in ("ВидНоменклатуры", "ТипНоменклатуры"):
                assert f"<Наименование>{name}</Наименование><Значение>{kind}</Значение>" in text

    def test_of_delivery_are_a_service_with_a_name_of_its_own(self):
        text = text_of(simple(lines=(line(item_id="ORDER_DELIVERY", name=""),)))
        assert "<Ид>ORDER_DELIVERY</Ид><Наименование>Доставка заказа</Наименование>" in text
        assert "<Значение>Услуга</Значение>" in text

    @pytest.mark.parametrize(
        ("item", "product", "key"), [("a#b", 0, "a#b"), ("a#a", 0, "a"), ("a#", 0, "a"), ("", 17, "17"), ("", 0, "free-")]
    )
    def test_have_the_id_that_1c_knows_and_no_made_up_guid(self, item: str, product: int, key: str):
        text = text_of(simple(lines=(line(item_id=item, product_id=product),)))
        found = re.search(r"<Товар><Ид>([^<]*)</Ид>", text)
        assert found
        assert found[1] == key or (key == "free-" and re.fullmatch(r"free-[0-9a-f]{12}", found[1]))

    def test_without_an_item_have_the_same_id_whenever_they_have_the_same_name(self):
        ids = {re.search(r"free-\w+", text_of(simple(lines=(line(item_id="", name=name),))))[0] for name in ("Work", " work ")}  # type: ignore[index]
        assert len(ids) == 1

    def test_zero_percent_is_not_exempt_except_where_a_zero_is_taken_for_ten(self):
        both = (line(vat=VatRate(D(0))), line(vat=VatRate(None)))
        rates = {name: re.findall(r"<СтавкаНалога>.*?<Ставка>([^<]*)", text_of(simple(lines=both), name)) for name in ALL}
        assert {name: found for name, found in rates.items() if found != ["0", "Без НДС"]} == {
            name: ["Без НДС"] * 2 for name in ("E", "E subordinate", "other as C", "other as E")
        }

    def test_give_a_rate_each_when_one_does(self):
        text = text_of(simple(lines=(line(vat=VatRate(D(20))), line())))
        assert re.findall(r"<СтавкаНалога>.*?<Ставка>([^<]*)", text) == ["20", "Без НДС"]

    def test_exempt_documents_have_no_taxes_at_all(self):
        text = text_of(simple(lines=(line(vat=VatRate(None)),)), "D")
        assert "<Налоги>" not in text
        assert "<Ставка>Без НДС</Ставка>" in text

    def test_of_a_ukrainian_base_of_old_are_without_a_tax_in_its_words(self):
        assert "<Ставка>Без налога</Ставка>" in text_of(simple(lines=(line(vat=VatRate(None)),), currency="UAH"), "B")

    def test_vat_on_top_is_in_the_sum_of_the_document_alone(self):
        out = simple(lines=(line(vat=VatRate(D(20)), vat_included=False),))
        text = text_of(out)
        assert "<Сумма>120.00</Сумма><Контрагенты>" in text
        assert "<Налоги><Налог><Наименование>НДС</Наименование><УчтеноВСумме>false</УчтеноВСумме><Сумма>20.00</Сумма>" in text
        assert "<Количество>1</Количество><Сумма>100.00</Сумма>" in text

    def test_discounts_are_shown_as_taken_off_and_never_to_accounting(self):
        out = simple(lines=(line(discount=D(50)),))
        assert (
            "<Скидки><Скидка><Наименование>Скидка на товар</Наименование><Сумма>50.00</Сумма><УчтеноВСумме>true</УчтеноВСумме></Скидка>"
        ) in text_of(out)
        for name in ("E", "E subordinate", "other as C"):
            assert "Скидк" not in text_of(out, name)

    @pytest.mark.parametrize("name", BARE)
    def test_have_the_unit_of_205(self, name: str):
        text = text_of(simple(lines=(line(unit_code="6", unit_name="м"),)), name)
        assert '<БазоваяЕдиница Код="006" НаименованиеПолное="Метр" МеждународноеСокращение="MTR">м</БазоваяЕдиница>' in text
        assert "<Единица>" not in text

    @pytest.mark.parametrize("name", LATER)
    def test_have_the_units_of_all_versions_later(self, name: str):
        text = text_of(simple(lines=(line(unit_code="", unit_name=""),)), name)
        assert (
            '<БазоваяЕдиница Код="796" НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>'
            "<Единица><Код>796</Код><НаименованиеПолное>Штука</НаименованиеПолное></Единица><Коэффициент>1</Коэффициент>"
        ) in text

    def test_whose_price_would_miss_the_amount_get_one_that_does_not(self):
        text = text_of(simple(lines=(line(quantity=D(3), price=D("3.33"), amount=D("10.00")),)))
        assert "<ЦенаЗаЕдиницу>3.333</ЦенаЗаЕдиницу><Количество>3</Количество><Сумма>10.00</Сумма>" in text

    def test_amounts_have_the_decimals_of_their_currency(self):
        text = text_of(simple(lines=(line(),), currency="JPY"))
        assert "<Сумма>100</Сумма>" in text


class TestBuyer:
    def party(self, **fields: object) -> Party:
        return replace(Party(id="p", name="Romashka", tax_id="7707083893", tax_branch="770701001"), **fields)  # type: ignore[arg-type]

    def test_a_legal_entity_alone_has_an_official_name(self):
        for kind in (None, *PartyKind):
            text = text_of(simple(buyer=self.party(kind=kind)))
            assert ("<ОфициальноеНаименование>" in text) is (kind is PartyKind.LEGAL)

    def test_a_person_is_named_in_three_parts(self):
        whole = text_of(simple(buyer=self.party(kind=PartyKind.PERSON, name="Ivanov Ivan Ivanovich")))
        parts = text_of(
            simple(buyer=self.party(kind=PartyKind.PERSON, last_name="Ivanov", first_name="Ivan", middle_name="Ivanovich"))
        )
        for text in (whole, parts):
            assert "<Фамилия>Ivanov</Фамилия><Имя>Ivan</Имя><Отчество>Ivanovich</Отчество>" in text

    def test_phone_and_mail_are_told_in_both_spellings_and_others_so_that_they_do_not_replace_them(self):
        text = text_of(simple(buyer=self.party(phones=("+7 1", "+7 2"), emails=("a@example.org", "b@example.org"))))
        contacts = re.findall(r"<Контакт><Тип>([^<]*)</Тип><Значение>([^<]*)</Значение></Контакт>", text)
        assert contacts == [
            ("ТелефонРабочий", "+7 1"),
            ("Телефон рабочий", "+7 1"),
            ("Телефон мобильный", "+7 2"),
            ("Почта", "a@example.org"),
            ("Электронная почта", "a@example.org"),
            ("Почта дополнительная", "b@example.org"),
        ]

    def test_addresses_come_in_one_line_and_in_parts(self):
        address = PostalAddress(kind=AddressKind.LEGAL, postal_code="101000", city="Moscow", street="Tverskaya", building="1")
        text = text_of(simple(buyer=self.party(kind=PartyKind.LEGAL, addresses=(address,))))
        assert (
            "<ЮридическийАдрес><Представление>101000, Moscow, Tverskaya, 1</Представление>"
            "<АдресноеПоле><Тип>Почтовый индекс</Тип><Значение>101000</Значение></АдресноеПоле>"
        ) in text
        (order,) = we_read(written([simple(buyer=self.party(kind=PartyKind.LEGAL, addresses=(address,)))], choose("ut11")))
        assert order.parties[0].legal_address
        assert order.parties[0].legal_address.parts[1] == ("Город", "Moscow")

    def test_accounts_are_told_with_their_bank(self):
        account = Account(number="40702810900000000001", bank="Bank", bic="044525225", correspondent="30101810400000000225")
        text = text_of(simple(buyer=self.party(kind=PartyKind.LEGAL, accounts=(account,))))
        assert (
            "<РасчетныеСчета><РасчетныйСчет><НомерСчета>40702810900000000001</НомерСчета><Банк><Наименование>Bank</Наименование>"
            "<СчетКорреспондентский>30101810400000000225</СчетКорреспондентский><БИК>044525225</БИК></Банк></РасчетныйСчет></РасчетныеСчета>"
        ) in text

    def test_a_ukrainian_company_has_its_number_in_both_places(self):
        text = text_of(simple(buyer=self.party(kind=PartyKind.LEGAL, country="UA", tax_id="12345678", tax_branch=None)), "B")
        assert "<ИНН>12345678</ИНН><КодПоЕДРПОУ>12345678</КодПоЕДРПОУ>" in text

    def test_contact_persons_are_representatives_and_their_phones_stay_theirs(self):
        person = Person(contact_id=5, last_name="Petrov", first_name="Petr", phones=("+7 9",))
        out = simple(buyer=self.party(kind=PartyKind.LEGAL, people=(person,)))
        start = (
            "<Представители><Представитель><Контрагент><Отношение>Контактное лицо</Отношение><Ид>b24-3-5</Ид>"
            "<Наименование>Petrov Petr</Наименование>"
        )
        assert start in text_of(out, "C")
        assert start + "</Контрагент>" in text_of(out, "A")
        assert "+7 9" not in text_of(out, "A")

    @pytest.mark.parametrize("buyer", [None, Party(id="p"), Party(id="p", name=" \x00")])
    def test_nobody_has_a_name_too(self, buyer: Party | None):
        assert "<Наименование>Покупатель не указан</Наименование>" in text_of(simple(buyer=buyer))

    def test_the_id_of_the_document_goes_before_the_party_s_own(self):
        assert "<Контрагент><Ид>1c-id</Ид>" in text_of(simple(buyer=self.party(), party="1c-id"))
        assert "<Контрагент><Ид>b24-4-9</Ид>" in text_of(simple(buyer=self.party(id="", b24=(4, 9))))


class TestFacts:
    def test_a_status_is_told_by_id_and_name(self):
        told = facts(text_of(simple(status_id="N", status_name="New")))
        assert (told["Статус заказа"], told["Статуса заказа ИД"]) == ("[N] New", "N")
        assert facts(text_of(simple(status_name="New")))["Статус заказа"] == "New"

    @pytest.mark.parametrize(("fields", "gone"), [({}, "false"), ({"cancelled": True}, "true"), ({"deleted": True}, "true")])
    def test_cancelled_and_deleted_are_told_as_cancelled(self, fields: dict[str, bool], gone: str):
        assert facts(text_of(simple(**fields)))["Отменен"] == gone

    def test_terms_are_told_by_the_names_of_the_attributes(self):
        told = facts(
            text_of(
                simple(
                    organisation_name="We",
                    organisation_tax_id="1",
                    warehouse=Place(id="w", name="Main"),
                    agreement_name="Usual",
                    price_type_name="Retail",
                    buyer_comment="Call",
                    facts=(("Own", "x"), ("Отменен", "true")),
                ),
                "D",
            )
        )
        assert {key: told[key] for key in ("Организация", "ИНН организации", "Склад", "Соглашение", "Вид цен", "Own")} == {
            "Организация": "We",
            "ИНН организации": "1",
            "Склад": "Main",
            "Соглашение": "Usual",
            "Вид цен": "Retail",
            "Own": "x",
        }
        assert told["Комментарии покупателя"] == "Call"
        assert told["Отменен"] == "false"

    def test_the_own_company_is_told_with_its_numbers(self):
        seller = Party(name="We LLC", tax_id="7707083893", tax_branch="770701001", accounts=(Account(number="407"),))
        told = facts(text_of(simple(seller=seller)))
        names = ("Организация", "ИНН организации", "КПП организации", "Расчетный счет организации")
        assert [told[name] for name in names] == ["We LLC", "7707083893", "770701001", "407"]

    @pytest.mark.parametrize("name", BARE)
    def test_a_payment_of_a_bare_order_is_told_by_its_facts(self, name: str):
        told = facts(text_of(simple(payments=(payment(),)), name))
        names = ("Дата оплаты", "Номер платежного документа", "Метод оплаты ИД", "Метод оплаты", "Заказ оплачен")
        assert [told[name] for name in names] == ["02.03.2026 00:00:00", "17", "card", "Банковская карта", "true"]

    @pytest.mark.parametrize("name", ALL)
    def test_payments_that_1c_told_itself_never_come_back_to_it(self, name: str):
        """Бухгалтерия and УНФ would make a second payment of them."""
        trade = simple().trade
        out = replace(simple(), trade=replace(trade, payments=(payment(),), paid_on=dt.date(2026, 3, 2), paid_number="17"))
        text = text_of(out, name)
        assert "Дата оплаты" not in text
        assert "Эквайринг" not in text

    def test_a_part_payment_does_not_make_it_paid(self):
        assert facts(text_of(simple(payments=(payment(amount=D(1)),))))["Заказ оплачен"] == "false"
