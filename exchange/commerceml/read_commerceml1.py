"""CommerceML 1, as 1C 7.7 writes it: everything in attributes.

Items have two ids: Идентификатор (global) and ИдентификаторВКаталоге (what document lines refer to); either may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.context import Context, Element, is_deleted_word, local
from exchange.records import (
    Counterparty,
    Group,
    OrderDocument,
    OrderLine,
    Product,
    Property,
    PropertyValue,
    Record,
    Tax,
)

Texts = dict[str, str]


_KNOWN: Final = frozenset(
    (
        *(
            n.ML1_ID,
            n.ML1_CATALOG_ID,
            n.ML1_PARENT,
            n.ML1_PROPERTY_ID,
            n.ML1_TAX_IN_SUM,
            n.NAME,
            n.ARTICLE,
            n.UNIT,
            n.DESCRIPTION,
        ),
        *(n.STATUS, n.VALUE, n.OFFICIAL_NAME, n.FULL_NAME, n.INN, n.KPP, n.COMMENT, n.COUNTERPARTY, n.ROLE, n.NUMBER, n.DATE),
        *(n.TIME, n.OPERATION, n.CURRENCY, n.CURRENCY_RATE, n.AMOUNT, n.PAY_UNTIL, n.TAX, n.RATE, n.ITEM, n.PRICE, n.QUANTITY),
        *(n.CATALOG, n.OWNER, n.ML1_OF_CATALOG, *n.PARTY_CODES),
    )
)


def _texts(element: Element, context: Context) -> Texts:
    texts = {}
    for name, value in context.attributes(element):
        name = local(name)
        if name not in _KNOWN and value:
            context.tell("unknown-attribute", f"{local(element.tag)}@{name}", element, value)
        # 7.7 pads its strings to a fixed width.
        texts[name] = value.strip()
    return texts


def is_attribute_form(element: Element) -> bool:
    """Whether the element says its id in an attribute."""
    attributes = element.attrib
    return bool(attributes) and any(name in attributes for name in (n.ML1_ID, n.ML1_CATALOG_ID, n.NUMBER))


def catalog_head(element: Element, context: Context) -> dict[str, Any]:
    """Id and name of a Каталог from its attributes; nothing for the other schemas."""
    if not is_attribute_form(element):
        return {}
    texts = _texts(element, context)
    head = {"id": texts.get(n.ML1_ID), "name": texts.get(n.NAME)}
    return {field: text for field, text in head.items() if text}


def read_group(element: Element, context: Context) -> Iterable[Record]:
    """A Группа; its parent is an attribute."""
    texts = _texts(element, context)
    return (Group(texts.get(n.ML1_ID) or texts.get(n.ML1_CATALOG_ID, ""), texts.get(n.NAME, ""), texts.get(n.ML1_PARENT, "")),)


def read_property(element: Element, context: Context) -> Iterable[Record]:
    """A Свойство."""
    texts = _texts(element, context)
    return (Property(texts.get(n.ML1_ID, ""), texts.get(n.NAME, "")),)


def read_product(element: Element, context: Context) -> Iterable[Product]:
    """A Товар: attributes, and values of properties as children."""
    texts = _texts(element, context)
    onec_id = values.reference(texts.get(n.ML1_ID) or texts.get(n.ML1_CATALOG_ID, ""))
    if not onec_id:
        context.tell("item-without-id", local(element.tag), element, texts.get(n.NAME, ""))
        return ()
    found = []
    for child in element:
        match local(child.tag):
            case n.PROPERTY_VALUE_SINGULAR | n.PROPERTY_VALUE:
                parts = _texts(child, context)
                value = parts.get(n.VALUE, "")
                found.append(PropertyValue(parts.get(n.ML1_PROPERTY_ID, ""), (value,) if value else ()))
            case n.ML1_PROPERTY_LINK:
                pass
            case _:
                context.unknown(child)
    product_id, characteristic_id = values.split_id(onec_id)
    parent = texts.get(n.ML1_PARENT)
    return (
        Product(
            onec_id,
            product_id,
            characteristic_id,
            name=texts.get(n.NAME),
            article=texts.get(n.ARTICLE),
            code=texts.get(n.ML1_CATALOG_ID) if texts.get(n.ML1_ID) else None,
            unit=values.unit(texts[n.UNIT]) if n.UNIT in texts else None,
            group_ids=(parent,) if parent else None,
            property_values=tuple(found) or None,
            description=texts.get(n.DESCRIPTION),
            deleted=is_deleted_word(texts.get(n.STATUS)),
        ),
    )


CATALOG_READERS: Final[dict[str, Callable[[Element, Context], Iterable[Record]]]] = {
    n.GROUP: read_group,
    n.ITEM: read_product,
    n.PROPERTY: read_property,
}


def read_counterparty(element: Element, context: Context) -> Iterable[Record]:
    """A Контрагент beside the documents."""
    texts = _texts(element, context)
    for child in element:
        context.unknown(child)
    return (
        Counterparty(
            texts.get(n.ML1_ID) or texts.get(n.ML1_CATALOG_ID, ""),
            texts.get(n.NAME, ""),
            official_name=texts.get(n.OFFICIAL_NAME, ""),
            full_name=texts.get(n.FULL_NAME, ""),
            inn=texts.get(n.INN, ""),
            kpp=texts.get(n.KPP, ""),
            codes=tuple((name, texts[name]) for name in n.PARTY_CODES if texts.get(name)),
            comment=texts.get(n.COMMENT, ""),
        ),
    )


def read_document(element: Element, context: Context) -> Iterable[Record]:
    """A Документ: attributes, and parties, taxes and lines as children."""
    texts = _texts(element, context)
    parties, taxes, lines = [], [], []
    for child in element:
        match local(child.tag):
            case n.ML1_PARTY_IN_DOCUMENT:
                parts = _texts(child, context)
                parties.append(Counterparty(parts.get(n.COUNTERPARTY, ""), role=parts.get(n.ROLE, "")))
            case n.ML1_TAX_SUM:
                taxes.append(_tax(child, context))
            case n.ML1_LINE:
                lines.append(_line(child, context))
            case _:
                context.unknown(child)
    number = texts.get(n.NUMBER, "")
    date, clock = texts.get(n.DATE, ""), texts.get(n.TIME, "")
    return (
        OrderDocument(
            texts.get(n.ML1_ID) or number,
            number,
            context.day_of(date, element, n.DATE),
            context.time_of(clock or date, element, n.TIME),
            f"{date} {clock}".strip(),
            operation=texts.get(n.OPERATION, ""),
            currency=texts.get(n.CURRENCY, ""),
            currency_rate=context.number_of(texts.get(n.CURRENCY_RATE, ""), element, n.CURRENCY_RATE),
            amount=context.number_of(texts.get(n.AMOUNT, ""), element, n.AMOUNT),
            parties=tuple(parties),
            pay_until=context.day_of(texts.get(n.PAY_UNTIL, ""), element, n.PAY_UNTIL),
            comment=texts.get(n.COMMENT, ""),
            taxes=tuple(taxes),
            lines=tuple(lines),
        ),
    )


def _tax(element: Element, context: Context) -> Tax:
    texts = _texts(element, context)
    return Tax(
        texts.get(n.TAX, ""),
        context.flag_of(texts.get(n.ML1_TAX_IN_SUM, ""), element, n.ML1_TAX_IN_SUM),
        context.number_of(texts.get(n.AMOUNT, ""), element, n.AMOUNT),
        context.vat_of(texts.get(n.RATE, ""), element),
    )


def _line(element: Element, context: Context) -> OrderLine:
    texts = _texts(element, context)
    onec_id = texts.get(n.ITEM, "")
    product_id, characteristic_id = values.split_id(onec_id)
    unit = texts.get(n.UNIT)
    return OrderLine(
        Product(onec_id, product_id, characteristic_id, name=texts.get(n.NAME), description=texts.get(n.DESCRIPTION)),
        context.number_of(texts.get(n.PRICE, ""), element, n.PRICE),
        context.number_of(texts.get(n.QUANTITY, ""), element, n.QUANTITY),
        context.number_of(texts.get(n.AMOUNT, ""), element, n.AMOUNT),
        values.unit(unit) if unit else None,
        catalog_id=texts.get(n.CATALOG, ""),
        taxes=tuple(_tax(child, context) for child in element if local(child.tag) == n.ML1_TAX_SUM),
    )
