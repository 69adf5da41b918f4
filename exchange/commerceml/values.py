"""Texts of a 1C file into values, tolerantly: None means "no value"; Unreadable means "this is not one"."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Final

from exchange.commerceml import names as n
from exchange.records import UnitRef, VatRate

ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"
_LONGEST: Final = 40
_PLAIN = re.compile(r"[+-]?\d{1,40}(?:\.\d{0,40})?|[+-]?\.\d{1,40}", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3}(?:\.\d{3})+)\.(\d+)", re.ASCII)
# Spaces that 1C's number format puts between groups of digits: ordinary, no-break, narrow no-break, thin.
_SPACES = str.maketrans("", "", "\u0020\u00a0\u202f\u2009\t'")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Zz]|[+-]\d{2}:\d{2})?(?:(?:[Tt ]|UTC)(.+))?", re.ASCII)
_RUSSIAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s+(.+))?", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\s*(?:[Zz]|[+-]\d{2}:?\d{2})?", re.ASCII)
_CALCULATED = re.compile(r"(\d{1,2})\s*/\s*1\1", re.ASCII)
_HTML = re.compile(r"</?(?:[a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_DECIMAL_SIGN = re.compile(n.DECIMAL_SIGN_CODE + "=(.)")


class Unreadable(ValueError):
    """The text is no value of the wanted kind."""


def decimal(text: str, separator: str = ".") -> Decimal | None:
    """A number as 1C writes them: groups by spaces, comma or dot decimals, a percent sign; "" is None.

    `separator` is the decimal sign that the file's ФорматСуммы declares; it decides only where the text is ambiguous.
    """
    if separator == "." and text.isascii() and text.replace(".", "", 1).isdecimal() and len(text) < _LONGEST:
        return Decimal(text)
    text = text.strip().translate(_SPACES).removesuffix("%")
    if not text:
        return None
    if "," in text:
        text = _with_comma(text, separator)
    if grouped := _GROUPED.fullmatch(text):
        text = f"{grouped[1].replace('.', '')}.{grouped[2]}"
    if not _PLAIN.fullmatch(text):
        raise Unreadable(text)
    return Decimal(text)


def _with_comma(text: str, separator: str) -> str:
    if "." not in text:
        return text.replace(",", ".") if text.count(",") == 1 else text.replace(",", "")
    # Both signs: the declared one is the decimal sign, else the one further right.
    if separator == "," or text.rfind(",") > text.rfind("."):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "")


def decimal_sign(amount_format: str) -> str:
    """The decimal sign in a 1C format string such as "ЧДЦ=2; ЧРД=,": "." where it names none."""
    found = _DECIMAL_SIGN.search(amount_format)
    return "," if found is not None and found[1] == "," else "."


def boolean(text: str) -> bool:
    """true/false, 1/0, yes/no in Russian and Ukrainian, in any case; "" is False."""
    word = text.strip().lower()
    if word in n.YES:
        return True
    if word in n.NO:
        return False
    raise Unreadable(text)


def date(text: str) -> datetime.date | None:
    """The day of a date or dateTime, with any offset or fraction; "" and 1C's empty date 0001-01-01 are None."""
    text = text.strip()
    if not text:
        return None
    if found := _DATE.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _RUSSIAN_DATE.fullmatch(text):
        year, month, day = found[3], found[2], found[1]
    else:
        raise Unreadable(text)
    try:
        result = datetime.date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable(text) from error
    return None if result == datetime.date.min else result


def time(text: str) -> datetime.time | None:
    """The time of day of a time or dateTime (hours may lack their zero), without its offset; "" is None."""
    text = text.strip()
    found = _DATE.fullmatch(text) or _RUSSIAN_DATE.fullmatch(text)
    if found:
        text = (found[4] or "").strip()
    if not text:
        return None
    parts = _TIME.fullmatch(text)
    if parts is None:
        raise Unreadable(text)
    try:
        return datetime.time(int(parts[1]), int(parts[2]), int(parts[3] or 0))
    except ValueError as error:
        raise Unreadable(text) from error


def reference(text: str) -> str:
    """An id, stripped; the all-zero GUID is an empty reference."""
    text = text.strip()
    return "" if text == ZERO_GUID else text


def split_id(text: str) -> tuple[str, str]:
    """`product#characteristic` in two; the second is "" for the product itself (also for an empty or all-zero one)."""
    product, _, characteristic = text.partition("#")
    return product.strip(), reference(characteristic)


def vat(text: str) -> VatRate | None:
    """A VAT rate: `20`, `18%`, `18/118` (calculated), exempt; "" is None."""
    text = text.strip()
    if not text:
        return None
    if text.lower().startswith(n.VAT_EXEMPT):
        return VatRate(None)
    if found := _CALCULATED.fullmatch(text.replace("%", "")):
        return VatRate(Decimal(found[1]), calculated=True)
    percent = decimal(text)
    return None if percent is None else VatRate(percent)


def unit(text: str, code: str = "", full_name: str = "", short_name: str = "", international: str = "") -> UnitRef:
    """The unit of an item from its text and attributes: a numeric text is the code (3.x), a missing name the full one."""
    text, code, full_name = text.strip(), code.strip(), full_name.strip()
    name = short_name.strip()
    if text and not code and text.isdecimal():
        code = text
    elif text and text != code:
        name = text
    return UnitRef(code, name or full_name, full_name, international.strip())


def looks_like_html(text: str) -> bool:
    """Whether the text has a tag in it."""
    return "<" in text and _HTML.search(text) is not None
