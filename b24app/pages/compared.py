"""Both sides of a document or a party beside what they agreed on, field by field, as people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.money import minor_units
from exchange.planning.stored import from_data, plain
from exchange.planning.trade import Account, Line, Party, Person, PostalAddress, Trade

# Groups of mapping.trade_rules (conflicts name them) and single fields, in the order of a form.
LABELS: Mapping[str, str | Promise] = {
    "number": gettext_lazy("Number"),
    "date": gettext_lazy("Date"),
    "stage": gettext_lazy("Stage or status"),
    "amount": gettext_lazy("Sum"),
    "currency": gettext_lazy("Currency"),
    "lines": gettext_lazy("Goods and services"),
    "comment": gettext_lazy("Comment"),
    "buyer": gettext_lazy("Buyer"),
    "organisation": gettext_lazy("Own company"),
    "warehouse": gettext_lazy("Warehouse"),
    "pay_until": gettext_lazy("Pay until"),
    "cancelled": gettext_lazy("Cancelled"),
    "name": gettext_lazy("Name"),
    "full_name": gettext_lazy("Full name"),
    "tax_id": gettext_lazy("Tax number"),
    "tax_branch": gettext_lazy("Branch code"),
    "registration": gettext_lazy("Registration number"),
    "codes": gettext_lazy("Other codes"),
    "phones": gettext_lazy("Phones"),
    "emails": gettext_lazy("E-mail"),
    "addresses": gettext_lazy("Addresses"),
    "accounts": gettext_lazy("Bank accounts"),
    "people": gettext_lazy("Contact persons"),
    "requisites": gettext_lazy("Requisites"),
    "payments": gettext_lazy("Payments"),
    "shipments": gettext_lazy("Shipments"),
    "paid": gettext_lazy("Paid in full"),
    "shipped": gettext_lazy("Shipped in full"),
    "posted": gettext_lazy("Posted in 1C"),
    "deleted": gettext_lazy("Deleted"),
    "article": gettext_lazy("Article"),
    "code": gettext_lazy("Code"),
    "prices": gettext_lazy("Prices"),
    "stock": gettext_lazy("Stock"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One field: what the portal says, what 1C says, and what both last agreed on ("" = nothing)."""

    field: str
    portal: str
    onec: str
    agreed: str

    @property
    def label(self) -> str:
        return label(self.field)

    @property
    def differs(self) -> bool:
        return bool(self.portal and self.onec) and self.portal != self.onec


def label(field: str) -> str:
    """A field's or group's name for people; an unlisted one stands as it is."""
    return str(LABELS.get(field, field))


def money(amount: Decimal | None, currency: str) -> str:
    """A sum in the active language's manner with its currency's decimals and code; "" for none."""
    if amount is None:
        return ""
    places = minor_units(currency) if currency else 2
    return f"{formats.number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)} {currency}".strip()


def shown(value: Any) -> str:
    """Any value of a document or party as a line of text."""
    match value:
        case None | "" | () | []:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case Decimal():
            return plain(value)
        case dt.date():
            return formats.date_format(value, "SHORT_DATE_FORMAT")
        case Line():
            return f"{value.name or value.item_id} × {plain(value.quantity)} = {plain(value.amount)}"
        case PostalAddress():
            return value.text
        case Account():
            return " ".join(part for part in (value.number, value.bank, value.bic) if part)
        case Person():
            name = " ".join(part for part in (value.last_name, value.first_name, value.middle_name) if part)
            return ", ".join(part for part in (name, *value.phones, *value.emails) if part)
        case dict():
            name = value.get("name") or value.get("number") or value.get("text") or ""
            quantity, amount = value.get("quantity", "1"), value.get("amount", "")
            return f"{name} × {quantity} = {amount}" if amount else str(name)
        case tuple() | list():
            if len(value) == 2 and all(isinstance(part, str) for part in value):
                return f"{value[0]}: {value[1]}"
            return "; ".join(filter(None, map(shown, value)))
    return str(value)


def _sum(trade: Trade) -> str:
    return money(trade.amount, trade.currency)


_DOCUMENT: Mapping[str, Callable[[Trade], str]] = {
    "number": lambda trade: trade.onec_number or trade.number,
    "date": lambda trade: shown(trade.onec_date or trade.date),
    "stage": lambda trade: trade.status_name or trade.status_id or trade.stage_id,
    "amount": _sum,
    "lines": lambda trade: "; ".join(shown(line) for line in (trade.lines or ())[:20]),
    "comment": lambda trade: shown(trade.comment),
    "pay_until": lambda trade: shown(trade.pay_until),
    "cancelled": lambda trade: shown(trade.cancelled),
}
_PARTY = (
    "name",
    "full_name",
    "tax_id",
    "tax_branch",
    "registration",
    "codes",
    "phones",
    "emails",
    "addresses",
    "accounts",
    "people",
)


def document(
    portal: Mapping[str, Any] | None, onec: Mapping[str, Any] | None, agreed: Mapping[str, Any] | None
) -> list[Compared]:
    """The fields of a document that any side says, from stored data."""
    sides = [from_data(Trade, side) if side is not None else None for side in (portal, onec, agreed)]
    return _told((name, *(say(side) if side is not None else "" for side in sides)) for name, say in _DOCUMENT.items())


def party(portal: Mapping[str, Any] | None, onec: Mapping[str, Any] | None, agreed: Mapping[str, Any] | None) -> list[Compared]:
    """The fields of a buyer that any side says, from stored data."""
    sides = [from_data(Party, side) if side is not None else None for side in (portal, onec, agreed)]
    return _told((name, *(shown(getattr(side, name)) if side is not None else "" for side in sides)) for name in _PARTY)


def _told(rows: Iterable[tuple[str, ...]]) -> list[Compared]:
    return [Compared(*row) for row in rows if any(row[1:])]
