"""What is kept of a row's last changes."""

from __future__ import annotations

import pytest
from django.db import transaction

from exchange import history
from exchange.models import OneCBase, TradeParty
from exchange.planning.trade import COMPANY
from exchange.sessions import create_base
from tests.b24app.pages.conftest import make_portal


@pytest.fixture
def base(db: None) -> OneCBase:
    return create_base(make_portal(), "Trade", "ut11")[0]


class TestChanges:
    def test_tell_each_field_that_differs_with_its_source(self):
        before = {"name": "Rose", "phones": ["+7"], "version": "1"}
        after = {"name": "Daisy", "phones": ["+7", "+8"], "version": "2"}
        told = history.changes("portal", before, after, "portal", {"name": "Daisy"})
        assert [(one["field"], one["from"], one["to"], one["by"]) for one in told] == [
            ("name", "Rose", "Daisy", "onec"),
            ("phones", "+7", "+7; +8", "portal"),
        ]

    def test_of_what_was_never_told_before_are_none(self):
        assert history.changes("onec", None, {"name": "Rose"}, "file:a.xml") == []

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, ""),
            (True, "+"),
            ([4, 15], "№ 15"),
            ([{"name": "Boots", "quantity": "2", "amount": "100"}], "Boots × 2 = 100"),
            ("x" * 500, "x" * history.LONGEST),
        ],
    )
    def test_are_short_texts_in_no_language(self, value: object, text: str):
        assert history.brief(value) == text


class TestNote:
    def test_keeps_the_newest_first_and_no_more_than_so_many(self, base: OneCBase):
        row = TradeParty.objects.create(base=base, entity_type_id=COMPANY, onec_id="c-1", known={"told": {"name": "x"}})
        for number in range(history.MOST + 5):
            with transaction.atomic():
                history.note(TradeParty, {row.pk: [history.deed("sent", "user:1", str(number))]})
        row.refresh_from_db()
        kept = [entry["to"] for entry in history.entries_of(row.known)]
        assert kept == [str(number) for number in range(history.MOST + 4, 4, -1)]
        assert row.known["told"] == {"name": "x"}

    def test_of_nothing_writes_nothing(self, base: OneCBase, django_assert_num_queries):
        with django_assert_num_queries(0):
            history.note(TradeParty, {1: []})
