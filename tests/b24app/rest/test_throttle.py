from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import redis
from django.conf import settings

from b24app.rest.errors import QUEUE_TOO_LONG, Fate, RestError
from b24app.rest.throttle import ENTERPRISE, STANDARD, Pace, Throttle
from tests.b24app.rest.stub import Time


class Bucket:
    """The portal's own bucket: the worst that documents allow."""

    def __init__(self, size: int, rate: float) -> None:
        self.size, self.rate, self.level, self.since, self.refused = size, rate, 0.0, 0.0, 0

    def admit(self, now: float) -> None:
        self.level = max(0.0, self.level - (now - self.since) * self.rate)
        self.since = now
        if self.level + 1 > self.size:
            self.refused += 1
        else:
            self.level += 1


# Takes places until there are none left, from the moment it is told to; then says how many.
TAKING = """
import sys, redis
from b24app.rest.errors import RestError
from b24app.rest.throttle import Pace, Throttle
throttle, taken = Throttle(redis.Redis.from_url(sys.argv[1]), sys.argv[2], Pace(rate=0.001, burst=40)), 0
print("ready", flush=True)
sys.stdin.readline()
while True:
    try:
        throttle.acquire(longest=0)
    except RestError:
        break
    taken += 1
print(taken)
"""


class TestAcquire:
    @pytest.mark.parametrize(("pace", "size", "rate"), [(STANDARD, 50, 2.0), (ENTERPRISE, 250, 5.0)])
    def test_is_never_refused_by_the_portal_and_uses_its_rate(
        self, server: redis.Redis, member_id: str, clock: Time, pace: Pace, size: int, rate: float
    ) -> None:
        throttle = Throttle(server, member_id, pace, sleep=clock.sleep, clock=clock)
        portal, start = Bucket(size, rate), clock.now
        count = size + 150
        for number in range(count):
            throttle.acquire()
            # Each request is on its way for up to 0.9 s: later ones overtake earlier ones.
            portal.admit(clock.now + 0.9 * (number % 7 == 0))
        assert portal.refused == 0
        assert count / (size + rate * (clock.now - start)) >= 0.97

    def test_waits_for_the_next_free_place(self, throttle: Throttle, clock: Time) -> None:
        assert [throttle.acquire() for _ in range(48)] == [0.0] * 48
        assert throttle.acquire() == pytest.approx(0.5)
        assert throttle.acquire() == pytest.approx(0.5)

    def test_gives_up_when_the_wait_is_too_long_and_takes_nothing(self, throttle: Throttle, clock: Time) -> None:
        for _ in range(48):
            throttle.acquire()
        with pytest.raises(RestError, match=QUEUE_TOO_LONG) as caught:
            throttle.acquire(longest=0.1)
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, False)
        assert caught.value.retry_after == pytest.approx(0.5)
        clock.now += 0.5
        assert throttle.acquire(longest=0.1) == 0.0

    def test_keeps_portals_apart(self, server: redis.Redis, clock: Time, throttle: Throttle, member_id: str) -> None:
        for _ in range(48):
            throttle.acquire()
        other = Throttle(server, member_id + "x", sleep=clock.sleep, clock=clock)
        assert other.acquire() == 0.0

    def test_shares_one_bucket_between_processes(self, member_id: str) -> None:
        command = [sys.executable, "-c", TAKING, settings.REDIS_CLIENT_URL, member_id]
        takers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for taker in takers:
            assert taker.stdout is not None
            assert taker.stdout.readline() == "ready\n"
        for taker in takers:
            assert taker.stdin is not None
            taker.stdin.write("go\n")
            taker.stdin.flush()
        taken = [int(taker.communicate(timeout=60)[0]) for taker in takers]
        assert sum(taken) == 40

    def test_lets_threads_through_in_the_order_they_came(self, server: redis.Redis, member_id: str, clock: Time) -> None:
        waiting, order = threading.Semaphore(0), []
        hold = threading.Event()

        def sleep(seconds: float) -> None:
            hold.wait(10)
            clock.sleep(seconds)

        throttle = Throttle(server, member_id, Pace(rate=1, burst=1), sleep=sleep, clock=clock)
        throttle.acquire()

        def take(number: int) -> None:
            waiting.release()
            throttle.acquire()
            order.append(number)

        threads = []
        for number in range(6):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            waiting.acquire()
            while throttle._gate._next < number + 2:
                threading.Event().wait(0.001)
        hold.set()
        for thread in threads:
            thread.join(10)
        assert order == list(range(6))

    def test_lets_an_urgent_caller_pass_those_who_wait(self, server: redis.Redis, member_id: str, clock: Time) -> None:
        patient = Throttle(server, member_id, leave=6, sleep=clock.sleep, clock=clock)
        urgent = Throttle(server, member_id, sleep=clock.sleep, clock=clock)
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            # The patient one has its place and waits for it; whoever is urgent comes now, three times, as soon as answers come.
            end = clock.now + seconds
            for _ in range(3):
                waited.append(urgent.acquire())
                clock.now += 0.3
            clock.now = max(clock.now, end)

        assert [patient.acquire() for _ in range(48)] == [0.0] * 48, "all places are lent while nothing is urgent"
        patient._sleep = sleep
        assert patient.acquire() == pytest.approx(0.5)
        patient._sleep = clock.sleep
        assert waited == pytest.approx([1.0, 0.2, 0.2]), "behind the one that had its place, and then whenever a place is free"
        assert patient.acquire() > 2.5, "the places that were lent are given back first"
        assert [urgent.acquire() for _ in range(6)] == [0.0] * 6
        clock.now += 30
        assert [patient.acquire() for _ in range(48)] == [0.0] * 48, "nothing has been urgent for a while"

    def test_lets_a_payment_through_in_seconds_while_an_import_uses_every_place(
        self, server: redis.Redis, member_id: str, clock: Time
    ) -> None:
        importing = Throttle(server, member_id, leave=6, sleep=clock.sleep, clock=clock)
        paying = Throttle(server, member_id, sleep=clock.sleep, clock=clock)
        for _ in range(49):
            importing.acquire()
        begun = clock.now
        for _ in range(5):  # read, write, read again, tell in the timeline, tell a person
            paying.acquire()
            clock.now += 0.3
            with pytest.raises(RestError, match=QUEUE_TOO_LONG):
                importing.acquire(longest=0)
        assert clock.now - begun <= 3.0

    @pytest.mark.parametrize(("pace", "size", "rate"), [(STANDARD, 50, 2.0), (ENTERPRISE, 250, 5.0)])
    def test_never_overflows_however_urgent_and_patient_callers_mix(
        self, server: redis.Redis, member_id: str, clock: Time, pace: Pace, size: int, rate: float
    ) -> None:
        urgent = Throttle(server, member_id, pace, sleep=clock.sleep, clock=clock)
        portal, urgent_waits = Bucket(size, rate), []

        def sleep_of_patient(seconds: float) -> None:
            end = clock.now + seconds
            for _ in range(1 + round(clock.now) % 3):
                if round(clock.now) % 5 == 0 and clock.now < end:
                    urgent_waits.append(urgent.acquire())
                    portal.admit(clock.now)
            clock.now = max(clock.now, end)

        patient = Throttle(server, member_id, pace, leave=6, sleep=sleep_of_patient, clock=clock)
        for _ in range(size + 100):
            patient.acquire()
            portal.admit(clock.now)
        assert portal.refused == 0
        assert len(urgent_waits) > 20
        assert max(urgent_waits) <= 2 / rate
        assert sum(wait > 0 for wait in urgent_waits) <= len(urgent_waits) / 2

    def test_uses_the_servers_clock_when_none_is_given(self, server: redis.Redis, member_id: str) -> None:
        slept: list[float] = []
        throttle = Throttle(server, member_id, Pace(rate=2, burst=2), sleep=slept.append)
        for _ in range(3):
            throttle.acquire()
        assert slept == [pytest.approx(0.5, abs=0.2)]


