"""What 1C's own words mean where the exchange must decide by them: currencies, services, retail prices, "no VAT"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from exchange.commerceml import names

# As 1C bases write them (lower case): names, abbreviations and ISO 4217 numbers.
CURRENCIES: Final[Mapping[str, str]] = names.CURRENCY_WORDS
SERVICE_TYPES: Final[frozenset[str]] = frozenset(word.casefold() for word in names.SERVICE_TYPES)


def is_retail(name: str) -> bool:
    """Whether a price type's name says that it is the retail price."""
    lowered = name.casefold()
    return any(word in lowered for word in names.RETAIL_WORDS)


def is_exempt(vat_name: str) -> bool:
    """Whether the portal's VAT rate of this name means "no VAT" rather than 0 %."""
    lowered = vat_name.casefold()
    return any(word in lowered for word in names.EXEMPT_WORDS)


def spelling_of(currency: str, said: Iterable[str]) -> str:
    """How a base itself calls this ISO 4217 currency, by the words it has used for currencies; "" if by none of them.

    УТ 10.3 and УПП find a currency by that name alone.
    """
    words = (word.strip() for word in said)
    return next((word for word in words if word and CURRENCIES.get(word.casefold(), word.upper()) == currency), "")
