"""What the app believes against what the portal really holds, object by object: differences as data. Pure.

Believed is what was last written or read (`Known`), not what 1C wants: a change on its way is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from exchange.planning.changes import Known, kept, owned_by_portal
from mapping.rules import Rules

Verdict = Literal["differs", "missing", "unknown"]
_DIGEST = re.compile(r"#[0-9a-f]{24}")
_NUMBERS = frozenset({"weight", "length", "width", "height"})
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4})")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not what we believe; `field` is "" where the whole object is missing, or not known to us."""

    verdict: Verdict
    kind: str
    onec_id: str
    b24_id: int
    field: str = ""
    ours: str = ""
    portals: str = ""


@dataclass(slots=True)
class Tally:
    """Objects of one kind by what was found."""

    agree: int = 0
    differ: int = 0
    missing: int = 0
    unknown: int = 0


@dataclass(slots=True)
class Reconciled:
    """What a reconciliation found. `unsettled` objects were changed while they were looked at, so nothing is said of them."""

    at: str = ""
    kinds: dict[str, Tally] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unsettled: int = 0
    complete: bool = True
    repaired: int = 0

    def tally(self, kind: str) -> Tally:
        return self.kinds.setdefault(kind, Tally())

    def total(self, what: Literal["agree", "differ", "missing", "unknown"]) -> int:
        return sum(int(getattr(tally, what)) for tally in self.kinds.values())

    @property
    def all_agree(self) -> bool:
        """Everything was looked at, and is as we believe."""
        return self.complete and not self.differences

    def to_json(self, examples: int = 20) -> dict[str, Any]:
        """The numbers, and the first differences."""
        return {
            "at": self.at,
            "agree": self.total("agree"),
            "differ": self.total("differ"),
            "missing": self.total("missing"),
            "unknown": self.total("unknown"),
            "unsettled": self.unsettled,
            "complete": self.complete,
            "repaired": self.repaired,
            "kinds": {kind: asdict(tally) for kind, tally in self.kinds.items()},
            "examples": [asdict(one) for one in self.differences[:examples]],
        }


@dataclass(frozen=True, slots=True)
class Told:
    """An element as the portal told it, in our words: fields as lists answer them; prices and stock None = not asked."""

    fields: Mapping[str, Any]
    quantity: str | None = None
    has_picture: bool = True
    prices: Mapping[int, tuple[str, str]] | None = None
    stock: Mapping[int, str] | None = None


def differences(
    known: Known, told: Told, rules: Rules, *, ours: Collection[int], owner: bool, shared: bool
) -> list[tuple[str, str, str]]:
    """(field, ours, the portal's) wherever they differ.

    `ours`: the price types this base writes. `owner`: this base writes the common fields; `shared`: other bases' stock is in the total.
    What the rules leave to the portal may differ.
    """
    found: list[tuple[str, str, str]] = []
    for name, value in known.fields.items() if owner else ():
        if name in told.fields and not owned_by_portal(name, rules) and not _same(name, value, told.fields, known):
            found.append((name, _text(value), _text(told.fields[name])))
    if owner and known.main_picture and not told.has_picture and "pictures" not in rules.portal_owns:
        found.append(("picture", known.main_picture, ""))
    if "stock" not in rules.portal_owns:
        found += _stock(known, told, shared=shared)
    if "prices" not in rules.portal_owns and known.prices is not None and told.prices is not None:
        found += _prices({of: (held.price, held.currency) for of, held in known.prices.items() if of in ours}, told.prices)
    return found


def _stock(known: Known, told: Told, *, shared: bool) -> Iterable[tuple[str, str, str]]:
    if told.stock is None:
        if not (known.quantity is None or told.quantity is None or shared or Decimal(known.quantity) == Decimal(told.quantity)):
            yield "quantity", known.quantity, told.quantity
        return
    for store in sorted({*known.stock, *(told.stock if known.stock else ())}):
        ours, portals = known.stock.get(store, "0"), told.stock.get(store, "0")
        # No document takes a store below zero, so what 1C has sold short is none there.
        if max(Decimal(ours), Decimal(0)) != Decimal(portals):
            yield f"stock:{store}", ours, portals


def _prices(ours: Mapping[int, tuple[str, str]], portals: Mapping[int, tuple[str, str]]) -> Iterable[tuple[str, str, str]]:
    for of in sorted({*ours, *portals}):
        held, told = ours.get(of), portals.get(of)
        if held is None or told is None or Decimal(held[0]) != Decimal(told[0]) or held[1] != told[1]:
            yield f"price:{of}", " ".join(held or ()), " ".join(told or ())


def _same(name: str, ours: Any, fields: Mapping[str, Any], known: Known) -> bool:
    portals = fields[name]
    if name == "description" and known.fields.get("description_type") == "html":
        return True  # the portal cleans HTML in its own way
    if isinstance(ours, str) and _DIGEST.fullmatch(ours):
        # The digest of a list cannot be made anew from what the portal answers (numbers become texts there).
        single = portals if isinstance(portals, str) else portals[0] if len(portals) == 1 else "" if not portals else None
        return single is None or kept(single) == ours
    if name in _NUMBERS:
        return _number(ours) == _number(portals)
    if name.startswith("property:"):
        return _values(ours) == _values(portals)
    return (ours or None) == (portals or None)


def _values(value: Any) -> list[str]:
    """A property's values as comparable texts, in any order."""
    values = value if isinstance(value, list) else [value]
    return sorted(_plain(str(one)) for one in values if one not in (None, ""))


def _plain(text: str) -> str:
    day = _DAY.match(text)
    if day:
        year, month, date, other_date, other_month, other_year = day.groups()
        return f"{year or other_year}-{month or other_month}-{date or other_date}"
    # The portal writes 12.5 as 12.5000, but an article of 007 is no 7.
    number = _number(text) if "." in text else None
    return text.strip() if number is None else format(number.normalize(), "f")


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value)) if value not in (None, "") else Decimal(0)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= 200 else text[:199] + "…"
