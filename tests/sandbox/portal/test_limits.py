from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from sandbox.portal.rest import Rest
from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client
from tests.sandbox.portal.conftest import Clock


class TestLeakyBucket:
    def test_admits_its_depth_at_once_and_then_what_leaks_out(self, server: PortalServer, rest: Client, clock: Clock) -> None:
        server.portal.bucket.size, server.portal.bucket.rate = 5, 2.0
        assert [rest.post("profile").status_code for _ in range(6)] == [200] * 5 + [503]
        clock.pass_(1)
        assert [rest.post("profile").status_code for _ in range(3)] == [200, 200, 503]
        assert server.calls.snapshot()["rejected"] == {"503": 2, "429": 0}

    def test_names_its_refusal_as_documented(self, server: PortalServer, rest: Client) -> None:
        server.portal.bucket.size = 0
        assert rest.error("profile")[:2] == (503, "QUERY_LIMIT_EXCEEDED")

    def test_has_the_documented_default(self) -> None:
        with PortalServer() as server:
            assert (server.portal.bucket.size, server.portal.bucket.rate) == (50, 2.0)


class TestOperatingTime:
    def test_grows_per_method_and_blocks_only_that_method(self, server: PortalServer, rest: Client, clock: Clock) -> None:
        server.portal.operating.costs, server.portal.operating.limit = {"catalog.product.add": 200.0}, 480.0
        for _ in range(3):
            rest.product()
        status, error, _ = rest.error("catalog.product.add", fields={"iblockId": 23, "name": "x"})
        assert (status, error) == (429, "OPERATION_TIME_LIMIT")
        assert rest.ok("user.admin") is True
        clock.pass_(600)
        rest.product()

    def test_is_shown_with_the_moment_it_resets(self, server: PortalServer, rest: Client, clock: Clock) -> None:
        server.portal.operating.costs = {"profile": 3.5}
        rest.ok("profile")
        shown = rest.body("profile")["time"]
        assert shown["operating"] == 7.0
        assert clock.now < shown["operating_reset_at"] <= clock.now + 600

    def test_counts_commands_of_a_batch_for_their_own_methods(self, server: PortalServer, rest: Client) -> None:
        server.portal.operating.costs, server.portal.operating.limit = {"profile": 10.0}, 25.0
        result = rest.batch({f"k{n}": "profile" for n in range(5)})
        assert list(result["result"]) == ["k0", "k1", "k2"]
        assert result["result_error"]["k4"]["error"] == "OPERATION_TIME_LIMIT"


class TestRequestLimit:
    def test_ends_a_batch_that_takes_too_long_half_done(self, server: PortalServer, rest: Client) -> None:
        server.portal.options.answer_time, server.portal.options.request_limit = {"user.admin": 0.02}, 0.05
        rest.server.calls.reset()
        answer = rest.post("batch", cmd={f"k{n}": "user.admin" for n in range(10)})
        assert (answer.status_code, answer.headers["Content-Type"]) == (504, "text/html; charset=utf-8")
        assert 0 < server.calls.commands < 10

    def test_takes_the_configured_time_to_answer(self, server: PortalServer, rest: Client) -> None:
        server.portal.options.answer_time = {"*": 0.05}
        begun = time.monotonic()
        rest.ok("profile")
        assert time.monotonic() - begun >= 0.05


class TestCalls:
    def test_tell_the_highest_number_of_requests_in_one_second(self, server: PortalServer, rest: Client, clock: Clock) -> None:
        for pause in (0.0, 0.4, 0.4, 5.0, 0.1):
            clock.pass_(pause)
            rest.ok("profile")
        assert server.calls.max_rate == 3

    @pytest.mark.parametrize(("method", "writes"), [("catalog.product.add", 1), ("catalog.product.list", 0)])
    def test_know_which_commands_write(self, rest: Client, method: str, writes: int) -> None:
        rest.server.calls.reset()
        rest.post(method, fields={"iblockId": 23, "name": "x"})
        assert rest.server.calls.snapshot()["write_commands"] == writes

    def test_keep_no_tokens(self, rest: Client) -> None:
        rest.ok("profile")
        assert all("auth" not in one.params for one in rest.server.calls.log)


class TestExecutionTime:
    def test_is_charged_without_the_time_spent_queueing_behind_other_requests(self, server: PortalServer) -> None:
        spent: list[float] = []
        rest = Rest(server.portal)
        ask = partial(
            rest.command, "catalog.measure.list", {}, {"user_id": 1, "scope": "catalog"}, batched=True, started=time.monotonic()
        )
        caller = threading.Thread(target=lambda: spent.append(ask()[1]["time"]["duration"]))
        with server.portal.lock:
            caller.start()
            caller.join(0.2)  # it queues behind this test, which holds the portal
            assert caller.is_alive()
        caller.join(10)
        assert spent[0] < 0.1
        assert server.portal.operating.used("catalog.measure.list") < 0.1
