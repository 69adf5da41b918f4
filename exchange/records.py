"""What a 1C file says, as frozen records: the language that the reader, planning and the state rows share.

Absent and empty differ: `None` means "the file does not mention it" (leave it), an empty string or tuple means "it has none".
Texts come stripped; ids exactly as 1C wrote them, stripped. Money and quantities are Decimal. Nothing here knows XML or Django.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple


class VatRate(NamedTuple):
    """A VAT rate in percent; `None` is exempt ("Без НДС"), which is not 0 %. `calculated` marks 18/118 and the like."""

    percent: Decimal | None
    calculated: bool = False


class UnitRef(NamedTuple):
    """The unit an item names: its ОКЕИ code if known, and the names the file gives. In 3.x `code` refers to a Unit's id."""

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
    """`value_type`: string, number, date, boolean or reference (list of options). `for_products`/`for_offers`: None = not said."""

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
    """One named trait of a variant ("Цвет" = "красный"); УНФ's web service gives an `id` with `property_values` instead."""

    name: str
    value: str
    id: str = ""
    property_values: tuple[PropertyValue, ...] = ()


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
    max_quantity: Decimal | None = None
    catalog_id: str = ""


class Stock(NamedTuple):
    """`warehouse_id` is empty where the file gives only the total."""

    warehouse_id: str
    quantity: Decimal


class Manufacturer(NamedTuple):
    id: str
    name: str


class Package(NamedTuple):
    """Another unit the item is counted in: one of it holds `ratio` base units."""

    unit: UnitRef
    ratio: Decimal | None = None
    gross_weight: Decimal | None = None


class Component(NamedTuple):
    """A part of a kit, or an analogue of an item."""

    id: str
    name: str = ""
    quantity: Decimal | None = None
    catalog_id: str = ""
    classifier_id: str = ""


class Excise(NamedTuple):
    """An excise, as a sum for one unit."""

    name: str
    amount: Decimal | None = None
    currency: str = ""


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
    marking_group: str | None = None  # КодГруппыТоваров of 3.1
    brand_owner: Manufacturer | None = None
    contractor_item_id: str | None = None  # ИдТовараУКонтрагента
    packages: tuple[Package, ...] | None = None
    components: tuple[Component, ...] | None = None
    analogues: tuple[Component, ...] | None = None
    excises: tuple[Excise, ...] | None = None


class Offer(NamedTuple):
    """Предложение: what Product has, and prices and stock.

    `prices`, `quantity`, `stock`: None = the file does not speak of them. `quantity` is the total as written.
    """

    product: Product
    prices: tuple[Price, ...] | None = None
    quantity: Decimal | None = None
    stock: tuple[Stock, ...] | None = None
    reserve: Decimal | None = None


class Address(NamedTuple):
    """An address as one line, and its parts as (type, value) in the file's order."""

    presentation: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    comment: str = ""


class Contact(NamedTuple):
    """`type` as 1C names it ("Телефон рабочий", "Почта", …)."""

    type: str
    value: str
    comment: str = ""


class Bank(NamedTuple):
    name: str = ""
    bic: str = ""
    swift: str = ""
    correspondent_account: str = ""
    address: Address | None = None
    contacts: tuple[Contact, ...] = ()


class BankAccount(NamedTuple):
    number: str
    bank: Bank | None = None
    correspondent: Bank | None = None
    comment: str = ""


class IdentityDocument(NamedTuple):
    kind: str = ""
    series: str = ""
    number: str = ""
    issued_on: str = ""
    issued_by: str = ""


class Representative(NamedTuple):
    """A contact person or company of a counterparty and how it stands to it."""

    party: Counterparty
    relation: str = ""


