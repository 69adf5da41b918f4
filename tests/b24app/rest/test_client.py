from __future__ import annotations

import threading
from typing import Any

import pytest

from b24app.rest.batching import Outcome
from b24app.rest.client import PortalClient, Tokens
from b24app.rest.commands import Command
from b24app.rest.errors import METHOD_PAUSED, NO_ANSWER, NOT_EXECUTED, PORTAL_MOVED, UNENCODABLE, Fate, RestError
from b24app.rest.throttle import Throttle
from b24app.rest.transport import Transport
from tests.b24app.rest.stub import Reply, StubPortal, Time, Wallet

ADD = Command("catalog.product.add", {"fields": {"name": "Table"}})
LIMIT: Reply = (503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}, {})
EXPIRED: Reply = (401, {"error": "expired_token", "error_description": "The access token provided has expired."}, {})


def failed(outcome: Outcome) -> RestError:
    assert outcome.error is not None
    return outcome.error


class TestCall:
    def test_gives_the_result_and_sends_the_token_in_the_body(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": {"ID": "1"}}
        assert client.call("profile") == {"ID": "1"}
        assert stub.requests == [("profile", {"auth": "token-1"})]
        assert stub.headers[0]["Content-Type"] == "application/json"
        assert "python-requests" not in stub.headers[0]["User-Agent"]

    def test_sends_what_json_cannot_say_as_text(self, stub: StubPortal, client: PortalClient) -> None:
        client.call("m", {"price": __import__("decimal").Decimal("10.10"), "active": True})
        assert stub.requests[0][1] == {"price": "10.10", "active": "Y", "auth": "token-1"}

    @pytest.mark.parametrize("method", ["", "a/../b", "m?x=1", "http://evil/"])
    def test_refuses_what_is_no_method_name(self, stub: StubPortal, client: PortalClient, method: str) -> None:
        with pytest.raises(RestError, match=UNENCODABLE):
            client.call(method)
        assert not stub.requests

    def test_raises_a_refusal_at_once(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"error": 200040300010, "error_description": "Access Denied"}
        with pytest.raises(RestError) as caught:
            client.call("catalog.product.get", {"id": 1})
        assert (caught.value.fate, caught.value.method, caught.value.sent) == (Fate.PERSON, "catalog.product.get", False)
        assert len(stub.requests) == 1

    def test_never_repeats_a_lost_answer(self, stub: StubPortal, client: PortalClient) -> None:
        stub.script = [None]
        with pytest.raises(RestError) as caught:
            client.call("catalog.product.add", {"fields": {}})
        assert (caught.value.code, caught.value.fate, caught.value.sent) == (NO_ANSWER, Fate.RETRY, True)
        assert len(stub.requests) == 1


class TestTooManyRequests:
    def test_is_repeated_after_a_growing_rest(self, stub: StubPortal, client: PortalClient, clock: Time) -> None:
        stub.script = [LIMIT, LIMIT]
        assert client.call("profile") is True
        assert len(stub.requests) == 3
        assert sum(clock.slept) >= 3.0

    def test_goes_up_after_the_last_attempt(self, stub: StubPortal, client: PortalClient) -> None:
        stub.script = [LIMIT] * 9
        with pytest.raises(RestError, match="QUERY_LIMIT_EXCEEDED") as caught:
            client.call("profile")
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, False)
        assert caught.value.retry_after > 1
        assert len(stub.requests) == 4


