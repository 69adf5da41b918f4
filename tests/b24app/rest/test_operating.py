from __future__ import annotations

import pytest
import redis

from b24app.rest.batching import Timing
from b24app.rest.operating import Booking, OperatingTime
from tests.b24app.rest.stub import Time


class Account:
    """A portal's account of one method: ten one-minute buckets, checked before each command."""

    def __init__(self, clock: Time, limit: float, cost: float, *, shown: float | None, skew: float) -> None:
        self.clock, self.limit, self.cost, self.shown = clock, limit, cost, shown
        self.skew = skew
        self.buckets: dict[int, float] = {}
        self.refused = 0

    def run(self, method: str, count: int) -> list[Timing]:
        finish = self.clock.now + self.skew
        minute = int(finish // 60)
        self.buckets = {at: seconds for at, seconds in self.buckets.items() if at > minute - 10}
        oldest = min(self.buckets, default=minute)
        used, timings = sum(self.buckets.values()), []
        for _ in range(count):
            if used >= self.limit:
                self.refused += 1
                continue
            used += self.cost
            shown = self.cost if self.shown is None else self.shown
            timings.append(Timing(method, shown, used, finish, (oldest + 10) * 60 - finish))
        self.buckets[minute] = self.buckets.get(minute, 0.0) + len(timings) * self.cost
        return timings


@pytest.fixture
def operating(server: redis.Redis, member_id: str, clock: Time) -> OperatingTime:
    return OperatingTime(server, member_id, 480.0, clock=clock)


class TestBooking:
    @pytest.mark.parametrize("skew", [0.0, 35.0, -35.0])
    @pytest.mark.parametrize("shown", [None, 0.001])
    @pytest.mark.parametrize("cost", [0.1, 0.4, 2.2])
    def test_never_lets_a_method_exceed_its_allowance_and_uses_it(
        self, operating: OperatingTime, clock: Time, cost: float, shown: float | None, skew: float
    ) -> None:
        portal, start, done = Account(clock, 480.0, cost, shown=shown, skew=skew), clock.now, 0
        flying: list[tuple[Booking, list[Timing]]] = []
        while clock.now < start + 1800:
            booking = operating.book("catalog.product.add", 25)
            if booking.wait:
                if flying:
                    operating.settle(*flying.pop(0))
                else:
                    clock.now += booking.wait
                continue
            flying.append((booking, portal.run("catalog.product.add", booking.count)))
            done += booking.count
            clock.now += 0.5
            if len(flying) >= 8:
                operating.settle(*flying.pop(0))
        assert portal.refused == 0
        possible = min(1800 / 0.5 * 25, 480 * 3 / cost)
        assert done / possible >= 0.8

    @pytest.mark.parametrize(("cost", "moment"), [(0.01, 100), (0.01, 700), (0.04, 20), (0.04, 400), (0.2, 20), (0.2, 700)])
    def test_is_not_taken_by_surprise_when_a_method_becomes_ten_times_dearer(
        self, operating: OperatingTime, clock: Time, cost: float, moment: int
    ) -> None:
        portal, start = Account(clock, 480.0, cost, shown=None, skew=0.0), clock.now
        flying: list[tuple[Booking, list[Timing]]] = []
        while clock.now < start + 1500:
            portal.cost = cost * (10 if clock.now - start > moment else 1)
            booking = operating.book("catalog.product.add", 50)
            if booking.wait and not flying:
                clock.now += booking.wait
            if booking.wait or len(flying) >= 24:
                operating.settle(*(flying.pop(0) if flying else (booking, [])))
                continue
            flying.append((booking, portal.run("catalog.product.add", booking.count)))
            clock.now += 0.05
        assert portal.refused <= 5

    def test_waits_until_the_portal_gives_time_back(self, operating: OperatingTime, clock: Time) -> None:
        booking = operating.book("m", 1)
        operating.settle(booking, [Timing("m", 10.0, 470.0, clock.now)])
        assert 540 < operating.wait("m", 1) <= 601
        clock.now += operating.wait("m", 1)
        assert operating.wait("m", 1) == 0

    def test_knows_methods_without_case(self, operating: OperatingTime) -> None:
        operating.pause("Catalog.Product.Add", 30)
        assert operating.wait("catalog.product.add") == pytest.approx(30)

    def test_asking_books_nothing(self, operating: OperatingTime) -> None:
        for _ in range(100):
            assert operating.wait("m", 50) == 0

    def test_feels_its_way_with_an_unknown_method(self, operating: OperatingTime) -> None:
        waits = [operating.book("m", 50).wait for _ in range(12)]
        assert waits[:7] == [0] * 7
        assert 0 < waits[-1] < 1
        assert operating.book("other", 50).wait == 0

    def test_lets_as_many_through_as_there_is_time_for(self, operating: OperatingTime) -> None:
        operating.settle(operating.book("m", 1), [Timing("m", 30.0)])
        assert operating.book("m", 50).count == 7
        assert operating.book("m", 50).wait > 0
        fresh = operating.book("n", 1)
        operating.settle(fresh, [])
        assert operating.book("n", 50).wait == 0

    def test_forgets_what_a_killed_worker_had_booked(self, operating: OperatingTime, clock: Time) -> None:
        operating.settle(operating.book("m", 1), [Timing("m", 4.0)])
        while not operating.book("m", 25).wait:
            pass
        clock.now += 240
        assert operating.book("m", 25).wait == 0


class TestLearning:
    def test_remembers_the_seconds_of_a_command_for_all_processes(
        self, operating: OperatingTime, server: redis.Redis, member_id: str, clock: Time
    ) -> None:
        assert operating.seconds_per_command("m") is None
        operating.settle(operating.book("m", 2), [Timing("m", 0.2), Timing("m", 0.4)])
        other = OperatingTime(server, member_id, clock=clock)
        assert other.seconds_per_command("M") == pytest.approx(0.3)

    def test_moves_with_new_answers(self, operating: OperatingTime) -> None:
        for seconds in (0.1, 0.9, 0.9, 0.9, 0.9):
            operating.settle(operating.book("m"), [Timing("m", seconds)])
        assert 0.8 < (operating.seconds_per_command("m") or 0) < 0.9

    def test_learns_nothing_from_a_request_that_did_nothing(self, operating: OperatingTime) -> None:
        operating.settle(operating.book("m"), [])
        assert operating.seconds_per_command("m") is None


class TestPause:
    def test_never_shortens_a_longer_one(self, operating: OperatingTime) -> None:
        operating.pause("m", 100)
        assert operating.pause("m", 10) == pytest.approx(100)

    def test_ends(self, operating: OperatingTime, clock: Time) -> None:
        operating.pause("m", 100)
        clock.now += 101
        assert operating.wait("m") == 0
