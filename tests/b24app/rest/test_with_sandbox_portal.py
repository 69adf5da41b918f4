"""The client against the sandbox's portal: real methods, a real bucket, a real authorisation server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import redis
import requests

from b24app.rest.client import PortalClient, Tokens
from b24app.rest.commands import Command
from b24app.rest.errors import METHOD_PAUSED, NO_ANSWER, NOT_JSON, Fate, RestError, error_in
from b24app.rest.pipeline import Pipeline
from b24app.rest.session import Persistence
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Transport
from sandbox.portal.server import PortalServer
from tests.b24app.rest.stub import Time

CATALOGUE = 23


class OAuth:
    """A token source that asks the sandbox's authorisation server, under a lock, re-reading first."""

    def __init__(self, portal: PortalServer) -> None:
        self._portal = portal
        self._pair = portal.issue_tokens()
        self.endpoint = f"{portal.url}/rest/"
        self._lock = threading.Lock()

    def current(self) -> Tokens:
        return Tokens(self._pair["access_token"], self.endpoint)

    def refresh(self, stale: str) -> Tokens:
        with self._lock:
            if self._pair["access_token"] == stale:
                form = {
                    "grant_type": "refresh_token",
                    "client_id": self._portal.client_id,
                    "client_secret": self._portal.client_secret,
                    "refresh_token": self._pair["refresh_token"],
                }
                answer = requests.post(f"{self._portal.oauth_url}/oauth/token/", form, timeout=10)
                if "error" in answer.json():
                    error = error_in(answer.json(), status=answer.status_code)
                    assert error is not None
                    raise error
                self._pair = answer.json()
            return self.current()

    def moved(self, endpoint: str) -> None:
        self.endpoint = endpoint


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    server = PortalServer(port=0)
    server.start()
    server.portal.change_app(installed=True)
    yield server
    server.stop()


@pytest.fixture
def client(portal: PortalServer, server: redis.Redis, clock: Time) -> PortalClient:
    throttle = Throttle(server, portal.member_id, sleep=clock.sleep, clock=clock)
    return PortalClient(
        portal.member_id, OAuth(portal), throttle, transport=Transport(insecure=True), persistence=Persistence(sleep=clock.sleep)
    )


def section(name: str) -> Command:
    return Command("catalog.section.add", {"fields": {"iblockId": CATALOGUE, "name": name}})


def names(portal: PortalServer) -> list[str]:
    rows = portal.call("catalog.section.list", {"filter": {"iblockId": CATALOGUE}, "select": ["id", "name"]})
    return [row["name"] for row in rows["sections"]]


class TestCommands:
    @pytest.mark.parametrize(
        "name",
        ["Стол & стул = 50% + «скидка»?", "$result[c0][section][id]", "Итого $total", "a\nb", "[0]", "👍", "'\"\\", "  x "],
    )
    def test_arrive_as_they_were_meant(self, portal: PortalServer, client: PortalClient, name: str) -> None:
        outcomes = client.batch([section("first"), section(name)])
        assert [outcome.error for outcome in outcomes] == [None, None]
        assert portal.calls.of("catalog.section.add")[1].params["fields"]["name"] == name

    def test_fail_one_by_one_inside_a_batch(self, portal: PortalServer, client: PortalClient) -> None:
        good, gone, odd = client.batch([section("a"), Command("catalog.section.get", {"id": 999_999}), Command("no.such.method")])
        assert good.error is None
        assert gone.error is not None
        assert gone.error.fate is Fate.GONE
        assert odd.error is not None
        assert odd.error.fate is Fate.GONE
        assert portal.calls.requests == 1

    def test_are_listed_page_by_page(self, portal: PortalServer, client: PortalClient) -> None:
        for start in range(0, 120, 40):
            client.batch([section(f"s{number}") for number in range(start, start + 40)])
        rows = list(client.list_all("catalog.section.list", {"filter": {"iblockId": CATALOGUE}, "select": ["name"]}))
        assert [row["name"] for row in rows] == [f"s{number}" for number in range(120)]