class TestOldToken:
    def test_is_refreshed_once_and_the_call_repeated(self, stub: StubPortal, client: PortalClient, wallet: Wallet) -> None:
        stub.script = [EXPIRED]
        assert client.call("profile") is True
        assert wallet.refreshed == ["token-1"]
        assert [body["auth"] for _, body in stub.requests] == ["token-1", "token-2"]

    @pytest.mark.parametrize("code", ["expired_token", "NO_AUTH_FOUND", "invalid_token"])
    def test_needs_a_person_when_the_fresh_one_is_refused_too(
        self, stub: StubPortal, client: PortalClient, wallet: Wallet, code: str
    ) -> None:
        stub.script = [(401, {"error": code, "error_description": ""}, {})] * 5
        with pytest.raises(RestError) as caught:
            client.call("profile")
        assert caught.value.fate is Fate.PERSON
        assert (len(stub.requests), len(wallet.refreshed)) == (2, 1)

    def test_is_refreshed_once_for_all_threads_and_clients(
        self, stub: StubPortal, wallet: Wallet, throttle: Throttle, member_id: str
    ) -> None:
        stub.valid = {"token-2"}
        wallet.number = 1
        clients = [PortalClient(member_id, wallet, throttle, transport=Transport(insecure=True)) for _ in range(2)]
        results: list[Any] = []
        threads = [threading.Thread(target=lambda c=client: results.append(c.call("profile"))) for client in clients * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [True] * 8
        assert wallet.refreshed == ["token-1"]

    def test_goes_up_when_the_portal_gives_no_new_one(self, stub: StubPortal, client: PortalClient) -> None:
        class Revoked(Wallet):
            def refresh(self, stale: str) -> Tokens:
                raise RestError("invalid_grant", fate=Fate.PERSON)

        stub.script = [EXPIRED]
        client._session.source = Revoked(stub)
        with pytest.raises(RestError, match="invalid_grant"):
            client.call("profile")


class TestRenamedPortal:
    @pytest.fixture
    def new(self):
        portal = StubPortal()
        yield portal
        portal.stop()

    def test_is_followed_with_the_same_body_and_remembered(
        self, stub: StubPortal, new: StubPortal, client: PortalClient, wallet: Wallet
    ) -> None:
        stub.script = [(302, "", {"Location": new.endpoint + "profile"})]
        assert client.call("profile", {"a": 1}) is True
        assert new.requests == [("profile", {"a": 1, "auth": "token-1"})]
        assert wallet.endpoint == new.endpoint
        client.call("profile")
        assert (len(stub.requests), len(new.requests)) == (1, 2)

    def test_is_not_remembered_when_nothing_answers_there(
        self, stub: StubPortal, new: StubPortal, client: PortalClient, wallet: Wallet
    ) -> None:
        stub.script = [(302, "", {"Location": new.endpoint + "profile"})]
        new.script = [(200, "<html>parked</html>", {})]
        with pytest.raises(RestError, match=PORTAL_MOVED):
            client.call("profile")
        assert wallet.endpoint == stub.endpoint

    def test_is_followed_only_once(self, stub: StubPortal, new: StubPortal, client: PortalClient) -> None:
        stub.script = [(302, "", {"Location": new.endpoint + "profile"})]
        new.script = [(302, "", {"Location": stub.endpoint + "profile"})]
        with pytest.raises(RestError, match=PORTAL_MOVED):
            client.call("profile")

    @pytest.mark.parametrize("location", ["https://portal.example/", "/auth/?back=1", "ftp://portal.example/rest/x"])
    def test_is_not_followed_to_what_is_no_rest(
        self, stub: StubPortal, client: PortalClient, wallet: Wallet, location: str
    ) -> None:
        stub.script = [(302, "", {"Location": location})]
        with pytest.raises(RestError):
            client.call("profile")
        assert wallet.endpoint == stub.endpoint


class TestBatch:
    def test_keeps_order_results_and_errors(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: (
            {"error": "0", "error_description": "bad"} if params["n"] == "3" else {"result": params["n"], "total": 7}
        )
        outcomes = client.batch([Command("m", {"n": number}) for number in range(50)])
        assert len(stub.requests) == 1
        assert [outcome.result for outcome in outcomes if outcome.error is None] == [str(n) for n in range(50) if n != 3]
        assert failed(outcomes[3]).fate is Fate.REFUSED
        assert outcomes[0].total == 7

    def test_sends_alone_what_a_batch_would_alter(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": params["n"]}
        outcomes = client.batch([Command("m", {"n": text}) for text in ("a", "$total b", "c")])
        assert [outcome.result for outcome in outcomes] == ["a", "$total b", "c"]
        assert [method for method, _ in stub.requests] == ["batch", "m", "batch"]

    def test_reports_a_refused_single_call_as_an_outcome(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"error": "NOT_FOUND", "error_description": ""}
        outcomes = client.batch([Command("m", {"n": "$total b"})])
        assert failed(outcomes[0]).fate is Fate.GONE

    def test_raises_when_the_whole_request_failed(self, stub: StubPortal, client: PortalClient) -> None:
        stub.script = [(200, "<html>", {})]
        with pytest.raises(RestError) as caught:
            client.batch([ADD, ADD])
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, True)

    def test_tells_what_was_done_before_a_later_request_failed(self, stub: StubPortal, client: PortalClient) -> None:
        stub.script = [(200, {"result": {"result": {"c0": 1}}}, {}), None]
        outcomes = client.batch([Command("m", {"n": text}) for text in ("a", "$total b", "c")])
        assert outcomes[0].result == 1
        assert (failed(outcomes[1]).code, failed(outcomes[1]).sent) == (NO_ANSWER, True)
        assert (failed(outcomes[2]).code, failed(outcomes[2]).sent) == (NOT_EXECUTED, False)

    def test_refuses_one_unspeakable_command_and_sends_the_rest(self, stub: StubPortal, client: PortalClient) -> None:
        outcomes = client.batch([ADD, Command("m", {"n": float("nan")}), ADD])
        assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, UNENCODABLE, None]
        assert len(stub.requests[0][1]["cmd"]) == 2

    @pytest.mark.parametrize("count", [0, 51])
    def test_refuses_a_wrong_number_of_commands(self, client: PortalClient, count: int) -> None:
        with pytest.raises(ValueError, match="1 to 50"):
            client.batch([ADD] * count)


class TestOperatingTime:
    def test_rests_a_refused_method_and_only_that_one(self, stub: StubPortal, client: PortalClient, clock: Time) -> None:
        stub.answer = lambda method, params: (
            {"error": "OPERATION_TIME_LIMIT", "error_description": "Method is blocked"} if method == "slow" else {"result": 1}
        )
        first = client.batch([Command("slow"), Command("quick")])
        assert failed(first[0]).fate is Fate.RETRY
        assert failed(first[0]).retry_after == pytest.approx(60)
        second = client.batch([Command("slow"), Command("quick")])
        assert failed(second[0]).code == METHOD_PAUSED
        assert 0 < failed(second[0]).retry_after <= 60
        assert second[1].result == 1
        assert list(stub.requests[-1][1]["cmd"].values()) == ["quick"]
        clock.now += 61
        stub.answer = lambda method, params: {"result": 2}
        assert [outcome.result for outcome in client.batch([Command("slow"), Command("quick")])] == [2, 2]

    def test_sends_nothing_when_all_methods_rest(self, stub: StubPortal, client: PortalClient) -> None:
        client.throttle.operating.pause("slow", 100)
        assert failed(client.batch([Command("slow")])[0]).code == METHOD_PAUSED
        with pytest.raises(RestError, match=METHOD_PAUSED):
            client.call("slow")
        assert not stub.requests

    def test_waits_a_moment_for_a_short_rest(self, stub: StubPortal, client: PortalClient, clock: Time) -> None:
        client.throttle.operating.pause("slow", 2)
        assert client.call("slow") is True
        assert sum(clock.slept) == pytest.approx(2)

    def test_goes_up_from_a_single_call_with_the_portals_reset(self, stub: StubPortal, client: PortalClient) -> None:
        body = {
            "error": "OPERATION_TIME_LIMIT",
            "error_description": "",
            "time": {"duration": 0.1, "finish": 100.0, "operating": 480, "operating_reset_at": 400},
        }
        stub.script = [(429, body, {})]
        with pytest.raises(RestError) as caught:
            client.call("slow")
        assert caught.value.retry_after == pytest.approx(300)


class TestListAll:
    ROWS: tuple[dict[str, Any], ...] = tuple({"id": number, "name": f"n{number}"} for number in range(1, 124))

    def _listing(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        after = int(params["filter"].get(">id", 0))
        found = [row for row in self.ROWS if row["id"] > after][:50]
        return {"result": {"products": found}}

    def test_reads_every_page_by_id(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = self._listing
        params = {"filter": {"iblockId": 3}, "select": ["name"]}
        assert list(client.list_all("catalog.product.list", params)) == list(self.ROWS)
        assert len(stub.requests) == 3
        assert stub.requests[1][1] == {
            "filter": {"iblockId": 3, ">id": 50},
            "select": ["name", "id"],
            "order": {"id": "ASC"},
            "start": -1,
            "auth": "token-1",
        }

    def test_ends_when_a_method_ignores_the_filter(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": list(self.ROWS)}
        assert list(client.list_all("crm.orderentity.list")) == list(self.ROWS)

    def test_reads_by_start_and_next_without_a_key(self, stub: StubPortal, client: PortalClient) -> None:
        def listing(method: str, params: dict[str, Any]) -> dict[str, Any]:
            start = params["start"]
            more = {"next": start + 50} if start + 50 < len(self.ROWS) else {}
            return {"result": list(self.ROWS[start : start + 50]), "total": len(self.ROWS), **more}

        stub.answer = listing
        assert list(client.list_all("crm.requisite.list", key="")) == list(self.ROWS)

    def test_reads_all_rows_of_an_unsorted_answer(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": list(reversed(self.ROWS))}
        assert list(client.list_all("m")) == list(reversed(self.ROWS))

    def test_refuses_to_guess_which_list_holds_the_rows(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": {"products": [], "sections": []}}
        with pytest.raises(ValueError, match="several"):
            list(client.list_all("m"))

    def test_reads_an_empty_list(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": {"products": []}}
        assert list(client.list_all("catalog.product.list")) == []
