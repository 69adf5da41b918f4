"""A base's rules, frozen: what planning asks instead of the database. Every rule has a default that works without any setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from mapping.trade_data import trade_data, trade_rules
from mapping.trade_rules import TradeRules

NotifyAbout = Literal["all", "grave", "none"]
FieldGroup = Literal[
    "name", "description", "sections", "pictures", "properties", "prices", "stock", "unit", "vat", "weight", "active"
]
FIELD_GROUPS: tuple[FieldGroup, ...] = (
    "name",
    "description",
    "sections",
    "pictures",
    "properties",
    "prices",
    "stock",
    "unit",
    "vat",
    "weight",
    "active",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one base's administrator decided: about the catalogue here, about documents and parties in `trade`."""

    # Field groups that 1C fills when it creates an object and never overwrites afterwards.
    portal_owns: frozenset[FieldGroup] = frozenset()
    # Beside the id, what joins an item of 1C with a product that is already in the portal.
    match_by_article: bool = False
    match_by_barcode: bool = False
    # Price types: 1C id → the portal's price type to write to; an empty set of `skipped` carries all.
    price_types: Mapping[str, int] = field(default_factory=dict)
    skipped_price_types: frozenset[str] = frozenset()
    # The price type of 1C that is the portal's base price ("" = decided by its name, else the first).
    base_price_type: str = ""
    # Currency as 1C writes it → ISO code, beside the built-in ones.
    currencies: Mapping[str, str] = field(default_factory=dict)
    # Currencies (ISO code → rate to the portal's base currency, as text) to make in the portal where it lacks them. Nothing is made
    # without a rate: 1C names none for a price, and which one holds is the accountant's to say.
    create_currencies: Mapping[str, str] = field(default_factory=dict)
    # Units that have neither a code nor a name the portal knows: as 1C writes them, lower case → the portal's unit.
    units: Mapping[str, int] = field(default_factory=dict)
    # Warehouses whose stock does not count.
    skipped_warehouses: frozenset[str] = frozenset()
    # Item types (as 1C writes ТипНоменклатуры) that are not carried, or carried as services.
    skipped_item_types: frozenset[str] = frozenset()
    service_item_types: frozenset[str] = frozenset()
    # Item types whose characteristics are not carried: such an item is one product, with the stock of all its characteristics.
    plain_item_types: frozenset[str] = frozenset()
    # Item type → the section of the portal's catalogue for all items of it, wherever they stand in 1C.
    item_type_sections: Mapping[str, int] = field(default_factory=dict)
    # The share of a catalogue, in percent, above which switching off absent items waits for a person.
    absent_limit: int = 10
    # Who hears of problems in Bitrix24's notices: users of the portal (none = whoever installed the app), and of which problems.
    notify_users: frozenset[int] = frozenset()
    notify_about: NotifyAbout = "grave"
    # Documents and parties.
    trade: TradeRules = field(default_factory=TradeRules)


def from_data(data: Mapping[str, Any]) -> Rules:
    """Rules from stored settings. Unknown keys are left alone, so that older code reads newer settings; a value that makes no sense
    counts as not set, so that no stored setting ever stops the exchange."""
    told = _told(data)
    owned: list[FieldGroup] = [group for group in FIELD_GROUPS if group in _texts(told.get("portal_owns"))]
    types = {key: _number(value) for key, value in _told(told.get("price_types")).items()}
    limit = _number(told.get("absent_limit", 10))
    about = told.get("notify_about")
    return Rules(
        portal_owns=frozenset(owned),
        match_by_article=told.get("match_by_article") is True,
        match_by_barcode=told.get("match_by_barcode") is True,
        price_types={key: value for key, value in types.items() if value is not None},
        skipped_price_types=_texts(told.get("skipped_price_types")),
        base_price_type=str(told.get("base_price_type") or ""),
        currencies={key.strip().lower(): code for key, value in _told(told.get("currencies")).items() if (code := _code(value))},
        create_currencies=_rates(told.get("create_currencies")),
        units={key.strip().lower(): number for key, value in _told(told.get("units")).items() if (number := _number(value))},
        skipped_warehouses=_texts(told.get("skipped_warehouses")),
        skipped_item_types=_texts(told.get("skipped_item_types")),
        service_item_types=_texts(told.get("service_item_types")),
        plain_item_types=_texts(told.get("plain_item_types")),
        item_type_sections=_numbers(told.get("item_type_sections")),
        absent_limit=limit if limit is not None and 0 <= limit <= 100 else 10,
        notify_users=frozenset(user for text in _texts(told.get("notify_users")) if (user := _number(text) or 0) > 0),
        notify_about=about if about in ("all", "none") else "grave",
        trade=trade_rules(told.get("trade")),
    )


def to_data(rules: Rules) -> dict[str, Any]:
    """The rules as stored settings; what is at its default is left out, so that a better default of a later version reaches everybody."""
    default = Rules()
    data: dict[str, Any] = {}
    for one in fields(rules):
        value = getattr(rules, one.name)
        if value == getattr(default, one.name):
            continue
        if isinstance(value, TradeRules):
            data[one.name] = trade_data(value)
        else:
            data[one.name] = (
                sorted(value) if isinstance(value, frozenset) else dict(value) if isinstance(value, Mapping) else value
            )
    return data


def _code(value: Any) -> str:
    """An ISO code; "" for what is none."""
    code = str(value).strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""


def _told(data: Any) -> Mapping[str, Any]:
    return {str(key): value for key, value in data.items()} if isinstance(data, Mapping) else {}


def _texts(data: Any) -> frozenset[str]:
    return frozenset(map(str, data)) if isinstance(data, list | tuple | set | frozenset) else frozenset()


def _numbers(data: Any) -> dict[str, int]:
    """Names → the portal's ids, those that can be ids."""
    found = {name: _number(value) for name, value in _told(data).items()}
    return {name: number for name, number in found.items() if number is not None and number > 0}


def _number(value: Any) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _rates(data: Any) -> dict[str, str]:
    """ISO code → rate, those that are both; a rate is a positive decimal."""
    rates: dict[str, str] = {}
    for code, written in data.items() if isinstance(data, Mapping) else ():
        try:
            rate = Decimal(str(written).strip().replace(",", "."))
        except InvalidOperation:
            continue
        if _code(code) and rate.is_finite() and rate > 0:
            rates[_code(code)] = format(rate, "f")
    return rates
