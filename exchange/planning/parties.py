"""Normal forms of parties: the same phone, e-mail, tax id or name is the same text here, whichever side wrote it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from exchange.planning.party_countries import COUNTRIES, DEFAULT, country_of, is_natural
from exchange.planning.party_words import (
    COMMON_FORMS,
    EXTENSION_WORDS,
    LONG_FORMS,
    SAME_LETTERS,
    SHORT_FORMS,
    SOLE_TRADER_FORMS,
    TAX_CODES,
)
from exchange.planning.trade import Account, Party, PartyKind, Person, PostalAddress

_EXTENSION = re.compile(
    rf"[\s,(]*(?:\b(?:{'|'.join(map(re.escape, EXTENSION_WORDS))})|#)[\s.:№]*(\d{{1,6}})\s*\)?\s*$", re.IGNORECASE
)
_PHONE_SEPARATOR = re.compile(r"[;,|\n]+|\s/\s")
_FEWEST_PHONE_DIGITS: Final = 5
# In the order of a Russian envelope.
ADDRESS_PARTS: Final = ("postal_code", "country", "region", "district", "city", "street", "building")
_EMAIL = re.compile(r"[^\s,;<>()\"]+@[^\s,;<>()\"]+\.[^\s,;<>()\".]+")


def phone(text: str, country: str = "") -> str:
    """A phone as `+` and its digits (E.164), an extension after ` ext. `; a number too short for that as its digits; "" for none."""
    extension = ""
    if match := _EXTENSION.search(text):
        extension, text = match[1], text[: match.start()]
    digits = re.sub(r"\D", "", text)
    if len(digits) < _FEWEST_PHONE_DIGITS:
        return ""
    number = _international(digits, text.lstrip(" (").startswith("+"), country)
    return f"{number} ext. {extension}" if extension else number


def _international(digits: str, plus: bool, country: str) -> str:
    if plus:
        return _russian(digits) or f"+{digits}"
    for prefix in ("8810", "810", "00"):
        if digits.startswith(prefix) and len(digits) > 11:
            return f"+{digits[len(prefix) :]}"
    row = COUNTRIES.get(country) or COUNTRIES[DEFAULT]
    national = _national(digits, row.national_digits, row.trunk)
    if national:
        return f"+{row.calling}{national}"
    for other in COUNTRIES.values():
        if digits.startswith(other.calling) and len(digits) == len(other.calling) + other.national_digits:
            return f"+{digits}"
    return digits if len(digits) < 11 else _russian(digits) or f"+{digits}"


def _russian(digits: str) -> str:
    """A number of 11 digits beginning with 8 (even behind a plus) is written as in Russia: +7 …; "" for any other."""
    return f"+7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else ""


def _national(digits: str, length: int, trunks: Iterable[str]) -> str:
    """The national number in the digits, "" when they are something else."""
    if len(digits) == length:
        return digits
    for trunk in trunks:
        if digits.startswith(trunk) and len(digits) == length + len(trunk):
            return digits[len(trunk) :]
    return ""


def phones(texts: Iterable[str], country: str = "") -> tuple[str, ...]:
    """The phones in these texts, each once, in their order; one text may hold several ("123-45-67, 123-45-68")."""
    found: list[str] = []
    for text in texts:
        for part in _phone_parts(text):
            if number := phone(part, country):
                found.append(number)
    return tuple(dict.fromkeys(found))


def _phone_parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in _PHONE_SEPARATOR.split(text):
        digits = re.sub(r"\D", "", part)
        if parts and (_EXTENSION.match(part) or len(digits) < _FEWEST_PHONE_DIGITS):
            parts[-1] += f", {part.strip()}"  # an extension after a comma
        elif digits:
            parts.append(part)
    return parts


def emails(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses in these texts in lower case, each once."""
    return tuple(dict.fromkeys(match.casefold().strip(".") for text in texts for match in _EMAIL.findall(text)))


def tax_id(text: str) -> str:
    """A tax id as its digits; what is no number (a foreign id) as its letters and digits, in upper case."""
    plain = re.sub(r"[\s.\-/]", "", text).upper()
    return plain.removeprefix("UA").removeprefix("MD") if plain[:2] in ("UA", "MD") and plain[2:].isdigit() else plain


def one_line(text: str) -> str:
    """A text with single blanks and no control characters."""
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in text).split())


@cache
def name_key(name: str) -> str:
    """A name for comparing: no legal form, quotes, punctuation or case. The whole name when nothing else is left."""
    plain = _words(name)
    text = plain
    for form in LONG_FORMS:
        text = re.sub(rf"(?<!\w){re.escape(_words(form))}(?!\w)", " ", text)
    words = [word for word in text.split() if word not in SHORT_FORMS]
    return " ".join(words) or plain


def core_name(name: str) -> str:
    """The part of a name to search the portal by: as written, without its legal form and quotes, "" when nothing is left."""
    quoted = re.search(r"[«\"“„]([^«»\"“”„]{2,})[»\"”“]", name)
    text = quoted[1] if quoted else name
    for form in LONG_FORMS:
        text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", " ", text, flags=re.IGNORECASE)
    words = [word for word in re.sub(r"[«»\"“”„']", " ", text).split() if word.casefold().strip(".,") not in SHORT_FORMS]
    return " ".join(words).strip(" ,.")


