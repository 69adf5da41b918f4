"""What became of what each base of a portal sent: its runs, its objects by kind, and the open problems by cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count, F, Max, Q

from b24app.models import Portal
from exchange.models import ImportRun, OneCBase, Problem, StateRow

# The newest runs of a base that are told.
RUNS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Account:
    """One base. `objects`: {kind: {"told", "waiting", "in_portal"}} in state rows; `problems`: open ones, counted by cause and kind."""

    login: str
    name: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def sentences(self) -> Iterator[str]:
        """The same for people."""
        yield f"{self.name} ({self.login})"
        for run in self.runs:
            yield f"  {run['file']}: {run['state']}{': ' + run['error'] if run['error'] else ''}"
        for kind, counts in self.objects.items():
            yield f"  {kind}: {counts['told']} told, {counts['in_portal']} in the portal, {counts['waiting']} waiting"
        for problem in self.problems:
            yield f"  problem {problem['cause']}: {problem['objects']} × {problem['kind'] or 'file'}, such as {problem['example']}"


def accounts(portal: Portal) -> Iterator[Account]:
    """An account of every base of the portal, in the order they were made."""
    for base in OneCBase.objects.filter(portal=portal).order_by("pk"):
        yield Account(base.login, base.name, _runs(base), _objects(base), _problems(base))


def _runs(base: OneCBase) -> list[dict[str, Any]]:
    return [
        {
            "file": run.file_name,
            "type": run.type,
            "state": run.state,
            "error": run.error,
            "counts": run.counts,
            "oddities": run.oddities,
        }
        for run in ImportRun.objects.filter(base=base).order_by("-pk")[:RUNS_TOLD]
    ]


def _objects(base: OneCBase) -> dict[str, dict[str, int]]:
    waiting = Count("pk", filter=Q(pushed_version__lt=F("version")))
    rows = StateRow.objects.filter(base=base).values("kind").annotate(told=Count("pk"), waiting=waiting, in_portal=Count("known"))
    columns = ("told", "waiting", "in_portal")
    return {
        kind: dict(zip(columns, counts, strict=True)) for kind, *counts in rows.order_by("kind").values_list("kind", *columns)
    }


def _problems(base: OneCBase) -> list[dict[str, Any]]:
    found = Problem.objects.filter(base=base, closed_at=None).values("cause", "kind")
    counted = found.annotate(many=Count("pk"), example=Max("onec_id")).order_by("cause", "kind")
    columns = ("cause", "kind", "objects", "example")
    return [dict(zip(columns, row, strict=True)) for row in counted.values_list("cause", "kind", "many", "example")]
