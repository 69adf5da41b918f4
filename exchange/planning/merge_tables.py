"""What of documents and parties is merged how: the groups of mapping.trade_rules.DOCUMENT_FIELDS and PARTY_FIELDS, field by field. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exchange.money import ZERO
from exchange.planning.merge_parts import Each, Field, Outcome, Owner, Part, Side, Sides
from exchange.planning.trade import Account, Line, Person, PostalAddress


@dataclass(frozen=True, slots=True)
class Table:
    """The parts of a Trade or a Party; `portals`: what is not merged because it is the portal's alone (the rest is 1C's)."""

    parts: tuple[Part, ...]
    portals: frozenset[str]
    first: Side


def words(text: str) -> str:
    """A text as it is compared: blanks and line ends do not count, nor do the shapes of quotation marks."""
    return " ".join(text.translate(_QUOTES).split())


def digits(text: str) -> str:
    """A number of letters and digits as it is compared."""
    return "".join(char for char in text if char.isalnum()).upper()


def phone(text: str) -> str:
    """A phone number as it is compared: its last ten digits, whatever stands before them (8, +7, 00…)."""
    figures = re.sub(r"\D", "", re.split(r"[^\W\d_]|[,;#]", text.strip(), maxsplit=1)[0])
    return figures[-10:] if len(figures) >= 10 else figures or text.strip().casefold()


def email(text: str) -> str:
    """An e-mail address as it is compared."""
    return text.strip().casefold()


_QUOTES: Final = {ord(mark): '"' for mark in "«»“”„‟″"} | {ord(mark): "'" for mark in "\u2018\u2019\u201a\u201b"}


def same_line(one: Line, other: Line) -> bool:
    """Whether two lines ask for the same: quantity and money by value; VAT where both tell it.

    The price follows from amount and quantity, the discount is only shown, and names are each side's own where there is an item.
    """
    vat = one.vat is None or other.vat is None or one.vat == other.vat
    if one.vat_included == other.vat_included:
        return vat and one.quantity == other.quantity and one.amount == other.amount
    return vat and one.quantity == other.quantity and _to_pay(one) == _to_pay(other)


def _to_pay(line: Line) -> Decimal:
    return line.amount + (ZERO if line.vat_included else line.vat_amount or ZERO)


def _line_keys(line: Line) -> Sequence[Hashable]:
    name = ("name", words(line.name).casefold())
    return (("item", line.item_id), name) if line.item_id else (name,)


def _join_lines(chosen: Line, portal: Line | None, onec: Line | None) -> Line:
    both = [side for side in (portal, onec) if side is not None]
    vat = chosen if chosen.vat is not None else next((side for side in both if side.vat is not None), chosen)
    return dataclasses.replace(
        chosen,
        item_id=_said("item_id", onec, portal, chosen),
        name=_said("name", portal if portal is not None and portal.product_id else chosen, chosen, onec),
        article=_said("article", onec, portal, chosen),
        product_id=_said("product_id", portal, chosen),
        row_id=_said("row_id", portal, chosen),
        unit_code=_said("unit_code", chosen, portal, onec),
        unit_name=_said("unit_name", chosen, portal, onec),
        service=any(side.service for side in both) or chosen.service,
        vat=vat.vat,
        vat_included=vat.vat_included,
        vat_amount=vat.vat_amount if same_line(vat, chosen) else None,
    )


def _said(name: str, *sides: Any) -> Any:
    """The first value that is none of None, "" and 0."""
    values = [getattr(side, name) for side in sides if side is not None]
    return next((value for value in values if value), values[0])


def _same_texts(names: Iterable[str]) -> Any:
    """Whether two things say the same in these fields; what one of them leaves empty does not count."""

    def same(one: Any, other: Any) -> bool:
        pairs = ((_comparable(getattr(one, name)), _comparable(getattr(other, name))) for name in names)
        return all(a == b or not a or not b for a, b in pairs)

    return same


def _comparable(value: Any) -> Any:
    if isinstance(value, tuple):
        return frozenset(email(text) if "@" in text else phone(text) for text in value)
    return words(value) if isinstance(value, str) else value


def _completed(chosen: Any, portal: Any, onec: Any) -> Any:
    """The chosen thing, with what it leaves empty from the others."""
    names = [field.name for field in dataclasses.fields(chosen)]
    return dataclasses.replace(chosen, **{name: _said(name, chosen, portal, onec) for name in names})


def _plain(chosen: Any, portal: Any, onec: Any) -> Any:
    """A text in the portal's spelling, so that another spelling of the same costs nothing."""
    return portal if portal is not None else chosen


