"""Orders on their way back to the site: the document with 1C's id and the site's number, and what happened to it here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.onec.clients.manners import MODULE31, A, B, C, Manners
from sandbox.onec.orders import OrderLine, SiteOrder
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml

_URN = "urn:1C.ru:commerceml_"
_SCHEMAS = {"A": ("2.04", ""), "B": ("2.05", ""), "C": ("2.07", _URN + "2"), "module31": ("3.1", _URN + "3")}
_UNF = ("2.08", _URN + "210")


def documents(orders: Sequence[SiteOrder], manners: Manners, moment: str) -> bytes:
    """One file with all orders; the module wraps each in a Контейнер."""
    version, namespace = _SCHEMAS.get(manners.name, _UNF)
    x = Xml(skip_empty=manners in (A, B))
    with x.inside("КоммерческаяИнформация", parts.root(version, moment, namespace)):
        for order in orders:
            if manners is MODULE31:
                with x.inside("Контейнер"):
                    _document(x, order, manners)
            else:
                _document(x, order, manners)
    return x.document(bom=manners not in (A, B))


def _document(x: Xml, order: SiteOrder, manners: Manners) -> None:
    with x.inside("Документ"):
        # The module keeps the site's id and tells 1C's number beside it; all others put 1C's own id here.
        x.leaf("Ид", order.id if manners is MODULE31 else order.own_id)
        x.leaf("Номер", order.number)
        if manners is MODULE31:
            x.leaf("Номер1С", order.own_number)
            x.leaf("Дата1С", order.own_date)
        x.leaf("Дата", order.date)
        x.leaf("ХозОперация", "Заказ товара")
        x.leaf("Роль", "Продавец")
        x.leaf("Валюта", order.currency)
        x.leaf("Курс", order.rate or "1")
        x.leaf("Сумма", order.sum)
        with x.inside("Контрагенты"), x.inside("Контрагент"):
            x.leaf("Ид", order.buyer_id)
            x.leaf("Наименование", order.buyer_name)
            x.leaf("ПолноеНаименование", order.buyer_name)
            x.leaf("Роль", "Покупатель")
        x.leaf("Время", order.time or None)
        x.leaf("Комментарий", order.comment or None)
        with x.inside("Товары"):
            for line in order.lines:
                _line(x, line)
        parts.requisites(x, _facts(order, manners))


def _line(x: Xml, line: OrderLine) -> None:
    with x.inside("Товар"):
        x.leaf("Ид", line.id)
        x.leaf("Наименование", line.name)
        x.leaf("БазоваяЕдиница", line.unit_name, {"Код": line.unit_code})
        x.leaf("ЦенаЗаЕдиницу", line.price)
        x.leaf("Количество", line.quantity)
        x.leaf("Сумма", line.sum)
        kind = "Услуга" if line.is_service else "Товар"
        parts.requisites(x, [("ВидНоменклатуры", kind), ("ТипНоменклатуры", kind)])


def _facts(order: SiteOrder, manners: Manners) -> Iterator[tuple[str, str | None]]:
    """Payment and shipment are told only when complete; only УНФ and the module tell a status."""
    stamp = f"{order.own_date}T12:00:00"
    yield "Номер по 1С", order.own_number
    yield "Дата по 1С", stamp
    yield "ПометкаУдаления", parts.flag(order.deleted)
    yield "Проведен", parts.flag(not order.deleted)
    if order.paid:
        yield "Номер оплаты по 1С", f"П{order.own_number}"
        yield "Дата оплаты по 1С", stamp
    if order.shipped:
        yield "Номер отгрузки по 1С", f"Р{order.own_number}"
        yield "Дата отгрузки по 1С", stamp
    if manners in (A, B):
        return
    if order.cancelled:
        yield "Отменен", "true"
    if manners is C:
        return
    yield "Оплачен", parts.flag(order.paid)
    yield "Отгружен", parts.flag(order.shipped)
    yield "Статус заказа", order.status
