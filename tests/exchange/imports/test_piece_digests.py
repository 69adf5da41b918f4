"""What came before, byte for byte, is not read again; what did not, is: piece by piece or hundreds at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.commerceml import Oddities, pieces
from exchange.imports import piece_digests
from exchange.imports.remember import Counts, remember
from exchange.models import ImportRun, OneCBase, PieceBlock, PieceDigest, StateRow

pytestmark = pytest.mark.django_db(transaction=True)

OFFER = "<Предложение><Ид>{id}</Ид>{more}</Предложение>"
NAME = "<Наименование>{name}</Наименование>"
PRICE = "<Цены><Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу></Цена></Цены>"
STOCK = "<Количество>{amount}</Количество>"


def file_of(offers: Sequence[str]) -> io.BytesIO:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Ид>k#</Ид>'
        f"<ИдКаталога>k</ИдКаталога><Предложения>{''.join(offers)}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )
    return io.BytesIO(text.encode())


def priced(id: str, price: int) -> str:
    return OFFER.format(id=id, more=PRICE.format(price=price))


def stocked(id: str, amount: int) -> str:
    return OFFER.format(id=id, more=STOCK.format(amount=amount))


def tell(base: OneCBase, *offers: str, whole: bool = True, slice_size: int = 2000) -> list[str]:
    """Send a file of these offers; the ids of those that had to be read."""
    run = ImportRun.objects.create(base=base, type="catalog", file_name="offers.xml", path="")
    read: list[str] = []
    for part in sliced(pieces.walk(file_of(offers), oddities=Oddities()), slice_size):
        with transaction.atomic():
            remember(base.pk, run.pk, part.records, only_changes=False, counts=Counts())
            piece_digests.forget(base.pk, part.records)
            compared = piece_digests.compare(base.pk, part.pieces)
            remember(base.pk, run.pk, pieces.parse(compared.changed), only_changes=False, counts=Counts())
            piece_digests.keep(base.pk, compared, whole=whole)
        read += [piece.onec_id for piece in compared.changed]
    return read


def sliced(parts: Iterator[pieces.Slice], size: int) -> Iterator[pieces.Slice]:
    """The parts cut up further, as a long file would be."""
    for part in parts:
        yield part._replace(pieces=[])
        for start in range(0, len(part.pieces), size):
            yield part._replace(records=[], pieces=part.pieces[start : start + size])


def prices(base: OneCBase) -> list[str]:
    rows = StateRow.objects.filter(base=base, prices__isnull=False).order_by("onec_id")
    return [str((row.prices or [])[0][1]) for row in rows]


class TestPieces:
    def test_are_read_once_while_they_stay_the_same(self, base: OneCBase):
        assert tell(base, priced("a", 1), priced("b", 2)) == ["a", "b"]
        assert tell(base, priced("a", 1), priced("b", 2)) == []
        assert tell(base, priced("a", 1), priced("b", 3)) == ["b"]
        assert prices(base) == ["1", "3"]

    def test_are_read_again_when_they_come_back(self, base: OneCBase):
        for price in (1, 2, 1):
            assert tell(base, priced("a", price)) == ["a"]
        assert prices(base) == ["1"]

    def test_of_other_facets_leave_each_other_alone(self, base: OneCBase):
        tell(base, priced("a", 1))
        tell(base, stocked("a", 5))
        assert tell(base, priced("a", 1)) == []

    def test_that_set_the_same_facet_overtake_each_other(self, base: OneCBase):
        both = OFFER.format(id="a", more=PRICE.format(price=1) + STOCK.format(amount=5))
        tell(base, both)
        tell(base, priced("a", 2))
        assert tell(base, both) == ["a"]
        assert prices(base) == ["1"]

    def test_of_one_object_twice_in_a_file_end_with_the_last(self, base: OneCBase):
        tell(base, priced("a", 1), priced("a", 2))
        assert prices(base) == ["2"]
        tell(base, priced("a", 1), priced("a", 2))
        assert prices(base) == ["2"]

    def test_of_one_object_and_other_facets_in_a_file_end_with_the_last(self, base: OneCBase):
        both = OFFER.format(id="a", more=PRICE.format(price=1) + STOCK.format(amount=5))
        tell(base, both, priced("a", 2))
        assert tell(base, both) == ["a"]
        assert prices(base) == ["1"]

    def test_that_the_same_file_overtook_in_passing_are_read_again(self, base: OneCBase):
        tell(base, priced("a", 1))
        named = OFFER.format(id="a", more=NAME.format(name="n1"))
        tell(base, OFFER.format(id="a", more=NAME.format(name="n2") + PRICE.format(price=2)), named)
        assert tell(base, priced("a", 1)) == ["a"]
        assert prices(base) == ["1"]

    def test_are_read_again_after_a_file_that_could_not_be_cut(self, base: OneCBase):
        tell(base, priced("a", 1))
        tell(base, "<!-- made by hand -->", priced("a", 2))
        assert prices(base) == ["2"]
        assert tell(base, priced("a", 1)) == ["a"]
        assert prices(base) == ["1"]

    def test_of_another_base_are_its_own(self, base: OneCBase, portal):
        from exchange.sessions import create_base

        tell(base, priced("a", 1))
        other, _ = create_base(portal, "Другая", "ut11")
        assert tell(other, priced("a", 1)) == ["a"]
        assert PieceDigest.objects.count() == 2


def catalogue(count: int, **changed: int) -> list[str]:
    return [priced(f"i{number}", changed.get(f"i{number}", number)) for number in range(count)]


class TestBlocks:
    def look_ups(self, base: OneCBase, *offers: str) -> list[str]:
        """Statements that a file of these offers takes besides those of its head."""
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert tell(base, *offers) == []
        return [query["sql"] for query in captured if "piecedigest" in query["sql"]]

    def test_spare_looking_into_an_unchanged_file(self, base: OneCBase):
        offers = catalogue(700)
        assert len(tell(base, *offers)) == 700
        assert PieceBlock.objects.filter(digest__isnull=False).count() >= 2
        assert self.look_ups(base, *offers) == []

    def test_of_another_base_are_not_trusted(self, base: OneCBase, portal):
        from exchange.sessions import create_base

        offers = catalogue(100)
        tell(base, *offers)
        other, _ = create_base(portal, "Другая", "ut11")
        assert len(tell(other, *offers)) == 100

    def test_hold_again_once_a_changed_item_was_read(self, base: OneCBase):
        tell(base, *catalogue(700))
        blocks = set(PieceBlock.objects.values_list("pk", flat=True))
        assert tell(base, *catalogue(700, i333=5)) == ["i333"]
        assert set(PieceBlock.objects.filter(digest__isnull=False).values_list("pk", flat=True)) == blocks
        assert self.look_ups(base, *catalogue(700, i333=5)) == []
        assert tell(base, *catalogue(700)) == ["i333"]

    def test_hold_again_after_items_came_and_went(self, base: OneCBase):
        tell(base, *catalogue(700))
        shifted = [priced("new", 1), *catalogue(699)]
        assert tell(base, *shifted) == ["new"]
        assert self.look_ups(base, *shifted) == []

    def test_hold_again_after_everything_moved(self, base: OneCBase):
        tell(base, *catalogue(700))
        turned = catalogue(700)[::-1]
        assert tell(base, *turned) == []
        assert self.look_ups(base, *turned) == []

    def test_are_not_torn_apart_by_a_file_of_changes(self, base: OneCBase):
        offers = catalogue(700)
        tell(base, *offers)
        assert tell(base, *offers[::9], whole=False) == []
        assert self.look_ups(base, *offers) == []

    def test_do_not_outlive_an_item_that_another_file_set(self, base: OneCBase):
        tell(base, *catalogue(700))
        assert tell(base, priced("i333", 5), whole=False) == ["i333"]
        assert tell(base, *catalogue(700)) == ["i333"]
        assert self.look_ups(base, *catalogue(700)) == []

    def test_do_not_outlive_an_item_that_came_again_in_the_same_file(self, base: OneCBase):
        offers = catalogue(200)
        assert len(tell(base, *offers, priced("i3", 77), slice_size=200)) == 201
        assert tell(base, *offers) == ["i3"]

    def test_that_were_divided_by_the_slices_come_to_rest(self, base: OneCBase):
        offers = catalogue(900)
        for size in (130, 170, 130, 130):
            assert tell(base, *offers, slice_size=size) in ([], [f"i{number}" for number in range(900)])
        with CaptureQueriesContext(connection) as captured:
            tell(base, *offers, slice_size=130)
        assert not [query for query in captured if "update exchange_piece" in query["sql"]]


ITEM = st.tuples(
    st.integers(0, 11),
    st.sampled_from(["name", "price", "stock", "name price", "name stock", "price stock", "name price stock"]),
    st.integers(1, 2),
)
FILE = st.tuples(st.lists(ITEM, max_size=24), st.integers(1, 24), st.booleans(), st.booleans())


def written(item: tuple[int, str, int]) -> str:
    number, facets, value = item
    words = {"name": NAME.format(name=f"n{value}"), "price": PRICE.format(price=value), "stock": STOCK.format(amount=value)}
    return OFFER.format(id=f"i{number}", more="".join(words[facet] for facet in facets.split()))


class TestAnySequenceOfFiles:
    @given(st.lists(FILE, min_size=1, max_size=6))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_ends_where_reading_everything_would(
        self, base: OneCBase, files: list[tuple[list[tuple[int, str, int]], int, bool, bool]]
    ):
        chunk, least = piece_digests.CHUNK_PIECES, piece_digests.LEAST_CHUNK
        piece_digests.CHUNK_PIECES, piece_digests.LEAST_CHUNK = 4, 2
        try:
            for model in (StateRow, PieceDigest, PieceBlock):
                model.objects.filter(base=base).delete()
            wanted: dict[tuple[str, str], int] = {}
            for items, size, whole, is_cut in files:
                head = [] if is_cut else ["<!-- made by hand -->"]
                tell(base, *head, *map(written, items), whole=whole, slice_size=size)
                wanted |= {(f"i{number}", facet): value for number, facets, value in items for facet in facets.split()}
                assert self.state(base) == wanted
                self.check_blocks(base)
        finally:
            piece_digests.CHUNK_PIECES, piece_digests.LEAST_CHUNK = chunk, least

    def state(self, base: OneCBase) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for row in StateRow.objects.filter(base=base, kind="offer"):
            if row.main and row.main.get("name"):
                found[row.onec_id, "name"] = int(row.main["name"].removeprefix("n"))
            if row.prices:
                found[row.onec_id, "price"] = int(row.prices[0][1])
            if row.stock:
                found[row.onec_id, "stock"] = int(row.stock["total"])
        return found

    def check_blocks(self, base: OneCBase) -> None:
        """No block stands for nothing: the rows of one that holds are there."""
        holding = set(PieceBlock.objects.filter(base=base, digest__isnull=False).values_list("pk", flat=True))
        assert holding <= set(PieceDigest.objects.filter(base=base).values_list("block", flat=True))
