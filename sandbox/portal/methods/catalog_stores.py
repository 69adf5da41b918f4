"""catalog.store.* and the stock per warehouse, which REST can only read."""

from __future__ import annotations

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown, writer
from sandbox.portal.methods.product_fields import save_file
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

STORE = fields(
    "id!:integer title:string active:char address*:string description:string gpsN:double gpsS:double imageId:file "
    "dateModify:datetime dateCreate:datetime userId:integer modifiedBy:integer phone:string schedule:string xmlId:string "
    "sort:integer email:string issuingCenter:char code:string",
    active="Y",
    sort=100,
    issuingCenter="N",
)
AMOUNT = fields("id!:integer amount!:double productId!:integer quantityReserved!:double storeId!:integer")
NO_STORE = RestError(201100000000, "Store does not exist")


def _store(row: Row) -> Row:
    answer = shown(row, STORE)
    if row.get("imageId"):
        answer["imageId"] = {"id": row["imageId"], "url": f"/upload/iblock/{row['imageId']}/store.jpeg"}
    return answer


@method("catalog.store.add", "fields*:array", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Create a warehouse."""
    writer(call)
    now = iso(call.portal.clock())
    row = with_defaults(read(call, call["fields"], STORE, adding=True), STORE)
    row |= {"dateCreate": row["dateCreate"] or now, "dateModify": now, "modifiedBy": call.user["id"]}
    row["imageId"] = save_file(call, row["imageId"], image=True) if row["imageId"] else None
    return {"store": _store(call.store.add("stores", row))}


@method("catalog.store.update", "id*:int fields*:array", scope="catalog", write=True)
def update(call: Call) -> Row:
    """Change a warehouse."""
    writer(call)
    old = needed(call, "stores", call["id"], NO_STORE)
    changes = read(call, call["fields"], STORE, adding=False)
    if changes.get("imageId"):
        changes["imageId"] = save_file(call, changes["imageId"], image=True)
    row = {**old, **changes, "dateModify": iso(call.portal.clock()), "modifiedBy": call.user["id"]}
    return {"store": _store(call.store.put("stores", row))}


@method("catalog.store.get", "id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One warehouse."""
    return {"store": _store(needed(call, "stores", call["id"], NO_STORE))}


@method("catalog.store.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Warehouses."""
    return listed(call, "stores", "stores", STORE)


@method("catalog.store.delete", "id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Delete a warehouse without documents."""
    writer(call)
    row = needed(call, "stores", call["id"], NO_STORE)
    if any(row["id"] in {one["storeTo"], one["storeFrom"]} for one in call.store.all("document_elements")):
        raise RestError(0, "На данный склад оформлены документы")
    call.store.remove("stores", row["id"])
    return True


@method("catalog.store.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a warehouse."""
    return {"store": described(STORE)}


@method("catalog.storeproduct.get", "id*:int", scope="catalog")
def amount_get(call: Call) -> Row:
    """Stock of one product in one warehouse."""
    return {
        "storeProduct": shown(needed(call, "storeproducts", call["id"], RestError("", "Store product is not exists")), AMOUNT)
    }


@method("catalog.storeproduct.list", "select:array filter:array order:array start", scope="catalog")
def amount_list(call: Call) -> Page:
    """Stock per product and warehouse."""
    return listed(call, "storeproducts", "storeProducts", AMOUNT)


@method("catalog.storeproduct.getFields", scope="catalog")
def amount_fields(call: Call) -> Row:
    """Fields of a stock row."""
    return {"storeProduct": described(AMOUNT)}
