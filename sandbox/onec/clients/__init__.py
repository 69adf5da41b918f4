"""1C's HTTP clients, generation by generation, refusing what the real ones refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.onec.clients import address
from sandbox.onec.clients.manners import Manners
from sandbox.onec.clients.session import Session
from sandbox.onec.clients.wire import Clock, Exchange, RealClock, Wire


@dataclass(slots=True)
class Client:
    """One 1C's connection settings; every session made from it writes into the same transcript."""

    manners: Manners
    url: str
    login: str
    password: str
    clock: Clock = field(default_factory=RealClock)
    timeout: float | None = None
    patience: float = 3600
    transcript: list[Exchange] = field(default_factory=list)
    watch: Callable[[Exchange], None] | None = None

    def wire(self) -> Wire:
        """Raises ClientRefused when this generation cannot use the address."""
        where = address.parse(self.url, self.manners)
        timeout = self.manners.timeout if self.timeout is None else self.timeout
        return Wire(where, self.login, self.password, timeout, self.clock, self.transcript, self.watch)

    def session(self, type_: str = "catalog") -> Session:
        return Session(self.wire(), self.manners, type_, self.patience)
