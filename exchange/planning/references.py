"""What planning must know of the portal: ids of sections, properties, price types, stores, units and VAT rates, by 1C's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from exchange.records import Unit, UnitRef, VatRate

# Facts of an item that have no field of their own in the portal live in properties with these external ids, the ones that the
# standard exchange of 1C-Bitrix has always used.
ARTICLE, BARCODE, MANUFACTURER = "CML2_ARTICLE", "CML2_BAR_CODE", "CML2_MANUFACTURER"
BRAND, COUNTRY, CODE, ITEM_KIND = "CML2_BRAND", "CML2_COUNTRY", "CML2_CODE", "CML2_ITEM_KIND"
SYSTEM_PROPERTIES = (ARTICLE, BARCODE, MANUFACTURER, BRAND, COUNTRY, CODE, ITEM_KIND)

EXEMPT = "exempt"  # the key of "no VAT" among the VAT rates: it is not 0 %

PropertyType = Literal["string", "number", "list", "date", "other"]


@dataclass(frozen=True, slots=True)
class PortalProperty:
    """A property of the portal's catalogue; `options` are a list's values: 1C's option id → the portal's enum id."""

    id: int
    type: PropertyType
    multiple: bool = False
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortalPriceType:
    id: int
    currency: str = ""
    vat_included: bool | None = None
    base: bool = False


@dataclass(frozen=True, slots=True)
class References:
    """Everything an item of 1C can point to, resolved. `known_groups` are groups that 1C told of, linked or not yet."""

    iblock_id: int
    offers_iblock_id: int = 0
    accounting: bool = False
    base_currency: str = ""
    sections: Mapping[str, int] = field(default_factory=dict)
    known_groups: frozenset[str] = frozenset()
    properties: Mapping[str, PortalProperty] = field(default_factory=dict)
    offer_properties: Mapping[str, PortalProperty] = field(default_factory=dict)
    price_types: Mapping[str, PortalPriceType] = field(default_factory=dict)
    # Price types that 1C told of; one of them without a place in `price_types` was refused, and a problem says so already.
    told_price_types: frozenset[str] = frozenset()
    foreign_price_types: frozenset[int] = frozenset()
    stores: Mapping[str, int] = field(default_factory=dict)
    measures: Mapping[int, int] = field(default_factory=dict)  # ОКЕИ code → measure id
    measure_names: Mapping[str, int] = field(default_factory=dict)  # symbol or title, casefolded → measure id
    units: Mapping[str, Unit] = field(default_factory=dict)  # units of 3.x by their id
    chosen_measures: Mapping[str, int] = field(
        default_factory=dict
    )  # by the rules: a unit as 1C writes it, lower case → measure id
    vats: Mapping[str, int] = field(default_factory=dict)  # percent as text, or EXEMPT → VAT id
    portal_currencies: frozenset[str] = frozenset()  # empty = not asked
    currencies: Mapping[str, str] = field(default_factory=dict)  # as 1C writes them, lower case → ISO
    service_types: frozenset[str] = frozenset()  # item types that are services, casefolded


def unit_code(unit: UnitRef, units: Mapping[str, Unit]) -> int | None:
    """The ОКЕИ code of a unit as a number; in 3.x the item names the id of a unit that the classifier describes."""
    described = units.get(unit.code)
    for text in (described.code if described else "", unit.code):
        digits = text.strip()
        if digits.isdigit() and int(digits):
            return int(digits)
    return None


def measure_of(unit: UnitRef, references: References) -> int | None:
    """The portal's measure for a unit of 1C: as chosen by a person, else by ОКЕИ code, else by one of its names."""
    written = (unit.name or unit.full_name or unit.code).strip().lower()
    if written in references.chosen_measures:
        return references.chosen_measures[written]
    code = unit_code(unit, references.units)
    if code is not None and code in references.measures:
        return references.measures[code]
    described = references.units.get(unit.code)
    names = [unit.name, unit.full_name, *((described.name, described.full_name) if described else ())]
    return next(
        (references.measure_names[name.casefold()] for name in names if name.casefold() in references.measure_names), None
    )


def vat_key(rate: VatRate) -> str:
    """The key of a VAT rate in References.vats."""
    return EXEMPT if rate.percent is None else format(rate.percent.normalize(), "f")


def currency_of(written: str, references: References) -> str | None:
    """The ISO code of a currency as 1C writes it; None when nobody knows it."""
    text = written.strip()
    if text.lower() in references.currencies:
        return references.currencies[text.lower()]
    if len(text) == 3 and text.isascii() and text.isalpha():
        return text.upper()
    return None
