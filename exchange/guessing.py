"""Slows password guessing down: growing pauses per login and address, never a lock for good, never a wait inside a request.

Counts live in Redis; without Redis nobody is refused for guessing (passwords are random, and the exchange must go on).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings

from exchange.models import OneCBase

log = logging.getLogger(__name__)

PREFIX = "onec"
# A 1C with a mistyped password asks a few times in a row; only then pauses begin: 2, 4, 8 … seconds, five minutes at most.
FREE_TRIES: Final = 5
# From one address so many different logins may fail (an office has several bases, and one with an old password asks all day).
FREE_LOGINS_OF_ADDRESS: Final = 50
LONGEST_PAUSE: Final = 300
FORGET_AFTER: Final = 3600
# How long a password that was right is known without hashing it again: 1C sends it with every one of thousands of requests.
KNOWN_FOR: Final = 600


@lru_cache(1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CLIENT_URL, socket_timeout=2, socket_connect_timeout=2, decode_responses=True)


def pause(login: str, address: str) -> int:
    """Seconds that this login from this address has to wait before the next try counts; 0 = it may try."""
    try:
        waits = [int(_redis().ttl(f"{key}:wait")) for key in _keys(login, address)]
    except redis.RedisError as error:
        log.warning("guessing is not counted: %s", error)
        return 0
    return max(0, *waits)


def failed(login: str, address: str) -> None:
    """Count a wrong try."""
    both, alone = _keys(login, address)
    try:
        _slow_down(both, int(_redis().incr(f"{both}:count")) - FREE_TRIES)
        _redis().sadd(f"{alone}:count", both)
        _slow_down(alone, int(_redis().scard(f"{alone}:count")) - FREE_LOGINS_OF_ADDRESS)
    except redis.RedisError as error:
        log.warning("guessing is not counted: %s", error)


def _slow_down(key: str, beyond: int) -> None:
    _redis().expire(f"{key}:count", FORGET_AFTER)
    if beyond >= 0:
        _redis().set(f"{key}:wait", "1", ex=min(2 ** min(beyond + 1, 20), LONGEST_PAUSE))


def succeeded(login: str, address: str) -> None:
    """Forget the wrong tries of this login from this address."""
    try:
        key = _keys(login, address)[0]
        _redis().delete(f"{key}:count", f"{key}:wait")
    except redis.RedisError as error:
        log.warning("guessing is not counted: %s", error)


def is_known(base: OneCBase, password: str) -> bool:
    """Whether this password was right a moment ago (compared as a keyed digest of it and of the stored hash)."""
    try:
        known = _redis().get(f"{PREFIX}:known:{base.pk}")
    except redis.RedisError:
        return False
    return isinstance(known, str) and hmac.compare_digest(known, _digest(base, password))


def remember(base: OneCBase, password: str) -> None:
    """Let is_known say yes for a while; a new password ends that at once."""
    try:
        _redis().set(f"{PREFIX}:known:{base.pk}", _digest(base, password), ex=KNOWN_FOR)
    except redis.RedisError as error:
        log.warning("a right password is not remembered: %s", error)


def _digest(base: OneCBase, password: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"{base.password}\0{password}".encode(), hashlib.sha256).hexdigest()


def _keys(login: str, address: str) -> tuple[str, str]:
    both = hashlib.sha256(f"{login.casefold()}\0{address}".encode(errors="replace")).hexdigest()[:32]
    alone = hashlib.sha256(address.encode(errors="replace")).hexdigest()[:32]
    return f"{PREFIX}:guess:{both}", f"{PREFIX}:guess-from:{alone}"
