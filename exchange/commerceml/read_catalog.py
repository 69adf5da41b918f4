"""The classifier: groups, properties, price types, warehouses, units, categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.context import (
    Context,
    Element,
    Handler,
    Step,
    collect,
    fields,
    ignore,
    is_deleted_word,
    local,
    not_carried,
    text_of,
)
from exchange.records import Category, Group, PriceType, Property, PropertyOption, Unit, Warehouse

Fields = dict[str, Any]


def flag_into(field: str) -> Handler:
    """A step that puts the element's boolean into a field."""

    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = context.flag(element)

    return step


def _deleted(element: Element, into: Fields, context: Context) -> None:
    into["deleted"] = context.flag(element) or into.get("deleted", False)


def _status(element: Element, into: Fields, context: Context) -> None:
    into["deleted"] = is_deleted_word(element.text) or into.get("deleted", False)


COMMON: Final[dict[str, Step]] = {
    n.ID: "id",
    n.NAME: "name",
    n.DELETED: _deleted,
    n.STATUS: _status,
    n.VERSION: ignore,
}


def identified(element: Element, into: Fields, context: Context) -> bool:
    """Whether the object has an id or, failing that, a name to serve as one; what has neither is told."""
    for name, value in context.attributes(element):
        if local(name) == n.STATUS and is_deleted_word(value):
            into["deleted"] = True
    into.setdefault("name", "")
    into["id"] = values.reference(into.get("id", "")) or into["name"]
    if not into["id"]:
        context.tell("item-without-id", local(element.tag), element)
    return bool(into["id"])


_GROUP: Final = fields(
    COMMON
    | {
        n.DESCRIPTION: "description",
        n.SITE_ID: "site_id",
        n.GROUPS: lambda element, into, context: into.setdefault("children", []).append(element),
        n.PROPERTIES: not_carried,
        n.REQUISITES: not_carried,
        n.PICTURE: not_carried,
    }
)


def read_group(element: Element, context: Context, parent_id: str = "") -> Iterator[Group]:
    """The group and all below it, parents first."""
    into = collect(element, _GROUP, context, {"parent_id": parent_id})
    below = into.pop("children", ())
    if not identified(element, into, context):
        return
    yield Group(**into)
    for groups in below:
        for child in groups:
            if local(child.tag) == n.GROUP:
                yield from read_group(child, context, into["id"])
            else:
                context.unknown(child)


def _value_type(element: Element, into: Fields, context: Context) -> None:
    text = text_of(element)
    found = n.VALUE_TYPE_NAMES.get(text.lower())
    if found is None and text:
        context.tell("unknown-value-type", n.VALUE_TYPES, element, text)
    into["value_type"] = found or "string"


def _required(element: Element, into: Fields, context: Context) -> None:
    text = text_of(element).lower()
    # "Для каталога", "Для документа", "Для предложений" since 2.04; a boolean in 2.03.
    into["required"] = text.startswith(n.REQUIRED_FOR) or context.flag(element)


def _options(element: Element, into: Fields, context: Context) -> None:
    into["options"] = (*into.get("options", ()), *_read_options(element, context))


def _read_options(element: Element, context: Context) -> Iterator[PropertyOption]:
    for child in element:
        match local(child.tag):
            case n.VALUE:
                if text := text_of(child):
                    yield PropertyOption(text, text)
            case n.REFERENCE | n.VARIANT:
                if option := _read_option(child, context):
                    yield option
            case n.OPTIONS:
                yield from _read_options(child, context)
            case _:
                context.unknown(child)


_OPTION: Final = fields(
    {
        n.OPTION_ID: "id",
        n.ID: "id",
        n.VALUE: "value",
        n.BY_DEFAULT: ignore,
        n.SORTING: ignore,
        n.VERSION: ignore,
        n.DELETED: flag_into("deleted"),
        n.PICTURE: not_carried,
        n.SITE_ID: ignore,
    }
)


def _read_option(element: Element, context: Context) -> PropertyOption | None:
    into = collect(element, _OPTION, context, {})
    value = into.get("value", "")
    onec_id = into.get("id") or value
    if into.get("deleted") or not onec_id:
        context.tell("option-left-out", n.REFERENCE, element, value)
        return None
    return PropertyOption(onec_id, value)


