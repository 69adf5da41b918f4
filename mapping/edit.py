"""Changes rules: every change is a new version with its author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from b24app.models import Portal
from mapping.models import RuleSet


def change_rules(portal_id: int, scope: int, changes: Mapping[str, Any], *, author: str) -> RuleSet:
    """Store the rules in force with `changes` laid over them as the next version, and return it."""
    with transaction.atomic():
        newest = RuleSet.objects.select_for_update().filter(portal_id=portal_id, scope=scope).order_by("-version").first()
        return RuleSet.objects.create(
            portal_id=portal_id,
            scope=scope,
            version=newest.version + 1 if newest else 1,
            data={**(newest.data if newest else {}), **changes},
            author=author,
        )


def forget_portal(portal: Portal, clean: bool) -> None:
    """The app was uninstalled: the rules stay unless `clean`, the names of those who made them do not."""
    rules = RuleSet.objects.filter(portal=portal)
    if clean:
        rules.delete()
    else:
        rules.update(author="")
