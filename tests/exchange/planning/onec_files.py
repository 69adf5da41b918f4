"""Sale files as each generation of 1C writes them, made for tests."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from exchange.commerceml import meaning, read
from exchange.planning.documents import Order, Reading, trades_of
from exchange.records import Counterparty, OrderDocument

GUID = "6f1d4c52-0b0a-11f1-9c3e-00155d01c802"


def element(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def requisites(facts: Mapping[str, str], wrapper: str = "ЗначенияРеквизитов") -> str:
    return element(
        wrapper,
        *(
            element("ЗначениеРеквизита", element("Наименование", name), element("Значение", value))
            for name, value in facts.items()
        ),
    )


def item(
    onec_id: str = "i-1",
    quantity: str = "2",
    price: str = "50",
    amount: str = "100",
    *more: str,
    name: str = "Кабель",
    facts: Mapping[str, str] | None = None,
) -> str:
    return element(
        "Товар",
        element("Ид", onec_id) if onec_id else "",
        element("Наименование", name),
        '<БазоваяЕдиница Код="006" НаименованиеПолное="Метр">м</БазоваяЕдиница>',
        requisites({"ВидНоменклатуры": "Товар", "ТипНоменклатуры": "Товар"} if facts is None else facts),
        element("ЦенаЗаЕдиницу", price),
        element("Количество", quantity),
        element("Сумма", amount),
        *more,
    )


def party(onec_id: str = "p-1", *more: str, role: str = "Покупатель", name: str = "Ромашка") -> str:
    return element("Контрагент", element("Ид", onec_id), element("Наименование", name), *more, element("Роль", role))


def document(
    *more: str,
    onec_id: str = GUID,
    number: str = "1001",
    operation: str = "Заказ товара",
    amount: str = "100",
    currency: str = "руб",
    role: str = "Продавец",
    items: Sequence[str] = (item(),),
    parties: Sequence[str] = (party(),),
    facts: Mapping[str, str] | None = None,
    name: str = "Документ",
) -> str:
    return element(
        name,
        element("Ид", onec_id) if onec_id else "",
        element("Номер", number) if number else "",
        element("Дата", "2026-03-02"),
        element("Время", "10:20:30"),
        element("ХозОперация", operation),
        element("Роль", role),
        element("Валюта", currency) if currency else "",
        element("Курс", "1"),
        element("Сумма", amount) if amount else "",
        element("Контрагенты", *parties) if parties else "",
        element("Товары", *items) if items else "",
        requisites(facts) if facts else "",
        *more,
    )


def money(amount: str = "40", onec_id: str = "pay-1", operation: str = "Выплата безналичных денег", **more: object) -> str:
    """A payment document."""
    return document(onec_id=onec_id, operation=operation, amount=amount, items=(), parties=(), **more)  # type: ignore[arg-type]


def container(*documents: str) -> str:
    return element("Контейнер", *documents)


def file(*inside: str, schema: str = "2.05") -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="{schema}">'
    return f"{head}{''.join(inside)}</КоммерческаяИнформация>".encode()


def reading(data: bytes, *, complete: bool = False) -> Reading:
    """What the file's documents say."""
    documents = [record for record in read(io.BytesIO(data)) if isinstance(record, OrderDocument)]
    return trades_of(documents, meaning.CURRENCIES, complete=complete)


def order(data: bytes, *, complete: bool = False) -> Order:
    """The only order of the file."""
    (found,) = reading(data, complete=complete).orders
    return found


def counterparty(*inside: str) -> Counterparty:
    """The only counterparty of a file of counterparties."""
    found = [one for one in read(io.BytesIO(file(element("Контрагенты", *inside)))) if isinstance(one, Counterparty)]
    (only,) = found
    return only
