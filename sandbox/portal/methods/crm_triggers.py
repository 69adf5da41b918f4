"""crm.automation.trigger.*: what an application can fire at an object."""

from __future__ import annotations

import re

from sandbox.portal.errors import RestError
from sandbox.portal.methods.crm_entities import entity
from sandbox.portal.registry import Call, method
from sandbox.portal.store import Row

TRIGGER = re.compile(r"[a-z0-9.\-_]+", re.IGNORECASE)


def _trigger(call: Call) -> str:
    if not call.admin:
        raise RestError("ACCESS_DENIED", "Access denied! Admin permissions required")
    code = str(call.get("CODE") or "")
    if not code:
        raise RestError("", "Empty trigger code!")
    if TRIGGER.fullmatch(code) is None:
        raise RestError("", "Wrong trigger code!")
    return code


@method("crm.automation.trigger.add", "CODE NAME", scope="crm", write=True)
def trigger_add(call: Call) -> bool:
    """Register a trigger; the same code again renames it."""
    code = _trigger(call)
    if not call.get("NAME"):
        raise RestError("", "Empty trigger name!")
    call.store.put("triggers", {"id": code, "NAME": str(call["NAME"]), "CODE": code})
    return True


@method("crm.automation.trigger.list", scope="crm")
def trigger_list(call: Call) -> list[Row]:
    """Triggers of the application."""
    return [{"NAME": row["NAME"], "CODE": row["CODE"]} for row in call.store.all("triggers")]


@method("crm.automation.trigger.delete", "CODE", scope="crm", write=True)
def trigger_delete(call: Call) -> bool:
    """Forget a trigger."""
    code = _trigger(call)
    if call.store.get("triggers", code) is None:
        raise RestError("", "Trigger not found")
    call.store.remove("triggers", code)
    return True


@method("crm.automation.trigger.execute", "CODE OWNER_TYPE_ID OWNER_ID", scope="crm", write=True)
def trigger_execute(call: Call) -> bool:
    """Fire a trigger at an object; what robots make of it is not played, only kept."""
    code = _trigger(call)
    if call.store.get("triggers", code) is None:
        raise RestError("", f"Trigger with code {code} is not registered.")
    try:
        known = entity(call, call.get("OWNER_TYPE_ID"))
    except RestError:
        raise RestError("", "Incorrect parameter OWNER_TYPE_ID.") from None
    if call.store.get(known.kind, str(call.get("OWNER_ID"))) is None:
        raise RestError("", "Incorrect parameter OWNER_ID.")
    call.store.add("fired_triggers", {"code": code, "ownerTypeId": known.type_id, "ownerId": int(call["OWNER_ID"])})
    return True
