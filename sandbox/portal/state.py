"""A read-only view of everything on the portal, for tests and for `GET /_sandbox/state`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from sandbox.portal.store import Row

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal

SECRET_KINDS = frozenset({"access_tokens", "refresh_tokens", "codes", "app", "options"})


class State:
    """`state["products"]` or `state.products` are copies of the rows; `state.one("products", xmlId="…")` finds one."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def __getitem__(self, kind: str) -> list[Row]:
        with self._portal.lock:
            return copy.deepcopy(self._portal.store.all(kind))

    def __getattr__(self, kind: str) -> list[Row]:
        if kind.startswith("_"):
            raise AttributeError(kind)
        return self[kind]

    def where(self, kind: str, **fields: Any) -> list[Row]:
        """Copies of the rows whose fields equal the given ones."""
        with self._portal.lock:
            rows = [row for row in self._portal.store.all(kind) if all(row.get(name) == value for name, value in fields.items())]
            return copy.deepcopy(rows)

    def one(self, kind: str, **fields: Any) -> Row:
        """The only such row; raises LookupError when there are none or several."""
        rows = self.where(kind, **fields)
        if len(rows) != 1:
            raise LookupError(f"{len(rows)} rows of {kind} with {fields}")
        return rows[0]

    def get(self, kind: str, key: Any) -> Row | None:
        """A copy of a row by key."""
        with self._portal.lock:
            return copy.deepcopy(self._portal.store.get(kind, key))

    def count(self, kind: str) -> int:
        """How many rows there are."""
        return len(self._portal.store.table(kind).rows)

    def snapshot(self, only: list[str] | None = None) -> dict[str, Any]:
        """All entities by kind, and what is known about the portal and the application."""
        portal = self._portal
        with portal.lock:
            kinds = only or sorted(kind for kind in portal.store.tables if kind not in SECRET_KINDS)
            state: dict[str, Any] = {kind: rows for kind, rows in portal.store.dump(kinds).items() if kind not in SECRET_KINDS}
            app = {
                name: portal.app[name] for name in ("installed", "installer", "version", "status", "scope", "app_url", "options")
            }
            state["portal"] = {
                "domain": portal.domain,
                "member_id": portal.member_id,
                "accounting": portal.options.accounting,
                "app": app,
            }
            state["event_log"] = list(portal.events.log)
            return state
