"""A carrier that asks the portal and never changes it: what reads goes out, what writes is noted and answered as the portal would.

With it the push runs as ever (the same plans, flows and batches) and nothing happens. Made-up objects have ids below zero.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from exchange.imports.scheduler import Carrier

# Everything else counts as writing, whatever it is called (event.offline.get empties a queue).
ROOMS: Final = ("catalog.", "crm.")
READING: Final = frozenset({"list", "get", "status", "fields"})
# Method → key of the object in its answer.
_ANSWERED: Final = {
    "catalog.product": "element",
    "catalog.product.service": "service",
    "catalog.product.sku": "sku",
    "catalog.product.offer": "offer",
    "catalog.section": "section",
    "catalog.store": "store",
    "catalog.measure": "measure",
    "catalog.vat": "vat",
    "catalog.priceType": "priceType",
    "catalog.priceTypeLang": "priceTypeLang",
    "catalog.productProperty": "productProperty",
    "catalog.productPropertyEnum": "productPropertyEnum",
    "catalog.productImage": "productImage",
    "catalog.document": "document",
    "catalog.document.element": "documentElement",
}
_MADE_UP_FIELD: Final = re.compile(r"property-\d+")


def reads_only(command: Command) -> bool:
    """Whether the command cannot change anything in the portal."""
    method = command.method.casefold()
    return method.startswith(ROOMS) and method.rpartition(".")[2] in READING


class Rehearsal:
    """A Carrier over another one; `note` hears of every command that would have written, with its made-up answer."""

    def __init__(self, carrier: Carrier, note: Callable[[Command, Any], None]) -> None:
        self._carrier = carrier
        self._note = note
        self._ready: deque[tuple[Any, list[Outcome]]] = deque()
        self._last_id = 0

    @property
    def hungry(self) -> bool:
        return self._carrier.hungry

    @property
    def clear(self) -> bool:
        return self._carrier.clear

    @property
    def idle(self) -> bool:
        return self._carrier.idle

    @property
    def pending(self) -> int:
        return self._carrier.pending + len(self._ready)

    def wait(self, timeout: float) -> None:
        if not self._ready:
            self._carrier.wait(timeout)

    def preferred_size(self, methods: Any) -> int:
        return self._carrier.preferred_size(methods)

    def submit(self, tag: Any, commands: Sequence[Command]) -> None:
        outcomes = [self._outcome(command) for command in commands]
        places = [place for place, outcome in enumerate(outcomes) if outcome is None]
        answered = [outcome or Outcome(command) for outcome, command in zip(outcomes, commands, strict=True)]
        if places:
            sound = [real for place in places if (real := without_made_up(commands[place])) is not None]
            self._carrier.submit((tag, answered, places), sound)
        else:
            self._ready.append((tag, answered))

    def next_done(self, timeout: float | None = None) -> tuple[Any, list[Outcome] | RestError] | None:
        if self._ready:
            return self._ready.popleft()
        done = self._carrier.next_done(timeout)
        if done is None:
            return None
        (tag, answered, places), result = done
        if isinstance(result, RestError):
            return tag, result
        for place, outcome in zip(places, result, strict=True):
            answered[place] = outcome
        return tag, answered

    def _outcome(self, command: Command) -> Outcome | None:
        """The made-up outcome; None when the portal must be asked."""
        if reads_only(command):
            return None if without_made_up(command) is not None else Outcome(command, {})
        answer = self._answer(command)
        self._note(command, answer)
        return Outcome(command, answer)

    def _answer(self, command: Command) -> Any:
        of, _, verb = command.method.rpartition(".")
        fields = command.params.get("fields") or {}
        if command.method == "catalog.price.modify":
            rows = fields["product"]["prices"] or []
            return {"prices": [{**row, "id": row.get("id") or self._made_up()} for row in rows]}
        if command.method == "crm.currency.add":
            return fields["CURRENCY"]
        if verb in ("add", "update") and of in _ANSWERED:
            return {_ANSWERED[of]: {**fields, "id": command.params.get("id") or self._made_up()}}
        return True

    def _made_up(self) -> int:
        self._last_id -= 1
        return self._last_id


def without_made_up(command: Command) -> Command | None:
    """The command without ids that the portal does not have; None when it asks for nothing else."""
    filter = command.params.get("filter")
    if not isinstance(filter, Mapping):
        return None if _is_made_up(command.params.get("productId")) else command
    kept: dict[str, Any] = {}
    for name, value in filter.items():
        if _MADE_UP_FIELD.search(name) or _is_made_up(value):
            return None
        if isinstance(value, list) and any(_is_made_up(one) for one in value):
            value = [one for one in value if not _is_made_up(one)]
            if not value:
                return None
        kept[name] = value
    return Command(command.method, {**command.params, "filter": kept})


def _is_made_up(value: object) -> bool:
    return isinstance(value, int) and value < 0
