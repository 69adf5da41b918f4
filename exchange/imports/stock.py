"""Stock where the portal's warehouse accounting is on: documents of differences, conducted. Without any I/O, like flows.py.

The portal lets nobody write a quantity then (catalog.storeproduct is read-only): `S` documents bring in what is missing, `D` write off
what is too much. All documents of a base carry one number, so that a draft left behind by a crash is found and removed. Several may be
made at a time, each for elements of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from b24app.rest.batching import Outcome
from b24app.rest.errors import Fate
from exchange.imports import commands
from exchange.imports.flows import Ask, Flow, Key, Log, StockLine
from exchange.imports.portal_lists import DictionaryFailed, pages
from exchange.imports.reference_commands import list_page
from exchange.imports.slices import Slice
from exchange.planning.desired import number
from exchange.planning.items import Trouble

LINES_AT_ONCE = 200
# Documents at a time, while one takes less than the seconds; a portal that is slower gets one at a time.
DOCUMENTS_AT_ONCE = 6
QUICK_SECONDS = 30.0

Delta = tuple[StockLine, int, Decimal]  # line, store, how much is missing (negative: too much)


def stock_flow(lines: Sequence[StockLine], number_: str, currency: str, user_id: int, title: str, log: Log) -> Flow:
    """Bring the portal's stock of these elements in line by at most two documents."""
    amounts = yield from _amounts(lines)
    deltas: list[Delta] = []
    for line in lines:
        for store, wanted in line.wanted.items():
            # A document cannot take a store below zero: what 1C has sold short is shown on our own pages.
            missing = max(Decimal(wanted), Decimal(0)) - amounts.get((line.b24_id, store), Decimal(0))
            if missing:
                deltas.append((line, store, missing))
    refused: set[Key] = set()
    for doc_type, part in (("S", [d for d in deltas if d[2] > 0]), ("D", [d for d in deltas if d[2] < 0])):
        if part:
            refused |= yield from _document(doc_type, part, number_, currency, user_id, title, log)
    for line in lines:
        log.done.update(line.versions)
        if line.home not in refused:
            log.known[line.home] = replace(line.known, stock=dict(line.wanted)).to_json()
    return None


def next_lines(queue: list[StockLine]) -> list[StockLine]:
    """Take the next document's lines off the queue: about two hundred of the document, those of one item together (done together)."""
    end = size = 0
    while end < len(queue) and (size < LINES_AT_ONCE or queue[end].versions is queue[end - 1].versions):
        size += len(queue[end].wanted)
        end += 1
    lines = queue[:end]
    del queue[:end]
    return lines


class StockMaker:
    """Brings the stock that waits in `queue` in line, document after document, several at a time.

    None is begun that would not end within the `slice`, as far as the one before tells: what is cut short is made again from its beginning.
    """

    def __init__(self, queue: list[StockLine], document: Callable[[list[StockLine]], Flow], slice: Slice) -> None:
        self._queue = queue
        self._document = document
        self._slice = slice
        self._clock = slice.clock
        self._longest = 0.0  # seconds that a document took; 0: none has ended yet
        self._at_work = 0

    def flows(self, *, least: int = 1) -> Iterator[Flow]:
        """Flows to run now, if at least so many elements wait."""
        while self._at_work < self._most() and self._may_begin(least):
            self._at_work += 1
            yield self._documents(least)

    def _most(self) -> int:
        return DOCUMENTS_AT_ONCE if 0 < self._longest < QUICK_SECONDS else 1

    def _may_begin(self, least: int) -> bool:
        return len(self._queue) >= least and self._clock() + 1.5 * self._longest < self._slice.ends

    def _documents(self, least: int) -> Flow:
        while self._may_begin(least):
            began = self._clock()
            yield from self._document(next_lines(self._queue))
            self._longest = max(self._longest, self._clock() - began, 0.001)
            if self._at_work < self._most():
                break  # the first one tells that there may be more at a time
        self._at_work -= 1
        return list(self.flows(least=least))


def remove_drafts(number_: str) -> Flow:
    """Remove what an earlier slice has left undone; to be run before any stock_flow."""
    (outcome,) = yield Ask((commands.find_stock_drafts(number_),))
    if outcome.error is not None:
        raise DictionaryFailed(outcome.error)
    drafts = [int(row["id"]) for row in outcome.result.get("documents", [])]
    if drafts:
        yield Ask(tuple(commands.delete_document(draft) for draft in drafts))
    return None


def _amounts(lines: Sequence[StockLine]) -> Generator[Ask, list[Outcome], dict[tuple[int, int], Decimal]]:
    ids = [line.b24_id for line in lines]
    method, key, select = "catalog.storeproduct.list", "storeProducts", ["id", "productId", "storeId", "amount"]
    filters = [{"productId": ids[start : start + commands.LOOKUP_SIZE]} for start in range(0, len(ids), commands.LOOKUP_SIZE)]
    outcomes = yield Ask(tuple(list_page(method, select, filter) for filter in filters))
    amounts: dict[tuple[int, int], Decimal] = {}
    for filter, outcome in zip(filters, outcomes, strict=True):
        for row in (yield from pages(method, key, select, filter, first=outcome)):
            amounts[(int(row["productId"]), int(row["storeId"]))] = Decimal(str(row["amount"] or 0))
    return amounts


def _document(
    doc_type: str, deltas: Sequence[Delta], number_: str, currency: str, user_id: int, title: str, log: Log
) -> Generator[Ask, list[Outcome], set[Key]]:
    """One conducted document; returns the rows whose stock it could not carry."""
    (outcome,) = yield Ask((commands.add_stock_document(doc_type, number_, currency, user_id, title),))
    homes = {line.home for line, _, _ in deltas}
    if outcome.error is not None:
        return _refused(outcome, homes, log)
    document_id = int(outcome.result["document"]["id"])
    outcomes = yield Ask(
        tuple(
            commands.add_stock_line(document_id, doc_type, line.b24_id, store, number(abs(missing)) or "0")
            for line, store, missing in deltas
        )
    )
    failed = {line.home for (line, _, _), one in zip(deltas, outcomes, strict=True) if one.error is not None}
    for one in outcomes:
        if one.error is not None:
            _refused(one, failed, log)
            break
    if len(failed) == len(homes):
        yield Ask((commands.delete_document(document_id),))
        return failed
    # A draft is nothing yet. Unheard of, this may still be at work while the next slice reads what the stores hold.
    (outcome,) = yield Ask((commands.conduct_document(document_id),), marks=tuple(homes))
    if outcome.error is not None:
        refused = _refused(outcome, homes, log)
        yield Ask((commands.delete_document(document_id),))
        return refused
    return failed


def _refused(outcome: Outcome, homes: set[Key], log: Log) -> set[Key]:
    error = outcome.error
    assert error is not None  # noqa: S101  (callers have looked)
    if error.fate in (Fate.RETRY, Fate.REFRESH, Fate.PERSON):
        raise DictionaryFailed(error)
    trouble = Trouble("stock-document-refused", {"code": error.code, "answer": error.description})
    log.troubles += [(home, "", trouble) for home in homes]
    return homes
