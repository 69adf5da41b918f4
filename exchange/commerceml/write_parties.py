"""The buyer of a document for 1C: a legal entity, a sole trader or a person, with addresses, accounts, contacts and people.

1C tells a legal entity by the presence of ОфициальноеНаименование, so nobody else gets it (onec: УТ 11 and Бухгалтерия 3.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, element, leaf

if TYPE_CHECKING:
    from exchange.dialects import Dialect
    from exchange.planning.trade import Account, Party, Person, PostalAddress

ID_LENGTH: Final = 80  # a site's id of a buyer was never longer
NAME_LENGTH: Final = 250
_TEXT_LENGTH: Final = 1000
_LEGAL: Final = "legal"
_PERSON: Final = "person"
_NAMELESS_ID: Final = "b24-nobody"
# Where the payer's number stands in an element of its own beside ИНН (УПП and УТП for Ukraine compare ИНН with it).
_TAX_ELEMENTS: Final = {"UA": w.EDRPOU}


def buyer(party: Party | None, party_id: str, dialect: Dialect) -> str:
    """The one Контрагент of a document. Nobody is somebody too: a document without a name would reject all the others."""
    if party is None or not _name(party):
        nobody = clean(w.NAMELESS_BUYER)
        key = clean(party_id or (party.id if party else ""), ID_LENGTH) or _NAMELESS_ID
        return _party(leaf(n.ID, key), leaf(n.NAME, nobody), leaf(n.FULL_NAME, nobody))
    key = clean(party_id or party.id, ID_LENGTH) or _key(party)
    said = _legal(party) if party.kind == _LEGAL else _person(party)
    return _party(
        leaf(n.ID, key),
        leaf(n.NAME, _name(party)),
        *said,
        _address(n.ADDRESS, _addresses(party, "delivery", "actual", "legal")),
        element(n.CONTACTS, *_contacts(party.phones or (), party.emails or ())),
        element(n.REPRESENTATIVES, *(_representative(person, dialect) for person in party.people or ())),
    )


def _party(*parts: str) -> str:
    return element(n.COUNTERPARTIES, element(n.COUNTERPARTY, *parts, leaf(n.ROLE, w.BUYER)))


def _key(party: Party) -> str:
    kind, number = party.b24 or (0, 0)
    return clean(f"b24-{kind}-{number}" if number else f"b24-{_name(party)}", ID_LENGTH)


def _name(party: Party) -> str:
    person = " ".join(part for part in (party.last_name, party.first_name, party.middle_name) if part)
    return _first(party.name, party.full_name, person)[:NAME_LENGTH]


def _full_name(party: Party) -> str:
    return _first(party.full_name, _name(party))


def _first(*texts: str | None) -> str:
    """The first text that has anything to show."""
    return next((clear for text in texts if (clear := clean(text or "", _TEXT_LENGTH))), "")


def _legal(party: Party) -> Iterator[str]:
    yield leaf(n.FULL_NAME, _full_name(party))
    yield leaf(n.OFFICIAL_NAME, _full_name(party))
    yield _address(n.LEGAL_ADDRESS, _addresses(party, "legal", "actual"))
    yield from _numbers(party)
    yield element(n.ACCOUNTS, *(_account(account) for account in party.accounts or ()))


def _person(party: Party) -> Iterator[str]:
    yield leaf(n.FULL_NAME, _full_name(party))
    last, first, middle = _names_of(party)
    yield leaf(n.LAST_NAME, clean(last, NAME_LENGTH))
    yield leaf(n.FIRST_NAME, clean(first, NAME_LENGTH))
    yield leaf(n.MIDDLE_NAME, clean(middle, NAME_LENGTH))
    yield from _numbers(party)
    yield _address(n.REGISTRATION_ADDRESS, _addresses(party, "legal"))
    yield element(n.ACCOUNTS, *(_account(account) for account in party.accounts or ()))


def _names_of(party: Party) -> tuple[str, str, str]:
    """Бухгалтерия names a person by these three alone: a name in one piece is cut."""
    if party.last_name or party.first_name:
        return party.last_name or "", party.first_name or "", party.middle_name or ""
    words = _name(party).split()
    if party.kind != _PERSON or not 2 <= len(words) <= 3:
        return "", "", ""
    return words[0], words[1], " ".join(words[2:])


def _numbers(party: Party) -> Iterator[str]:
    tax_id = clean(party.tax_id or "", 20)
    yield leaf(n.INN, tax_id)
    yield leaf(n.KPP, clean(party.tax_branch or "", 20))
    codes = dict(party.codes or ())
    if (name := _TAX_ELEMENTS.get(party.country)) and party.kind == _LEGAL:
        codes.setdefault(name, tax_id)
    for name in n.PARTY_CODES:
        yield leaf(name, clean(codes.get(name, ""), 100))


def _account(account: Account) -> str:
    bank = (
        leaf(n.NAME, clean(account.bank, NAME_LENGTH)),
        leaf(n.CORRESPONDENT_ACCOUNT, clean(account.correspondent, 40)),
        leaf(n.BIC, clean(account.bic, 20)),
    )
    number = leaf(n.ACCOUNT_NUMBER, clean(account.number, 40))
    return element(n.ACCOUNT, number, element(n.BANK, *bank)) if number else ""


def _addresses(party: Party, *kinds: str) -> PostalAddress | None:
    """The first address of these kinds, in their order."""
    found = {str(address.kind): address for address in reversed(party.addresses or ())}
    return next((found[kind] for kind in kinds if kind in found), None)


def address_text(party: Party, *kinds: str) -> str:
    """The party's address of these kinds in one line; "" without one."""
    address = _addresses(party, *kinds)
    return _one_line(address) if address is not None else ""


