"""Everything that may go wrong, by name."""

from __future__ import annotations

from tests.chaos import wire
from tests.chaos.fault import Fault
from tests.chaos.machine_faults import BrokerAway, ClockJumps, ConnectionsLost, DiskFull, DiskNearlyFull, Killed
from tests.chaos.onec_faults import OneC
from tests.chaos.portal_faults import PORTAL_FAULTS, EventsOdd
from tests.chaos.steps import WEB, WORKER

DAY = 86_400.0
FAULTS: tuple[Fault, ...] = (
    Killed("web killed (-9)", WEB),
    Killed("worker killed (-9)", WORKER),
    ConnectionsLost("PostgreSQL: connections lost"),
    BrokerAway("Valkey away"),
    *PORTAL_FAULTS,
    EventsOdd("events dropped", (("events_drop", 100),)),
    EventsOdd("events doubled", (("events_double", True),)),
    EventsOdd("events out of order", (("events_shuffle", True),)),
    EventsOdd("events late", (("events_delay", 0.3),), flushes=False),
    OneC("1C: cut in mid-upload", wire.SEND_HALF, posts=True),
    OneC("1C: hangs up in mid-answer", wire.READ_HALF),
    OneC("1C: repeats a portion", wire.TWICE, posts=True),
    OneC("1C: repeats query without success", wire.TWICE, queries=True),
    OneC("1C: two sessions at once", wire.CALL),
    DiskFull("disk full"),
    DiskNearlyFull("disk nearly full"),
    ClockJumps("clock of the app a day ahead", DAY),
    ClockJumps("clock of the app a day behind", -DAY),
    ClockJumps("clock of the portal a day ahead", 0.0, DAY),
    ClockJumps("clock of the portal a day behind", 0.0, -DAY),
)
