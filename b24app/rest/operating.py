"""The time each method may work: learned from the answers, planned so that no method exceeds its allowance.

Bitrix24 adds up how long an app's calls of one method took in the last ten one-minute buckets (an example in its documents: 480 s) and
refuses with 429 OPERATION_TIME_LIMIT what starts above that. Every answer tells `time.operating` (used so far) and
`operating_reset_at` (when the oldest minute drops out), inside a batch per command. We keep the same buckets in Redis, count what is on its way by the learned seconds
per command, and believe whichever of the two sums is higher.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from b24app.rest.batching import Timing

# A part is kept back: the seconds of a command are an estimate, and the portal's minutes need not be ours.
_SHARE = 0.95
# Of the allowance, what a command of a method never seen is taken to need: a few batches feel the way, the others wait a moment.
_UNKNOWN = 1 / 400
_LEARNED_FOR = 30 * 24 * 3600

# Fields of a method's hash: b:<minute> seconds charged, f:<minute> set aside and not answered yet, used + reset: the portal's own
# word and until when it holds, pause: moment before which nothing goes. A killed worker's bookings age out by themselves.
_LOAD = """
local t = redis.call('TIME'); local now = tonumber(ARGV[1]) or t[1] + t[2] / 1000000
local minute = math.floor(now / 60)
local own, grace, flying, spent, used, reset, pause = 0, 0, 0, {}, nil, 0, 0
local raw = redis.call('HGETALL', KEYS[1])
for i = 1, #raw, 2 do
  local kind, at, value = string.sub(raw[i], 1, 2), tonumber(string.sub(raw[i], 3)), tonumber(raw[i + 1])
  if kind == 'b:' then
    if at > minute - 10 then own = own + value; spent[at] = value
    elseif at == minute - 10 then grace = value else redis.call('HDEL', KEYS[1], raw[i]) end
  elseif kind == 'f:' then
    if at > minute - 3 then flying = flying + value else redis.call('HDEL', KEYS[1], raw[i]) end
  elseif raw[i] == 'used' then used = value
  elseif raw[i] == 'reset' then reset = value
  elseif raw[i] == 'pause' then pause = value end
end
"""
# ARGV: now or "", method, count, limit, share of the limit for a command of an unknown method, 1 to book.
# Answers "wait estimate minute".
_BOOK = _LOAD + """
local limit = tonumber(ARGV[4]); local known = redis.call('HGET', KEYS[2], ARGV[2] .. ' charged')
local need = math.min(limit, tonumber(ARGV[3]) * tonumber(known or ARGV[5] * limit))
local wait = 0
if now < reset and used + flying + need > limit then wait = used + need > limit and reset - now or 1 end
if own + flying + need > limit then
  wait = math.max(wait, 1)
  local rest, at = own, minute - 9
  while rest + need > limit and at <= minute do
    rest = rest - (spent[at] or 0); wait = math.max(wait, (at + 10) * 60 - now); at = at + 1
  end
end
if not known and flying > 0 then wait = math.min(wait, 0.25) end
wait = math.max(wait, pause - now)
if wait <= 0 and ARGV[6] == '1' then
  redis.call('HINCRBYFLOAT', KEYS[1], 'f:' .. minute, need); redis.call('EXPIRE', KEYS[1], 1200)
end
return tostring(wait) .. ' ' .. tostring(need) .. ' ' .. minute"""
# The growth of the portal's number since the last answer is what we are charged; a bucket that drops out about now may still be in it.
# ARGV: now or "", method, booked minute, estimate, seconds of work, commands timed, operating or "", its growth inside the answer,
# seconds until it falls or "", how long to remember.
_SETTLE = _LOAD + """
local seconds, count = tonumber(ARGV[5]), tonumber(ARGV[6])
local left = tonumber(redis.call('HGET', KEYS[1], 'f:' .. ARGV[3]) or 0) - tonumber(ARGV[4])
if left > 0.000001 then redis.call('HSET', KEYS[1], 'f:' .. ARGV[3], tostring(left)) else redis.call('HDEL', KEYS[1], 'f:' .. ARGV[3]) end
local charged, sample = seconds, count > 0 and seconds / count or 0
if ARGV[7] ~= '' then
  local said, ends = tonumber(ARGV[7]), now + (tonumber(ARGV[9]) or 60)
  charged = math.max(0, said - own - grace)
  local growth = count > 1 and ARGV[8] / (count - 1) or charged / count
  if used then growth = math.min(growth, charged / count) elseif count < 2 then growth = 0 end
  sample = math.max(sample, growth)
  if now < reset and ends < reset + 30 then said = math.max(said, used); ends = math.max(ends, reset) end
  redis.call('HSET', KEYS[1], 'used', tostring(said), 'reset', tostring(ends))
end
if charged > 0 then redis.call('HINCRBYFLOAT', KEYS[1], 'b:' .. minute, charged) end
redis.call('EXPIRE', KEYS[1], 1200)
local function learn(field, value)
  local before = tonumber(redis.call('HGET', KEYS[2], field) or value)
  redis.call('HSET', KEYS[2], field, tostring(before + (value - before) * (value > before and 0.5 or 0.2)))
end
if count > 0 then
  learn(ARGV[2], seconds / count); learn(ARGV[2] .. ' charged', sample); redis.call('EXPIRE', KEYS[2], ARGV[10])
end
return 1"""
_PAUSE = _LOAD + """
local ends = math.max(pause, now + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'pause', tostring(ends)); redis.call('EXPIRE', KEYS[1], 1200 + math.ceil(ends - now))
return tostring(ends - now)"""


@dataclass(frozen=True, slots=True)
class Booking:
    """Time set aside for commands about to be sent; `wait` above 0: nothing was set aside, so many seconds are to pass first."""

    method: str
    wait: float
    estimate: float
    minute: int


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
        """Set time aside for `count` commands about to be sent, or tell how long to wait (then nothing is set aside)."""
        return self._ask(method, count, book=True)

    def settle(self, booking: Booking, timings: Sequence[Timing]) -> None:
        """The answer is here, or never will be: replace the estimate by what the portal reports (nothing when it ran nothing)."""
        spoken = [timing.operating for timing in timings if timing.operating is not None]
        rests = [timing.rest for timing in timings if timing.rest is not None]
        self._settle(
            keys=self._keys(booking.method),
            args=[
                self._now(), booking.method, booking.minute, booking.estimate,
                sum(timing.seconds for timing in timings), len(timings),
                max(spoken, default=""), max(spoken, default=0.0) - min(spoken, default=0.0), min(rests, default=""), _LEARNED_FOR,
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
        args = [self._now(), method, count, self._limit, _UNKNOWN, "1" if book else "0"]
        answer: Any = self._book(keys=self._keys(method), args=args)
        wait, estimate, minute = (answer.decode() if isinstance(answer, bytes) else answer).split()
        return Booking(method, float(wait), float(estimate), int(minute))

    def _keys(self, method: str) -> list[str]:
        return [f"{self._prefix}:time:{method}", f"{self._prefix}:costs"]

    def _now(self) -> str:
        return "" if self._clock is None else repr(self._clock())
