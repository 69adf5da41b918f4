"""Loads the rules in force."""

from __future__ import annotations

from mapping.models import RuleSet
from mapping.rules import Rules, from_data


def rules_of(portal_id: int, scope: int) -> Rules:
    """The newest rules of the base, or the defaults when nobody has set any."""
    data = RuleSet.objects.filter(portal_id=portal_id, scope=scope).order_by("-version").values_list("data", flat=True).first()
    return from_data(data or {})
