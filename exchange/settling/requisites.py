"""Requisites, accounts and addresses of a party: the preset to use, and the commands that make the portal's equal to what is wanted. Pure.

Source: crm.requisite.add / update, crm.requisite.bankdetail.*, crm.address.* (one address of each type), crm.requisite.preset.list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from b24app.rest.commands import Command
from exchange.planning.party_countries import COUNTRIES, DEFAULT, Country, country_row, is_natural
from exchange.planning.party_words import CODE_FIELDS
from exchange.planning.portal_parties import (
    ADDRESS_TYPES,
    PortalParty,
    Preset,
    Row,
    address_fields,
    address_row,
    text,
    whole,
)
from exchange.planning.trade import REQUISITE, Account, Party, PartyKind
from exchange.settling.party_commands import origin_id

READ_PRESETS: Final = Command(
    "crm.requisite.preset.list",
    {
        "select": ["ID", "NAME", "XML_ID", "COUNTRY_ID", "ACTIVE", "SORT"],
        "filter": {"ENTITY_TYPE_ID": REQUISITE},
        "order": {"ID": "ASC"},
    },
)


def own_country(presets: Iterable[Preset], told: str = "") -> str:
    """The portal's own country: the one told, else that of its first preset."""
    ordered = sorted(
        (preset for preset in presets if preset.active and preset.country), key=lambda preset: (preset.sort, preset.id)
    )
    return told if told in COUNTRIES else ordered[0].country if ordered else DEFAULT


def preset_for(party: Party, presets: Iterable[Preset], chosen: Mapping[str, int], portal_country: str) -> Preset | None:
    """The preset for a party: what the administrator chose, else by country and kind, else the portal's country's; None = there is none."""
    kind = party.kind or PartyKind.LEGAL
    known = {preset.id: preset for preset in presets}
    if named := known.get(chosen.get(f"{party.country}:{kind.value}", 0)):
        return named
    for country in dict.fromkeys((party.country, portal_country)):
        own = sorted((one for one in known.values() if one.active and one.country == country), key=lambda one: (one.sort, one.id))
        if own:
            return next((one for one in own if one.kind is kind), own[0])
    return next(iter(sorted((one for one in known.values() if one.active), key=lambda one: (one.sort, one.id))), None)


def needs_requisite(party: Party) -> bool:
    """Whether the party says something that only requisites can hold."""
    return bool(
        party.tax_id
        or party.tax_branch
        or party.registration
        or party.addresses
        or party.accounts
        or party.codes
        or party.full_name
    )


def requisite_fields(party: Party, country: Country) -> dict[str, str]:
    """The portal's fields of requisites for what the party says, in the fields of its country."""
    fields: dict[str, str] = {}
    if party.kind is PartyKind.LEGAL:
        fields |= {"RQ_COMPANY_NAME": party.name, "RQ_COMPANY_FULL_NAME": party.full_name or ""}
    else:
        fields |= {"RQ_NAME": party.full_name or ""}
        if party.last_name or party.first_name:
            fields |= {
                "RQ_LAST_NAME": party.last_name or "",
                "RQ_FIRST_NAME": party.first_name or "",
                "RQ_SECOND_NAME": party.middle_name or "",
            }
    natural = party.kind is not PartyKind.LEGAL or is_natural(party.tax_id or "", country.code)
    fields[country.natural_field if natural else country.legal_field] = party.tax_id or ""
    if country.code == "RU" or party.tax_branch:
        fields["RQ_KPP"] = party.tax_branch or ""
    number = party.registration or ""
    fields["RQ_OGRNIP" if len(number) == 15 or party.kind is not PartyKind.LEGAL else "RQ_OGRN"] = number
    for name, value in party.codes or ():
        if name in CODE_FIELDS:
            fields[CODE_FIELDS[name]] = value
    return fields


def requisite_command(
    raw: PortalParty, wanted: Party, preset: Preset, originator: str, onec_id: str, country: str
) -> Command | None:
    """Make the requisites, or change what differs of them; None when nothing does."""
    row = _fields_of(wanted, preset.country or country)
    want = requisite_fields(wanted, row)
    if raw.requisite is None:
        head: dict[str, Any] = {"ENTITY_TYPE_ID": raw.key[0], "ENTITY_ID": raw.key[1], "PRESET_ID": preset.id, "ACTIVE": "Y"}
        head |= {"NAME": preset.name or wanted.name or "1C", "XML_ID": origin_id(onec_id), "ORIGINATOR_ID": originator}
        return Command("crm.requisite.add", {"fields": {**head, **{name: value for name, value in want.items() if value}}})
    have = requisite_fields(raw.party, row)
    changed = {name: value for name, value in want.items() if value != have.get(name, "") and value != text(raw.requisite, name)}
    # The short name in the requisites follows the company's own only where it did so before.
    if "RQ_COMPANY_NAME" in changed and text(raw.requisite, "RQ_COMPANY_NAME") not in ("", raw.party.name):
        del changed["RQ_COMPANY_NAME"]
    if raw.party.tax_id != wanted.tax_id:
        # The old number may stand in another of the country's fields.
        for name in row.search:
            if name not in want and raw.party.tax_id and text(raw.requisite, name) == raw.party.tax_id:
                changed[name] = ""
    if not changed:
        return None
    return Command("crm.requisite.update", {"id": whole(raw.requisite["ID"]), "fields": changed})


