"""An item of 1C as the portal shall have it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exchange.planning.catalog import plan_item
from exchange.planning.changes import Known, change_of, full_price_set, known_of
from exchange.planning.changes import KnownPrice as Held
from exchange.planning.desired import Row, facets_of
from exchange.planning.items import Item
from exchange.planning.references import ARTICLE, EXEMPT, PortalPriceType, PortalProperty, References
from exchange.records import Characteristic, Offer, Price, Product, PropertyValue, Record, Stock, UnitRef, VatRate
from mapping.rules import Rules

REFERENCES = References(
    iblock_id=1,
    offers_iblock_id=2,
    sections={"g": 10},
    known_groups=frozenset({"g", "later"}),
    properties={
        ARTICLE: PortalProperty(5, "string"),
        "p": PortalProperty(6, "list", options={"v": 60}),
        "n": PortalProperty(7, "number"),
    },
    offer_properties={"Размер": PortalProperty(8, "list", options={"40": 80})},
    price_types={"t": PortalPriceType(1, "руб", vat_included=True)},
    stores={"w": 3},
    measures={796: 9},
    vats={"20": 4, EXEMPT: 1, "0": 2},
    currencies={"руб": "RUB"},
    service_types=frozenset({"услуга"}),
)


def plan(*records: Record, rules: Rules | None = None, was_sku: bool = False) -> Item:
    rows = [Row(f.kind, f.onec_id, f.parent_id, 1, f.main, f.prices, f.stock) for f in map(facets_of, records) if f]
    return plan_item("a", rows, REFERENCES, rules or Rules(), was_sku=was_sku)


def fields(item: Item) -> dict[str, Any]:
    assert item.element is not None
    return dict(item.element.fields)


class TestPlanItem:
    def test_makes_a_simple_product_of_an_item_without_characteristics(self):
        item = plan(
            Product("a", "a", name=" Болт ", article="B-1", unit=UnitRef("796"), group_ids=("g",), vat=(VatRate(Decimal(20)),)),
            Offer(Product("a", "a", name="Болт"), (Price("t", Decimal("1.50")),), Decimal(7), (Stock("w", Decimal(7)),)),
        )
        assert item.element is not None
        assert (item.element.shape, item.offers, item.troubles) == ("product", (), ())
        assert fields(item) == {
            "active": True, "name": "Болт", "section": 10, "measure": 9, "vat": 4, "vat_included": True, "property:5": "B-1",
        }  # fmt: skip
        assert (item.element.prices, item.element.quantity, item.element.stock) == ({1: ("1.5", "RUB")}, "7", {3: "7"})

    def test_tells_weight_in_grams_and_sizes_in_millimetres(self):
        item = plan(
            Product("a", "a", name="Шкаф", weight=Decimal("1.5"), length=Decimal("1.25"), width=Decimal("0.4"), height=Decimal(0))
        )
        assert fields(item) == {"active": True, "name": "Шкаф", "weight": "1500", "length": "1250", "width": "400"}

    def test_gives_variants_the_sizes_of_their_item_unless_they_have_their_own(self):
        item = plan(
            Product("a", "a", name="Шкаф", length=Decimal(2), width=Decimal(1)),
            Offer(Product("a#1", "a", "1", name="Шкаф (дуб)", width=Decimal("0.5"))),
        )
        assert item.element is not None
        assert "length" not in item.element.fields
        assert (item.offers[0].fields["length"], item.offers[0].fields["width"]) == ("2000", "500")

    def test_makes_one_product_of_characteristics_that_are_not_carried(self):
        said = (
            Product("a", "a", name="Сапоги", item_type="Обувь"),
            Offer(Product("a#1", "a", "1"), (Price("t", Decimal(9)),), Decimal(2), (Stock("w", Decimal(2)),)),
            Offer(Product("a#2", "a", "2"), (Price("t", Decimal(8)),), None, (Stock("w", Decimal(3)),)),
            Offer(Product("a#3", "a", "3", deleted=True), None, Decimal(50)),
        )
        rules = Rules(plain_item_types=frozenset({"Обувь"}), item_type_sections={"Обувь": 77})
        item = plan(*said, rules=rules)
        assert item.element is not None
        assert (item.element.shape, item.offers, item.troubles) == ("product", (), ())
        assert (item.element.prices, item.element.quantity, item.element.stock) == ({1: ("9", "RUB")}, "5", {3: "5"})
        assert fields(item)["section"] == 77
        as_before = plan(*said, rules=rules, was_sku=True)
        assert as_before.element is not None
        assert (as_before.element.shape, len(as_before.offers)) == ("sku", 3), "what is there with its characteristics keeps them"

    def test_makes_a_parent_with_offers_of_an_item_with_characteristics(self):
        traits = (Characteristic("Размер", "40"),)
        item = plan(
            Product("a", "a", name="Сапоги"), Offer(Product("a#1", "a", "1", characteristics=traits), (Price("t", Decimal(9)),))
        )
        assert item.element is not None
        assert (item.element.shape, [offer.shape for offer in item.offers]) == ("sku", ["offer"])
        assert (item.offers[0].fields["name"], item.offers[0].fields["property:8"]) == ("Сапоги (40)", 80)

    def test_keeps_a_parent_whose_characteristics_are_all_deleted(self):
        item = plan(Product("a", "a", name="x"), Offer(Product("a#1", "a", "1", name="y", deleted=True)), was_sku=True)
        assert item.element is not None
        assert (item.element.shape, item.offers[0].fields["active"]) == ("sku", False)

    def test_makes_the_parent_of_characteristics_that_came_without_their_product(self):
        traits = (Characteristic("Размер", "40"),)
        item = plan(Product("a#1", "a", "1", name="Сапоги (40)", characteristics=traits))
        assert item.element is not None
        assert (item.element.onec_id, item.element.shape, fields(item)["name"]) == ("a", "sku", "Сапоги")

    def test_makes_a_service_of_a_service(self):
        item = plan(Product("a", "a", name="Ремонт", item_type="Услуга"))
        assert item.element is not None
        assert item.element.shape == "service"

    def test_tells_no_vat_from_zero_percent(self):
        assert fields(plan(Product("a", "a", name="x", vat=(VatRate(None),))))["vat"] == 1
        assert fields(plan(Product("a", "a", name="x", vat=(VatRate(Decimal(0)),))))["vat"] == 2

    def test_waits_for_a_group_that_1c_told_of_and_the_portal_has_not_yet(self):
        assert plan(Product("a", "a", name="x", group_ids=("later",))).waits == "group"

    def test_goes_on_without_a_group_that_nobody_told_of(self):
        item = plan(Product("a", "a", name="x", group_ids=("nowhere",)))
        assert ([trouble.cause for trouble in item.troubles], item.blocked) == (["section-missing"], False)

    def test_waits_for_the_product_of_an_offer(self):
        assert plan(Offer(Product("a", "a", name="x"), (Price("t", Decimal(1)),))).waits == "product"

    def test_blocks_an_item_without_a_name(self):
        assert plan(Product("a", "a", name="  ")).blocked

    def test_never_guesses_a_currency(self):
        item = plan(Product("a", "a", name="x"), Offer(Product("a", "a"), (Price("t", Decimal(1), "тугрик"),)))
        assert item.element is not None
        assert (item.element.prices, [trouble.cause for trouble in item.troubles]) == ({}, ["unknown-currency"])

    def test_reads_a_number_as_people_write_it(self):
        item = plan(Product("a", "a", name="x", property_values=(PropertyValue("n", ("1\xa0512,20",)),)))
        assert fields(item)["property:7"] == "1512.2"

    def test_takes_a_zero_reference_for_empty(self):
        item = plan(Product("a", "a", name="x", property_values=(PropertyValue("p", ("00000000-0000-0000-0000-000000000000",)),)))
        assert (fields(item)["property:6"], item.troubles) == ("", ())

    def test_cleans_html(self):
        item = plan(
            Product("a", "a", name="x", description="<b onclick=x>жирный</b><script>x</script>", description_is_html=True)
        )
        assert fields(item)["description"] == "<b>жирный</b>"


class TestChange:
    def known(self, item: Item) -> Known:
        assert item.element is not None
        data = {
            "shape": item.element.shape,
            "fields": dict(item.element.fields),
            "prices": {"1": [11, "1.50", "RUB"]},
            "quantity": "7",
        }
        known = known_of(data)
        assert known is not None
        return known

    def test_is_empty_when_the_portal_has_it_already(self):
        item = plan(Product("a", "a", name="x"), Offer(Product("a", "a"), (Price("t", Decimal("1.5")),), Decimal("7.000")))
        assert item.element is not None
        assert not change_of(item.element, self.known(item), Rules(), digests={}, ours=frozenset({1}))

    def test_holds_only_the_changed_fields(self):
        before, after = plan(Product("a", "a", name="x")), plan(Product("a", "a", name="y"))
        assert after.element is not None
        assert change_of(after.element, self.known(before), Rules(), digests={}).fields == {"name": "y"}

    def test_leaves_what_the_portal_owns(self):
        before, after = plan(Product("a", "a", name="x")), plan(Product("a", "a", name="y"))
        assert after.element is not None
        rules = Rules(portal_owns=frozenset({"name"}))
        assert not change_of(after.element, self.known(before), rules, digests={})

    def test_adds_each_picture_once_by_content(self):
        item = plan(Product("a", "a", name="x", pictures=()))
        assert item.element is not None
        element = item.element.__class__(
            **{**{n: getattr(item.element, n) for n in item.element.__slots__}, "pictures": ("1", "2", "3")}
        )
        change = change_of(element, None, Rules(), digests={"1": "d1", "2": "d2", "3": "d1"})
        assert (change.pictures.main, change.pictures.add) == ("1", ("2",))

    def test_keeps_foreign_prices_in_the_whole_set(self):
        have = {1: Held(11, "5", "RUB"), 9: Held(99, "7", "EUR")}
        assert full_price_set({1: ("6", "RUB")}, have, frozenset({1})) == [(11, 1, "6", "RUB"), (99, 9, "7", "EUR")]
