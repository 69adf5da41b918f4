from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from b24app.rest.batching import Timing
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import NO_ANSWER, NOT_EXECUTED, RestError
from b24app.rest.pipeline import Pipeline
from tests.b24app.rest.stub import StubPortal


def commands(tag: int, count: int = 2) -> list[Command]:
    return [Command("m", {"n": f"{tag}-{number}"}) for number in range(count)]


def drain(pipeline: Pipeline) -> dict[Any, Any]:
    found = {}
    while pipeline.pending:
        done = pipeline.next_done()
        assert done is not None
        found[done[0]] = done[1]
    return found


class TestPipeline:
    def test_gives_every_batch_back_under_its_tag(self, stub: StubPortal, client: PortalClient) -> None:
        stub.answer = lambda method, params: {"result": params["n"]}
        with Pipeline(client) as pipeline:
            for tag in range(30):
                pipeline.submit(tag, commands(tag))
            found = drain(pipeline)
        assert {tag: [outcome.result for outcome in outcomes] for tag, outcomes in found.items()} == {
            tag: [f"{tag}-0", f"{tag}-1"] for tag in range(30)
        }

    def test_has_several_batches_on_their_way_at_once(self, stub: StubPortal, client: PortalClient) -> None:
        together = threading.Barrier(4, timeout=10)

        def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
            together.wait()
            return {"result": 1}

        stub.answer = answer
        with Pipeline(client, in_flight=4) as pipeline:
            for tag in range(4):
                pipeline.submit(tag, commands(tag, 1))
            assert len(drain(pipeline)) == 4

    def test_gives_places_in_the_order_of_submission(self, stub: StubPortal, client: PortalClient, monkeypatch) -> None:
        order: list[str] = []
        send = client.send

        def noting(group, admitted):
            def note() -> None:
                order.append(group[0].params["n"])
                admitted()

            return send(group, note)

        monkeypatch.setattr(client, "send", noting)
        with Pipeline(client, in_flight=24) as pipeline:
            for tag in range(32):
                pipeline.submit(tag, commands(tag, 1))
            drain(pipeline)
        assert order == [f"{tag}-0" for tag in range(32)]

    def test_reports_a_lost_answer_under_its_tag_and_goes_on(self, stub: StubPortal, client: PortalClient) -> None:
        stub.script = [None]
        with Pipeline(client, in_flight=1) as pipeline:
            for tag in range(3):
                pipeline.submit(tag, commands(tag))
            found = drain(pipeline)
        assert isinstance(found[0], RestError)
        assert (found[0].code, found[0].sent) == (NO_ANSWER, True)
        assert [isinstance(found[tag], list) for tag in (1, 2)] == [True, True]

    def test_has_no_room_until_a_result_is_fetched(self, client: PortalClient) -> None:
        with Pipeline(client, in_flight=2) as pipeline:
            tag = 0
            while pipeline.room:
                pipeline.submit(tag, commands(tag))
                tag += 1
            assert 2 <= tag <= 16
            with pytest.raises(ValueError, match="no room"):
                pipeline.submit(tag, commands(tag))
            assert pipeline.next_done() is not None
            pipeline.submit(tag, commands(tag))
            drain(pipeline)

    def test_is_hungry_only_while_few_batches_wait_for_their_places(
        self, stub: StubPortal, client: PortalClient, monkeypatch
    ) -> None:
        release = threading.Event()
        send = client.send
        monkeypatch.setattr(client, "send", lambda group, admitted: release.wait(10) and send(group, admitted))
        with Pipeline(client) as pipeline:
            tag = 0
            while pipeline.hungry:
                pipeline.submit(tag, commands(tag))
                tag += 1
            assert tag == 3
            release.set()
            for _ in iter(lambda: pipeline.hungry, True):
                pipeline.wait(10)
            assert len(drain(pipeline)) == tag

    def test_is_idle_while_half_of_the_places_are_free(self, client: PortalClient) -> None:
        with Pipeline(client) as pipeline:
            found = [pipeline.idle]
            while client.throttle.free() >= client.throttle.pace.burst / 2:
                client.throttle.acquire()
            found.append(pipeline.idle)
        assert found == [True, False]

    def test_is_none_when_nothing_is_pending_or_ready(self, stub: StubPortal, client: PortalClient) -> None:
        release = threading.Event()

        def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
            release.wait(10)
            return {"result": 1}

        stub.answer = answer
        with Pipeline(client) as pipeline:
            assert pipeline.next_done() is None
            pipeline.submit(1, commands(1))
            assert pipeline.next_done(timeout=0) is None
            assert pipeline.pending == 1
            release.set()
            assert pipeline.next_done() is not None

    def test_closes_when_everything_has_ended_and_can_still_be_fetched(self, stub: StubPortal, client: PortalClient) -> None:
        pipeline = Pipeline(client, in_flight=3)
        for tag in range(6):
            pipeline.submit(tag, commands(tag))
        pipeline.close()
        assert len(stub.requests) == 6
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("portal-")]
        assert sorted(drain(pipeline)) == list(range(6))

    def test_drops_what_was_not_sent_when_told_to(self, stub: StubPortal, client: PortalClient) -> None:
        begun, release = threading.Event(), threading.Event()

        def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
            begun.set()
            release.wait(10)
            return {"result": 1}

        stub.answer = answer
        pipeline = Pipeline(client, in_flight=1)
        for tag in range(4):
            pipeline.submit(tag, commands(tag, 1))
        assert begun.wait(10)
        closing = threading.Thread(target=lambda: pipeline.close(drop=True))
        closing.start()
        while not pipeline._dropping:
            time.sleep(0.001)
        release.set()
        closing.join(10)
        found = drain(pipeline)
        assert isinstance(found[0], list)
        assert [(found[tag].code, found[tag].sent) for tag in (1, 2, 3)] == [(NOT_EXECUTED, False)] * 3

    def test_raises_a_bug_in_the_callers_thread(self, client: PortalClient, monkeypatch) -> None:
        monkeypatch.setattr(client, "send", lambda group, admitted: 1 / 0)
        with Pipeline(client) as pipeline:
            pipeline.submit(1, commands(1))
            with pytest.raises(ZeroDivisionError):
                pipeline.next_done()

    @pytest.mark.parametrize("count", [0, 51])
    def test_refuses_a_wrong_number_of_commands(self, client: PortalClient, count: int) -> None:
        with Pipeline(client) as pipeline, pytest.raises(ValueError, match="1 to 50"):
            pipeline.submit(1, commands(1, count))


class TestPreferredSize:
    def _learn(self, client: PortalClient, method: str, seconds: float) -> None:
        operating = client.throttle.operating
        operating.settle(operating.book(method), [Timing(method, seconds)])

    def test_starts_carefully_with_an_unknown_method(self, client: PortalClient) -> None:
        assert Pipeline(client).preferred_size(["m"]) == 25

    @pytest.mark.parametrize(("seconds", "size"), [(0.02, 50), (0.5, 30), (3.0, 5), (40.0, 1)])
    def test_follows_the_time_of_a_command(self, client: PortalClient, seconds: float, size: int) -> None:
        self._learn(client, "m", seconds)
        self._learn(client, "light", 0.01)
        assert Pipeline(client).preferred_size(["light", "M"]) == size

    def test_is_halved_by_a_lost_answer_and_comes_back(self, stub: StubPortal, client: PortalClient) -> None:
        self._learn(client, "m", 0.001)
        with Pipeline(client, in_flight=1) as pipeline:
            stub.script = [None]
            pipeline.submit(1, commands(1))
            drain(pipeline)
            assert pipeline.preferred_size(["m"]) == 25
            pipeline.submit(2, commands(2))
            drain(pipeline)
            assert pipeline.preferred_size(["m"]) == 26
