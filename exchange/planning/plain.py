"""Numbers and dates that 1C writes as people read them, as the portal takes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation

from exchange.planning.desired import number


def plain_number(text: str) -> str | None:
    """A number as 1C shows it (grouped by blanks, with a comma) as the portal takes it; None when it is none."""
    digits = "".join(text.split())
    if digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        return number(Decimal(digits)) if digits else ""
    except InvalidOperation:
        return None


def plain_date(text: str) -> str | None:
    """A date of 1C (ISO, with or without a time) as the portal takes it; "" for 1C's empty date, None when it is none."""
    day = text.strip().partition("T")[0]
    try:
        parsed = dt.date.fromisoformat(day)
    except ValueError:
        return None
    return "" if parsed.year == 1 else parsed.isoformat()
