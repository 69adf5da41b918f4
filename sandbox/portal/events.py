"""Portal events: online handlers called from a sender's thread, and the offline queue.

As documented: form-urlencoded POST with only the object's id, no retries, nothing before the installation is finished;
offline keeps one row per object, event and connector, and leaves out changes made by that connector itself.
"""

from __future__ import annotations

import json
import queue
import random
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sandbox.portal import phpquery
from sandbox.portal.clock import iso

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal
    from sandbox.portal.store import Row

APP_EVENTS = (
    "ONAPPUNINSTALL",
    "ONAPPINSTALL",
    "ONAPPUPDATE",
    "ONAPPPAYMENT",
    "ONAPPTEST",
    "ONAPPMETHODCONFIRM",
    "ONOFFLINEEVENT",
)
CATALOG_EVENTS = tuple(
    f"CATALOG.{thing}.ON.{verb}"
    for thing in ("PRODUCT", "PRICE", "PRICE.TYPE", "MEASURE", "ROUNDING")
    for verb in ("ADD", "UPDATE", "DELETE")
)
CRM_EVENTS = (
    *(
        f"ONCRM{thing}{verb}"
        for thing in (
            "LEAD",
            "DEAL",
            "COMPANY",
            "CONTACT",
            "QUOTE",
            "DYNAMICITEM",
            "TYPE",
            "REQUISITE",
            "BANKDETAIL",
            "CURRENCY",
            "ACTIVITY",
        )
        for verb in ("ADD", "UPDATE", "DELETE")
    ),
    "ONCRMADDRESSREGISTER",
    "ONCRMADDRESSUNREGISTER",
    "ONCRMDEALMOVETOCATEGORY",
    "ONCRMTIMELINECOMMENTADD",
    "ONCRMTIMELINECOMMENTUPDATE",
    "ONCRMTIMELINECOMMENTDELETE",
    "ONCRMTIMELINEITEMACTION",
)
BINDABLE = {"": APP_EVENTS, "user": ("ONUSERADD",), "crm": CRM_EVENTS, "catalog": CATALOG_EVENTS}
WITH_REFRESH = frozenset({"ONAPPINSTALL", "ONAPPUPDATE", "ONOFFLINEEVENT", "ONAPPTEST"})


