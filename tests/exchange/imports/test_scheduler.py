"""Many flows, few requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import pytest

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import METHOD_PAUSED, Fate, RestError
from exchange.imports.flows import Ask, Flow, Key, Log
from exchange.imports.scheduler import PortalBlocked, Scheduler


class Carrier:
    """Answers each batch when it is fetched, in order; `answer` decides what."""

    def __init__(self) -> None:
        self.most = 1000
        self.batches: list[list[Command]] = []
        self.sent_at_fetch: list[int] = []
        self.idle = self.clear = False
        self.waiting: deque[tuple[Any, list[Command]]] = deque()
        self.answer: Any = lambda commands: [Outcome(command, {"ok": True}) for command in commands]

    @property
    def hungry(self) -> bool:
        return len(self.waiting) < self.most

    def wait(self, timeout: float) -> None:
        pass

    @property
    def pending(self) -> int:
        return len(self.waiting)

    def submit(self, tag: Any, commands: Iterable[Command]) -> None:
        self.batches.append(list(commands))
        self.waiting.append((tag, self.batches[-1]))

    def next_done(self, timeout: float | None = None) -> Any:
        if not self.waiting:
            return None
        self.sent_at_fetch.append(len(self.batches))
        tag, commands = self.waiting.popleft()
        return tag, self.answer(commands)

    def preferred_size(self, methods: Iterable[str]) -> int:
        return 50


def flow(log: Log, name: str, steps: int = 2) -> Flow:
    for step in range(steps):
        outcomes = yield Ask((Command(f"m{step}", {"name": name}),), (("product", name),) if step == 0 else ())
        if outcomes[0].error is not None:
            log.again[("product", name)] = 1.0
            return None
    log.done[("product", name)] = 1
    return None


@pytest.fixture
def log() -> Log:
    return Log()


class TestScheduler:
    def run(self, carrier: Carrier, log: Log, flows: list[Flow], **options: Any) -> tuple[bool, set[Key], dict[Key, int]]:
        marked: set[Key] = set()
        saved: dict[Key, int] = {}

        def save(learnt: Log) -> None:
            saved.update(learnt.done)
            learnt.done.clear()
            learnt.again.clear()

        scheduler = Scheduler(carrier, log, save=save, mark=marked.update, **options)
        return scheduler.run(iter(flows)), marked, saved

    def test_packs_the_commands_of_many_flows_together(self, log: Log):
        carrier = Carrier()
        finished, marked, saved = self.run(carrier, log, [flow(log, str(n)) for n in range(120)])
        assert finished
        assert len(saved) == len(marked) == 120
        assert [len(batch) for batch in carrier.batches] == [50, 50, 50, 50, 40]

    def test_stops_when_time_is_over_and_keeps_what_was_answered(self, log: Log):
        carrier = Carrier()
        left = iter([False] * 3 + [True] * 100)
        finished, _, saved = self.run(carrier, log, [flow(log, str(n)) for n in range(2000)], expired=lambda: next(left))
        assert not finished
        assert len(carrier.batches) < 20
        assert all(version == 1 for version in saved.values())

    def test_finishes_an_ask_of_which_some_commands_have_left_when_time_is_over(self, log: Log):
        heard: list[int] = []

        def pictures() -> Flow:
            outcomes = yield Ask(tuple(Command("add", {"n": n}) for n in range(120)))
            heard.append(len(outcomes))
            yield Ask((Command("later", {}),))
            return None

        carrier = Carrier()
        carrier.most = 1  # the rest of the ask still waits when time is over
        left = iter([False, *[True] * 100])
        finished, _, _ = self.run(carrier, log, [pictures(), flow(log, "b")], expired=lambda: next(left))
        assert (finished, heard) == (False, [120])
        assert "later" not in {command.method for batch in carrier.batches for command in batch}

    def test_sends_alone_what_a_batch_would_alter(self, log: Log):
        def odd() -> Flow:
            yield Ask((Command("m", {"name": "$result[a][b]"}),))
            return None

        carrier = Carrier()
        self.run(carrier, log, [odd(), *(flow(log, str(n), 1) for n in range(49))])
        assert sorted(len(batch) for batch in carrier.batches) == [1, 49]

    def test_sends_a_command_again_whose_method_rests(self, log: Log):
        carrier, answers = Carrier(), iter([RestError(METHOD_PAUSED, fate=Fate.RETRY, retry_after=0.0), None])
        carrier.answer = lambda commands: [Outcome(command, {}, next(answers)) for command in commands]
        now = iter(range(1000))
        finished, _, saved = self.run(carrier, log, [flow(log, "a", 1)], clock=lambda: float(next(now)))
        assert (finished, saved) == (True, {("product", "a"): 1})

    def test_raises_when_a_person_must_act(self, log: Log):
        carrier = Carrier()
        carrier.answer = lambda commands: RestError("PAYMENT_REQUIRED", fate=Fate.PERSON)
        with pytest.raises(PortalBlocked):
            self.run(carrier, log, [flow(log, "a")])

    def test_lets_odd_and_plain_commands_leave_in_turn(self, log: Log):
        def odd(number: int) -> Flow:
            yield Ask((Command("m", {"name": f"$result {number}"}),))
            return None

        carrier = Carrier()
        self.run(carrier, log, [*(odd(n) for n in range(3)), *(flow(log, str(n), 1) for n in range(150))])
        assert [len(batch) for batch in carrier.batches] == [1, 50, 1, 50, 1, 50]

    def test_sends_first_what_flows_wait_for_and_fills_up_with_what_is_their_last(self, log: Log):
        def item(name: str, steps: int) -> Flow:
            for _ in range(steps):
                yield Ask((Command("wait"),))
            yield Ask((Command("last"),) * 2, last=True)
            return None

        carrier = Carrier()
        self.run(carrier, log, [*(item(str(n), 0) for n in range(60)), *(item(str(n), 1) for n in range(30))])
        assert [[command.method for command in batch].count("wait") for batch in carrier.batches] == [30, 0, 0, 0, 0]
        assert [len(batch) for batch in carrier.batches] == [50, 50, 50, 50, 10]

    def test_keeps_back_all_commands_of_a_method_that_rests(self, log: Log):
        def answer(commands: list[Command]) -> list[Outcome]:
            rests = RestError(METHOD_PAUSED, fate=Fate.RETRY, retry_after=5.0)
            return [Outcome(command, {}, rests if command.method == "m0" and now[0] < 5 else None) for command in commands]

        def other() -> Flow:
            for _ in range(3):
                yield Ask((Command("other"),))
                now[0] += 2
            return None

        now = [0.0]
        carrier = Carrier()
        carrier.most, carrier.answer = 1, answer
        flows = [*(flow(log, str(n), 1) for n in range(120)), other()]
        finished, _, saved = self.run(carrier, log, flows, clock=lambda: now[0])
        assert finished
        assert len(saved) == 120
        asked = [command.method for batch in carrier.batches for command in batch]
        assert asked.count("m0") == 50 + 120, "one batch hears that the method rests, and no other asks before it may"

    def test_sends_a_small_batch_at_once_while_the_rate_is_far_from_used_up(self, log: Log):
        def slow() -> Flow:
            yield Ask(tuple(Command("m", {"n": n}) for n in range(60)))
            return None

        for idle, sizes in ((True, [50, 10]), (False, [50])):
            carrier = Carrier()
            carrier.idle = idle
            self.run(carrier, log, [slow()])
            assert [len(batch) for batch in carrier.batches][: carrier.sent_at_fetch[0]] == sizes

    def test_opens_only_so_many_flows_of_the_source_before_those_they_brought_are_at_work(self, log: Log):
        opened: list[int] = []
        at_work: list[int] = []

        def chunk(number: int) -> Flow:
            opened.append(number)
            yield Ask((Command("list"),))
            at_work.append(len(opened) - number)
            return [flow(log, f"{number}-{n}", 1) for n in range(50)]

        carrier = Carrier()
        carrier.most = 1
        finished, _, saved = self.run(carrier, log, [chunk(n) for n in range(60)], most_opening=8)
        assert finished
        assert len(saved) == 60 * 50
        assert max(at_work) <= 8

    def test_saves_now_and_then_though_nothing_is_learnt_so_that_the_lane_is_kept(self, log: Log):
        now = iter(range(0, 10_000, 3))
        saves: list[Log] = []
        marked: set[Key] = set()
        carrier = Carrier()
        scheduler = Scheduler(carrier, log, save=saves.append, mark=marked.update, clock=lambda: float(next(now)))

        def silent() -> Flow:
            for _ in range(20):
                yield Ask((Command("m"),))
            return None

        assert scheduler.run(iter([silent()]))
        assert len(saves) >= 5
