"""Reading documents fresh from the portal, many in one batch: items, product rows, and which requisites they are made out to."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from b24app.rest.lists import PAGE
from b24app.rest.lists import rows as rows_in
from exchange.imports.flows import Ask
from exchange.planning.portal_trades import FIELDS, Fresh, whole
from exchange.planning.trade import COMPANY, DEAL, INVOICE

Named = tuple[int, int]  # (entity type, id)
_MINE: Final = Command(
    "crm.item.list",
    {"entityTypeId": COMPANY, "select": ["id"], "filter": {"=isMyCompany": "Y"}, "order": {"id": "ASC"}, "start": -1},
)
SHORT: Final[Mapping[int, str]] = {DEAL: "D", INVOICE: "SI"}
T = TypeVar("T")
# Documents of one flow: with items, links and rows they fill about one batch.
_CHUNK: Final = 40


def chunks(things: Iterable[T]) -> Iterator[list[T]]:
    """The things in groups that are read together."""
    chunk: list[T] = []
    for thing in things:
        chunk.append(thing)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def read_documents(keys: Collection[Named]) -> Generator[Ask, list[Outcome], dict[Named, Fresh]]:
    """These deals and invoices (at most 50 of a type); one that is absent from the answer is not in the portal any more.

    Raises RestError when the portal could not tell.
    """
    by_type = {type_: sorted(id for of, id in keys if of == type_) for type_ in sorted({type_ for type_, _ in keys})}
    named = [(type_, id) for type_, ids in by_type.items() for id in ids]
    commands = [_items(type_, ids) for type_, ids in by_type.items()]
    commands += [_links(type_, ids) for type_, ids in by_type.items()]
    commands += [_rows(type_, id) for type_, id in named]
    *outcomes, mine = yield Ask((*commands, _MINE))
    # What names no own company is the only one's, if there is just one.
    if mine.error is not None and mine.error.fate in (Fate.RETRY, Fate.REFRESH):
        raise mine.error
    only = [whole(row.get("id")) for row in rows_in(mine.result)] if mine.error is None else []
    for outcome in outcomes:
        if outcome.error is not None and not (outcome.command.method.endswith("productrow.list") and _absent(outcome)):
            raise outcome.error
    types = len(by_type)
    items = {
        (type_, whole(item.get("id"))): item
        for type_, outcome in zip(by_type, outcomes[:types], strict=True)
        for item in rows_in(outcome.result)
    }
    linked = {
        (whole(link.get("ENTITY_TYPE_ID")), whole(link.get("ENTITY_ID"))): link
        for outcome in outcomes[types : 2 * types]
        for link in rows_in(outcome.result)
    }
    answered = zip(named, outcomes[2 * types :], strict=True)
    rows = {key: rows_in(outcome.result) for key, outcome in answered if outcome.error is None}
    yield from _further_rows(named, outcomes[2 * types :], rows)
    own = yield from _own_companies([link for key, link in linked.items() if key[0] == DEAL])
    return {
        key: Fresh(
            item,
            tuple(rows[key]),
            whole(linked.get(key, {}).get("REQUISITE_ID")),
            my_requisite := whole(linked.get(key, {}).get("MC_REQUISITE_ID")),
            own.get(my_requisite, only[0] if len(only) == 1 else 0),
        )
        for key, item in items.items()
        if key in rows
    }


def read_again(
    key: Named, before: Fresh, item: Mapping[str, Any] | None, *, links: bool
) -> Generator[Ask, list[Outcome], Fresh | None]:
    """A document after our own writing, with as few commands as will do; None when it is not there any more.

    `item` is the document as the portal answered our last change of it, after all others: then only its rows are asked for. `links`:
    that change may have touched whose requisites it is made out to. Raises RestError when the portal could not tell.
    """
    if links or item is None or not all(name in item for name in FIELDS[key[0]]):
        return (yield from read_documents({key})).get(key)
    outcomes = yield Ask((_rows(*key),))
    (outcome,) = outcomes
    if outcome.error is not None:
        if _absent(outcome):
            return None
        raise outcome.error
    rows = {key: rows_in(outcome.result)}
    yield from _further_rows([key], outcomes, rows)
    return replace(before, item=item, rows=tuple(rows[key]))


def _items(type_: int, ids: Sequence[int]) -> Command:
    params = {"entityTypeId": type_, "select": list(FIELDS[type_]), "filter": {"@id": list(ids)}, "order": {"id": "ASC"}}
    return Command("crm.item.list", {**params, "start": -1})


def _links(type_: int, ids: Sequence[int]) -> Command:
    return Command("crm.requisite.link.list", {"filter": {"ENTITY_TYPE_ID": type_, "@ENTITY_ID": list(ids)}})


def _rows(type_: int, id: int, start: int = 0) -> Command:
    params = {"filter": {"=ownerType": SHORT[type_], "=ownerId": id}, "order": {"sort": "ASC", "id": "ASC"}}
    return Command("crm.item.productrow.list", {**params, "start": start})


def _further_rows(
    named: Sequence[Named], outcomes: Sequence[Outcome], rows: Mapping[Named, list[dict[str, Any]]]
) -> Generator[Ask, list[Outcome], None]:
    """Rows beyond the first page of fifty, all pages at once."""
    pages = [
        (key, start) for key, outcome in zip(named, outcomes, strict=True) for start in range(PAGE, outcome.total or 0, PAGE)
    ]
    if not pages:
        return
    answers = yield Ask(tuple(_rows(*key, start) for key, start in pages))
    for (key, _), outcome in zip(pages, answers, strict=True):
        if outcome.error is not None:
            raise outcome.error
        rows[key].extend(rows_in(outcome.result))


def _own_companies(links: Sequence[Mapping[str, Any]]) -> Generator[Ask, list[Outcome], dict[int, int]]:
    """Whose requisites deals are made out from (they have no field for the own company): requisite → company."""
    ids = sorted({whole(link.get("MC_REQUISITE_ID")) for link in links} - {0})
    if not ids:
        return {}
    params = {"filter": {"@ID": ids}, "select": ["ID", "ENTITY_ID"]}
    (outcome,) = yield Ask((Command("crm.requisite.list", params),))
    if outcome.error is not None:
        raise outcome.error
    return {whole(row.get("ID")): whole(row.get("ENTITY_ID")) for row in rows_in(outcome.result)}


def _absent(outcome: Outcome) -> bool:
    """The owner was deleted between two commands, or before: that is an answer, too."""
    return outcome.error is not None and outcome.error.code in ("OWNER_NOT_FOUND", "NOT_FOUND")
