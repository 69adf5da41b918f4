"""Prices and stock of an item, in every form that the generations of 1C write."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.context import Context, Element, Tags, local, text_of
from exchange.records import Price, Stock

_new = tuple.__new__
_PLACE: Final = {name: place for place, name in enumerate(Price._fields)}
_EMPTY: Final[list[Any]] = ["", None, "", "", None, None, None, ""]
_UNIT, _UNIT_PRICE, _PRICE_TYPE = _PLACE["unit"], _PLACE["unit_price"], _PLACE["price_type_id"]
_NUMBER, _TOLD, _UNKNOWN, _IGNORED = 100, 200, 201, -1
_PRICE_TAGS: Final = Tags(
    {
        n.PRICE_TYPE_ID: _PRICE_TYPE,
        n.UNIT_PRICE: _NUMBER + _UNIT_PRICE,
        n.CURRENCY: _PLACE["currency"],
        n.UNIT: _UNIT,
        n.UNIT_ID: _UNIT,
        n.RATIO: _NUMBER + _PLACE["ratio"],
        n.MIN_QUANTITY: _NUMBER + _PLACE["min_quantity"],
        n.QUANTITY_FROM: _NUMBER + _PLACE["min_quantity"],
        n.QUANTITY_TO: _NUMBER + _PLACE["max_quantity"],
        n.CATALOG_ID: _PLACE["catalog_id"],
        # For people only: groups by spaces, a currency word; the same price in other words.
        n.PRESENTATION: _IGNORED,
        n.EXTRA_DATA: _TOLD,
        n.TAX: _TOLD,
    },
    _UNKNOWN,
)


def read_prices(elements: Iterable[Element], context: Context) -> tuple[Price, ...]:
    """Each Цена (of a Цены): a structure, or a plain number without a price type; none when there are none."""
    found = []
    number_of, numbers = context.number_of, context.numbers
    for element in elements:
        parts = _EMPTY[:]
        child = None
        for child in element:
            place = _PRICE_TAGS[child.tag]
            if place < _NUMBER:
                if place != _IGNORED:
                    text = child.text
                    parts[place] = text.strip() if text else ""
            elif place < _TOLD:
                text = child.text
                if text:
                    parts[place - _NUMBER] = numbers[text] if text in numbers else number_of(text, child)
            elif place == _TOLD:
                context.not_carried(child)
            else:
                context.unknown(child)
        if child is None:
            parts[_UNIT_PRICE] = context.number(element)
        found.append(_new(Price, parts))
    return tuple(found)


def read_single_price(element: Element, context: Context) -> tuple[Price, ...]:
    """A Цена directly in the item: as `read_prices`, none when it is empty."""
    return read_prices((element,), context) if len(element) or text_of(element) else ()


def read_warehouse_stock(element: Element, context: Context) -> tuple[Stock, ...]:
    """One Склад with its quantity, in attributes or in elements; none (told) without a quantity."""
    warehouse_id = element.get(n.WAREHOUSE_ID) or ""
    text = element.get(n.WAREHOUSE_QUANTITY)
    quantity = context.number_of(text, element, n.WAREHOUSE_QUANTITY) if text else None
    for child in element if len(element) else ():
        name = local(child.tag)
        if name in (n.ID, n.WAREHOUSE_ID):
            warehouse_id = text_of(child)
        elif name in (n.QUANTITY, n.WAREHOUSE_QUANTITY):
            quantity = context.number(child)
        elif name not in (n.NAME, n.VERSION, n.DELETED):
            context.unknown(child)
    if quantity is None:
        context.tell("stock-without-quantity", n.WAREHOUSE, element, warehouse_id)
        return ()
    return (Stock(values.reference(warehouse_id), quantity),)


def read_stock_list(element: Element, context: Context) -> tuple[Stock, ...]:
    """Остатки (of Остаток), Склады (of Склад) or КоличествоНаСкладах; empty when the element is."""
    found: list[Stock] = []
    for child in element:
        name = local(child.tag)
        if name == n.STOCK:
            found += _balance(child, context)
        elif name in (n.WAREHOUSE, n.WAREHOUSE_QUANTITY, n.WAREHOUSE_QUANTITIES):
            found += read_warehouse_stock(child, context)
        else:
            context.unknown(child)
    return tuple(found)


def _balance(element: Element, context: Context) -> list[Stock]:
    """One Остаток: Склады in it, or ИдСклада with Количество, or Количество alone (the total, without a warehouse)."""
    found: list[Stock] = []
    warehouse_id = ""
    total: Decimal | None = None
    for child in element:
        name = local(child.tag)
        if name == n.WAREHOUSE:
            found += read_warehouse_stock(child, context)
        elif name == n.WAREHOUSE_ID:
            warehouse_id = values.reference(child.text or "")
        elif name == n.QUANTITY:
            total = context.number(child)
        else:
            context.unknown(child)
    if total is not None and (warehouse_id or not found):
        found.append(Stock(warehouse_id, total))
    return found
