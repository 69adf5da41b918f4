"""What every part of the reader carries along: where oddities go, the file's decimal sign, the line of an element."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from lxml import etree

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.errors import Oddities
from exchange.records import UnitRef, VatRate

Element = etree._Element
_CACHE_LIMIT: Final = 5000
_MOST_ATTRIBUTES: Final = 100


class Context:
    """Reads single values out of elements; what cannot be read is told, with its line, and becomes None."""

    __slots__ = ("line_shift", "numbers", "oddities", "separator", "units", "vat_rates")

    def __init__(self, oddities: Oddities, separator: str = ".") -> None:
        self.oddities = oddities
        self.separator = separator
        self.line_shift = 0
        # Values met before, by their text: a file repeats few of them very often.
        self.numbers: dict[str, Decimal | None] = {}
        self.units: dict[object, UnitRef] = {}
        self.vat_rates: dict[str, VatRate | None] = {}

    def line(self, element: Element) -> int:
        """The line of the file in which the element begins."""
        return (element.sourceline or 0) + self.line_shift

    def tell(self, code: str, subject: str, element: Element, detail: str = "") -> None:
        """Notes an oddity at this element."""
        self.oddities.tell(code, subject, self.line(element), detail)

    def unknown(self, element: Element) -> None:
        """Notes an element that nobody reads, as parent/name."""
        parent = element.getparent()
        where = local(parent.tag) if parent is not None else ""
        self.tell("unknown-element", f"{where}/{local(element.tag)}", element, (element.text or "").strip())

    def not_carried(self, element: Element) -> None:
        """Notes an element whose meaning is known but which this app has no use for (yet)."""
        self.tell("not-carried", local(element.tag), element)

    def attributes(self, element: Element) -> list[tuple[str, str]]:
        """Names and values of the element's attributes; none (told) of one that has more than 1C could mean.

        lxml looks every value up from the first attribute on: a hundred thousand would take a minute.
        """
        if len(element.attrib) > _MOST_ATTRIBUTES:
            self.tell("too-many-attributes", local(element.tag), element)
            return []
        return element.items()

    def number(self, element: Element) -> Decimal | None:
        """The element's text as a number."""
        text = element.text
        return self.number_of(text, element) if text else None

    def number_of(self, text: str, element: Element, name: str = "") -> Decimal | None:
        """A text that belongs to the element (an attribute, say) as a number."""
        if text in self.numbers:
            return self.numbers[text]
        try:
            number = values.decimal(text, self.separator)
        except values.Unreadable:
            self.tell("bad-number", name or local(element.tag), element, text)
            return None
        if len(self.numbers) < _CACHE_LIMIT:
            self.numbers[text] = number
        return number

    def flag(self, element: Element) -> bool:
        """The element's text as a boolean; what is neither yes nor no is False."""
        return self.flag_of(element.text or "", element)

    def flag_of(self, text: str, element: Element, name: str = "") -> bool:
        """A text that belongs to the element as a boolean."""
        try:
            return values.boolean(text)
        except values.Unreadable:
            self.tell("bad-boolean", name or local(element.tag), element, text)
            return False

    def day(self, element: Element) -> datetime.date | None:
        """The element's text as a date."""
        return self.day_of(element.text or "", element)

    def day_of(self, text: str, element: Element, name: str = "") -> datetime.date | None:
        """A text that belongs to the element as a date."""
        try:
            return values.date(text)
        except values.Unreadable:
            self.tell("bad-date", name or local(element.tag), element, text)
            return None

    def time_of(self, text: str, element: Element, name: str = "") -> datetime.time | None:
        """A text that belongs to the element as a time of day."""
        try:
            return values.time(text)
        except values.Unreadable:
            self.tell("bad-time", name or local(element.tag), element, text)
            return None

    def vat_of(self, text: str, element: Element) -> VatRate | None:
        """A text that belongs to the element as a VAT rate."""
        if text in self.vat_rates:
            return self.vat_rates[text]
        try:
            rate = values.vat(text)
        except values.Unreadable:
            self.tell("bad-number", n.RATE, element, text)
            return None
        if len(self.vat_rates) < _CACHE_LIMIT:
            self.vat_rates[text] = rate
        return rate

    def unit_of(self, element: Element) -> UnitRef:
        """The unit that an element names by its text and attributes."""
        attributes = self.attributes(element)
        key = (element.text, *attributes)
        unit = self.units.get(key)
        if unit is None:
            given = {local(name): value for name, value in attributes}
            unit = values.unit(
                element.text or "",
                given.get(n.CODE, ""),
                given.get(n.LONG_NAME, ""),
                given.get(n.SHORT_NAME, ""),
                given.get(n.INTERNATIONAL, ""),
            )
            if len(self.units) < _CACHE_LIMIT:
                self.units[key] = unit
        return unit


def is_deleted_word(text: str | None) -> bool:
    """Whether a status is "Удален"."""
    return text is not None and text.strip().lower().startswith(n.STATUS_DELETED)


def text_of(element: Element) -> str:
    """The element's own text, stripped."""
    text = element.text
    return text.strip() if text else ""


def local(tag: object) -> str:
    """The name without namespace or prefix; "" for what is no element."""
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


T = TypeVar("T")


class Tags(dict[Any, T], Generic[T]):
    """What to do with an element, by its tag: local names are given, tags with a namespace or prefix are learnt as they come.

    A tag that is not in the table gets `otherwise`.
    """

    def __init__(self, table: Mapping[str, T], otherwise: T) -> None:
        super().__init__(table)
        self._otherwise = otherwise

    def __missing__(self, tag: object) -> T:
        found = self.get(local(tag), self._otherwise)
        if len(self) < _CACHE_LIMIT and isinstance(tag, str):
            self[tag] = found
        return found


def ignore(element: Element, into: Any, context: Context) -> None:
    """Leaves an element that is known and says nothing new."""


def unknown(element: Element, into: Any, context: Context) -> None:
    """Tells an element that nobody reads."""
    if isinstance(element.tag, str):
        context.unknown(element)


def not_carried(element: Element, into: Any, context: Context) -> None:
    """Tells an element that is known but has no place in the records."""
    context.not_carried(element)


Handler = Callable[[Element, Any, Context], None]
Step = Handler | str


def fields(table: Mapping[str, Step]) -> Tags[Step]:
    """A table for `collect`: a text step names the field that gets the element's text."""
    return Tags(table, unknown)


def collect(element: Element, table: Tags[Step], context: Context, into: dict[str, Any]) -> dict[str, Any]:
    """Goes through the children once, by the table: texts into fields of `into`, the rest by their handlers."""
    for child in element:
        step = table[child.tag]
        if isinstance(step, str):
            into[step] = text_of(child)
        else:
            step(child, into, context)
    return into
