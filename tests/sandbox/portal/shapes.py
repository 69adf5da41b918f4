"""Comparing an answer with the shape of a documented example: keys and JSON types, nothing about values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FACTS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "facts.json").read_text(encoding="utf-8"))
# Keys made of data: fields of one portal only.
OWN = re.compile(r"(property|parentId)\d+|UF_.*|ufCrm.*|rest_.*|\d+")


def kind(value: Any) -> str:
    """A value's JSON type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return {str: "string", int: "number", float: "number", dict: "object", list: "array"}[type(value)]


def differences(expected: Any, got: Any, path: str = "result", *, extra: bool = True) -> list[str]:
    """What the answer lacks, has besides, or has in another type; null stands for any type on either side."""
    if expected == "null" or got is None:
        return []
    if isinstance(expected, dict):
        # PHP writes an empty map as [].
        return _objects(expected, got, path, extra=extra) if got != [] else []
    if isinstance(expected, list):
        if kind(got) != "array":
            return [] if not expected else [f"{path}: array, got {kind(got)}"]
        return differences(expected[0], got[0], f"{path}[0]", extra=extra) if expected and got else _empty(expected, got, path)
    return [] if kind(got) == expected else [f"{path}: {expected}, got {kind(got)} {got!r}"]


def _empty(expected: list[Any], got: list[Any], path: str) -> list[str]:
    return [f"{path}: empty, nothing to compare"] if expected and not got else []


def _objects(expected: dict[str, Any], got: Any, path: str, *, extra: bool) -> list[str]:
    if kind(got) != "object":
        return [f"{path}: object, got {kind(got)}"]
    wanted = {key: shape for key, shape in expected.items() if OWN.fullmatch(key) is None}
    found = [f"{path}.{key}: missing" for key in wanted if key not in got]
    found += [f"{path}.{key}: not in the example" for key in got if extra and key not in wanted and OWN.fullmatch(key) is None]
    for key, shape in wanted.items():
        if key in got:
            found += differences(shape, got[key], f"{path}.{key}", extra=extra)
    return found