class Events:
    """Raises events, sends them and keeps the offline queue."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.timeout = 10.0
        self.log: list[dict[str, Any]] = []
        self._outbox: queue.Queue[tuple[str, str, Row] | None] = queue.Queue()
        self._late: list[tuple[str, str, Row]] = []
        self._thread: threading.Thread | None = None

    def happened(self, event: str, fields: dict[str, Any], *, user: int = 0, connector: str = "") -> None:
        """Put an object's event into the offline queue and call the online handlers."""
        self.raised(event, {"FIELDS": fields}, user=user, connector=connector)

    def raised(self, event: str, data: dict[str, Any], *, user: int = 0, connector: str = "") -> None:
        """The same with the whole `data` given."""
        portal = self.portal
        if not portal.app["installed"]:
            return
        for binding in portal.store.all("event_handlers"):
            if binding["event"] != event.upper():
                continue
            if binding["offline"]:
                if binding["connector_id"] != connector or not connector:
                    self._queue(binding, event, data, user)
            else:
                self._send(binding["handler"], self._form(event, data, binding, user))

    def _queue(self, binding: Row, event: str, data: dict[str, Any], user: int) -> None:
        store, now = self.portal.store, iso(self.portal.clock())
        waiting = store.table("offline_events")
        about = json.dumps([event.upper(), binding["connector_id"], data], ensure_ascii=False, sort_keys=True)
        fresh = [row for row in waiting.by("about", [about]) if not row["PROCESS_ID"] and row["EVENT_DATA"] == data]
        if fresh:
            store.change("offline_events", fresh[0], TIMESTAMP_X=now, EVENT_ADDITIONAL={"user_id": user})
            return
        first = not waiting.indexes["PROCESS_ID"].get("")
        row: Row = {"TIMESTAMP_X": now, "EVENT_NAME": event.upper(), "EVENT_DATA": data, "EVENT_ADDITIONAL": {"user_id": user}}
        row |= {
            "MESSAGE_ID": secrets.token_hex(16),
            "PROCESS_ID": "",
            "ERROR": 0,
            "connector": binding["connector_id"],
            "about": about,
        }
        store.add("offline_events", row)
        if first:
            self._wake(user)

    def _wake(self, user: int) -> None:
        for binding in self.portal.store.all("event_handlers"):
            if binding["event"] == "ONOFFLINEEVENT" and not binding["offline"]:
                self._send(binding["handler"], self._form("ONOFFLINEEVENT", {}, binding, user))

    def _form(self, event: str, data: dict[str, Any], binding: Row | None, user: int) -> dict[str, Any]:
        acting = int(binding["auth_type"]) if binding and int(binding["auth_type"]) else user
        form: dict[str, Any] = {"event": event.upper(), "data": data, "ts": str(int(self.portal.clock()))}
        if binding:
            form["event_handler_id"] = binding["id"]
        form["auth"] = self._auth(event.upper(), acting)
        return form

    def _auth(self, event: str, user: int) -> dict[str, Any]:
        portal = self.portal
        auth: dict[str, Any] = {
            "domain": portal.domain,
            "server_endpoint": portal.server_endpoint,
            "client_endpoint": portal.client_endpoint,
            "member_id": portal.member_id,
            "application_token": portal.app["application_token"],
            "status": portal.app["status"],
        }
        if user and event != "ONAPPUNINSTALL":
            tokens = portal.oauth.issue(user)
            auth |= {
                "access_token": tokens["access_token"],
                "expires_in": tokens["expires_in"],
                "scope": portal.app["scope"].replace(",", " "),
            }
            if event in WITH_REFRESH:
                auth["refresh_token"] = tokens["refresh_token"]
        return auth

    def app_event(self, event: str, data: dict[str, Any], url: str, *, user: int) -> Row:
        """Send an application event (install, update, uninstall) at once; answers the log's row."""
        with self.portal.lock:
            form = self._form(event, data, None, user)
            self.portal.store.commit()
        return self._deliver(url, form)

    def _send(self, url: str, form: dict[str, Any]) -> None:
        if self.portal.faults.take("events_drop"):
            self.log.append({"event": form["event"], "url": url, "status": None, "error": "dropped"})
            return
        for _ in range(2 if self.portal.faults.events_double else 1):
            if self.portal.faults.take("events_late"):
                self._late.append((form["event"], url, form))
                continue
            self._start()
            self._outbox.put((form["event"], url, form))

    def release(self) -> int:
        """Send what was held back (`events_late`), in another order than it happened; how many those are."""
        late, self._late = self._late, []
        random.shuffle(late)
        for one in late:
            self._start()
            self._outbox.put(one)
        return len(late)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="portal-events", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            item = self._outbox.get()
            waiting = [item]
            if item is not None and self.portal.faults.events_delay:
                time.sleep(self.portal.faults.events_delay)
            if self.portal.faults.events_shuffle:
                while not self._outbox.empty():
                    waiting.append(self._outbox.get())
                random.shuffle(waiting)
            for one in waiting:
                if one is not None:
                    self._deliver(one[1], one[2])
                self._outbox.task_done()
            if None in waiting:
                return

    def _deliver(self, url: str, form: dict[str, Any]) -> Row:
        body = phpquery.build(form).encode()
        request = Request(
            url, body, {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24 Event Sender (sandbox)"}
        )
        row: Row = {"event": form["event"], "url": url, "data": form["data"], "status": None, "error": ""}
        try:
            with urlopen(request, timeout=self.timeout) as answer:
                answer.read()
                row["status"] = answer.status
        except HTTPError as error:
            row["status"] = error.code
        except OSError as error:
            row["error"] = str(error)
        self.log.append(row)
        del self.log[:-5000]
        return row

    def flush(self) -> None:
        """Wait until everything raised so far was sent."""
        self._outbox.join()

    def stop(self) -> None:
        """End the sender."""
        if self._thread is not None and self._thread.is_alive():
            self._outbox.put(None)
            self._thread.join(timeout=2)
