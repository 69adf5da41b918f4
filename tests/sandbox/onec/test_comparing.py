"""A portal that holds the base passes; each thing that is wrong on it is told by 1C's id."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.onec.base import Base
from sandbox.onec.comparing import compare
from sandbox.onec.things import Item, Variant

State = dict[str, Any]
PRODUCTS, OFFERS = 23, 24


@pytest.fixture(scope="module")
def base() -> Base:
    grown = Base.random(items=30, seed=9, pictures=0.5, services=0.2)
    next(item for item in grown.items.values() if not item.has_variants).deleted = True
    return grown


def keyed(rows: list[dict[str, Any]], start: int = 1) -> list[dict[str, Any]]:
    return [{"id": i, **row} for i, row in enumerate(rows, start)]


class Portal:
    """A portal's state made by hand from a base, so that the comparison meets the rows the documentation describes."""

    def __init__(self, base: Base, *, accounting: bool) -> None:
        self.base = base
        books = base.books
        self.sections = keyed([{"xmlId": g.id, "name": g.name, "iblockSectionId": None} for g in books.groups])
        ids = {row["xmlId"]: row["id"] for row in self.sections}
        for row, group in zip(self.sections, books.groups, strict=True):
            row["iblockSectionId"] = ids.get(group.parent_id)
        self.sections_by = ids
        self.stores = keyed([{"xmlId": w.id, "title": w.name} for w in books.warehouses])
        self.price_types = keyed([{"xmlId": k.id, "name": k.name} for k in books.price_types])
        codes = sorted({item.unit.code for item in base.items.values()})
        self.measures = keyed([{"code": int(code)} for code in codes])
        self.vats = keyed([{"rate": None}, *({"rate": rate} for rate in (0, 10, 20, 22))])
        self.properties, self.enums = self._properties()
        self.files: list[dict[str, Any]] = []
        self.products: list[dict[str, Any]] = []
        self.prices: list[dict[str, Any]] = []
        self.storeproducts: list[dict[str, Any]] = []
        for item in base.items.values():
            self._item(item)
        self.accounting = accounting

    def state(self) -> State:
        kinds = ("sections", "stores", "price_types", "measures", "vats", "properties", "enums", "files", "products", "prices")
        return {kind: getattr(self, kind) for kind in (*kinds, "storeproducts")} | {"portal": {"accounting": self.accounting}}

    def _properties(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        kinds = {"list": "L", "number": "N"}
        rows = [
            {"xmlId": p.id, "name": p.name, "propertyType": kinds.get(p.kind, "S"), "code": None}
            for p in self.base.books.properties
        ]
        rows += [{"xmlId": code, "name": code, "propertyType": "S", "code": code} for code in ("CML2_ARTICLE", "CML2_BAR_CODE")]
        rows += [{"xmlId": "CML2_MANUFACTURER", "name": "Maker", "propertyType": "S", "code": None}]
        rows += [{"xmlId": None, "name": "Gallery", "propertyType": "F", "code": "MORE_PHOTO"}]
        rows += [{"xmlId": name, "name": name, "propertyType": "S", "code": None} for name in ("Размер", "Цвет")]
        enums = [{"xmlId": key, "value": text} for p in self.base.books.properties for key, text in p.options.items()]
        return keyed(rows), keyed(enums, 500)

    def _property(self, row: dict[str, Any], name: str, values: list[str]) -> None:
        prop = next(p for p in self.properties if name in (p["xmlId"], p["code"]))
        enums = {e["xmlId"]: str(e["id"]) for e in self.enums}
        row[f"property{prop['id']}"] = [{"value": enums.get(v, v), "valueId": "1"} for v in values]

    def _item(self, item: Item) -> None:
        kind = 7 if item.service else 3 if item.has_variants else 1
        row = self._element(item, item.id, item.name.strip(), kind)
        row |= {"iblockSectionId": self.sections_by[item.group_id], "detailText": item.description, "detailPicture": None}
        for place, picture in enumerate(item.pictures):
            self.files.append({"id": len(self.files) + 1, "sha256": picture.digest})
            if place == 0:
                row["detailPicture"] = len(self.files)
        self._property(row, "MORE_PHOTO", [str(f["id"]) for f in self.files[len(self.files) - len(item.pictures) :]][1:])
        self._property(row, "CML2_ARTICLE", [item.article.strip()])
        self._property(row, "CML2_MANUFACTURER", [item.maker.name] if item.maker else [])
        for prop, values in item.values.items():
            self._property(row, prop, values)
        for variant in item.variants:
            self._variant(item, variant, row)

    def _element(self, item: Item, xml_id: str, name: str, kind: int) -> dict[str, Any]:
        row: dict[str, Any] = {"id": len(self.products) + 1, "xmlId": xml_id, "name": name, "type": kind, "parentId": None}
        row |= {"active": "N" if item.deleted else "Y", "weight": float(item.weight or 0) * 1000, "quantity": 0}
        row["measure"] = next(m["id"] for m in self.measures if m["code"] == int(item.unit.code))
        row["vatId"] = next(v["id"] for v in self.vats if v["rate"] == (None if item.vat == "exempt" else int(item.vat)))
        self.products.append(row)
        return row

    def _variant(self, item: Item, variant: Variant, parent: dict[str, Any]) -> None:
        row = parent
        if variant.id:
            row = self._element(item, item.offer_id(variant), item.offer_name(variant).strip(), 4)
            row["parentId"] = parent["id"]
            for name, text in variant.traits.items():
                self._property(row, name, [text])
        self._property(row, "CML2_BAR_CODE", [variant.barcode])
        row["quantity"] = float(variant.total)
        types, stores = ({r["xmlId"]: r["id"] for r in rows} for rows in (self.price_types, self.stores))
        for kind in self.base.books.price_types:
            if kind.id in variant.prices:
                price = {"productId": row["id"], "catalogGroupId": types[kind.id], "price": float(variant.prices[kind.id])}
                self.prices.append({"id": len(self.prices) + 1, **price, "currency": kind.iso})
        for store, quantity in variant.stock.items():
            amount = {"productId": row["id"], "storeId": stores[store], "amount": max(float(quantity), 0)}
            self.storeproducts.append({"id": len(self.storeproducts) + 1, **amount})


def simple(state: State) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in state["products"] if r["type"] == 1 and r["active"] == "Y" and r["quantity"] > 1)
    return found


