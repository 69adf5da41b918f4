"""What items refer to, as REST commands: sections, properties and their values, price types, stores, units, VAT rates. Pure.

Source: the catalog.* pages of the REST documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from b24app.rest.commands import Command
from exchange.imports.commands import flag
from exchange.planning.references import PortalProperty, PropertyType


def list_page(method: str, select: Sequence[str], filter: Mapping[str, Any], *, start: int = 0) -> Command:
    """Fifty rows from the `start`-th on, by id; the first page also tells how many there are."""
    params = {"select": list(select), "filter": dict(filter), "order": {"id": "ASC"}}
    return Command(method, {**params, "start": start} if start else params)


def add_section(iblock_id: int, xml_id: str, name: str, parent_id: int, *, active: bool) -> Command:
    return Command(
        "catalog.section.add",
        {
            "fields": {
                "iblockId": iblock_id,
                "xmlId": xml_id,
                "name": name,
                "active": flag(active),
                **({"iblockSectionId": parent_id} if parent_id else {}),
            }
        },
    )


def update_section(b24_id: int, iblock_id: int, name: str, parent_id: int, *, active: bool) -> Command:
    return Command(
        "catalog.section.update",
        {
            "id": b24_id,
            "fields": {"iblockId": iblock_id, "name": name, "active": flag(active), "iblockSectionId": parent_id or ""},
        },
    )


_PROPERTY_TYPES: dict[PropertyType, dict[str, str]] = {
    "string": {"propertyType": "S"},
    "number": {"propertyType": "N"},
    "list": {"propertyType": "L", "listType": "L"},
    "date": {"propertyType": "S", "userType": "Date"},
}


def add_property(iblock_id: int, xml_id: str, name: str, type: PropertyType, *, multiple: bool, code: str = "") -> Command:
    fields = {
        "iblockId": iblock_id,
        "xmlId": xml_id,
        "name": name,
        "multiple": flag(multiple),
        "active": "Y",
        **_PROPERTY_TYPES[type],
        **({"code": code} if code else {}),
    }
    return Command("catalog.productProperty.add", {"fields": fields})


def update_property(b24_id: int, iblock_id: int, fields: Mapping[str, Any]) -> Command:
    return Command("catalog.productProperty.update", {"id": b24_id, "fields": {"iblockId": iblock_id, **fields}})


def portal_property(row: Mapping[str, Any], options: Mapping[str, int] | None = None) -> PortalProperty:
    """A property of the portal as productProperty.list or add answers it."""
    kind: PropertyType = "other"
    if row["propertyType"] == "L":
        kind = "list"
    elif row["propertyType"] == "N" and not row.get("userType"):
        kind = "number"
    elif row["propertyType"] == "S":
        kind = {"": "string", "Date": "date"}.get(row.get("userType") or "", "other")  # type: ignore[assignment]
    return PortalProperty(int(row["id"]), kind, row.get("multiple") == "Y", options or {})


def add_option(property_id: int, xml_id: str, value: str) -> Command:
    return Command("catalog.productPropertyEnum.add", {"fields": {"propertyId": property_id, "xmlId": xml_id, "value": value}})


def update_option(b24_id: int, property_id: int, xml_id: str, value: str) -> Command:
    return Command(
        "catalog.productPropertyEnum.update",
        {"id": b24_id, "fields": {"propertyId": property_id, "xmlId": xml_id, "value": value}},
    )


def add_price_type(xml_id: str, name: str) -> Command:
    return Command("catalog.priceType.add", {"fields": {"name": name, "base": "N", "xmlId": xml_id}})


def adopt_price_type(b24_id: int, xml_id: str) -> Command:
    """Make an existing price type (the portal's base one) the one of 1C's price type."""
    return Command("catalog.priceType.update", {"id": b24_id, "fields": {"xmlId": xml_id}})


def name_price_type(b24_id: int, language: str, name: str) -> Command:
    return Command("catalog.priceTypeLang.add", {"fields": {"catalogGroupId": b24_id, "lang": language, "name": name}})


def rename_price_type(lang_row_id: int, b24_id: int, language: str, name: str) -> Command:
    return Command(
        "catalog.priceTypeLang.update",
        {"id": lang_row_id, "fields": {"catalogGroupId": b24_id, "lang": language, "name": name}},
    )


def add_store(xml_id: str, title: str, address: str) -> Command:
    """The portal demands an address; where 1C has none, the name stands in."""
    return Command("catalog.store.add", {"fields": {"xmlId": xml_id, "title": title, "address": address or title, "active": "Y"}})


def update_store(b24_id: int, title: str, address: str, *, active: bool) -> Command:
    return Command(
        "catalog.store.update", {"id": b24_id, "fields": {"title": title, "address": address or title, "active": flag(active)}}
    )


def add_measure(code: int, title: str, symbol: str, international: str) -> Command:
    return Command(
        "catalog.measure.add",
        {"fields": {"code": code, "measureTitle": title, "symbol": symbol, "symbolIntl": international, "isDefault": "N"}},
    )


def add_vat(name: str, rate: str) -> Command:
    return Command("catalog.vat.add", {"fields": {"name": name, "rate": rate, "active": "Y"}})


def add_currency(code: str, rate: str) -> Command:
    """`rate` is what one unit is worth in the portal's base currency (crm.currency.add demands it)."""
    return Command("crm.currency.add", {"fields": {"CURRENCY": code, "AMOUNT_CNT": 1, "AMOUNT": rate, "SORT": 500}})