def _fields_of(party: Party, country: str) -> Country:
    """Whose fields to write: the party's country's when its requisites are of that country, else the preset's."""
    return country_row(party.country if party.country == country and party.country in COUNTRIES else country)


def account_commands(raw: PortalParty, wanted: Party, requisite_id: int, country: str, originator: str) -> list[Command]:
    """Add accounts, change what differs of them, switch off those that are gone (documents may name them)."""
    row = country_row(country)
    have = {account.number: account for account in raw.party.accounts or ()}
    rows = {str(whole(one["ID"])): one for one in raw.accounts}
    commands = []
    want = {account.number: account for account in wanted.accounts or ()}
    for number, account in want.items():
        old = have.get(number) or next((_bare(one) for one in rows.values() if _number(one) == number), None)
        fields = _account_fields(account, row)
        if old is None:
            head = {"ENTITY_ID": requisite_id, "NAME": account.bank or number, "ORIGINATOR_ID": originator, "ACTIVE": "Y"}
            if row.portal_id:
                head["COUNTRY_ID"] = row.portal_id
            commands.append(
                Command("crm.requisite.bankdetail.add", {"fields": {**head, **{k: v for k, v in fields.items() if v}}})
            )
            continue
        stored = rows.get(old.id, {})
        changed = {
            name: value for name, value in fields.items() if value and value not in (text(stored, name), _same(stored, name))
        }
        if text(stored, "ACTIVE") == "N":
            changed["ACTIVE"] = "Y"
        if changed and (number not in have or _differs(have[number], account)):
            commands.append(Command("crm.requisite.bankdetail.update", {"id": int(old.id), "fields": changed}))
    for number, account in have.items():
        if number not in want and account.id:
            commands.append(Command("crm.requisite.bankdetail.update", {"id": int(account.id), "fields": {"ACTIVE": "N"}}))
    return commands


def _account_fields(account: Account, country: Country) -> dict[str, str]:
    number_field = country.account_field
    if number_field == "RQ_IBAN" and not account.number[:2].isalpha():
        number_field = "RQ_ACC_NUM"
    bank_field = "RQ_SWIFT" if account.bic[:4].isalpha() and account.bic else country.bank_field
    return {
        "RQ_BANK_NAME": account.bank,
        bank_field: account.bic,
        number_field: account.number,
        "RQ_COR_ACC_NUM": account.correspondent,
        "RQ_ACC_CURRENCY": account.currency,
    }


def _number(row: Row) -> str:
    return (
        next((value for name in ("RQ_ACC_NUM", "RQ_IIK", "RQ_IBAN") if (value := text(row, name))), "").replace(" ", "").upper()
    )


def _bare(row: Row) -> Account:
    return Account(number=_number(row), id=str(whole(row["ID"])))


def _same(row: Row, name: str) -> str:
    """The number as stored in whatever field the portal's user chose."""
    return _number(row) if name in ("RQ_ACC_NUM", "RQ_IIK", "RQ_IBAN") else ""


def _differs(old: Account, new: Account) -> bool:
    return any(
        getattr(new, name) and getattr(new, name) != getattr(old, name) for name in ("bank", "bic", "correspondent", "currency")
    )


def address_commands(raw: PortalParty, wanted: Party, requisite_id: int) -> list[Command]:
    """Register, change and remove addresses by type."""
    have = {address.kind: address for address in raw.party.addresses or ()}
    want = {address.kind: address for address in wanted.addresses or ()}
    commands = []
    for kind, address in want.items():
        old = have.get(kind)
        if old is not None and old == address:
            continue
        row = address_row(kind, raw.addresses)
        type_id = whole(row["TYPE_ID"]) if row is not None else ADDRESS_TYPES[kind][0]
        if row is None and kind == "legal" and wanted.kind is PartyKind.PERSON:
            type_id = ADDRESS_TYPES[kind][1]  # a person is registered somewhere
        key = {"TYPE_ID": type_id, "ENTITY_TYPE_ID": REQUISITE, "ENTITY_ID": requisite_id}
        fields = address_fields(address)
        if row is None:
            commands.append(Command("crm.address.add", {"fields": {**key, **{k: v for k, v in fields.items() if v}}}))
            continue
        changed = {name: value for name, value in fields.items() if value != text(row, name)}
        if changed:
            commands.append(Command("crm.address.update", {"fields": {**key, **changed}}))
    for kind in have.keys() - want.keys():
        row = address_row(kind, raw.addresses)
        if row is not None:
            key = {"TYPE_ID": whole(row["TYPE_ID"]), "ENTITY_TYPE_ID": REQUISITE, "ENTITY_ID": requisite_id}
            commands.append(Command("crm.address.delete", {"fields": key}))
    return commands


def address_again(command: Command) -> Command:
    """The update for an `add` that met an address of its type."""
    return Command("crm.address.update", command.params)
