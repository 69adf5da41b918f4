"""What a section of the settings is: a small form over one base's rules, shown on the settings page and in a step of the set-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from b24app.pages.sections.scene import Scene
from mapping.rules import Rules

# What was posted: `get` and `getlist`.
Typed = QueryDict


@dataclass(frozen=True, slots=True)
class Read:
    """What a posted form means: changes for `mapping.edit.change_rules`, and why a field cannot be taken, by its name."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `title` and `explains` are gettext_noop texts, `template` holds only the fields: neither form nor buttons.

    `fields` gives the template's context (choices, what is set or was typed, suggestions marked as such); `read` is pure; `says` tells
    in a line what is set. All of them work with nothing known of either side, and reading the form untouched changes nothing but takes what is
    suggested.
    """

    slug: str
    title: str
    explains: str
    template: str
    fields: Callable[[Scene, Typed | None], dict[str, Any]]
    read: Callable[[Typed, Scene], Read]
    says: Callable[[Rules, Scene], str]
