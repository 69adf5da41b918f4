"""How fast a portal may be asked: one leaky bucket per portal, in Redis, shared by every process.

Bitrix24 counts requests per portal and calling address: X at once, Y a second afterwards (50 and 2; Enterprise 250 and 5); a batch is
one request; what is over gets 503 QUERY_LIMIT_EXCEEDED. Our bucket is a little smaller, so that requests overtaking each other
on the way (burst margin ÷ rate seconds of jitter) never overflow theirs. Redis' clock alone counts.

Callers get their turn in the order they came: within a process by a gate, between processes by reserving the next free moment.
Callers with much to send give way to those who cannot wait: from the first request of those on, they leave the last places of the
bucket free (`leave`) until nothing urgent has come for a while; as long as nothing is urgent, all places are theirs. Nobody overflows
the bucket: a place is taken only if it, with everything reserved before, has room at the moment of sending.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import redis

from b24app.rest.errors import QUEUE_TOO_LONG, make
from b24app.rest.operating import OperatingTime


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` requests a second, `burst` at once; `allowance` seconds of work per method in ten minutes."""

    rate: float = 2.0
    burst: int = 48
    allowance: float = 480.0


STANDARD = Pace()
ENTERPRISE = Pace(rate=5.0, burst=240)
# How many places those who can wait leave to the others: enough for a few documents at once, and filled again within seconds.
LEFT_FREE = 6
# For how long after an urgent request: its answer is awaited and read, and the next one of the same document follows.
_GIVE_WAY_SECONDS = 15

# KEYS: the bucket (the moment when it will be empty, µs), the pause (moment, µs), until when the patient give way (moment, µs).
# ARGV: µs per request, burst, places left free (0: urgent), longest wait, now or "".
_LEFT = """
local function places(now, burst, leave)
  if leave > 0 and tonumber(redis.call('GET', KEYS[3]) or 0) > now then return math.max(burst - leave, 1) end
  return burst
end
"""
_RESERVE = (
    _LEFT
    + """
local t = redis.call('TIME'); local now = tonumber(ARGV[5]) or t[1] * 1000000 + t[2]
local leave = tonumber(ARGV[3]); local step = tonumber(ARGV[1])
local tolerance = step * places(now, tonumber(ARGV[2]), leave)
local empty = tonumber(redis.call('GET', KEYS[1]) or now); if empty < now then empty = now end
local wait = math.max(0, empty + step - now - tolerance, tonumber(redis.call('HGET', KEYS[2], 'until') or 0) - now)
if wait > tonumber(ARGV[4]) then return -math.ceil(wait) end
if leave == 0 then redis.call('SET', KEYS[3], string.format('%.0f', now + wait + tonumber(ARGV[6])), 'PX', 60000) end
redis.call('SET', KEYS[1], string.format('%.0f', empty + step), 'PX', math.ceil((empty + step - now) / 1000) + 60000)
return math.ceil(wait)"""
)
# The portal says that its bucket is full: so is ours then, and rests. Refusals of requests that were on their way at the same time
# are one penalty; the next one within a minute doubles it. ARGV: µs per request, burst, shortest and longest pause, now or "".
_PENALTY = """
local t = redis.call('TIME'); local now = tonumber(ARGV[5]) or t[1] * 1000000 + t[2]
local ends = tonumber(redis.call('HGET', KEYS[2], 'until') or 0)
if ends > now then return ends - now end
local pause = tonumber(ARGV[3])
if now - ends < 60000000 then
  pause = math.min(tonumber(ARGV[4]), 2 * tonumber(redis.call('HGET', KEYS[2], 'length') or 0)); pause = math.max(pause, tonumber(ARGV[3]))
end
redis.call('HSET', KEYS[2], 'until', string.format('%.0f', now + pause), 'length', pause)
redis.call('PEXPIRE', KEYS[2], math.ceil(pause / 1000) + 120000)
local full = now + pause + tonumber(ARGV[1]) * tonumber(ARGV[2])
if full > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 60000)
end
return pause"""
_PAUSED = """
local t = redis.call('TIME'); local now = tonumber(ARGV[1]) or t[1] * 1000000 + t[2]
return math.max(0, math.ceil(tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now))"""
# Answers places that are free, in millionths.
_FREE = (
    _LEFT
    + """
local t = redis.call('TIME'); local now = tonumber(ARGV[4]) or t[1] * 1000000 + t[2]
local filled = math.max(0, tonumber(redis.call('GET', KEYS[1]) or now) - now) / tonumber(ARGV[1])
return math.floor((places(now, tonumber(ARGV[2]), tonumber(ARGV[3])) - filled) * 1000000)"""
)
_SECOND = 1_000_000


