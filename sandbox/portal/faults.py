"""What goes wrong on purpose: a plain object set from Python or by `POST /_sandbox/faults`.

Counted faults ("the next N requests") count down; switches stay until changed. `reset` brings everything back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Faults:
    """Faults in force."""

    # so many REST requests pass before the counted faults below strike
    skip: int = 0
    # counted: the next N REST requests …
    query_limit: int = 0  # … are refused with 503 QUERY_LIMIT_EXCEEDED
    down: int = 0  # … are refused with a bare 502 page
    html: int = 0  # … get an HTML page with status 200
    not_json: int = 0  # … get a truncated JSON body
    cut_before: int = 0  # … lose their connection before anything happens
    cut_after: int = 0  # … lose it after the effect took place
    cut_middle: int = 0  # … get half of the answer after the effect took place, then a cut
    html_after: int = 0  # … get an HTML page with status 200 after the effect took place
    redirect: int = 0  # … are sent to the portal's sign-in page (302), nothing happens
    error_after: int = 0  # … get 500 INTERNAL_SERVER_ERROR after the effect took place
    timeout_after: int = 0  # … get no answer for `stall` seconds after the effect, then a cut
    oauth_down: int = 0  # the next N token requests get a bare 502
    # switches
    operation_limit: list[str] = field(default_factory=list)  # methods refused with 429 OPERATION_TIME_LIMIT
    method_errors: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # method → {"error","error_description","status","times"}
    rest_off: bool = False  # 403 ACCESS_DENIED: REST only on commercial plans
    payment_required: bool = False  # token requests answer PAYMENT_REQUIRED
    deleted: bool = False  # PORTAL_DELETED
    moved_to: str = ""  # base URL: every other address of this portal answers 302 to it
    refuse_price_ids: bool = False  # catalog.price.modify refuses prices that carry an id (seen reported from live portals)
    lenient: bool = False  # unknown top-level parameters are ignored instead of refused
    stall: float = 1.0
    # events
    events_drop: int = 0  # the next N events are lost
    events_late: int = 0  # the next N events are held back until they are released
    events_double: bool = False
    events_delay: float = 0.0
    events_shuffle: bool = False

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def take(self, name: str) -> bool:
        """Use up one of a counted fault, if any is left."""
        with self._lock:
            left = int(getattr(self, name))
            if left <= 0:
                return False
            setattr(self, name, left - 1)
            return True

    def strikes(self) -> bool:
        """Whether the request that has just come may be struck by a counted fault (`skip` counts down)."""
        with self._lock:
            self.skip, passes = max(self.skip - 1, 0), self.skip > 0
            return not passes

    def method_error(self, method: str) -> dict[str, Any] | None:
        """The error to answer for a method, counting down its `times` (absent: always)."""
        with self._lock:
            fault = self.method_errors.get(method)
            if fault is not None and "times" in fault:
                fault["times"] -= 1
                if fault["times"] <= 0:
                    del self.method_errors[method]
            return fault

    def update(self, **changes: Any) -> None:
        """Set faults by name; an unknown name raises KeyError."""
        known = {item.name for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, value)

    def reset(self) -> None:
        """No faults any more."""
        fresh = Faults()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def snapshot(self) -> dict[str, Any]:
        """The faults in force as JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}
