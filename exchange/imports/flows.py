"""How an item reaches the portal, step by step, without doing any I/O: generators that ask commands and receive outcomes.

The scheduler packs the commands of many flows into batches. A flow tells what it learnt to its `Log`; whatever it learnt is saved
in one transaction after each batch, so that a crash loses at most what the portal can be asked for again (by external id).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import METHOD_PAUSED, NOT_EXECUTED, Fate, RestError
from exchange.planning.changes import Known
from exchange.planning.items import Element, Item, Shape, Trouble
from exchange.planning.references import References
from mapping.rules import Rules

Key = tuple[str, str]  # (kind of the state row, 1C id)


class Ask(NamedTuple):
    """Commands to send; `adds` names, place by place, the row that a command creates (it is marked before anything is sent).

    `marks`: more rows to be marked before any of it is sent. `last`: nothing follows in this flow, so that it may wait for what others
    must send before they can go on.
    """

    commands: tuple[Command, ...]
    adds: tuple[Key | None, ...] = ()
    marks: tuple[Key, ...] = ()
    last: bool = False


# What an item refers to and is not there (yet): the item goes on without it and is looked at again.
WAITED_FOR = frozenset({"unknown-price-type", "unknown-value", "section-missing", "currency-missing"})

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
    # Which of these portal ids another item of this base is linked with; and those that an item of this push has been matched with.
    taken: Callable[[Sequence[int]], Collection[int]] = lambda ids: ()
    claimed: dict[int, str] = field(default_factory=dict)
    # 1C ids that have been looked up before → the portal's elements with them (each is used once: it may become true no longer).
    found: dict[str, dict[int, Shape]] = field(default_factory=dict)
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


def fail(work: Work, error: RestError, tools: Tools, log: Log, onec_id: str = "") -> None:
    """Say what becomes of the item after an error: tried again later, or told to a person."""
    if error.fate in (Fate.RETRY, Fate.REFRESH):
        # What never left is no failure: it only comes later.
        put_off = log.later if error.code in (METHOD_PAUSED, NOT_EXECUTED) else log.again
        put_off.update(dict.fromkeys(work.versions, max(error.retry_after, 0.0 if put_off is log.later else tools.retry_after)))
        return
    key = work.home(onec_id or work.item.onec_id)
    log.troubles.append(
        (key, work.name, Trouble("portal-refused", {"code": error.code, "answer": error.description}, blocks=True))
    )
    log.done.update(work.versions)
