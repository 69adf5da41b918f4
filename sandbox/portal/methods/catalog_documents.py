"""catalog.document.*: warehouse documents, the only way to stock once accounting is on.

Arrival (A, S) adds to `storeTo`, write-off (D) takes from `storeFrom`, a move (M) does both; only drafts may change.
"""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields, number, read, with_defaults
from sandbox.portal.methods.catalog_access import listed, needed, shown
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

DOCUMENT = fields(
    "id!:integer docType*^:string siteId:string dateModify!:datetime dateCreate!:datetime createdBy!:integer "
    "modifiedBy!:integer currency*:string status!:string dateStatus!:datetime dateDocument:datetime statusBy!:integer "
    "total:double commentary:string title:string responsibleId*:integer docNumber:string",
    siteId="s1",
)
TYPES = ("A", "S", "M", "R", "D")
INTO, OUT_OF = frozenset("ASMR"), frozenset("MD")
DRAFT, CONDUCTED, CANCELLED = "N", "Y", "C"
NO_RIGHT = "Недостаточно прав для сохранения документа"


def refused(text: str) -> RestError:
    """The documents' own error: code "0" as a string."""
    return RestError("0", text)


def _writer(call: Call) -> None:
    if not call.admin:
        raise refused(NO_RIGHT)


@method("catalog.document.add", "fields*:array", scope="catalog", write=True)
def add(call: Call) -> Row:
    """Create a draft."""
    _writer(call)
    given = call["fields"]
    if isinstance(given, dict) and given.get("docType") not in TYPES:
        raise refused("DOC_TYPE isn't available" if given.get("docType") else "Required fields: docType")
    row = with_defaults(read(call, given, DOCUMENT, adding=True, code="0"), DOCUMENT)
    needed(call, "currencies", row["currency"], refused("Currency is wrong"))
    needed(call, "users", row["responsibleId"], refused("Ответственный не найден"))
    now = iso(call.portal.clock())
    row |= {
        "status": DRAFT,
        "createdBy": call.user["id"],
        "modifiedBy": call.user["id"],
        "dateCreate": now,
        "dateModify": now,
        "dateStatus": now,
    }
    return {"document": shown(call.store.add("documents", row), DOCUMENT)}


@method("catalog.document.update", "id*:int fields*:array", scope="catalog", write=True)
def update(call: Call) -> Row:
    """Change a draft."""
    _writer(call)
    old = needed(call, "documents", call["id"], refused(NO_RIGHT))
    if old["status"] == CONDUCTED:
        raise refused("Нельзя изменить проведенный документ")
    row = {**old, **read(call, call["fields"], DOCUMENT, adding=False, code="0")}
    row |= {"dateModify": iso(call.portal.clock()), "modifiedBy": call.user["id"]}
    return {"document": shown(call.store.put("documents", row), DOCUMENT)}


