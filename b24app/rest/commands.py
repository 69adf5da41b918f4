"""One REST call as data. Pure: it prints, compares and can be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """A REST method with its parameters (JSON-able; keys as the portal spells them)."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
