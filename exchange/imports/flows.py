"""How an item reaches the portal, step by step, without doing any I/O: generators that ask commands and receive outcomes.

The scheduler packs the commands of many flows into batches. A flow tells what it learnt to its `Log`; whatever it learnt is saved
in one transaction after each batch, so that a crash loses at most what the portal can be asked for again (by external id).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from exchange.imports import commands
from exchange.planning.catalog import Element, Item, Shape, Trouble
from exchange.planning.changes import ElementChange, Known, after_fields, change_of, full_price_set
from exchange.planning.desired import number
from exchange.planning.references import ARTICLE, BARCODE, References
from mapping.rules import Rules

Key = tuple[str, str]  # (kind of the state row, 1C id)


class Ask(NamedTuple):
    """Commands to send; `adds` names, place by place, the row that a command creates (it is marked before anything is sent)."""

    commands: tuple[Command, ...]
    adds: tuple[Key | None, ...] = ()


# What an item refers to and 1C has not told of (yet): the item goes on without it and is looked at again.
WAITED_FOR = frozenset({"unknown-price-type", "unknown-value", "section-missing"})

Flow = Generator[Ask, list[Outcome], "list[Flow] | None"]


@dataclass(slots=True)
class Log:
    """What flows learnt since it was last saved."""

    linked: dict[Key, int] = field(default_factory=dict)
    unlinked: set[Key] = field(default_factory=set)
    known: dict[Key, dict[str, Any]] = field(default_factory=dict)
    done: dict[Key, int] = field(default_factory=dict)  # row → version that has been pushed
    again: dict[Key, float] = field(default_factory=dict)  # row that failed → seconds until it is tried again
    later: dict[Key, float] = field(default_factory=dict)  # row that waits for something else → seconds until it is looked at
    uncertain: set[Key] = field(default_factory=set)  # rows whose `add` may have taken effect unseen
    troubles: list[tuple[Key, str, Trouble]] = field(default_factory=list)  # (row, name for people, trouble)
    settled: set[Key] = field(default_factory=set)  # rows whose earlier problems are over

    def __bool__(self) -> bool:
        return bool(
            self.linked
            or self.unlinked
            or self.known
            or self.done
            or self.again
            or self.later
            or self.uncertain
            or self.troubles
            or self.settled
        )


class PictureFile(NamedTuple):
    """A picture that has arrived: the name it gets in the portal, and its bytes."""

    name: str
    content: bytes


class StockLine(NamedTuple):
    """What one element shall have in each store, and the rows that are done once it has."""

    home: Key
    b24_id: int
    wanted: Mapping[int, str]
    known: Known
    versions: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Tools:
    """What every flow of a push shares. `ours`: price types this base writes. `open_picture` reads one that `digests` lists."""

    references: References
    rules: Rules
    ours: frozenset[int] = frozenset()
    open_picture: Callable[[str], PictureFile] = lambda path: PictureFile(path, b"")
    # Which of these portal ids another base owns, and what other bases have of each in stock (see push.py).
    elsewhere: Callable[[Sequence[int]], Mapping[int, tuple[bool, Decimal]]] = lambda ids: {}
    # Where warehouse accounting is on: stock that documents must bring in line, left to the end of the slice.
    stock_queue: list[StockLine] = field(default_factory=list)
    retry_after: float = 60.0
    wait_for_group: float = 5.0
    wait_for_reference: float = 6 * 3600.0


@dataclass(slots=True)
class Work:
    """One planned item and what is known of its elements; elements are named by 1C id."""

    item: Item
    links: dict[str, int]
    known: dict[str, Known]
    versions: Mapping[Key, int]  # the rows that this item covers
    homes: Mapping[str, Key]  # 1C id of an element → the state row that keeps what is known of it
    digests: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    name: str = ""  # for people

    def elements(self) -> list[Element]:
        return [*([self.item.element] if self.item.element else []), *self.item.offers]

    def home(self, onec_id: str) -> Key:
        return self.homes.get(onec_id) or ("offer" if "#" in onec_id else "product", onec_id)

    def reshaped(self, element: Element) -> bool:
        """Whether the portal has it as a kind of product that cannot be turned into the wanted one."""
        known = self.known.get(element.onec_id)
        return known is not None and known.shape != element.shape

    def to_find(self) -> list[Element]:
        """The elements to look for before they may be created."""
        return [
            element
            for element in self.elements()
            if (element.onec_id not in self.links or self.reshaped(element)) and element.fields.get("active", True)
        ]


class _Stop(Exception):
    """The item cannot go on now; everything that has to be said has been logged."""


def chunk_flow(works: Sequence[Work], tools: Tools, log: Log) -> Flow:
    """Look up, fifty at a time, which elements are in the portal already; then each item goes its own way."""
    references = tools.references
    by_shape: dict[Shape, list[str]] = {}
    for work in works:
        for element in work.to_find():
            by_shape.setdefault("offer" if element.shape == "offer" else "product", []).append(element.onec_id)
    asked: list[tuple[Shape, Command]] = []
    for wanted, ids in by_shape.items():
        iblock = references.offers_iblock_id if wanted == "offer" else references.iblock_id
        for start in range(0, len(ids), commands.LOOKUP_SIZE):
            page = ids[start : start + commands.LOOKUP_SIZE]
            # A list of products may hold every type or only simple ones; the special lists tell which is which.
            shapes: tuple[Shape, ...] = ("offer",) if wanted == "offer" else ("product", "sku", "service")
            asked += [(shape, commands.find_elements(shape, iblock, page)) for shape in shapes]
    found: dict[str, dict[int, Shape]] = {}
    if asked:
        outcomes = yield Ask(tuple(command for _, command in asked))
        failed = next((outcome.error for outcome in outcomes if outcome.error), None)
        if failed is not None:
            for work in works:
                _fail(work, failed, tools, log)
            return None
        for (shape, _), outcome in zip(asked, outcomes, strict=True):
            for row in commands.listed_elements(shape, outcome.result):
                found.setdefault(str(row["xmlId"]), {})[int(row["id"])] = shape
    matched = {}
    if tools.rules.match_by_article or tools.rules.match_by_barcode:
        matched = yield from _match(works, found, tools, log)
    for work in works:
        _adopt(work, found, matched)
    _share(works, tools)
    flows: list[Flow] = [item_flow(work, tools, log) for work in works]
    return flows


def _share(works: Sequence[Work], tools: Tools) -> None:
    """Note which elements another base owns, and add what other bases have of them to the total."""
    ids = {b24_id: (work, onec_id) for work in works for onec_id, b24_id in work.links.items()}
    for b24_id, (owned_elsewhere, quantity) in tools.elsewhere(list(ids)).items():
        work, onec_id = ids[b24_id]
        if owned_elsewhere:
            work.shared = work.shared | {onec_id}
        work.item = _with_more(work.item, onec_id, quantity)


def _with_more(item: Item, onec_id: str, quantity: Decimal) -> Item:
    def add(element: Element) -> Element:
        if element.onec_id != onec_id or element.quantity is None:
            return element
        return replace(element, quantity=number(Decimal(element.quantity) + quantity))

    return replace(item, element=add(item.element) if item.element else None, offers=tuple(add(offer) for offer in item.offers))


def _adopt(work: Work, found: Mapping[str, Mapping[int, Shape]], matched: Mapping[str, list[int]]) -> None:
    """Take over what the portal has already under the same external id (or the same article)."""
    for element in work.to_find():
        hits = found.get(element.onec_id, {})
        same = [b24_id for b24_id, shape in hits.items() if shape == element.shape]
        other = [b24_id for b24_id in hits if b24_id not in same]
        if same:
            _take(work, element, min(same), element.shape)
        elif other and element.onec_id not in work.links:
            _take(work, element, min(other), hits[min(other)])
        elif len(matched.get(element.onec_id, ())) == 1 and element.onec_id not in work.links:
            _take(work, element, matched[element.onec_id][0], element.shape)
        elif len(matched.get(element.onec_id, ())) > 1:
            trouble = Trouble("article-matches-several", {"ids": ", ".join(map(str, matched[element.onec_id]))}, blocks=True)
            work.item = replace(work.item, troubles=(*work.item.troubles, trouble))


def _take(work: Work, element: Element, b24_id: int, shape: Shape) -> None:
    work.links[element.onec_id] = b24_id
    work.known[element.onec_id] = Known(shape=shape, prices=None, pictures_unsure=True)


def _match(
    works: Sequence[Work], found: Mapping[str, Mapping[int, Shape]], tools: Tools, log: Log
) -> Generator[Ask, list[Outcome], dict[str, list[int]]]:
    """Products of the portal that have the article or barcode of an item which no external id found."""
    references = tools.references
    wanted: list[tuple[int, str, str]] = []  # property id, value, 1C id
    switches = ((ARTICLE, tools.rules.match_by_article), (BARCODE, tools.rules.match_by_barcode))
    for key in [key for key, on in switches if on and key in references.properties]:
        property_id = references.properties[key].id
        for work in works:
            element = work.item.element
            if element is None or element.onec_id in work.links or element.onec_id in found:
                continue
            held = element.fields.get(f"property:{property_id}")
            wanted += [(property_id, str(v), element.onec_id) for v in (held if isinstance(held, list) else [held]) if v]
    pages = [
        (property_id, [value for p, value, _ in wanted if p == property_id][start : start + commands.LOOKUP_SIZE])
        for property_id in {p for p, _, _ in wanted}
        for start in range(0, sum(p == property_id for p, _, _ in wanted), commands.LOOKUP_SIZE)
    ]
    hits: dict[tuple[int, str], set[int]] = {}
    if pages:
        outcomes = yield Ask(tuple(commands.find_by_property(references.iblock_id, p, values) for p, values in pages))
        for (property_id, _), outcome in zip(pages, outcomes, strict=True):
            for row in commands.listed_elements("product", outcome.result) if outcome.error is None else ():
                for text in commands.property_texts(row, property_id):
                    hits.setdefault((property_id, text), set()).add(int(row["id"]))
    matched: dict[str, set[int]] = {}
    for property_id, value, onec_id in wanted:
        matched.setdefault(onec_id, set()).update(hits.get((property_id, value), ()))
    return {onec_id: sorted(ids) for onec_id, ids in matched.items()}


def _fail(work: Work, error: RestError, tools: Tools, log: Log, onec_id: str = "") -> None:
    """Say what becomes of the item after an error: tried again later, or told to a person."""
    if error.fate in (Fate.RETRY, Fate.REFRESH):
        for key in work.versions:
            log.again[key] = max(error.retry_after, tools.retry_after)
        return
    key = work.home(onec_id or work.item.onec_id)
    log.troubles.append(
        (key, work.name, Trouble("portal-refused", {"code": error.code, "answer": error.description}, blocks=True))
    )
    log.done.update(work.versions)


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
                _fail(self.work, outcome.error, self.tools, self.log)
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
        _fail(work, error, self.tools, self.log, element.onec_id)
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise _Stop

    def _prices_and_pictures(self) -> Generator[Ask, list[Outcome], None]:
        work = self.work
        todo = [(e, self.change(e)) for e in work.elements() if e.onec_id in work.links and e.onec_id in work.known]
        priced = [(e, c.prices) for e, c in todo if c.prices is not None]
        pictured = [e for e, c in todo if c.pictures.add or c.pictures.drop]
        yield from self._read_first([e for e, _ in priced], pictured)
        asked: list[Command] = []
        after: list[Callable[[Outcome], None]] = []
        for element, prices in priced:
            have = work.known[element.onec_id].prices or {}
            rows = full_price_set(prices or {}, have, self.tools.ours)
            if not rows and not have:
                continue
            asked.append(commands.write_prices(work.links[element.onec_id], rows))
            after.append(lambda outcome, e=element: self._priced(e, outcome))  # type: ignore[misc]
        for element in pictured:
            self._ask_pictures(element, asked, after)
        if not asked:
            return
        outcomes = yield Ask(tuple(asked))
        failure = None
        for note, outcome in zip(after, outcomes, strict=True):
            note(outcome)
            failure = outcome.error or failure
        if failure is not None:
            _fail(work, failure, self.tools, self.log)
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
                _fail(work, outcome.error, self.tools, self.log)
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

    def _ask_pictures(self, element: Element, asked: list[Command], after: list[Callable[[Outcome], None]]) -> None:
        product_id = self.work.links[element.onec_id]
        plan = self.change(element).pictures
        for path in plan.add:
            asked.append(commands.add_picture(product_id, *self.tools.open_picture(path)))
            after.append(lambda outcome, p=path: self._pictured(element, self.work.digests[p], outcome))  # type: ignore[misc]
        for image_id in plan.drop:
            asked.append(commands.drop_picture(product_id, image_id))
            after.append(lambda outcome, i=image_id: self._dropped(element, i))  # type: ignore[misc]

    def _pictured(self, element: Element, digest: str, outcome: Outcome) -> None:
        known = self.work.known[element.onec_id]
        if outcome.error is None:
            known = replace(known, pictures={**known.pictures, digest: commands.added_picture(outcome.result)})
        elif outcome.error.sent:
            known = replace(known, pictures_unsure=True)
        self._learn(element.onec_id, known)

    def _dropped(self, element: Element, image_id: int) -> None:
        known = self.work.known[element.onec_id]
        self._learn(element.onec_id, replace(known, pictures={d: i for d, i in known.pictures.items() if i != image_id}))
