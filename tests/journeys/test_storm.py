"""A storm over both sides: at the end they agree on every field, or a person has been asked; nothing stands twice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from exchange.models import TradeDocument
from sandbox.onec.dialects import DIALECTS
from tests.journeys.storming import Storm
from tests.journeys.test_documents import open_world  # noqa: F401
from tests.journeys.trading import DEAL, INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)
# `make storm` sets the long form: documents, edits, killed workers.
LONG = os.environ.get("STORM", "")
DOCUMENTS, EDITS, KILLS = (int(number) for number in (LONG or "8 50 2").split())
NAMES = ["unf_docs", "ut11", "module31"] if LONG else ["unf_docs"]


class TestStorm:
    @pytest.mark.parametrize("name", NAMES)
    def test_leaves_both_sides_agreeing_and_nothing_twice(self, open_world: Callable[..., World], name: str) -> None:  # noqa: F811
        world = open_world(DIALECTS[name])
        storm = Storm(world, DOCUMENTS, EDITS, KILLS)
        storm.run()
        unexplained = [text for text in world.differences() if not storm.explained(text)]
        assert unexplained == [], storm.counts
        numbers = Counter(order.number for order in world.book.orders.values())
        assert [number for number, times in numbers.items() if times > 1] == []
        assert len(world.bitrix24.state[f"items_{INVOICE}"]) + len(world.bitrix24.state[f"items_{DEAL}"]) == DOCUMENTS
        assert TradeDocument.objects.filter(base=world.base).count() == DOCUMENTS
        assert len(world.bitrix24.state["items_4"]) == len(storm.companies)
        own = Counter(
            (row["ownerTypeId"], row["ownerId"], row["fields"]["originId"]) for row in world.bitrix24.state["activities"]
        )
        assert [key for key, times in own.items() if times > 1] == []
