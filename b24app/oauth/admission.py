"""How often somebody may make a claim that costs calls to a portal or an authorisation server before he is believed.

Every claim takes a place, of its address and of the portal it names; a claim that proves true gives them back, so only junk is
counted. What must not be kept out by other people's junk is not: whoever shows the portal's application token (a secret of it), and
the addresses from which that portal's people were proved before. Without Redis everybody is let in.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

import redis
from django.conf import settings

from b24app.oauth.addresses import visitor_address

log = logging.getLogger(__name__)

PREFIX = "claims"
WINDOW_SECONDS: Final = 600
# An office behind one address opens the app far less often in vain; one portal is named in vain by nobody honest.
PER_ADDRESS: Final = 20
PER_TARGET: Final = 60
# Somebody who knows the application token is one of the portal's people: he is only kept from hammering.
PER_TRUSTED_ADDRESS: Final = 200
KNOWN_SECONDS: Final = 30 * 24 * 3600


class TooManyClaims(Exception):
    """So many claims proved false lately that this one is not looked at; `seconds` until it may be made again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many claims that proved false")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Place:
    """A claim's place; `proved` gives it back, and lets this address in whatever others do."""

    keys: tuple[str, ...]
    known: tuple[str, ...]

    def proved(self) -> None:
        try:
            pipe = _redis().pipeline()
            for key in self.keys:
                pipe.decr(key)
                # The window may have ended meanwhile: a count below zero must not stay.
                pipe.expire(key, WINDOW_SECONDS, nx=True)
            for key in self.known:
                pipe.set(key, "1", ex=KNOWN_SECONDS)
            pipe.execute()
        except redis.RedisError as error:
            log.warning("claims are not counted: %s", error)


def admit(meta: Mapping[str, object], targets: Iterable[str], *, trusted: bool = False) -> Place:
    """Take a place for a claim of this request (WSGI environment) about the portals in `targets` (domains as claimed or stored).

    `trusted`: it carries the application token of the installed portal it names. Raises TooManyClaims.
    """
    visitor = _network(visitor_address(meta))
    wanted = sorted({target.strip().lower() for target in targets if target.strip()})
    known = tuple(_key("known", visitor, target) for target in wanted)
    limits = {_key("trusted" if trusted else "address", visitor): PER_TRUSTED_ADDRESS if trusted else PER_ADDRESS}
    try:
        if not trusted and not (known and all(_redis().mget(known))):
            limits |= {_key("target", target): PER_TARGET for target in wanted}
        counts = _take(tuple(limits))
        over = [key for key, count in zip(limits, counts, strict=True) if count > limits[key]]
        if over:
            seconds = max(1, *(int(_redis().ttl(key)) for key in over))
            _give_back(tuple(limits))
            raise TooManyClaims(seconds)
    except redis.RedisError as error:
        log.warning("claims are not counted: %s", error)
        return Place((), ())
    return Place(tuple(limits), known)


def _network(address: str) -> str:
    """One subscriber has a whole /64 of IPv6 addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else str(parsed)


def _take(keys: tuple[str, ...]) -> list[int]:
    pipe = _redis().pipeline()
    for key in keys:
        pipe.incr(key)
        pipe.expire(key, WINDOW_SECONDS, nx=True)
    return [int(count) for count in pipe.execute()[::2]]


def _give_back(keys: tuple[str, ...]) -> None:
    pipe = _redis().pipeline()
    for key in keys:
        pipe.decr(key)
    pipe.execute()


def _key(sort: str, *parts: str) -> str:
    return f"{PREFIX}:{sort}:{hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:32]}"


@lru_cache(1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CLIENT_URL, socket_timeout=2, socket_connect_timeout=2, decode_responses=True)
