"""State rows: what a record says, and the way back."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.desired import facets_of, number, prices_of, product_of, property_of, stock_of
from exchange.records import (
    Characteristic,
    Group,
    Offer,
    Picture,
    Price,
    Product,
    Property,
    PropertyOption,
    PropertyValue,
    Requisite,
    Stock,
    UnitRef,
    VatRate,
)

texts = st.text(max_size=12)
decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)
products = st.builds(
    lambda **kw: Product(id="a#b", product_id="a", characteristic_id="b", **kw),
    name=st.none() | texts,
    article=st.none() | texts,
    barcodes=st.none() | st.lists(texts, max_size=3).map(tuple),
    unit=st.none() | st.builds(UnitRef, texts, texts, texts, texts),
    group_ids=st.none() | st.lists(texts, max_size=2).map(tuple),
    pictures=st.none() | st.lists(st.builds(Picture, texts, texts), max_size=2).map(tuple),
    vat=st.none() | st.lists(st.builds(VatRate, st.none() | st.just(Decimal(20)), st.booleans()), max_size=2).map(tuple),
    property_values=st.none()
    | st.lists(st.builds(PropertyValue, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(tuple),
    characteristics=st.none() | st.lists(st.builds(Characteristic, texts, texts, texts), max_size=2).map(tuple),
    requisites=st.none() | st.lists(st.builds(Requisite, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(tuple),
    weight=st.none() | decimals,
    deleted=st.booleans(),
)


class TestFacets:
    @given(products)
    def test_of_a_product_lead_back_to_the_same_product(self, product: Product):
        facets = facets_of(product)
        assert facets is not None
        assert facets.main is not None
        assert product_of(facets.onec_id, facets.main) == product

    def test_of_a_prices_file_say_nothing_of_the_offer_itself(self):
        facets = facets_of(Offer(Product("a", "a"), prices=(Price("t", Decimal("10.50"), "руб"),)))
        assert facets is not None
        assert (facets.main, facets.stock) == (None, None)
        assert prices_of(facets.prices or []) == (Price("t", Decimal("10.5"), "руб"),)

    def test_add_up_the_stock_of_one_warehouse(self):
        facets = facets_of(
            Offer(Product("a", "a"), stock=(Stock("w", Decimal(2)), Stock("w", Decimal("0.5")), Stock("", Decimal(9))))
        )
        assert facets is not None
        assert facets.stock is not None
        assert stock_of(facets.stock) == (Decimal(9), (Stock("w", Decimal("2.5")),))

    def test_keep_the_options_of_a_property(self):
        told = Property("p", "Цвет", "reference", options=(PropertyOption("1", "красный"),))
        facets = facets_of(told)
        assert facets is not None
        assert property_of("p", facets.main or {}) == told

    def test_of_a_group_name_its_parent(self):
        facets = facets_of(Group("g", "Обувь", parent_id="root"))
        assert facets is not None
        assert (facets.kind, facets.parent_id) == ("group", "root")


class TestNumber:
    @given(decimals)
    def test_is_plain_text_of_the_same_value(self, value: Decimal):
        text = number(value)
        assert text is not None
        assert Decimal(text) == value
        assert "E" not in text
