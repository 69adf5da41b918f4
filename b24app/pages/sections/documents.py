"""Which documents travel, from which stage and since when, where they go when 1C is paid or ships, and whether 1C's own are made here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.sections.choosing import Line, Option, laid_beside, options, ticked
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from exchange.planning.trade import DEAL, INVOICE
from exchange.settling.choices import PipelineChoice
from mapping.rules import Rules
from mapping.trade_rules import LEAVE, KindRules

_KINDS: Final[Mapping[int, tuple[str, str]]] = {
    INVOICE: ("invoices", gettext_noop("Invoices")),
    DEAL: ("deals", gettext_noop("Deals")),
}
_USUAL, _ALL, _SOME = "usual", "all", "some"
# Setting → what it is called, and what an empty one means.
_STAGES: Final[Mapping[str, tuple[str, str]]] = {
    "from_stage": (gettext_noop("Go to 1C from the stage"), gettext_noop("the second stage")),
    "stage_paid": (gettext_noop("When paid in full, move to"), gettext_noop("the stage of success")),
    "stage_partly_paid": (gettext_noop("When paid in part, move to"), gettext_noop("leave where it is")),
    "stage_shipped": (gettext_noop("When shipped, move to"), gettext_noop("leave where it is")),
    "stage_cancelled": (gettext_noop("When cancelled, move to"), gettext_noop("the stage of failure")),
}


@dataclass(frozen=True, slots=True)
class PipelineForm:
    """A pipeline with its tick and the choices of stages."""

    tick: Line
    name: str
    stages: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class KindForm:
    """All fields of one kind of document."""

    id: int
    title: str
    travels: bool
    which: Line
    pipelines: tuple[PipelineForm, ...]
    companies: tuple[Line, ...]
    since: str
    since_error: str
    made: bool
    new: Line


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`kinds`: the forms of invoices and of deals."""
    errors = read(typed, scene).errors if typed is not None else {}
    sent = typed if typed is not None and "documents-form" in typed else None
    return {"kinds": [_form(scene, kind, sent, errors) for kind in _KINDS], "known": bool(scene.facts.portal.pipelines)}


def _form(scene: Scene, kind: int, typed: Typed | None, errors: Mapping[str, str]) -> KindForm:
    rules = scene.rules.trade.of_kind(kind)
    mine = _pipelines(scene, kind)
    which = _which(rules) if typed is None else typed.get(f"which-{kind}") or _USUAL
    new: Any = "" if rules.pipeline_for_new is None else rules.pipeline_for_new
    new = new if typed is None else typed.get(f"new-{kind}") or ""
    since = rules.from_date.isoformat() if rules.from_date else ""
    return KindForm(
        id=kind,
        title=_(_KINDS[kind][1]),
        travels=rules.travels if typed is None else ticked(typed, f"travels-{kind}"),
        which=Line(f"which-{kind}", "", "", options=options(_ways(kind), which), error=errors.get(f"which-{kind}", "")),
        pipelines=tuple(_pipeline(rules, one, typed, errors) for one in mine),
        companies=tuple(
            Line(key, str(one.id), one.name, on=one.id in rules.my_companies if typed is None else ticked(typed, key))
            for one in scene.facts.portal.my_companies
            for key in (f"company-{kind}-{one.id}",)
        ),
        since=since if typed is None else (typed.get(f"since-{kind}") or "")[:10],
        since_error=errors.get(f"since-{kind}", ""),
        made=rules.made_from_onec if typed is None else ticked(typed, f"made-{kind}"),
        new=Line(f"new-{kind}", "", "", options=_new(mine, new), error=errors.get(f"new-{kind}", "")),
    )


def _pipelines(scene: Scene, kind: int) -> list[PipelineChoice]:
    return [one for one in scene.facts.portal.pipelines if one.entity_type_id == kind]


def _which(rules: KindRules) -> str:
    return _SOME if rules.pipelines else _ALL if rules.all_pipelines else _USUAL


def _ways(kind: int) -> list[tuple[str, str]]:
    if kind == DEAL:
        return [(_USUAL, _("all pipelines")), (_SOME, _("those ticked below"))]
    return [(_USUAL, _("the default pipeline")), (_ALL, _("all pipelines")), (_SOME, _("those ticked below"))]


def _new(mine: list[PipelineChoice], new: Any) -> tuple[Option, ...]:
    return options([("", _("the default pipeline")), *((one.id, one.name) for one in mine)], new)


