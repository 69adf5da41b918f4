"""Who takes part in documents: buyers, own companies and responsible people, read together."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports.flows import Ask
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.trade import COMPANY, CONTACT
from exchange.settling.document_tools import DocumentTools
from exchange.settling.gather import Named
from exchange.settling.party_reading import read_parties


def read_people(documents: Collection[Fresh], tools: DocumentTools) -> Generator[Ask, list[Outcome], None]:
    """Read the buyers and own companies of the documents into `tools.parties`, and who is responsible into `tools.users`."""
    wanted: dict[Named, int] = {}
    responsible: set[int] = set()
    for fresh in documents:
        item = fresh.item
        company, contact = whole(item.get("companyId")), whole(item.get("contactId"))
        if company or contact:
            wanted[(COMPANY, company) if company else (CONTACT, contact)] = fresh.requisite_id
        own = whole(item.get("mycompanyId")) or fresh.my_company_id
        if own:
            wanted[COMPANY, own] = fresh.my_requisite_id
        responsible.add(whole(item.get("assignedById")))
    missing = [key for key in wanted if key not in tools.parties]
    if missing:
        requisites = {key: wanted[key] for key in missing if wanted[key]}
        tools.parties.update((yield from read_parties(missing, requisites=requisites)))
    unknown = sorted(responsible - {0} - set(tools.users))
    if unknown:
        tools.users.update((yield from _names(unknown)))


def _names(ids: Sequence[int]) -> Generator[Ask, list[Outcome], dict[int, str]]:
    """People's names; without the right to see them, none."""
    (outcome,) = yield Ask((Command("user.get", {"filter": {"ID": list(ids)}}),))
    people = outcome.result if outcome.error is None and isinstance(outcome.result, list) else []
    found = {whole(one.get("ID")): f"{one.get('NAME') or ''} {one.get('LAST_NAME') or ''}".strip() for one in people}
    return {id: found.get(id, "") for id in ids}
