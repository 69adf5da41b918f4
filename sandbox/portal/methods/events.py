"""event.*: binding handlers, and the offline queue."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from sandbox.portal.errors import RestError
from sandbox.portal.events import BINDABLE
from sandbox.portal.listing import conditions, page
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row


def _known(call: Call) -> set[str]:
    scopes = {"", *str(call.portal.app["scope"]).split(",")}
    return {name for scope, names in BINDABLE.items() if scope in scopes for name in names}


def _handler(call: Call, url: Any) -> str:
    parts = urlsplit(str(url or ""))
    if not parts.netloc:
        raise RestError("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
    if parts.scheme not in {"http", "https"}:
        raise RestError("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol")
    own = urlsplit(call.portal.app["app_url"]).hostname
    if own and parts.hostname != own:
        raise RestError("ERROR_HANDLER_URL_MATCH", "Handler URL host doesn't match application url")
    return str(url)


def _rights(call: Call, verb: str, *, offline: bool) -> None:
    if call.admin:
        return
    if offline:
        raise RestError("ACCESS_DENIED", f"Access denied! Offline events {verb} requires administrator access rights", 403)
    if int(call.get("auth_type") or 0):
        raise RestError("ACCESS_DENIED", f"Access denied! Event {verb} with AUTH_TYPE requires administrator access rights", 403)


@method("event.bind", "event*:string handler:string auth_type:int event_type:string options", write=True)
def bind(call: Call) -> bool:
    """Bind a handler (online) or begin to queue (offline)."""
    event, offline = str(call["event"]).upper(), call.get("event_type") == "offline"
    if event not in _known(call):
        raise RestError("ERROR_EVENT_NOT_FOUND", "Event not found")
    _rights(call, "binding", offline=offline)
    row: Row = {
        "event": event,
        "offline": int(offline),
        "auth_type": str(call.get("auth_type", 0)),
        "options": call.get("options"),
    }
    row |= {"handler": "" if offline else _handler(call, call.get("handler")), "connector_id": call.connector if offline else ""}
    same = ("event", "offline", "auth_type", "handler", "connector_id")
    if any(all(one[name] == row[name] for name in same) for one in call.store.all("event_handlers")):
        raise RestError("ERROR_CORE", "Unable to set event handler: Handler already binded")
    call.store.add("event_handlers", row)
    return True


@method("event.unbind", "event*:string handler:string auth_type:int event_type:string", write=True)
def unbind(call: Call) -> Row:
    """Remove matching bindings and say how many."""
    offline = call.get("event_type") == "offline"
    _rights(call, "unbinding", offline=offline)
    wanted: Row = {"event": str(call["event"]).upper(), "offline": int(offline)}
    if not offline and call.get("handler"):
        wanted["handler"] = call["handler"]
    if offline:
        wanted["connector_id"] = call.connector
    if "auth_type" in call.params:
        wanted["auth_type"] = str(call["auth_type"])
    found = [row for row in call.store.all("event_handlers") if all(row[name] == value for name, value in wanted.items())]
    for row in found:
        call.store.remove("event_handlers", row["id"])
    return {"count": len(found)}


@method("event.get")
def get(call: Call) -> list[Row]:
    """All bindings of the application."""
    return [
        {"event": row["event"], "connector_id": row["connector_id"], "offline": 1}
        if row["offline"]
        else {"event": row["event"], "handler": row["handler"], "auth_type": row["auth_type"], "offline": 0}
        for row in call.store.all("event_handlers")
    ]


@method("events", "SCOPE:string FULL scope full")
def events(call: Call) -> list[str]:
    """Codes that can be bound."""
    scope = call.get("SCOPE", call.get("scope"))
    if scope is not None:
        return list(BINDABLE.get(str(scope), ()))
    return sorted(_known(call))


@method("event.test", "any", write=True)
def test(call: Call) -> int:
    """Raise ONAPPTEST with what was sent."""
    call.portal.events.raised("ONAPPTEST", {"QUERY": {"any": call.get("any", "data")}}, user=call.user["id"])
    return 1


def _admin(call: Call) -> None:
    if not call.admin:
        raise RestError("ACCESS_DENIED", "Access denied!", 403)


def _queue(call: Call) -> list[Row]:
    given = call.get("filter") or {}
    test = conditions(
        given, lambda name: name in {"ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR"}, read=_read
    )
    return [row for row in call.store.all("offline_events") if row["connector"] == call.connector and test(row)]


def _read(row: Row, name: str) -> Any:
    return row["id"] if name in {"ID", "id"} else row.get(name)


def _shown(row: Row) -> Row:
    names = ("TIMESTAMP_X", "EVENT_NAME", "EVENT_DATA", "EVENT_ADDITIONAL", "MESSAGE_ID")
    return {"ID": str(row["id"])} | {name: row[name] for name in names}


@method("event.offline.list", "filter:array order:array")
def offline_list(call: Call) -> Page:
    """The queue as it stands, nothing taken."""
    _admin(call)
    found = page(call, _queue(call), call.get("order"), read=_read)
    rows = [_shown(row) | {"PROCESS_ID": row["PROCESS_ID"], "ERROR": str(row["ERROR"])} for row in found.result]
    return Page(rows, found.total, found.next)


@method("event.offline.get", "filter:array order:array limit:int clear process_id:string error", write=True)
def offline_get(call: Call) -> Row:
    """Take rows out of the queue, or with clear=0 reserve them under a process id."""
    _admin(call)
    clear = str(call.get("clear", 1)) not in {"0", "False", "false"}
    extended = call.portal.options.features.get("rest_offline_extended") == "Y"
    process = str(call.get("process_id") or "")
    wanted_error = int(str(call.get("error", 0)) not in {"0", "False", "false", ""})
    rows = [row for row in _queue(call) if row["PROCESS_ID"] == process and (not process or row["ERROR"] == wanted_error)]
    rows = page(Call(call.portal, {}, call.user), rows, call.get("order"), read=_read).result[: call.get("limit", 50)]
    if clear or not extended:
        for row in rows:
            call.store.remove("offline_events", row["id"])
        return {"process_id": None, "events": [_shown(row) for row in rows]}
    process = process or secrets.token_hex(16)
    for row in rows:
        call.store.change("offline_events", row, PROCESS_ID=process, ERROR=0)
    return {"process_id": process, "events": [_shown(row) for row in rows]}


def _reserved(call: Call) -> list[Row]:
    rows = [row for row in call.store.all("offline_events") if row["PROCESS_ID"] == call["process_id"]]
    for name, field in (("id", "id"), ("message_id", "MESSAGE_ID")):
        if call.get(name):
            given = call[name] if isinstance(call[name], list) else [call[name]]
            rows = [row for row in rows if str(row[field]) in set(map(str, given))]
    return rows


@method("event.offline.clear", "process_id*:string id message_id", write=True)
def offline_clear(call: Call) -> bool:
    """Remove reserved rows that were processed."""
    _admin(call)
    for row in _reserved(call):
        call.store.remove("offline_events", row["id"])
    return True


@method("event.offline.error", "process_id*:string message_id:array", write=True)
def offline_error(call: Call) -> bool:
    """Mark reserved rows as failed."""
    _admin(call)
    for row in _reserved(call):
        call.store.change("offline_events", row, ERROR=1)
    return True
