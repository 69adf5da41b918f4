"""Changing a base's settings: the next version of its rules, and whatever has to be carried anew because of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from b24app.frame import FrameUser
from exchange import tasks
from exchange.models import OneCBase
from exchange.settling.rules_changed import follow
from mapping.edit import change_rules, laid_over, replace_rules
from mapping.load import rules_of, stored_of
from mapping.models import RuleSet
from mapping.rules import Rules, from_data


@dataclass(frozen=True, slots=True)
class Saved:
    """The rules before and after; equal when nothing was changed."""

    before: Rules
    after: Rules

    @property
    def changed(self) -> bool:
        return self.before != self.after


def author_of(user: FrameUser) -> str:
    """How the author of a version is written down."""
    return f"user:{user.user_id}"


def would_be(base: OneCBase, changes: Mapping[str, Any]) -> Saved:
    """The rules in force, and what the changes would make of them; nothing is saved."""
    stored = stored_of(base.portal_id, base.pk)
    return Saved(from_data(stored), from_data(laid_over(stored, changes)))


@transaction.atomic
def save(base: OneCBase, changes: Mapping[str, Any], *, author: str) -> Saved:
    """Save changes of a section as the next version, and have everything they concern carried anew.

    Settings that would stay the same make no version.
    """
    if not would_be(base, changes).changed:
        rules = rules_of(base.portal_id, base.pk)
        return Saved(rules, rules)
    return _follow(base, change_rules(base.portal_id, base.pk, changes, author=author))


@transaction.atomic
def put(base: OneCBase, data: Mapping[str, Any], *, author: str) -> Saved:
    """Save whole settings in place of those in force (an earlier version, or what a file brought), as `save` does."""
    before = rules_of(base.portal_id, base.pk)
    if before == from_data(data):
        return Saved(before, before)
    return _follow(base, replace_rules(base.portal_id, base.pk, data, author=author))


def _follow(base: OneCBase, written: RuleSet) -> Saved:
    earlier = RuleSet.objects.filter(portal_id=base.portal_id, scope=base.pk, version__lt=written.version).order_by("-version")
    saved = Saved(from_data(earlier.values_list("data", flat=True).first() or {}), from_data(written.data or {}))
    follow(base, saved.before, saved.after)
    transaction.on_commit(lambda: _wake(base.portal_id))
    return saved


def _wake(portal_id: int) -> None:
    tasks.wake_lane(portal_id)
    tasks.wake_settling(portal_id)
    tasks.wake_sweep(portal_id)
