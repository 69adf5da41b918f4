"""Normal forms of parties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.parties import core_name, emails, name_key, normal, phone, phones, tax_id
from exchange.planning.party_countries import COUNTRIES, country_of, is_natural, russian_checksum
from exchange.planning.trade import Account, AddressKind, Party, PartyKind, Person, PostalAddress

countries = st.sampled_from(["", *sorted(COUNTRIES)])
texts = st.text(st.sampled_from("0123456789+-() доб.8;,/xЁёООО«»\"'@.abc"), max_size=40)


class TestPhone:
    @pytest.mark.parametrize(
        ("written", "country", "plain"),
        [
            ("8 (495) 123-45-67", "RU", "+74951234567"),
            ("+7 916 123 45 67", "RU", "+79161234567"),
            ("9161234567", "", "+79161234567"),
            ("+8 916 123 45 67", "RU", "+79161234567"),
            ("80 29 123-45-67", "BY", "+375291234567"),
            ("8 029 123 45 67", "BY", "+375291234567"),
            ("29 123 45 67", "BY", "+375291234567"),
            ("050 123 45 67", "UA", "+380501234567"),
            ("380501234567", "RU", "+380501234567"),
            ("069 123 456", "MD", "+37369123456"),
            ("022 12 34 56", "MD", "+37322123456"),
            ("8 727 123 45 67", "KZ", "+77271234567"),
            ("8 10 375 29 123-45-67", "RU", "+375291234567"),
            ("22-33-44", "RU", "223344"),
            ("8 495 123-45-67 доб. 12", "RU", "+74951234567 ext. 12"),
            ("8 495 123-45-67 (доб. 12)", "RU", "+74951234567 ext. 12"),
            ("нет", "RU", ""),
            ("12", "RU", ""),
        ],
    )
    def test_is_the_same_text_however_it_is_written(self, written, country, plain):
        assert phone(written, country) == plain

    @given(texts, countries)
    def test_stays_as_it_is_when_it_is_normal_already(self, written, country):
        plain = phone(written, country)
        assert phone(plain, country) == plain

    def test_several_in_one_text_are_told_apart(self):
        assert phones(["8 (495) 123-45-67, 765-43-21; 8 916 111-22-33"]) == ("+74951234567", "7654321", "+79161112233")

    def test_an_extension_after_a_comma_belongs_to_the_phone_before_it(self):
        assert phones(["8 495 123-45-67, доб. 5"]) == ("+74951234567 ext. 5",)


class TestEmails:
    def test_are_found_in_a_text_in_lower_case_and_once(self):
        assert emails(["Info@Daisy.Example, sales@daisy.example", "info@daisy.example"]) == (
            "info@daisy.example",
            "sales@daisy.example",
        )

    def test_what_is_no_address_is_left_out(self):
        assert emails(["нет", "@", "a@b"]) == ()


class TestTaxId:
    def test_holds_digits_only(self):
        assert tax_id(" 7701 234-567 ") == "7701234567"

    def test_keeps_the_letters_of_a_foreign_id(self):
        assert tax_id("de 123456789") == "DE123456789"

    @pytest.mark.parametrize(
        ("number", "default", "country"),
        [
            ("7701234567", "", "RU"),
            ("500100732259", "", "RU"),
            ("12345678", "", "UA"),
            ("1234567890", "UA", "UA"),
            ("123456789", "", "BY"),
            ("1003600012345", "", "MD"),
            ("951240000125", "KZ", "KZ"),
            ("951240000125", "", "KZ"),
            ("7701234567", "BY", "RU"),
            ("12345", "RU", ""),
        ],
    )
    def test_tells_the_country(self, number, default, country):
        assert country_of(number, default) == country

    def test_of_natural_persons_is_known_by_country(self):
        assert [is_natural("500100732259", "RU"), is_natural("7701234567", "RU")] == [True, False]
        assert [is_natural("951240000125", "KZ"), is_natural("850412300125", "KZ")] == [False, True]
        assert [is_natural("1234567890", "UA"), is_natural("12345678", "UA")] == [True, False]
        assert is_natural("123456789", "BY") is None

    def test_has_check_digits_in_russia(self):
        assert russian_checksum("500100732259")
        assert russian_checksum("7707083893")
        assert not russian_checksum("7707083894")


class TestNames:
    @pytest.mark.parametrize(
        "written",
        ['ООО "Ромашка"', "Ромашка, ООО", "Общество с ограниченной ответственностью «РОМАШКА»", "ромашка", "Ооо  Ромашка"],
    )
    def test_of_one_firm_compare_equal(self, written):
        assert name_key(written) == "ромашка"

    def test_of_different_firms_differ(self):
        assert name_key("Ромашка и Ко") != name_key("Ромашка")
        assert name_key("Ромашка-2") != name_key("Ромашка")

    def test_a_name_that_is_only_a_form_stays(self):
        assert name_key("ООО") == "ооо"

    def test_the_core_is_what_stands_in_the_quotes(self):
        assert core_name('Общество с ограниченной ответственностью "Ромашка"') == "Ромашка"
        assert core_name("Ромашка ООО") == "Ромашка"


class TestKind:
    def test_of_ten_russian_digits_is_a_legal_entity(self):
        assert normal(Party(name="Ромашка", tax_id="7701234567")).kind is PartyKind.LEGAL

    def test_of_twelve_russian_digits_is_a_sole_trader(self):
        assert normal(Party(name="Петров П. П.", tax_id="500100732259", kind=PartyKind.LEGAL)).kind is PartyKind.SOLE_TRADER

    def test_of_a_person_with_a_tax_id_stays_a_person_when_1c_says_so(self):
        party = Party(name="Петров П. П.", last_name="Петров", tax_id="500100732259", kind=PartyKind.PERSON)
        assert normal(party).kind is PartyKind.PERSON

    def test_of_a_name_that_says_so_is_a_sole_trader(self):
        assert normal(Party(name="ИП Петров Пётр", tax_id="123456789", country="BY")).kind is PartyKind.SOLE_TRADER

    def test_of_a_name_alone_is_judged_by_its_words(self):
        assert normal(Party(name="Петров Пётр Петрович")).kind is PartyKind.PERSON
        assert normal(Party(name='ООО "Пётр и братья"')).kind is PartyKind.LEGAL


class TestNormal:
    def test_takes_the_ukrainian_code_for_the_tax_id(self):
        party = normal(Party(name="ТОВ Ромашка", codes=(("КодПоЕДРПОУ", "12345678"),)))
        assert (party.tax_id, party.country, party.kind) == ("12345678", "UA", PartyKind.LEGAL)

    def test_gives_a_person_the_parts_of_his_name(self):
        party = normal(Party(name="Петров Пётр Петрович", kind=PartyKind.PERSON))
        assert (party.last_name, party.first_name, party.middle_name) == ("Петров", "Пётр", "Петрович")

    def test_keeps_not_said_apart_from_none(self):
        assert normal(Party(name="A")).phones is None
        assert normal(Party(name="A", phones=())).phones == ()

    @given(
        st.builds(
            Party,
            name=texts,
            kind=st.none() | st.sampled_from(PartyKind),
            full_name=st.none() | texts,
            last_name=st.none() | texts,
            tax_id=st.none() | texts,
            tax_branch=st.none() | texts,
            phones=st.none() | st.tuples(texts, texts),
            emails=st.none() | st.tuples(texts),
            addresses=st.none()
            | st.tuples(st.builds(PostalAddress, kind=st.sampled_from(AddressKind), text=texts, city=texts, street=texts)),
            accounts=st.none() | st.tuples(st.builds(Account, number=texts, bank=texts)),
            people=st.none() | st.tuples(st.builds(Person, last_name=texts, first_name=texts, phones=st.tuples(texts))),
        ),
        countries,
    )
    def test_done_twice_changes_nothing(self, party, country):
        once = normal(party, country)
        assert normal(once, country) == once
