"""1C's statuses and the portal's stages. 1C writes a status as an id, as a name, or as `[ID] Name`; all three mean the same line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mapping.trade_rules import StatusRule

_BRACKETED = re.compile(r"\[([^\]]*)\]\s*(.*)", re.DOTALL)


def spellings(status: str | None) -> frozenset[str]:
    """Everything a status may be called, as compared: without case and outer blanks, the id and the name of `[ID] Name` apart."""
    text = (status or "").strip()
    if not text:
        return frozenset()
    match = _BRACKETED.fullmatch(text)
    parts = [text, *(match.groups() if match else ())]
    return frozenset(" ".join(part.split()).casefold() for part in parts if part and part.strip())


def bracketed(status: str) -> tuple[str, str]:
    """The id and the name of a status as written in a rule: `[ID] Name`, or only a name ("" = it has none of it)."""
    match = _BRACKETED.fullmatch(status.strip())
    return (match[1].strip(), match[2].strip()) if match else ("", status.strip())


def stage_for_status(
    status_id: str | None, status_name: str | None, rules: Iterable[StatusRule], entity_type_id: int, pipeline: int
) -> str:
    """The stage that the mapping gives 1C's status, the id before the name; "" = none."""
    mine = [
        rule
        for rule in rules
        if (rule.entity_type_id, rule.pipeline) == (entity_type_id, pipeline) and rule.direction != "to_onec"
    ]
    for told in (status_id, status_name):
        for rule in mine:
            if spellings(told) & spellings(rule.onec):
                return rule.stage_id
    return ""


def status_for_stage(stage_id: str, rules: Iterable[StatusRule], entity_type_id: int, pipeline: int) -> str:
    """The status of 1C that the mapping gives a stage, as written in the rule; "" = none."""
    for rule in rules:
        if (rule.entity_type_id, rule.pipeline, rule.stage_id) == (
            entity_type_id,
            pipeline,
            stage_id,
        ) and rule.direction != "to_portal":
            return rule.onec
    return ""
