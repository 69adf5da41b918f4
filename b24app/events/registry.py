"""Who listens to which event of the portal. Pure: rooms above this one register from their apps.py, this one calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it is handed on: it says "look", never what the value is. `object_id` is `31:7` for an item of type 31."""

    portal_id: int
    code: str
    object_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[Heard], None]
_handlers: dict[str, list[Handler]] = {}


def on(*codes: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for these event codes (upper case); it runs inside a transaction and may run again."""

    def register(handler: Handler) -> Handler:
        for code in codes:
            listeners = _handlers.setdefault(code.upper(), [])
            if handler not in listeners:
                listeners.append(handler)
        return handler

    return register


def handlers_of(code: str) -> tuple[Handler, ...]:
    """Everybody who listens to this code, in the order they came."""
    return tuple(_handlers.get(code.upper(), ()))


def anybody_listens() -> bool:
    """Whether it is worth asking the portal for events at all."""
    return any(_handlers.values())