class Counterparty(NamedTuple):
    """Контрагент: a party of a document, a catalogue's owner, or one of contragents.xml. Texts are "" where the file has none.

    `is_legal`: True for the legal group (ОфициальноеНаименование), False for the person group, None = the file does not say.
    `codes` holds the other registration codes (ОКПО, ОКВЭД, КодПоЕДРПОУ, …) by the file's own names.
    """

    id: str
    name: str = ""
    role: str = ""
    is_legal: bool | None = None
    official_name: str = ""
    full_name: str = ""
    salutation: str = ""
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    born_on: str = ""
    birth_place: str = ""
    sex: str = ""
    inn: str = ""
    kpp: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    legal_address: Address | None = None
    registration_address: Address | None = None
    address: Address | None = None
    identity: IdentityDocument | None = None
    head: Counterparty | None = None
    employer: Counterparty | None = None
    position: str = ""
    relation: str = ""
    contacts: tuple[Contact, ...] = ()
    accounts: tuple[BankAccount, ...] = ()
    representatives: tuple[Representative, ...] = ()
    requisites: tuple[Requisite, ...] = ()
    comment: str = ""
    version: str = ""
    deleted: bool = False


class Tax(NamedTuple):
    """A tax of a document or line; `rate` None = the file gives none. `included`: None = not said."""

    name: str
    included: bool | None = None
    amount: Decimal | None = None
    rate: VatRate | None = None


class Discount(NamedTuple):
    """A discount (Скидка) or an extra charge (ДопРасход) of a document or line."""

    name: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    included: bool | None = None
    comment: str = ""


class Payment(NamedTuple):
    """Оплата of 2.09; later schemas send payments as subordinate documents."""

    number: str = ""
    transaction: str = ""
    paid_at: str = ""
    amount: Decimal | None = None
    method: str = ""
    method_id: str = ""


class OrderLine(NamedTuple):
    """A line of a document; `product` carries its id (ORDER_DELIVERY for a delivery), name and requisites."""

    product: Product
    price: Decimal | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None
    unit: UnitRef | None = None
    ratio: Decimal | None = None
    catalog_id: str = ""
    classifier_id: str = ""
    reserve: Decimal | None = None
    country: str = ""
    customs_declaration: str = ""
    taxes: tuple[Tax, ...] = ()
    discounts: tuple[Discount, ...] = ()
    extra_costs: tuple[Discount, ...] = ()
    stock: tuple[Stock, ...] = ()
    marks: tuple[str, ...] = ()


class OrderDocument(NamedTuple):
    """Документ: an order, shipment, payment, invoice … (`operation` is ХозОперация as written), with what hangs on it.

    `date_text` keeps the date and time as written. `container`: documents with the same number above 0 came in one Контейнер.
    `basis_id` is Основание of 3.1: the order a payment or shipment belongs to.
    """

    id: str
    number: str = ""
    date: datetime.date | None = None
    time: datetime.time | None = None
    date_text: str = ""
    operation: str = ""
    role: str = ""
    currency: str = ""
    currency_rate: Decimal | None = None
    amount: Decimal | None = None
    parties: tuple[Counterparty, ...] = ()
    pay_until: datetime.date | None = None
    comment: str = ""
    taxes: tuple[Tax, ...] = ()
    discounts: tuple[Discount, ...] = ()
    extra_costs: tuple[Discount, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    lines: tuple[OrderLine, ...] = ()
    payments: tuple[Payment, ...] = ()
    subordinates: tuple[OrderDocument, ...] = ()
    requisites: tuple[Requisite, ...] = ()
    onec_number: str = ""
    onec_date: str = ""
    basis_id: str = ""
    site_id: str = ""
    version: str = ""
    deleted: bool = False
    container: int = 0


class CatalogInfo(NamedTuple):
    """Head of a Каталог or ПакетПредложений: which catalogue, and whether the file says it holds only changes."""

    id: str
    name: str = ""
    classifier_id: str = ""
    only_changes: bool = False
    only_changes_said: bool = False
    is_offers: bool = False
    catalog_id: str = ""  # of a package: the catalogue its offers belong to
    owner: Counterparty | None = None


class ClassifierInfo(NamedTuple):
    """Head of a Классификатор."""

    id: str
    name: str = ""
    only_changes: bool = False
    owner: Counterparty | None = None


class Oddity(NamedTuple):
    """Something met and not understood, or repaired: told once per kind, with how often and where first."""

    code: str  # unknown-element, bad-number, bad-date, encoding-repaired, …
    what: str
    line: int = 0
    times: int = 1


Record = (
    Group
    | Property
    | PriceType
    | Warehouse
    | Unit
    | Category
    | CatalogInfo
    | ClassifierInfo
    | Product
    | Offer
    | OrderDocument
    | Counterparty
)
