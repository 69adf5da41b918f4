from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24app.rest.batching import batch_params, pack, read_batch, read_timing, read_timings
from b24app.rest.commands import Command
from b24app.rest.errors import Fate

PLAIN = Command("catalog.product.add", {"fields": {"name": "Table"}})
ALONE = Command("catalog.product.add", {"fields": {"name": "$total price"}})


class TestPack:
    @given(st.lists(st.sampled_from([PLAIN, ALONE]), max_size=130), st.integers(1, 50))
    def test_keeps_all_in_order_within_the_limit(self, commands: list[Command], size: int) -> None:
        groups = list(pack(commands, size))
        assert [command for group in groups for command in group] == commands
        assert all(1 <= len(group) <= size for group in groups)
        assert all(group == (ALONE,) for group in groups if ALONE in group)

    def test_fills_each_batch(self) -> None:
        assert [len(group) for group in pack([PLAIN] * 120)] == [50, 50, 20]

    @pytest.mark.parametrize("size", [0, 51])
    def test_refuses_a_size_that_the_portal_refuses(self, size: int) -> None:
        with pytest.raises(ValueError, match="1 to 50"):
            list(pack([PLAIN], size))


class TestBatchParams:
    def test_never_uses_numbers_as_keys_and_never_halts(self) -> None:
        params = batch_params([PLAIN, PLAIN])
        assert params["halt"] == 0
        assert list(params["cmd"]) == ["c0", "c1"]

    @pytest.mark.parametrize("count", [0, 51])
    def test_refuses_what_the_portal_refuses(self, count: int) -> None:
        with pytest.raises(ValueError, match="1 to 50"):
            batch_params([PLAIN] * count)


class TestReadBatch:
    def test_gives_each_command_its_own_outcome(self) -> None:
        result = {
            "result": {"c0": {"element": {"id": 1}}, "c2": []},
            "result_error": {"c1": {"error": "", "error_description": "Name is empty"}},
            "result_total": {"c2": 120},
            "result_next": {"c2": 50},
            "result_time": [],
        }
        first, second, third = read_batch([PLAIN] * 3, result)
        assert first.result == {"element": {"id": 1}}
        assert first.error is None
        assert second.error is not None
        assert (second.error.fate, second.error.code, second.error.method) == (Fate.REFUSED, "", "catalog.product.add")
        assert (third.result, third.total, third.next) == ([], 120, 50)

    def test_reads_empty_maps_written_as_lists(self) -> None:
        result = {"result": {"c0": 5}, "result_error": [], "result_total": [], "result_next": [], "result_time": []}
        assert read_batch([PLAIN], result)[0].result == 5

    def test_reads_lists_by_place(self) -> None:
        assert [outcome.result for outcome in read_batch([PLAIN] * 2, {"result": [1, 2]})] == [1, 2]

    @pytest.mark.parametrize("result", [{"result": [], "result_error": []}, [], None, "odd"])
    def test_says_not_executed_for_a_command_in_neither_map(self, result: Any) -> None:
        error = read_batch([PLAIN], result)[0].error
        assert error is not None
        assert (error.fate, error.sent) == (Fate.RETRY, False)

    def test_takes_a_false_result_for_a_result(self) -> None:
        outcome = read_batch([PLAIN], {"result": {"c0": False}})[0]
        assert outcome.error is None
        assert outcome.result is False

    @pytest.mark.parametrize("error", ["NOT_FOUND", {"error": "NOT_FOUND"}])
    def test_reads_an_error_as_text_or_object(self, error: Any) -> None:
        outcome = read_batch([PLAIN], {"result_error": {"c0": error}})[0]
        assert outcome.error is not None
        assert outcome.error.fate is Fate.GONE


class TestReadTimings:
    def test_reads_seconds_use_and_the_rest_by_the_portals_clock(self) -> None:
        time = {"processing": 0.25, "duration": 0.3, "finish": 1000.0, "operating": "12.5", "operating_reset_at": 1090}
        (timing,) = read_timings([PLAIN, PLAIN], {"result_time": {"c0": time}})
        assert (timing.seconds, timing.operating, timing.finish, timing.rest) == (0.25, 12.5, 1000.0, 90.0)

    @pytest.mark.parametrize("time", [None, [], {}, {"duration": "soon"}, {"duration": True}])
    def test_is_none_without_a_time(self, time: Any) -> None:
        assert read_timing("m", time) is None
