"""Documents that travel already and that a change of rules concerns, counted by the database in groups of those that are alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy, ngettext_lazy

from b24app.models import Portal
from exchange.models import OneCBase, TradeDocument
from exchange.planning.effects import Stage
from exchange.planning.trade import DEAL, DOCUMENT_TYPES
from exchange.planning.what_if import stage_moves, status_read, status_told, terms_differ
from exchange.settling.pipelines import Pipelines, pipelines_of
from exchange.settling.what_if_lines import EXAMPLES, Example, Line, arrow
from mapping.rules import Rules

_TEXTS: Final[Mapping[str, Any]] = {
    "documents-stop": ngettext_lazy(
        "%(count)d document is exchanged no longer; both sides keep what they have.",
        "%(count)d documents are exchanged no longer; both sides keep what they have.",
        "count",
    ),
    "documents-resume": ngettext_lazy(
        "%(count)d document that was left alone is exchanged again.",
        "%(count)d documents that were left alone are exchanged again.",
        "count",
    ),
    "documents-go-on": ngettext_lazy(
        "%(count)d document of what no longer travels is exchanged already and goes on.",
        "%(count)d documents of what no longer travels are exchanged already and go on.",
        "count",
    ),
    "stage-paid": ngettext_lazy(
        "Full payment takes %(count)d open document to another stage.",
        "Full payment takes %(count)d open documents to another stage.",
        "count",
    ),
    "stage-partly_paid": ngettext_lazy(
        "Part payment takes %(count)d open document to another stage.",
        "Part payment takes %(count)d open documents to another stage.",
        "count",
    ),
    "stage-shipped": ngettext_lazy(
        "Shipment takes %(count)d open document to another stage.",
        "Shipment takes %(count)d open documents to another stage.",
        "count",
    ),
    "stage-cancelled": ngettext_lazy(
        "Cancelling in 1C takes %(count)d open document to another stage.",
        "Cancelling in 1C takes %(count)d open documents to another stage.",
        "count",
    ),
    "status-told": ngettext_lazy(
        "%(count)d document gets another status in 1C.", "%(count)d documents get another status in 1C.", "count"
    ),
    "status-read": ngettext_lazy(
        "For %(count)d document 1C's status stands for another stage.",
        "For %(count)d documents 1C's status stands for another stage.",
        "count",
    ),
    "terms": ngettext_lazy(
        "%(count)d open document goes to 1C on other terms (agreement, organisation, warehouse, price type).",
        "%(count)d open documents go to 1C on other terms (agreement, organisation, warehouse, price type).",
        "count",
    ),
    "made-in-portal": ngettext_lazy(
        "%(count)d order made in 1C is made in Bitrix24.", "%(count)d orders made in 1C are made in Bitrix24.", "count"
    ),
}
_STAYS: Final = gettext_lazy("the stage stays")
_OWN_NAME: Final = gettext_lazy("the stage's own name")
_SIDE: Final = "row.portal_side ->> "
# What decides about a document: documents that are alike in it are one group.
_GROUPS: Final = f"""select row.entity_type_id, coalesce(({_SIDE}'category_id')::bigint, 0), coalesce({_SIDE}'stage_id', ''),
    coalesce(({_SIDE}'my_company_id')::bigint, 0), coalesce({_SIDE}'currency', ''),
    coalesce(row.onec_side ->> 'status_id', ''), coalesce(row.onec_side ->> 'status_name', ''),
    count(*), (array_agg(row.id order by row.id desc))[1:{EXAMPLES}]
  from exchange_tradedocument row
  where row.base_id = %s and row.b24_id is not null and row.portal_side is not null
    and not coalesce(({_SIDE}'deleted')::boolean, false)
  group by 1, 2, 3, 4, 5, 6, 7"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Group:
    """Documents of a base that are alike in what rules look at."""

    entity_type_id: int
    pipeline: int
    stage_id: str
    my_company_id: int
    currency: str
    status_id: str
    status_name: str
    count: int
    newest: list[int]


@dataclass(slots=True)
class _Found:
    """What was found under each key: how many, and (row, detail) of some."""

    counts: Counter[str] = field(default_factory=Counter)
    some: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, key: str, group: Group, detail: str = "") -> None:
        self.counts[key] += group.count
        self.some[key] += [(pk, detail) for pk in group.newest]


