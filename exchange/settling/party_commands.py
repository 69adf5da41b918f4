"""What differs between a party as the portal has it and as it shall be, as the smallest set of REST commands. Pure.

Source: crm.item.add / update (multifields are changed by their ids: a plain list would add them once more).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from b24app.rest.commands import Command
from exchange.planning import parties
from exchange.planning.portal_parties import PortalParty, Row, text, whole
from exchange.planning.trade import COMPANY, CONTACT, Party, PartyKind, Person

Key = tuple[int, int]


# Longer ids the portal cuts (a counterparty without an id is known by its tax id or name): those are told by their digest.
_LONGEST_ORIGIN = 36


def origin_id(onec_id: str) -> str:
    """1C's id as it is written into the portal (originId, XML_ID)."""
    return onec_id if len(onec_id) <= _LONGEST_ORIGIN else f"~{hashlib.blake2b(onec_id.encode(), digest_size=16).hexdigest()}"


def add_party(party: Party, originator: str, onec_id: str) -> Command:
    """Make the company (of legal entities and sole traders) or the contact (of persons)."""
    entity = CONTACT if party.kind is PartyKind.PERSON else COMPANY
    fields = {name: value for name, value in _item_fields(entity, party).items() if value}
    if entity == CONTACT and not (fields.get("name") or fields.get("lastName")):
        fields["name"] = party.name or onec_id
    if entity == COMPANY:
        fields["title"] = party.name or party.full_name or party.tax_id or onec_id
    fields |= {"originatorId": originator, "originId": origin_id(onec_id)}
    if values := new_multifields(party.phones or (), party.emails or ()):
        fields["fm"] = values
    return Command("crm.item.add", {"entityTypeId": entity, "fields": fields})


def update_party(raw: PortalParty, wanted: Party, originator: str, onec_id: str) -> Command | None:
    """Change what differs of the item itself; None when nothing does. Its origin is written only where it has none."""
    have, want = _item_fields(raw.key[0], raw.party), _item_fields(raw.key[0], wanted)
    fields: dict[str, Any] = {name: value for name, value in want.items() if value != have[name]}
    if not raw.item.get("originId") and not raw.item.get("originatorId"):
        fields |= {"originatorId": originator, "originId": origin_id(onec_id)}
    if changes := multifield_changes(raw.item, wanted.phones, wanted.emails, wanted.country):
        fields["fm"] = changes
    return Command("crm.item.update", {"entityTypeId": raw.key[0], "id": raw.key[1], "fields": fields}) if fields else None


def _item_fields(entity: int, party: Party) -> dict[str, Any]:
    fields: dict[str, Any] = {"comments": party.comment or ""}
    if entity == COMPANY:
        return {"title": party.name, **fields}
    return {
        "name": party.first_name or "",
        "lastName": party.last_name or "",
        "secondName": party.middle_name or "",
        **fields,
    }


def new_multifields(phones: Iterable[str], emails: Iterable[str]) -> list[dict[str, str]]:
    """Phones and e-mails of an item that is made."""
    return [
        {"typeId": kind, "valueType": "WORK", "value": value}
        for kind, values in (("PHONE", phones), ("EMAIL", emails))
        for value in values
    ]


def multifield_changes(
    item: Row, phones: Sequence[str] | None, emails: Sequence[str] | None, country: str
) -> dict[str, dict[str, str]]:
    """The `fm` of an update: a changed value keeps its id, a removed one is emptied, a new one is `n0`, `n1` …

    A value that is there already, however it is written, is left alone; so are two that mean the same.
    """
    changes: dict[str, dict[str, str]] = {}
    for kind, wanted in (("PHONE", phones), ("EMAIL", emails)):
        if wanted is None:
            continue
        have = [(row, _plain(kind, text(row, "value"), country)) for row in item.get("fm") or () if row.get("typeId") == kind]
        spoken = {value for _, values in have for value in values}
        fresh = [value for value in wanted if value not in spoken]
        gone = [row for row, values in have if values and not set(values) & set(wanted)]
        for row in gone:
            value = fresh.pop(0) if fresh else ""
            changes[str(row["id"])] = {"typeId": kind, "valueType": str(row.get("valueType") or "WORK"), "value": value}
        for value in fresh:
            count = sum(key.startswith("n") for key in changes)
            changes[f"n{count}"] = {"typeId": kind, "valueType": "WORK", "value": value}
    return changes


