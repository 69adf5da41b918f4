"""A storm over both sides: at the end they agree on every field, or a person has been asked; nothing stands twice."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest

from exchange.models import Problem, TradeDocument
from sandbox.onec.dialects import DIALECTS
from tests.journeys import looking
from tests.journeys.storming import Storm
from tests.journeys.test_documents import open_world  # noqa: F401
from tests.journeys.trading import DEAL, INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)
# `make storm` sets the long form: documents, edits, killed workers, and the first number of the dice.
LONG = os.environ.get("STORM", "")
DOCUMENTS, EDITS, KILLS, SEED = (int(number) for number in [*(LONG or "8 50 2").split(), "1"][:4])
NAMES = ["unf_docs", "ut11", "module31"] if LONG else ["unf_docs"]


class TestStorm:
    @pytest.mark.parametrize("name", NAMES)
    def test_leaves_both_sides_agreeing_and_nothing_twice(self, open_world: Callable[..., World], name: str) -> None:  # noqa: F811
        started = time.monotonic()
        world = open_world(DIALECTS[name])
        storm = Storm(world, DOCUMENTS, EDITS, KILLS, SEED)
        storm.run()
        unexplained = storm.unexplained()
        sys.stdout.write(
            f"\n{name} {DOCUMENTS}/{EDITS}/{KILLS} seed {SEED}: {time.monotonic() - started:.0f} s {dict(storm.counts)}\n"
        )
        assert not unexplained, "\n".join(unexplained)
        assert storm.refusals == [], "1C would ask for the same for ever"
        assert storm.counts["killed"] == KILLS
        assert_nothing_twice(storm)

        storm.answer()
        left = [str(one) for one in looking.differences(world)]
        assert not left, "a person has answered everything:\n" + "\n".join(left)
        assert not Problem.objects.filter(portal=world.portal, closed_at=None).exists()
        assert_nothing_twice(storm)


def assert_nothing_twice(storm: Storm) -> None:
    """Every document and company once on either side, every payment and shipment once in the timeline."""
    world, people = storm.world, storm.people
    items = {(kind, row["id"]) for kind in (INVOICE, DEAL) for row in world.bitrix24.state[f"items_{kind}"]}
    assert items == set(people.mine)
    rows = TradeDocument.objects.filter(base=world.base)
    assert rows.count() <= len(people.mine) + people.deleted
    known = {(row.entity_type_id, row.b24_id): row.number for row in rows}
    orders = Counter(order.number for order in world.book.orders.values())
    assert [key for key in people.mine if orders[known[key]] != 1] == [], "every document is in 1C, once"
    assert [number for number, times in orders.items() if times > 1 or number not in known.values()] == []
    assert len(world.bitrix24.state["items_4"]) == len(people.companies)
    assert world.bitrix24.state["items_3"] == []
    payers = Counter(row["ENTITY_ID"] for row in world.bitrix24.state["requisites"])
    assert payers == Counter(map(str, people.companies)), "one set of requisites a company"
    buyers = Counter((buyer.inn, buyer.kpp) for buyer in world.book.buyers.values())
    assert [payer for payer, times in buyers.items() if times > 1] == []
    assert len(world.book.buyers) <= len(people.companies)
    own = Counter((row["ownerTypeId"], row["ownerId"], row["fields"]["originId"]) for row in world.bitrix24.state["activities"])
    assert [key for key, times in own.items() if times > 1] == []
