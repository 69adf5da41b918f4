"""Контрагент wherever it stands: in contragents.xml, in a document, as an owner; with addresses, contacts and accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import values
from exchange.commerceml.context import Context, Element, Handler, Step, collect, fields, ignore, local, not_carried, text_of
from exchange.commerceml.read_parts import read_requisite
from exchange.records import (
    Address,
    Bank,
    BankAccount,
    Contact,
    Counterparty,
    IdentityDocument,
    Representative,
    Requisite,
)

Fields = dict[str, Any]


def read_address(element: Element, context: Context) -> Address:
    """A structured address, or one that is plain text."""
    presentation, comment = text_of(element), ""
    parts = []
    for child in element:
        match local(child.tag):
            case n.PRESENTATION:
                presentation = text_of(child)
            case n.COMMENT:
                comment = text_of(child)
            case n.ADDRESS_PART:
                texts = {local(part.tag): text_of(part) for part in child}
                if texts.get(n.VALUE):
                    parts.append((texts.get(n.TYPE, ""), texts[n.VALUE]))
            case _:
                context.unknown(child)
    return Address(presentation, tuple(parts), comment)


def read_contacts(element: Element, context: Context) -> tuple[Contact, ...]:
    """Контакты; one without a value is none. An element named by its type (Контакты/Телефон/Значение) is read too."""
    found = []
    for child in element:
        texts = {local(part.tag): text_of(part) for part in child}
        name = local(child.tag)
        value = texts.get(n.VALUE) or (text_of(child) if name != n.CONTACT else "")
        if name != n.CONTACT and not value:
            context.unknown(child)
        if value:
            contact_type = texts.get(n.TYPE) or ("" if name == n.CONTACT else name)
            found.append(Contact(contact_type, value, texts.get(n.COMMENT, "")))
    return tuple(found)


def _into(field: str, how: Any) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = how(element, context)

    return step


def _extend(field: str, how: Any) -> Handler:
    def step(element: Element, into: Fields, context: Context) -> None:
        into[field] = (*into.get(field, ()), *how(element, context))

    return step


_BANK: Final = fields(
    {
        n.NAME: "name",
        n.BIC: "bic",
        n.SWIFT: "swift",
        n.CORRESPONDENT_ACCOUNT: "correspondent_account",
        n.ADDRESS: _into("address", read_address),
        n.CONTACTS: _extend("contacts", read_contacts),
    }
)


def _bank(element: Element, context: Context) -> Bank | None:
    into = collect(element, _BANK, context, {})
    return Bank(**into) if any(into.values()) else None


_ACCOUNT: Final = fields(
    {
        n.ACCOUNT_NUMBER: "number",
        n.BANK: _into("bank", _bank),
        n.CORRESPONDENT_BANK: _into("correspondent", _bank),
        n.COMMENT: "comment",
    }
)


def _account(element: Element, context: Context) -> tuple[BankAccount, ...]:
    into = collect(element, _ACCOUNT, context, {"number": ""})
    return (BankAccount(**into),) if any(into.values()) else ()


def _accounts(element: Element, context: Context) -> tuple[BankAccount, ...]:
    return tuple(account for child in element for account in _account(child, context))


_IDENTITY: Final = fields(
    {
        n.IDENTITY_KIND: "kind",
        n.IDENTITY_SERIES: "series",
        n.NUMBER: "number",
        n.IDENTITY_ISSUED_ON: "issued_on",
        n.IDENTITY_ISSUED_BY: "issued_by",
    }
)


def _identity(element: Element, context: Context) -> IdentityDocument | None:
    into = collect(element, _IDENTITY, context, {})
    return IdentityDocument(**into) if any(into.values()) else None


def _representatives(element: Element, context: Context) -> tuple[Representative, ...]:
    found = []
    for child in element:
        # 2.05 and site orders: Представитель/Контрагент; later the representative is the party itself.
        inner = next((part for part in child if local(part.tag) == n.COUNTERPARTY), child)
        party = _party(inner, context)
        if party is not None:
            relation = party.relation or next((text_of(part) for part in child if local(part.tag) == n.RELATION), "")
            found.append(Representative(party, relation))
    return tuple(found)


def _requisites(element: Element, context: Context) -> tuple[Requisite, ...]:
    return tuple(Requisite(*read_requisite(child, context)) for child in element)


def _party(element: Element, context: Context) -> Counterparty | None:
    return next(read_counterparty(element, context), None)


def _code(element: Element, into: Fields, context: Context) -> None:
    if text := text_of(element):
        into["codes"] = (*into.get("codes", ()), (local(element.tag), text))


def _deleted(element: Element, into: Fields, context: Context) -> None:
    into["deleted"] = context.flag(element)


def _employer(element: Element, into: Fields, context: Context) -> None:
    if len(element):
        into["employer"] = _party(element, context)
    elif name := text_of(element):
        into["employer"] = Counterparty("", name)


_PARTY_STEPS: Final[dict[str, Step]] = {
    n.ID: "id",
    n.NAME: "name",
    n.ROLE: "role",
    n.OFFICIAL_NAME: "official_name",
    n.FULL_NAME: "full_name",
    n.SALUTATION: "salutation",
    n.LAST_NAME: "last_name",
    n.FIRST_NAME: "first_name",
    n.MIDDLE_NAME: "middle_name",
    n.BORN_ON: "born_on",
    n.BIRTH_PLACE: "birth_place",
    n.SEX: "sex",
    n.INN: "inn",
    n.KPP: "kpp",
    n.LEGAL_ADDRESS: _into("legal_address", read_address),
    n.REGISTRATION_ADDRESS: _into("registration_address", read_address),
    n.ADDRESS: _into("address", read_address),
    n.IDENTITY: _into("identity", _identity),
    n.HEAD: _into("head", _party),
    n.ORGANISATION: _employer,
    n.WORK_PLACE: _employer,
    n.POSITION: "position",
    n.RELATION: "relation",
    n.CONTACTS: _extend("contacts", read_contacts),
    n.ACCOUNTS: _extend("accounts", _accounts),
    n.ACCOUNT: _extend("accounts", _account),
    n.REPRESENTATIVES: _extend("representatives", _representatives),
    n.REQUISITES: _extend("requisites", _requisites),
    n.COMMENT: "comment",
    n.VERSION: "version",
    n.DELETED: _deleted,
    n.WAREHOUSE: not_carried,
    n.COUNTERPARTY: ignore,
    **dict.fromkeys(n.PARTY_CODES, _code),
}
_PARTY: Final = fields(_PARTY_STEPS)
_LEGAL: Final = ("official_name", "legal_address")
_PERSONAL: Final = ("last_name", "first_name", "middle_name", "registration_address", "identity", "born_on")


def read_counterparty(element: Element, context: Context) -> Iterator[Counterparty]:
    """A Контрагент, Владелец, Представитель or Руководитель; one that says nothing at all is none."""
    into = collect(element, _PARTY, context, {})
    if not any(into.values()):
        return
    into["id"] = values.reference(into.get("id", ""))
    if any(into.get(field) for field in _LEGAL):
        into["is_legal"] = True
    elif any(into.get(field) for field in _PERSONAL):
        into["is_legal"] = False
    yield Counterparty(**into)
