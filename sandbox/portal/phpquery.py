"""PHP's reading of query strings and forms: `a[b][]=1` becomes `{"a": {"b": ["1"]}}`.

The portal is a PHP program: batch commands, GET calls and form posts reach it this way, and its empty maps leave as `[]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus


def parse(query: str) -> dict[str, Any]:
    """Parse a query string with bracket notation; every leaf is a string, maps keyed 0..n become lists."""
    tree: dict[str, Any] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        _insert(tree, _path(unquote_plus(name)), unquote_plus(value))
    return {key: _listed(value) for key, value in tree.items()}


def _path(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket or not head:
        return [name]
    path = [head]
    while True:
        part, closed, rest = rest.partition("]")
        if not closed:
            break
        path.append(part)
        if not rest.startswith("["):
            break
        rest = rest[1:]
    return path


def _insert(tree: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        key = key or _next_key(tree)
        child = tree.get(key)
        if not isinstance(child, dict):
            child = tree[key] = {}
        tree = child
    tree[path[-1] or _next_key(tree)] = value


def _next_key(tree: Mapping[str, Any]) -> str:
    return str(max((int(key) for key in tree if key.isdigit()), default=-1) + 1)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return listed({key: _listed(item) for key, item in value.items()})


def listed(mapping: Mapping[str, Any]) -> dict[str, Any] | list[Any]:
    """A PHP array as JSON: keys 0..n in order make a list, and so does an empty map."""
    if all(str(key) == str(index) for index, key in enumerate(mapping)):
        return list(mapping.values())
    return dict(mapping)


def build(params: Mapping[str, Any]) -> str:
    """The query string PHP's http_build_query makes of nested params (nulls and empty maps vanish)."""
    return "&".join(f"{quote(name, safe='[]')}={quote(str(value), safe='')}" for name, value in _leaves("", params))


def _leaves(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [(prefix, int(value))]
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    else:
        return [(prefix, value)]
    return [leaf for key, item in items for leaf in _leaves(f"{prefix}[{key}]" if prefix else str(key), item)]
