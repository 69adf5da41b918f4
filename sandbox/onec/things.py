"""What lies in a 1C base: items, their variants, and the books they refer to. Plain mutable data, no XML, no HTTP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal

EXEMPT = "exempt"


@dataclass(slots=True)
class Group:
    id: str
    name: str
    parent_id: str = ""


@dataclass(slots=True)
class Property:
    """`kind`: string, number, date, boolean or list; a list has options id → text and may hold several values."""

    id: str
    name: str
    kind: str
    options: dict[str, str] = field(default_factory=dict)
    multiple: bool = False


@dataclass(slots=True, frozen=True)
class Kind:
    """Вид номенклатуры; УНФ sends it as a category that binds properties."""

    id: str
    name: str
    service: bool = False


@dataclass(slots=True, frozen=True)
class Unit:
    code: str
    name: str
    full_name: str
    international: str


@dataclass(slots=True, frozen=True)
class PriceType:
    """`currency` as this base writes it; `iso` is what a portal must end with."""

    id: str
    name: str
    currency: str
    iso: str
    vat_included: bool = True


@dataclass(slots=True, frozen=True)
class Warehouse:
    id: str
    name: str
    address: str = ""


@dataclass(slots=True, frozen=True)
class Maker:
    id: str
    name: str


@dataclass(slots=True, frozen=True)
class Picture:
    id: str
    extension: str
    data: bytes
    description: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(slots=True)
class Variant:
    """What has a price and a stock: a characteristic of an item, or (with an empty id) the item itself."""

    id: str
    traits: dict[str, str]
    barcode: str
    prices: dict[str, Decimal]
    stock: dict[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.stock.values(), Decimal(0))

    @property
    def label(self) -> str:
        return ", ".join(self.traits.values())


@dataclass(slots=True)
class Item:
    """Номенклатура. `vat` is a percent as text or EXEMPT; `values`: property id → values (option ids for lists)."""

    id: str
    code: str
    article: str
    name: str
    full_name: str
    group_id: str
    kind: Kind
    unit: Unit
    vat: str
    description: str
    is_html: bool
    weight: Decimal | None
    maker: Maker | None
    country: str
    values: dict[str, list[str]]
    pictures: list[Picture]
    variants: list[Variant]
    deleted: bool = False
    version: int = 1

    @property
    def service(self) -> bool:
        return self.kind.service

    @property
    def has_variants(self) -> bool:
        return bool(self.variants[0].id)

    def offer_id(self, variant: Variant) -> str:
        return f"{self.id}#{variant.id}" if variant.id else self.id

    def offer_name(self, variant: Variant) -> str:
        return f"{self.name.rstrip()} ({variant.label})" if variant.id else self.name
