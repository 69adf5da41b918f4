"""Loads the rules in force."""

from __future__ import annotations

from typing import Any

from mapping.models import RuleSet
from mapping.rules import Rules, from_data


def rules_of(portal_id: int, scope: int) -> Rules:
    """The newest rules of the base, or the defaults when nobody has set any."""
    return from_data(stored_of(portal_id, scope))


def stored_of(portal_id: int, scope: int) -> dict[str, Any]:
    """The newest settings of the base as they are stored."""
    data = RuleSet.objects.filter(portal_id=portal_id, scope=scope).order_by("-version").values_list("data", flat=True).first()
    return dict(data or {})
