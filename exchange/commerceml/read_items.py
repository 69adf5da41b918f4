"""Товар and Предложение: one pass over the children, each into its slot. The hot path of the whole reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from lxml import etree

from exchange.commerceml import names as n
from exchange.commerceml import read_commerceml1 as ml1
from exchange.commerceml import values
from exchange.commerceml.context import Context, Element, Tags, ignore, is_deleted_word, local, not_carried, text_of, unknown
from exchange.commerceml.read_offers import read_prices, read_single_price, read_stock_list, read_warehouse_stock
from exchange.commerceml.read_parts import (
    REQUISITE_TAGS,
    read_characteristic,
    read_components,
    read_manufacturer,
    read_package,
    read_property_values,
    size_requisites,
)
from exchange.records import (
    Excise,
    Offer,
    Picture,
    Product,
    Requisite,
    Stock,
)

Slots = list[Any]
_new = tuple.__new__
_SLOT: Final = {name: place for place, name in enumerate(Product._fields)}
_WIDTH: Final = len(Product._fields)
# Slots beyond those of Product.
PRICES, QUANTITY, STOCK, RESERVE, CHARACTERISTIC, FILES, REQUISITE_WEIGHT, NET_WEIGHT = range(_WIDTH, _WIDTH + 8)
_EMPTY: Final[Slots] = [None] * (_WIDTH + 8)
_EMPTY[_SLOT["characteristic_id"]] = ""
_EMPTY[_SLOT["deleted"]] = False
_ID, _PRODUCT_ID, _CHARACTERISTIC_ID = _SLOT["id"], _SLOT["product_id"], _SLOT["characteristic_id"]
_DELETED, _DESCRIPTION, _IS_HTML = _SLOT["deleted"], _SLOT["description"], _SLOT["description_is_html"]
_PICTURES, _BARCODES, _GROUP_IDS = _SLOT["pictures"], _SLOT["barcodes"], _SLOT["group_ids"]
_PROPERTY_VALUES, _CHARACTERISTICS, _REQUISITES = _SLOT["property_values"], _SLOT["characteristics"], _SLOT["requisites"]
_WEIGHT, _UNIT, _PACKAGES, _VAT = _SLOT["weight"], _SLOT["unit"], _SLOT["packages"], _SLOT["vat"]


def read_items(elements: Iterable[Element], context: Context) -> Iterator[Product | Offer]:
    """Products and offers of Товар and Предложение elements; a Товар with a price or a quantity gives an offer too."""
    for element in elements:
        is_offer = _KINDS[element.tag]
        attributes = element.keys()
        if is_offer is None:
            context.unknown(element)
            continue
        if attributes and ml1.is_attribute_form(element):
            yield from ml1.read_product(element, context)
            continue
        slots = _EMPTY[:]
        # The body of `take`, inlined: this loop is where the time goes.
        for child in element:
            step = _STEPS[child.tag]
            if step.__class__ is int:
                text = child.text
                slots[step] = text.strip() if text else ""
            else:
                step(child, slots, context)
        if not finish(element, slots, context, attributes):
            continue
        product = product_of(slots)
        if not is_offer:
            yield product
        if is_offer or slots[PRICES] or slots[QUANTITY] is not None or slots[STOCK]:
            yield _new(Offer, (product, slots[PRICES], slots[QUANTITY], slots[STOCK], slots[RESERVE]))


_KINDS: Final[Tags[bool | None]] = Tags({n.ITEM: False, n.OFFER: True}, None)


def empty_slots() -> Slots:
    """Fresh slots for `take`."""
    return _EMPTY[:]


def take(child: Element, slots: Slots, context: Context) -> None:
    """Reads one child of an item into the slots."""
    step = _STEPS[child.tag]
    if isinstance(step, int):
        slots[step] = text_of(child)
    else:
        step(child, slots, context)


def finish(element: Element, slots: Slots, context: Context, attributes: Sequence[object]) -> bool:
    """Completes the slots once all children are in; False (told) when the item has no id. `attributes` are the element's names."""
    if attributes:
        for name, value in context.attributes(element):
            if local(name) == n.STATUS and is_deleted_word(value):
                slots[_DELETED] = True
    onec_id = slots[_ID]
    if not onec_id:
        context.tell("item-without-id", local(element.tag), element, slots[_SLOT["name"]] or "")
        return False
    if slots[CHARACTERISTIC] and "#" not in onec_id:
        if local(element.tag) == n.OFFER:
            slots[_ID] = onec_id = f"{onec_id}#{slots[CHARACTERISTIC]}"
        else:
            context.tell("not-carried", n.CHARACTERISTIC_ID, element)
    if "#" in onec_id:
        slots[_PRODUCT_ID], slots[_CHARACTERISTIC_ID] = values.split_id(onec_id)
    else:
        slots[_PRODUCT_ID] = onec_id
    description = slots[_DESCRIPTION]
    if description is not None and slots[_IS_HTML] is None:
        slots[_IS_HTML] = "<" in description and values.looks_like_html(description)
    if slots[_WEIGHT] is None:
        slots[_WEIGHT] = slots[NET_WEIGHT] if slots[REQUISITE_WEIGHT] is None else slots[REQUISITE_WEIGHT]
    if slots[FILES] and slots[_PICTURES]:
        slots[_PICTURES] = tuple(Picture(p.path, slots[FILES].get(p.path, p.description)) for p in slots[_PICTURES])
    return True


