"""Compares what a portal holds with what a 1C base expects, item by item, by 1C ids: it knows the portal's state, not the app.

The state is the answer of `GET /_sandbox/state`: rows by kind, joined by the portal's own ids, with 1C's ids in `xmlId`.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from sandbox.onec.expecting import number

Row = Mapping[str, Any]
SERVICE, PARENTS, OFFERS = 7, (3, 6), (4, 5)
ARTICLE, BARCODE, MAKER = "CML2_ARTICLE", "CML2_BAR_CODE", "CML2_MANUFACTURER"
LIMIT = 255


class PortalState:
    """The rows of a portal, found by 1C's ids."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.accounting = bool(state["portal"]["accounting"])
        self.by_id = {
            kind: {row["id"]: row for row in state.get(kind, ())}
            for kind in ("sections", "price_types", "stores", "measures", "vats", "properties", "enums", "files", "products")
        }
        self.products: dict[str, list[Row]] = {}
        for row in state.get("products", ()):
            self.products.setdefault(str(row["xmlId"]), []).append(row)
        self.children: dict[int, list[Row]] = {}
        for row in state.get("products", ()):
            if row.get("parentId"):
                self.children.setdefault(row["parentId"], []).append(row)
        self.prices: dict[int, list[Row]] = {}
        for row in state.get("prices", ()):
            self.prices.setdefault(row["productId"], []).append(row)
        self.amounts = {(row["productId"], row["storeId"]): row["amount"] for row in state.get("storeproducts", ())}

    def alive(self, xml_id: str) -> list[Row]:
        """Active elements with this external id."""
        return [row for row in self.products.get(xml_id, ()) if row["active"] == "Y"]

    def named(self, kind: str, xml_id: str) -> Row | None:
        return next((row for row in self.by_id[kind].values() if row.get("xmlId") == xml_id), None)

    def xml_id(self, kind: str, key: Any) -> str:
        return str((self.by_id[kind].get(key) or {}).get("xmlId") or "")

    def texts(self, row: Row, wanted: str) -> list[str] | None:
        """Values of the property with this external id, code or name, lists as 1C's option ids; None without such a property."""
        for key, prop in self.by_id["properties"].items():
            if wanted in (prop.get("xmlId"), prop.get("code"), prop.get("name")) and f"property{key}" in row:
                return [self._value(prop, item["value"]) for item in row[f"property{key}"] or ()]
        return None

    def option_texts(self, row: Row, wanted: str) -> list[str]:
        """The same with list values as people read them."""
        ids = self.texts(row, wanted) or []
        shown = {str(enum.get("xmlId")): str(enum["value"]) for enum in self.by_id["enums"].values()}
        return [shown.get(text, text) for text in ids]

    def digests(self, row: Row) -> list[str]:
        """Pictures of an element, the main one first."""
        gallery = [key for key, prop in self.by_id["properties"].items() if prop.get("code") == "MORE_PHOTO"]
        ids = [row.get("detailPicture"), *(item["value"] for key in gallery for item in row.get(f"property{key}") or ())]
        return [str(self.by_id["files"][int(id_)]["sha256"]) for id_ in ids if id_]

    def _value(self, prop: Row, value: Any) -> str:
        return self.xml_id("enums", int(value)) if prop["propertyType"] == "L" else str(value)


def fetch_state(portal_url: str, what: str = "state") -> dict[str, Any]:
    """The state of a sandbox portal, or its `calls`; raises OSError when there is none, ValueError when the answer is no state."""
    url = f"{portal_url.rstrip('/')}/_sandbox/{what}"
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"not an address of a portal: {portal_url}")
    with urllib.request.urlopen(url, timeout=60) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


