"""Methods of the platform itself: who am I, what is this application, what exists here."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso, utc
from sandbox.portal.errors import RestError
from sandbox.portal.registry import METHODS, Call, method
from sandbox.portal.store import Row

SERVICE = ("batch",)


@method("profile")
def profile(call: Call) -> Row | list[Any]:
    """The calling user in short; `[]` for a dismissed one."""
    user = call.user
    if not user["ACTIVE"]:
        return []
    return {
        "ID": str(user["id"]),
        "ADMIN": user["admin"],
        "NAME": user["NAME"],
        "LAST_NAME": user["LAST_NAME"],
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }


@method("user.admin")
def user_admin(call: Call) -> bool:
    """Whether the calling user may manage applications."""
    return call.admin


@method("app.info")
def app_info(call: Call) -> Row:
    """The application and the portal's licence."""
    portal, app = call.portal, call.portal.app
    tariff = portal.options.tariff
    kind = tariff.partition("_")[2]
    return {
        "ID": 5,
        "CODE": portal.client_id,
        "VERSION": app["version"],
        "STATUS": app["status"],
        "INSTALLED": app["installed"],
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": "ru",
        "LICENSE": tariff,
        "LICENSE_TYPE": kind,
        "LICENSE_FAMILY": kind.rstrip("0123456789"),
        **_token_info(call),
    }


def _token_info(call: Call) -> Row:
    """What app.info of the authorisation server says; that server shares this address here, so one answer carries both.

    Its shape is not in the documents: it is what the official Python SDK reads.
    """
    portal, app = call.portal, call.portal.app
    install = {
        "installed": app["installed"],
        "version": str(app["version"]),
        "status": app["status"],
        "scope": app["scope"],
        "domain": portal.domain,
        "uri": app["app_url"],
        "client_endpoint": portal.client_endpoint,
        "member_id": portal.member_id,
        "member_type": "cloud",
    }
    expires = iso(portal.clock() + portal.oauth.access_life)
    return {
        "client_id": portal.client_id,
        "scope": app["scope"],
        "expires": expires,
        "install": install,
        "user_id": call.user["id"],
    }


@method("server.time")
def server_time(call: Call) -> str:
    """The portal's time in UTC."""
    return utc(call.portal.clock())


@method("scope", "full")
def scope(call: Call) -> list[str]:
    """Permissions granted to the application."""
    return [name for name in str(call.portal.app["scope"]).split(",") if name]


@method("methods", "scope:string full")
def methods(call: Call) -> list[str]:
    """Names of methods, of one scope or of all."""
    wanted = call.get("scope")
    return sorted(known.name for known in METHODS.values() if wanted is None or known.scope == wanted) + (
        [] if wanted else list(SERVICE)
    )


@method("method.get", "name:string")
def method_get(call: Call) -> Row:
    """Whether a method exists and may be called."""
    known = METHODS.get(str(call.get("name", "")).lower())
    exists = known is not None or call.get("name") in SERVICE
    granted = known is None or not known.scope or known.scope in str(call.portal.app["scope"]).split(",")
    return {"isExisting": exists, "isAvailable": exists and granted}


@method("feature.get", "CODE*:string")
def feature_get(call: Call) -> Row:
    """Whether the tariff includes a feature."""
    return {"value": call.portal.options.features.get(call["CODE"], "N")}


@method("im.notify.system.add", "USER_ID MESSAGE MESSAGE_OUT TAG SUB_TAG ATTACH CLIENT_ID", scope="im", write=True)
def notify_system(call: Call) -> int:
    """A system notification for a user; a new one with the same tag replaces the earlier."""
    return _notify(call, "system")


@method("im.notify.personal.add", "USER_ID MESSAGE MESSAGE_OUT TAG SUB_TAG ATTACH CLIENT_ID", scope="im", write=True)
def notify_personal(call: Call) -> int:
    """A notification from the calling user."""
    return _notify(call, "personal")


def _notify(call: Call, kind: str) -> int:
    try:
        user_id = int(call.get("USER_ID") or 0)
    except (TypeError, ValueError):
        user_id = 0
    if user_id <= 0:
        raise RestError("USER_ID_EMPTY", "User ID can't be empty")
    if not call.get("MESSAGE"):
        raise RestError("MESSAGE_EMPTY", "Message can't be empty")
    if len(str(call.get("ATTACH", ""))) > 60_000:
        raise RestError("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")
    tag = call.get("TAG")
    for row in call.store.all("notifications"):
        if tag and row["tag"] == tag and row["user_id"] == user_id:
            call.store.remove("notifications", row["id"])
    row = {
        "user_id": user_id,
        "message": call["MESSAGE"],
        "tag": tag,
        "sub_tag": call.get("SUB_TAG"),
        "kind": kind,
        "from": call.user["id"],
    }
    return int(call.store.add("notifications", row)["id"])


@method("im.notify.delete", "ID TAG SUB_TAG CLIENT_ID", scope="im", write=True)
def notify_delete(call: Call) -> bool:
    """Delete notifications by id, tag or sub-tag."""
    asked = {"id": call.get("ID"), "tag": call.get("TAG"), "sub_tag": call.get("SUB_TAG")}
    asked = {name: str(value) for name, value in asked.items() if value}
    if not asked:
        raise RestError("PARAMS_ERROR", "Incorrect params")
    for row in call.store.all("notifications"):
        if all(str(row[name]) == value for name, value in asked.items()):
            call.store.remove("notifications", row["id"])
    return True
