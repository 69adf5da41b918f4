"""Records as plain data to compare with what is written in a file: only what differs from "not mentioned"."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from exchange.records import Record

DATA = Path(__file__).resolve().parents[2] / "data" / "commerceml"


def plain(value: object) -> Any:
    """A record (or a value in one) as JSON knows it; numbers and dates as text."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        defaults = getattr(type(value), "_field_defaults", {})
        named = zip(value._fields, value, strict=True)
        told = {name: plain(item) for name, item in named if name not in defaults or item != defaults[name]}
        return {"is": type(value).__name__, **told}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal | datetime.date | datetime.time):
        return str(value)
    return value


def plain_all(records: Iterable[Record]) -> list[Any]:
    """All records, plain."""
    return [plain(record) for record in records]
