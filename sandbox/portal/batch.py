"""The `batch` method, with the habits of the PHP code behind it.

Commands are query strings, run in the order of their keys; every value and every key in which `$result[…]`, `$next…`,
`$total…`, `$time…` or `$error…` stands is rewritten from what earlier commands answered. The match runs to the next white
space, a missing key leaves the last level that could be resolved, and text that merely looks like a reference is rewritten
too: all of that is how the portal's own `CRestUtil::processBatchElement` works.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.portal import phpquery
from sandbox.portal.errors import RestError

LONGEST = 50
REFERENCE = re.compile(r"\$(result|next|total|time|error)(\S*)", re.IGNORECASE)
FORBIDDEN = frozenset({"batch", "upload", "download"})
PARTS = ("result", "result_error", "result_total", "result_next", "result_time")

Answer = dict[str, Any]
Run = Callable[[str, dict[str, Any]], Answer]


def run(params: dict[str, Any], execute: Run) -> Answer:
    """Answer a batch: `execute` answers one command in the body's shape (`result`/`error`, `total`, `next`, `time`)."""
    commands = _commands(params.get("cmd"))
    halt = str(params.get("halt", "0")).lower() not in {"", "0", "false", "none"}
    parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for key, command in commands.items():
        if not isinstance(command, str):
            continue
        name, _, query = command.partition("?")
        arguments = _resolved(phpquery.parse(query), parts)
        if not isinstance(arguments, dict):
            arguments = {str(index): item for index, item in enumerate(arguments)}
        answer = _refused(name) or execute(name, arguments)
        _collect(parts, key, answer)
        if halt and "error" in answer:
            break
    return {part: phpquery.listed(values) for part, values in parts.items()}


def _commands(given: Any) -> dict[str, Any]:
    if isinstance(given, list):
        given = {str(index): command for index, command in enumerate(given)}
    if not isinstance(given, dict) or not given:
        raise RestError(100, "Could not find value for parameter {cmd}")
    if len(given) > LONGEST:
        raise RestError("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    return given


def _refused(name: str) -> Answer | None:
    if name.lower().removesuffix(".json") in FORBIDDEN:
        return RestError("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405).body()
    return None


def _collect(parts: dict[str, dict[str, Any]], key: str, answer: Answer) -> None:
    if "error" in answer:
        parts["result_error"][key] = {name: value for name, value in answer.items() if name != "time"}
        return
    parts["result"][key] = answer["result"]
    for name in ("total", "next", "time"):
        if name in answer:
            parts[f"result_{name}"][key] = answer[name]


def _resolved(value: Any, parts: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return {_key(key, parts): _resolved(item, parts) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, parts) for item in value]
    return substitute(str(value), parts)


def _key(key: str, parts: dict[str, dict[str, Any]]) -> str:
    found = substitute(key, parts)
    return found if isinstance(found, str) else "Array" if isinstance(found, (dict, list)) else str(found)


def substitute(text: str, parts: dict[str, dict[str, Any]]) -> Any:
    """A value with its references replaced; a value that is one single reference becomes what it points at, of any type."""
    match = REFERENCE.fullmatch(text)
    if match is not None:
        return _found(match, parts)
    return REFERENCE.sub(lambda found: _text(_found(found, parts)), text)


def _found(match: re.Match[str], parts: dict[str, dict[str, Any]]) -> Any:
    kind = match[1].lower()
    value: Any = parts["result" if kind == "result" else f"result_{kind}"]
    for name in re.findall(r"\[([^\]]*)\]", match[2]):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            break
    return value


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "Array"
    if value is None or value is False:
        return ""
    return "1" if value is True else str(value)