_PROPERTY: Final = fields(
    COMMON
    | {
        n.VALUE_TYPES: _value_type,
        n.MULTIPLE: flag_into("multiple"),
        n.REQUIRED: _required,
        n.OPTIONS: _options,
        n.FOR_PRODUCTS: flag_into("for_products"),
        n.FOR_OFFERS: flag_into("for_offers"),
        n.EXTERNAL: flag_into("external"),
        n.SITE_ID: "site_id",
        n.FOR_DOCUMENTS: ignore,
        n.USED: ignore,
        n.DESCRIPTION: ignore,
        n.INFORMATIONAL: not_carried,
        n.REFERENCE_TYPE: not_carried,
        n.GROUPS: not_carried,
        n.REQUISITES: not_carried,
        n.SORTING: ignore,
    }
)


def read_property(element: Element, context: Context) -> Iterator[Property]:
    """A Свойство or СвойствоНоменклатуры; one with options but no type is a list."""
    into = collect(element, _PROPERTY, context, {})
    if "value_type" not in into and into.get("options"):
        into["value_type"] = "reference"
    if identified(element, into, context):
        yield Property(**into)


def _price_tax(element: Element, into: Fields, context: Context) -> None:
    into["vat_included"] = _tax_included(element, context, into.get("vat_included"))


def _tax_included(element: Element, context: Context, known: bool | None) -> bool | None:
    name = ""
    included: bool | None = None
    for child in element:
        match local(child.tag):
            case n.NAME:
                name = text_of(child)
            case n.IN_SUM:
                included = context.flag(child)
            case n.EXCISE_TAX | n.RATE:
                pass
            case _:
                context.unknown(child)
    return included if name.upper() in n.VAT_NAMES else known


_PRICE_TYPE: Final = fields(
    COMMON
    | {
        n.CURRENCY: "currency",
        n.DESCRIPTION: "description",
        n.TAX: _price_tax,
        n.SITE_ID: ignore,
    }
)


def read_price_type(element: Element, context: Context) -> Iterator[PriceType]:
    """A ТипЦены."""
    into = collect(element, _PRICE_TYPE, context, {})
    if identified(element, into, context):
        yield PriceType(**into)


def _plain_address(element: Element, into: Fields, context: Context) -> None:
    into["address"] = text_of(element) or next(
        (text_of(child) for child in element if local(child.tag) == n.PRESENTATION),
        ", ".join(text_of(part) for field in element for part in field if local(part.tag) == n.VALUE and text_of(part)),
    )


_WAREHOUSE: Final = fields(
    COMMON
    | {
        n.COMMENT: "comment",
        n.ADDRESS: _plain_address,
        n.CONTACTS: not_carried,
        n.REQUISITES: not_carried,
        n.SITE_ID: ignore,
    }
)


def read_warehouse(element: Element, context: Context) -> Iterator[Warehouse]:
    """A Склад of the classifier, of a package or of a document."""
    into = collect(element, _WAREHOUSE, context, {})
    if not into and (name := text_of(element)):
        into["name"] = name
    if identified(element, into, context):
        yield Warehouse(**into)


_UNIT: Final = fields(
    COMMON
    | {
        n.CODE: "code",
        n.SHORT_NAME: "name",
        n.LONG_NAME: "full_name",
        n.INTERNATIONAL: "international",
        n.SITE_ID: ignore,
    }
)


def read_unit(element: Element, context: Context) -> Iterator[Unit]:
    """A ЕдиницаИзмерения; УНФ gives it no id, then the code is one."""
    into = collect(element, _UNIT, context, {})
    into["id"] = into.get("id") or into.get("code", "")
    into["name"] = into.get("name") or into.get("full_name", "")
    if identified(element, into, context):
        yield Unit(**into)


def _property_ids(element: Element, into: Fields, context: Context) -> None:
    into["property_ids"] = tuple(onec_id for child in element if (onec_id := values.reference(child.text or "")))


_CATEGORY: Final = fields(COMMON | {n.PROPERTIES: _property_ids, n.SITE_ID: ignore})


def read_category(element: Element, context: Context) -> Iterator[Category]:
    """УНФ's Категория."""
    into = collect(element, _CATEGORY, context, {})
    if identified(element, into, context):
        yield Category(**into)
