from __future__ import annotations

import pytest
from django.test import Client
from kombu.exceptions import OperationalError

from b24app.events import registry
from b24app.events.handle import ATTEMPTS, handle_waiting, replay
from b24app.events.inbox import fields_of, object_id, store
from b24app.events.registry import Heard
from b24app.events.tasks import handle_events
from b24app.models import InboundEvent, Portal
from tests.b24app.posts import event_body, send_event

DEAL = "ONCRMDEALUPDATE"
ID7 = {"[FIELDS][ID]": "7"}


@pytest.fixture
def heard(monkeypatch) -> list[Heard]:
    """What the one listener to deal updates heard."""
    monkeypatch.setattr(registry, "_handlers", {})
    said: list[Heard] = []
    registry.on(DEAL)(said.append)
    return said


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[dict]:
    """Messages are counted, not sent: the truth is the row."""
    messages: list[dict] = []
    monkeypatch.setattr(handle_events, "apply_async", lambda **message: messages.append(message))
    return messages


class TestReceiving:
    def test_stores_first_and_wakes_a_worker(self, portal, bitrix24, sent):
        assert send_event(bitrix24, DEAL, ID7).status_code == 200
        event = InboundEvent.objects.get()
        assert (event.portal_id, event.code, event.object_id, event.data) == (portal.pk, DEAL, "7", {"ID": "7"})
        assert sent[0]["kwargs"] == {"portal_id": portal.pk}

    def test_sends_one_message_for_all_events_until_a_worker_takes_it(self, portal, bitrix24, sent):
        for number in range(5):
            send_event(bitrix24, DEAL, {"[FIELDS][ID]": str(number)})
        assert len(sent) == 1
        handle_events(portal_id=portal.pk)
        send_event(bitrix24, DEAL, ID7)
        assert len(sent) == 2

    def test_keeps_one_waiting_row_however_often_it_is_said(self, portal, bitrix24):
        for _ in range(5):
            send_event(bitrix24, DEAL, ID7)
        send_event(bitrix24, DEAL, {"[FIELDS][ID]": "8"})
        send_event(bitrix24, "ONCRMDEALDELETE", ID7)
        assert InboundEvent.objects.count() == 3

    def test_keeps_no_token_of_the_event(self, portal, bitrix24):
        send_event(bitrix24, DEAL, ID7, access_token="acting-users-token")
        assert "token" not in str(InboundEvent.objects.values().get())

    def test_asks_the_portal_nothing(self, portal, bitrix24):
        bitrix24.calls.reset()
        send_event(bitrix24, DEAL, ID7)
        assert bitrix24.calls.snapshot()["requests"] == 0

    def test_works_without_a_broker(self, portal, bitrix24, monkeypatch):
        def away(**_):
            raise OperationalError

        monkeypatch.setattr(handle_events, "apply_async", away)
        assert send_event(bitrix24, DEAL, ID7).status_code == 200
        assert InboundEvent.objects.exists()

    @pytest.mark.parametrize(
        "forged",
        [
            {"application_token": "forged"},
            {"application_token": ""},
            {"application_token": None},
            {"member_id": "other"},
            {"member_id": None},
        ],
    )
    def test_refuses_what_is_not_proved(self, portal, bitrix24, forged):
        assert send_event(bitrix24, DEAL, ID7, **forged).status_code == 403
        assert not InboundEvent.objects.exists()

    def test_refuses_an_uninstalled_portal(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert send_event(bitrix24, DEAL, ID7).status_code == 403

    @pytest.mark.parametrize("code", ["", "x", "ONCRM<script>", "A" * 300, "\0", "Ж" * 9])
    def test_refuses_what_is_no_event(self, portal, bitrix24, code):
        assert Client().post("/b24/events/", {**event_body(bitrix24, DEAL), "event": code}).status_code == 400

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"a[b]=1&auth[member_id][]=1", b"event=" + b"x" * 100_000])
    def test_survives_any_body(self, portal, body):
        answer = Client().post("/b24/events/", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (400, 403)

    def test_takes_a_nul_for_nothing(self, portal, bitrix24):
        assert send_event(bitrix24, DEAL, {"[FIELDS][ID]": "7\0", "[FIELDS][X]": "\0"}).status_code == 200
        assert send_event(bitrix24, DEAL, ID7, member_id=f"{bitrix24.member_id}\0x").status_code == 403

    def test_of_half_a_character_is_stored_all_the_same(self, portal):
        store(portal.pk, DEAL, {"ID": "7", "X": "\ud800"})
        assert InboundEvent.objects.get().data == {"ID": "7", "X": "?"}

    def test_does_not_move_the_portal_on_an_events_word(self, portal, bitrix24):
        """Every employee can read the application token in his frame, so an event proves no address."""
        send_event(bitrix24, DEAL, ID7, domain="evil.test", client_endpoint="https://evil.test/rest/")
        portal.refresh_from_db()
        assert portal.domain == bitrix24.domain

    def test_answers_a_visitor(self, db):
        assert Client().get("/b24/events/").status_code == 200


class TestReading:
    def test_takes_the_fields_only(self):
        body = {
            "data[FIELDS][ID]": "7",
            "data[FIELDS][ENTITY_TYPE_ID]": "31",
            "auth[access_token]": "x",
            "data[FIELDS][a b]": "x",
        }
        assert fields_of(body) == {"ID": "7", "ENTITY_TYPE_ID": "31"}

    @pytest.mark.parametrize(
        ("fields", "name"),
        [({"ID": "7"}, "7"), ({"ID": 7, "ENTITY_TYPE_ID": 31}, "31:7"), ({}, ""), ({"ID": "9" * 99}, "9" * 64)],
    )
    def test_names_the_object(self, fields, name):
        assert object_id(fields) == name


class TestHandling:
    def test_hands_the_event_over_and_closes_it(self, portal, heard):
        store(portal.pk, DEAL, {"ID": "7"})
        assert handle_waiting() == 1
        assert heard == [Heard(portal.pk, DEAL, "7", {"ID": "7"})]
        assert handle_waiting() == 0

    def test_closes_what_nobody_listens_to(self, portal, heard):
        store(portal.pk, "ONCRMTYPEADD", {"ID": "1"})
        assert handle_waiting() == 1
        assert heard == []

    def test_waits_on_when_it_was_said_again_meanwhile(self, portal, heard, monkeypatch):
        said_again: list[Heard] = []

        def busy(event: Heard) -> None:
            if not said_again:
                store(event.portal_id, event.code, {"ID": "7"})
            said_again.append(event)

        monkeypatch.setattr(registry, "_handlers", {DEAL: [busy]})
        store(portal.pk, DEAL, {"ID": "7"})
        assert handle_waiting() == 0
        assert handle_waiting() == 1
        assert len(said_again) == 2

    def test_of_one_that_fails_keeps_the_reason_and_goes_on_with_the_next(self, portal, heard, monkeypatch):
        def broken(event: Heard) -> None:
            InboundEvent.objects.create(portal_id=event.portal_id, code="LEFT", object_id="behind")
            raise ValueError("no such thing")

        monkeypatch.setattr(registry, "_handlers", {"ONCRMDEALADD": [broken], DEAL: [heard.append]})
        store(portal.pk, "ONCRMDEALADD", {"ID": "1"})
        store(portal.pk, DEAL, {"ID": "7"})
        assert handle_waiting() == 1
        failed = InboundEvent.objects.get(code="ONCRMDEALADD")
        assert failed.attempts == 1
        assert "no such thing" in failed.error
        assert not InboundEvent.objects.filter(code="LEFT").exists()
        assert len(heard) == 1

    def test_gives_up_after_some_attempts_until_it_is_replayed(self, portal, heard, monkeypatch):
        calls: list[Heard] = []

        def broken(event: Heard) -> None:
            calls.append(event)
            raise ValueError

        monkeypatch.setattr(registry, "_handlers", {DEAL: [broken]})
        store(portal.pk, DEAL, {"ID": "7"})
        for _ in range(ATTEMPTS + 3):
            handle_waiting()
        assert len(calls) == ATTEMPTS
        monkeypatch.setattr(registry, "_handlers", {DEAL: [heard.append]})
        assert replay(failed=True) == 1
        assert handle_waiting() == 1

    def test_tries_again_when_the_portal_says_it_again(self, portal, heard):
        store(portal.pk, DEAL, {"ID": "7"})
        InboundEvent.objects.update(attempts=ATTEMPTS, error="x")
        store(portal.pk, DEAL, {"ID": "7"})
        assert handle_waiting() == 1

    def test_leaves_uninstalled_portals_alone(self, portal, heard):
        store(portal.pk, DEAL, {"ID": "7"})
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert handle_waiting() == 0


class TestReplaying:
    def test_since_a_moment_lets_each_object_wait_once(self, portal, heard, settings):
        for _ in range(3):
            store(portal.pk, DEAL, {"ID": "7"})
            handle_waiting()
        assert InboundEvent.objects.count() == 3
        assert replay(failed=False, since=portal.installed_at) == 1
        assert handle_waiting() == 1
        assert len(heard) == 4

    def test_needs_no_replay_for_what_waits_anyway(self, portal, heard):
        store(portal.pk, DEAL, {"ID": "7"})
        handle_waiting()
        store(portal.pk, DEAL, {"ID": "7"})
        assert replay(failed=False, since=portal.installed_at) == 0
