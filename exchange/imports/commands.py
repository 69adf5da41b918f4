"""Changes as REST commands, and what their answers mean: the only room on the way to the catalogue that knows Bitrix24's field names.

Source: the catalog.* pages of the REST documentation. Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from b24app.rest.commands import Command
from exchange.planning.changes import KnownPrice
from exchange.planning.items import Shape, Value

LOOKUP_SIZE = 50  # one page of a list

_METHOD: dict[Shape, str] = {
    "product": "catalog.product",
    "service": "catalog.product.service",
    "sku": "catalog.product.sku",
    "offer": "catalog.product.offer",
}
# The key of the result differs by method (product.add answers `element`, sku.list answers `units`).
_ADDED: dict[Shape, str] = {"product": "element", "service": "service", "sku": "sku", "offer": "offer"}
_LISTED: dict[Shape, str] = {"product": "products", "service": "services", "sku": "units", "offer": "offers"}
_TYPE_SHAPES: dict[int, Shape] = {1: "product", 3: "sku", 4: "offer", 5: "offer", 6: "sku", 7: "service"}

_FIELDS = {
    "name": "name",
    "section": "iblockSectionId",
    "sections": "iblockSection",
    "description": "detailText",
    "description_type": "detailTextType",
    "summary": "previewText",
    "measure": "measure",
    "vat": "vatId",
    "weight": "weight",
    "length": "length",
    "width": "width",
    "height": "height",
    "quantity": "quantity",
}


# The portal's names of plain fields → ours.
FIELD_NAMES = {**{theirs: ours for ours, theirs in _FIELDS.items()}, "active": "active", "vatIncluded": "vat_included"}


def flag(value: object) -> str:
    """The portal's boolean."""
    return "Y" if value else "N"


def _field(name: str, value: Value) -> tuple[str, Any]:
    if name in ("active", "vat_included"):
        return ("active" if name == "active" else "vatIncluded"), flag(value)
    if name.startswith("property:"):
        key = "property" + name.removeprefix("property:")
        if isinstance(value, list):
            return key, [{"value": one} for one in value] or ""
        return key, {"value": value}
    if name == "section" and not value:
        return _FIELDS[name], ""
    return _FIELDS[name], "" if value is None else value


def element_fields(fields: Mapping[str, Value]) -> dict[str, Any]:
    """The portal's fields of neutral ones."""
    return dict(_field(name, value) for name, value in fields.items())


def add_element(
    shape: Shape,
    iblock_id: int,
    xml_id: str,
    fields: Mapping[str, Value],
    *,
    parent_id: int = 0,
    pictures: Mapping[str, Any] | None = None,
) -> Command:
    """Create a product, service, SKU parent or offer; `xmlId` is 1C's id as it came."""
    # The portal looks a section up whatever its id, and there is none of id 0.
    told = {name: value for name, value in fields.items() if name != "section" or value}
    values = {"iblockId": iblock_id, "xmlId": xml_id, **element_fields(told), **(pictures or {})}
    if shape == "offer":
        values["parentId"] = parent_id
    return Command(f"{_METHOD[shape]}.add", {"fields": values})


def update_element(shape: Shape, b24_id: int, fields: Mapping[str, Value], *, extra: Mapping[str, Any] | None = None) -> Command:
    return Command(f"{_METHOD[shape]}.update", {"id": b24_id, "fields": {**element_fields(fields), **(extra or {})}})


def retire_element(shape: Shape, b24_id: int, xml_id: str) -> Command:
    """Switch off an element that another one has replaced, and free its external id."""
    return Command(f"{_METHOD[shape]}.update", {"id": b24_id, "fields": {"active": "N", "xmlId": f"replaced:{xml_id}"}})


def added_id(shape: Shape, result: Any) -> int:
    """The id of the element that an `add` made."""
    return int(result[_ADDED[shape]]["id"])


def find_elements(shape: Shape, iblock_id: int, xml_ids: Sequence[str]) -> Command:
    """Find elements by 1C's ids, at most one page of them."""
    return Command(
        f"{_METHOD[shape]}.list",
        {
            "select": ["id", "iblockId", "xmlId", *(["parentId"] if shape == "offer" else [])],
            "filter": {"iblockId": iblock_id, "xmlId": list(xml_ids)},
            "order": {"id": "ASC"},
        },
    )


def find_by_property(
    iblock_id: int, property_id: int, values: Sequence[str], shape: Shape = "product", *, after: int = 0
) -> Command:
    """Find elements with an id above `after` by a property's values (article or barcode), at most one page of them."""
    beyond = {">id": after} if after else {}
    return Command(
        f"{_METHOD[shape]}.list",
        {
            "select": ["id", "iblockId", "xmlId", f"property{property_id}"],
            "filter": {"iblockId": iblock_id, f"property{property_id}": list(values), **beyond},
            "order": {"id": "ASC"},
        },
    )