def quoted(core: str) -> list[str]:
    """The usual spellings of a company's name with its legal form, to look for by exact name."""
    forms = [form.upper() for form in COMMON_FORMS]
    return [
        spelling for form in forms for spelling in (f'{form} "{core}"', f"{form} «{core}»", f"{form} {core}", f"{core} {form}")
    ]


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(SAME_LETTERS)
    return " ".join(re.sub(r"[^\w\s]|_", " ", plain).split())


def is_sole_trader_name(name: str) -> bool:
    """Whether the name says that it is a sole trader's ("ИП Петров", "Петров П. П., ИП")."""
    plain = f" {_words(name)} "
    return any(plain.startswith(f" {form} ") or plain.endswith(f" {form} ") for form in map(_words, SOLE_TRADER_FORMS))


def has_legal_form(name: str) -> bool:
    """Whether the name names a legal form."""
    return name_key(name) != _words(name)


def kind_of(party: Party, country: str) -> PartyKind:
    """Legal entity, sole trader or person: by the tax id first, then by what the side says, then by the name."""
    natural = is_natural(party.tax_id or "", country)
    names = f"{party.name}|{party.full_name or ''}"
    trader = party.kind is PartyKind.SOLE_TRADER or any(is_sole_trader_name(name) for name in names.split("|") if name)
    if natural is False:
        return PartyKind.LEGAL
    if natural is True or trader:
        return (
            PartyKind.PERSON
            if party.kind is PartyKind.PERSON and not trader and not party.registration
            else PartyKind.SOLE_TRADER
        )
    if party.kind is not None:
        return party.kind
    if party.tax_id or party.tax_branch or any(has_legal_form(name) for name in names.split("|") if name):
        return PartyKind.LEGAL
    personal = bool(party.last_name or party.first_name) or len(party.name.split()) in (2, 3)
    return PartyKind.PERSON if personal else PartyKind.LEGAL


def normal(party: Party, country: str = "") -> Party:
    """The party in normal form; `country` is taken where the party tells none. Doing it twice changes nothing."""
    number = None if party.tax_id is None else tax_id(party.tax_id)
    own = party.country
    for code, value in party.codes or ():
        if not number and code in TAX_CODES and value:
            number, own = tax_id(value), own or TAX_CODES[code]
    own = own or country_of(number or "", country) or country or DEFAULT
    found = replace(
        party,
        country=own,
        tax_id=number,
        tax_branch=None if party.tax_branch is None else tax_id(party.tax_branch),
        registration=None if party.registration is None else tax_id(party.registration),
        codes=None if party.codes is None else tuple(sorted((name, one_line(value)) for name, value in party.codes if value)),
        name=one_line(party.name),
        full_name=None if party.full_name is None else one_line(party.full_name),
        last_name=None if party.last_name is None else one_line(party.last_name),
        first_name=None if party.first_name is None else one_line(party.first_name),
        middle_name=None if party.middle_name is None else one_line(party.middle_name),
        phones=None if party.phones is None else phones(party.phones, own),
        emails=None if party.emails is None else emails(party.emails),
        addresses=None if party.addresses is None else _addresses(party.addresses),
        accounts=None if party.accounts is None else _accounts(party.accounts),
        people=None if party.people is None else tuple(_person(person, own) for person in party.people),
        comment=None if party.comment is None else party.comment.strip(),
    )
    return _named(replace(found, kind=kind_of(found, own)))


def _named(party: Party) -> Party:
    """A natural person with the parts of his name, and a name made of them."""
    parts = [part for part in (party.last_name, party.first_name, party.middle_name) if part]
    if party.kind is not PartyKind.PERSON:
        return party if party.name else replace(party, name=party.full_name or " ".join(parts))
    if not parts:
        whole = party.full_name or party.name
        words = whole.split()
        last, first, middle = (*words, "")[:3] if len(words) in (2, 3) else ("", whole, "")
        return replace(party, last_name=last, first_name=first, middle_name=middle, name=party.name or whole)
    return party if party.name else replace(party, name=party.full_name or " ".join(parts))


def _addresses(given: Iterable[PostalAddress]) -> tuple[PostalAddress, ...]:
    """One address of each kind: the portal keeps no more."""
    found: dict[str, PostalAddress] = {}
    for address in given:
        parts = {name: one_line(getattr(address, name)) for name in ("text", *ADDRESS_PARTS)}
        plain = PostalAddress(kind=address.kind, **parts)
        plain = plain if plain.text else replace(plain, text=address_text(plain))
        if plain.text:
            found.setdefault(plain.kind, plain)
    return tuple(found[kind] for kind in sorted(found))


def address_text(address: PostalAddress) -> str:
    """The parts of an address as one line, in the order of a Russian envelope."""
    parts = (
        address.postal_code,
        address.country,
        address.region,
        address.district,
        address.city,
        address.street,
        address.building,
    )
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _accounts(given: Iterable[Account]) -> tuple[Account, ...]:
    found: dict[str, Account] = {}
    for account in given:
        number = re.sub(r"\s", "", account.number).upper()
        if number:
            plain = {name: one_line(getattr(account, name)) for name in ("bank", "bic", "correspondent", "currency")}
            found.setdefault(number, replace(account, number=number, **plain))
    return tuple(found.values())


def _person(person: Person, country: str) -> Person:
    names = [one_line(getattr(person, name)) for name in ("last_name", "first_name", "middle_name")]
    if sum(map(bool, names)) == 1 and len(words := "".join(names).split()) in (2, 3):
        names = list((*words, "")[:3])
    return replace(
        person,
        last_name=names[0],
        first_name=names[1],
        middle_name=names[2],
        position=one_line(person.position),
        phones=phones(person.phones, country),
        emails=emails(person.emails),
    )
