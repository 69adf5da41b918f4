"""Who takes part in documents: buyers, own companies and responsible people.

A buyer that is settled is taken as it was last read, for some minutes: whatever changes of it is heard by itself. Whoever is read anew
and differs becomes due, so that the change goes on as if it had been heard.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import Final

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports.flows import Ask
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.trade import COMPANY, CONTACT
from exchange.settling.document_tools import DocumentTools
from exchange.settling.gather import Named
from exchange.settling.memory import Memory
from exchange.settling.party_reading import read_parties

_OWN: Final = Memory(600.0)
_NAMES: Final = Memory(3600.0)


def read_people(documents: Collection[Fresh], tools: DocumentTools) -> Generator[Ask, list[Outcome], None]:
    """The buyers and own companies of the documents into `tools.parties`, and who is responsible into `tools.users`.

    Raises RestError.
    """
    buyers = {key: fresh.requisite_id for fresh in documents if (key := _buyer(fresh)) is not None}
    sellers = {key: fresh.my_requisite_id for fresh in documents if (key := _own(fresh)) is not None}
    missing = {key: requisite for key, requisite in buyers.items() if key not in tools.parties}
    stored = tools.stored_parties(missing)
    tools.parties.update(stored)
    for key in [key for key in sellers if key not in tools.parties]:
        # By the requisites that documents name.
        known = (_OWN.get((tools.member_id, key)) or {}).get(sellers[key])
        if known is not None:
            tools.parties[key] = known
    unread = {key: requisite for key, requisite in (buyers | sellers).items() if key not in tools.parties}
    if unread:
        read = yield from read_parties(list(unread), requisites={key: id for key, id in unread.items() if id})
        tools.parties.update(read)
        tools.read_anew({key: party for key, party in read.items() if key in buyers})
        for key in sellers.keys() & read.keys():
            _OWN.keep((tools.member_id, key), {sellers[key]: read[key]})
    yield from _responsible({whole(fresh.item.get("assignedById")) for fresh in documents} - {0}, tools)


def forget(member_id: str, key: Named) -> None:
    """An own company changed: it is read anew (in this process; the others forget it within minutes)."""
    _OWN.forget((member_id, key))


def _buyer(fresh: Fresh) -> Named | None:
    company, contact = whole(fresh.item.get("companyId")), whole(fresh.item.get("contactId"))
    return (COMPANY, company) if company else (CONTACT, contact) if contact else None


def _own(fresh: Fresh) -> Named | None:
    own = whole(fresh.item.get("mycompanyId")) or fresh.my_company_id
    return (COMPANY, own) if own else None


def _responsible(ids: Collection[int], tools: DocumentTools) -> Generator[Ask, list[Outcome], None]:
    known = {id: _NAMES.get((tools.member_id, id)) for id in ids}
    tools.users.update({id: name for id, name in known.items() if name is not None})
    unknown = sorted(id for id in ids if id not in tools.users)
    if unknown:
        names = yield from _names(unknown)
        tools.users.update(names)
        for id, name in names.items():
            _NAMES.keep((tools.member_id, id), name)


def _names(ids: Sequence[int]) -> Generator[Ask, list[Outcome], dict[int, str]]:
    """People's names; without the right to see them, none."""
    (outcome,) = yield Ask((Command("user.get", {"filter": {"ID": list(ids)}}),))
    people = outcome.result if outcome.error is None and isinstance(outcome.result, list) else []
    found = {whole(one.get("ID")): f"{one.get('NAME') or ''} {one.get('LAST_NAME') or ''}".strip() for one in people}
    return {id: found.get(id, "") for id in ids}
