"""The time each method may work: learned from the answers, planned so that no method exceeds its allowance.

Bitrix24 adds up how long an app's calls of one method took in the last ten one-minute buckets (an example in its documents: 480 s)
and refuses with 429 OPERATION_TIME_LIMIT what starts above that. Every answer tells `time.operating`, the sum so far, inside a
batch per command. So we keep the same buckets in Redis, by the portal's clock, and add what is on its way by the learned seconds
per command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from b24app.rest.batching import Timing

# A part is kept back: the seconds of a command are an estimate.
_SHARE = 0.95
# Seconds set aside for a batch of a method never seen: no request takes longer. A few feel the way, the others wait a moment.
_UNKNOWN = 60
# What is on its way is set aside at so many times its estimate: a method may become that much dearer from one moment to the next, and
# what is on its way by then has left. Where little is left, as many commands go as it is good for (not less than a second's work).
_DEARER = 10
_LEARNED_FOR = 30 * 24 * 3600

# Fields of a method's hash: b:<minute> seconds charged in a minute of the portal's clock, f:<minute> set aside and not answered yet,
# skew: the portal's clock minus ours, pause: moment before which nothing goes. A killed worker's bookings age out by themselves.
_LOAD = """
local t = redis.call('TIME'); local now = tonumber(ARGV[1]) or t[1] + t[2] / 1000000
local skew, pause, flying, spent = nil, 0, 0, {}
local raw = redis.call('HGETALL', KEYS[1])
for i = 1, #raw, 2 do if raw[i] == 'skew' then skew = tonumber(raw[i + 1]) end end
local there = now + (skew or 0); local minute = math.floor(there / 60)
for i = 1, #raw, 2 do
  local kind, at, value = string.sub(raw[i], 1, 2), tonumber(string.sub(raw[i], 3)), tonumber(raw[i + 1])
  if kind == 'b:' then
    if at > minute - 12 then spent[at] = value else redis.call('HDEL', KEYS[1], raw[i]) end
  elseif kind == 'f:' then
    if at > minute - 3 then flying = flying + value else redis.call('HDEL', KEYS[1], raw[i]) end
  elseif raw[i] == 'pause' then pause = value end
end
local function window(last)
  local sum = 0
  for at = last - 9, last do sum = sum + (spent[at] or 0) end
  return sum
end
"""
# ARGV: now or "", method, count, limit, longest request, 1 to book, how much dearer it may become. Answers "wait estimate minute count".
_BOOK = (
    _LOAD
    + """
local limit, longest, count = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[3])
local cost = tonumber(redis.call('HGET', KEYS[2], ARGV[2] .. ' charged') or nil)
local worst = cost and math.max(cost, math.min(cost * ARGV[7], longest))
local function set_aside(commands) return math.min(limit, worst and commands * worst or longest) end
local rest, at, wait, fits, least = window(minute), minute - 9, 0, count, count
if cost and cost > 0 then
  least = math.min(count, math.max(1, math.ceil(1 / cost)))
  fits = math.max(least, math.min(count, math.floor((limit - rest - flying) / worst)))
end
local need = set_aside(fits)
if rest + flying + need > limit then wait = 1 end
while rest + set_aside(least) > limit and at <= minute do
  rest = rest - (spent[at] or 0); wait = (at + 10) * 60 - there + 0.1; at = at + 1
end
if not cost and flying > 0 then wait = math.min(wait, 0.25) end
wait = math.max(wait, pause - now)
if wait <= 0 and ARGV[6] == '1' then
  redis.call('HINCRBYFLOAT', KEYS[1], 'f:' .. minute, need); redis.call('EXPIRE', KEYS[1], 1200)
end
return tostring(wait) .. ' ' .. tostring(need) .. ' ' .. minute .. ' ' .. fits"""
)
# What the portal had charged at the end of each minute is compared with our minutes up to there: the difference belongs to that minute.
# ARGV: now or "", method, booked minute, estimate, seconds of work, commands timed, growth of the portal's number inside the answer,
# the portal's clock or "", how long to remember, then pairs: minute, what the portal had charged.
_SETTLE = (
    _LOAD
    + """
local seconds, count, added = tonumber(ARGV[5]), tonumber(ARGV[6]), 0
local left = tonumber(redis.call('HGET', KEYS[1], 'f:' .. ARGV[3]) or 0) - tonumber(ARGV[4])
if left > 0.000001 then redis.call('HSET', KEYS[1], 'f:' .. ARGV[3], tostring(left)) else redis.call('HDEL', KEYS[1], 'f:' .. ARGV[3]) end
local function charge(at, more)
  if more > 0 then
    spent[at] = (spent[at] or 0) + more; added = added + more
    redis.call('HSET', KEYS[1], 'b:' .. at, tostring(spent[at]))
  end