def _pipeline(rules: KindRules, one: PipelineChoice, typed: Typed | None, errors: Mapping[str, str]) -> PipelineForm:
    tick = f"pipeline-{one.entity_type_id}-{one.id}"
    stages = []
    for name, (title, usual) in _STAGES.items():
        key = f"{name}-{one.entity_type_id}-{one.id}"
        now = getattr(rules, name).get(one.id, "") if typed is None else typed.get(key) or ""
        leave = [(LEAVE, _("leave where it is"))] if name in ("stage_paid", "stage_cancelled") or now == LEAVE else []
        choices = [("", _(usual)), *leave, *((stage.id, stage.name) for stage in one.stages)]
        stages.append(Line(key, "", _(title), options=options(choices, now), error=errors.get(key, "")))
    on = one.id in rules.pipelines if typed is None else ticked(typed, tick)
    return PipelineForm(Line(tick, str(one.id), one.name, on=on), one.name, tuple(stages))


def read(typed: Typed, scene: Scene) -> Read:
    """Both kinds; what the form did not show stays as it was."""
    if "documents-form" not in typed:
        return Read()
    errors: dict[str, str] = {}
    changes = {name: _kind(typed, scene, kind, errors) for kind, (name, _title) in _KINDS.items()}
    return Read(errors=errors) if errors else Read({"trade": changes})


def _kind(typed: Typed, scene: Scene, kind: int, errors: dict[str, str]) -> dict[str, Any]:
    rules = scene.rules.trade.of_kind(kind)
    mine = _pipelines(scene, kind)
    which = typed.get(f"which-{kind}") or _which(rules)
    shown = {one.id for one in mine}
    chosen = {one.id for one in mine if ticked(typed, f"pipeline-{kind}-{one.id}")} | (set(rules.pipelines) - shown)
    if which not in dict(_ways(kind)):
        errors[f"which-{kind}"] = _("Choose one of the list.")
    elif which == _SOME and not chosen:
        errors[f"which-{kind}"] = _("Tick at least one pipeline.")
    companies = {one.id for one in scene.facts.portal.my_companies}
    said = {one for one in companies if ticked(typed, f"company-{kind}-{one}")} | (set(rules.my_companies) - companies)
    changes: dict[str, Any] = {
        "travels": ticked(typed, f"travels-{kind}"),
        "pipelines": sorted(chosen) if which == _SOME else [],
        "my_companies": sorted(said),
        "from_date": _date(typed, kind, errors),
        "made_from_onec": ticked(typed, f"made-{kind}"),
        "pipeline_for_new": _new_pipeline(typed, kind, rules, shown, errors),
    }
    if kind == INVOICE:
        changes["all_pipelines"] = which == _ALL
    for name in _STAGES:
        changes[name] = _stages(typed, name, mine, getattr(rules, name), errors)
    return changes


def _date(typed: Typed, kind: int, errors: dict[str, str]) -> str | None:
    written = (typed.get(f"since-{kind}") or "").strip()
    try:
        return dt.date.fromisoformat(written).isoformat() if written else None
    except ValueError:
        errors[f"since-{kind}"] = _("This is no date.")
        return None


def _new_pipeline(typed: Typed, kind: int, rules: KindRules, shown: set[int], errors: dict[str, str]) -> int | None:
    key = f"new-{kind}"
    if key not in typed:
        return rules.pipeline_for_new
    value = typed.get(key) or ""
    if value and value not in {str(id) for id in shown | ({rules.pipeline_for_new} - {None})}:
        errors[key] = _("Choose one of the list.")
        return None
    return int(value) if value else None


def _stages(
    typed: Typed, name: str, mine: list[PipelineChoice], known: Mapping[int, str], errors: dict[str, str]
) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for one in mine:
        key = f"{name}-{one.entity_type_id}-{one.id}"
        value = typed.get(key, known.get(one.id, "")) or ""
        if value not in {"", LEAVE, known.get(one.id, ""), *(stage.id for stage in one.stages)}:
            errors[key] = _("Choose one of the list.")
        elif value:
            chosen[str(one.id)] = value
    return laid_beside({str(id): stage for id, stage in known.items()}, [str(one.id) for one in mine], chosen)


def says(rules: Rules, scene: Scene) -> str:
    """Which kinds travel."""
    travelling = [_(title) for kind, (_name, title) in _KINDS.items() if rules.trade.of_kind(kind).travels]
    made = [_(title) for kind, (_name, title) in _KINDS.items() if rules.trade.of_kind(kind).made_from_onec]
    parts = [_("Travel: %(names)s.") % {"names": ", ".join(travelling)} if travelling else _("No documents travel.")]
    if made:
        parts.append(_("Made from orders of 1C: %(names)s.") % {"names": ", ".join(made)})
    return " ".join(parts)


SECTION = Section(
    slug="documents",
    title=gettext_noop("What travels"),
    explains=gettext_noop("Which documents go between Bitrix24 and 1C, from which stage, and since when."),
    template="b24app/sections/_documents.html",
    fields=fields,
    read=read,
    says=says,
)
