"""Documents of the portal as settling hands them over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exchange.exports import queue
from exchange.models import OneCBase, TradeDocument
from tests.exchange.exports.documents import outgoing


@pytest.fixture
def waiting(base: OneCBase) -> Callable[..., TradeDocument]:
    """A document that waits for 1C; its id in the portal is `number`, what else is given goes into the trade."""

    def made(number: int, *, of: OneCBase = base, entity_type_id: int = 31, own: str = "", **trade: Any) -> TradeDocument:
        document = TradeDocument(base=of, entity_type_id=entity_type_id, b24_id=number)
        assert queue.put(document, outgoing(number=own, **trade))
        return document

    return made
