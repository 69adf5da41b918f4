"""catalog.productImage.*: more pictures of a product, kept in its MORE_PHOTO property."""

from __future__ import annotations

import contextlib
from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields
from sandbox.portal.listing import conditions, page, selected
from sandbox.portal.methods.catalog_access import writer
from sandbox.portal.methods.product_fields import save_file
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

FIELDS = fields(
    "id!:integer name!:string productId*^:integer type:string createTime!:datetime downloadUrl!:string detailUrl!:string",
    type="MORE_PHOTO",
)
TYPES = ("DETAIL_PICTURE", "PREVIEW_PICTURE", "MORE_PHOTO")
PICTURES = {"detailPicture": "DETAIL_PICTURE", "previewPicture": "PREVIEW_PICTURE"}


@method("catalog.productImage.add", "fields*:array fileContent*", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Add a picture."""
    writer(call)
    product = _product(call, call["fields"].get("productId"))
    kind = call["fields"].get("type") or "MORE_PHOTO"
    if kind not in TYPES:
        raise RestError(0, "Неверный тип изображения")
    file_id = save_file(call, call["fileContent"], image=True)
    assert file_id is not None
    if kind != "MORE_PHOTO":
        name = next(name for name, one in PICTURES.items() if one == kind)
        call.store.change("products", product, **{name: file_id})
    else:
        _gallery(call, product, [*(product.get(_gallery_name(call, product)) or []), _gallery_value(call, file_id)])
        call.store.put("images", {"id": file_id, "productId": product["id"], "createTime": iso(call.portal.clock())})
    call.happened("CATALOG.PRODUCT.ON.UPDATE", {"ID": product["id"], "TYPE": product["type"]})
    return {"productImage": _shown(call, product["id"], file_id, kind)}


def _gallery_name(call: Call, product: Row) -> str:
    rows = (row for row in call.store.all("properties") if row["iblockId"] == product["iblockId"] and row["code"] == "MORE_PHOTO")
    found = next(rows, None)
    if found is None:
        raise RestError(0, "Свойство MORE_PHOTO не найдено")
    return f"property{found['id']}"


def _gallery_value(call: Call, file_id: int) -> Row:
    return {"value": str(file_id), "valueId": str(call.store.next_id("property_values"))}


def _gallery(call: Call, product: Row, values: list[Row]) -> None:
    current = call.store.get("products", product["id"]) or product
    call.store.change("products", current, **{_gallery_name(call, product): values})


def _shown(call: Call, product_id: int, file_id: int, kind: str) -> Row:
    file = call.store.get("files", file_id) or {"name": ""}
    image = call.store.get("images", file_id) or {"createTime": iso(call.portal.clock())}
    url = f"/upload/iblock/{file_id}/{file['name']}"
    return {
        "createTime": image["createTime"],
        "detailUrl": url,
        "downloadUrl": call.portal.base_url + f"/rest/download.json?token=catalog{file_id}",
        "id": file_id,
        "name": file["name"],
        "productId": product_id,
        "type": kind,
    }


def _all(call: Call, product: Row) -> list[Row]:
    held = [(product.get(name), kind) for name, kind in PICTURES.items()]
    with contextlib.suppress(RestError):
        held += [(int(item["value"]), "MORE_PHOTO") for item in product.get(_gallery_name(call, product)) or []]
    return [_shown(call, product["id"], int(file_id), kind) for file_id, kind in held if file_id]


@method("catalog.productImage.list", "productId*:int select:array filter:array order:array", scope="catalog")
def list_(call: Call) -> Page:
    """Pictures of a product."""
    test = conditions(call.get("filter") or {}, set(FIELDS).__contains__)
    found = page(call, [row for row in _all(call, _product(call, call["productId"])) if test(row)], call.get("order"))
    rows = [selected(row, call.get("select"), sorted(FIELDS)) for row in found.result]
    return Page({"productImages": rows}, found.total, found.next)


@method("catalog.productImage.get", "productId*:int id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One picture of a product."""
    return {"productImage": _found(call)}


def _found(call: Call) -> Row:
    product = _product(call, call["productId"])
    for row in _all(call, product):
        if row["id"] == call["id"]:
            return row
    raise RestError(0, "Изображение с указанным идентификатором не найдено")


@method("catalog.productImage.delete", "productId*:int id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Remove a picture."""
    writer(call)
    row, product = _found(call), _product(call, call["productId"])
    for name, kind in PICTURES.items():
        if row["type"] == kind:
            call.store.change("products", product, **{name: None})
    if row["type"] == "MORE_PHOTO":
        name = _gallery_name(call, product)
        _gallery(call, product, [item for item in product[name] if item["value"] != str(row["id"])])
        call.store.remove("images", row["id"])
    return True


@method("catalog.productImage.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a picture."""
    return {"productImage": described(FIELDS)}


def _product(call: Call, key: Any) -> Row:
    row = call.store.get("products", key)
    if row is None:
        raise RestError(0, "Товар с указанным идентификатором не найден")
    return row
