"""The portal as a world: its address, the application installed in it, and the parts that act."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.portal.calls import Calls
from sandbox.portal.crm_seed import seed_crm
from sandbox.portal.events import Events
from sandbox.portal.faults import Faults
from sandbox.portal.limits import LeakyBucket, OperatingTime
from sandbox.portal.oauth import OAuth
from sandbox.portal.seed import seed
from sandbox.portal.store import Row, Store

SCOPE = "crm,catalog,placement,user,user_basic,user_brief,im,bizproc,userfieldconfig,disk,sale"


@dataclass
class Options:
    """How the portal behaves; all of it can be changed while it runs."""

    answer_time: dict[str, float] = field(default_factory=dict)  # seconds a method takes; "*" for all others
    request_limit: float = 60.0  # seconds one HTTP request may take, a whole batch included
    accounting: bool = False  # warehouse accounting
    tariff: str = "ru_pro100"
    features: dict[str, str] = field(default_factory=lambda: {"rest_offline_extended": "Y", "rest_auth_connector": "Y"})


class Portal:
    """Everything behind the HTTP server."""

    def __init__(
        self,
        *,
        client_id: str = "",
        client_secret: str = "",
        app_url: str = "",
        data_dir: Path | None = None,
        clock: Callable[[], float] = time.time,
        scope: str = SCOPE,
    ) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.store = Store(data_dir / "portal.sqlite3" if data_dir else None)
        self.faults = Faults()
        self.calls = Calls()
        self.options = Options()
        self.bucket = LeakyBucket(clock)
        self.operating = OperatingTime(clock)
        self.base_url = ""
        self.domain = ""
        self._settle(client_id, client_secret, app_url, scope)
        self.oauth = OAuth(self)
        self.events = Events(self)

    def _settle(self, client_id: str, client_secret: str, app_url: str, scope: str) -> None:
        seed(self.store, self.clock())
        seed_crm(self.store, self.clock())
        known = self.store.get("app", "app") or {
            "id": "app",
            "member_id": secrets.token_hex(16),
            "client_id": f"local.{secrets.token_hex(7)}.{secrets.randbelow(10**8):08d}",
            "client_secret": secrets.token_hex(25),
            "application_token": secrets.token_hex(16),
            "installed": False,
            "opened": False,
            "installer": 0,
            "version": 1,
            "status": "L",
            "scope": scope,
            "app_url": "",
            "options": {},
            "user_options": {},
        }
        given = {"client_id": client_id, "client_secret": client_secret, "app_url": app_url.rstrip("/")}
        self.store.put("app", known | {name: value for name, value in given.items() if value})
        saved = self.store.get("options", "options")
        if saved:
            self.options.accounting = saved["accounting"]
        self.store.commit()

    @property
    def app(self) -> Row:
        """The application's row: installed, tokens' scope, application_token, options."""
        row = self.store.get("app", "app")
        assert row is not None
        return row

    def change_app(self, **fields: Any) -> None:
        """Change the application's row and keep it."""
        with self.lock:
            self.store.change("app", self.app, **fields)
            self.store.commit()

    def set_accounting(self, on: bool) -> None:
        """Switch warehouse accounting; REST itself cannot."""
        with self.lock:
            self.options.accounting = on
            self.store.put("options", {"id": "options", "accounting": on})
            self.store.commit()

    @property
    def member_id(self) -> str:
        """The portal's stable key."""
        return str(self.app["member_id"])

    @property
    def client_id(self) -> str:
        """The application's client_id on this portal."""
        return str(self.app["client_id"])

    @property
    def client_secret(self) -> str:
        """The application's secret."""
        return str(self.app["client_secret"])

    @property
    def client_endpoint(self) -> str:
        """Where REST of this portal is called."""
        return f"{self.base_url}/rest/"

    @property
    def server_endpoint(self) -> str:
        """Where the authorisation server answers REST (app.info); the same port here."""
        return f"{self.base_url}/rest/"

    @property
    def oauth_domain(self) -> str:
        """What the token endpoint calls `domain`: the authorisation server, not the portal."""
        return self.domain

    def user(self, user_id: Any) -> Row:
        """A user by id, or LookupError."""
        row = self.store.get("users", user_id)
        if row is None:
            raise LookupError(f"no user {user_id}")
        return row

    def close(self) -> None:
        """Stop sending and keep everything."""
        self.events.stop()
        with self.lock:
            self.store.close()
