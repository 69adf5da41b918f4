"""Retrying what failed, one object or all of a cause."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from b24app.models import Lane
from exchange.exports import queue
from exchange.models import Problem, StateRow, TradeDocument
from exchange.planning.outgoing import Outgoing
from exchange.planning.trade import Trade
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
