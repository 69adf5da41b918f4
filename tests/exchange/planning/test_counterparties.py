"""Counterparties of 1C as parties."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.planning.counterparties import party_of, party_over, taken
from exchange.planning.trade import Account, AddressKind, Party, PartyKind, Person, PostalAddress
from tests.exchange.planning.onec_files import counterparty, element, party


def contact(kind: str, value: str) -> str:
    return element("Контакт", element("Тип", kind), element("Значение", value))


class TestPartyOf:
    def test_takes_a_legal_entity_with_all_it_has(self):
        bank = element(
            "Банк", element("Наименование", "Банк"), element("БИК", "044525225"), element("СчетКорреспондентский", "301")
        )
        parts = element("АдресноеПоле", element("Тип", "Почтовый индекс"), element("Значение", "101000"))
        parts += element("АдресноеПоле", element("Тип", "Населенный пункт"), element("Значение", "Тула"))
        person = element(
            "Представитель", element("Отношение", "Контактное лицо"), element("Ид", "c-1"), element("Наименование", "Петров Иван")
        )
        nobody = element("Представитель", element("Отношение", "Контактное лицо"), element("Наименование", "&lt;&gt;"))
        record = counterparty(
            party(
                "p-1",
                element("ОфициальноеНаименование", "ООО Ромашка"),
                element("ИНН", "7701234567"),
                element("КПП", "770101001"),
                element("КодПоОКПО", "12345678"),
                element("ЮридическийАдрес", element("Представление", "101000, Тула"), parts),
                element("Адрес", element("Представление", ",")),
                element(
                    "Контакты",
                    contact("Телефон рабочий", "+7 495 1"),
                    contact("Электронная почта", "a@example.org"),
                    contact("ICQ", "77"),
                ),
                element("РасчетныеСчета", element("РасчетныйСчет", element("НомерСчета", "40702"), bank)),
                element("Представители", person, nobody),
            )
        )
        assert party_of(record) == Party(
            id="p-1",
            kind=PartyKind.LEGAL,
            name="Ромашка",
            full_name="ООО Ромашка",
            tax_id="7701234567",
            tax_branch="770101001",
            codes=(("КодПоОКПО", "12345678"),),
            phones=("+7 495 1",),
            emails=("a@example.org",),
            addresses=(PostalAddress(kind=AddressKind.LEGAL, text="101000, Тула", postal_code="101000", city="Тула"),),
            accounts=(Account(number="40702", bank="Банк", bic="044525225", correspondent="301"),),
            people=(Person(id="c-1", last_name="Петров Иван"),),
        )
        assert taken(record).left == ("ICQ",)

    @pytest.mark.parametrize("kind", ["ТелефонРабочий", "Телефон рабочий", "Мобильный", "Факс", "Телефон мобильный"])
    def test_knows_a_phone_in_every_spelling(self, kind: str):
        assert party_of(counterparty(party("p", element("Контакты", contact(kind, "+7"))))).phones == ("+7",)

    @pytest.mark.parametrize("kind", ["Почта", "Электронная почта", "E-mail", "Прочее"])
    def test_knows_an_address_of_mail_in_every_spelling(self, kind: str):
        assert party_of(counterparty(party("p", element("Контакты", contact(kind, "a@example.org"))))).emails == (
            "a@example.org",
        )

    def test_knows_a_person_by_the_parts_of_the_name(self):
        found = party_of(counterparty(party("p", element("Фамилия", "Петров"), element("Имя", "Иван"))))
        assert (found.kind, found.last_name, found.first_name) == (PartyKind.PERSON, "Петров", "Иван")

    def test_does_not_judge_where_nothing_is_sure(self):
        found = party_of(
            counterparty(
                party("p", element("ИНН", "770123456789"), element("АдресРегистрации", element("Представление", "Тула")))
            )
        )
        assert found.kind is None
        assert [one.text for one in found.addresses or ()] == ["Тула"]

    def test_knows_one_without_an_id_by_its_tax_id_or_name(self):
        assert party_of(counterparty(party("", element("ИНН", "77")))).id == "inn:77:"
        assert party_of(counterparty(party("", name="ООО «Ромашка»"))).id == "name:оооромашка"

    def test_lists_by_name_what_it_does_not_take(self):
        record = counterparty(party("p", element("Пол", "М"), element("ДатаРождения", "1990-01-01"), element("Имя", "Иван")))
        assert set(taken(record).left) == {"Пол", "ДатаРождения"}


class TestPartyOver:
    FULL = Party(id="p", name="A", tax_id="1", phones=("1", "2"), accounts=(Account(number="9"),))

    def test_a_document_tells_only_some_of_its_party(self):
        told = Party(id="p", name="B", phones=("3",), accounts=(Account(number="9", bic="044"),))
        after = party_over(self.FULL, told, whole=False)
        assert after == replace(self.FULL, name="B", phones=("1", "2", "3"), accounts=(Account(number="9", bic="044"),))

    def test_a_file_of_counterparties_tells_all(self):
        assert party_over(self.FULL, Party(id="p", name="B", phones=("3",)), whole=True).phones == ("3",)

    def test_what_is_not_told_stays(self):
        assert party_over(self.FULL, Party(id="p", name="A"), whole=True) == self.FULL
