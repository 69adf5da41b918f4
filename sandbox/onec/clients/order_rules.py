"""What the order readers of each generation stumble over, rule by rule; each rule says in words what is wrong, or nothing.

A `batch` rule rejects everything in the answer: `success` is not sent, and the same orders come again for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sandbox.onec.clients.manners import MODULE31, A, B, C, E, Manners
from sandbox.onec.clients.xmltree import Document, Node

ORDER = "Заказ товара"
SHORT = 555
NUMBER_C = 11
DIGITS_E = 6
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d:\d\d")
# Before … must stand …: the readers of A and B go through a document once, in order.
_BEFORE = (("Номер", "Комментарий"), ("Дата", "Время"), ("Валюта", "Товары"), ("Контрагенты", "Товары"))
_NUMBERS = ("Сумма", "Курс")
_SINGLE_IN_STORE = ("Адрес/АдресноеПоле", "Контакты/Контакт")
# Codes, numbers and the names that bases of these generations have always had.
_CURRENCY = r"[A-Z]{3}|\d{3}|руб\.?|грн\.?|тенге|бел\. ?руб\.?"
_LINE_NUMBERS = ("ЦенаЗаЕдиницу", "Количество", "Сумма")

Rule = Callable[[Node, Manners], Iterator[str]]


def of_document(document: Document, manners: Manners, length: int) -> Iterator[str]:
    """What is wrong with the answer as a whole."""
    root = document.root
    if root.name.rpartition(":")[2] != "КоммерческаяИнформация":
        yield f"the root is {root.name!r}"
    version = root.attributes.get("ВерсияСхемы", "")
    if manners is MODULE31:
        if root.first("Документ"):
            yield "a Документ outside of a Контейнер: the module passes over it without a word"
        return
    if root.first("Контейнер"):
        yield "orders come in Контейнер, which this 1C does not know: they would be lost without a word"
    if manners in (A, B):
        return
    if any(key == "xmlns" or key.startswith("xmlns:") for key in root.attributes):
        yield "the root has an xmlns: the untyped reader then demands types"
    if document.comments or document.cdata:
        yield "comments or CDATA: the untyped reader makes objects of them"
    empty = next((n for n in root.walk() if n is not root and not n.children and not n.attributes and not n.text.strip()), None)
    if empty:
        yield f"an empty element {empty.name}: the untyped reader makes an object of it, where the code wants a text"
    if manners.name == "D2" and not root.first("Документ") and length >= SHORT:
        yield f"no Документ in {length} characters: this 1C takes only a file shorter than {SHORT} for an empty one"
    if manners.name in ("D", "D2") and not version.startswith("2."):
        yield f"ВерсияСхемы is {version!r}, this 1C wants 2.…"


def of_order(order: Node, manners: Manners) -> Iterator[str]:
    """What is wrong with one Документ."""
    for rule in _RULES:
        yield from rule(order, manners)


def _kind(order: Node, manners: Manners) -> Iterator[str]:
    kind = order.value("ХозОперация")
    same = kind == ORDER if manners in (A, B) else kind.lower() == ORDER.lower()
    if not same:
        yield f"ХозОперация is {kind!r}, not {ORDER!r}"


def _parts(order: Node, manners: Manners) -> Iterator[str]:
    for name in ("Ид", "Номер", "Дата", "Валюта"):
        if not order.value(name):
            yield f"no {name}"
    if not order.value("Контрагенты/Контрагент/Наименование"):
        yield "no Контрагенты/Контрагент/Наименование"
    if not order.first("Товары/Товар"):
        yield "no Товары/Товар"


def _formats(order: Node, manners: Manners) -> Iterator[str]:
    if not _DATE.fullmatch(order.value("Дата")):
        yield f"Дата is {order.value('Дата')!r}, not yyyy-MM-dd"
    if order.first("Время") and not _TIME.fullmatch(order.value("Время")):
        yield f"Время is {order.value('Время')!r}, not HH:MM:SS"
    for name in _NUMBERS:
        if order.first(name) and not _DECIMAL.fullmatch(order.value(name)):
            yield f"{name} is {order.value(name)!r}, not a plain number with a dot"


def _lines(order: Node, manners: Manners) -> Iterator[str]:
    for line in order.all("Товары/Товар"):
        who = line.value("Ид") or line.value("Наименование")
        if not line.value("Ид") or not line.value("Наименование"):
            yield f"a line without Ид or Наименование: {who!r}"
        for name in _LINE_NUMBERS:
            if not _DECIMAL.fullmatch(line.value(name)):
                yield f"line {who}: {name} is {line.value(name)!r}, not a plain number with a dot"
        if _DECIMAL.fullmatch(line.value("Количество")) and not float(line.value("Количество")):
            yield f"line {who}: Количество is 0"
        unit = line.first("БазоваяЕдиница")
        if unit is None or not unit.attributes.get("Код"):
            yield f"line {who}: БазоваяЕдиница has no Код"
        for discount in line.all("Скидки/Скидка"):
            if manners is E or discount.value("УчтеноВСумме") not in ("true", "false"):
                yield f"line {who}: a Скидка this 1C cannot read"


def _discounts(order: Node, manners: Manners) -> Iterator[str]:
    for discount in order.all("Скидки/Скидка"):
        if manners is E or discount.value("УчтеноВСумме") not in ("true", "false"):
            yield "a Скидка of the document that this 1C cannot read"


def _currency(order: Node, manners: Manners) -> Iterator[str]:
    """A and B look the currency up by the name the base has for it; one they do not find rejects the batch."""
    name = order.value("Валюта")
    if manners in (A, B) and name and not re.fullmatch(_CURRENCY, name):
        yield f"Валюта {name!r} is no currency of this base"


def _rates(order: Node, manners: Manners) -> Iterator[str]:
    """C keeps the VAT rate of the line before for a line without one."""
    lines = order.all("Товары/Товар")
    with_rate = [line for line in lines if line.value("СтавкиНалогов/СтавкаНалога/Ставка")]
    if manners is C and 0 < len(with_rate) < len(lines):
        yield "a line without СтавкиНалогов among lines with it: it would get the rate of the line before"


def _sequence(order: Node, manners: Manners) -> Iterator[str]:
    if manners not in (A, B):
        return
    names = order.names()
    for early, late in _BEFORE:
        if early in names and late in names and names.index(early) > names.index(late):
            yield f"{late} stands before {early}: this reader goes through once, in order"


def _number(order: Node, manners: Manners) -> Iterator[str]:
    text = order.value("Номер")
    if manners is C and len(text) > NUMBER_C:
        yield f"Номер {text!r} has more than {NUMBER_C} characters: every exchange would make one more order"
    digits = [letter for letter in text if letter.isdigit()]
    if manners is E and not 0 < len(digits) <= DIGITS_E:
        yield f"Номер {text!r} must hold one to {DIGITS_E} digits: this 1C makes its own number of them"


def _warehouses(order: Node, manners: Manners) -> Iterator[str]:
    """C asks for all of these without looking whether they are there, and for one of each: a list has no such properties."""
    if manners is not C or not order.first("Склады"):
        return
    store = order.first("Склады/Склад")
    wanted = ("Ид", "Наименование", *(f"{path}/{leaf}" for path in _SINGLE_IN_STORE for leaf in ("Тип", "Значение")))
    missing = [path for path in wanted if store is None or not store.value(path)]
    if missing:
        yield f"Склады without {', '.join(missing)}: the read ends with an exception"
    many = [path for path in _SINGLE_IN_STORE if store is not None and len(store.all(path)) > 1]
    if many or len(order.all("Склады/Склад")) > 1:
        yield f"more than one of {', '.join(many) or 'Склад'} in Склады: the read ends with an exception"


def _taxes(order: Node, manners: Manners) -> Iterator[str]:
    if manners is not E:
        return
    for node in order.walk():
        if node.name == "Ставка" and node.text.strip() in ("0", "1"):
            yield f"a VAT rate {node.text.strip()!r}: this 1C takes it for 10 %"


_RULES: tuple[Rule, ...] = (
    _kind,
    _parts,
    _formats,
    _lines,
    _discounts,
    _currency,
    _rates,
    _sequence,
    _number,
    _warehouses,
    _taxes,
)
