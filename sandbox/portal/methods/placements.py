"""placement.*: where the application shows itself in the portal. Its own errors come with HTTP 200."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.portal.errors import RestError, access_denied
from sandbox.portal.registry import Call, method
from sandbox.portal.store import Row

ENTITIES = ("LEAD", "DEAL", "CONTACT", "COMPANY", "QUOTE", "SMART_INVOICE", "ORDER")
PLACES = (
    "DETAIL_TAB",
    "DETAIL_TOOLBAR",
    "DETAIL_ACTIVITY",
    "ACTIVITY_TIMELINE_MENU",
    "DOCUMENTGENERATOR_BUTTON",
    "LIST_MENU",
    "LIST_TOOLBAR",
)
PLACEMENTS = {
    "crm": (
        *(f"CRM_{entity}_{place}" for entity in ENTITIES for place in PLACES),
        "CRM_DETAIL_SEARCH",
        "CRM_REQUISITE_AUTOCOMPLETE",
    ),
    "": ("LEFT_MENU", "REST_APP_URI", "PAGE_BACKGROUND_WORKER", "REST_APP_WRAP"),
    "catalog": ("CATALOG_EXTERNAL_PRODUCT",),
}
SINGLE = frozenset({"REST_APP_URI", "PAGE_BACKGROUND_WORKER"})


def refused(code: str, text: str, **extra: Any) -> RestError:
    """An error of the placements' own kind: HTTP 200."""
    return RestError(code, text, 200, **extra)


def _known(call: Call) -> list[str]:
    dynamic = [f"CRM_DYNAMIC_{row['entityTypeId']}_{place}" for row in call.store.all("types") for place in PLACES]
    return [code for codes in PLACEMENTS.values() for code in codes] + dynamic


@method(
    "placement.bind",
    "PLACEMENT HANDLER TITLE DESCRIPTION GROUP_NAME LANG_ALL OPTIONS USER_ID ICON",
    scope="placement",
    write=True,
)
def bind(call: Call) -> bool:
    """Bind a handler to a place."""
    if not call.admin:
        raise access_denied()
    for name in ("PLACEMENT", "HANDLER"):
        if not call.get(name):
            raise refused("ERROR_ARGUMENT", f"Argument '{name}' is null or empty", argument=name)
    code, handler = str(call["PLACEMENT"]).upper(), str(call["HANDLER"])
    if code not in _known(call):
        raise refused("ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    _check_handler(call, handler)
    rows = [row for row in call.store.all("placements") if row["placement"] == code]
    if any(row["handler"] == handler for row in rows):
        raise RestError("ERROR_CORE", "Unable to set placement handler: Handler already binded")
    if code in SINGLE and rows:
        raise refused("ERROR_PLACEMENT_MAX_COUNT", "Placement max count")
    options = call.get("OPTIONS") or []
    if code == "PAGE_BACKGROUND_WORKER" and not (isinstance(options, dict) and options.get("errorHandlerUrl")):
        raise refused("EMPTY_ERROR_HANDLER_URL", "Empty error handler URL")
    if call.get("USER_ID"):
        raise refused("ERROR_PLACEMENT_USER_MODE", "Placement does not support user mode")
    call.store.add("placements", _row(call, code, handler, options))
    return True


def _row(call: Call, code: str, handler: str, options: Any) -> Row:
    languages = call.get("LANG_ALL") if isinstance(call.get("LANG_ALL"), dict) else {}
    title = str(call.get("TITLE") or next((text.get("TITLE", "") for text in languages.values()), ""))
    if not languages and title:
        languages = {
            "ru": {
                "TITLE": title,
                "DESCRIPTION": str(call.get("DESCRIPTION") or ""),
                "GROUP_NAME": str(call.get("GROUP_NAME") or ""),
            }
        }
    row: Row = {"placement": code, "userId": 0, "handler": handler, "options": options, "title": title}
    return row | {"description": str(call.get("DESCRIPTION") or ""), "langAll": languages}


def _check_handler(call: Call, handler: str) -> None:
    parts = urlsplit(handler)
    if not parts.netloc:
        raise refused("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
    if parts.scheme not in {"http", "https"}:
        raise refused("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol")
    own = urlsplit(call.portal.app["app_url"]).hostname
    if own and parts.hostname != own:
        raise refused("ERROR_HANDLER_URL_MATCH", "Handler URL host doesn't match application url")


@method("placement.get", scope="placement")
def get(call: Call) -> list[Row]:
    """Bound handlers."""
    if not call.admin:
        raise access_denied()
    names = ("placement", "userId", "handler", "options", "title", "description", "langAll")
    return [{name: row[name] for name in names} for row in call.store.all("placements")]


@method("placement.list", "SCOPE:string FULL", scope="placement")
def listed(call: Call) -> list[str]:
    """Codes that can be bound."""
    scope = call.get("SCOPE")
    known = _known(call)
    return (
        [code for code in known if code in PLACEMENTS.get(str(scope), ()) or (scope == "crm" and "DYNAMIC" in code)]
        if scope
        else known
    )


@method("placement.unbind", "PLACEMENT HANDLER USER_ID", scope="placement", write=True)
def unbind(call: Call) -> Row:
    """Remove bindings of a place (of one handler) and say how many."""
    if not call.admin:
        raise access_denied()
    if not call.get("PLACEMENT"):
        raise RestError("ERROR_ARGUMENT", "Argument 'PLACEMENT' is null or empty")
    found = [row for row in call.store.all("placements") if row["placement"] == str(call["PLACEMENT"]).upper()]
    if call.get("HANDLER"):
        found = [row for row in found if row["handler"] == call["HANDLER"]]
    for row in found:
        call.store.remove("placements", row["id"])
    return {"count": len(found)}
