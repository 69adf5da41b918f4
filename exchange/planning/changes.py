"""What differs between an element as it shall be and as the portal has it: the change, as data. Pure.

`Known` is what we last wrote to or read from the portal; it is kept in the state row as JSON. Long texts are kept as digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from exchange.planning.items import Element, Value
from mapping.rules import FieldGroup, Rules

LONGEST_KEPT = 48

_GROUP_OF: dict[str, FieldGroup] = {
    "name": "name",
    "description": "description",
    "description_type": "description",
    "summary": "description",
    "section": "sections",
    "sections": "sections",
    "measure": "unit",
    "vat": "vat",
    "vat_included": "vat",
    "weight": "weight",
    "length": "weight",
    "width": "weight",
    "height": "weight",
    "active": "active",
}


@dataclass(frozen=True, slots=True)
class KnownPrice:
    """A price in the portal: its id, and what it says."""

    id: int
    price: str
    currency: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal has of one element. `prices` None = must be read before they are written."""

    shape: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[int, KnownPrice] | None = None
    quantity: str | None = None
    stock: Mapping[int, str] = field(default_factory=dict)
    main_picture: str = ""
    pictures: Mapping[str, int] = field(default_factory=dict)  # content digest → image id
    # An answer was lost, or the element was found rather than made: its further pictures must be read before any is added.
    pictures_unsure: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "fields": dict(self.fields),
            "prices": None if self.prices is None else {str(k): [p.id, p.price, p.currency] for k, p in self.prices.items()},
            "quantity": self.quantity,
            "stock": {str(store): amount for store, amount in self.stock.items()},
            "main_picture": self.main_picture,
            "pictures": dict(self.pictures),
            "pictures_unsure": self.pictures_unsure,
        }


def known_of(data: Mapping[str, Any] | None) -> Known | None:
    """The Known that `to_json` made; None when nothing is known."""
    if not data:
        return None
    prices = data.get("prices")
    return Known(
        shape=data["shape"],
        fields=data.get("fields", {}),
        prices=None if prices is None else {int(k): KnownPrice(*p) for k, p in prices.items()},
        quantity=data.get("quantity"),
        stock={int(store): amount for store, amount in data.get("stock", {}).items()},
        main_picture=data.get("main_picture", ""),
        pictures=data.get("pictures", {}),
        pictures_unsure=data.get("pictures_unsure", False),
    )


def kept(value: Value) -> Any:
    """How a field's value is remembered: itself when short, else its digest."""
    if isinstance(value, str) and len(value) > LONGEST_KEPT:
        return "#" + blake2b(value.encode(), digest_size=12).hexdigest()
    if isinstance(value, list) and len(str(value)) > 2 * LONGEST_KEPT:
        return "#" + blake2b(repr(value).encode(), digest_size=12).hexdigest()
    return value


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """`main`: path to set, "" to remove, None to leave; `add` paths of further pictures; `drop` image ids."""

    main: str | None = None
    add: tuple[str, ...] = ()
    drop: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.main is not None or bool(self.add or self.drop)


@dataclass(frozen=True, slots=True)
class ElementChange:
    """What must happen to one element: its changed fields, its prices as a whole set, its pictures."""

    element: Element
    create: bool
    fields: Mapping[str, Value]
    prices: Mapping[int, tuple[str, str]] | None
    pictures: PicturePlan

    def __bool__(self) -> bool:
        return self.create or bool(self.fields) or self.prices is not None or bool(self.pictures)


def owned_by_portal(name: str, rules: Rules) -> bool:
    """Whether the field belongs to a group that 1C does not overwrite."""
    group: FieldGroup = "properties" if name.startswith("property:") else _GROUP_OF.get(name, "name")
    return group in rules.portal_owns


def change_of(
    element: Element,
    known: Known | None,
    rules: Rules,
    *,
    digests: Mapping[str, str],
    accounting: bool = False,
    ours: frozenset[int] = frozenset(),
    shared: bool = False,
) -> ElementChange:
    """The change that makes the portal's element what it shall be.

    `digests`: content digest of each picture path that is there. `ours`: the portal's price types that this base writes.
    `shared`: another base owns the common fields of this element, so only prices and stock are this base's.
    """
    create = known is None
    fields: dict[str, Value] = {}
    for name, value in element.fields.items():
        if known is not None and (shared or owned_by_portal(name, rules)):
            continue
        if known is None or name not in known.fields or known.fields[name] != kept(value):
            fields[name] = value
    writes_stock = element.quantity is not None and not accounting and (create or "stock" not in rules.portal_owns)
    if writes_stock and _quantity_differs(element, known):
        fields["quantity"] = element.quantity
    prices = None
    if element.prices is not None and (create or "prices" not in rules.portal_owns):
        prices = element.prices if prices_differ(element.prices, known, ours) else None
    pictures = PicturePlan()
    if element.pictures is not None and not shared and (create or "pictures" not in rules.portal_owns):
        pictures = _pictures(element.pictures, known, digests)
    return ElementChange(element, create, fields, prices, pictures)


def _quantity_differs(element: Element, known: Known | None) -> bool:
    if known is None or known.quantity is None or element.quantity is None:
        return True
    return Decimal(known.quantity) != Decimal(element.quantity)


def prices_differ(wanted: Mapping[int, tuple[str, str]], known: Known | None, ours: frozenset[int]) -> bool:
    """Whether the portal's prices of our price types are not the wanted ones (exact, by value and currency)."""
    if known is None or known.prices is None:
        return bool(wanted) or known is not None
    have = {type_id: (Decimal(p.price), p.currency) for type_id, p in known.prices.items() if type_id in ours}
    return have != {type_id: (Decimal(price), currency) for type_id, (price, currency) in wanted.items()}


def _pictures(paths: tuple[str, ...], known: Known | None, digests: Mapping[str, str]) -> PicturePlan:
    there = [path for path in paths if path in digests]
    if paths and not there:
        return PicturePlan()  # none of them has arrived: leave what the portal shows
    seen: dict[str, str] = {}
    for path in there:
        seen.setdefault(digests[path], path)
    wanted = list(seen)
    main, more = (wanted[0], wanted[1:]) if wanted else ("", [])
    have_main, have = (known.main_picture, known.pictures) if known else ("", {})
    return PicturePlan(
        main=None if main == have_main else (seen[main] if main else ""),
        add=tuple(seen[digest] for digest in more if digest not in have),
        drop=tuple(image for digest, image in have.items() if digest not in more),
    )


def full_price_set(
    wanted: Mapping[int, tuple[str, str]], have: Mapping[int, KnownPrice], ours: frozenset[int]
) -> list[tuple[int | None, int, str, str]]:
    """All prices of an element as (id, price type, price, currency): ours as wanted, foreign ones as they are.

    catalog.price.modify deletes every price whose id is not sent, so the set must be whole.
    """
    rows = [
        (have[type_id].id if type_id in have else None, type_id, price, currency)
        for type_id, (price, currency) in sorted(wanted.items())
    ]
    rows += [(p.id, type_id, p.price, p.currency) for type_id, p in sorted(have.items()) if type_id not in ours]
    return rows


def after_fields(known: Known | None, element: Element, written: Mapping[str, Value]) -> Known:
    """What is known once `written` fields have been accepted by the portal."""
    before = known or Known(shape=element.shape, prices={})
    fields = {**before.fields, **{name: kept(value) for name, value in written.items() if name != "quantity"}}
    quantity = str(written["quantity"]) if "quantity" in written else before.quantity
    return replace(before, shape=element.shape, fields=fields, quantity=quantity)