class TestFaults:
    def test_too_many_requests_are_repeated(self, portal: PortalServer, client: PortalClient) -> None:
        portal.faults.query_limit = 2
        client.batch([section("a")])
        assert names(portal) == ["a"]

    @pytest.mark.parametrize(
        ("fault", "code"), [("down", NOT_JSON), ("html", NOT_JSON), ("not_json", NOT_JSON), ("cut_before", NO_ANSWER)]
    )
    def test_an_answer_that_says_nothing_goes_up(self, portal: PortalServer, client: PortalClient, fault: str, code: str) -> None:
        setattr(portal.faults, fault, 1)
        with pytest.raises(RestError) as caught:
            client.batch([section("a")])
        assert (caught.value.code, caught.value.fate, caught.value.sent) == (code, Fate.RETRY, True)
        assert names(portal) == []

    @pytest.mark.parametrize("fault", ["cut_after", "error_after"])
    def test_a_lost_answer_is_never_repeated(self, portal: PortalServer, client: PortalClient, fault: str) -> None:
        setattr(portal.faults, fault, 1)
        with pytest.raises(RestError) as caught:
            client.batch([section("a")])
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, True)
        assert names(portal) == ["a"]

    def test_a_deleted_or_unpaid_portal_needs_a_person(self, portal: PortalServer, client: PortalClient) -> None:
        for fault in ("deleted", "rest_off"):
            setattr(portal.faults, fault, True)
            with pytest.raises(RestError) as caught:
                client.call("profile")
            assert caught.value.fate is Fate.PERSON
            setattr(portal.faults, fault, False)

    @pytest.mark.parametrize("code", ["", 0, 200040300010, "Access denied."])
    def test_an_error_of_any_shape_is_seen(self, portal: PortalServer, client: PortalClient, code: object) -> None:
        portal.faults.method_errors = {"profile": {"error": code, "error_description": "Access denied", "status": 200}}
        with pytest.raises(RestError) as caught:
            client.call("profile")
        assert caught.value.fate is Fate.PERSON

    def test_a_blocked_method_rests_and_the_others_go_on(self, portal: PortalServer, client: PortalClient) -> None:
        portal.faults.operation_limit = ["catalog.section.add"]
        blocked, free = client.batch([section("a"), Command("profile")])
        assert blocked.error is not None
        assert blocked.error.code == "OPERATION_TIME_LIMIT"
        assert free.error is None
        again = client.batch([section("a")])[0]
        assert again.error is not None
        assert again.error.code == METHOD_PAUSED
        assert portal.calls.rejected[429] == 1

    def test_a_renamed_portal_is_followed(self, portal: PortalServer, client: PortalClient) -> None:
        new = PortalServer(port=0)
        new.start()
        try:
            token = client._session.source.current().access_token
            with portal.portal.lock, new.portal.lock:
                (row,) = [row for row in portal.portal.store.all("access_tokens") if row["id"] == token]
                new.portal.store.put("access_tokens", dict(row))
            portal.faults.moved_to = new.url
            client.batch([section("a")])
            assert names(new) == ["a"]
            assert client._session.source.current().endpoint == f"{new.url}/rest/"
        finally:
            new.stop()


class TestTokens:
    def test_are_refreshed_once_by_many_threads(self, portal: PortalServer, client: PortalClient) -> None:
        client.call("profile")
        portal.portal.oauth.expire()
        results = []
        threads = [threading.Thread(target=lambda: results.append(client.call("profile")["ID"])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == ["1"] * 8
        assert portal.calls.tokens == 1

    def test_need_a_person_when_revoked(self, portal: PortalServer, client: PortalClient) -> None:
        portal.portal.oauth.revoke()
        with pytest.raises(RestError, match="invalid_grant") as caught:
            client.call("profile")
        assert caught.value.fate is Fate.PERSON


def push_sections(client: PortalClient, left: int) -> int:
    """Add sections until all are there or the method's time is used up; what had to wait goes again. How many were added."""
    done, used_up = 0, False
    with Pipeline(client) as pipeline:
        while pipeline.pending or (left and not used_up):
            while left and not used_up and pipeline.room:
                size = min(left, pipeline.preferred_size(["catalog.section.add"]))
                left -= size
                pipeline.submit(left, [section(f"s{left + number}") for number in range(size)])
            result = pipeline.next_done()
            assert result is not None
            assert isinstance(result[1], list)
            errors = [outcome.error for outcome in result[1] if outcome.error is not None]
            assert {error.code for error in errors} <= {METHOD_PAUSED, "OPERATION_TIME_LIMIT"}
            done += len(result[1]) - len(errors)
            left += len(errors)
            used_up = used_up or any(error.retry_after > 30 for error in errors)
    return done


class DearerAfter(dict[str, float]):
    """Costs of a portal whose command takes a second instead of a tenth once so many have been charged: by the portal's own count, so
    that it does not matter which answers have been heard by then."""

    def __init__(self, commands: int) -> None:
        super().__init__({"catalog.section.add": 0.1})
        self.left = commands

    def get(self, method: str, other: float | None = None) -> float | None:  # type: ignore[override]
        if method in self:
            self.left -= 1
            return self[method] if self.left >= 0 else 10 * self[method]
        return other


class TestLimits:
    def test_are_kept_by_a_pipeline_without_one_refusal(self, portal: PortalServer, client: PortalClient, clock: Time) -> None:
        portal.portal.bucket.clock = clock
        sent, started = 0, clock.now
        with Pipeline(client) as pipeline:
            while sent < 150 or pipeline.pending:
                while sent < 150 and pipeline.room:
                    pipeline.submit(sent, [Command("profile")])
                    sent += 1
                pipeline.next_done()
        assert portal.calls.rejected.total() == 0
        assert 150 / (50 + 2 * (clock.now - started)) >= 0.97

    def test_of_a_methods_time_hold_when_it_becomes_ten_times_dearer_from_one_command_to_the_next(
        self, portal: PortalServer, client: PortalClient, clock: Time
    ) -> None:
        portal.portal.bucket.clock = clock
        portal.portal.operating.costs = DearerAfter(1500)
        done = push_sections(client, 3000)
        assert portal.calls.rejected.total() <= 5
        assert 1700 <= done <= 1500 + (480 - 150) + 1, "the command that crosses the limit is still done"

    def test_of_a_methods_time_are_never_crossed(self, portal: PortalServer, client: PortalClient, clock: Time) -> None:
        portal.portal.bucket.clock = clock
        portal.portal.operating.costs = {"catalog.section.add": 1.0}
        done = push_sections(client, 800)
        assert portal.calls.rejected.total() == 0
        assert 380 <= done <= 480
        assert client.throttle.allowed("catalog.section.add", 50) > 0
        assert client.throttle.allowed("catalog.product.add", 50) == 0
