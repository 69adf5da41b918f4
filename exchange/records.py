"""What a 1C file says, as frozen records: the language that the reader, planning and the state rows share.

Absent and empty differ: `None` means "the file does not mention it" (leave it), an empty string or tuple means "it has none".
Texts come stripped; ids exactly as 1C wrote them, stripped. Money and quantities are Decimal. Nothing here knows XML or Django.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class VatRate(NamedTuple):
    """A VAT rate in percent; `None` is exempt ("Без НДС"), which is not 0 %. `calculated` marks 18/118 and the like."""

    percent: Decimal | None
    calculated: bool = False


class UnitRef(NamedTuple):
    """The unit an item names: the ОКЕИ code if known, and the names the file gives. In 3.x `code` is a reference to a Unit's id."""

    code: str = ""
    name: str = ""
    full_name: str = ""
    international: str = ""


class Unit(NamedTuple):
    id: str
    code: str = ""
    name: str = ""
    full_name: str = ""
    international: str = ""
    deleted: bool = False


class Group(NamedTuple):
    id: str
    name: str
    parent_id: str = ""
    description: str | None = None
    site_id: str = ""
    deleted: bool = False


class PropertyOption(NamedTuple):
    """One value of a list property; `id` is the value itself where the file gives none."""

    id: str
    value: str


class Property(NamedTuple):
    """`value_type`: string, number, date, boolean or reference (a list of options). `for_products`/`for_offers`: None = not said."""

    id: str
    name: str
    value_type: str = "string"
    multiple: bool = False
    required: bool = False
    options: tuple[PropertyOption, ...] | None = None
    for_products: bool | None = None
    for_offers: bool | None = None
    external: bool = False
    site_id: str = ""
    deleted: bool = False


class PriceType(NamedTuple):
    """`currency` as 1C wrote it (`руб`, `643`, …); `vat_included`: None = not said."""

    id: str
    name: str
    currency: str = ""
    vat_included: bool | None = None
    description: str | None = None
    deleted: bool = False


class Warehouse(NamedTuple):
    id: str
    name: str
    address: str = ""
    comment: str = ""
    deleted: bool = False


class Category(NamedTuple):
    """УНФ's item category: it binds properties, it is not a group."""

    id: str
    name: str
    property_ids: tuple[str, ...] = ()
    deleted: bool = False


class Picture(NamedTuple):
    """`path` as the file refers to it: relative to the upload, or an address."""

    path: str
    description: str = ""


class PropertyValue(NamedTuple):
    """Values as written: option ids for lists, `true`/`false`, dates, texts. Empty `values` clears the property."""

    id: str
    values: tuple[str, ...]
    name: str = ""


class Characteristic(NamedTuple):
    """One named trait of a variant ("Цвет" = "красный")."""

    name: str
    value: str
    id: str = ""


class Requisite(NamedTuple):
    name: str
    values: tuple[str, ...]


class Price(NamedTuple):
    """`unit_price` None: the file names the type without a price (not zero)."""

    price_type_id: str
    unit_price: Decimal | None
    currency: str = ""
    unit: str = ""
    ratio: Decimal | None = None
    min_quantity: Decimal | None = None


class Stock(NamedTuple):
    """`warehouse_id` is empty where the file gives only the total."""

    warehouse_id: str
    quantity: Decimal


class Manufacturer(NamedTuple):
    id: str
    name: str


class Product(NamedTuple):
    """Товар, and the common part of Предложение (see Offer).

    `product_id` is the part of `id` before "#", `characteristic_id` the part after it ("" = the product itself).
    """

    id: str
    product_id: str
    characteristic_id: str = ""
    name: str | None = None
    article: str | None = None
    code: str | None = None
    barcodes: tuple[str, ...] | None = None
    unit: UnitRef | None = None
    group_ids: tuple[str, ...] | None = None
    category_id: str | None = None
    description: str | None = None
    description_is_html: bool | None = None
    full_name: str | None = None
    item_type: str | None = None  # ТипНоменклатуры: goods, service, work, set …, as written
    item_kind: str | None = None  # ВидНоменклатуры, as written
    pictures: tuple[Picture, ...] | None = None
    country: str | None = None
    brand: str | None = None
    manufacturer: Manufacturer | None = None
    vat: tuple[VatRate, ...] | None = None
    property_values: tuple[PropertyValue, ...] | None = None
    characteristics: tuple[Characteristic, ...] | None = None
    requisites: tuple[Requisite, ...] | None = None  # those without a field of their own
    weight: Decimal | None = None  # kilograms
    width: Decimal | None = None
    length: Decimal | None = None
    height: Decimal | None = None
    site_id: str | None = None
    version: str | None = None
    deleted: bool = False


class Offer(NamedTuple):
    """Предложение: what Product has, and prices and stock.

    `prices`, `quantity`, `stock`: None = the file does not speak of them. `quantity` is the total as written.
    """

    product: Product
    prices: tuple[Price, ...] | None = None
    quantity: Decimal | None = None
    stock: tuple[Stock, ...] | None = None


class CatalogInfo(NamedTuple):
    """Head of a Каталог or ПакетПредложений: which catalogue, and whether the file says it holds only changes."""

    id: str
    name: str = ""
    classifier_id: str = ""
    only_changes: bool = False
    only_changes_said: bool = False
    is_offers: bool = False


class Oddity(NamedTuple):
    """Something met and not understood, or repaired: told once per kind, with how often and where first."""

    code: str  # unknown-element, bad-number, bad-date, encoding-repaired, …
    what: str
    line: int = 0
    times: int = 1


Record = Group | Property | PriceType | Warehouse | Unit | Category | CatalogInfo | Product | Offer
