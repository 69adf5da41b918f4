"""Companies and contacts read fresh from the portal, many in the same batches: item, requisites, accounts, addresses, people.

Three steps, each one ask: the items with their requisites; then accounts and addresses of the requisites, and contact persons.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, Final

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import NOT_EXECUTED, Fate, RestError, make
from exchange.imports.flows import Ask
from exchange.planning import portal_parties as rows
from exchange.planning.portal_parties import PortalParty, Preset, Row
from exchange.planning.trade import COMPANY, CONTACT, REQUISITE, Party

Key = tuple[int, int]
Asking = Generator[Ask, list[Outcome], Any]
# Rows of a list that come in one answer; ids asked for at once so that they do.
PAGE: Final = 50


def read_parties(
    keys: Collection[Key],
    *,
    requisites: Mapping[Key, int] | None = None,
    country: str = "",
    presets: Mapping[int, Preset] | None = None,
) -> Generator[Ask, list[Outcome], dict[Key, Party]]:
    """The parties as the portal has them now; those that are gone are left out. Raises RestError.

    `requisites`: which requisites a document names (crm.requisite.link); else the first are taken.
    """
    found = yield from read_rows(keys, requisites=requisites, country=country, presets=presets)
    return {key: raw.party for key, raw in found.items()}


def read_rows(
    keys: Collection[Key],
    *,
    requisites: Mapping[Key, int] | None = None,
    country: str = "",
    presets: Mapping[int, Preset] | None = None,
    parties: Mapping[Key, Party] | None = None,
) -> Generator[Ask, list[Outcome], dict[Key, PortalParty]]:
    """The same with the portal's rows, as far as settling needs them. `parties`: 1C's, to choose requisites by its tax id."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    items: dict[Key, Row] = {}
    owned: dict[Key, list[Row]] = {}
    asked = [_get(key) for key in wanted] + [_requisites(key) for key in wanted]
    outcomes = yield Ask(tuple(asked))
    for key, got, listed in zip(wanted, outcomes[: len(wanted)], outcomes[len(wanted) :], strict=True):
        item = item_in(got)
        if item is None:
            continue
        items[key] = item
        owned[key] = list(listing(listed))
    chosen = {
        key: rows.choose_requisite(
            owned[key], (requisites or {}).get(key, 0), (parties or {}).get(key), (parties or {}).get(key, Party()).id
        )
        for key in items
    }
    details = yield from _details(items, chosen)
    found = {}
    for key, item in items.items():
        accounts, addresses, contacts = details[key]
        party = rows.meaning(key, item, chosen[key], accounts, addresses, contacts, country=country, presets=presets)
        found[key] = PortalParty(key, item, party, tuple(owned[key]), chosen[key], accounts, addresses, contacts)
    return found


_Details = dict[Key, tuple[tuple[Row, ...], tuple[Row, ...], tuple[Row, ...]]]


def _details(items: Mapping[Key, Row], chosen: Mapping[Key, Row | None]) -> Generator[Ask, list[Outcome], _Details]:
    """Accounts and addresses of the chosen requisites, and the contact persons of companies."""
    commands: list[Command] = []
    of: list[tuple[Key, int]] = []
    for key, item in items.items():
        requisite = chosen[key]
        if requisite is not None:
            commands += [_accounts(rows.whole(requisite["ID"])), _addresses(rows.whole(requisite["ID"]))]
            of += [(key, 0), (key, 1)]
        people = rows.contact_ids(item) if key[0] == COMPANY else ()
        for start in range(0, len(people), PAGE):
            commands.append(contacts_by_id(people[start : start + PAGE]))
            of.append((key, 2))
    parts: dict[Key, tuple[list[Row], list[Row], list[Row]]] = {key: ([], [], []) for key in items}
    if commands:
        listed = yield from all_rows(commands)
        for (key, place), part in zip(of, listed, strict=True):
            parts[key][place].extend(part)
    order = {key: {contact: place for place, contact in enumerate(rows.contact_ids(item))} for key, item in items.items()}
    return {
        key: (
            tuple(accounts),
            tuple(addresses),
            tuple(sorted(contacts, key=lambda row: order[key].get(rows.whole(row["id"]), 0))),
        )
        for key, (accounts, addresses, contacts) in parts.items()
    }


def all_rows(commands: Sequence[Command], most_pages: int = 10) -> Generator[Ask, list[Outcome], list[list[Row]]]:
    """The rows of each list command, page after page (as many as `most_pages`). Raises RestError."""
    found: list[list[Row]] = [[] for _ in commands]
    waiting = list(enumerate(commands))
    for page in range(most_pages):
        if not waiting:
            break
        outcomes = yield Ask(tuple(command for _, command in waiting))
        following = []
        for (place, command), outcome in zip(waiting, outcomes, strict=True):
            found[place] += listing(outcome)
            if outcome.next and outcome.next > page * PAGE:
                following.append((place, Command(command.method, {**command.params, "start": outcome.next})))
        waiting = following
    return found


def _get(key: Key) -> Command:
    return Command("crm.item.get", {"entityTypeId": key[0], "id": key[1]})


def _requisites(key: Key) -> Command:
    return Command(
        "crm.requisite.list",
        {"filter": {"ENTITY_TYPE_ID": key[0], "ENTITY_ID": key[1]}, "order": {"ID": "ASC"}},
    )


def _accounts(requisite_id: int) -> Command:
    return Command("crm.requisite.bankdetail.list", {"filter": {"ENTITY_ID": requisite_id}, "order": {"ID": "ASC"}})


def _addresses(requisite_id: int) -> Command:
    return Command("crm.address.list", {"filter": {"ENTITY_TYPE_ID": REQUISITE, "ENTITY_ID": requisite_id}})


def contacts_by_id(ids: Iterable[int]) -> Command:
    """Up to fifty contacts with their phones (which only `*` brings)."""
    return Command("crm.item.list", {"entityTypeId": CONTACT, "select": ["*"], "filter": {"@id": list(ids)}})


def item_in(outcome: Outcome) -> Row | None:
    """The item of crm.item.get, None when it is gone. Raises RestError for everything else."""
    if outcome.error is not None:
        if outcome.error.fate is Fate.GONE:
            return None
        raise outcome.error
    item = outcome.result.get("item") if isinstance(outcome.result, Mapping) else None
    if not isinstance(item, Mapping):
        raise make(NOT_EXECUTED, "the answer holds no item", method=outcome.command.method)
    return item


def listing(outcome: Outcome) -> Sequence[Row]:
    """The rows of a list method. Raises its RestError."""
    if outcome.error is not None:
        raise outcome.error
    result: Any = outcome.result
    if isinstance(result, Mapping):
        result = result.get("items", [])
    return [row for row in result or () if isinstance(row, Mapping)]


def done(outcomes: Iterable[Outcome]) -> RestError | None:
    """The first error among outcomes, those that pass by themselves first."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    waiting = [error for error in errors if error.fate in (Fate.RETRY, Fate.REFRESH)]
    return next(iter(waiting or errors), None)
