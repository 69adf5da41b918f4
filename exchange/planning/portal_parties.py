"""What the portal's rows of a company or contact mean: REST rows → Party. Pure.

Source: crm.item.get (fields of contact and company, `fm`), crm.requisite.*, crm.requisite.bankdetail.*, crm.address.*; values of the
old methods are texts, unset ones null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.planning.parties import address_text, normal, one_line, tax_id
from exchange.planning.party_countries import BY_PORTAL_ID, country_row
from exchange.planning.party_words import CODE_FIELDS, PRESET_WORDS
from exchange.planning.trade import CONTACT, Account, AddressKind, Party, PartyKind, Person, PostalAddress

Row = Mapping[str, Any]
Key = tuple[int, int]
# Address types of the portal by ours, the first is the one written (crm.enum.addresstype: 1 actual, 4 registration, 6 legal, 11 delivery).
ADDRESS_TYPES: Final[Mapping[AddressKind, tuple[int, ...]]] = {
    AddressKind.LEGAL: (6, 4),
    AddressKind.ACTUAL: (1,),
    AddressKind.DELIVERY: (11,),
}
_ACCOUNT_FIELDS: Final = ("RQ_ACC_NUM", "RQ_IIK", "RQ_IBAN")
_BANK_CODE_FIELDS: Final = ("RQ_BIK", "RQ_MFO", "RQ_SWIFT", "RQ_BIC")
_TAX_FIELDS: Final = (
    ("RQ_EDRPOU", "UA"),
    ("RQ_DRFO", "UA"),
    ("RQ_BIN", "KZ"),
    ("RQ_IIN", "KZ"),
    ("RQ_INN", ""),
    ("RQ_VAT_ID", ""),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A template of requisites: its country (ISO, "" = one we do not know), reserved code and place."""

    id: int
    country: str
    name: str = ""
    code: str = ""
    active: bool = True
    sort: int = 500

    @property
    def kind(self) -> PartyKind | None:
        """Whose requisites it is for, by its reserved code or its name; None when neither tells."""
        code = self.code.upper()
        for word, kind in (("INDIVIDUAL", PartyKind.SOLE_TRADER), ("PERSON", PartyKind.PERSON), ("COMPANY", PartyKind.LEGAL)):
            if word in code:
                return kind
        name = self.name.casefold()
        for kind in (PartyKind.PERSON, PartyKind.SOLE_TRADER, PartyKind.LEGAL):
            if any(name.startswith(word) or f" {word}" in name for word in PRESET_WORDS[kind.value]):
                return kind
        return None


@dataclass(frozen=True, slots=True)
class PortalParty:
    """Everything the portal holds of a company or contact, as its rows; `party` is what they mean, in normal form.

    `requisite` is the one taken of `requisites` (None = it has none); accounts and addresses are that one's.
    """

    key: Key
    item: Row
    party: Party
    requisites: tuple[Row, ...] = ()
    requisite: Row | None = None
    accounts: tuple[Row, ...] = ()
    addresses: tuple[Row, ...] = ()
    contacts: tuple[Row, ...] = ()


def preset_of(row: Row) -> Preset:
    """A row of crm.requisite.preset.list."""
    country = BY_PORTAL_ID.get(whole(row.get("COUNTRY_ID")), "")
    return Preset(
        whole(row.get("ID")),
        country,
        text(row, "NAME"),
        text(row, "XML_ID"),
        text(row, "ACTIVE") != "N",
        whole(row.get("SORT")) or 500,
    )


def tax_of(requisite: Row | None) -> tuple[str, str, str]:
    """(tax id, branch, country the fields speak of) of requisites."""
    if requisite is None:
        return "", "", ""
    for name, country in _TAX_FIELDS:
        if value := tax_id(text(requisite, name)):
            return value, tax_id(text(requisite, "RQ_KPP")), country
    return "", tax_id(text(requisite, "RQ_KPP")), ""


def choose_requisite(rows: Iterable[Row], wanted_id: int = 0, party: Party | None = None, onec_id: str = "") -> Row | None:
    """Which requisites are meant: the named ones, else those with the party's tax id, else those we made, else the first."""
    ordered = sorted(
        (row for row in rows if text(row, "ACTIVE") != "N" or whole(row["ID"]) == wanted_id),
        key=lambda row: (whole(row.get("SORT")) or 500, whole(row["ID"])),
    )
    if not ordered:
        return None

    def rank(row: Row) -> tuple[bool, ...]:
        number, branch, _ = tax_of(row)
        same = party is not None and bool(party.tax_id) and number == party.tax_id
        return (
            whole(row["ID"]) == wanted_id,
            same and branch == ((party.tax_branch or "") if party else ""),
            same,
            bool(onec_id) and text(row, "XML_ID") == onec_id,
        )

    return max(ordered, key=rank)  # the first of equal ones