class TestPenalise:
    def test_rests_and_then_goes_on_drop_by_drop(self, throttle: Throttle, clock: Time) -> None:
        assert throttle.penalise() == pytest.approx(1.0)
        assert throttle.acquire() >= 1.0
        assert throttle.acquire() == pytest.approx(0.5, abs=0.01)

    def test_counts_refusals_at_the_same_time_once(self, throttle: Throttle, clock: Time) -> None:
        throttle.penalise()
        clock.now += 0.25
        assert throttle.penalise() == pytest.approx(0.75)

    def test_doubles_up_to_half_a_minute_and_forgets(self, throttle: Throttle, clock: Time) -> None:
        pauses = []
        for _ in range(7):
            pauses.append(throttle.penalise())
            clock.now += pauses[-1]
        assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30])
        clock.now += 61
        assert throttle.penalise() == pytest.approx(1.0)

    def test_holds_back_one_who_was_already_waiting(
        self, throttle: Throttle, clock: Time, server: redis.Redis, member_id: str
    ) -> None:
        for _ in range(48):
            throttle.acquire()
        other = Throttle(server, member_id, clock=clock)
        penalised: list[float] = []

        def sleep(seconds: float) -> None:
            if not penalised:
                penalised.append(other.penalise(shortest=5))
            clock.sleep(seconds)

        throttle._sleep = sleep
        assert throttle.acquire() >= 5
