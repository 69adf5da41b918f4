"""The cutter: cutting and parsing the pieces gives what reading the whole file gives."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commerceml import Oddities, UnreadableFile, pieces, read
from exchange.commerceml.pieces import Piece, Scope
from exchange.records import Offer, Product, Record
from tests.exchange.commerceml.plain import DATA
from tests.exchange.commerceml.test_reader import Trickle, with_items

FILES = sorted(DATA.rglob("*.xml"))
CUT = [path for path in FILES if path.name.startswith(("import", "offers", "goods", "prices", "rests", "catalog"))]

# Items, good and bad, and what may stand among them.
ITEM = st.sampled_from(
    [
        "<Товар><Ид>a</Ид><Наименование>Чашка</Наименование></Товар>",
        "<Товар Статус='Удален'>\n<Ид>b</Ид></Товар>",
        "<Товар><Наименование>x</Наименование><Ид>c&amp;d</Ид></Товар>",
        "<Товар><Ид>e</Ид><ИдХарактеристики>f</ИдХарактеристики></Товар>",
        "<Товар><Ид>g</Ид><Описание><![CDATA[</Товар><Товар>]]></Описание></Товар>",
        "<Товар/>",
        "<Товар></Товар>",
        "<Товар ><Ид>h</Ид><Комплектующие><Товар><Ид>i</Ид></Товар></Комплектующие></Товар>",
        "<!-- <Товар><Ид>no</Ид></Товар> -->",
        "<?x <Товар> ?>",
        "<Прочее>x</Прочее>",
        "текст",
        "\n\t ",
        "<Товар><Ид>j</Ид><Вес>1,5</Вес></Товар >",
    ]
)


def by_cutting(data: bytes, slice_size: int = 2000, *, trickle: bool = False) -> list[Record]:
    found: list[Record] = []
    for part in pieces.walk(Trickle(data) if trickle else io.BytesIO(data), slice_size=slice_size):
        found += part.records
        found += pieces.parse(part.pieces)
    return found


def facets(record: Product | Offer) -> Scope:
    """What the record sets."""
    product = record.product if isinstance(record, Offer) else record
    sets = Scope.OFFER if isinstance(record, Offer) else Scope.PRODUCT
    mentioned = {name for name, value in product._asdict().items() if value not in (None, "", False)}
    if mentioned - {"id", "product_id", "characteristic_id"}:
        sets |= Scope.MAIN
    if isinstance(record, Offer) and record.prices is not None:
        sets |= Scope.PRICES
    if isinstance(record, Offer) and (record.stock is not None or record.quantity is not None):
        sets |= Scope.STOCK
    return sets


def cut(data: bytes, salt: bytes = b"") -> list[Piece]:
    return [piece for part in pieces.walk(io.BytesIO(data), salt=salt) for piece in part.pieces]


class TestWalk:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
    def test_cutting_gives_the_records_that_reading_gives(self, path: Path) -> None:
        data = path.read_bytes()
        expected = list(read(path))
        assert by_cutting(data) == expected
        assert by_cutting(data, 1, trickle=True) == expected

    @pytest.mark.parametrize("path", CUT, ids=lambda path: str(path.relative_to(DATA)))
    def test_really_cuts_the_files_that_1c_writes(self, path: Path) -> None:
        parts = list(pieces.walk(path))
        assert not any(part.not_cut for part in parts)
        text = path.read_text("cp1251" if path.name == "offers.xml" and path.parent.name == "forms" else "utf-8-sig")
        assert sum(len(part.pieces) for part in parts) == text.count("</Товар>") + text.count("</Предложение>")

    @given(st.lists(ITEM, max_size=8), st.booleans())
    def test_cutting_gives_what_reading_gives_whatever_stands_among_the_items(self, items: list[str], trickle: bool) -> None:
        data = with_items("".join(items))
        assert by_cutting(data, 2, trickle=trickle) == list(read(io.BytesIO(data)))

    @pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
    def test_tells_the_same_oddities_in_the_same_lines_as_reading(self, path: Path) -> None:
        by_reading, by_walking = Oddities(), Oddities()
        list(read(path, oddities=by_reading))
        for part in pieces.walk(path, oddities=by_walking):
            pieces.parse(part.pieces, oddities=by_walking)
        assert sorted(by_walking) == sorted(by_reading)

    @pytest.mark.parametrize(
        ("items", "reason"),
        [
            ("<Товар><Ид>a</Ид></Товар><!-- x -->", "comment"),
            ("<Товар><Ид>a</Ид><Описание><![CDATA[x]]></Описание></Товар>", "CDATA"),
            ("<Товар><Ид>a</Ид></Товар><Прочее/>", "something other"),
            ("<Товар/><Товар><Ид>a</Ид></Товар>", "no content"),
            ("<Товар><Ид>a</Ид><Комплектующие><Товар><Ид>b</Ид></Товар></Комплектующие></Товар>", "within another"),
        ],
    )
    def test_says_why_it_hands_the_rest_to_the_parser(self, items: str, reason: str) -> None:
        assert [reason in part.not_cut for part in pieces.walk(io.BytesIO(with_items(items))) if part.not_cut] == [True]

    def test_hands_an_item_without_end_to_the_parser_instead_of_keeping_it(self) -> None:
        data = with_items("<Товар><Ид>a</Ид>" + "<Штрихкод>1</Штрихкод>" * 200_000 + "</Товар>")
        parts = list(pieces.walk(io.BytesIO(data)))
        assert [part.not_cut for part in parts] == ["an item is very large"]
        assert [*parts[0].records] == list(read(io.BytesIO(data)))

    def test_cuts_no_lines_of_a_document(self) -> None:
        document = "<Документ><Ид>d</Ид><Товары><Товар><Ид>a</Ид></Товар></Товары></Документ>"
        parts = list(pieces.walk(io.BytesIO(f"<КоммерческаяИнформация>{document}</КоммерческаяИнформация>".encode())))
        assert [(len(part.records), part.pieces) for part in parts] == [(1, [])]

    def test_tells_a_broken_item_and_goes_on_behind_it(self) -> None:
        oddities = Oddities()
        data = with_items("\n<Товар><Ид>a</Ид></Товар>\n<Товар><Ид>b</Ид><Вес>1</Товар>\n<Товар><Ид>c</Ид></Товар>")
        found = [record for part in pieces.walk(io.BytesIO(data)) for record in pieces.parse(part.pieces, oddities=oddities)]
        assert [pieces.record_id(record) for record in found] == ["a", "c"]
        assert [(odd.code, odd.what[:1], odd.line) for odd in oddities] == [("broken-item", "b", 3)]

    @pytest.mark.parametrize(
        ("inside", "name"),
        [
            ("x&nbsp;y &amp; z", "x\xa0y & z"),
            ("AT&T &amp; Co", "AT&T & Co"),
            ("a & b", "a & b"),
            ("&what;", "&what;"),
            ("x&#31;&#33;", "x!"),
        ],
    )
    def test_spells_out_an_ampersand_that_is_not_xml_and_tells_it(self, inside: str, name: str) -> None:
        oddities = Oddities()
        found = pieces.parse(
            cut(with_items(f"<Товар><Ид>a</Ид><Наименование>{inside}</Наименование></Товар>")), oddities=oddities
        )
        assert [record.name for record in found if isinstance(record, Product)] == [name]
        assert [odd.code for odd in oddities] == ["xml-repaired"]

    def test_reports_how_far_it_has_come(self) -> None:
        data = (DATA / "forms" / "catalog.xml").read_bytes()
        seen: list[int] = []
        list(pieces.walk(Trickle(data), progress=seen.append))
        assert seen == sorted(seen)
        assert seen[-1] == len(data)

    @given(st.integers(min_value=60, max_value=2000))
    def test_gives_the_slices_before_a_break_and_then_raises(self, length: int) -> None:
        data = (DATA / "forms" / "catalog.xml").read_bytes()[:length]
        whole = list(read(DATA / "forms" / "catalog.xml"))
        found: list[Record] = []
        with pytest.raises(UnreadableFile):  # noqa: PT012  (what came before the break is what is looked at)
            for part in pieces.walk(io.BytesIO(data)):
                found += [*part.records, *pieces.parse(part.pieces)]
        assert found == whole[: len(found)]


class TestPiece:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
    def test_promises_at_least_what_its_records_set(self, path: Path) -> None:
        for part in pieces.walk(path):
            for piece in part.pieces:
                records = pieces.parse([piece])
                assert {pieces.record_id(record) for record in records} == {piece.onec_id}
                for record in records:
                    assert piece.scope & facets(record) == facets(record)

    def test_is_asked_of_the_parser_where_its_id_is_not_plain(self) -> None:
        items = [
            "<Товар><Штрихкод>1</Штрихкод><Ид>behind</Ид></Товар>",
            "<Товар><Изготовитель><Ид>maker</Ид></Изготовитель><Ид>own</Ид></Товар>",
            "<Товар><Ид>a&amp;b</Ид></Товар>",
            "<Товар><Ид> padded </Ид></Товар>",
            "<Товар><Ид/><Ид>second</Ид></Товар>",
            "<Товар><Ид>Ид-7</Ид></Товар>",
            "<Товар><Ид>00000000-0000-0000-0000-000000000000</Ид></Товар>",
        ]
        assert [piece.onec_id for piece in cut(with_items("".join(items)))] == [
            "behind",
            "own",
            "a&b",
            "padded",
            "second",
            "Ид-7",
        ]

    def test_knows_its_id_and_what_it_can_set(self) -> None:
        first, second = cut((DATA / "forms" / "prices31.xml").read_bytes())
        assert (first.onec_id, Scope(first.scope)) == ("t1#x1", Scope.OFFER | Scope.PRICES)
        assert (second.onec_id, Scope(second.scope)) == ("t1#x1", Scope.OFFER | Scope.STOCK)

    def test_gets_another_digest_from_other_bytes_or_another_salt_only(self) -> None:
        data = with_items("<Товар><Ид>a</Ид></Товар>")
        (one,) = cut(data)
        assert [one.digest] == [piece.digest for piece in cut(b"\n\n" + data)]
        assert one.digest != cut(data, b"other")[0].digest
        assert one.digest != cut(with_items("<Товар><Ид>a</Ид> </Товар>"))[0].digest

    def test_keeps_the_line_it_began_in(self) -> None:
        assert [piece.line for piece in cut(with_items("\n<Товар>\n<Ид>a</Ид></Товар>\n\n<Товар><Ид>b</Ид></Товар>"))] == [2, 5]
