"""Both directions of a base on the overview: queues, delays, days, and the proof that both sides agree."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from b24app.pages import charts
from b24app.pages.directions import directions_of, proof_of
from exchange import tally
from exchange.models import OneCBase, TradeDocument
from exchange.settling import checking
from exchange.tally import Way
from tests.b24app.pages.conftest import Person, make_base, make_portal
from tests.b24app.pages.test_overview import PAGE, text

TODAY = dt.date(2026, 3, 14)


class TestChart:
    def test_ends_today_and_is_as_high_as_its_best_day(self) -> None:
        drawn = charts.chart({TODAY: 5, TODAY - dt.timedelta(days=3): 10, TODAY - dt.timedelta(days=20): 99}, TODAY)
        assert len(drawn.bars) == charts.DAYS
        assert [bar.height for bar in drawn.bars if bar.count] == ["36.0", "18.0"]
        assert (drawn.today, drawn.total, drawn.bars[-1].today) == (5, 15, True)

    def test_shows_a_day_with_anything_at_all(self) -> None:
        drawn = charts.chart({TODAY: 1, TODAY - dt.timedelta(days=1): 100_000}, TODAY)
        assert drawn.bars[-1].height == "2.0"


def make_document(base: OneCBase, number: int, **fields: Any) -> TradeDocument:
    values = {"entity_type_id": 31, "b24_id": number, "settled_version": 1, **fields}
    return TradeDocument.objects.create(base=base, **values)


@pytest.mark.django_db
class TestDirections:
    def test_counts_what_waits_on_either_side_and_what_was_set_aside(self) -> None:
        base = make_base(make_portal())
        now = timezone.now()
        make_document(base, 1, version=2)
        for number in (2, 3):
            make_document(base, number, outgoing_version=1, ready_at=now - dt.timedelta(hours=number))
        make_document(base, 4, outgoing_version=1, ready_at=now, set_aside_at=now)
        make_document(base, 5, outgoing_version=1, acknowledged_version=1, ready_at=now)
        make_document(base, 6, outgoing_version=1)
        other = make_base(make_portal())
        make_document(other, 1, version=2)
        queues = directions_of(base.portal, [base])[base.pk].queues
        assert (queues.to_portal, queues.moving, queues.to_onec, queues.set_aside) == (1, True, 2, 1)
        assert queues.oldest == now - dt.timedelta(hours=3)

    def test_tells_the_delay_of_the_last_week_alone(self) -> None:
        base = make_base(make_portal())
        tally.note(base, Way.TO_ONEC, 3, [1.4, 2.0, 10.0])
        tally.note(base, Way.TO_ONEC, 1, [5000.0], now=timezone.now() - dt.timedelta(days=8))
        ways = directions_of(base.portal, [base])[base.pk]
        assert (ways.to_onec_delay.half, ways.to_onec_delay.most) == ("2 s", "10 s")
        assert ways.to_portal_delay.half == ""
        assert (ways.to_onec.today, ways.to_onec.total) == (3, 4)


def reconciled(**counts: Any) -> dict[str, Any]:
    return {"at": "2026-03-14T08:00:00+00:00", "agree": 0, "differ": 0, "missing": 0, "unknown": 0, "complete": True, **counts}


class TestProof:
    @pytest.mark.parametrize(
        ("goods", "documents", "state"),
        [
            ({"agree": 12}, {"agree": 3}, "agrees"),
            ({"agree": 12, "missing": 1}, {"agree": 3}, "differs"),
            ({"agree": 12}, {"agree": 3, "gone": 1}, "differs"),
            ({"agree": 12, "complete": False}, {"agree": 3}, "partly"),
        ],
    )
    def test_is_what_both_checks_found_together(self, goods: dict, documents: dict, state: str) -> None:
        observed = {"reconciled": reconciled(**goods), "documents_checked": reconciled(**documents)}
        proof = proof_of(OneCBase(observed=observed))
        assert (proof.state, proof.items, proof.documents) == (state, 12, 3)

    def test_is_wanting_before_the_first_check(self) -> None:
        assert proof_of(OneCBase()).state == "never"

    def test_does_not_wait_for_ever_for_a_check_that_was_interrupted(self) -> None:
        long_ago = (timezone.now() - dt.timedelta(hours=1)).isoformat()
        assert proof_of(OneCBase(observed={"checking": long_ago})).state == "never"
        assert proof_of(OneCBase(observed={"checking": timezone.now().isoformat()})).state == "checking"


@pytest.mark.django_db
class TestPage:
    def test_proves_in_a_sentence_that_everything_agrees(self, admin: Person) -> None:
        observed = {"reconciled": reconciled(agree=12481), "documents_checked": reconciled(agree=3120)}
        make_base(admin.portal, last_contact_at=timezone.now(), observed=observed)
        said = text(admin.get(PAGE))
        assert "everything agrees 12,481 items , 3,120 documents" in said.replace("items,", "items ,")
        assert "Check now" in said
        assert "Bring into agreement" not in said

    def test_offers_to_mend_what_differs_to_an_administrator_alone(self, admin: Person, employee: Person) -> None:
        make_base(admin.portal, last_contact_at=timezone.now(), observed={"reconciled": reconciled(agree=1, differ=2)})
        assert "2 differ" in text(admin.get(PAGE))
        assert "Bring into agreement" in text(admin.get(PAGE))
        assert "Bring into agreement" not in text(employee.get(PAGE))

    def test_gives_each_chart_as_a_table_to_those_who_cannot_see_it(self, admin: Person) -> None:
        base = make_base(admin.portal, last_contact_at=timezone.now())
        tally.note(base, Way.GOODS, 1234)
        html = admin.get(PAGE).content.decode()
        assert html.count("<caption>") == 3
        assert "<td>1,234</td>" in html
        assert 'aria-hidden="true"' in html

    @pytest.mark.parametrize("action", ["check", "mend"])
    def test_begins_a_check_once(
        self, admin: Person, employee: Person, action: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
    ) -> None:
        base = make_base(admin.portal, last_contact_at=timezone.now())
        asked: list[tuple[int, bool]] = []
        monkeypatch.setattr("exchange.tasks.wake_check", lambda base_id, *, mend: asked.append((base_id, mend)))
        with django_capture_on_commit_callbacks(execute=True):
            assert employee.post(f"/b24/bases/{base.pk}/{action}/").status_code == 403
            assert admin.post(f"/b24/bases/{base.pk}/{action}/").status_code == 204
            assert "under way already" in admin.post(f"/b24/bases/{base.pk}/{action}/")["HX-Trigger"]
        assert asked == [(base.pk, action == "mend")]
        assert "checking" in text(admin.get(PAGE))
        base.refresh_from_db()
        assert checking.under_way(base)

    def test_checks_no_base_of_another_portal(self, admin: Person) -> None:
        assert admin.post(f"/b24/bases/{make_base(make_portal()).pk}/check/").status_code == 404
