"""What settling's flows share: the work they get, the tools they use, and the notebook they write what they learn into.

Flows are generators (exchange.imports.flows.Ask → outcomes) and do no I/O. Rows are named by `Key`: ("document" or "party", the
row's id). What a flow learnt is saved in one transaction after each batch (saving.py), under the fence of the portal's lane.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from b24app.rest.errors import METHOD_PAUSED, NOT_EXECUTED, Fate, RestError
from exchange.imports.flows import Flow, Key
from exchange.planning.items import Trouble
from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import Party, Trade
from mapping.rules import Rules

DOCUMENT: Final = "document"
PARTY: Final = "party"

__all__ = ["DOCUMENT", "PARTY", "BaseFacts", "DocumentWork", "Flow", "Key", "Learnt", "PartyWork", "fail"]


def document_key(pk: int) -> Key:
    """The name of a TradeDocument row."""
    return DOCUMENT, str(pk)


def party_key(pk: int) -> Key:
    """The name of a TradeParty row."""
    return PARTY, str(pk)


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """One base of the portal with its rules in force. `originator` marks what we make for it in the portal (originatorId)."""

    pk: int
    rules: Rules
    originator: str
    configuration: str = "other"
    country: str = ""
    # What came until then is the first load, and it is to start no automation (None: it may).
    quiet_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PartyWork:
    """One TradeParty row that is to be settled; `unsure`: an `add` may have taken effect without our hearing of it."""

    pk: int
    base: BaseFacts
    version: int
    b24: tuple[int, int] | None = None
    onec_id: str = ""
    given_id: str = ""
    portal_side: Party | None = None
    onec_side: Party | None = None
    agreed: Party | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    unsure: bool = False

    @property
    def key(self) -> Key:
        return party_key(self.pk)


@dataclass(frozen=True, slots=True)
class DocumentWork:
    """One TradeDocument row that is to be settled (`pk` 0: the portal's document has no row yet, and gets one if it travels)."""

    pk: int
    base: BaseFacts
    entity_type_id: int
    version: int = 0
    b24_id: int | None = None
    onec_id: str = ""
    number: str = ""
    portal_side: Trade | None = None
    onec_side: Trade | None = None
    agreed: Trade | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    unsure: bool = False
    # Whether 1C was ever given it (what it has, it goes on hearing of), and whether it confirmed all that it was given.
    given: bool = False
    confirmed: bool = False
    # Whether 1C has told of the document since it confirmed that.
    told_since: bool = False
    # Part of a first load that is to start no automation: imported rather than added, and nobody is told.
    quiet: bool = False

    @property
    def key(self) -> Key:
        return document_key(self.pk)


@dataclass(slots=True)
class Learnt:
    """What flows learnt since it was last saved.

    `changed` holds columns of rows in stored form (`known` replaces the whole of it); `added` are rows whose `add` was answered, so
    that the mark made before it can go; `done` says which version of a row is settled, `again` and `later` in how many seconds it
    is tried anew (`again` counts as a failure and doubles); `outgoing` is put out for 1C.
    """

    changed: dict[Key, dict[str, Any]] = field(default_factory=dict)
    added: set[Key] = field(default_factory=set)
    done: dict[Key, int] = field(default_factory=dict)
    again: dict[Key, float] = field(default_factory=dict)
    later: dict[Key, float] = field(default_factory=dict)
    uncertain: set[Key] = field(default_factory=set)
    outgoing: dict[int, Outgoing] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    # (row, name for people, trouble); and the rows' causes that are over (an empty set = all of them).
    troubles: list[tuple[Key, str, Trouble]] = field(default_factory=list)
    over: dict[Key, frozenset[str]] = field(default_factory=dict)
    # (entity type, id) of heard objects → version that has been read; or seconds until they are read again.
    heard: dict[tuple[int, int], int] = field(default_factory=dict)
    heard_again: dict[tuple[int, int], float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def clear(self) -> None:
        """Begin a new page."""
        for name in self.__slots__:
            getattr(self, name).clear()

    def learn(self, key: Key, **columns: Any) -> None:
        """Note columns of a row: b24 (entity type, id), onec_id, portal_side, onec_side, agreed, known."""
        self.changed.setdefault(key, {}).update(columns)

    def trouble(self, key: Key, name: str, cause: str, **facts: Any) -> None:
        """Note something for a person about a row."""
        self.troubles.append((key, name, Trouble(cause, facts)))


def fail(key: Key, version: int, name: str, error: RestError, log: Learnt, *, retry_after: float = 15.0) -> None:
    """Say what becomes of a row after an error: tried again later, or told to a person and left until it changes."""
    if error.fate in (Fate.RETRY, Fate.REFRESH):
        if error.sent:
            log.uncertain.add(key)
        # What never left is no failure: it only comes later.
        if error.code in (METHOD_PAUSED, NOT_EXECUTED):
            log.later[key] = max(error.retry_after, 0.0)
        else:
            log.again[key] = max(error.retry_after, retry_after)
        return
    log.trouble(key, name, "portal-refused", code=error.code, answer=error.description)
    log.done[key] = version
