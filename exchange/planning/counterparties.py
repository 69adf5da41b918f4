"""A counterparty of a 1C file as a Party, and by name what of it has no place there. Pure.

The normal forms of its values are parties.normal's work; here they stay as 1C wrote them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Final, NamedTuple

from exchange.planning import document_words as w
from exchange.planning.trade import Account, AddressKind, Party, PartyKind, Person, PostalAddress
from exchange.records import Address, BankAccount, Contact, Counterparty


class TakenParty(NamedTuple):
    """The party, and the names of what was not taken over (each once per occurrence)."""

    party: Party
    left: tuple[str, ...] = ()


def party_of(record: Counterparty) -> Party:
    """The counterparty as a Party; what the file does not say is None. One without an id is known by its tax id or name."""
    return taken(record).party


def taken(record: Counterparty) -> TakenParty:
    """The counterparty as a Party, with what has no place in it by name."""
    phones, emails, other = _contacts(record.contacts)
    registration = next((value for name, value in _codes(record) if w.plain(name) in w.REGISTRATION_CODES), None)
    codes = tuple((name, value) for name, value in record.codes if w.plain(name) not in w.REGISTRATION_CODES)
    addresses = tuple(_addresses(record))
    people = tuple(_people(record))
    party = Party(
        id=record.id or key_of(record),
        kind=_kind(record),
        name=record.name or record.official_name or record.full_name,
        full_name=record.official_name or record.full_name or None,
        last_name=record.last_name or None,
        first_name=record.first_name or None,
        middle_name=record.middle_name or None,
        tax_id=record.inn or None,
        tax_branch=record.kpp or None,
        registration=registration,
        codes=codes or None,
        phones=phones or None,
        emails=emails or None,
        addresses=addresses or None,
        accounts=tuple(_account(account) for account in record.accounts if account.number) or None,
        people=people or None,
        comment=record.comment or None,
        deleted=record.deleted or None,
    )
    return TakenParty(party, (*other, *_left(record)))


def key_of(record: Counterparty) -> str:
    """What a counterparty without an id is known by: its tax id, else its name; "" if it has neither."""
    if record.inn:
        return f"inn:{record.inn}:{record.kpp}"
    name = record.official_name or record.full_name or record.name
    return f"name:{w.plain(name)}" if name else ""


def _kind(record: Counterparty) -> PartyKind | None:
    """Only what is sure: an official name makes a legal entity, a name in parts a person; the rest is judged later, by tax id and name."""
    if record.is_legal:
        return PartyKind.LEGAL
    return PartyKind.PERSON if record.last_name or record.first_name else None


def _contacts(contacts: Iterable[Contact]) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Phones, e-mails, and the types of what is neither."""
    phones, emails, other = [], [], []
    for contact in contacts:
        name = w.plain(contact.type)
        if "@" in contact.value or any(word in name for word in w.EMAIL_WORDS):
            emails.append(contact.value)
        elif any(word in name for word in w.PHONE_WORDS) or (not name and any(char.isdigit() for char in contact.value)):
            phones.append(contact.value)
        else:
            other.append(contact.type)
    return tuple(dict.fromkeys(phones)), tuple(dict.fromkeys(emails)), other


def _codes(record: Counterparty) -> Iterator[tuple[str, str]]:
    yield from record.codes
    for requisite in record.requisites:
        if requisite.values:
            yield requisite.name, requisite.values[0]


def _addresses(record: Counterparty) -> Iterator[PostalAddress]:
    legal = record.legal_address if _says(record.legal_address) else record.registration_address
    for kind, address in ((AddressKind.LEGAL, legal), (AddressKind.ACTUAL, record.address)):
        if address is not None and _says(address):
            yield _address(kind, address)


def _says(address: Address | None) -> bool:
    """Whether there is an address at all: 1C writes "," for one that is empty."""
    if address is None:
        return False
    return any(char.isalnum() for char in address.presentation) or bool(address.parts)


def _address(kind: AddressKind, address: Address) -> PostalAddress:
    parts: dict[str, list[str]] = {}
    for name, value in address.parts:
        field = w.ADDRESS_PARTS.get(w.plain(name))
        if field is not None:
            parts.setdefault(field, []).append(value)
    return PostalAddress(
        kind=kind,
        text=address.presentation.strip(" ,"),
        **{field: ", ".join(dict.fromkeys(values)) for field, values in parts.items()},
    )


def _account(account: BankAccount) -> Account:
    bank = account.bank
    if bank is None:
        return Account(number=account.number)
    return Account(number=account.number, bank=bank.name, bic=bank.bic or bank.swift, correspondent=bank.correspondent_account)


def _people(record: Counterparty) -> Iterator[Person]:
    """Contact persons, and the head of the firm; who has no name of his own is none ("<>" is how УТ writes it)."""
    found = [(one.party, one.relation) for one in record.representatives]
    if record.head is not None:
        found.append((record.head, ""))
    for party, relation in found:
        name = party.name or party.full_name
        if not any(char.isalnum() for char in f"{name}{party.last_name}{party.first_name}"):
            continue
        phones, emails, _ = _contacts(party.contacts)
        said = party.position or ("" if w.plain(relation) == w.CONTACT_PERSON else relation)
        yield Person(
            id=party.id or f"name:{w.plain(name or party.last_name + party.first_name)}",
            last_name=party.last_name or ("" if party.first_name else name),
            first_name=party.first_name,
            middle_name=party.middle_name,
            position=said,
            phones=phones,
            emails=emails,
        )


_UNUSED: Final[Sequence[str]] = ("salutation", "born_on", "birth_place", "sex", "identity", "employer")


def _left(record: Counterparty) -> Iterator[str]:
    """By name what of the record a Party has no place for."""
    for field in _UNUSED:
        if getattr(record, field):
            yield w.PARTY_FIELDS[field]
    for requisite in record.requisites:
        if requisite.values and w.plain(requisite.name) not in w.REGISTRATION_CODES:
            yield requisite.name
    for address in (record.legal_address, record.registration_address, record.address):
        for name, _ in address.parts if address is not None else ():
            if w.plain(name) not in w.ADDRESS_PARTS:
                yield name
    if record.legal_address is not None and _says(record.legal_address) and _says(record.registration_address):
        yield w.REGISTRATION_ADDRESS
    for account in record.accounts:
        if account.correspondent is not None:
            yield w.CORRESPONDENT_BANK


def party_over(before: Party | None, now: Party, *, whole: bool) -> Party:
    """What 1C says of a party altogether, after it said `before` and then `now`: what `now` leaves out stays.

    Not `whole`: a document, which tells only some of its party's phones, accounts and so on; they come to the others.
    """
    if before is None:
        return now
    silent = {name.name: getattr(before, name.name) for name in fields(Party) if getattr(now, name.name) in (None, "")}
    if not whole:
        for name in ("phones", "emails", "codes"):
            if (told := getattr(before, name)) and (fresh := getattr(now, name)):
                silent[name] = (
                    tuple(dict.fromkeys((*told, *fresh))) if name != "codes" else tuple((dict(told) | dict(fresh)).items())
                )
        for name, key in (("accounts", "number"), ("addresses", "kind"), ("people", "id")):
            if (told := getattr(before, name)) and (fresh := getattr(now, name)):
                silent[name] = tuple(
                    ({getattr(one, key): one for one in told} | {getattr(one, key): one for one in fresh}).values()
                )
    return replace(now, **silent)