def _plain(kind: str, value: str, country: str) -> tuple[str, ...]:
    return parties.phones([value], country) if kind == "PHONE" else parties.emails([value])


# contact persons


def add_contact(person: Person, company_id: int, originator: str) -> Command:
    """Make a contact person of a company."""
    fields: dict[str, Any] = {name: value for name, value in _person_fields(person).items() if value}
    fields.setdefault("name", person.last_name or person.id)
    fields["companyIds"] = [company_id]
    if person.id:
        fields |= {"originatorId": originator, "originId": origin_id(person.id)}
    if values := new_multifields(person.phones, person.emails):
        fields["fm"] = values
    return Command("crm.item.add", {"entityTypeId": CONTACT, "fields": fields})


def update_contact(item: Row, have: Person, wanted: Person, company_id: int, country: str) -> Command | None:
    """Change what differs of a contact person, and add the company to its companies; None when nothing does."""
    before, after = _person_fields(have), _person_fields(wanted)
    fields: dict[str, Any] = {name: value for name, value in after.items() if value != before[name]}
    companies = [whole(value) for value in item.get("companyIds") or ()]
    if company_id not in companies:
        fields["companyIds"] = [*companies, company_id]
    if changes := multifield_changes(item, wanted.phones, wanted.emails, country):
        fields["fm"] = changes
    return Command("crm.item.update", {"entityTypeId": CONTACT, "id": whole(item["id"]), "fields": fields}) if fields else None


def _person_fields(person: Person) -> dict[str, str]:
    return {"name": person.first_name, "lastName": person.last_name, "secondName": person.middle_name, "post": person.position}


# looking for a party


def find_by_origin(entity: int, originator: str, ids: Sequence[str]) -> Command:
    """Items that we made for these ids of 1C."""
    return _items(entity, {"=originatorId": originator, "@originId": [origin_id(value) for value in ids]})


def find_by_ids(entity: int, ids: Iterable[int]) -> Command:
    """Items by id, with phones."""
    return _items(entity, {"@id": list(ids)})


def find_by_name(entity: int, names: Sequence[str]) -> list[Command]:
    """Companies titled, or contacts whose last name is, exactly one of these; and those whose title holds the first of them."""
    field = "title" if entity == COMPANY else "lastName"
    return [_items(entity, {f"@{field}": list(names)}), _items(entity, {f"%{field}": names[0]})]


def _items(entity: int, filter: Mapping[str, Any]) -> Command:
    return Command("crm.item.list", {"entityTypeId": entity, "select": ["*"], "filter": dict(filter), "order": {"id": "ASC"}})


def find_requisites(**filter: Any) -> Command:
    """Requisites by filter; a list of values is any of them."""
    named = {f"@{name}" if isinstance(value, list) else name: value for name, value in filter.items()}
    return Command("crm.requisite.list", {"filter": named, "order": {"ID": "ASC"}})


def find_by_communication(kind: str, values: Sequence[str], entity: str) -> Command:
    """Items that have one of these phones or e-mails (20 at most)."""
    return Command("crm.duplicate.findbycomm", {"entity_type": entity, "type": kind, "values": list(values)[:20]})


def found_ids(result: Any, entity: str) -> list[int]:
    """Ids in an answer of crm.duplicate.findbycomm (an empty list means none)."""
    return [int(value) for value in result.get(entity) or ()] if isinstance(result, Mapping) else []
