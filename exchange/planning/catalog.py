"""An item of 1C as the portal shall have it: a simple product, a service, or a SKU parent with its offers. Pure.

An item is planned whole: its product row, the rows of its characteristics and its offers, wherever the files put them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import nh3

from exchange.planning.desired import Row, number, prices_of, product_of, stock_of
from exchange.planning.items import Element, Item, Shape, Trouble, Value
from exchange.planning.plain import plain_date, plain_number
from exchange.planning.plain_offers import together
from exchange.planning.references import (
    ARTICLE,
    BARCODE,
    BRAND,
    CODE,
    COUNTRY,
    EXEMPT,
    ITEM_KIND,
    MANUFACTURER,
    PortalProperty,
    References,
    currency_of,
    measure_of,
    vat_key,
)
from exchange.records import Offer, Product
from mapping.rules import Rules

NAME_LIMIT = 255


def _merged(base: Product | None, more: Product | None) -> Product | None:
    """`more` laid over `base` where it says something; deletion of either counts."""
    if base is None or more is None:
        return base or more
    said = {key: value for key, value in more._asdict().items() if value is not None and value != "" and value != ()}
    return base._replace(**{**said, "deleted": base.deleted or more.deleted, "id": base.id, "product_id": base.product_id})


def plan_item(onec_id: str, rows: Iterable[Row], references: References, rules: Rules, *, was_sku: bool = False) -> Item:
    """Plan the item `onec_id` from its rows (see desired.Row); `was_sku` keeps an item a SKU parent once it is one."""
    products: dict[str, Product] = {}
    offers: dict[str, Offer] = {}
    for row in rows:
        made = product_of(row.onec_id, row.main) if row.main is not None else None
        if row.kind == "product" and made is not None:
            products[row.onec_id] = made
        elif row.kind == "offer":
            product = made or product_of(row.onec_id, {})
            total, stock = stock_of(row.stock) if row.stock is not None else (None, None)
            offers[row.onec_id] = Offer(product, prices_of(row.prices) if row.prices is not None else None, total, stock)
    variants = sorted({key for key in (*products, *offers) if "#" in key})
    parent = products.get(onec_id) or _parent_of_variants(onec_id, products, variants)
    if parent is None:
        return Item(onec_id, None, waits="product")
    return _Planner(references, rules).item(parent, products, offers, variants, was_sku=was_sku)


def _parent_of_variants(onec_id: str, products: Mapping[str, Product], variants: list[str]) -> Product | None:
    """The common part of characteristics that came without their product (old clients send only `product#characteristic`)."""
    first = next((products[key] for key in variants if key in products), None)
    if first is None:
        return None
    traits = ", ".join(trait.value for trait in first.characteristics or ())
    name = (first.name or "").removesuffix(f"({traits})").strip() if traits else first.name
    gone = all(products[key].deleted for key in variants if key in products)
    return first._replace(id=onec_id, characteristic_id="", name=name, characteristics=None, barcodes=None, deleted=gone)


class _Planner:
    """Plans one item and gathers what could not be decided."""

    def __init__(self, references: References, rules: Rules) -> None:
        self.references = references
        self.rules = rules
        self.troubles: list[Trouble] = []
        self.waits = ""

    def trouble(self, cause: str, *, blocks: bool = False, **facts: str) -> None:
        self.troubles.append(Trouble(cause, facts, blocks))

    def item(
        self, parent: Product, products: Mapping[str, Product], offers: Mapping[str, Offer], variants: list[str], *, was_sku: bool
    ) -> Item:
        own = offers.get(parent.id)
        alive = [key for key in variants if not self._gone(key, products, offers)]
        plain = not was_sku and (parent.item_type or "").strip() in self.rules.plain_item_types
        if plain and alive:
            own = together(parent, [offers[key] for key in (parent.id, *alive) if key in offers])
        is_sku = was_sku or (bool(alive) and not plain)
        if not is_sku:
            variants = []
        if is_sku and not self.references.offers_iblock_id:
            self.trouble("offers-catalog-missing", blocks=True)
        shape: Shape = "sku" if is_sku else "service" if self._is_service(parent) else "product"
        element = self._element(parent, shape, None if is_sku else own)
        elements = tuple(
            self._element(self._variant(key, parent, products, offers), "offer", offers.get(key), deleted=parent.deleted)
            for key in variants
        )
        if not (parent.name or "").strip():
            self.trouble("name-missing", blocks=True)
        skipped = (parent.item_type or "").strip() in self.rules.skipped_item_types and parent.item_type
        return Item(parent.id, None if skipped else element, elements, tuple(self.troubles), "nothing" if skipped else self.waits)

    @staticmethod
    def _gone(key: str, products: Mapping[str, Product], offers: Mapping[str, Offer]) -> bool:
        return (key in products and products[key].deleted) or (key in offers and offers[key].product.deleted)

    @staticmethod
    def _variant(key: str, parent: Product, products: Mapping[str, Product], offers: Mapping[str, Offer]) -> Product:
        offer = offers.get(key)
        merged = _merged(products.get(key), offer.product if offer else None)
        variant = merged or parent
        if not variant.name:
            traits = ", ".join(trait.value for trait in variant.characteristics or ())
            variant = variant._replace(name=f"{parent.name} ({traits})" if traits else parent.name)
        return variant._replace(
            id=key,
            unit=variant.unit or parent.unit,
            vat=variant.vat or parent.vat,
            weight=variant.weight or parent.weight,
            length=variant.length or parent.length,
            width=variant.width or parent.width,
            height=variant.height or parent.height,
        )

    def _is_service(self, product: Product) -> bool:
        kind = (product.item_type or "").strip()
        return kind in self.rules.service_item_types or kind.casefold() in self.references.service_types

    def _element(self, product: Product, shape: Shape, offer: Offer | None, *, deleted: bool = False) -> Element:
        fields: dict[str, Value] = {"active": not (product.deleted or deleted), "name": (product.name or "").strip()[:NAME_LIMIT]}
        if shape != "offer":
            self._sections(product, fields)
            self._texts(product, fields)
        if shape in ("product", "offer"):
            self._measure(product, fields)
            fields |= _sizes(product)
        if shape != "sku":
            self._vat(product, offer, fields)
        self._properties(product, shape, offer, fields)
        prices = quantity = stock = None
        if offer is not None and shape != "sku":
            prices = self._prices(offer)
            if shape != "service":
                quantity, stock = self._stock(offer)
        pictures = product.pictures if product.pictures is not None else (offer.product.pictures if offer else None)
        paths = None if pictures is None else tuple(dict.fromkeys(picture.path for picture in pictures if picture.path))
        return Element(product.id, shape, fields, prices, quantity, stock, paths)

    def _sections(self, product: Product, fields: dict[str, Value]) -> None:
        if section := self.rules.item_type_sections.get((product.item_type or "").strip()):
            fields["section"] = section
            return
        if product.group_ids is None:
            return
        ids = [self.references.sections[group] for group in product.group_ids if group in self.references.sections]
        missing = [group for group in product.group_ids if group not in self.references.sections]
        if any(group in self.references.known_groups for group in missing):
            self.waits = "group"
        elif missing and not ids:
            self.trouble("section-missing", group=missing[0])
        fields["section"] = ids[0] if ids else 0
        if len(ids) > 1:
            fields["sections"] = [*ids]

    def _texts(self, product: Product, fields: dict[str, Value]) -> None:
        if product.description is not None:
            is_html = bool(product.description_is_html)
            fields["description"] = nh3.clean(product.description) if is_html else product.description
            fields["description_type"] = "html" if is_html else "text"
        if product.full_name is not None:
            fields["summary"] = "" if product.full_name == product.name else product.full_name

    def _measure(self, product: Product, fields: dict[str, Value]) -> None:
        if product.unit is None or not any(product.unit):
            return
        measure = measure_of(product.unit, self.references)
        if measure is None:
            self.trouble("unknown-unit", unit=product.unit.name or product.unit.full_name or product.unit.code)
        else:
            fields["measure"] = measure

    def _vat(self, product: Product, offer: Offer | None, fields: dict[str, Value]) -> None:
        if product.vat:
            key = vat_key(product.vat[0])
            if key in self.references.vats:
                fields["vat"] = self.references.vats[key]
            elif key == EXEMPT:
                fields["vat"] = None
            else:
                self.trouble("unknown-vat", rate=key)
        included = [
            self.references.price_types[price.price_type_id].vat_included
            for price in (offer.prices if offer and offer.prices else ())
            if price.price_type_id in self.references.price_types
        ]
        said = [flag for flag in included if flag is not None]
        if said:
            fields["vat_included"] = said[0]

    def _properties(self, product: Product, shape: Shape, offer: Offer | None, fields: dict[str, Value]) -> None:
        known = self.references.offer_properties if shape == "offer" else self.references.properties
        barcodes = product.barcodes if product.barcodes is not None else (offer.product.barcodes if offer else None)
        article = product.article if product.article is not None else (offer.product.article if offer else None)
        system: dict[str, tuple[str, ...] | None] = {
            ARTICLE: None if article is None else (article,),
            BARCODE: barcodes,
            MANUFACTURER: None if product.manufacturer is None else (product.manufacturer.name,),
            BRAND: None if product.brand is None else (product.brand,),
            COUNTRY: None if product.country is None else (product.country,),
            CODE: None if product.code is None else (product.code,),
            ITEM_KIND: None if product.item_kind is None or shape == "offer" else (product.item_kind,),
        }
        values: dict[str, tuple[str, ...]] = {key: told for key, told in system.items() if told is not None}
        values |= {requisite_property(told.name): told.values for told in product.requisites or ()}
        values |= {told.id: told.values for told in product.property_values or ()}
        if shape == "offer":
            values |= {trait.id or trait.name: (trait.value,) for trait in product.characteristics or ()}
        for key, texts in values.items():
            if key in known:
                fields[f"property:{known[key].id}"] = self._value(key, known[key], [text for text in texts if text])

    def _value(self, key: str, target: PortalProperty, texts: list[str]) -> Value:
        if not target.multiple and len(texts) > 1:
            if target.type == "string":
                texts = [", ".join(texts)]
            else:
                self.trouble("several-values", property=key)
                texts = texts[:1]
        found: list[str | int] = []
        for text in texts:
            if target.type in ("number", "date"):
                plain = plain_number(text) if target.type == "number" else plain_date(text)
                if plain is None:
                    self.trouble(f"bad-{target.type}", property=key, value=text)
                elif plain:
                    found.append(plain)
            elif target.type != "list":
                found.append(text)
            elif text in target.options:
                found.append(target.options[text])
            elif text.strip("0-"):  # an all-zero GUID is an empty reference
                self.trouble("unknown-value", property=key, value=text)
        if target.multiple:
            return found
        return found[0] if found else ""

    def _prices(self, offer: Offer) -> dict[int, tuple[str, str]] | None:
        if offer.prices is None:
            return None
        prices: dict[int, tuple[str, str]] = {}
        for price in offer.prices:
            if price.price_type_id in self.rules.skipped_price_types or price.unit_price is None:
                continue
            target = self.references.price_types.get(price.price_type_id)
            if target is None:
                if price.price_type_id not in self.references.told_price_types:
                    self.trouble("unknown-price-type", price_type=price.price_type_id)
                continue
            written = price.currency or target.currency
            currency = currency_of(written, self.references) if written else self.references.base_currency
            if not currency:
                self.trouble("unknown-currency", currency=written)
                continue
            if self.references.portal_currencies and currency not in self.references.portal_currencies:
                self.trouble("currency-missing", currency=currency)
                continue
            if price.min_quantity is not None and price.min_quantity > 1 and target.id in prices:
                continue  # a price from a quantity on: the portal's plain price is the one without a range
            prices[target.id] = (number(price.unit_price) or "0", currency)
        return prices

    def _stock(self, offer: Offer) -> tuple[str | None, dict[int, str] | None]:
        if offer.quantity is None and offer.stock is None:
            return None, None
        rows = [row for row in offer.stock or () if row.warehouse_id not in self.rules.skipped_warehouses]
        total = offer.quantity
        if total is None or len(rows) != len(offer.stock or ()):
            total = sum((row.quantity for row in rows), Decimal(0))
        by_store = {
            self.references.stores[row.warehouse_id]: number(row.quantity) or "0"
            for row in rows
            if row.warehouse_id in self.references.stores
        }
        return number(total), by_store if rows else None


def _sizes(product: Product) -> dict[str, Value]:
    """Weight in grams and sizes in millimetres, as the portal counts; 1C writes kilograms and metres.

    1C (3.1) writes a zero size for whatever nobody has measured: it must not wipe out what a person typed into the portal.
    """
    told: dict[str, Value] = {} if product.weight is None else {"weight": number(product.weight * 1000)}
    sizes = (("length", product.length), ("width", product.width), ("height", product.height))
    return told | {name: number(size * 1000) for name, size in sizes if size}


def requisite_property(name: str) -> str:
    """The external id of the property that shows a requisite without an id of its own."""
    return f"requisite:{name}"[:NAME_LIMIT]
