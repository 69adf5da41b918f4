"""Differences between what is believed and what the portal told."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.planning.changes import Known, KnownPrice, kept
from exchange.planning.reconciled import Told, differences
from mapping.rules import Rules

LONG = "Очень длинное описание, которое помнится только своим дайджестом"


def differ(known: Known, told: Told, **changed: Any) -> list[tuple[str, str, str]]:
    return differences(known, told, **{"rules": Rules(), "ours": {1}, "owner": True, "shared": False, **changed})


class TestDifferences:
    @pytest.mark.parametrize(
        ("name", "ours", "portals"),
        [
            ("name", "Болт", "Болт"),
            ("active", True, True),
            ("section", 0, None),
            ("vat", None, None),
            ("weight", "1500", 1500.0),
            ("weight", "0", ""),
            ("description", kept(LONG), LONG),
            ("property:5", "A-1", ["A-1"]),
            ("property:5", "", []),
            ("property:5", [60, 61], ["61", "60"]),
            ("property:5", "12.50", ["12.5000"]),
            ("property:5", "2026-11-01", ["01.11.2026 00:00:00"]),
            ("property:5", kept(LONG), [LONG]),
        ],
    )
    def test_are_none_where_only_the_spelling_is_another(self, name: str, ours: Any, portals: Any) -> None:
        assert differ(Known("product", {name: ours}), Told({name: portals})) == []

    @pytest.mark.parametrize(
        ("name", "ours", "portals"),
        [
            ("name", "Болт", "болт"),
            ("active", True, False),
            ("active", False, True),
            ("section", 3, 4),
            ("section", 3, None),
            ("vat", None, 4),
            ("weight", "1500", 1501),
            ("description", kept(LONG), LONG[1:]),
            ("property:5", "A-1", []),
            ("property:5", "", ["A-1"]),
            ("property:5", "007", ["7"]),
            ("property:5", [60, 61], ["60"]),
            ("property:5", kept(LONG), []),
            ("property:5", "2026-11-01", ["02.11.2026"]),
        ],
    )
    def test_are_told_where_the_meaning_is_another(self, name: str, ours: Any, portals: Any) -> None:
        assert [field for field, _, _ in differ(Known("product", {name: ours}), Told({name: portals}))] == [name]

    def test_leave_html_to_the_portal_which_cleans_it(self) -> None:
        known = Known("product", {"description": "<b>Болт</b>", "description_type": "html"})
        assert differ(known, Told({"description": "Болт", "description_type": "html"})) == []

    def test_are_told_of_our_price_types_only(self) -> None:
        known = Known("product", prices={1: KnownPrice(7, "10.00", "RUB"), 2: KnownPrice(8, "5", "RUB")})
        assert differ(known, Told({}, prices={1: ("10", "RUB")})) == []
        assert differ(known, Told({}, prices={1: ("10", "USD")})) == [("price:1", "10.00 RUB", "10 USD")]
        assert differ(known, Told({}, prices={})) == [("price:1", "10.00 RUB", "")]
        assert differ(Known("product", prices=None), Told({}, prices={1: ("10", "RUB")})) == []

    def test_are_told_of_stock_by_store_or_in_all(self) -> None:
        assert differ(Known("product", quantity="5"), Told({}, quantity="5.0")) == []
        assert differ(Known("product", quantity="5"), Told({}, quantity="4")) == [("quantity", "5", "4")]
        assert differ(Known("product", quantity="5"), Told({}, quantity="4"), shared=True) == []
        assert differ(Known("product", stock={3: "-2"}), Told({}, stock={})) == []
        assert differ(Known("product", stock={3: "2"}), Told({}, stock={3: "2", 4: "1"})) == [("stock:4", "0", "1")]

    def test_are_none_in_what_belongs_to_the_portal_or_to_another_base(self) -> None:
        known = Known("product", {"name": "Болт"}, main_picture="d")
        told = Told({"name": "Гайка"}, has_picture=False)
        assert [field for field, _, _ in differ(known, told)] == ["name", "picture"]
        assert differ(known, told, rules=Rules(portal_owns=frozenset({"name", "pictures"}))) == []
        assert differ(known, told, owner=False) == []
