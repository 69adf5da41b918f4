"""The queue of a base and its pace, measured by looking."""

from __future__ import annotations

import pytest
import redis
from django.conf import settings

from b24app.pages import pace
from exchange.models import OneCBase, StateRow
from tests.b24app.pages.conftest import make_base, make_portal, make_rows

START = 1_000_000.0


@pytest.fixture
def base(db: None) -> OneCBase:
    base = make_base(make_portal())
    redis.Redis.from_url(settings.REDIS_CLIENT_URL).delete(f"backlog:{base.pk}")
    return base


class TestBacklog:
    def test_measures_the_pace_of_a_small_queue_from_look_to_look(self, base: OneCBase) -> None:
        assert pace.backlog(base.pk, 600, 1000, START) == pace.Backlog(600, 600, None)
        found = pace.backlog(base.pk, 500, 1000, START + 50)
        assert (found.waiting, found.total) == (500, 600)
        assert found.seconds_left == pytest.approx(250)

    def test_begins_anew_with_the_next_load(self, base: OneCBase) -> None:
        pace.backlog(base.pk, 600, 1000, START)
        assert pace.backlog(base.pk, 0, 1000, START + 50) == pace.Backlog()
        assert pace.backlog(base.pk, 5, 1000, START + 60) == pace.Backlog(5, 5, None)

    def test_counts_a_large_queue_only_every_few_seconds(self, base: OneCBase, django_assert_num_queries) -> None:
        make_rows(base, 30)
        assert pace.backlog(base.pk, 11, 10, START).waiting == 30
        StateRow.objects.filter(onec_id__in=["item-1", "item-2"]).update(pushed_version=1)
        with django_assert_num_queries(0):
            assert pace.backlog(base.pk, 11, 10, START + 14).waiting == 30
        found = pace.backlog(base.pk, 11, 10, START + 16)
        assert (found.waiting, found.total) == (28, 30)

    def test_tells_the_count_alone_when_redis_is_gone(self, base: OneCBase, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pace, "_redis", lambda: redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2))
        assert pace.backlog(base.pk, 7, 10, START) == pace.Backlog(7, 7, None)
        assert pace.backlog(base.pk, 0, 10, START) == pace.Backlog()
