from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.row_changes import RowChanges, row_changes
from exchange.planning.rows import portal_row
from exchange.planning.trade import Line, Trade

ITEM = {"currencyId": "RUB", "isManualOpportunity": "N", "opportunity": 0}
PRODUCTS = {"boots": 9, "laces": 10}


def line(item_id: str, amount: str, quantity: str = "1", **more: Any) -> Line:
    total, count = Decimal(amount), Decimal(quantity)
    return Line(item_id=item_id, name=more.pop("name", item_id), quantity=count, price=total / count, amount=total, **more)


def rows_of(lines: list[Line]) -> list[dict[str, Any]]:
    """The rows as the portal would have them of these lines."""
    rows = []
    for id, one in enumerate(lines, 1):
        product = PRODUCTS.get(one.item_id, 0)
        rows.append({"id": id, "productId": product, "productName": one.name, **portal_row(one, "RUB").fields()})
    return rows


def changes(lines: list[Line], rows: list[dict[str, Any]], **item: Any) -> RowChanges:
    return row_changes(Trade(currency="RUB", lines=tuple(lines)), rows, {**ITEM, **item}, PRODUCTS)


class TestRowChanges:
    def test_nothing_where_the_rows_say_so_already(self) -> None:
        lines = [line("boots", "100"), line("", "5", name="Пакет")]
        assert not changes(lines, rows_of(lines), opportunity=105)

    def test_one_quantity_is_one_update(self) -> None:
        rows = rows_of([line("boots", "100"), line("laces", "30", "3")])
        found = changes([line("boots", "200", "2"), line("laces", "30", "3")], rows, opportunity=130)
        assert [id for id, _ in found.updates] == [1]
        assert found.updates[0][1]["quantity"] == 2
        assert (found.adds, found.deletes) == ((), ())

    def test_free_lines_are_matched_by_name_and_the_rest_comes_and_goes(self) -> None:
        rows = rows_of([line("", "5", name="Пакет"), line("boots", "100")])
        found = changes([line("", "6", name="Пакет"), line("laces", "10")], rows, opportunity=105)
        assert [id for id, _ in found.updates] == [1]
        assert found.deletes == (2,)
        assert [fields["productId"] for fields in found.adds] == [10]

    def test_two_rows_of_one_product_stay_two(self) -> None:
        lines = [line("boots", "100"), line("boots", "90")]
        assert not changes(lines, rows_of(lines), opportunity=190)

    def test_a_sum_the_portal_cannot_make_is_held_by_hand_and_let_go_again(self) -> None:
        found = changes([line("boots", "10.00", "3")], rows_of([line("boots", "9", "3")]), opportunity=9)
        assert found.document == {"isManualOpportunity": "Y", "opportunity": Decimal("10.00")}
        lines = [line("boots", "9", "3")]
        found = changes(lines, rows_of([line("boots", "10.00", "3")]), opportunity=10, isManualOpportunity="Y")
        assert found.document == {"isManualOpportunity": "N"}

    def test_a_sum_that_is_right_stays_the_portals_own(self) -> None:
        lines = [line("boots", "10.00", "3")]
        assert not changes(lines, rows_of(lines), opportunity=10)

    @given(
        st.lists(st.tuples(st.sampled_from(["boots", "laces", ""]), st.integers(1, 10**6), st.integers(1, 9)), max_size=6),
        st.data(),
    )
    def test_carried_out_once_leaves_nothing_to_do(self, told: list[tuple[str, int, int]], data: st.DataObject) -> None:
        lines = [
            line(id, str(Decimal(cents) * count / 100), str(count), name=id or f"Т{n}")
            for n, (id, cents, count) in enumerate(told)
        ]
        start = data.draw(st.permutations(rows_of([line("boots", "1"), line("laces", "2"), line("", "3", name="Т0")])))
        found = changes(lines, start)
        rows = {row["id"]: dict(row) for row in start if row["id"] not in found.deletes}
        for id, fields in found.updates:
            rows[id] |= fields
        for id, fields in enumerate(found.adds, 100):
            rows[id] = {"id": id, "productName": "", **fields}
        again = changes(lines, list(rows.values()), opportunity=sum(one.amount for one in lines), **(found.document or {}))
        assert (again.adds, again.updates, again.deletes) == ((), (), ())