end
for i = 10, #ARGV, 2 do charge(tonumber(ARGV[i]), ARGV[i + 1] - window(tonumber(ARGV[i]))) end
if #ARGV < 10 then charge(minute, seconds) end
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'skew', tostring(math.max(ARGV[8] - now, (skew or -1e9) - 0.1))) end
redis.call('EXPIRE', KEYS[1], 1200)
if count > 0 then
  local growth = count > 1 and ARGV[7] / (count - 1) or added
  if skew then growth = math.min(growth, added / count) elseif count < 2 then growth = 0 end
  local learned = {[ARGV[2]] = seconds / count, [ARGV[2] .. ' charged'] = math.max(seconds / count, growth)}
  for field, value in pairs(learned) do
    local before = tonumber(redis.call('HGET', KEYS[2], field) or value)
    redis.call('HSET', KEYS[2], field, tostring(before + (value - before) * (value > before and 0.5 or 0.2)))
  end
  redis.call('EXPIRE', KEYS[2], ARGV[9])
end
return 1"""
)
_PAUSE = (
    _LOAD
    + """
local ends = math.max(pause, now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'pause', tostring(ends)); redis.call('EXPIRE', KEYS[1], 1200 + math.ceil(ends - now))
return tostring(ends - now)"""
)


@dataclass(frozen=True, slots=True)
class Booking:
    """Time set aside for the first `count` commands about to be sent; `wait` above 0: for none, so many seconds are to pass first."""

    method: str
    wait: float
    estimate: float
    minute: int
    count: int


class OperatingTime:
    """The operating time of one portal's methods, shared by all processes through Redis."""

    def __init__(
        self, client: redis.Redis, member_id: str, allowance: float = 480.0, *, clock: Callable[[], float] | None = None
    ) -> None:
        self._redis = client
        self._prefix = f"b24:{{{member_id}}}"
        self._limit = allowance * _SHARE
        self._clock = clock
        self._book = client.register_script(_BOOK)
        self._settle = client.register_script(_SETTLE)
        self._pause = client.register_script(_PAUSE)

    def wait(self, method: str, count: int = 1) -> float:
        """Seconds until `count` commands of the method fit; books nothing."""
        return self._ask(method, count, book=False).wait

    def book(self, method: str, count: int = 1) -> Booking:
        """Set time aside for up to `count` commands about to be sent, or tell how long to wait (then nothing is set aside)."""
        return self._ask(method, count, book=True)

    def settle(self, booking: Booking, timings: Sequence[Timing]) -> None:
        """The answer is here, or never will be: replace the estimate by what the portal reports (nothing when it ran nothing)."""
        spoken = [timing for timing in timings if timing.operating is not None and timing.finish is not None]
        by_minute: dict[int, float] = {}
        for timing in spoken:
            minute = int((timing.finish or 0.0) // 60)
            by_minute[minute] = max(by_minute.get(minute, 0.0), timing.operating or 0.0)
        shown = [timing.operating or 0.0 for timing in spoken]
        pairs = [part for minute in sorted(by_minute) for part in (minute, by_minute[minute])]
        self._settle(
            keys=self._keys(booking.method),
            args=[
                self._now(),
                booking.method,
                booking.minute,
                booking.estimate,
                sum(timing.seconds for timing in timings),
                len(timings),
                max(shown, default=0.0) - min(shown, default=0.0),
                max((timing.finish or 0.0 for timing in spoken), default=""),
                _LEARNED_FOR,
                *pairs,
            ],
        )

    def pause(self, method: str, seconds: float) -> float:
        """The portal refused the method for its operating time: let it rest; seconds until it may go on."""
        return float(self._pause(keys=self._keys(method.casefold())[:1], args=[self._now(), seconds]))

    def seconds_per_command(self, method: str) -> float | None:
        """What one command of the method takes, as learned from all answers so far; None when there were none."""
        value: Any = self._redis.hget(f"{self._prefix}:costs", method.casefold())
        return None if value is None else float(value)

    def _ask(self, method: str, count: int, *, book: bool) -> Booking:
        method = method.casefold()
        args: list[bytes | bytearray | memoryview[int] | str | int | float] = [
            self._now(),
            method,
            count,
            self._limit,
            _UNKNOWN,
            "1" if book else "0",
            _DEARER,
        ]
        answer: Any = self._book(keys=self._keys(method), args=args)
        wait, estimate, minute, fits = (answer.decode() if isinstance(answer, bytes) else answer).split()
        return Booking(method, float(wait), float(estimate), int(minute), int(float(fits)))

    def _keys(self, method: str) -> list[str]:
        return [f"{self._prefix}:time:{method}", f"{self._prefix}:costs"]

    def _now(self) -> str:
        return "" if self._clock is None else repr(self._clock())
