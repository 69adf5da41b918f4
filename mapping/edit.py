"""Changes rules: every change is a new version with its author."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import transaction

from b24app.models import Portal
from mapping.models import RuleSet

# Groups of settings that different forms change: their keys are laid over one by one, everything else is replaced whole.
_GROUPS: Final[Mapping[str, Any]] = {"trade": {"invoices": {}, "deals": {}, "parties": {}}}


def change_rules(portal_id: int, scope: int, changes: Mapping[str, Any], *, author: str) -> RuleSet:
    """Store the rules in force with `changes` laid over them as the next version, and return it.

    Two people who change different settings at the same time both keep their change.
    """
    return _next(portal_id, scope, lambda data: laid_over(data, changes), author)


def replace_rules(portal_id: int, scope: int, data: Mapping[str, Any], *, author: str) -> RuleSet:
    """Store `data` alone as the next version (an earlier version put back, settings brought from a file), and return it."""
    return _next(portal_id, scope, lambda _: dict(data), author)


def _next(portal_id: int, scope: int, change: Callable[[Mapping[str, Any]], dict[str, Any]], author: str) -> RuleSet:
    with transaction.atomic():
        newest = RuleSet.objects.select_for_update().filter(portal_id=portal_id, scope=scope).order_by("-version").first()
        return RuleSet.objects.create(
            portal_id=portal_id,
            scope=scope,
            version=newest.version + 1 if newest else 1,
            data=change(dict(newest.data or {}) if newest else {}),
            author=author,
        )


def laid_over(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Stored settings as `change_rules` would make them; nothing is saved."""
    return _laid_over(data, changes, _GROUPS)


def _laid_over(data: Mapping[str, Any], changes: Mapping[str, Any], groups: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for name, value in changes.items():
        known = merged.get(name)
        if name in groups and isinstance(value, Mapping) and isinstance(known, Mapping):
            merged[name] = _laid_over(known, value, groups[name])
        else:
            merged[name] = value
    return merged


def forget_portal(portal: Portal, clean: bool) -> None:
    """The app was uninstalled: the rules stay unless `clean`, the names of those who made them do not."""
    rules = RuleSet.objects.filter(portal=portal)
    if clean:
        rules.delete()
    else:
        rules.update(author="")