class Throttle:
    """The pace of one portal. `leave`: who uses it can wait, and leaves so many places of the bucket free while something is urgent.

    `sleep` and `clock` (seconds; None is Redis' own) can be handed in, so that tests never wait.
    """

    def __init__(
        self,
        client: redis.Redis,
        member_id: str,
        pace: Pace = STANDARD,
        *,
        leave: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.pace = pace
        self._leave = leave
        self.operating = OperatingTime(client, member_id, pace.allowance, clock=clock)
        self._sleep = sleep
        self._clock = clock
        self._keys = [f"b24:{{{member_id}}}:{name}" for name in ("bucket", "pause", "urgent")]
        self._step = _SECOND / pace.rate
        self._gate = _gate(f"{member_id}:{leave}")
        self._reserve = client.register_script(_RESERVE)
        self._penalty = client.register_script(_PENALTY)
        self._paused = client.register_script(_PAUSED)
        self._free = client.register_script(_FREE)

    def acquire(self, longest: float = 60.0) -> float:
        """Wait for the next free place and take it; seconds waited at the gate's head.

        Raises RestError (QUEUE_TOO_LONG, nothing taken, with `retry_after`) when it would take more than `longest` seconds.
        """
        waited, limits = 0.0, [self._step, self.pace.burst, self._leave]
        with self._gate.turn():
            while True:
                wait = int(
                    self._reserve(keys=self._keys, args=[*limits, longest * _SECOND, self._now(), _GIVE_WAY_SECONDS * _SECOND])
                )
                if wait < 0:
                    raise make(QUEUE_TOO_LONG, "the portal's requests are used up", retry_after=-wait / _SECOND)
                if not wait:
                    return waited
                self._sleep(wait / _SECOND)
                waited += wait / _SECOND
                if not int(self._paused(keys=self._keys[1:2], args=[self._now()])):
                    return waited

    def free(self) -> float:
        """How many requests could leave at once, as far as is known; takes nothing."""
        return int(self._free(keys=self._keys, args=[self._step, self.pace.burst, self._leave, self._now()])) / _SECOND

    def penalise(self, shortest: float = 1.0, longest: float = 30.0) -> float:
        """The portal refused for too many requests: rest, longer each time; seconds until requests may go out again."""
        args = [self._step, self.pace.burst, shortest * _SECOND, longest * _SECOND, self._now()]
        return float(self._penalty(keys=self._keys[:2], args=args)) / _SECOND

    def allowed(self, method: str, count: int = 1) -> float:
        """Seconds until `count` commands of the method fit its operating time; 0 is now. Books nothing."""
        return self.operating.wait(method, count)

    def _now(self) -> Any:
        return "" if self._clock is None else f"{self._clock() * _SECOND:.0f}"


class _Gate:
    """Lets one thread through at a time, in the order of arrival (a plain lock promises no order)."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = self._serving = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._changed:
            ticket = self._next
            self._next += 1
            self._changed.wait_for(lambda: self._serving == ticket)
        try:
            yield
        finally:
            with self._changed:
                self._serving += 1
                self._changed.notify_all()


_gates: WeakValueDictionary[str, _Gate] = WeakValueDictionary()
_gates_lock = threading.Lock()


def _gate(name: str) -> _Gate:
    with _gates_lock:
        return _gates.setdefault(name, _Gate())
