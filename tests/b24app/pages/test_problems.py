"""Retrying what failed, one object or all of a cause."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from b24app.models import Lane
from exchange.exports import queue
from exchange.models import OneCBase, Problem, StateRow, TradeDocument, TradeParty
from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import Trade
from mapping.load import rules_of
from tests.b24app.pages.conftest import Person, make_base, make_portal, make_problem, make_rows


def said(response) -> str:
    return str(json.loads(response["HX-Trigger"])["say"]["value"])


def failed_base(person: Person, count: int = 3):
    base = make_base(person.portal)
    make_rows(base, count, failures=4, version=2, pushed_version=2)
    for number in range(count):
        make_problem(base, "portal-refused", number)
    return base


def due(base) -> set[str]:
    return {row.onec_id for row in StateRow.objects.filter(base=base) if row.pushed_version < row.version and row.failures == 0}


class TestRetry:
    def test_makes_one_object_due_again(self, admin: Person) -> None:
        base = failed_base(admin)
        problem = Problem.objects.get(onec_id="item-1")
        response = admin.post(reverse("pages:problem_retry", args=[problem.pk]))
        assert response.status_code == 204
        assert said(response) == "1 entry will be tried again."
        assert due(base) == {"item-1"}
        assert Lane.objects.filter(portal=admin.portal, due_at__isnull=False).exists()

    def test_makes_all_objects_of_a_cause_due_again_and_says_so_until_it_is_known_how_it_went(self, admin: Person) -> None:
        base = failed_base(admin)
        make_problem(base, "unknown-unit", 77)
        assert said(admin.post(reverse("pages:cause_retry", args=["portal-refused"]))) == "3 entries will be tried again."
        assert due(base) == {"item-0", "item-1", "item-2"}
        html = admin.get("/b24/overview/").content.decode()
        assert html.count("queued again") == 4
        Problem.objects.get(onec_id="item-0").save()
        assert admin.get("/b24/overview/").content.decode().count("queued again") == 2

    def test_lets_a_document_that_1c_never_took_go_out_again(self, admin: Person) -> None:
        base = make_base(admin.portal)
        document = TradeDocument(base=base, entity_type_id=31, b24_id=15)
        queue.put(document, Outgoing(trade=Trade()))
        queue.set_aside(base, [document], queue.REJECTED)
        assert said(admin.post(reverse("pages:problem_retry", args=[Problem.objects.get().pk]))) == "1 entry will be tried again."
        assert queue.waiting(base.pk).get() == document
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_settles_a_document_or_party_once_more(self, admin: Person) -> None:
        base = make_base(admin.portal)
        rows = [
            model.objects.create(base=base, entity_type_id=kind, version=2, settled_version=2, failures=5)
            for model, kind in ((TradeDocument, 31), (TradeParty, 4))
        ]
        for row, kind in zip(rows, ("document", "party"), strict=True):
            make_problem(base, "portal-refused", row.pk, kind=kind, onec_id=str(row.pk))
        assert said(admin.post(reverse("pages:cause_retry", args=["portal-refused"]))) == "2 entries will be tried again."
        for row in rows:
            row.refresh_from_db()
            assert (row.version, row.settled_version, row.failures) == (3, 2, 0)

    def test_keeps_to_the_persons_portal(self, admin: Person) -> None:
        stranger = Person(make_portal(), admin=True)
        base = failed_base(stranger)
        assert admin.post(reverse("pages:cause_retry", args=["portal-refused"])).status_code == 204
        assert admin.post(reverse("pages:problem_retry", args=[Problem.objects.earliest("id").pk])).status_code == 404
        assert admin.post(reverse("pages:cause_note", args=["portal-refused"])).status_code == 204
        assert due(base) == set()
        assert Problem.objects.filter(closed_at=None).count() == 3

    @pytest.mark.parametrize("name", ["cause_retry", "cause_note"])
    def test_is_for_administrators(self, employee: Person, name: str) -> None:
        base = failed_base(employee)
        assert employee.post(reverse(f"pages:{name}", args=["portal-refused"])).status_code == 403
        assert employee.post(reverse("pages:problem_retry", args=[Problem.objects.earliest("id").pk])).status_code == 403
        assert due(base) == set()


class TestNote:
    def test_closes_what_only_1c_can_put_right(self, admin: Person) -> None:
        base = make_base(admin.portal)
        make_problem(base, "unreadable-file", kind="", onec_id="import.xml", facts={"answer": "Line 7 is cut"})
        html = admin.get("/b24/overview/").content.decode()
        assert "Noted, close" in html
        assert "Line 7 is cut" in html
        assert said(admin.post(reverse("pages:cause_note", args=["unreadable-file"]))) == "1 entry is closed."
        assert "No problems" in admin.get("/b24/overview/").content.decode()


def conflict(base: OneCBase, cause: str = "document-conflict", **facts: Any) -> Problem:
    document = TradeDocument.objects.create(base=base, entity_type_id=31, b24_id=7, agreed={"comment": "as agreed"})
    facts = facts or {"conflicts": [{"field": "comment", "part": "", "portal": "ours", "onec": "theirs"}]}
    return make_problem(base, cause, kind="document", onec_id=str(document.pk), name="Invoice 7", facts=facts)


class TestConflict:
    def test_of_a_document_shows_what_both_say_and_what_was_agreed(self, admin: Person) -> None:
        conflict(make_base(admin.portal))
        html = admin.get("/b24/overview/").content.decode()
        for text in ("1 document was changed on both sides", "as agreed", "ours", "theirs", "Take 1C", "Keep the portal"):
            assert text in html

    @pytest.mark.parametrize("side", ["portal", "onec"])
    def test_of_a_document_is_decided_by_one_click(self, admin: Person, side: str) -> None:
        problem = conflict(make_base(admin.portal))
        response = admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": side})
        assert response.status_code == 204
        document = TradeDocument.objects.get()
        assert (document.known["decided"], document.version) == (side, 2)
        assert not Problem.objects.filter(closed_at=None).exists()
        assert admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": side}).status_code == 404

    def test_about_what_1c_keeps_can_only_end_with_1cs_values(self, admin: Person) -> None:
        problem = conflict(make_base(admin.portal), "document-not-taken")
        assert "Keep the portal" not in admin.get("/b24/overview/").content.decode()
        admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": "portal"})
        assert Problem.objects.filter(closed_at=None).exists()
        admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": "onec"})
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_of_a_party_is_decided_for_all_its_fields(self, admin: Person) -> None:
        base = make_base(admin.portal)
        party = TradeParty.objects.create(base=base, entity_type_id=4, b24_id=3, onec_id="c1", agreed={"name": "Old name"})
        facts = {"conflicts": [{"field": "name", "portal": "Rose", "onec": "Daisy"}]}
        problem = make_problem(base, "party-conflict", kind="party", onec_id=str(party.pk), facts=facts)
        assert "Old name" in admin.get("/b24/overview/").content.decode()
        admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": "onec"})
        party.refresh_from_db()
        assert party.known["decided"] == {"name": "onec"}

    def test_needs_a_side(self, admin: Person) -> None:
        problem = conflict(make_base(admin.portal))
        assert admin.post(reverse("pages:decide_side", args=[problem.pk]), {"side": "both"}).status_code == 400

    def test_is_decided_by_administrators_of_its_portal_only(self, admin: Person, employee: Person) -> None:
        mine, other = conflict(make_base(admin.portal)), conflict(make_base(make_portal()))
        assert employee.post(reverse("pages:decide_side", args=[mine.pk]), {"side": "onec"}).status_code == 403
        assert admin.post(reverse("pages:decide_side", args=[other.pk]), {"side": "onec"}).status_code == 404
        assert "Take 1C" not in employee.get("/b24/overview/").content.decode()


class TestCandidates:
    def ambiguous(self, base: OneCBase) -> Problem:
        party = TradeParty.objects.create(base=base, entity_type_id=4, onec_id="c1")
        offered = [{"type": 4, "id": 11, "name": "Rose", "tax_id": "7707083893"}, {"type": 4, "id": 12, "name": "Rose & Co"}]
        return make_problem(base, "party-ambiguous", kind="party", onec_id=str(party.pk), facts={"candidates": offered})

    def test_are_offered_by_name_and_number(self, admin: Person) -> None:
        self.ambiguous(make_base(admin.portal))
        html = admin.get("/b24/overview/").content.decode()
        assert "Rose (company 11, 7707083893)" in html
        assert "Rose &amp; Co" in html

    @pytest.mark.parametrize(("key", "known"), [("4:12", {"chosen": [4, 12]}), ("new", {"make_new": True})])
    def test_are_chosen_or_all_declined(self, admin: Person, key: str, known: dict[str, Any]) -> None:
        problem = self.ambiguous(make_base(admin.portal))
        assert admin.post(reverse("pages:decide_candidate", args=[problem.pk]), {"key": key}).status_code == 204
        assert TradeParty.objects.get().known == known
        assert not Problem.objects.filter(closed_at=None).exists()

    @pytest.mark.parametrize(("key", "status"), [("", 400), ("4:x", 400), ("4:99", 204)])
    def test_that_were_not_offered_change_nothing(self, admin: Person, key: str, status: int) -> None:
        problem = self.ambiguous(make_base(admin.portal))
        assert admin.post(reverse("pages:decide_candidate", args=[problem.pk]), {"key": key}).status_code == status
        assert TradeParty.objects.get().known == {}
        assert Problem.objects.filter(closed_at=None).exists()


class TestCurrency:
    def missing(self, base: OneCBase) -> Problem:
        make_rows(base, 2, version=2, pushed_version=2)
        make_problem(base, "currency-missing", 1, facts={"currency": "CNY"})
        return make_problem(base, "currency-missing", 0, facts={"currency": "CNY"})

    def test_is_asked_for_once(self, admin: Person) -> None:
        self.missing(make_base(admin.portal))
        assert admin.get("/b24/overview/").content.decode().count('name="rate"') == 1

    def test_is_made_at_the_rate_that_was_given(self, admin: Person) -> None:
        base = make_base(admin.portal)
        response = admin.post(reverse("pages:decide_currency", args=[self.missing(base).pk]), {"rate": "12,50"})
        assert response.status_code == 200
        assert rules_of(base.portal_id, base.pk).create_currencies == {"CNY": "12.50"}
        assert due(base) == {"item-0", "item-1"}

    @pytest.mark.parametrize("rate", ["", "abc", "0", "-1", "NaN", "Infinity", "1e40"])
    def test_keeps_what_was_typed_when_it_is_no_rate(self, admin: Person, rate: str) -> None:
        base = make_base(admin.portal)
        response = admin.post(reverse("pages:decide_currency", args=[self.missing(base).pk]), {"rate": rate})
        assert response.status_code == 422
        assert f'value="{rate}"' in response.content.decode()
        assert not rules_of(base.portal_id, base.pk).create_currencies
