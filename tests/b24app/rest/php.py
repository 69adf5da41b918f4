"""How PHP's parse_str reads a query, written from its manual and source: the other end of our encoding."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

_NAME = re.compile(r"([^\[]*)((?:\[[^\]]*\])*)")


def parse_str(query: str) -> dict[str, Any]:
    """Nested maps of texts; lists come back as maps with number keys, as PHP's arrays do."""
    found: dict[str, Any] = {}
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        _put(found, unquote_plus(name), unquote_plus(value))
    return found


def _put(found: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.match(name.lstrip())
    assert match is not None
    path = [re.sub(r"[ .\[]", "_", match[1]), *re.findall(r"\[([^\]]*)\]", match[2])]
    place = found
    for key in path[:-1]:
        inner = place.get(key)
        if not isinstance(inner, dict):
            inner = place[key] = {}
        place = inner
    place[path[-1] or str(len(place))] = value
