"""app.option.* and user.option.*: the application's small settings on the portal."""

from __future__ import annotations

from typing import Any

from sandbox.portal.errors import RestError
from sandbox.portal.registry import Call, method


def _read(options: dict[str, Any], name: Any) -> Any:
    if name:
        return options.get(str(name), "")
    return options or []


def _given(call: Call) -> dict[str, Any]:
    options = call.get("options")
    if not isinstance(options, dict) or not options:
        raise RestError("ArgumentNullException", "options is empty")
    return {str(name): value for name, value in options.items()}


@method("app.option.get", "option:string")
def app_get(call: Call) -> Any:
    """One option of the application, or all of them."""
    return _read(call.portal.app["options"], call.get("option"))


@method("app.option.set", "options", write=True)
def app_set(call: Call) -> bool:
    """Set options of the application (administrators)."""
    options = _given(call)
    if not call.admin:
        raise RestError("AccessException", "Administrator authorization required", 403)
    call.store.change("app", call.portal.app, options=call.portal.app["options"] | options)
    return True


@method("user.option.get", "option:string")
def user_get(call: Call) -> Any:
    """One option of the calling user, or all of them."""
    return _read(call.portal.app["user_options"].get(str(call.user["id"]), {}), call.get("option"))


@method("user.option.set", "options", write=True)
def user_set(call: Call) -> bool:
    """Set options of the calling user."""
    everyone, key = call.portal.app["user_options"], str(call.user["id"])
    mine = everyone.get(key, {}) | _given(call)
    call.store.change("app", call.portal.app, user_options=everyone | {key: mine})
    return True
