"""The way of one item into the portal: the product, its offers, their prices and pictures. Without any I/O (see flows.py)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from exchange.imports import commands
from exchange.imports.flows import WAITED_FOR, Ask, Flow, Key, Log, StockLine, Tools, Work, fail
from exchange.planning.changes import ElementChange, Known, after_fields, change_of, full_price_set
from exchange.planning.items import Element


class _Stop(Exception):
    """The item cannot go on now; everything that has to be said has been logged."""


def item_flow(work: Work, tools: Tools, log: Log) -> Flow:
    """Bring one item into the portal: the product, its offers, their prices and pictures; say what was learnt on the way."""
    item = work.item
    home = work.home(item.onec_id)
    log.troubles += [(home, work.name, trouble) for trouble in item.troubles]
    if item.waits == "group":
        log.later.update(dict.fromkeys(work.versions, tools.wait_for_group))
        return None
    if item.blocked or item.element is None:
        log.done.update(work.versions)
        return None
    if not item.troubles:
        log.settled.add(home)
    try:
        yield from _ItemPush(work, tools, log).run()
    except _Stop:
        return None
    if any(trouble.cause in WAITED_FOR for trouble in item.troubles):
        log.later.update(dict.fromkeys(work.versions, tools.wait_for_reference))
    elif not _queue_stock(work, tools):
        log.done.update(work.versions)
    return None


def _queue_stock(work: Work, tools: Tools) -> bool:
    """Leave differing stock to the documents at the end of the slice; True when there is any (the item is not done before)."""
    if not tools.references.accounting or "stock" in tools.rules.portal_owns:
        return False
    lines = []
    for element in work.elements():
        known, b24_id = work.known.get(element.onec_id), work.links.get(element.onec_id)
        if known is None or b24_id is None or element.stock is None:
            continue
        wanted = {**dict.fromkeys(known.stock, "0"), **element.stock}
        if any(Decimal(known.stock.get(store, "0")) != Decimal(amount) for store, amount in wanted.items()):
            lines.append(StockLine(work.home(element.onec_id), b24_id, wanted, known, work.versions))
    tools.stock_queue.extend(lines)
    return bool(lines)


class _ItemPush:
    """The steps of one item."""

    def __init__(self, work: Work, tools: Tools, log: Log) -> None:
        self.work = work
        self.tools = tools
        self.log = log
        self.fresh: set[str] = set()  # elements made in this flow: they have no prices and pictures but ours

    def run(self) -> Generator[Ask, list[Outcome], None]:
        element = self.work.item.element
        if element is None:
            return
        yield from self._write([element])
        if self.work.item.offers and element.onec_id in self.work.links:
            yield from self._write(list(self.work.item.offers))
        yield from self._prices_and_pictures()

    def change(self, element: Element) -> ElementChange:
        work = self.work
        return change_of(
            element,
            None if work.reshaped(element) else work.known.get(element.onec_id),
            self.tools.rules,
            digests=work.digests,
            accounting=self.tools.references.accounting,
            ours=self.tools.ours,
            shared=element.onec_id in work.shared,
        )

    def _write(self, elements: Sequence[Element]) -> Generator[Ask, list[Outcome], None]:
        """Create or update elements of one level."""
        retired = [e for e in elements if self.work.reshaped(e)]
        if retired:
            yield from self._retire(retired)
        asked: list[tuple[Element, ElementChange, Command]] = []
        for element in elements:
            change = self.change(element)
            command = self._command(element, change)
            if command is not None:
                asked.append((element, change, command))
        if not asked:
            return
        adds = tuple(self.work.home(element.onec_id) if change.create else None for element, change, _ in asked)
        outcomes = yield Ask(tuple(command for _, _, command in asked), adds)
        failed: list[tuple[Element, RestError]] = []
        for (element, change, _), outcome in zip(asked, outcomes, strict=True):
            if outcome.error is None:
                self._wrote(element, change, outcome)
                continue
            failed.append((element, outcome.error))
            if change.create and outcome.error.sent:
                self.log.uncertain.add(self.work.home(element.onec_id))
        for element, error in failed:
            yield from self._refused(element, error)

    def _command(self, element: Element, change: ElementChange) -> Command | None:
        references, work = self.tools.references, self.work
        pictures: dict[str, Any] = {}
        if change.pictures.main:
            pictures = commands.picture_fields(*self.tools.open_picture(change.pictures.main))
        elif change.pictures.main == "" and not change.create:
            pictures = commands.no_picture_fields()
        if not change.create:
            if not change.fields and not pictures:
                return None
            return commands.update_element(element.shape, work.links[element.onec_id], change.fields, extra=pictures)
        if not element.fields.get("active", True):
            return None  # what 1C has deleted is not created
        iblock = references.offers_iblock_id if element.shape == "offer" else references.iblock_id
        parent = work.links.get(work.item.onec_id, 0)
        return commands.add_element(element.shape, iblock, element.onec_id, change.fields, parent_id=parent, pictures=pictures)

    def _wrote(self, element: Element, change: ElementChange, outcome: Outcome) -> None:
        work = self.work
        known = None if change.create else work.known.get(element.onec_id)
        known = after_fields(known, element, change.fields)
        if change.pictures.main is not None:
            known = replace(known, main_picture=work.digests.get(change.pictures.main, ""))
        if change.create:
            work.links[element.onec_id] = commands.added_id(element.shape, outcome.result)
            self.fresh.add(element.onec_id)
        self._learn(element.onec_id, known)

    def _learn(self, onec_id: str, known: Known) -> None:
        self.work.known[onec_id] = known
        home = self.work.home(onec_id)
        self.log.known[home] = known.to_json()
        if onec_id in self.work.links:
            self.log.linked[home] = self.work.links[onec_id]

    def _retire(self, elements: Iterable[Element]) -> Generator[Ask, list[Outcome], None]:
        """Switch off products that must become another kind of product (the portal cannot convert them)."""
        gone = [(e, self.work.known[e.onec_id].shape) for e in elements if e.onec_id in self.work.links]
        outcomes = yield Ask(
            tuple(commands.retire_element(shape, self.work.links[e.onec_id], e.onec_id) for e, shape in gone)  # type: ignore[arg-type]
        )
        for (element, _), outcome in zip(gone, outcomes, strict=True):
            if outcome.error is not None and outcome.error.fate in (Fate.RETRY, Fate.REFRESH, Fate.PERSON):
                fail(self.work, outcome.error, self.tools, self.log)
                raise _Stop
            self.work.known.pop(element.onec_id, None)
            self.work.links.pop(element.onec_id, None)

    def _refused(self, element: Element, error: RestError) -> Generator[Ask, list[Outcome], None]:
        """Find out whether the element vanished from the portal: then it is made anew; else a person is told and the rest goes on."""
        work = self.work
        b24_id = work.links.get(element.onec_id)
        if error.fate not in (Fate.RETRY, Fate.REFRESH, Fate.PERSON) and b24_id is not None:
            references = self.tools.references
            iblock = references.offers_iblock_id if element.shape == "offer" else references.iblock_id
            outcomes = yield Ask((commands.find_element_by_id(element.shape, iblock, b24_id),))
            if outcomes[0].error is None and not commands.listed_elements(element.shape, outcomes[0].result):
                self.log.unlinked.add(work.home(element.onec_id))
                self.log.later.update(dict.fromkeys(work.versions, 0.0))
                raise _Stop
        fail(work, error, self.tools, self.log, element.onec_id)
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise _Stop

    def _prices_and_pictures(self) -> Generator[Ask, list[Outcome], None]:
        work = self.work
        todo = [(e, self.change(e)) for e in work.elements() if e.onec_id in work.links and e.onec_id in work.known]
        priced = [(e, c.prices) for e, c in todo if c.prices is not None]
        pictured = [e for e, c in todo if c.pictures.add or c.pictures.drop]
        yield from self._read_first([e for e, _ in priced], pictured)
        asked: list[tuple[Command, Key | None, Callable[[Outcome], None]]] = []
        for element, prices in priced:
            have = work.known[element.onec_id].prices or {}
            rows = full_price_set(prices or {}, have, self.tools.ours)
            if not rows and not have:
                continue
            asked.append((commands.write_prices(work.links[element.onec_id], rows), None, partial(self._priced, element)))
        for element in pictured:
            asked += self._ask_pictures(element)
        if not asked:
            return
        outcomes = yield Ask(tuple(command for command, _, _ in asked), tuple(key for _, key, _ in asked), last=True)
        failure = None
        for (_, _, note), outcome in zip(asked, outcomes, strict=True):
            note(outcome)
            failure = outcome.error or failure
        if failure is not None:
            fail(work, failure, self.tools, self.log)
            raise _Stop

    def _read_first(self, priced: Sequence[Element], pictured: Sequence[Element]) -> Generator[Ask, list[Outcome], None]:
        """Read what could be lost or doubled by writing: foreign prices, and pictures that may be there already."""
        work = self.work
        foreign = bool(self.tools.references.foreign_price_types)
        unread = [e for e in priced if e.onec_id not in self.fresh and (foreign or work.known[e.onec_id].prices is None)]
        unsure = [e for e in pictured if work.known[e.onec_id].pictures_unsure]
        if not unread and not unsure:
            return
        reads = [commands.read_prices([work.links[e.onec_id]]) for e in unread]
        reads += [commands.list_pictures(work.links[e.onec_id]) for e in unsure]
        outcomes = yield Ask(tuple(reads))
        for outcome in outcomes:
            if outcome.error is not None:
                fail(work, outcome.error, self.tools, self.log)
                raise _Stop
        for element, outcome in zip(unread, outcomes, strict=False):
            work.known[element.onec_id] = replace(work.known[element.onec_id], prices=commands.known_prices(outcome.result))
        for element, outcome in zip(unsure, outcomes[len(unread) :], strict=True):
            images = commands.known_pictures(outcome.result)
            work.known[element.onec_id] = replace(work.known[element.onec_id], pictures=images, pictures_unsure=False)

    def _priced(self, element: Element, outcome: Outcome) -> None:
        known = self.work.known[element.onec_id]
        prices = commands.known_prices(outcome.result) if outcome.error is None else None
        self._learn(element.onec_id, replace(known, prices=prices))

    def _ask_pictures(self, element: Element) -> list[tuple[Command, Key | None, Callable[[Outcome], None]]]:
        """Commands for further pictures; an `add` marks its row, since repeated unseen it would show the picture twice."""
        product_id, home = self.work.links[element.onec_id], self.work.home(element.onec_id)
        plan = self.change(element).pictures
        adds = [
            (commands.add_picture(product_id, *self.tools.open_picture(path)), home, partial(self._pictured, element, path))
            for path in plan.add
        ]
        drops = [(commands.drop_picture(product_id, image), None, partial(self._dropped, element, image)) for image in plan.drop]
        return [*adds, *drops]

    def _pictured(self, element: Element, path: str, outcome: Outcome) -> None:
        known = self.work.known[element.onec_id]
        if outcome.error is None:
            digest = self.work.digests[path]
            known = replace(known, pictures={**known.pictures, digest: commands.added_picture(outcome.result)})
        elif outcome.error.sent:
            known = replace(known, pictures_unsure=True)
            self.log.uncertain.add(self.work.home(element.onec_id))
        self._learn(element.onec_id, known)

    def _dropped(self, element: Element, image_id: int, outcome: Outcome) -> None:
        if outcome.error is not None and outcome.error.fate is not Fate.GONE:
            return
        known = self.work.known[element.onec_id]
        self._learn(element.onec_id, replace(known, pictures={d: i for d, i in known.pictures.items() if i != image_id}))
