"""Elements as the portal's lists answer them, read back into our words. Pure; the other direction is commands.py's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from exchange.imports.commands import FIELD_NAMES, property_texts
from exchange.planning.items import Shape

_THEIRS = {ours: theirs for theirs, ours in FIELD_NAMES.items()}
_FLAGS = frozenset({"active", "vat_included"})
_IDS = frozenset({"section", "measure", "vat"})
# A list of them is not answered by the portal's lists (iblockSection), or it is told apart (quantity).
_NOT_LISTED = frozenset({"sections", "quantity"})


def selected(names: Collection[str], shape: Shape, *, quantity: bool) -> list[str]:
    """The portal's fields to select for ours of these names (plus those that every list demands)."""
    fields = ["id", "iblockId", "xmlId", "detailPicture"]
    if quantity and shape in ("product", "offer"):
        fields.append("quantity")
    for name in sorted(names):
        if name.startswith("property:"):
            fields.append("property" + name.removeprefix("property:"))
        elif name in _THEIRS and name not in _NOT_LISTED:
            fields.append(_THEIRS[name])
    return fields


def told_fields(row: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Our fields of these names as the row tells them; those it does not tell are left out."""
    fields: dict[str, Any] = {}
    for name in names:
        if name.startswith("property:"):
            number = name.removeprefix("property:")
            if f"property{number}" in row:
                fields[name] = property_texts(row, int(number))
        elif name in _THEIRS and name not in _NOT_LISTED and _THEIRS[name] in row:
            fields[name] = _value(name, row[_THEIRS[name]])
    return fields


def _value(name: str, value: Any) -> Any:
    if name in _FLAGS:
        return value in ("Y", True)
    if name in _IDS:
        return int(value) if value not in (None, "") else None
    return "" if value is None else value if isinstance(value, int | float) else str(value)
