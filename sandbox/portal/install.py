"""How the application gets onto the portal, moves to a new version and leaves it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal

INSTALL_PATH = "/b24/install/"
MAIN_PATH = "/b24/"
# Everything an application leaves behind on the portal goes away with it.
OWNED = ("event_handlers", "placements", "offline_events")


class Installation:
    """Sends the application's events and keeps its installed mark."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def begin(self) -> None:
        """Make tokens usable: an administrator opened the application for the first time."""
        if not self.portal.app["opened"]:
            self.portal.change_app(opened=True)

    def finish(self, user_id: int) -> None:
        """What the frame's installFinish does: from now on events and placements work."""
        self.portal.change_app(installed=True, opened=True, installer=user_id)

    def install(self, user_id: int = 1, *, language: str = "ru") -> dict[str, Any]:
        """Install without a frame: ONAPPINSTALL with full tokens to the install address; installed if that answers 200."""
        portal = self.portal
        self.begin()
        data = {"VERSION": str(portal.app["version"]), "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": language}
        sent = portal.events.app_event("ONAPPINSTALL", data, portal.app["app_url"] + INSTALL_PATH, user=user_id)
        if sent["status"] == 200:
            self.finish(user_id)
        return sent

    def install_until_answered(self, *, user_id: int = 1, patience: float = 120.0) -> bool:
        """Repeat the install event until the application answers 200; a portal would send it once, a developer reloads."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.install(user_id)["status"] == 200:
                return True
            time.sleep(0.5)
        return False

    def update(self, user_id: int = 1, *, language: str = "ru") -> dict[str, Any]:
        """Move to the next version: ONAPPUPDATE with a new application_token."""
        portal, previous = self.portal, self.portal.app["version"]
        portal.change_app(version=previous + 1, application_token=secrets.token_hex(16))
        data = {"VERSION": str(previous + 1), "PREVIOUS_VERSION": str(previous), "LANGUAGE_ID": language}
        return portal.events.app_event("ONAPPUPDATE", data, portal.app["app_url"] + INSTALL_PATH, user=user_id)

    def uninstall(self, *, clean: bool = True, language: str = "ru") -> list[dict[str, Any]]:
        """Remove the application: tokens die, then ONAPPUNINSTALL goes to whoever bound it; bindings are deleted."""
        portal = self.portal
        handlers = [row["handler"] for row in portal.store.all("event_handlers") if row["event"] == "ONAPPUNINSTALL"]
        with portal.lock:
            portal.oauth.revoke()
            portal.store.commit()
        data = {"LANGUAGE_ID": language, "CLEAN": "1" if clean else "0"}
        sent = [portal.events.app_event("ONAPPUNINSTALL", data, url, user=0) for url in handlers]
        with portal.lock:
            for kind in OWNED:
                for row in portal.store.all(kind):
                    portal.store.remove(kind, row["id"])
            gone = {"installed": False, "opened": False, "installer": 0, "application_token": secrets.token_hex(16)}
            portal.change_app(**gone, **({"options": {}, "user_options": {}} if clean else {}))
        return sent
