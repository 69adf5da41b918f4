"""Stages of the portal beside statuses of 1C."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Option, options
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from exchange.planning.statuses import spellings
from exchange.planning.trade import DEAL
from exchange.settling.choices import PipelineChoice
from mapping.rules import Rules
from mapping.suggest import Named, status_rules
from mapping.trade_rules import StatusRule

_MOST: Final = 500
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form: a stage, 1C's status for it, and the direction. An empty `stage` lets choose one."""

    number: int
    at: str
    stage: str
    status: str
    ways: tuple[Option, ...]
    suggested: bool = False
    stages: tuple[Option, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of one pipeline."""

    key: str
    name: str
    kind: str
    rows: tuple[Row, ...]


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`tables`: one for each pipeline that travels; `told`: the statuses that 1C has named."""
    tables = _typed_tables(scene, typed) if typed is not None and "statuses-form" in typed else _tables(scene)
    return {"tables": tables, "told": scene.facts.statuses}


def travelling(scene: Scene) -> list[PipelineChoice]:
    """Pipelines whose documents travel, or that a line of the mapping is about."""
    trade = scene.rules.trade
    mapped = {(rule.entity_type_id, rule.pipeline) for rule in trade.statuses}
    return [
        one
        for one in scene.facts.portal.pipelines
        if trade.takes(one.entity_type_id, one.id, default=one.default) or (one.entity_type_id, one.id) in mapped
    ]


def _tables(scene: Scene) -> list[Table]:
    numbers = iter(range(_MOST * 2))
    tables = []
    for one in travelling(scene):
        mine = [
            rule for rule in scene.rules.trade.statuses if (rule.entity_type_id, rule.pipeline) == (one.entity_type_id, one.id)
        ]
        named = [Named(stage.id, stage.name) for stage in one.stages]
        suggested = status_rules(one.entity_type_id, one.id, named, scene.facts.statuses, scene.rules.trade.statuses)
        rows = []
        for stage in one.stages:
            set_ = [rule for rule in mine if rule.stage_id == stage.id]
            hint = [rule for rule in suggested if rule.stage_id == stage.id]
            at = f"{one.entity_type_id}:{one.id}:{stage.id}"
            told: list[tuple[str, str]] = [(rule.onec, rule.direction) for rule in set_ or hint]
            for status, way in told or [("", "both")]:
                rows.append(Row(next(numbers), at, stage.name, status, _ways(way), suggested=bool(hint) and not set_))
        rows.append(_spare(next(numbers), one, "", "", "both"))
        tables.append(Table(_key(one), one.name, _kind(one), tuple(rows)))
    return tables


def _spare(number: int, one: PipelineChoice, at: str, status: str, way: str, error: str = "") -> Row:
    stages = [
        ("", _("another status for a stage…")),
        *((f"{one.entity_type_id}:{one.id}:{stage.id}", stage.name) for stage in one.stages),
    ]
    return Row(number, at, "", status, _ways(way), stages=options(stages, at), error=error)


def _kind(one: PipelineChoice) -> str:
    return _("Deals") if one.entity_type_id == DEAL else _("Invoices")


def _ways(way: str) -> tuple[Option, ...]:
    return options([("both", _("both ways")), ("to_onec", _("only to 1C")), ("to_portal", _("only from 1C"))], way)


def _typed_tables(scene: Scene, typed: Typed) -> list[Table]:
    errors = read(typed, scene).errors
    lines = list(_lines(typed))
    tables = []
    for one in travelling(scene):
        rows = []
        for number, at, status, way, spare in lines:
            if not at.startswith(f"{one.entity_type_id}:{one.id}:") and not (spare and _place(typed, number) == _key(one)):
                continue
            error = errors.get(f"status-{number}", "")
            name = next((stage.name for stage in one.stages if at.endswith(f":{stage.id}")), at)
            rows.append(
                _spare(number, one, at, status, way, error) if spare else Row(number, at, name, status, _ways(way), error=error)
            )
        tables.append(Table(_key(one), one.name, _kind(one), tuple(rows)))
    return tables


def _key(one: PipelineChoice) -> str:
    return f"{one.entity_type_id}:{one.id}"


def _place(typed: Typed, number: int) -> str:
    return typed.get(f"spare-{number}") or ""


def _lines(typed: Typed) -> Iterator[tuple[int, str, str, str, bool]]:
    """Every line that was sent: number, place, status, direction, whether its stage was chosen in it."""
    for number in range(_MOST):
        if f"at-{number}" not in typed:
            return
        status = " ".join((typed.get(f"status-{number}") or "").split())
        way = typed.get(f"way-{number}") or "both"
        yield number, typed.get(f"at-{number}") or "", status, way, f"spare-{number}" in typed


def read(typed: Typed, scene: Scene) -> Read:
    """The lines with a status; of pipelines that were not shown, all stay."""
    if "statuses-form" not in typed:
        return Read()
    shown = travelling(scene)
    stages = {(one.entity_type_id, one.id, stage.id) for one in shown for stage in one.stages}
    found: list[StatusRule] = []
    errors: dict[str, str] = {}
    for number, at, status, way, spare in _lines(typed):
        if not status and not (spare and at):
            continue
        place = _stage_of(at)
        error = ""
        if place is None or place not in stages:
            error = _("Choose the stage for this status.") if spare and not at else _("Choose one of the list.")
        elif not status:
            error = _("Write the status as 1C does.")
        elif len(status) > _LONGEST or not status.isprintable():
            error = _("A status has at most %(count)d characters.") % {"count": _LONGEST}
        elif way not in ("both", "to_onec", "to_portal"):
            error = _("Choose one of the list.")
        else:
            rule = StatusRule(*place, status, way)  # type: ignore[arg-type]
            error = _contradicts(rule, found)
            found.append(rule)
        if error:
            errors[f"status-{number}"] = error
    if errors:
        return Read(errors=errors)
    kept = [rule for rule in scene.rules.trade.statuses if (rule.entity_type_id, rule.pipeline, rule.stage_id) not in stages]
    names = ("entity_type_id", "pipeline", "stage_id", "onec", "direction")
    return Read(
        {"trade": {"statuses": [{name: getattr(rule, name) for name in names} for rule in [*_ordered(scene, found), *kept]]}}
    )


def _ordered(scene: Scene, found: Iterable[StatusRule]) -> list[StatusRule]:
    """As they were, then the new ones: the order of lines means nothing, and an untouched form changes nothing."""
    rules = list(found)
    known = [rule for rule in scene.rules.trade.statuses if rule in rules]
    return known + [rule for rule in rules if rule not in known]


def _stage_of(at: str) -> tuple[int, int, str] | None:
    kind, _colon, rest = at.partition(":")
    pipeline, _colon, stage = rest.partition(":")
    if not (kind.isdecimal() and pipeline.isdecimal() and len(kind) < 6 and len(pipeline) < 12):
        return None
    return int(kind), int(pipeline), stage


def _contradicts(rule: StatusRule, found: Iterable[StatusRule]) -> str:
    for other in found:
        if (other.entity_type_id, other.pipeline) != (rule.entity_type_id, rule.pipeline):
            continue
        if other.stage_id == rule.stage_id and "to_portal" not in (other.direction, rule.direction):
            return _("This stage already tells 1C another status: make one of the two “only from 1C”.")
        same = bool(spellings(other.onec) & spellings(rule.onec))
        if same and other.stage_id != rule.stage_id and "to_onec" not in (other.direction, rule.direction):
            return _("This status already leads to another stage: make one of the two “only to 1C”.")
    return ""


def says(rules: Rules, scene: Scene) -> str:
    """How many stages have a status."""
    count = len(rules.trade.statuses)
    if not count:
        return _("None: payment, shipment and cancellation alone move documents.")
    return ngettext("%(count)d stage has a status of 1C.", "%(count)d stages have a status of 1C.", count) % {"count": count}


SECTION = Section(
    slug="statuses",
    title=gettext_noop("Statuses"),
    explains=gettext_noop("Stages of Bitrix24 beside the statuses of 1C. Names that mean the same are paired already."),
    template="b24app/sections/_statuses.html",
    fields=fields,
    read=read,
    says=says,
)
