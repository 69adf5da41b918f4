"""Every setting has a name for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from b24app.pages.sections.labels import setting
from mapping.rules import Rules


def paths(rules: Any, path: str = "") -> Iterator[str]:
    for field in fields(rules):
        here = f"{path}.{field.name}".removeprefix(".")
        value = getattr(rules, field.name)
        yield from paths(value, here) if is_dataclass(value) else [here]


@pytest.mark.parametrize("path", list(paths(Rules())))
def test_every_setting_is_called_something(path: str) -> None:
    assert setting(path) != path
