"""The lines of a document for 1C: money, VAT, units, kinds. What they add up to is the document's Сумма, exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, element, leaf
from exchange.money import ZERO, minor_units, rounded, to_decimals, unit_price, vat_of
from exchange.records import VatRate

if TYPE_CHECKING:
    from exchange.dialects import Dialect
    from exchange.planning.trade import Line

_NAME_LENGTH: Final = 250
_ID_LENGTH: Final = 255
_CODE_LENGTH: Final = 3


def amount_text(value: Decimal, currency: str) -> str:
    """An amount with all the decimals of its currency and a dot."""
    return format(rounded(value, currency), "f")


def number_text(value: Decimal, decimals: int = 0) -> str:
    """A number without an exponent, with at least so many decimals and no trailing zeros beyond."""
    text = format(value, "f")
    whole, _, part = text.partition(".")
    part = part.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{part}" if part else whole


def written(lines: Sequence[Line] | None) -> tuple[Line, ...]:
    """The lines that go out: every 1C refuses a quantity of 0."""
    return tuple(line for line in lines or () if line.quantity)


def item_id(line: Line) -> str:
    """What 1C knows the item by; never something like a GUID for what it does not know: УТ 11 would make an item of that GUID."""
    key = clean(line.item_id, _ID_LENGTH)
    item, _, characteristic = key.partition("#")
    if key:
        return item if characteristic in ("", item) else key
    if line.product_id:
        return str(line.product_id)
    return "free-" + hashlib.blake2b(_name(line).casefold().encode(), digest_size=6).hexdigest()


def items(lines: Sequence[Line], currency: str, dialect: Dialect, *, bare: bool) -> str:
    """Товары."""
    taxed = any(line.vat is not None for line in lines)
    return element(n.ITEMS, *(_item(line, currency, dialect, bare=bare, taxed=taxed) for line in lines))


def taxes(lines: Sequence[Line], currency: str, dialect: Dialect) -> str:
    """The document's Налоги: one НДС, whether it is in the sum; nothing for exempt documents, which УНФ knows by that.

    One alone: the untyped readers expect a Налог, not a list of them.
    """
    charged = [line for line in lines if line.vat is not None and line.vat.percent is not None]
    if not charged or not (dialect.takes_zero_vat or any(line.vat and line.vat.percent for line in charged)):
        return ""
    rates = {rate_text(line.vat, currency, dialect) for line in charged}
    included = all(line.vat_included for line in charged)
    total = sum((vat_of(line, currency) for line in charged), ZERO)
    return element(n.TAXES, _tax(included, total, currency, rates.pop() if len(rates) == 1 else ""))


def rate_text(rate: VatRate | None, currency: str, dialect: Dialect) -> str:
    """A VAT rate in 1C's words: 0 % is not "without VAT", except for a 1C that would take 0 for 10 %."""
    percent = rate.percent if rate is not None else None
    if rate is None or percent is None or not (percent or dialect.takes_zero_vat):
        return w.EXEMPT_UKRAINE if currency == "UAH" and dialect.reads_in_order else w.EXEMPT
    text = number_text(percent)
    return f"{text}/{number_text(percent + 100)}" if rate.calculated else text


def _item(line: Line, currency: str, dialect: Dialect, *, bare: bool, taxed: bool) -> str:
    kind = w.SERVICE if line.service or line.item_id == w.DELIVERY_ID else w.GOODS
    price = unit_price(line.amount, line.quantity, currency, line.price)
    article = "" if dialect.reads_in_order else leaf(n.ARTICLE, clean(line.article, 100))
    return element(
        n.ITEM,
        leaf(n.ID, item_id(line)),
        article,
        leaf(n.NAME, _name(line)),
        _unit(line.unit_code, line.unit_name, bare=bare),
        _discount(line, dialect),
        leaf(n.UNIT_PRICE, number_text(price, minor_units(currency))),
        leaf(n.QUANTITY, number_text(line.quantity)),
        leaf(n.AMOUNT, amount_text(line.amount, currency)),
        _kind(kind),
        *(_vat(line, currency, dialect) if taxed else ()),
    )


def _name(line: Line) -> str:
    by_default = w.DELIVERY_NAME if line.item_id == w.DELIVERY_ID else (w.SERVICE if line.service else w.GOODS)
    return clean(line.name, _NAME_LENGTH) or clean(line.article, _NAME_LENGTH) or by_default


@lru_cache(8)
def _kind(kind: str) -> str:
    """Under both names: Бухгалтерия looks at the first, the others at the second."""
    return element(n.REQUISITES, requisite(n.REQUISITE_ITEM_KIND, kind), requisite(n.REQUISITE_ITEM_TYPE, kind))


@lru_cache(500)
def _unit(code: str, name: str, *, bare: bool) -> str:
    """БазоваяЕдиница for every reader, and beside it the Единица of later versions; the code has its leading zeros."""
    code = clean(code, 10)
    code = code.zfill(_CODE_LENGTH) if code.isdecimal() else w.UNIT_BY_DEFAULT
    short, full, international = w.UNITS.get(code, ("", "", ""))
    short = clean(name, 25) or short or code
    base = leaf(n.BASE_UNIT, short, ((n.CODE, code), (n.LONG_NAME, full or short), (n.INTERNATIONAL, international)))
    if bare:
        return base
    return base + element(n.UNIT, leaf(n.CODE, code), leaf(n.LONG_NAME, full or short)) + leaf(n.RATIO, "1")


def _discount(line: Line, dialect: Dialect) -> str:
    """Of one unit, taken off the price already: told to be seen, never to be taken off again."""
    if not dialect.takes_discounts or line.discount <= 0:
        return ""
    amount = number_text(to_decimals(line.discount, 2), 2)
    said = (leaf(n.NAME, w.LINE_DISCOUNT), leaf(n.AMOUNT, amount), leaf(n.IN_SUM, flag(True)))
    return element(n.DISCOUNTS, element(n.DISCOUNT, *said))


def _vat(line: Line, currency: str, dialect: Dialect) -> Iterator[str]:
    """On every line, exempt or not: УТ 11 keeps the rate of the line before for one that says nothing."""
    rate = rate_text(line.vat, currency, dialect)
    yield element(n.TAX_RATES, element(n.TAX_RATE, leaf(n.NAME, w.VAT), leaf(n.RATE, rate)))
    if line.vat is not None and line.vat.percent is not None and (line.vat.percent or dialect.takes_zero_vat):
        yield element(n.TAXES, _tax(line.vat_included, vat_of(line, currency), currency, rate))


def _tax(included: bool, amount: Decimal, currency: str, rate: str) -> str:
    parts = (leaf(n.NAME, w.VAT), leaf(n.IN_SUM, flag(included)), leaf(n.AMOUNT, amount_text(amount, currency)))
    return element(n.TAX, *parts, leaf(n.RATE, rate))


def requisite(name: str, value: str) -> str:
    """One ЗначениеРеквизита; nothing for no value."""
    text = clean(value, 1000)
    return element(n.REQUISITE, leaf(n.NAME, name), leaf(n.VALUE, text)) if text else ""


def flag(value: object) -> str:
    """1C's boolean."""
    return "true" if value else "false"
