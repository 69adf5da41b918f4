"""Small pieces that forms of sections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from b24app.pages.sections.section import Typed


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list to choose from."""

    value: str
    name: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Something of 1C and what is chosen for it. `key` is its place in the form; `suggested`: nobody has set this yet."""

    key: str
    id: str
    name: str
    note: str = ""
    on: bool = True
    options: tuple[Option, ...] = ()
    suggested: bool = False
    error: str = ""


def options(choices: Iterable[tuple[Any, str]], chosen: Any) -> tuple[Option, ...]:
    """The choices with the chosen one marked; a chosen one that is not among them is shown as it is, so that it is not lost."""
    told = [(str(value), name) for value, name in choices]
    lost = [] if str(chosen) in {value for value, _ in told} else [(str(chosen), f"#{chosen}")]
    return tuple(Option(value, name, value == str(chosen)) for value, name in [*told, *lost])


def ticked(typed: Typed, name: str) -> bool:
    """Whether a box was ticked."""
    return bool(typed.get(name))


def kept_beside(known: Iterable[str], shown: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """A set of ids after a form that showed some of them: what it did not show stays as it was."""
    return sorted((frozenset(known) - frozenset(shown)) | frozenset(chosen))


def laid_beside(known: Mapping[str, Any], shown: Iterable[str], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping after a form that showed some of its keys: what it did not show stays as it was."""
    hidden = set(known) - set(shown)
    return {**{key: known[key] for key in known if key in hidden}, **chosen}
