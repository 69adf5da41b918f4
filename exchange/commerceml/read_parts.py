"""Parts of an item that are records of their own: property values, characteristics, requisites, packages, components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.context import Context, Element, Tags, local, text_of
from exchange.records import (
    Characteristic,
    Component,
    Manufacturer,
    Package,
    PropertyValue,
    UnitRef,
)

Slots = list[Any]
_new = tuple.__new__


def size_requisites(places: Mapping[str, int]) -> dict[str, Any]:
    """Readers of requisites that tell a size with its unit ("length (cm)"), in metres; `places`: field → slot."""

    def into(slot: int, ratio: Decimal) -> Any:
        def step(element: Element, found: tuple[str, ...], slots: Slots, context: Context) -> None:
            size = context.number_of(found[0], element) if found else None
            slots[slot] = size * ratio if size else slots[slot]

        return step

    return {
        spelled.format(name, unit): into(places[field], Decimal(ratio))
        for name, field in ((n.LENGTH, "length"), (n.WIDTH, "width"), (n.HEIGHT, "height"))
        for unit, ratio in n.SIZE_UNITS.items()
        for spelled in ("{} ({})", "{}({})", "{}, {}", "{},{}")
    }


def read_package(element: Element, context: Context) -> Package:
    unit, ratio, weight = UnitRef(), None, None
    for child in element:
        name = local(child.tag)
        if name == n.UNIT:
            unit = values.unit(child.text or "")
        elif name == n.UNIT_OF_MEASURE:
            unit = UnitRef(text_of(child))
        elif name == n.RATIO:
            ratio = context.number(child)
        elif name == n.GROSS_WEIGHT:
            weight = context.number(child)
        elif name == n.EXTRA_DATA:
            context.not_carried(child)
        else:
            context.unknown(child)
    return Package(unit, ratio, weight)


_VALUE_TAGS: Final = Tags({n.ID: 1, n.VALUE: 2, n.NAME: 3, n.PROPERTY_VALUE_SINGULAR: 4, n.SITE_ID: 5, n.TYPE: 5}, 0)


def read_property_values(elements: Iterable[Element], context: Context) -> list[PropertyValue]:
    """Each ЗначенияСвойства; empty values and empty references are left out."""
    result: list[PropertyValue] = []
    for element in elements:
        onec_id = name = ""
        found: tuple[str, ...] = ()
        nested: tuple[str, ...] = ()
        for child in element:
            what = _VALUE_TAGS[child.tag]
            text = child.text
            text = text.strip() if text else ""
            if what == 1:
                onec_id = text
            elif what == 2:
                if text and text != values.ZERO_GUID:
                    found = (*found, text) if found else (text,)
            elif what == 3:
                name = text
            elif what == 4:
                nested = (*nested, *(text for part in child if local(part.tag) == n.VALUE and (text := text_of(part))))
            elif what == 0:
                context.unknown(child)
        result.append(_new(PropertyValue, (onec_id or name, found or nested, name)))
    return result


_CHARACTERISTIC_TAGS: Final = Tags({n.NAME: 1, n.VALUE: 2, n.ID: 3, n.PROPERTY_VALUES: 4, n.SITE_ID: 5}, 0)


def read_characteristic(element: Element, context: Context) -> Characteristic:
    """One ХарактеристикаТовара."""
    name = value = onec_id = ""
    of_id: tuple[PropertyValue, ...] = ()
    for child in element:
        what = _CHARACTERISTIC_TAGS[child.tag]
        if what == 1:
            name = text_of(child)
        elif what == 2:
            value = text_of(child)
        elif what == 3:
            onec_id = text_of(child)
        elif what == 4:
            of_id = tuple(read_property_values(child, context))
        elif what == 0:
            context.unknown(child)
    return Characteristic(name, value, onec_id, of_id)


REQUISITE_TAGS: Final = Tags({n.NAME: 1, n.VALUE: 2}, 0)


def read_requisite(element: Element, context: Context) -> tuple[str, tuple[str, ...]]:
    """Name and non-empty values of one ЗначениеРеквизита."""
    name = ""
    found: tuple[str, ...] = ()
    for child in element:
        what = REQUISITE_TAGS[child.tag]
        text = child.text
        text = text.strip() if text else ""
        if what == 1:
            name = text
        elif what == 0:
            context.unknown(child)
        elif text:
            found = (*found, text)
    return name, found


_MANUFACTURER_TAGS: Final = Tags({n.ID: 1, n.NAME: 2, n.OFFICIAL_NAME: 3}, 0)


def read_manufacturer(element: Element, context: Context) -> Manufacturer:
    """Id and name of a Контрагент that only makes things; its other requisites are of no use here."""
    onec_id = name = official = ""
    for child in element:
        what = _MANUFACTURER_TAGS[child.tag]
        if what == 1:
            onec_id = text_of(child)
        elif what == 2:
            name = text_of(child)
        elif what == 3:
            official = text_of(child)
    return Manufacturer(onec_id, name or official or text_of(element))


def read_components(element: Element, context: Context) -> tuple[Component, ...]:
    found = []
    for child in element:
        parts = {local(part.tag): part for part in child}
        texts = {name: text_of(part) for name, part in parts.items()}
        quantity = parts.get(n.QUANTITY)
        found.append(
            Component(
                texts.get(n.ID, ""),
                texts.get(n.NAME, ""),
                context.number(quantity) if quantity is not None else None,
                texts.get(n.CATALOG_ID, ""),
                texts.get(n.CLASSIFIER_ID, ""),
            )
        )
    return tuple(found)
