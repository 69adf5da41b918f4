"""What every fault can say of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.chaos.site import Site
from tests.chaos.steps import Step


@dataclass(frozen=True)
class Lengths:
    """How long a step is when nothing goes wrong: requests to the portal, moments inside the app (and of these in its workers), requests
    of 1C (and of these with a body)."""

    requests: int
    points: int
    worker: int
    onec: int
    posts: int
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """`in_force` is entered with the place where it strikes; it yields a function that says whether it did."""

    name: str

    def fits(self, step: Step) -> bool:
        """Whether the step has anything that this fault could hit."""
        raise NotImplementedError

    def places(self, lengths: Lengths) -> int:
        """At how many places of the step it may strike."""
        return 1

    def in_force(self, site: Site, step: Step, at: int, lengths: Lengths) -> AbstractContextManager[Callable[[], bool]]:
        raise NotImplementedError
