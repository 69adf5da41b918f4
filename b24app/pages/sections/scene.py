"""What a section of the settings is shown with: the base, its rules in force, and what both sides have."""

from __future__ import annotations

from dataclasses import dataclass

from b24app.models import Portal
from b24app.pages.sections.facts import Facts
from exchange.models import OneCBase
from mapping.load import rules_of
from mapping.rules import Rules


@dataclass(frozen=True, slots=True)
class Scene:
    """One base of a portal with the rules in force; `facts` are gathered as they are asked for, each once."""

    portal: Portal
    base: OneCBase
    rules: Rules
    facts: Facts


def scene_of(base: OneCBase) -> Scene:
    """The scene of a base as things stand now."""
    portal = base.portal
    return Scene(portal, base, rules_of(portal.pk, base.pk), Facts(portal, base))