def _always(one: Any, other: Any) -> bool:
    return True


def _person_keys(person: Person) -> Sequence[Hashable]:
    name = " ".join(word for word in (person.last_name, person.first_name, person.middle_name) if word)
    found: list[Hashable] = []
    if person.id:
        found.append(("id", person.id))
    if person.contact_id:
        found.append(("contact", person.contact_id))
    if name:
        found.append(("name", " ".join(sorted(words(name).casefold().split()))))
    return (*found, *(("email", email(text)) for text in person.emails), *(("phone", phone(text)) for text in person.phones))


def _address_keys(address: PostalAddress) -> Sequence[Hashable]:
    return (address.kind.value,)


def _account_keys(account: Account) -> Sequence[Hashable]:
    return (digits(account.number),)


_ADDRESS: Final = ("postal_code", "country", "region", "district", "city", "street", "building")


def _same_address(one: PostalAddress, other: PostalAddress) -> bool:
    """By the whole text if both have one (commas and blanks do not count), else by the parts both have."""
    if one.text and other.text:
        return re.sub(r"[\s,;.]+", " ", one.text).strip().casefold() == re.sub(r"[\s,;.]+", " ", other.text).strip().casefold()
    return bool(_same_texts(_ADDRESS)(one, other))


class _Amount(Field):
    """The sum of a document that has no lines on either side; else the lines are all there is."""

    def merge(self, sides: Sides, owner: Owner) -> Outcome:
        if any(side is not None and side.lines for side in sides[:3]):
            kept = {"amount": next(side.amount for side in sides[:3] if side is not None)}
            return Outcome(kept, kept, kept)
        return Field.merge(self, sides, owner)


DOCUMENT: Final = Table(
    parts=(
        Each(
            "lines",
            "lines",
            _line_keys,
            same_line,
            lambda line: line.item_id or line.name,
            _join_lines,
            whole=True,
            apart=lambda one, other: one.item_id != other.item_id and bool(one.item_id and other.item_id),
        ),
        Field("lines", ("currency",), unsaid=("",)),
        _Amount("lines", ("amount",)),
        Field("comment", ("comment",), words),
        Field("buyer", ("buyer", "party", "contact_id")),
        Field("my_company", ("my_company_id", "organisation"), unsaid=(0,)),
        Field("pay_until", ("pay_until",)),
        Field("date", ("date", "time")),
        Field("cancelled", ("cancelled",)),
        Field("stage", ("stage_id",), unsaid=("",)),
    ),
    portals=frozenset({"number", "category_id", "responsible_id", "title", "updated_at"}),
    first="portal",
)
PARTY: Final = Table(
    parts=(
        Field("name", ("name",), words, unsaid=("",)),
        *(Field("name", (name,), words) for name in ("full_name", "last_name", "first_name", "middle_name")),
        Field("requisites", ("kind",)),
        Field("requisites", ("country",), unsaid=("",)),
        *(Field("requisites", (name,), digits) for name in ("tax_id", "tax_branch", "registration")),
        Each(
            "requisites",
            "codes",
            lambda code: (code[0],),
            lambda one, other: digits(one[1]) == digits(other[1]),
            lambda code: str(code[0]),
            lambda chosen, portal, onec: chosen,
        ),
        Each("phones", "phones", lambda text: (phone(text),), _always, str, _plain),
        Each("emails", "emails", lambda text: (email(text),), _always, str, _plain),
        Each("addresses", "addresses", _address_keys, _same_address, lambda address: address.kind.value, _completed),
        Each(
            "accounts",
            "accounts",
            _account_keys,
            _same_texts(("bank", "bic", "correspondent", "currency")),
            lambda account: account.number,
            _completed,
        ),
        Each(
            "people",
            "people",
            _person_keys,
            _same_texts(("last_name", "first_name", "middle_name", "position", "phones", "emails")),
            lambda person: " ".join((person.last_name, person.first_name)).strip() or person.id,
            _completed,
        ),
        Field("comment", ("comment",), words),
    ),
    portals=frozenset({"b24", "requisite_id", "updated_at"}),
    first="onec",
)
