"""What a 1C may do to its exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.onec.clients.wire import Request
from tests.chaos.fault import Fault, Lengths
from tests.chaos.site import Site
from tests.chaos.steps import ONEC, Step


@dataclass(frozen=True)
class OneC(Fault):
    """Something odd at one of 1C's requests."""

    what: str = ""
    posts: bool = False
    queries: bool = False

    def fits(self, step: Step) -> bool:
        return ONEC in step.touches and (step.posts or not self.posts) and (step.queries or not self.queries)

    def places(self, lengths: Lengths) -> int:
        return 1 if self.queries else lengths.posts if self.posts else lengths.onec

    def _struck_by(self, request: Request) -> bool:
        if self.queries:
            return "mode=query" in request.target
        return request.size > 0 if self.posts else True

    @contextmanager
    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> Iterator[Callable[[], bool]]:
        mischief, done = site.mischief, site.mischief.done
        mischief.what, mischief.at, mischief.fits, mischief.fitting = self.what, at, self._struck_by, 0
        mischief.call = lambda: self._rival(site, step)
        yield lambda: mischief.done > done
        mischief.what = ""

    def _rival(self, site: Site, step: Step) -> None:
        """Another session of the same 1C does the same, whole, at this very moment."""
        session = site.session
        if step.rival is not None:
            step.rival(site)
        site.session = session
