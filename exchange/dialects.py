"""What each generation of the 1C client needs, one row each; chosen by what the user picked and by what really arrives.

The letters are those of the client families: A, B (УТ 10.3, УПП 1.3, УТП), C (УТ 11, КА 2, ERP 2), D (УНФ), E (Бухгалтерия 3.0),
and the vendor's own module, which alone negotiates a version of 3 or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class OrderForm(StrEnum):
    """How an order and its payments and shipments lie in the file."""

    BARE = "bare"
    SIBLINGS = "siblings"
    SUBORDINATE = "subordinate"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One client generation. `hold` is how many seconds an unfinished `import` waits before it answers `progress`."""

    name: str
    # Of texts; documents are windows-1251 for everyone.
    encoding: str = "windows-1251"
    # A and B never send the form token back, the others do.
    sends_sessid: bool = True
    sends_catalog: bool = True
    zip: bool = True
    # "" = init has two lines; else the version on its fourth line.
    init_version: str = ""
    order_form: OrderForm = OrderForm.BARE
    # УТ 11 looks an order up by the first 11 characters of its number; Бухгалтерия by six digits.
    number_length: int = 11
    number_digits_only: bool = False
    # A and B read an order once from top to bottom (SAX), with the Windows code page, and look currencies up by the base's own name.
    reads_in_order: bool = False
    # Бухгалтерия fails over Скидки, and takes a VAT rate "0" for 10 %: what nobody knows is spared both.
    takes_discounts: bool = False
    takes_zero_vat: bool = False
    # The vendor's modules ask `query` again and again in one session until no order comes; the others ask once an exchange.
    asks_until_empty: bool = False
    # A, B and УНФ never ask to import the orders they send: what arrives is taken at once.
    sale_at_file: bool = True
    # A, B and C repeat `import` without a pause, D waits five seconds by itself.
    hold: float = 1.5
    schema: str = "2.05"


_OLD = Dialect("A", sends_sessid=False, reads_in_order=True, takes_discounts=True, takes_zero_vat=True)
_OLD_HTTPS = replace(_OLD, name="B")
_UT11 = Dialect("C", takes_discounts=True, takes_zero_vat=True)
_UNF = Dialect("D", takes_discounts=True, takes_zero_vat=True, number_length=50, hold=0.5)
_UNF_NEW = replace(_UNF, name="D2")
_BP30 = Dialect("E", sends_catalog=False, number_length=6, number_digits_only=True)
_MODULE = Dialect(
    "module",
    encoding="utf-8",
    init_version="2.09",
    order_form=OrderForm.CONTAINER,
    number_length=50,
    takes_discounts=True,
    takes_zero_vat=True,
    asks_until_empty=True,
    sale_at_file=False,
    schema="3.1",
)
# Nobody knows who asks: its numbers suit everyone.
_OTHER = Dialect("other", number_length=6, number_digits_only=True)

BY_CONFIGURATION: Final[Mapping[str, Dialect]] = {
    "ut11": _UT11,
    "ka2": _UT11,
    "erp2": _UT11,
    "ut103": _OLD,
    "utp12": _OLD,
    "upp13": _OLD_HTTPS,
    "unf": _UNF,
    "unf_new": _UNF_NEW,
    "bp30": _BP30,
    "module31": _MODULE,
    "other": _OTHER,
}
CONFIGURATIONS: Final = tuple(BY_CONFIGURATION)


def choose(configuration: str, version: str = "", cml_version: str = "") -> Dialect:
    """The row for a base: its configuration's, corrected by the version that this session's client has sent.

    `cmlVersion` of 2.10 or more asks for subordinate documents (УНФ, Бухгалтерия), `version` of 3 or more for containers.
    """
    row = BY_CONFIGURATION.get(configuration, _OTHER)
    if not version and not cml_version:
        # A client that names no version counts the lines of init.
        return replace(row, init_version="", sale_at_file=True)
    if number(version) >= 3:
        return _MODULE
    if version:
        schema = "2.10" if number(version) >= 2.1 else row.schema
        row = replace(row, init_version="2.09", sale_at_file=False, asks_until_empty=True, schema=schema)
        if number(version) >= 2.1:
            row = replace(row, order_form=OrderForm.SIBLINGS)
    if number(cml_version) >= 2.1:
        row = replace(row, order_form=OrderForm.SUBORDINATE, schema="2.10")
    return row


def number(version: str) -> float:
    """A version as the number the protocol compares ("2.10" is 2.1, which is more than 2.09); 0 when it is none."""
    try:
        return float(version.strip().replace(",", "."))
    except ValueError:
        return 0.0
