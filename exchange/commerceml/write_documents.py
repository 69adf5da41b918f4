"""The answer to `mode=query`: documents for 1C in the form its generation reads, one at a time.

Most readers reject everything in the answer, and ask for it again for ever, because of one document that breaks a rule: a document
that cannot be told is refused (Unwritable) before a byte of it is written. Who streams documents one by one and wants to go on
after such a one uses `header`, `render_document` and `footer`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, opening
from exchange.commerceml.write_lines import written
from exchange.commerceml.write_order import order

if TYPE_CHECKING:
    from exchange.dialects import Dialect
    from exchange.planning.outgoing import Outgoing

_LINE_END: Final = "\n"


class Unwritable(Exception):
    """1C could not read this document; `reason` is a code: no-number, number-too-long, no-digits, no-date, no-currency, no-lines."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def render_documents(outgoing: Iterable[Outgoing], dialect: Dialect, moment: dt.datetime) -> Iterator[bytes]:
    """The whole answer in pieces: header, each document, footer; the bare root when there is none. Raises Unwritable."""
    begun = False
    for out in outgoing:
        rendered = render_document(out, dialect)
        if not begun:
            begun = True
            yield header(dialect, moment)
        yield rendered
    yield footer(dialect) if begun else empty(dialect, moment)


def header(dialect: Dialect, moment: dt.datetime) -> bytes:
    """All that stands before the first document."""
    return _encoded(_declaration(dialect) + opening(n.ROOT, (*_root(dialect, moment), *w.ROOT_FORMATS)) + _LINE_END, dialect)


def footer(dialect: Dialect) -> bytes:
    """All that stands behind the last document."""
    return _encoded(f"</{n.ROOT}>", dialect)


def empty(dialect: Dialect, moment: dt.datetime) -> bytes:
    """The answer without a document: УНФ takes it for one only under 555 characters."""
    return _encoded(_declaration(dialect) + opening(n.ROOT, _root(dialect, moment)) + f"</{n.ROOT}>", dialect)


def render_document(out: Outgoing, dialect: Dialect) -> bytes:
    """One document with all that belongs to it; the same content gives the same bytes. Raises Unwritable."""
    if reason := lacking(out, dialect):
        raise Unwritable(reason)
    return _encoded(order(out, dialect) + _LINE_END, dialect)


def lacking(out: Outgoing, dialect: Dialect) -> str:
    """Why 1C could not read this document (a code of Unwritable), or ""."""
    trade, number = out.trade, clean(out.trade.number)
    digits = sum(letter.isdigit() for letter in number)
    if not number:
        return "no-number"
    if len(number) > dialect.number_length and not dialect.number_digits_only:
        return "number-too-long"
    # Бухгалтерия makes a number of its own of the digits, and cuts what is longer.
    if dialect.number_digits_only and not 0 < digits <= dialect.number_length:
        return "number-too-long" if digits else "no-digits"
    if trade.date is None:
        return "no-date"
    if not clean(trade.currency):
        return "no-currency"
    return "" if written(trade.lines) else "no-lines"


def _declaration(dialect: Dialect) -> str:
    return f'<?xml version="1.0" encoding="{dialect.encoding}"?>{_LINE_END}'


def _root(dialect: Dialect, moment: dt.datetime) -> tuple[tuple[str, str], ...]:
    """No xmlns: the untyped readers of УТ 11, УНФ and Бухгалтерия would demand types."""
    return (n.SCHEMA_VERSION, dialect.schema), (n.MADE_AT, moment.strftime("%Y-%m-%dT%H:%M:%S"))


def _encoded(text: str, dialect: Dialect) -> bytes:
    """Characters that the code page has not become numeric references."""
    return text.encode(dialect.encoding, "xmlcharrefreplace")