def _one_line(address: PostalAddress) -> str:
    parts = (clean(value, _TEXT_LENGTH) for _, value in _address_parts(address))
    return clean(address.text, _TEXT_LENGTH) or ", ".join(value for value in parts if value)


def _address(name: str, address: PostalAddress | None) -> str:
    if address is None:
        return ""
    parts = [(kind, clean(value, _TEXT_LENGTH)) for kind, value in _address_parts(address)]
    fields = (element(n.ADDRESS_PART, leaf(n.TYPE, kind), leaf(n.VALUE, value)) for kind, value in parts if value)
    return element(name, leaf(n.PRESENTATION, _one_line(address)), *fields)


def _address_parts(address: PostalAddress) -> Iterator[tuple[str, str]]:
    """The parts of an address under 1C's names."""
    yield w.POSTAL_CODE, address.postal_code
    yield w.COUNTRY, address.country
    yield w.REGION, address.region
    yield w.DISTRICT, address.district
    yield w.CITY, address.city
    yield w.STREET, address.street
    yield w.BUILDING, address.building


def _contacts(phones: Iterable[str], emails: Iterable[str]) -> Iterator[str]:
    """The first of each under both spellings; the others under types that УТ 11 does not take for the first one."""
    for values, types, other in ((phones, w.PHONE_TYPES, w.OTHER_PHONE), (emails, w.MAIL_TYPES, w.OTHER_MAIL)):
        known = [text for value in values if (text := clean(value, 100))]
        for kind in types:
            yield from (contact(kind, value) for value in known[:1])
        yield from (contact(other, value) for value in known[1:])


def contact(kind: str, value: str) -> str:
    """One Контакт."""
    return element(n.CONTACT, leaf(n.TYPE, kind), leaf(n.VALUE, value))


def _representative(person: Person, dialect: Dialect) -> str:
    name = clean(f"{person.last_name} {person.first_name} {person.middle_name}", NAME_LENGTH)
    if not name:
        return ""
    key = clean(person.id, ID_LENGTH) or (f"b24-3-{person.contact_id}" if person.contact_id else f"b24-{name}"[:ID_LENGTH])
    inner = [leaf(n.RELATION, w.CONTACT_PERSON), leaf(n.ID, key), leaf(n.NAME, name)]
    if not dialect.reads_in_order:
        # A reader that goes through once would take these for the buyer's own.
        inner += [
            leaf(n.LAST_NAME, clean(person.last_name, NAME_LENGTH)),
            leaf(n.FIRST_NAME, clean(person.first_name, NAME_LENGTH)),
            leaf(n.MIDDLE_NAME, clean(person.middle_name, NAME_LENGTH)),
            leaf(n.POSITION, clean(person.position, NAME_LENGTH)),
            element(n.CONTACTS, *_contacts(person.phones, person.emails)),
        ]
    return element(n.REPRESENTATIVE, element(n.COUNTERPARTY, *inner))
