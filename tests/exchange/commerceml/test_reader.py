"""Whole files into records: the main forms, and files that mean harm or came broken."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commerceml import Oddities, UnreadableFile, read
from exchange.commerceml.errors import BrokenXml, ForbiddenMarkup, NotCommerceML
from exchange.records import Product, Record
from tests.exchange.commerceml.plain import DATA, plain_all

FORMS = sorted((DATA / "forms").glob("*.xml"))
CATALOG = (DATA / "forms" / "catalog.xml").read_bytes()


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, as a slow upload would."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(97)


class Stream:
    """A stream that is made as it is read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, size: int, /) -> bytes:
        return next(self._blocks)


def read_until_the_break(data: bytes) -> tuple[list[Record], UnreadableFile | None]:
    found: list[Record] = []
    try:
        for record in read(io.BytesIO(data)):
            found.append(record)
    except UnreadableFile as error:
        return found, error
    return found, None


def with_items(items: str) -> bytes:
    return f"<КоммерческаяИнформация><Каталог><Товары>{items}</Товары></Каталог></КоммерческаяИнформация>".encode()


def products(data: bytes, oddities: Oddities | None = None) -> list[Product]:
    return [record for record in read(io.BytesIO(data), oddities=oddities) if isinstance(record, Product)]


class TestSizes:
    def test_are_metres_as_elements_and_as_requisites_that_name_their_unit(self) -> None:
        items = """<Товар><Ид>a</Ид><Длина>1.25</Длина><ЗначенияРеквизитов>
          <ЗначениеРеквизита><Наименование>Ширина (см)</Наименование><Значение>40</Значение></ЗначениеРеквизита>
          <ЗначениеРеквизита><Наименование>Высота, мм</Наименование><Значение>35,5</Значение></ЗначениеРеквизита>
          </ЗначенияРеквизитов></Товар>"""
        (item,) = products(with_items(items))
        assert (item.length, item.width, item.height) == (Decimal("1.25"), Decimal("0.4"), Decimal("0.0355"))
        assert item.requisites == ()

    def test_are_not_guessed_from_a_requisite_without_a_unit(self) -> None:
        items = """<Товар><Ид>a</Ид><ЗначенияРеквизитов>
          <ЗначениеРеквизита><Наименование>Длина</Наименование><Значение>120</Значение></ЗначениеРеквизита>
          </ЗначенияРеквизитов></Товар>"""
        (item,) = products(with_items(items))
        assert item.length is None
        assert [told.name for told in item.requisites or ()] == ["Длина"]


class TestForms:
    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_gives_exactly_the_expected_records_and_tells_what_is_odd(self, path: Path) -> None:
        oddities = Oddities()
        assert plain_all(read(path, oddities=oddities)) == json.loads(path.with_suffix(".json").read_text())
        # Files with nothing odd in them have no list of it.
        odd = path.with_suffix(".odd.json")
        assert [list(oddity) for oddity in oddities] == (json.loads(odd.read_text()) if odd.exists() else [])

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_gives_the_same_records_however_the_bytes_arrive(self, path: Path) -> None:
        assert list(read(Trickle(path.read_bytes()))) == list(read(path))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"])
    def test_gives_the_same_records_in_every_encoding(self, encoding: str) -> None:
        text = CATALOG.decode().replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')
        assert list(read(io.BytesIO(text.encode(encoding)))) == list(read(io.BytesIO(CATALOG)))

    def test_keeps_an_empty_value_apart_from_an_absent_one(self) -> None:
        absent, empty = products(with_items("<Товар><Ид>a</Ид></Товар><Товар><Ид>b</Ид><Описание/><Группы/></Товар>"))
        assert (absent.description, absent.group_ids) == (None, None)
        assert (empty.description, empty.group_ids) == ("", ())

    def test_reads_prefixed_names_like_plain_ones(self) -> None:
        text = CATALOG.decode().replace("xmlns=", "xmlns:c=").replace("</", "</c:")
        prefixed = "".join(f"<c:{part}" if part[:1].isalpha() else f"<{part}" for part in text.split("<")).removeprefix("<")
        assert list(read(io.BytesIO(prefixed.encode()))) == list(read(io.BytesIO(CATALOG)))

    def test_tells_what_it_does_not_know_once_with_its_line(self) -> None:
        oddities = Oddities()
        items = "\n<Товар><Ид>a</Ид><Новое>x</Новое></Товар>\n<Товар><Ид>b</Ид><Новое>y</Новое></Товар>"
        products(with_items(items), oddities)
        assert [(odd.code, odd.what, odd.line, odd.times) for odd in oddities] == [("unknown-element", "Товар/Новое: x", 2, 2)]


class TestHostileFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
    @pytest.mark.parametrize(
        "subset",
        [
            '<!ENTITY a "x">',
            '<!ENTITY a SYSTEM "file:///etc/passwd">',
            '<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">',
            "",
        ],
    )
    def test_refuses_a_doctype_before_reading_anything(self, subset: str, encoding: str) -> None:
        text = f"<!-- x -->\n<!DOCTYPE r [{subset}]>\n" + with_items("<Товар><Ид>&a;</Ид></Товар>").decode()
        found, error = read_until_the_break(f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding))
        assert found == []
        assert isinstance(error, ForbiddenMarkup)

    def test_expands_no_entity_that_the_file_invents(self) -> None:
        found, _ = read_until_the_break(with_items("<Товар><Ид>a</Ид><Наименование>&bomb;</Наименование></Товар>"))
        assert "passwd" not in str(found)

    @given(st.integers(min_value=0, max_value=len(CATALOG) - 20))
    def test_gives_the_records_before_a_cut_and_then_says_so(self, length: int) -> None:
        found, error = read_until_the_break(CATALOG[:length])
        assert error is not None
        assert error.message.endswith(".")
        assert found == list(read(io.BytesIO(CATALOG)))[: len(found)]

    def test_stops_at_nesting_too_deep_to_be_meant(self) -> None:
        found, error = read_until_the_break(with_items("<Товар><Ид>a</Ид></Товар>" + "<Товар>" * 100_000))
        assert isinstance(error, BrokenXml)
        assert all(getattr(record, "id", "") in ("a", "") for record in found)

    def test_stops_at_a_text_too_long_to_be_meant_and_says_in_which_line(self) -> None:
        found, error = read_until_the_break(
            with_items("\n<Товар><Ид>a</Ид></Товар><Товар><Ид>" + "x" * 11_000_000 + "</Ид></Товар>")
        )
        assert [record.id for record in found if isinstance(record, Product)] == ["a"]
        assert isinstance(error, BrokenXml)
        assert error.line == 2

    def test_survives_an_element_with_very_many_attributes(self) -> None:
        attributes = " ".join(f'a{number}="1"' for number in range(200_000))
        assert [product.id for product in products(with_items(f"<Товар {attributes}><Ид>a</Ид></Товар>"))] == ["a"]

    def test_stops_at_one_element_that_does_not_end(self) -> None:
        def endless() -> Iterator[bytes]:
            yield with_items("").partition(b"</")[0] + "<Товар>".encode()
            while True:
                yield "<Ид>x</Ид>".encode() * 100_000

        with pytest.raises(BrokenXml, match="larger than 64 MB"):
            list(read(Stream(endless())))

    @pytest.mark.parametrize("inside", ["x\x1fy &amp; z", "x\0y &amp; z"])
    def test_drops_a_character_that_xml_does_not_allow_and_tells_it(self, inside: str) -> None:
        oddities = Oddities()
        (product,) = products(with_items(f"<Товар><Ид>a</Ид><Наименование>{inside}</Наименование></Товар>"), oddities)
        assert product.name == "xy & z"
        assert [(odd.code, odd.line) for odd in oddities] == [("bad-characters", 1)]

    @pytest.mark.parametrize("inside", ["x&nbsp;y", "AT&T", "a & b", "a < b", "</Ид>", "&#x1F;", "\ufffe"])
    def test_stops_where_it_cannot_know_what_was_meant_and_names_the_line(self, inside: str) -> None:
        items = f"<Товар><Ид>a</Ид></Товар>\n<Товар><Ид>b</Ид><Наименование>{inside}</Наименование></Товар>"
        found, error = read_until_the_break(with_items(items))
        assert [record.id for record in found if isinstance(record, Product)] == ["a"]
        assert isinstance(error, BrokenXml)
        assert error.line == 2

    def test_replaces_bytes_that_are_no_text_and_tells_in_which_line(self) -> None:
        oddities = Oddities()
        items = (
            "<Товар><Ид>a</Ид><Наименование>Чашка</Наименование></Товар>\n<Товар><Ид>b</Ид><Наименование>?</Наименование></Товар>"
        )
        one, other = products(with_items(items).replace(b"?", "Чашка".encode("cp1251") + b" &amp; x"), oddities)
        assert one.name == "Чашка"
        assert (other.name or "").strip("\ufffd") == " & x"
        assert [(odd.code, odd.line) for odd in oddities] == [("bad-bytes", 2)]

    def test_reads_a_file_that_lies_about_its_encoding_and_tells_so(self) -> None:
        oddities = Oddities()
        text = CATALOG.decode()
        found = list(read(io.BytesIO(text.encode("cp1251")), oddities=oddities))
        assert found == list(read(io.BytesIO(CATALOG)))
        assert [odd.code for odd in oddities] == ["encoding-repaired"]

    def test_lets_no_nul_into_a_record(self) -> None:
        found, _ = read_until_the_break(with_items("<Товар><Ид>a</Ид><Наименование>x\0y</Наименование></Товар>"))
        found += read_until_the_break(with_items("<Товар><Ид>b</Ид><Наименование>x&#0;y</Наименование></Товар>"))[0]
        assert "\0" not in str(found)
        assert "\\x00" not in repr(found)

    @pytest.mark.parametrize(
        "data",
        [b"", b"\0\0\0", b"PK\x03\x04xxxx", b"\x1f\x8b\x08xxxx", b"hello", b"<html><body/></html>", b"\xff\xfe", b"<a" * 100],
    )
    def test_refuses_what_is_no_commerceml(self, data: bytes) -> None:
        found, error = read_until_the_break(data)
        assert found == []
        assert isinstance(error, NotCommerceML)

    @given(st.data())
    def test_fails_only_by_its_own_error_on_damaged_bytes(self, data: st.DataObject) -> None:
        damaged = bytearray(CATALOG)
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        read_until_the_break(bytes(damaged))
