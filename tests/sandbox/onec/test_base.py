"""The random base repeats by seed, registers its changes, and holds what real bases hold."""

from __future__ import annotations

import json
import struct
import zlib
from decimal import Decimal

from sandbox.onec.base import Base
from sandbox.onec.changing import RULES
from sandbox.onec.growing import Shape
from sandbox.onec.pictures import jpeg, png


class TestRandomBase:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        one, same, other = (Base.random(items=50, seed=seed).expected() for seed in (1, 1, 2))
        assert one == same
        assert one != other
        assert one["products"].keys().isdisjoint(other["products"])

    def test_keeps_its_first_items_when_it_grows(self) -> None:
        small, big = Base.random(items=10, seed=1), Base.random(items=20, seed=1)
        assert list(big.items)[:10] == list(small.items)

    def test_holds_the_awkward_things_of_real_bases(self) -> None:
        base = Base.random(items=3000, seed=1, price_types=5)
        items = list(base.items.values())
        variants = [variant for item in items for variant in item.variants]
        assert 0.25 < sum(item.has_variants for item in items) / len(items) < 0.42
        assert {item.vat for item in items} >= {"20", "10", "0", "exempt"}
        assert any(item.name != item.name.strip() for item in items)
        for text in ("&", "<", '"', "$result[", "ґ", "ș"):
            assert any(text in item.name for item in items), text
        assert any(not variant.prices for variant in variants)
        assert any(0 < len(variant.prices) < 5 for variant in variants)
        quantities = [quantity for variant in variants for quantity in variant.stock.values()]
        assert min(quantities) < 0
        assert any(quantity % 1 for quantity in quantities)
        assert any(item.is_html for item in items)
        assert any(len(item.pictures) > 1 for item in items)
        assert any(item.service for item in items)
        assert {kind.currency for kind in base.books.price_types} == {"руб", "USD", "643", "грн", "руб."}
        assert len({item.offer_id(v) for item in items for v in item.variants}) == len(variants)

    def test_has_no_characteristics_pictures_or_services_when_none_are_wanted(self) -> None:
        base = Base.random(items=200, seed=3, characteristics=0, pictures=0, services=0)
        assert not any(item.has_variants or item.pictures or item.service for item in base.items.values())

    def test_expects_sums_of_its_stores(self) -> None:
        expected = Base.random(items=100, seed=4).expected()
        for offer in expected["offers"].values():
            if offer["quantity"] is not None:
                assert Decimal(offer["quantity"]) == sum(map(Decimal, offer["stock"].values()))


class TestChanges:
    def test_register_everything_at_first_and_then_only_what_changed(self) -> None:
        base = Base.random(items=40, seed=1)
        assert len(base.to_send(only_changes=True)) == 40
        base.confirm()
        assert base.to_send(only_changes=True) == []
        ids = {edit.item_id for edit in base.change(9, seed=1)}
        assert {item.id for item in base.to_send(only_changes=True)} == ids

    def test_of_each_kind_show_in_the_expectation(self) -> None:
        base = Base.random(items=100, seed=1)
        before = base.expected()
        edits = base.change(len(RULES), seed=7)
        after = base.expected()
        assert {edit.what for edit in edits} == set(RULES)
        for edit in edits:
            here = [
                (state["products"][edit.item_id], {k: o for k, o in state["offers"].items() if o["product"] == edit.item_id})
                for state in (before, after)
            ]
            assert here[0] != here[1], edit

    def test_of_prices_and_stock_stay_apart_from_those_of_the_item(self) -> None:
        base = Base.random(items=30, seed=1)
        base.confirm()
        for edit in base.change(30, seed=3):
            assert base.is_trade_only(base.items[edit.item_id]) == edit.is_trade

    def test_are_more_than_the_items_only_by_name(self) -> None:
        assert len(Base.random(items=3, seed=1).change(50, seed=1)) == 3

    def test_come_back_from_a_kept_state(self) -> None:
        base = Base.random(items=30, seed=2, warehouses=2)
        base.change(5, seed=1)
        base.confirm()
        base.change(4, seed=2)
        again = Base.from_state(json.loads(json.dumps(base.to_state())))
        assert again.expected() == base.expected()
        assert again.registered == base.registered
        assert again.shape == base.shape == Shape(items=30, seed=2, warehouses=2)


class TestPictures:
    def test_in_png_have_true_checksums_and_the_promised_size(self) -> None:
        data = png(123456, side=5)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        place, pixels = 8, b""
        while place < len(data):
            (length,) = struct.unpack(">I", data[place : place + 4])
            chunk = data[place + 4 : place + 8 + length]
            assert struct.unpack(">I", data[place + 8 + length : place + 12 + length]) == (zlib.crc32(chunk),)
            pixels += chunk[4:] if chunk.startswith(b"IDAT") else b""
            place += 12 + length
        assert len(zlib.decompress(pixels)) == 5 * (1 + 5 * 3)

    def test_in_jpeg_begin_and_end_as_one_and_escape_their_markers(self) -> None:
        for seed in range(300):
            data = jpeg(seed)
            scan = data[data.index(b"\xff\xda") + 10 : -2]
            assert data.startswith(b"\xff\xd8")
            assert data.endswith(b"\xff\xd9")
            assert b"\xff" not in scan.replace(b"\xff\0", b"")

    def test_differ_by_seed(self) -> None:
        assert len({png(seed) for seed in range(100)} | {jpeg(seed) for seed in range(100)}) == 200
