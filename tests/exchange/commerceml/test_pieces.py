"""The cutter: cutting and parsing the pieces gives what reading the whole file gives."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.commerceml import UnreadableFile, pieces, read
from exchange.commerceml.pieces import Piece, Scope
from exchange.records import Record
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
