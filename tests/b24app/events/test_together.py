"""Events of several requests in one statement: none lost, none waiting for another's trouble."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError, connection

from b24app.events import together
from b24app.events.together import _insert, _Told, receive
from b24app.models import InboundEvent, Portal

CODE = "ONCRMDEALUPDATE"


@pytest.fixture(autouse=True)
def woken(monkeypatch) -> list[int]:
    """Portals whose workers were woken."""
    portals: list[int] = []
    monkeypatch.setattr(together, "wake", portals.append)
    return portals


@pytest.fixture
def shown(portal: Portal) -> dict[str, str]:
    """What an event of the portal shows."""
    return {"auth[member_id]": portal.member_id, "auth[application_token]": str(portal.application_token)}


class TestReceiving:
    @pytest.mark.django_db(transaction=True)
    def test_stores_all_that_come_at_once_and_answers_each_after_its_own_is_stored(self, portal, shown, woken, monkeypatch):
        written: list[int] = []
        first, others = threading.Event(), threading.Event()

        def insert(told: list[_Told]) -> None:
            if not written:
                first.set()
                assert others.wait(20)
            written.append(len(told))
            _insert(told)

        monkeypatch.setattr(together, "_insert", insert)

        def come(number: int) -> None:
            assert receive(CODE, shown, {"ID": str(number % 4)})
            assert InboundEvent.objects.filter(object_id=str(number % 4)).exists()
            connection.close()

        threads = [threading.Thread(target=come, args=(number,)) for number in range(6)]
        threads[0].start()
        assert first.wait(20)
        for thread in threads[1:]:
            thread.start()
        while len(together._waiting) < 5:
            threading.Event().wait(0.01)
        others.set()
        for thread in threads:
            thread.join(20)
        assert written == [1, 5]
        assert set(woken) == {portal.pk}, "whoever wrote last wakes the workers"
        assert sorted(InboundEvent.objects.values_list("object_id", flat=True)) == ["0", "1", "2", "3"]

    def test_leaves_the_others_alone_when_one_cannot_be_stored(self, portal, shown, monkeypatch):
        told = [_Told((portal.pk, CODE, str(number)), "{}") for number in range(3)]
        sizes: list[int] = []

        def insert(rows: list[_Told]) -> None:
            sizes.append(len(rows))
            if len(rows) > 1:
                raise DatabaseError

        monkeypatch.setattr(together, "_insert", insert)
        together._write(told)
        assert sizes == [3, 1]
        assert [one.written for one in told] == [True, False, False]

    @pytest.mark.django_db(transaction=True)
    def test_goes_on_after_a_failure(self, portal, shown, monkeypatch, woken):
        def broken(rows: list[_Told]) -> None:
            raise DatabaseError

        with monkeypatch.context() as patch:
            patch.setattr(together, "_insert", broken)
            with pytest.raises(DatabaseError):
                receive(CODE, shown, {"ID": "1"})
        assert receive(CODE, shown, {"ID": "2"})
        assert [event.object_id for event in InboundEvent.objects.all()] == ["2"]
        assert woken == [portal.pk]

    @pytest.mark.django_db(transaction=True)
    def test_refuses_a_portal_that_is_gone_although_it_was_proved_just_now(self, portal, shown):
        assert receive(CODE, shown, {"ID": "1"})
        InboundEvent.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("truncate b24app_portal cascade")
        assert not receive(CODE, shown, {"ID": "2"})

    def test_refuses_the_old_token_once_the_portal_has_another(self, portal, shown):
        assert receive(CODE, shown, {"ID": "1"})
        portal.application_token = "another"
        portal.save()
        assert not receive(CODE, shown, {"ID": "2"})

    def test_proves_anew_after_a_while(self, portal, shown, monkeypatch):
        assert receive(CODE, shown, {"ID": "1"})
        Portal.objects.filter(pk=portal.pk).update(application_token="another")
        later = time.monotonic() + together.PROVED_FOR
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert not receive(CODE, shown, {"ID": "2"})