def property_texts(row: Mapping[str, Any], property_id: int) -> list[str]:
    """The values of a property in a listed element, single or multiple, as texts."""
    held = row.get(f"property{property_id}")
    cells = held if isinstance(held, list) else [held]
    return [str(cell["value"] if isinstance(cell, Mapping) else cell) for cell in cells if cell not in (None, "")]


def listed_elements(shape: Shape, result: Any) -> list[dict[str, Any]]:
    """The rows of a `list` answer."""
    rows = result.get(_LISTED[shape], []) if isinstance(result, Mapping) else []
    return list(rows)


# Prices


def read_prices(product_ids: Iterable[int]) -> Command:
    return Command(
        "catalog.price.list",
        {
            "select": ["id", "productId", "catalogGroupId", "price", "currency"],
            "filter": {"productId": list(product_ids)},
            "order": {"id": "ASC"},
        },
    )


def write_prices(product_id: int, rows: Iterable[tuple[int | None, int, str, str]]) -> Command:
    """Set the whole price set of one element: what is not sent is deleted by the portal."""
    prices = [
        {**({"id": price_id} if price_id is not None else {}), "catalogGroupId": type_id, "price": price, "currency": currency}
        for price_id, type_id, price, currency in rows
    ]
    return Command("catalog.price.modify", {"fields": {"product": {"id": product_id, "prices": prices or ""}}})


def known_prices(result: Any) -> dict[int, KnownPrice]:
    """Prices of one element as an answer of price.list or price.modify tells them, by price type."""
    return {
        int(row["catalogGroupId"]): KnownPrice(int(row["id"]), str(row["price"]), str(row["currency"]))
        for row in result["prices"]
    }


# Pictures


def picture_fields(name: str, content: bytes) -> dict[str, Any]:
    """The main picture, as a field of an element, for the list and for the card."""
    data = [name, base64.b64encode(content).decode()]
    return {"previewPicture": {"fileData": data}, "detailPicture": {"fileData": data}}


def no_picture_fields() -> dict[str, Any]:
    return {"previewPicture": {"remove": "Y"}, "detailPicture": {"remove": "Y"}}


def add_picture(product_id: int, name: str, content: bytes) -> Command:
    return Command(
        "catalog.productImage.add",
        {
            "fields": {"productId": product_id, "type": "MORE_PHOTO"},
            "fileContent": [name, base64.b64encode(content).decode()],
        },
    )


def list_pictures(product_id: int) -> Command:
    return Command("catalog.productImage.list", {"productId": product_id, "select": ["id", "name", "type"]})


def drop_picture(product_id: int, image_id: int) -> Command:
    return Command("catalog.productImage.delete", {"productId": product_id, "id": image_id})


# Stock where warehouse accounting is on


def add_stock_document(doc_type: str, number: str, currency: str, responsible_id: int, title: str) -> Command:
    """`S` brings goods in, `D` writes them off; the number is ours, so that the document can be found again."""
    return Command(
        "catalog.document.add",
        {
            "fields": {
                "docType": doc_type,
                "docNumber": number,
                "currency": currency,
                "responsibleId": responsible_id,
                "title": title,
            }
        },
    )


def add_stock_line(document_id: int, doc_type: str, product_id: int, store_id: int, amount: str) -> Command:
    side = "storeTo" if doc_type == "S" else "storeFrom"
    return Command(
        "catalog.document.element.add",
        {"fields": {"docId": document_id, "elementId": product_id, side: store_id, "amount": amount}},
    )


def conduct_document(document_id: int) -> Command:
    return Command("catalog.document.conduct", {"id": document_id})


def find_stock_drafts(number: str) -> Command:
    """Our documents that have not been conducted."""
    return Command(
        "catalog.document.list",
        {
            "select": ["id", "docType", "docNumber", "status"],
            "filter": {"docNumber": number, "status": "N"},
            "order": {"id": "ASC"},
        },
    )


def delete_document(document_id: int) -> Command:
    return Command("catalog.document.delete", {"id": document_id})


def find_element_by_id(shape: Shape, iblock_id: int, b24_id: int) -> Command:
    """Ask whether an element is still there."""
    return Command(
        f"{_METHOD[shape]}.list",
        {"select": ["id", "iblockId", "xmlId"], "filter": {"iblockId": iblock_id, "id": b24_id}, "order": {"id": "ASC"}},
    )


def picture_name(digest: str, suffix: str) -> str:
    """The name a picture gets in the portal: its content's digest, so that it can be recognised there."""
    return f"{digest}{suffix}"


def added_picture(result: Any) -> int:
    return int(result["productImage"]["id"])


def known_pictures(result: Any) -> dict[str, int]:
    """Our further pictures of a product (named by content digest) as productImage.list tells them."""
    rows = result.get("productImages", []) if isinstance(result, Mapping) else []
    return {str(row["name"]).partition(".")[0]: int(row["id"]) for row in rows if row.get("type", "MORE_PHOTO") == "MORE_PHOTO"}
