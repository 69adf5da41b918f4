"""What differs by country about parties: their tax ids, the portal's fields for them, phone prefixes. One frozen row each. Pure.

The portal knows requisites of Russia, Belarus, Kazakhstan and Ukraine (crm.requisite.preset.countries); it has none for Moldova, so
Moldovan ids are kept in the portal's own country's fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Country:
    """`lengths`: digits of a legal entity's and of a natural person's tax id. `legal_field`, `natural_field`: requisites' fields for
    them; `search`: every field where people keep one. `trunk`: what stands before a national number inside the country."""

    code: str
    portal_id: int  # COUNTRY_ID of requisite presets; 0 = the portal has none
    legal_lengths: frozenset[int]
    natural_lengths: frozenset[int]
    legal_field: str
    natural_field: str
    search: tuple[str, ...]
    calling: str
    national_digits: int
    trunk: tuple[str, ...]
    bank_field: str = "RQ_BIK"
    account_field: str = "RQ_ACC_NUM"


def _row(code: str, portal_id: int, legal: int, natural: int, fields: str, phone: tuple[str, int, str], bank: str) -> Country:
    legal_field, natural_field, *others = fields.split()
    bank_field, account_field = bank.split()
    search = tuple(dict.fromkeys((legal_field, natural_field, *others, "RQ_INN")))
    calling, digits, trunk = phone
    return Country(
        code,
        portal_id,
        frozenset({legal}),
        frozenset({natural}),
        legal_field,
        natural_field,
        search,
        calling,
        digits,
        tuple(trunk.split()),
        bank_field,
        account_field,
    )


COUNTRIES: Final[Mapping[str, Country]] = {
    row.code: row
    for row in (
        _row("RU", 1, 10, 12, "RQ_INN RQ_INN", ("7", 10, "8 7"), "RQ_BIK RQ_ACC_NUM"),
        _row("BY", 4, 9, 9, "RQ_INN RQ_INN", ("375", 9, "80 8 0"), "RQ_BIK RQ_ACC_NUM"),
        _row("KZ", 6, 12, 12, "RQ_BIN RQ_IIN", ("7", 10, "8 7"), "RQ_BIK RQ_IIK"),
        _row("UA", 14, 8, 10, "RQ_EDRPOU RQ_DRFO", ("380", 9, "0 80 8"), "RQ_MFO RQ_IBAN"),
        _row("MD", 0, 13, 13, "RQ_INN RQ_INN RQ_VAT_ID", ("373", 8, "0"), "RQ_SWIFT RQ_IBAN"),
    )
}
BY_PORTAL_ID: Final[Mapping[int, str]] = {row.portal_id: row.code for row in COUNTRIES.values() if row.portal_id}
DEFAULT: Final = "RU"


def country_row(code: str) -> Country:
    """The row of a country; Russia's for one that has none."""
    return COUNTRIES.get(code) or COUNTRIES[DEFAULT]


def country_of(tax_id: str, default: str = "") -> str:
    """The country whose payers have such tax ids; the default one where several have, "" when nobody has."""
    digits = re.sub(r"\D", "", tax_id)
    if not digits:
        return ""
    fits = [row.code for row in COUNTRIES.values() if len(digits) in row.legal_lengths | row.natural_lengths]
    if "KZ" in fits and not russian_checksum(digits) and kazakh_checksum(digits):
        return "KZ"  # as long as a Russian sole trader's, and told apart by the check digits
    if default in fits or not fits:
        return default if default in fits else ""
    # Ten digits are Russia's, though Ukraine's sole traders have as many: their portals say so by the default.
    return fits[0]


def russian_checksum(digits: str) -> bool:
    """Whether the last digit(s) of a Russian ИНН of 10 or 12 digits are right."""

    def check(part: str, weights: tuple[int, ...]) -> str:
        return str(sum(int(digit) * weight for digit, weight in zip(part, weights, strict=True)) % 11 % 10)

    if len(digits) == 10:
        return digits[9] == check(digits[:9], (2, 4, 10, 3, 5, 9, 4, 6, 8))
    if len(digits) == 12:
        first = check(digits[:10], (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
        return digits[10] == first and digits[11] == check(digits[:11], (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return False


def kazakh_checksum(digits: str) -> bool:
    """Whether the last digit of a БИН or ИИН of 12 digits is right."""
    if len(digits) != 12:
        return False
    for shift in (0, 2):
        check = sum(int(digit) * ((place + shift) % 11 + 1) for place, digit in enumerate(digits[:11])) % 11
        if check < 10:
            return check == int(digits[11])
    return False


def is_natural(tax_id: str, country: str) -> bool | None:
    """Whether the tax id is a natural person's (sole traders are such); None when the number alone does not tell."""
    row = COUNTRIES.get(country)
    if row is None or not tax_id.isdigit():
        return None
    length = len(tax_id)
    if row.legal_lengths != row.natural_lengths:
        return length in row.natural_lengths if length in row.natural_lengths | row.legal_lengths else None
    if country == "KZ" and length == 12:
        return tax_id[4] not in "45"  # БИН: 4, 5 legal entities, 6 sole traders; ИИН has the day of birth there
    if country == "MD" and length == 13:
        return tax_id[0] != "1"
    return None
