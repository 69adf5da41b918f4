"""Документ and its lines, taxes, discounts, payments and subordinate documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import read_items as items
from exchange.commerceml import values
from exchange.commerceml.context import (
    Context,
    Element,
    Handler,
    Step,
    Tags,
    collect,
    fields,
    ignore,
    local,
    not_carried,
    text_of,
)
from exchange.commerceml.read_catalog import read_warehouse
from exchange.commerceml.read_offers import read_stock_list
from exchange.commerceml.read_parties import read_counterparty
from exchange.commerceml.read_parts import read_requisite
from exchange.records import Discount, OrderDocument, OrderLine, Payment, Requisite, Tax, Warehouse

Fields = dict[str, Any]


def _number(field: str) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = context.number(element)

    return step


def _flag(field: str) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = context.flag(element)

    return step


def _list(field: str, how: Any) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = (*into.get(field, ()), *(how(child, context) for child in element))

    return step


def _rate(element: Element, into: Fields, context: Context) -> None:
    into["rate"] = context.vat_of(text_of(element), element)


_TAX: Final = fields(
    {n.NAME: "name", n.IN_SUM: _flag("included"), n.AMOUNT: _number("amount"), n.RATE: _rate, n.EXCISE_TAX: ignore}
)


def _tax(element: Element, context: Context) -> Tax:
    return Tax(**collect(element, _TAX, context, {"name": ""}))


_DISCOUNT: Final = fields(
    {
        n.NAME: "name",
        n.AMOUNT: _number("amount"),
        n.PERCENT: _number("percent"),
        n.IN_SUM: _flag("included"),
        n.COMMENT: "comment",
    }
)


def _discount(element: Element, context: Context) -> Discount:
    return Discount(**collect(element, _DISCOUNT, context, {"name": ""}))


_PAYMENT: Final = fields(
    {
        n.PAYMENT_NUMBER: "number",
        n.PAYMENT_TRANSACTION: "transaction",
        n.PAYMENT_DATE: "paid_at",
        n.PAYMENT_AMOUNT: _number("amount"),
        n.PAYMENT_METHOD: "method",
        n.PAYMENT_METHOD_ID: "method_id",
    }
)


def _payment(element: Element, context: Context) -> Payment:
    return Payment(**collect(element, _PAYMENT, context, {}))


def _as_requisite(element: Element, into: Fields, context: Context) -> None:
    """An element that nobody knows (told) is kept as a requisite of its name: its text, or what its parts say."""
    if not isinstance(element.tag, str):
        return
    context.unknown(element)
    texts = [text for part in element.iter() if isinstance(part.tag, str) and (text := text_of(part))]
    into["requisites"] = (*into.get("requisites", ()), Requisite(local(element.tag), tuple(texts[:_MOST_PARTS])))


_MOST_PARTS: Final = 20


def _requisite(element: Element, context: Context) -> Requisite:
    return Requisite(*read_requisite(element, context))


def _marks(element: Element, context: Context) -> str:
    return next((text_of(part) for part in element if local(part.tag) in (n.BARCODE, n.BARCODE_CAPITAL)), text_of(element))


def _line_unit(element: Element, into: Fields, context: Context) -> None:
    """A short name in 2.x, a structure in 2.09 and 3.1."""
    texts = {local(part.tag): text_of(part) for part in element}
    into["unit"] = values.unit(
        text_of(element),
        texts.get(n.CODE) or texts.get(n.ID, ""),
        texts.get(n.LONG_NAME, ""),
        texts.get(n.SHORT_NAME, ""),
        texts.get(n.INTERNATIONAL, ""),
    )


def _stock(element: Element, into: Fields, context: Context) -> None:
    into["stock"] = (*into.get("stock", ()), *read_stock_list(element, context))


_LINE_STEPS: Final[dict[str, Step]] = {
    n.UNIT_PRICE: _number("price"),
    n.PRICE: _number("price"),
    n.QUANTITY: _number("quantity"),
    n.AMOUNT: _number("amount"),
    n.UNIT: _line_unit,
    n.RATIO: _number("ratio"),
    n.CATALOG_ID: "catalog_id",
    n.CLASSIFIER_ID: "classifier_id",
    n.RESERVE: _number("reserve"),
    n.COUNTRY_OF_ORIGIN: "country",
    n.CUSTOMS_DECLARATION: "customs_declaration",
    n.TAXES: _list("taxes", _tax),
    n.DISCOUNTS: _list("discounts", _discount),
    n.EXTRA_COSTS: _list("extra_costs", _discount),
    n.EXTRA_REQUISITES: _list("requisites", _requisite),
    n.WAREHOUSES: _stock,
    n.MARKS: _list("marks", _marks),
    n.MARKING_GROUP_OF_LINE: not_carried,
}
_LINE: Final[Tags[Step | None]] = Tags(_LINE_STEPS, None)
_OF_ITEMS: Final = Tags(dict.fromkeys(items.ITEM_STEPS, True), False)


def _line(element: Element, context: Context) -> OrderLine:
    into: Fields = {}
    slots = items.empty_slots()
    for child in element:
        step = _LINE[child.tag]
        if isinstance(step, str):
            into[step] = text_of(child)
        elif step is not None:
            step(child, into, context)
        elif _OF_ITEMS[child.tag]:
            items.take(child, slots, context)
        else:
            _as_requisite(child, into, context)
    has_id = items.finish(element, slots, context, element.keys())
    product = items.product_of(slots)
    if not has_id:
        # Its money counts all the same.
        product = product._replace(id="", product_id="")
    if extra := into.pop("requisites", ()):
        product = product._replace(requisites=(*(product.requisites or ()), *extra))
    return OrderLine(product, **into)


def _lines(element: Element, into: Fields, context: Context) -> None:
    found = [_line(child, context) for child in element if isinstance(child.tag, str)]
    into["lines"] = (*into.get("lines", ()), *found)


def _parties(element: Element, into: Fields, context: Context) -> None:
    found = [party for child in element for party in read_counterparty(child, context)]
    into["parties"] = (*into.get("parties", ()), *found)


def _warehouses(element: Element, into: Fields, context: Context) -> None:
    found: list[Warehouse] = [warehouse for child in element for warehouse in read_warehouse(child, context)]
    into["warehouses"] = (*into.get("warehouses", ()), *found)


def _warehouse(element: Element, into: Fields, context: Context) -> None:
    into["warehouses"] = (*into.get("warehouses", ()), *read_warehouse(element, context))


def _day(field: str) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = context.day(element)

    return step


def _subordinates(element: Element, into: Fields, context: Context) -> None:
    found = [document for child in element for document in read_document(child, context)]
    into["subordinates"] = (*into.get("subordinates", ()), *found)


_DOCUMENT_STEPS: Final[dict[str, Step]] = {
    n.ID: "id",
    n.NUMBER: "number",
    n.DATE: "date_text",
    n.TIME: "time_text",
    n.OPERATION: "operation",
    n.ROLE: "role",
    n.CURRENCY: "currency",
    n.CURRENCY_RATE: _number("currency_rate"),
    n.AMOUNT: _number("amount"),
    n.COUNTERPARTIES: _parties,
    n.COUNTERPARTY: lambda element, into, context: into.update(
        parties=(*into.get("parties", ()), *read_counterparty(element, context))
    ),
    n.PAY_UNTIL: _day("pay_until"),
    n.COMMENT: "comment",
    n.TAXES: _list("taxes", _tax),
    n.DISCOUNTS: _list("discounts", _discount),
    n.EXTRA_COSTS: _list("extra_costs", _discount),
    n.WAREHOUSES: _warehouses,
    n.WAREHOUSE: _warehouse,
    n.ITEMS: _lines,
    n.PAYMENTS: _list("payments", _payment),
    n.SUBORDINATES: _subordinates,
    n.REQUISITES: _list("requisites", _requisite),
    n.ONEC_NUMBER: "onec_number",
    n.ONEC_DATE: "onec_date",
    n.BASIS: "basis_id",
    n.SITE_ID: "site_id",
    n.VERSION: "version",
    n.DELETED: _flag("deleted"),
    n.SIGNATORIES: not_carried,
    n.RECEIPTS: not_carried,
}
_DOCUMENT: Final[Tags[Step]] = Tags(_DOCUMENT_STEPS, _as_requisite)


def read_document(element: Element, context: Context) -> Iterator[OrderDocument]:
    """A Документ or ПодчиненныйДокумент; a subordinate one needs no id."""
    into = collect(element, _DOCUMENT, context, {"id": ""})
    date, clock = into.pop("date_text", ""), into.pop("time_text", "")
    into["date"] = context.day_of(date, element, n.DATE)
    into["time"] = context.time_of(clock or date, element, n.TIME)
    into["date_text"] = f"{date} {clock}".strip()
    requisites = {requisite.name: requisite.values[0] for requisite in into.get("requisites", ()) if requisite.values}
    into.setdefault("onec_number", requisites.get(n.REQUISITE_NUMBER_BY_ONEC, ""))
    into.setdefault("onec_date", requisites.get(n.REQUISITE_DATE_BY_ONEC, ""))
    if n.DELETED in requisites:
        into["deleted"] = context.flag_of(requisites[n.DELETED], element, n.DELETED) or into.get("deleted", False)
    yield OrderDocument(**into)