def meaning(
    key: Key,
    item: Row,
    requisite: Row | None = None,
    accounts: Sequence[Row] = (),
    addresses: Sequence[Row] = (),
    contacts: Sequence[Row] = (),
    *,
    country: str = "",
    presets: Mapping[int, Preset] | None = None,
) -> Party:
    """The party these rows tell of, in normal form; `country` where nothing tells another one."""
    number, branch, spoken = tax_of(requisite)
    preset = (presets or {}).get(whole((requisite or {}).get("PRESET_ID")))
    own = spoken or (preset.country if preset is not None and number else "")
    if own and number and len(number) not in country_row(own).legal_lengths | country_row(own).natural_lengths:
        own = ""  # a foreign number kept in the portal's own country's fields
    is_contact = key[0] == CONTACT
    names = (text(item, "lastName"), text(item, "name"), text(item, "secondName"))
    return normal(
        Party(
            b24=key,
            kind=PartyKind.PERSON if is_contact else preset.kind if preset else None,
            name=" ".join(part for part in names if part) if is_contact else text(item, "title"),
            full_name=_full_name(requisite),
            last_name=names[0] if is_contact else None,
            first_name=names[1] if is_contact else None,
            middle_name=names[2] if is_contact else None,
            country=own,
            tax_id=number,
            tax_branch=branch,
            registration=text(requisite or {}, "RQ_OGRN") or text(requisite or {}, "RQ_OGRNIP"),
            codes=_codes(requisite or {}),
            phones=fm_values(item, "PHONE"),
            emails=fm_values(item, "EMAIL"),
            addresses=tuple(found for kind in ADDRESS_TYPES if (found := _address(kind, addresses)) is not None),
            accounts=tuple(_account(row) for row in accounts if text(row, "ACTIVE") != "N"),
            people=tuple(person_of(row) for row in contacts),
            comment=text(item, "comments"),
            requisite_id=whole((requisite or {}).get("ID")),
            updated_at=text(item, "updatedTime"),
        ),
        country,
    )


def person_of(item: Row) -> Person:
    """A contact's row as a contact person; `id` is only what 1C calls it, so it stays empty here."""
    return Person(
        contact_id=whole(item["id"]),
        last_name=text(item, "lastName"),
        first_name=text(item, "name"),
        middle_name=text(item, "secondName"),
        position=text(item, "post"),
        phones=fm_values(item, "PHONE"),
        emails=fm_values(item, "EMAIL"),
    )


def fm_values(item: Row, kind: str) -> tuple[str, ...]:
    """The values of one kind of multifield, as written."""
    return tuple(text(row, "value") for row in item.get("fm") or () if row.get("typeId") == kind and row.get("value"))


def text(row: Row, name: str) -> str:
    """A value as text, "" for null."""
    value = row.get(name)
    return "" if value is None or value is False else one_line(str(value)) if name != "comments" else str(value)


def contact_ids(item: Row) -> tuple[int, ...]:
    """The contacts of a company's row."""
    return tuple(whole(value) for value in item.get("contactIds") or ())


def address_fields(address: PostalAddress) -> dict[str, str]:
    """The portal's fields of an address: by its parts when they hold more than the line, else the line as the street."""
    if not (address.city or address.street):
        return {
            "ADDRESS_1": address.text,
            **dict.fromkeys(("ADDRESS_2", "CITY", "POSTAL_CODE", "REGION", "PROVINCE", "COUNTRY"), ""),
        }
    return {
        "ADDRESS_1": ", ".join(part for part in (address.street, address.building) if part),
        "ADDRESS_2": "",
        "CITY": address.city,
        "POSTAL_CODE": address.postal_code,
        "REGION": address.district,
        "PROVINCE": address.region,
        "COUNTRY": address.country,
    }


def as_kept(address: PostalAddress) -> PostalAddress:
    """The address as the portal will tell it once it has been written there."""
    return address_of(address.kind, address_fields(address))


def address_of(kind: AddressKind, row: Row) -> PostalAddress:
    """An address out of the portal's fields."""
    found = PostalAddress(
        kind=kind,
        postal_code=text(row, "POSTAL_CODE"),
        country=text(row, "COUNTRY"),
        region=text(row, "PROVINCE"),
        district=text(row, "REGION"),
        city=text(row, "CITY"),
        street=text(row, "ADDRESS_1"),
        building=text(row, "ADDRESS_2"),
    )
    return replace(found, text=address_text(found))


def address_row(kind: AddressKind, rows: Iterable[Row]) -> Row | None:
    """The row of this kind of address, the preferred type first."""
    by_type = {whole(row["TYPE_ID"]): row for row in rows}
    return next((by_type[type_id] for type_id in ADDRESS_TYPES[kind] if type_id in by_type), None)


def _address(kind: AddressKind, rows: Sequence[Row]) -> PostalAddress | None:
    row = address_row(kind, rows)
    return None if row is None else address_of(kind, row)


def _account(row: Row) -> Account:
    return Account(
        number=next((text(row, name) for name in _ACCOUNT_FIELDS if text(row, name)), ""),
        bank=text(row, "RQ_BANK_NAME"),
        bic=next((text(row, name) for name in _BANK_CODE_FIELDS if text(row, name)), ""),
        correspondent=text(row, "RQ_COR_ACC_NUM"),
        currency=text(row, "RQ_ACC_CURRENCY"),
        id=str(whole(row["ID"])),
    )


def _full_name(requisite: Row | None) -> str:
    row = requisite or {}
    return text(row, "RQ_COMPANY_FULL_NAME") or text(row, "RQ_NAME")


def _codes(requisite: Row) -> tuple[tuple[str, str], ...]:
    """Each code once, under the first of 1C's names for its field."""
    names = {field: name for name, field in reversed(CODE_FIELDS.items())}
    return tuple((name, value) for field, name in names.items() if (value := text(requisite, field)))


def whole(value: Any) -> int:
    """A number the portal writes as a number, a text or null."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0
