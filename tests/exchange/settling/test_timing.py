"""How long documents take, measured while they are settled."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from exchange import tally
from exchange.models import ExchangeDay, HeardObject, TradeDocument
from tests.exchange.settling.world import INVOICE, World

pytestmark = pytest.mark.django_db(transaction=True)


def days() -> dict[str, tuple[int, int, float]]:
    """Way → how many, how many of them measured, the slowest in seconds."""
    rows = ExchangeDay.objects.all()
    return {row.way: (row.count, sum(row.waits), tally.quantile(row.waits, 1.0) or 0.0) for row in rows}


class TestTiming:
    def test_measures_from_the_portals_word_until_1c_can_have_it(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        HeardObject.objects.update(heard_at=timezone.now() - dt.timedelta(seconds=40))
        world.settle()
        count, measured, slowest = days()["to_onec"]
        assert (count, measured) == (1, 1)
        assert 35 < slowest < 50
        assert "to_portal" not in days()

    def test_counts_a_repeated_word_that_changes_nothing_not_at_all(self, world: World) -> None:
        id = world.invoice()
        for _ in range(2):
            world.hear((INVOICE, id))
            world.settle()
        assert days()["to_onec"][0] == 1

    def test_does_not_measure_what_the_portal_did_not_tell(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.change(id, title="Другой", comments="Позвонить")
        row = world.document(id)
        TradeDocument.objects.filter(pk=row.pk).update(version=row.version + 1)
        world.settle()
        count, measured, _ = days()["to_onec"]
        assert (count, measured) == (2, 1)

    def test_measures_from_1cs_file_until_the_portal_has_it(self, world: World) -> None:
        id = world.invoice()
        world.hear((INVOICE, id))
        world.settle()
        world.confirm(id)
        world.onec_says(id, replace(world.told(id), comment="Оплатят завтра"))
        TradeDocument.objects.update(told_at=timezone.now() - dt.timedelta(seconds=10))
        world.settle()
        count, measured, slowest = days()["to_portal"]
        assert (count, measured) == (1, 1)
        assert 8 < slowest < 13
        world.hear((INVOICE, id))
        world.settle()
        assert days()["to_portal"][0] == 1