def compare(expected: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    """Every difference as a line "kind id: what: expected …, the portal has …"; an empty list when the portal is right."""
    portal = PortalState(state)
    return [
        *_groups(expected, portal),
        *_books(expected, portal),
        *(line for id_, want in expected["products"].items() for line in _product(id_, want, expected, portal)),
        *(line for id_, want in expected["offers"].items() for line in _offer(id_, want, expected, portal)),
    ]


def _groups(expected: Mapping[str, Any], portal: PortalState) -> Iterator[str]:
    for id_, want in expected["groups"].items():
        row = portal.named("sections", id_)
        if row is None:
            yield f"group {id_} {want['name']!r}: no such section"
            continue
        yield from _same(f"group {id_}", "name", want["name"], row["name"].strip())
        yield from _same(f"group {id_}", "parent", want["parent"], portal.xml_id("sections", row["iblockSectionId"]))


def _books(expected: Mapping[str, Any], portal: PortalState) -> Iterator[str]:
    for kind, table in (("price_types", "price_types"), ("warehouses", "stores"), ("properties", "properties")):
        for id_, want in expected[kind].items():
            if portal.named(table, id_) is None:
                yield f"{table} {id_} {want['name']!r}: not on the portal"


def _product(id_: str, want: Mapping[str, Any], expected: Mapping[str, Any], portal: PortalState) -> Iterator[str]:
    rows = [row for row in portal.alive(id_) if row["type"] not in OFFERS]
    if want["deleted"]:
        if rows:
            yield f"product {id_}: marked for deletion in 1C and active on the portal"
        return
    if len(rows) != 1:
        yield f"product {id_} {want['name']!r}: {len(rows)} active elements on the portal"
        return
    row, who = rows[0], f"product {id_}"
    yield from _same(who, "name", want["name"][:LIMIT], row["name"])
    yield from _same(who, "section", want["group"], portal.xml_id("sections", row["iblockSectionId"]))
    shape = "service" if row["type"] == SERVICE else "with offers" if row["type"] in PARENTS else "simple"
    yield from _same(who, "shape", "with offers" if want["has_variants"] else "service" if want["service"] else "simple", shape)
    yield from _same(who, "description", _plain(want["description"]), _plain(row["detailText"] or ""))
    yield from _same(who, "pictures", sorted(want["pictures"]), sorted(portal.digests(row)))
    yield from _same(who, "main picture", want["pictures"][:1], portal.digests(row)[:1])
    yield from _fact(who, "article", want["article"], portal.texts(row, ARTICLE))
    yield from _fact(who, "maker", want["maker"] or "", portal.texts(row, MAKER))
    for prop, values in want["properties"].items():
        kind = expected["properties"][prop]["kind"]
        got = [_normal(kind, text) for text in portal.texts(row, prop) or ()]
        yield from _same(who, f"property {expected['properties'][prop]['name']!r}", sorted(values), sorted(got))
    if shape == "simple":
        yield from _goods(who, want, row, portal)
    if shape == "with offers":
        known = {offer_id for offer_id, offer in expected["offers"].items() if offer["product"] == id_}
        strange = [r["xmlId"] for r in portal.children.get(row["id"], ()) if r["active"] == "Y" and r["xmlId"] not in known]
        yield from _same(who, "offers that 1C does not have", [], strange)


def _goods(who: str, want: Mapping[str, Any], row: Row, portal: PortalState) -> Iterator[str]:
    """What only an element with a stock of its own has: unit, VAT, weight."""
    measure = portal.by_id["measures"].get(row["measure"]) or {"code": 0}
    yield from _same(who, "unit", str(int(want["unit"])), str(measure["code"]))
    if want["vat"] is not None:
        vat = portal.by_id["vats"].get(row["vatId"])
        rate = "exempt" if vat is None or vat["rate"] is None else number(Decimal(str(vat["rate"])))
        yield from _same(who, "VAT", want["vat"], rate)
    if want["weight"] is not None:
        yield from _same(who, "weight", number(Decimal(want["weight"]) * 1000), number(Decimal(str(row["weight"] or 0))))


def _offer(id_: str, want: Mapping[str, Any], expected: Mapping[str, Any], portal: PortalState) -> Iterator[str]:
    is_variant = "#" in id_
    rows = [row for row in portal.alive(id_) if (row["type"] in OFFERS) == is_variant]
    if len(rows) != 1:
        if is_variant:
            yield f"offer {id_} {want['name']!r}: {len(rows)} active elements on the portal"
        return
    row, who = rows[0], f"offer {id_}"
    if is_variant:
        yield from _same(who, "product", want["product"], portal.xml_id("products", row["parentId"]))
        yield from _same(who, "name", want["name"][:LIMIT], row["name"])
        for name, text in want["traits"].items():
            yield from _same(who, f"trait {name!r}", [text], portal.option_texts(row, name))
        yield from _goods(who, expected["products"][want["product"]], row, portal)
    yield from _fact(who, "barcode", want["barcode"], portal.texts(row, BARCODE))
    yield from _same(who, "prices", want["prices"], _prices(row, portal))
    if want["quantity"] is not None:
        yield from _stock(who, want, row, portal)


def _prices(row: Row, portal: PortalState) -> dict[str, dict[str, str]]:
    return {
        portal.xml_id("price_types", price["catalogGroupId"]): {
            "price": number(Decimal(str(price["price"]))),
            "currency": str(price["currency"]),
        }
        for price in portal.prices.get(row["id"], ())
    }


def _stock(who: str, want: Mapping[str, Any], row: Row, portal: PortalState) -> Iterator[str]:
    """Per store with warehouse accounting (which knows nothing below zero), else the total alone."""
    if not portal.accounting:
        yield from _same(who, "quantity", want["quantity"], number(Decimal(str(row["quantity"] or 0))))
        return
    for store, quantity in want["stock"].items():
        place = portal.named("stores", store)
        amount = portal.amounts.get((row["id"], place["id"]), 0) if place else 0
        yield from _same(who, f"stock at {store}", number(max(Decimal(quantity), Decimal(0))), number(Decimal(str(amount))))


def _same(who: str, what: str, want: Any, got: Any) -> Iterator[str]:
    if want != got:
        yield f"{who}: {what}: expected {want!r}, the portal has {got!r}"


def _fact(who: str, what: str, want: str, got: list[str] | None) -> Iterator[str]:
    """A text kept in a property: none and empty are the same."""
    yield from _same(who, what, [want] if want else [], [text for text in got or () if text])


def _plain(text: str) -> str:
    """What a person reads: no tags, no entities, single blanks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text) if re.search(r"</?[a-z]+[^>]*>", text) else text).split())


def _normal(kind: str, text: str) -> str:
    """A stored property value as the base would write it; what is no number stays as it is, and so differs."""
    if kind == "number":
        with suppress(InvalidOperation):
            return number(Decimal(text))
    if kind == "date":
        day = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4}).*", text)
        return "-".join(reversed(day.groups())) if day else text[:10]
    return text
