from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError

from b24app.journal_store import DjangoSink, journal_for, purge
from b24app.models import Portal, RestCall
from b24app.rest.commands import Command
from b24app.rest.journal import Entry
from b24app.rest.transport import Answer

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Portal:
    return Portal.objects.create(member_id="m1", domain="one.example", client_endpoint="https://one.example/rest/")


def entry(at: dt.datetime = NOW, method: str = "profile") -> Entry:
    return Entry(at, method, 1, 200, "", 12, "{}", "{}")


class TestDjangoSink:
    def test_saves_nothing_until_it_is_much_or_old(self, tenant: Portal, django_assert_num_queries) -> None:
        now = [0.0]
        sink = DjangoSink(tenant.pk, clock=lambda: now[0])
        sink.write(entry())
        with django_assert_num_queries(0):
            sink.flush()
        now[0] = 3.0
        sink.flush()
        assert RestCall.objects.count() == 1
        for _ in range(50):
            sink.write(entry())
        sink.flush()
        assert RestCall.objects.count() == 51

    def test_saves_at_once_when_told_to(self, tenant: Portal) -> None:
        sink = DjangoSink(tenant.pk)
        sink.write(entry(method="m" * 200))
        sink.flush(force=True)
        row = RestCall.objects.get()
        assert (row.portal, row.at, row.status, row.milliseconds, len(row.method)) == (tenant, NOW, 200, 12, 100)

    def test_keeps_the_entries_of_a_failed_save(self, tenant: Portal, monkeypatch) -> None:
        sink = DjangoSink(tenant.pk)
        sink.write(entry())

        def broken(*args, **kwargs):
            raise DatabaseError

        with monkeypatch.context() as patch:
            patch.setattr(RestCall.objects, "bulk_create", broken)
            sink.flush(force=True)
        sink.flush(force=True)
        assert RestCall.objects.count() == 1

    def test_holds_a_bounded_number(self, tenant: Portal) -> None:
        sink = DjangoSink(tenant.pk)
        for _ in range(2_500):
            sink.write(entry())
        sink.flush(force=True)
        assert RestCall.objects.count() == 2_000


class TestJournalFor:
    def test_keeps_a_call_of_that_portal(self, tenant: Portal) -> None:
        journal = journal_for(tenant)
        answer = Answer(200, {"result": {"access_token": "secret"}}, "", "", 0.5)
        journal.record("profile", [Command("profile", {"auth": "secret"})], answer, 0.5)
        journal.flush(force=True)
        row = RestCall.objects.get()
        assert (row.portal, row.milliseconds) == (tenant, 500)
        assert "secret" not in row.request + row.answer


class TestPurge:
    def test_deletes_what_is_older_than_a_week(self, tenant: Portal) -> None:
        for days in (1, 6, 8, 30):
            RestCall.objects.create(portal=tenant, at=NOW - dt.timedelta(days=days), method="m")
        assert purge(NOW) == 2
        assert RestCall.objects.count() == 2

    def test_bounds_each_portal_by_itself(self, tenant: Portal) -> None:
        other = Portal.objects.create(member_id="m2", domain="two.example", client_endpoint="https://two.example/rest/")
        for number in range(5):
            RestCall.objects.create(portal=tenant, at=NOW, method=f"m{number}")
        RestCall.objects.create(portal=other, at=NOW, method="other")
        assert purge(NOW, rows=3) == 2
        assert list(RestCall.objects.order_by("id").values_list("method", flat=True)) == ["m2", "m3", "m4", "other"]
