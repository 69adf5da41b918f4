"""Runs one flow against a portal, without a scheduler: what it asks is sent in one batch, and the answers go back to it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from b24app.rest.batching import Outcome
from b24app.rest.client import PortalClient
from exchange.imports.flows import Ask

T = TypeVar("T")


def drive(flow: Generator[Ask, list[Outcome], T], client: PortalClient) -> T:
    """What the flow returns."""
    try:
        ask = next(flow)
        while True:
            ask = flow.send(client.batch(ask.commands))
    except StopIteration as end:
        result: T = end.value
        return result