def priced(state: State) -> dict[str, Any]:
    return next(price for price in state["prices"] if price["productId"] == simple(state)["id"])


def an_offer(state: State) -> dict[str, Any]:
    return next(row for row in state["products"] if row["type"] == 4)


SPOILERS: dict[str, Callable[[State], Any]] = {
    "name": lambda s: simple(s).update(name="Другое"),
    "section": lambda s: simple(s).update(iblockSectionId=None),
    "active elements": lambda s: simple(s).update(active="N"),
    "2 active elements": lambda s: s["products"].append({**simple(s), "id": 9999}),
    "unit": lambda s: simple(s).update(measure=None),
    "VAT": lambda s: simple(s).update(vatId=4 if simple(s)["vatId"] != 4 else 1),
    "quantity": lambda s: simple(s).update(quantity=simple(s)["quantity"] + 1),
    "prices": lambda s: priced(s).update(price=priced(s)["price"] + 0.01),
    "currency": lambda s: priced(s).update(currency="EUR"),
    "article": lambda s: [row.pop(key) for row in s["products"] for key in [k for k in row if k == "property7"]],
    "Размер": lambda s: an_offer(s).update({key: [{"value": "?"}] for key in an_offer(s) if key in ("property11", "property12")}),
    "the portal has ''": lambda s: an_offer(s).update(parentId=None),
    "shape": lambda s: simple(s).update(type=7),
    "no such section": lambda s: s["sections"].pop(),
    "stores": lambda s: s["stores"].pop(),
    "marked for deletion": lambda s: [row.update(active="Y") for row in s["products"]],
    "main picture": lambda s: [row.update(detailPicture=None) for row in s["products"]],
    "offers that 1C does not have": lambda s: s["products"].append({**an_offer(s), "id": 9999, "xmlId": "x#y"}),
}


class TestComparing:
    @pytest.mark.parametrize("accounting", [False, True])
    def test_finds_nothing_on_a_portal_that_holds_the_base(self, base: Base, accounting: bool) -> None:
        assert compare(base.expected(), Portal(base, accounting=accounting).state()) == []

    @pytest.mark.parametrize("told", SPOILERS)
    def test_tells_what_is_wrong(self, base: Base, told: str) -> None:
        state = copy.deepcopy(Portal(base, accounting=False).state())
        SPOILERS[told](state)
        found = compare(base.expected(), state)
        assert any(told in line for line in found), found

    def test_looks_at_each_store_only_with_accounting(self, base: Base) -> None:
        for accounting in (False, True):
            portal = Portal(base, accounting=accounting)
            portal.storeproducts.clear()
            assert bool(compare(base.expected(), portal.state())) == accounting

    def test_finds_the_whole_base_missing_on_an_empty_portal(self, base: Base) -> None:
        found = compare(base.expected(), {"portal": {"accounting": False}})
        alive = [item for item in base.items.values() if not item.deleted]
        assert sum(line.startswith("product ") for line in found) == len(alive)