def lines(portal: Portal, base: OneCBase, before: Rules, after: Rules) -> Iterator[Line]:
    """A line for each change that concerns documents which travel, and for orders of 1C that would be made in the portal."""
    pipelines = pipelines_of(portal.facts)
    found = _Found()
    for group in groups_of(base):
        _look(group, before, after, pipelines, found)
    for key, count in found.counts.items():
        yield Line(key, str(_TEXTS[key] % {"count": count}), count, examples=_examples(portal, found.some[key]))
    yield from _made(base, before, after)


def groups_of(base: OneCBase) -> list[Group]:
    """The documents of the base that the portal has, in groups."""
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [base.pk])
        return [Group(*row) for row in cursor.fetchall()]


def _look(group: Group, before: Rules, after: Rules, pipelines: Pipelines, found: _Found) -> None:
    kind, pipeline = group.entity_type_id, group.pipeline
    if kind not in DOCUMENT_TYPES:
        return
    was, is_now = (rules.trade.of_kind(kind) for rules in (before, after))
    default = pipelines.default.get(kind) in (None, pipeline)
    taken_before, taken_after = (rules.trade.takes(kind, pipeline, default=default) for rules in (before, after))
    if (was.travels or was.made_from_onec) != (is_now.travels or is_now.made_from_onec):
        found.add("documents-resume" if is_now.travels or is_now.made_from_onec else "documents-stop", group)
        return
    ours = [not kind.my_companies or group.my_company_id in kind.my_companies for kind in (was, is_now)]
    if taken_before and ours[0] and not (taken_after and ours[1]):
        found.add("documents-go-on", group)
    stages = {stage.id: stage for stage in pipelines.of(kind, pipeline)}
    here = stages.get(group.stage_id, Stage(group.stage_id))
    if not here.semantics:
        for move in stage_moves(before.trade, after.trade, kind, pipeline, stages.values()):
            found.add(f"stage-{move.happening}", group, arrow(_stage(move.old, stages), _stage(move.new, stages)))
        if terms_differ(before, after, group.my_company_id, pipeline, group.currency):
            found.add("terms", group)
    if told := status_told(before.trade, after.trade, kind, pipeline, group.stage_id):
        found.add("status-told", group, arrow(told.old or str(_OWN_NAME), told.new or str(_OWN_NAME)))
    if group.status_id or group.status_name:
        read = status_read(before.trade, after.trade, kind, pipeline, group.status_id, group.status_name)
        if read:
            found.add("status-read", group, arrow(_stage(read.old, stages), _stage(read.new, stages)))


def _stage(stage_id: str, stages: Mapping[str, Stage]) -> str:
    return stages.get(stage_id, Stage(stage_id)).name or stage_id if stage_id else str(_STAYS)


def _examples(portal: Portal, some: Iterable[tuple[int, str]]) -> tuple[Example, ...]:
    chosen = dict(sorted(some, reverse=True)[:EXAMPLES])
    rows = TradeDocument.objects.filter(pk__in=chosen).order_by("-pk")
    fields = rows.values_list("pk", "entity_type_id", "b24_id", "portal_side__title", "number")
    return tuple(
        Example(str(title or number or b24_id), chosen[pk], address(portal, kind, b24_id or 0))
        for pk, kind, b24_id, title, number in fields
    )


def address(portal: Portal, entity_type_id: int, b24_id: int) -> str:
    """A document's address in the portal."""
    place = "deal/details" if entity_type_id == DEAL else f"type/{entity_type_id}/details"
    return f"https://{portal.domain}/crm/{place}/{b24_id}/"


def _made(base: OneCBase, before: Rules, after: Rules) -> Iterator[Line]:
    """Orders that 1C made first and that the portal has not: made there once a kind may be."""
    if any(before.trade.of_kind(kind).made_from_onec for kind in DOCUMENT_TYPES):
        return
    if not any(after.trade.of_kind(kind).made_from_onec for kind in DOCUMENT_TYPES):
        return
    waiting = TradeDocument.objects.filter(base=base, b24_id=None, onec_side__isnull=False).exclude(onec_id="")
    for over in ("cancelled", "deleted"):
        waiting = waiting.exclude(onec_side__contains={over: True})
    count = waiting.count()
    newest = waiting.order_by("-pk").values_list("onec_side__onec_number", "onec_side__number", "onec_id")[:EXAMPLES]
    names = tuple(Example(str(number or other or id)) for number, other, id in newest)
    yield Line("made-in-portal", str(_TEXTS["made-in-portal"] % {"count": count}), count, examples=names)
