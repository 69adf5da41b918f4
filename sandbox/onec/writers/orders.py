"""Orders on their way back to the site: the document with 1C's id and the site's number, and what happened to it here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sandbox.onec.clients.manners import D_SUBORDINATE, MODULE31, A, B, C, Manners
from sandbox.onec.orders import Buyer, Goods, Money, OrderLine, SiteOrder
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml

_URN = "urn:1C.ru:commerceml_"
_SCHEMAS = {"A": ("2.04", ""), "B": ("2.05", ""), "C": ("2.07", _URN + "2"), "module31": ("3.1", _URN + "3")}
_UNF = ("2.08", _URN + "210")
_OPERATIONS = {"bank": "Выплата безналичных денег", "cash": "Выплата наличных денег", "card": "Эквайринговая операция"}


def documents(orders: Sequence[SiteOrder], manners: Manners, moment: str) -> bytes:
    """One file with all orders; the module wraps each, with its payments and shipments beside it, in a Контейнер."""
    version, namespace = _SCHEMAS.get(manners.name, _UNF)
    if manners is D_SUBORDINATE:
        version = "2.10"
    x = Xml(skip_empty=manners in (A, B))
    with x.inside("КоммерческаяИнформация", parts.root(version, moment, namespace)):
        for order in orders:
            if manners is MODULE31:
                with x.inside("Контейнер"):
                    _document(x, order, manners)
                    for money in order.payments:
                        _payment(x, order, money, manners)
                    for goods in order.shipments:
                        _shipment(x, order, goods, manners)
            else:
                _document(x, order, manners)
    return x.document(bom=manners not in (A, B))


def counterparties(buyers: Sequence[Buyer], moment: str) -> bytes:
    """A file of counterparties alone, as the module sends it (contragents.xml)."""
    x = Xml()
    with x.inside("КоммерческаяИнформация", parts.root("3.1", moment, _URN + "3")), x.inside("Контрагенты"):
        for buyer in buyers:
            _buyer(x, buyer, role="")
    return x.document(bom=True)


def _document(x: Xml, order: SiteOrder, manners: Manners) -> None:
    with x.inside("Документ"):
        # The module keeps the site's id and tells 1C's number beside it; all others put 1C's own id here.
        x.leaf("Ид", order.id or order.own_id if manners is MODULE31 else order.own_id)
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
        x.leaf("СрокПлатежа", order.pay_until or None)
        with x.inside("Контрагенты"):
            if order.buyer is not None:
                _buyer(x, order.buyer)
            else:
                _buyer(x, Buyer(order.buyer_id, order.buyer_name, order.buyer_name))
        x.leaf("Время", order.time or None)
        x.leaf("Комментарий", order.comment or None)
        _taxes(x, order)
        with x.inside("Товары"):
            for line in order.lines:
                _line(x, line)
        if manners is D_SUBORDINATE and (order.payments or order.shipments):
            with x.inside("ПодчиненныеДокументы"):
                for money in order.payments:
                    _payment(x, order, money, manners)
                for goods in order.shipments:
                    _shipment(x, order, goods, manners)
        parts.requisites(x, _facts(order, manners))


def _buyer(x: Xml, buyer: Buyer, role: str = "Покупатель") -> None:
    with x.inside("Контрагент"):
        x.leaf("Ид", buyer.own_id or buyer.id)
        x.leaf("Наименование", buyer.name)
        x.leaf("ПолноеНаименование", buyer.full_name or buyer.name)
        x.leaf("ОфициальноеНаименование", buyer.official_name or None)
        x.leaf("ИНН", buyer.inn or None)
        x.leaf("КПП", buyer.kpp or None)
        for name, text in (("ЮридическийАдрес", buyer.legal_address), ("Адрес", buyer.address)):
            if text:
                with x.inside(name):
                    x.leaf("Представление", text)
        if buyer.phones or buyer.emails:
            with x.inside("Контакты"):
                for kind, values in (("ТелефонРабочий", buyer.phones), ("Почта", buyer.emails)):
                    for value in values:
                        with x.inside("Контакт"):
                            x.leaf("Тип", kind)
                            x.leaf("Значение", value)
        x.leaf("Роль", role or None)


def _taxes(x: Xml, order: SiteOrder) -> None:
    taxed = [line for line in order.lines if line.vat_sum]
    if not taxed:
        return
    total = sum((Decimal(line.vat_sum) for line in taxed), Decimal(0))
    with x.inside("Налоги"), x.inside("Налог"):
        x.leaf("Наименование", "НДС")
        x.leaf("УчтеноВСумме", taxed[0].vat_included or "true")
        x.leaf("Сумма", format(total, "f"))


def _line(x: Xml, line: OrderLine) -> None:
    with x.inside("Товар"):
        x.leaf("Ид", line.id)
        x.leaf("Наименование", line.name)
        x.leaf("БазоваяЕдиница", line.unit_name, {"Код": line.unit_code})
        x.leaf("ЦенаЗаЕдиницу", line.price)
        x.leaf("Количество", line.quantity)
        x.leaf("Сумма", line.sum)
        if line.vat:
            with x.inside("СтавкиНалогов"), x.inside("СтавкаНалога"):
                x.leaf("Наименование", "НДС")
                x.leaf("Ставка", line.vat)
        if line.vat_sum:
            with x.inside("Налоги"), x.inside("Налог"):
                x.leaf("Наименование", "НДС")
                x.leaf("УчтеноВСумме", line.vat_included or "true")
                x.leaf("Сумма", line.vat_sum)
                x.leaf("Ставка", line.vat or None)
        kind = "Услуга" if line.is_service else "Товар"
        parts.requisites(x, [("ВидНоменклатуры", kind), ("ТипНоменклатуры", kind)])


def _payment(x: Xml, order: SiteOrder, money: Money, manners: Manners) -> None:
    with x.inside("Документ" if manners is MODULE31 else "ПодчиненныйДокумент"):
        x.leaf("Ид", money.id)
        x.leaf("Номер", money.number)
        if manners is MODULE31:
            x.leaf("Номер1С", money.number)
            x.leaf("Дата1С", money.date)
        x.leaf("Дата", money.date)
        x.leaf("ХозОперация", _OPERATIONS[money.method])
        x.leaf("Роль", "Продавец")
        x.leaf("Валюта", order.currency)
        x.leaf("Курс", order.rate or "1")
        x.leaf("Сумма", money.amount)
        x.leaf("Основание", order.id or order.own_id if manners is MODULE31 else None)
        back = [("ПризнакВозврата", parts.flag(money.returned))] if money.returned else []
        facts = [
            ("Номер оплаты по 1С", money.number),
            ("Дата оплаты по 1С", f"{money.date}T12:00:00"),
            ("Оплачен", parts.flag(not money.cancelled)),
            ("Отменен", parts.flag(money.cancelled)),
        ]
        parts.requisites(x, [*facts, *back])


def _shipment(x: Xml, order: SiteOrder, goods: Goods, manners: Manners) -> None:
    lines = {line.id: line for line in order.lines}
    worth = sum((Decimal(quantity) * Decimal(lines[item].price) for item, quantity in goods.lines.items()), Decimal(0))
    with x.inside("Документ" if manners is MODULE31 else "ПодчиненныйДокумент"):
        x.leaf("Ид", goods.id)
        x.leaf("Номер", goods.number)
        if manners is MODULE31:
            x.leaf("Номер1С", goods.number)
            x.leaf("Дата1С", goods.date)
        x.leaf("Дата", goods.date)
        x.leaf("ХозОперация", "Отпуск товара")
        x.leaf("Роль", "Продавец")
        x.leaf("Валюта", order.currency)
        x.leaf("Курс", order.rate or "1")
        x.leaf("Сумма", format(worth.quantize(Decimal("0.01")), "f"))
        x.leaf("Основание", order.id or order.own_id if manners is MODULE31 else None)
        with x.inside("Товары"):
            for item, quantity in goods.lines.items():
                _line(x, _part(lines[item], quantity))
        facts = [
            ("Номер отгрузки по 1С", goods.number),
            ("Дата отгрузки по 1С", f"{goods.date}T12:00:00"),
            ("Отгружен", parts.flag(not goods.cancelled)),
            ("Отменен", parts.flag(goods.cancelled)),
            ("Идентификатор отправления", goods.tracking),
        ]
        parts.requisites(x, facts)


def _part(line: OrderLine, quantity: str) -> OrderLine:
    total = (Decimal(line.price) * Decimal(quantity)).quantize(Decimal("0.01"))
    return OrderLine(
        line.id, line.name, quantity, line.price, format(total, "f"), line.unit_code, line.unit_name, line.vat, line.is_service
    )


def _facts(order: SiteOrder, manners: Manners) -> Iterator[tuple[str, str | None]]:
    """Payment and shipment are told only when complete; only УНФ and the module tell a status."""
    stamp = f"{order.own_date}T12:00:00"
    paid, shipped = order.paid_in_full(), order.shipped_in_full()
    yield "Номер по 1С", order.own_number
    yield "Дата по 1С", stamp
    yield "ПометкаУдаления", parts.flag(order.deleted)
    yield "Проведен", parts.flag(not order.deleted)
    if paid:
        last = order.payments[-1] if order.payments else None
        yield "Номер оплаты по 1С", last.number if last else f"П{order.own_number}"
        yield "Дата оплаты по 1С", f"{last.date}T12:00:00" if last else stamp
    if shipped:
        goods = order.shipments[-1] if order.shipments else None
        yield "Номер отгрузки по 1С", goods.number if goods else f"Р{order.own_number}"
        yield "Дата отгрузки по 1С", f"{goods.date}T12:00:00" if goods else stamp
    if manners in (A, B):
        return
    if order.cancelled:
        yield "Отменен", "true"
    if manners is C:
        return
    yield "Оплачен", parts.flag(paid)
    yield "Отгружен", parts.flag(shipped)
    yield "Статус заказа", order.status
