"""What is learnt of a base, written beside what others write."""

from __future__ import annotations

from typing import Any

from exchange.models import OneCBase
from exchange.observing import Said, observe, touch


class TestTouch:
    def test_learns_what_the_client_does_without_forgetting(self, base: OneCBase):
        touch(base, Said(agent="1C+Enterprise/8.3", version="3.1"))
        touch(base, Said(sessid=True, imports="catalog"))
        touch(base, Said(imports="sale"))
        base.refresh_from_db()
        assert base.observed == {"agent": "1C+Enterprise/8.3", "version": "3.1", "sessid": True, "imports": ["catalog", "sale"]}

    def test_writes_the_time_at_most_every_few_seconds(self, base: OneCBase, django_assert_num_queries: Any):
        touch(base, Said())
        with django_assert_num_queries(0):
            touch(base, Said())

    def test_keeps_what_another_request_has_learnt_meanwhile(self, base: OneCBase):
        same = OneCBase.objects.get(pk=base.pk)
        touch(base, Said(agent="1C", imports="catalog"))
        touch(same, Said(version="3.1", imports="sale"))
        base.refresh_from_db()
        assert base.observed == {"agent": "1C", "version": "3.1", "imports": ["catalog", "sale"]}

    def test_does_not_bring_a_removed_base_back(self, base: OneCBase):
        OneCBase.objects.filter(pk=base.pk).update(observed={"removed": "2026"})
        touch(base, Said(agent="1C"))
        base.refresh_from_db()
        assert base.observed["removed"] == "2026"


class TestObserve:
    def test_adds_and_drops_names_and_leaves_the_others(self, base: OneCBase):
        stale = OneCBase.objects.get(pk=base.pk)
        observe(base, {"agent": "1C", "checked": {"agree": 5}})
        observe(stale, {"checked": {"agree": 6}}, forget=["agent"])
        base.refresh_from_db()
        assert base.observed == stale.observed == {"checked": {"agree": 6}}

    def test_survives_a_base_that_is_gone(self, base: OneCBase):
        gone = OneCBase.objects.get(pk=base.pk)
        base.delete()
        observe(gone, {"checked": 1})
        assert gone.observed == {}
