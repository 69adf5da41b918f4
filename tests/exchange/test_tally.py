"""What was carried each day and how long it took."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from exchange import tally
from exchange.models import ExchangeDay
from exchange.tally import Way
from tests.b24app.pages.conftest import make_base, make_portal


class TestHistogram:
    @given(st.lists(st.floats(0.1, 80_000), min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 1.0]))
    def test_gives_a_quantile_within_an_eighth(self, seconds: list[float], share: float) -> None:
        exact = sorted(seconds)[max(1, -(-len(seconds) * int(share * 100) // 100)) - 1]
        told = tally.quantile(tally.histogram(seconds), share)
        assert told is not None
        assert exact * 0.87 <= told <= exact * 1.13

    def test_knows_nothing_where_nothing_was_measured(self) -> None:
        assert tally.quantile([], 0.5) is None
        assert tally.quantile([0, 0], 0.5) is None

    def test_keeps_what_takes_for_ever_in_its_last_bucket(self) -> None:
        assert len(tally.histogram([1e12])) == tally.BUCKETS

    def test_adds_histograms_of_different_lengths(self) -> None:
        assert tally.added([[1], [0, 2], []]) == [1, 2]


@pytest.mark.django_db
class TestNote:
    def test_adds_up_the_counts_and_the_times_of_a_day(self) -> None:
        base = make_base(make_portal())
        tally.note(base, Way.TO_ONEC, 2, [0.05, 0.05])
        tally.note(base, Way.TO_ONEC, 3)
        tally.note(base, Way.TO_ONEC, 1, [0.11])
        tally.note(base, Way.TO_PORTAL, 0)
        row = ExchangeDay.objects.get()
        assert (row.count, row.waits) == (6, [2, 1])

    def test_begins_a_day_at_the_portals_midnight(self) -> None:
        base = make_base(make_portal())
        base.portal.facts = {"time_zone": "Asia/Vladivostok"}
        tally.note(base, Way.GOODS, 1, now=dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC))
        assert ExchangeDay.objects.get().day == dt.date(2026, 3, 2)

    def test_forgets_what_is_past_its_time(self) -> None:
        base = make_base(make_portal())
        tally.note(base, Way.GOODS, 1, now=timezone.now() - tally.KEEP - dt.timedelta(days=2))
        tally.note(base, Way.GOODS, 1)
        assert tally.clean(timezone.now()) == 1
        assert ExchangeDay.objects.count() == 1