def product_of(slots: Slots) -> Product:
    """The Product in the slots."""
    product: Product = _new(Product, slots[:_WIDTH])
    return product


def _id(element: Element, slots: Slots, context: Context) -> None:
    # The first one counts, as it does for the cutter.
    slots[_ID] = slots[_ID] or values.reference(element.text or "")


def _characteristic_id(element: Element, slots: Slots, context: Context) -> None:
    slots[CHARACTERISTIC] = slots[CHARACTERISTIC] or values.reference(element.text or "")


def _description(element: Element, slots: Slots, context: Context) -> None:
    if len(element):
        # HTML that was not escaped.
        inner = (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
        slots[_DESCRIPTION], slots[_IS_HTML] = inner.strip(), True
        context.tell("description-markup", "HTML elements inside a description", element)
    elif slots[_IS_HTML] is None:
        slots[_DESCRIPTION] = text_of(element)


def _deletion_mark(element: Element, slots: Slots, context: Context) -> None:
    slots[_DELETED] = context.flag(element) or slots[_DELETED]


def _status(element: Element, slots: Slots, context: Context) -> None:
    slots[_DELETED] = is_deleted_word(element.text) or slots[_DELETED]


def _barcode(element: Element, slots: Slots, context: Context) -> None:
    known = slots[_BARCODES] or ()
    slots[_BARCODES] = (*known, code) if (code := text_of(element)) and code not in known else known


def _picture(element: Element, slots: Slots, context: Context) -> None:
    known = slots[_PICTURES] or ()
    path = text_of(element)
    slots[_PICTURES] = (*known, _new(Picture, (path, ""))) if path else known


_ID_TAG: Final = Tags({n.ID: True}, False)


def _groups(element: Element, slots: Slots, context: Context) -> None:
    ids = []
    for child in element:
        text = child.text
        if not _ID_TAG[child.tag]:
            context.unknown(child)
        elif text and (text := text.strip()) and text != values.ZERO_GUID:
            ids.append(text)
    known = slots[_GROUP_IDS]
    slots[_GROUP_IDS] = (*known, *ids) if known else tuple(ids)


def _base_unit(element: Element, slots: Slots, context: Context) -> None:
    slots[_UNIT] = context.unit_of(element)
    for child in element if len(element) else ():
        if local(child.tag) == n.RECALCULATION:
            slots[_PACKAGES] = (*(slots[_PACKAGES] or ()), read_package(child, context))
        else:
            context.unknown(child)


def _packages(element: Element, slots: Slots, context: Context) -> None:
    slots[_PACKAGES] = (*(slots[_PACKAGES] or ()), *(read_package(child, context) for child in element))


def _property_values(element: Element, slots: Slots, context: Context) -> None:
    known = slots[_PROPERTY_VALUES]
    found = tuple(read_property_values(element, context))
    slots[_PROPERTY_VALUES] = known + found if known else found


def _single_property_value(element: Element, slots: Slots, context: Context) -> None:
    slots[_PROPERTY_VALUES] = (*(slots[_PROPERTY_VALUES] or ()), *read_property_values((element,), context))


_VAT_TAGS: Final = Tags({n.NAME: 1, n.RATE: 2}, 0)


def _vat(element: Element, slots: Slots, context: Context) -> None:
    rates = list(slots[_VAT] or ())
    for child in element:
        name = rate = ""
        for part in child:
            what = _VAT_TAGS[part.tag]
            if what == 1:
                name = text_of(part)
            elif what == 2:
                rate = text_of(part)
            else:
                context.unknown(part)
        if name.upper() not in n.VAT_NAMES:
            context.tell("other-tax", name, child, rate)
        elif (vat := context.vat_of(rate, child)) is not None:
            rates.append(vat)
    # A rate that cannot be read is not the same as no rate.
    slots[_VAT] = tuple(rates) if rates or not len(element) else slots[_VAT]


def _excises(element: Element, slots: Slots, context: Context) -> None:
    found = []
    for child in element:
        parts = {local(part.tag): part for part in child}
        amount = parts.get(n.AMOUNT_PER_UNIT)
        texts = {name: text_of(part) for name, part in parts.items()}
        found.append(
            Excise(texts.get(n.NAME, ""), context.number(amount) if amount is not None else None, texts.get(n.CURRENCY, ""))
        )
    slots[_SLOT["excises"]] = tuple(found)


def _characteristics(element: Element, slots: Slots, context: Context) -> None:
    slots[_CHARACTERISTICS] = tuple([read_characteristic(child, context) for child in element])


def _requisites(element: Element, slots: Slots, context: Context) -> None:
    others = []
    for requisite in element:
        # As `read_requisite`.
        name = ""
        found: tuple[str, ...] = ()
        for child in requisite:
            what = REQUISITE_TAGS[child.tag]
            text = child.text
            text = text.strip() if text else ""
            if what == 1:
                name = text
            elif what == 0:
                context.unknown(child)
            elif text:
                found = (*found, text) if found else (text,)
        step = _REQUISITE_STEPS.get(name)
        if step is None:
            others.append(_new(Requisite, (name, found)))
        elif step.__class__ is not int:
            step(requisite, found, slots, context)
        elif found:
            slots[step] = found[0]
        elif slots[step] is None:
            slots[step] = ""
    known = slots[_REQUISITES]
    slots[_REQUISITES] = (*known, *others) if known else tuple(others)


def _file_description(element: Element, found: tuple[str, ...], slots: Slots, context: Context) -> None:
    slots[FILES] = slots[FILES] or {}
    for text in found:
        path, _, description = text.partition("#")
        slots[FILES][path.strip()] = description.strip()


def _html(element: Element, found: tuple[str, ...], slots: Slots, context: Context) -> None:
    if found:
        slots[_DESCRIPTION], slots[_IS_HTML] = found[0], True


def _weight(element: Element, found: tuple[str, ...], slots: Slots, context: Context) -> None:
    if found:
        slots[REQUISITE_WEIGHT] = context.number_of(found[0], element, n.WEIGHT)


def _deletion_requisite(element: Element, found: tuple[str, ...], slots: Slots, context: Context) -> None:
    if found:
        slots[_DELETED] = context.flag_of(found[0], element, n.DELETED) or slots[_DELETED]


_REQUISITE_STEPS: Final[dict[str, Any]] = {
    n.REQUISITE_ITEM_KIND: _SLOT["item_kind"],
    n.REQUISITE_ITEM_TYPE: _SLOT["item_type"],
    **dict.fromkeys(n.REQUISITE_FULL_NAMES, _SLOT["full_name"]),
    n.CODE: _SLOT["code"],
    n.REQUISITE_FILE_DESCRIPTION: _file_description,
    n.REQUISITE_HTML: _html,
    n.WEIGHT: _weight,
    n.DELETED: _deletion_requisite,
    **size_requisites(_SLOT),
}


def _into(slot: int, how: Any) -> Any:
    def step(element: Element, slots: Slots, context: Context) -> None:
        slots[slot] = how(element, context)

    return step


def _number_into(slot: int) -> Any:
    def step(element: Element, slots: Slots, context: Context) -> None:
        slots[slot] = context.number(element)

    return step


def _add_stock(element: Element, slots: Slots, context: Context) -> None:
    known = slots[STOCK]
    text = element.get(n.WAREHOUSE_QUANTITY)
    if text and text in context.numbers and not len(element) and (number := context.numbers[text]) is not None:
        # By far the most frequent form, and a quantity met before.
        found: tuple[Stock, ...] = (_new(Stock, (values.reference(element.get(n.WAREHOUSE_ID) or ""), number)),)
    else:
        found = read_warehouse_stock(element, context)
    if found:
        slots[STOCK] = known + found if known else found


def _stock_list(element: Element, slots: Slots, context: Context) -> None:
    # ИзмененияПакетаПредложений of the 2.07 schema: the attributes of a Склад sit on Склады.
    read = read_warehouse_stock if n.WAREHOUSE_ID in element.attrib else read_stock_list
    found = read(element, context)
    # An empty list says that there is nothing; one that cannot be read says nothing.
    if found or not len(element):
        slots[STOCK] = (*(slots[STOCK] or ()), *found)


def _single_price(element: Element, slots: Slots, context: Context) -> None:
    slots[PRICES] = (*(slots[PRICES] or ()), *read_single_price(element, context))


ITEM_STEPS: Final[dict[str, Any]] = {
    n.ID: _id,
    n.CHARACTERISTIC_ID: _characteristic_id,
    n.NAME: _SLOT["name"],
    n.ARTICLE: _SLOT["article"],
    n.CODE: _SLOT["code"],
    n.BARCODE: _barcode,
    n.BARCODE_CAPITAL: _barcode,
    n.BASE_UNIT: _base_unit,
    n.UNIT_LIST: _packages,
    n.GROUPS: _groups,
    n.CATEGORY: _SLOT["category_id"],
    n.DESCRIPTION: _description,
    n.FULL_NAME: _SLOT["full_name"],
    n.PICTURE: _picture,
    n.COUNTRY: _SLOT["country"],
    n.BRAND: _SLOT["brand"],
    n.BRAND_OWNER: _into(_SLOT["brand_owner"], read_manufacturer),
    n.MANUFACTURER: _into(_SLOT["manufacturer"], read_manufacturer),
    n.TAX_RATES: _vat,
    n.EXCISES: _excises,
    n.PROPERTY_VALUES: _property_values,
    n.PROPERTY_VALUE_SINGULAR: _single_property_value,
    n.CHARACTERISTICS: _characteristics,
    n.REQUISITES: _requisites,
    n.WEIGHT: _number_into(_WEIGHT),
    n.NET_WEIGHT: _number_into(NET_WEIGHT),
    n.WIDTH: _number_into(_SLOT["width"]),
    n.LENGTH: _number_into(_SLOT["length"]),
    n.HEIGHT: _number_into(_SLOT["height"]),
    n.SITE_ID: _SLOT["site_id"],
    n.VERSION: _SLOT["version"],
    n.MARKING_GROUP: _SLOT["marking_group"],
    n.CONTRACTOR_ITEM_ID: _SLOT["contractor_item_id"],
    n.COMPONENTS: _into(_SLOT["components"], read_components),
    n.ANALOGUES: _into(_SLOT["analogues"], read_components),
    n.DELETED: _deletion_mark,
    n.STATUS: _status,
    n.PRICES: _into(PRICES, read_prices),
    n.PRICE: _single_price,
    n.QUANTITY: _number_into(QUANTITY),
    n.WAREHOUSE: _add_stock,
    n.WAREHOUSES: _stock_list,
    n.STOCK_LIST: _stock_list,
    n.WAREHOUSE_QUANTITIES: _stock_list,
    n.RESERVE: _number_into(RESERVE),
    n.UNIT_CODE: not_carried,
    n.RESOURCE_BUSY: not_carried,
    n.CLASSIFIER_ID: ignore,
    n.CATALOG_ID: ignore,
}
_STEPS: Final[Tags[Any]] = Tags(ITEM_STEPS, unknown)
