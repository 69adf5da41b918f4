"""What 1C wants of an object, as the state row keeps it: three facets in JSON, and the way back to records.

`main` holds the fields that the file mentioned (absent ones are left out), `prices` a list of six-tuples, `stock` a total and the
quantities by warehouse. Decimals travel as plain text so that nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from exchange.records import (
    Category,
    Characteristic,
    Group,
    Manufacturer,
    Offer,
    Picture,
    Price,
    PriceType,
    Product,
    Property,
    PropertyOption,
    PropertyValue,
    Record,
    Requisite,
    Stock,
    Unit,
    UnitRef,
    VatRate,
    Warehouse,
)

Json = Any


class Facets(NamedTuple):
    """One object's row as a file tells it; a facet that is None was not mentioned."""

    kind: str
    onec_id: str
    parent_id: str
    main: dict[str, Json] | None
    prices: list[Json] | None = None
    stock: dict[str, Json] | None = None


def number(value: Decimal | None) -> str | None:
    """A Decimal as plain text without exponent or trailing zeros; None stays None."""
    if value is None:
        return None
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_SCALARS = (
    "name",
    "article",
    "code",
    "category_id",
    "description",
    "full_name",
    "item_type",
    "item_kind",
    "country",
    "brand",
    "site_id",
)
_DECIMALS = ("weight", "width", "length", "height")


_LISTS: dict[str, Callable[[Any], Json]] = {
    "barcodes": list,
    "unit": list,
    "group_ids": list,
    "description_is_html": bool,
    "pictures": lambda pictures: [list(picture) for picture in pictures],
    "manufacturer": list,
    "vat": lambda rates: [[number(rate.percent), rate.calculated] for rate in rates],
    "property_values": lambda values: [[value.id, list(value.values), value.name] for value in values],
    "characteristics": lambda traits: [
        [trait.name, trait.value, trait.id, [[told.id, list(told.values), told.name] for told in trait.property_values]]
        for trait in traits
    ],
    "requisites": lambda told: [[requisite.name, list(requisite.values)] for requisite in told],
}


def _main_of(product: Product) -> dict[str, Json]:
    """Every field that the file mentioned; the row version is left out, since it changes without meaning."""
    main: dict[str, Json] = {"deleted": product.deleted}
    for field in _SCALARS:
        value = getattr(product, field)
        if value is not None:
            main[field] = value
    for field in _DECIMALS:
        value = getattr(product, field)
        if value is not None:
            main[field] = number(value)
    for field, write in _LISTS.items():
        value = getattr(product, field)
        if value is not None:
            main[field] = write(value)
    return main


def _offer_facets(offer: Offer) -> Facets:
    product = offer.product
    main = _main_of(product)
    if len(main) == 1 and not product.deleted:
        main = {}  # a prices or stock file says nothing of the offer itself
    prices: list[Json] | None = None
    stock: dict[str, Json] | None = None
    if offer.prices is not None:
        prices = [
            [p.price_type_id, number(p.unit_price), p.currency, p.unit, number(p.ratio), number(p.min_quantity)]
            for p in offer.prices
        ]
    if offer.quantity is not None or offer.stock is not None:
        stock = {"total": number(offer.quantity), "by": {}}
        for row in offer.stock or ():
            if row.warehouse_id:
                before = Decimal(stock["by"].get(row.warehouse_id, 0))
                stock["by"][row.warehouse_id] = number(before + row.quantity)
            else:
                stock["total"] = number(row.quantity)
    return Facets("offer", product.id, product.product_id, main or None, prices, stock)


def facets_of(record: Record) -> Facets | None:
    """The state row of a record; None for records that are no objects of their own."""
    match record:
        case Product():
            parent = record.product_id if record.product_id != record.id else ""
            return Facets("product", record.id, parent, _main_of(record))
        case Offer():
            return _offer_facets(record)
        case Property():
            main = record._asdict()
            del main["id"]
            if record.options is None:
                del main["options"]
            else:
                main["options"] = [list(option) for option in record.options]
            return Facets("property", record.id, "", main)
        case Group() | Category():
            main = {key: value for key, value in record._asdict().items() if value is not None and key != "id"}
            parent = main.pop("parent_id", "")
            return Facets("group" if isinstance(record, Group) else "category", record.id, parent, main)
        case PriceType() | Warehouse() | Unit():
            kind = {PriceType: "price_type", Warehouse: "warehouse", Unit: "unit"}[type(record)]
            main = {key: value for key, value in record._asdict().items() if value is not None and key != "id"}
            return Facets(kind, record.id, "", main)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Row:
    """One state row as planning sees it."""

    kind: str
    onec_id: str
    parent_id: str
    version: int
    main: dict[str, Json] | None
    prices: list[Json] | None = None
    stock: dict[str, Json] | None = None
    known: dict[str, Json] | None = None


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def product_of(onec_id: str, main: dict[str, Json]) -> Product:
    """The Product that `main` was made of."""
    product_id, _, characteristic_id = onec_id.partition("#")
    fields: dict[str, Any] = {key: main[key] for key in (*_SCALARS, "description_is_html") if key in main}
    fields |= {key: _decimal(main[key]) for key in _DECIMALS if key in main}
    for key in ("barcodes", "group_ids"):
        if key in main:
            fields[key] = tuple(main[key])
    if "pictures" in main:
        fields["pictures"] = tuple(Picture(*row) for row in main["pictures"])
    if "characteristics" in main:
        fields["characteristics"] = tuple(
            Characteristic(name, value, id, tuple(PropertyValue(key, tuple(values), title) for key, values, title in told))
            for name, value, id, told in main["characteristics"]
        )
    if "unit" in main:
        fields["unit"] = UnitRef(*main["unit"])
    if "manufacturer" in main:
        fields["manufacturer"] = Manufacturer(*main["manufacturer"])
    if "vat" in main:
        fields["vat"] = tuple(VatRate(_decimal(percent), calculated) for percent, calculated in main["vat"])
    if "property_values" in main:
        fields["property_values"] = tuple(PropertyValue(id, tuple(values), name) for id, values, name in main["property_values"])
    if "requisites" in main:
        fields["requisites"] = tuple(Requisite(name, tuple(values)) for name, values in main["requisites"])
    return Product(
        id=onec_id,
        product_id=product_id,
        characteristic_id=characteristic_id,
        # Absent from a full export and switched off (imports/absence.py) is as good as deleted.
        deleted=bool(main.get("deleted")) or main.get("absent", {}).get("state") == "off",
        **fields,
    )


def property_of(onec_id: str, main: dict[str, Json]) -> Property:
    """The Property that `main` was made of."""
    options = main.get("options")
    rest = {key: value for key, value in main.items() if key != "options"}
    return Property(id=onec_id, options=None if options is None else tuple(PropertyOption(*option) for option in options), **rest)


def prices_of(rows: list[Json]) -> tuple[Price, ...]:
    """The prices that the facet was made of."""
    return tuple(
        Price(type_id, _decimal(price), currency, unit, _decimal(ratio), _decimal(least))
        for type_id, price, currency, unit, ratio, least in rows
    )


def stock_of(facet: dict[str, Json]) -> tuple[Decimal | None, tuple[Stock, ...]]:
    """The total as written (None = only by warehouse) and the quantities by warehouse."""
    rows = tuple(Stock(warehouse, Decimal(quantity)) for warehouse, quantity in facet.get("by", {}).items())
    return _decimal(facet.get("total")), rows
