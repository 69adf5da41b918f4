"""What a portal may answer, or fail to answer, and what may become of our access to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from b24app.rest import transport
from tests.chaos.fault import Fault, Lengths
from tests.chaos.site import Site
from tests.chaos.steps import EVENTS, PORTAL, Step


@dataclass(frozen=True)
class Counted(Fault):
    """A fault of the portal's control API strikes one request (or `times`)."""

    switch: str = ""
    times: int = 1

    def fits(self, step: Step) -> bool:
        return PORTAL in step.touches

    def places(self, lengths: Lengths) -> int:
        return lengths.requests

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        faults = site.server.faults
        faults.update(skip=at, stall=0.6, **{self.switch: self.times})
        with pytest.MonkeyPatch.context() as patch:
            # A real time-out, in half a second.
            patch.setattr(transport, "MARGIN_SECONDS", 0.2 if self.switch == "timeout_after" else transport.MARGIN_SECONDS)
            if self.switch == "timeout_after":
                patch.setattr(settings, "B24_REQUEST_LIMIT", 0.15)
            yield lambda: int(getattr(faults, self.switch)) < self.times
        faults.reset()


@dataclass(frozen=True)
class Happens(Fault):
    """Something happens to the portal just before a request is answered; `ends` brings it back afterwards."""

    begins: Callable[[Site, Lengths, int], None] = lambda site, lengths, at: None
    ends: Callable[[Site], None] = lambda site: None
    showed: Callable[[Site], bool] = lambda site: True
    slice: float = 20.0

    def fits(self, step: Step) -> bool:
        return PORTAL in step.touches

    def places(self, lengths: Lengths) -> int:
        return lengths.requests

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        rest, left, begun = site.server.rest, [at], [False]
        answer = rest.answer

        def answered(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                begun[0] = True
                self.begins(site, lengths, at)
            return answer(*args, **named)

        site.server.calls.reset()
        before, site.slice = site.slice, self.slice
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rest, "answer", answered)
            yield lambda: begun[0] and self.showed(site)
        site.slice = before
        site.listen()
        self.ends(site)


def _set(**switches: Any) -> Callable[[Site, Lengths, int], None]:
    return lambda site, lengths, at: site.server.faults.update(**switches)


def _no_faults(site: Site) -> None:
    site.server.faults.reset()


def _expire(site: Site, lengths: Lengths, at: int) -> None:
    with site.server.portal.lock:
        site.server.portal.oauth.expire()


def _expire_without_server(site: Site, lengths: Lengths, at: int) -> None:
    _expire(site, lengths, at)
    site.server.faults.update(oauth_down=1)


def _revoke(site: Site, lengths: Lengths, at: int) -> None:
    with site.server.portal.lock:
        site.server.portal.oauth.revoke()


def _administrator_opens(site: Site) -> None:
    assert site.server.installation.install()["status"] == 200


def _end_subscription(site: Site, lengths: Lengths, at: int) -> None:
    _expire(site, lengths, at)
    site.server.faults.update(payment_required=True)


def _use_up(site: Site, lengths: Lengths, at: int) -> None:
    """The operating time of one of the step's methods is used up."""
    site.server.faults.update(operation_limit=[lengths.methods[at % len(lengths.methods)]])


def _renamed(site: Site, lengths: Lengths, at: int) -> None:
    site.server.faults.update(moved_to=site.server.url.replace("localhost", "127.0.0.1"))


def _knows_the_new_name(site: Site) -> bool:
    site.portal.refresh_from_db()
    return "127.0.0.1" in site.portal.client_endpoint


PORTAL_FAULTS: tuple[Fault, ...] = (
    Counted("portal: 503 once", "query_limit"),
    Counted("portal: 503 five times", "query_limit", 5),
    Happens("portal: 429 of a method", _use_up, _no_faults, lambda site: site.server.calls.rejected[429] > 0, slice=1.0),
    Counted("portal: 500 after the effect", "error_after"),
    Counted("portal: no answer in time, after the effect", "timeout_after"),
    Counted("portal: HTML instead of JSON", "html"),
    Counted("portal: HTML after the effect", "html_after"),
    Counted("portal: half of the JSON", "not_json"),
    Counted("portal: 502", "down"),
    Counted("portal: cut before the effect", "cut_before"),
    Counted("portal: cut in mid-answer", "cut_middle"),
    Counted("portal: cut after the effect", "cut_after"),
    Counted("portal: 302 to a page", "redirect"),
    Happens("portal: 302, renamed", _renamed, showed=_knows_the_new_name),
    Happens("portal: token expired", _expire, showed=lambda site: site.server.calls.tokens > 0),
    Happens(
        "portal: token expired, OAuth down", _expire_without_server, _no_faults, lambda site: not site.server.faults.oauth_down
    ),
    Happens("portal: access revoked", _revoke, _administrator_opens),
    Happens("portal: subscription ended", _end_subscription, _no_faults),
    Happens("portal: REST off by the tariff", _set(rest_off=True), _no_faults),
)


@dataclass(frozen=True)
class EventsOdd(Fault):
    switches: tuple[tuple[str, Any], ...] = ()
    flushes: bool = True

    def fits(self, step: Step) -> bool:
        return EVENTS in step.touches

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        sent = len(site.server.portal.events.log)
        site.server.faults.update(**dict(self.switches))
        site.flushes = self.flushes
        yield lambda: not self.flushes or len(site.server.portal.events.log) > sent
        if not self.flushes:
            # Late: everything else has gone on meanwhile.
            site.calm(goods_too=False)
            site.server.portal.events.flush()
        site.server.faults.reset()
        site.flushes = True
