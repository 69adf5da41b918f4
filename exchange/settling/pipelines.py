"""The portal's pipelines and stages of deals and invoices: read once an hour and whenever an unknown stage is met.

Kept in `Portal.facts["trade"]`: {"pipelines": [{"entity_type_id", "id", "name", "default", "stages": [{"id", "name", "sort",
"semantics"}]}], "own_fields": {"31": {"paid": "ufCrm…"}}, "read_at": ISO time}.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.lists import PAGE, rows
from exchange.imports.flows import Ask
from exchange.planning.effects import Stage
from exchange.planning.portal_trades import whole
from exchange.planning.trade import DEAL, DOCUMENT_TYPES


@dataclass(frozen=True, slots=True)
class Pipelines:
    """Stages by (entity type, pipeline), in the portal's order; `default` by entity type; own fields' keys by entity type."""

    stages: Mapping[tuple[int, int], tuple[Stage, ...]] = field(default_factory=dict)
    default: Mapping[int, int] = field(default_factory=dict)
    own_fields: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def of(self, entity_type_id: int, pipeline: int) -> tuple[Stage, ...]:
        """The stages of a pipeline; () for an unknown one."""
        return self.stages.get((entity_type_id, pipeline), ())

    def knows(self, entity_type_id: int, pipeline: int, stage_id: str) -> bool:
        """Whether the stage is one of those read."""
        return any(stage.id == stage_id for stage in self.of(entity_type_id, pipeline))


def pipelines_of(facts: Mapping[str, Any]) -> Pipelines:
    """What the portal's facts tell."""
    trade = facts.get("trade") or {}
    stages: dict[tuple[int, int], tuple[Stage, ...]] = {}
    default: dict[int, int] = {}
    for row in trade.get("pipelines", ()):
        entity_type_id, pipeline = int(row["entity_type_id"]), int(row["id"])
        stages[entity_type_id, pipeline] = tuple(
            Stage(str(one["id"]), str(one["name"]), int(one["sort"]), str(one["semantics"])) for one in row["stages"]
        )
        if row.get("default"):
            default[entity_type_id] = pipeline
    own = {int(of): dict(keys) for of, keys in (trade.get("own_fields") or {}).items()}
    return Pipelines(stages, default, own)


def read_pipelines() -> Generator[Ask, list[Outcome], list[dict[str, Any]]]:
    """Pipelines with their stages as they are kept in the facts; raises RestError."""
    outcomes = yield Ask(tuple(Command("crm.category.list", {"entityTypeId": type_}) for type_ in DOCUMENT_TYPES))
    found: list[dict[str, Any]] = []
    for type_, outcome in zip(DOCUMENT_TYPES, outcomes, strict=True):
        if outcome.error is not None:
            raise outcome.error
        for row in rows(outcome.result):
            one: dict[str, Any] = {"entity_type_id": type_, "id": whole(row.get("id")), "name": str(row.get("name") or "")}
            found.append(one | {"default": row.get("isDefault") == "Y", "stages": []})
    answers = yield Ask(tuple(_stages(one["entity_type_id"], one["id"]) for one in found))
    for one, outcome in zip(found, answers, strict=True):
        if outcome.error is not None:
            raise outcome.error
        one["stages"] = _read(rows(outcome.result))
    further = [
        (one, start) for one, outcome in zip(found, answers, strict=True) for start in range(PAGE, outcome.total or 0, PAGE)
    ]
    if further:
        pages = yield Ask(tuple(_stages(one["entity_type_id"], one["id"], start) for one, start in further))
        for (one, _), outcome in zip(further, pages, strict=True):
            if outcome.error is not None:
                raise outcome.error
            one["stages"] += _read(rows(outcome.result))
    return found


def _stages(entity_type_id: int, pipeline: int, start: int = 0) -> Command:
    order = {"SORT": "ASC", "ID": "ASC"}
    return Command(
        "crm.status.list", {"filter": {"ENTITY_ID": stages_id(entity_type_id, pipeline)}, "order": order, "start": start}
    )


def stages_id(entity_type_id: int, pipeline: int) -> str:
    """The ENTITY_ID of a pipeline's stages (bitrix24: crm.status.list): the first pipeline of deals has no number."""
    if entity_type_id == DEAL:
        return f"DEAL_STAGE_{pipeline}" if pipeline else "DEAL_STAGE"
    return f"SMART_INVOICE_STAGE_{pipeline}"


def _read(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(row.get("STATUS_ID") or ""),
            "name": str(row.get("NAME") or ""),
            "sort": whole(row.get("SORT")),
            "semantics": _semantics(row),
        }
        for row in found
    ]


_LONG: Final = {"success": "S", "failure": "F"}


def _semantics(row: Mapping[str, Any]) -> str:
    """S, F or ""; some answers have it only in EXTRA, in words."""
    short = str(row.get("SEMANTICS") or "")
    extra = row.get("EXTRA")
    long = str(extra.get("SEMANTICS") or "") if isinstance(extra, Mapping) else ""
    return short if short in ("S", "F") else _LONG.get(long, "F" if long == "apology" else "")