@method("catalog.document.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Documents."""
    return listed(call, "documents", "documents", DOCUMENT)


@method("catalog.document.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a document."""
    return {"document": described(DOCUMENT)}


def _ids(call: Call) -> list[Any]:
    given = call["documentIds"]
    return list(given.values()) if isinstance(given, dict) else list(given)


@method("catalog.document.delete", "id*:int", scope="catalog", write=True)
def delete(call: Call) -> bool:
    """Delete a document that is not conducted."""
    _delete(call, call["id"])
    return True


@method("catalog.document.deleteList", "documentIds*:array", scope="catalog", write=True)
def delete_list(call: Call) -> bool:
    """Delete several documents."""
    for key in _ids(call):
        _delete(call, key)
    return True


def _delete(call: Call, key: Any) -> None:
    _writer(call)
    row = needed(call, "documents", key, refused("Документ не найден"))
    if row["status"] == CONDUCTED:
        raise refused(f"Вы не можете удалить документ «{row['title'] or row['id']}», так как он проведен")
    for line in _lines(call, row["id"]):
        call.store.remove("document_elements", line["id"])
    call.store.remove("documents", row["id"])


def _lines(call: Call, key: int) -> list[Row]:
    return call.store.table("document_elements").by("docId", [key])


@method("catalog.document.conduct", "id*:int", scope="catalog", write=True)
def conduct(call: Call) -> bool:
    """Conduct a document: its lines change the stock, all or none."""
    try:
        _conduct(call, call["id"])
    except LineError as error:
        raise refused(f"Ошибка проведения документа: {error}") from None
    return True


@method("catalog.document.conductList", "documentIds*:array", scope="catalog", write=True)
def conduct_list(call: Call) -> bool:
    """Conduct several documents one after another."""
    for key in _ids(call):
        try:
            _conduct(call, key)
        except LineError as error:
            raise refused(f"При проведении документа «{key}» произошла ошибка: {error}") from None
    return True


class LineError(Exception):
    """What is wrong with the content of a document."""


def _conduct(call: Call, key: Any) -> None:
    _writer(call)
    row = needed(call, "documents", key, refused("Документ не найден"))
    _accounting(call)
    lines = _lines(call, row["id"])
    _check(call, row, lines)
    for line in lines:
        _apply(call, row, line, 1)
    _status(call, row, CONDUCTED)


def _accounting(call: Call) -> None:
    if not call.portal.options.accounting:
        raise refused("Для проведения документа необходимо включить складской учет")


def _check(call: Call, row: Row, lines: list[Row]) -> None:
    if row["status"] == CONDUCTED:
        raise LineError("Документ уже проведен")
    if not lines:
        raise LineError("Не указаны товары")
    if row["docType"] == "A" and not any(one["documentId"] == row["id"] for one in call.store.all("contractors")):
        raise LineError("Не указан поставщик")
    taken: dict[tuple[int, int], float] = {}
    for line in lines:
        if not line["amount"] or line["amount"] <= 0:
            raise LineError("Не указано количество товара")
        if row["docType"] in INTO and call.store.get("stores", line["storeTo"]) is None:
            raise LineError("Не указан склад-получатель")
        if row["docType"] in OUT_OF:
            place = (line["elementId"], line["storeFrom"] or 0)
            taken[place] = taken.get(place, 0) + line["amount"]
            held = _held(call, *place)
            if held is None or held["amount"] < taken[place]:
                raise LineError("Недостаточно товара на складе-источнике")


def _held(call: Call, product_id: int, store_id: int) -> Row | None:
    rows = call.store.table("storeproducts").by("productId", [product_id])
    return next((row for row in rows if row["storeId"] == store_id), None)


def _apply(call: Call, row: Row, line: Row, sign: int) -> None:
    if row["docType"] in INTO:
        _move(call, line["elementId"], line["storeTo"], sign * line["amount"])
    if row["docType"] in OUT_OF:
        _move(call, line["elementId"], line["storeFrom"], -sign * line["amount"])


def _move(call: Call, product_id: int, store_id: int, amount: float) -> None:
    held = _held(call, product_id, store_id)
    if held is None:
        held = call.store.add(
            "storeproducts", {"productId": product_id, "storeId": store_id, "amount": 0, "quantityReserved": None}
        )
    call.store.change("storeproducts", held, amount=number(held["amount"] + amount))
    product = call.store.get("products", product_id)
    if product is not None:
        total = sum(one["amount"] for one in call.store.table("storeproducts").by("productId", [product_id]))
        call.store.change("products", product, quantity=number(total))


def _status(call: Call, row: Row, status: str) -> None:
    total = sum((line["amount"] or 0) * (line["purchasingPrice"] or 0) for line in _lines(call, row["id"]))
    now = iso(call.portal.clock())
    call.store.change(
        "documents",
        row,
        status=status,
        statusBy=call.user["id"],
        dateStatus=now,
        dateDocument=row["dateDocument"] or now,
        total=number(total),
    )


@method("catalog.document.cancel", "id*:int", scope="catalog", write=True)
def cancel(call: Call) -> bool:
    """Take a conducted document back."""
    _cancel(call, call["id"], "Ошибка отмены проведения документа")
    return True


@method("catalog.document.cancelList", "documentIds*:array", scope="catalog", write=True)
def cancel_list(call: Call) -> bool:
    """Take several documents back."""
    for key in _ids(call):
        _cancel(call, key, "При отмене документа произошла ошибка")
    return True


def _cancel(call: Call, key: Any, lead: str) -> None:
    _writer(call)
    row = needed(call, "documents", key, refused(f"{lead}: Документ не найден"))
    _accounting(call)
    if row["status"] != CONDUCTED:
        raise refused(f"{lead}: Документ еще не проведен")
    for line in _lines(call, row["id"]):
        _apply(call, row, line, -1)
    _status(call, row, CANCELLED)


@method("catalog.document.mode.status", scope="catalog")
def mode(call: Call) -> str:
    """Whether warehouse accounting is on."""
    return "Y" if call.portal.options.accounting else "N"
