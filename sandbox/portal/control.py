"""The control API under `/_sandbox/`: look at the portal, act as its users, and make it fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.portal.errors import RestError
from sandbox.portal.registry import METHODS, Call, Page, admitted
from sandbox.portal.store import Row

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal
    from sandbox.portal.server import PortalServer

Answer = tuple[int, Any]

# What an edit by hand raises: kind → event without its verb.
RAISES = {
    "products": "CATALOG.PRODUCT.ON.",
    "prices": "CATALOG.PRICE.ON.",
    "price_types": "CATALOG.PRICE.TYPE.ON.",
    "measures": "CATALOG.MEASURE.ON.",
    "requisites": "ONCRMREQUISITE",
    "bankdetails": "ONCRMBANKDETAIL",
    "currencies": "ONCRMCURRENCY",
}
ITEM_EVENTS = {1: "ONCRMLEAD", 2: "ONCRMDEAL", 3: "ONCRMCONTACT", 4: "ONCRMCOMPANY", 7: "ONCRMQUOTE"}


def answer(server: PortalServer, verb: str, path: str, params: dict[str, Any]) -> Answer:
    """Route one request; a wrong one answers 400 with a reason."""
    routes: dict[tuple[str, str], Callable[[], Any]] = {
        ("GET", "state"): lambda: server.state.snapshot(_list(params.get("only"))),
        ("GET", "calls"): lambda: server.calls.snapshot(),
        ("POST", "calls/reset"): lambda: _reset(server),
        ("POST", "edit"): lambda: edit(server.portal, params),
        ("GET", "faults"): lambda: server.faults.snapshot(),
        ("POST", "faults"): lambda: set_faults(server.portal, params),
        ("POST", "events/release"): lambda: {"released": server.portal.events.release()},
        ("POST", "install"): lambda: server.installation.install(int(params.get("user", 1))),
        ("POST", "update"): lambda: server.installation.update(int(params.get("user", 1))),
        ("POST", "uninstall"): lambda: server.installation.uninstall(clean=_yes(params.get("clean", True))),
        ("POST", "install/finish"): lambda: server.installation.finish(int(params.get("user", 1))),
        ("POST", "tokens"): lambda: server.issue_tokens(int(params.get("user", 1))),
    }
    route = routes.get((verb, path))
    if route is None:
        return 404, {"error": f"no {verb} /_sandbox/{path}"}
    try:
        return 200, route()
    except RestError as error:
        return 400, error.body()
    except (KeyError, LookupError, TypeError, ValueError) as error:
        return 400, {"error": f"{type(error).__name__}: {error}"}


def _reset(server: PortalServer) -> dict[str, Any]:
    server.calls.reset()
    return {"reset": True}


def _list(given: Any) -> list[str] | None:
    return str(given).split(",") if given else None


def _yes(given: Any) -> bool:
    return str(given).lower() not in {"", "0", "false", "n", "no", "none"}


def as_user(portal: Portal, method: str, params: dict[str, Any], user_id: int) -> Any:
    """Run a REST method as a portal user would through the portal's own pages: no token, no limits, no record."""
    known = METHODS[method.lower()]
    with portal.lock:
        result = known.run(Call(portal, admitted(known, params), portal.user(user_id)))
        portal.store.commit()
    return result.result if isinstance(result, Page) else result


def edit(portal: Portal, change: dict[str, Any]) -> dict[str, Any]:
    """Act as a portal user.

    Either `{"method", "params", "user"}` (any REST method with its rules), or a raw change of a row:
    `{"kind", "op": add|update|delete, "id", "fields", "user"}`. Both raise the portal's events.
    """
    user = int(change.get("user", 2))
    if "method" in change:
        return {"result": as_user(portal, str(change["method"]), change.get("params") or {}, user)}
    kind, op, fields = str(change["kind"]), str(change.get("op", "update")), dict(change.get("fields") or {})
    with portal.lock:
        row = _edited(portal, kind, op, change.get("id"), fields)
        _raise(portal, kind, op, row, user)
        portal.store.commit()
    return {"row": row}


def _edited(portal: Portal, kind: str, op: str, key: Any, fields: dict[str, Any]) -> Row:
    if op == "add":
        return portal.store.add(kind, fields)
    row = portal.store.get(kind, key)
    if row is None:
        raise LookupError(f"no {kind} {key}")
    if op == "delete":
        portal.store.remove(kind, row["id"])
        return row
    if op != "update":
        raise ValueError(f"op {op!r}: add, update or delete")
    return portal.store.change(kind, row, **fields)


def _raise(portal: Portal, kind: str, op: str, row: Row, user: int) -> None:
    verb = op.upper()
    if kind.startswith("items_"):
        entity_type = int(kind.removeprefix("items_"))
        prefix = ITEM_EVENTS.get(entity_type)
        fields: dict[str, Any] = {"ID": row["id"]}
        if prefix is None:
            prefix, fields = "ONCRMDYNAMICITEM", {"ID": row["id"], "ENTITY_TYPE_ID": entity_type}
        portal.events.happened(prefix + verb, fields, user=user)
    elif kind in RAISES:
        fields = {"ID": row["id"]} | ({"TYPE": row["type"]} if kind == "products" else {})
        portal.events.happened(RAISES[kind] + verb, fields, user=user)


def set_faults(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Set faults and the portal's behaviour; answers the faults now in force."""
    given = dict(given)
    if given.pop("reset", False):
        portal.faults.reset()
    for name, act in _ACTS.items():
        if name in given:
            act(portal, given.pop(name))
    portal.faults.update(**given)
    return portal.faults.snapshot()


def _expire(portal: Portal, _: Any) -> None:
    with portal.lock:
        portal.oauth.expire()
        portal.store.commit()


def _revoke(portal: Portal, _: Any) -> None:
    with portal.lock:
        portal.oauth.revoke()
        portal.store.commit()


def _answer_time(portal: Portal, given: Any) -> None:
    portal.options.answer_time = {
        str(name): float(value) for name, value in (given if isinstance(given, dict) else {"*": given}).items()
    }


def _operating_cost(portal: Portal, given: Any) -> None:
    portal.operating.costs = {
        str(name): float(value) for name, value in (given if isinstance(given, dict) else {"*": given}).items()
    }


def _bucket(portal: Portal, given: Any) -> None:
    portal.bucket.size, portal.bucket.rate = float(given["size"]), float(given["rate"])
    portal.bucket.empty()


def _token_life(portal: Portal, given: Any) -> None:
    portal.oauth.access_life = int(given)


def _operating_limit(portal: Portal, given: Any) -> None:
    portal.operating.limit = float(given)
    portal.operating.reset()


def _request_limit(portal: Portal, given: Any) -> None:
    portal.options.request_limit = float(given)


def _accounting(portal: Portal, given: Any) -> None:
    portal.set_accounting(_yes(given))


def _features(portal: Portal, given: Any) -> None:
    portal.options.features |= {str(name): str(value) for name, value in given.items()}


_ACTS = {
    "expire_tokens": _expire,
    "revoke_tokens": _revoke,
    "answer_time": _answer_time,
    "operating_cost": _operating_cost,
    "operating_limit": _operating_limit,
    "bucket": _bucket,
    "token_life": _token_life,
    "request_limit": _request_limit,
    "accounting": _accounting,
    "features": _features,
}
