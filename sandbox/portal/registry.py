"""The table of REST methods: name, scope, parameters, who may call, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.portal.errors import missing, wrong_type

if TYPE_CHECKING:
    from sandbox.portal.portal import Portal
    from sandbox.portal.store import Row, Store


@dataclass(slots=True)
class Call:
    """One method call as the portal sees it: who, with which parameters."""

    portal: Portal
    params: dict[str, Any]
    user: Row
    connector: str = ""
    app: bool = True

    @property
    def store(self) -> Store:
        """The portal's tables."""
        return self.portal.store

    @property
    def admin(self) -> bool:
        """Whether the calling user is an administrator of the portal."""
        return bool(self.user["admin"])

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or the default."""
        return self.params.get(name, default)

    def happened(self, event: str, fields: dict[str, Any]) -> None:
        """Raise a portal event about an object this call changed."""
        self.portal.events.happened(event, fields, user=self.user["id"], connector=self.connector)


@dataclass(frozen=True, slots=True)
class Page:
    """A result that is one page of a longer list; `total` None means start=-1 was asked."""

    result: Any
    total: int | None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A top-level parameter."""

    name: str
    required: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Method:
    """One REST method."""

    name: str
    scope: str
    run: Callable[[Call], Any]
    write: bool
    params: tuple[Param, ...] = field(default=())


# Parameters that are maps: PHP does not tell an empty or numbered one from a list.
MAPS = frozenset({"fields", "field", "filter", "layout", "order"})

METHODS: dict[str, Method] = {}

# Parameters of the transport rather than of a method; SDKs add the bx24_ ones for their own tracing.
TRANSPORT = frozenset({"auth", "auth_connector", "access_token", "start", "sessid", "state", "lang"})


def method(
    name: str, params: str = "", *, scope: str = "", write: bool = False
) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    """Register a function as a REST method; `params` reads "id*:int fields*:array filter:array"."""

    def register(run: Callable[[Call], Any]) -> Callable[[Call], Any]:
        METHODS[name.lower()] = Method(name, scope, run, write, tuple(_param(text) for text in params.split()))
        return run

    return register


def _param(text: str) -> Param:
    name, _, kind = text.partition(":")
    return Param(name.rstrip("*"), name.endswith("*"), kind or "any")


def admitted(method: Method, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with integers read, or the documented refusal of missing and mistyped ones (code 100)."""
    read = dict(params)
    if method.scope == "crm":
        _any_case(method, read)
    for param in method.params:
        value = read.get(param.name)
        if value is None or value in ("", [], {}):
            # The catalogue takes an empty array for a missing one, the CRM does not.
            if param.required and (method.scope != "crm" or value is None or value == ""):
                raise missing(param.name)
            if value is None or (param.kind == "array" and value == ""):
                read.pop(param.name, None)
                continue
        if param.kind == "array" and not isinstance(value, (dict, list)):
            raise wrong_type(param.name, value, "array")
        if param.kind == "string" and isinstance(value, (dict, list)):
            raise wrong_type(param.name, value, "string")
        if param.name in MAPS and isinstance(value, list):
            read[param.name] = {str(place): item for place, item in enumerate(value)}
        if param.kind == "int":
            read[param.name] = _int(param.name, value)
    return read


def _any_case(method: Method, params: dict[str, Any]) -> None:
    """The CRM's old methods read `id` and `ID` alike."""
    for param in method.params:
        for name in [given for given in params if given != param.name and given.lower() == param.name.lower()]:
            params.setdefault(param.name, params.pop(name))


def _int(name: str, value: Any) -> int:
    try:
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise wrong_type(name, value, "int")


def unknown(method: Method, params: dict[str, Any]) -> list[str]:
    """Top-level parameters that no documentation of the method mentions."""
    known = {param.name.lower() for param in method.params} | TRANSPORT
    return [name for name in params if name.lower() not in known and not name.lower().startswith("bx24_")]
