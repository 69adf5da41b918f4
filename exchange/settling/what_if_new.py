"""Documents of the portal that would begin to travel: nobody knows them yet, so the portal is asked, at most twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import ngettext_lazy

from b24app.models import Portal
from b24app.oauth.clients import PERSON_SECONDS, client_for
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from b24app.rest.lists import PAGE, rows
from exchange.models import OneCBase
from exchange.planning.portal_trades import FIELDS, Fresh, Words, trade_from, whole
from exchange.planning.trade import DEAL, DOCUMENT_TYPES
from exchange.settling import admitting, work
from exchange.settling.pipelines import Pipelines, pipelines_of
from exchange.settling.routing import Candidate, has_reached, route
from exchange.settling.what_if_documents import address
from exchange.settling.what_if_lines import EXAMPLES, Example, Line
from mapping.rules import Rules
from mapping.trade_rules import KindRules

# Pipelines that are asked for at once, and further pages of them.
_MOST: Final = 40
_TEXT: Final = ngettext_lazy("%(count)d document begins to travel to 1C.", "%(count)d documents begin to travel to 1C.", "count")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One pipeline's documents as the portal is asked for them."""

    entity_type_id: int
    pipeline: int
    filter: Mapping[str, Any]

    def command(self, start: int = 0) -> Command:
        """A page of them, newest first."""
        params = {"entityTypeId": self.entity_type_id, "select": list(FIELDS[self.entity_type_id]), "filter": dict(self.filter)}
        return Command("crm.item.list", {**params, "order": {"id": "DESC"}, "start": start})


def lines(portal: Portal, base: OneCBase, before: Rules, after: Rules) -> list[Line] | None:
    """The line of documents that no base has yet and that the change would let travel; None when the portal cannot be asked."""
    pipelines = pipelines_of(portal.facts)
    asked = list(_asked(base, before, after, pipelines))[:_MOST]
    if not asked:
        return []
    if portal.trouble or portal.uninstalled_at is not None:
        return None
    try:
        answers = _read(client_for(portal, urgent=True, limit=PERSON_SECONDS), asked)
    except RestError:
        return None
    return list(_told(portal, base, before, after, pipelines, answers))


def _asked(base: OneCBase, before: Rules, after: Rules, pipelines: Pipelines) -> Iterator[_Asked]:
    for kind in DOCUMENT_TYPES:
        was, now = (admits(rules.trade.of_kind(kind)) for rules in (before, after))
        if was == now:
            continue
        for (of, pipeline), stages in pipelines.stages.items():
            default = pipelines.default.get(kind) in (None, pipeline)
            if of != kind or not after.trade.takes(kind, pipeline, default=default):
                continue
            first = now.from_stage.get(pipeline, "")
            wanted: dict[str, Any] = {"categoryId": pipeline}
            wanted["@stageId"] = [stage.id for stage in stages if has_reached(stage.id, stages, first)]
            since = now.from_date or base.created_at.date()
            wanted[">=begindate" if now.from_date else ">=createdTime"] = since.isoformat()
            if now.my_companies and kind != DEAL:
                wanted["@mycompanyId"] = sorted(now.my_companies)
            yield _Asked(kind, pipeline, wanted)


def admits(kind: KindRules) -> KindRules:
    """Only what decides whether a document is taken."""
    usual = KindRules()
    return replace(
        kind,
        stage_paid={},
        stage_partly_paid={},
        stage_shipped={},
        stage_cancelled={},
        made_from_onec=usual.made_from_onec,
        pipeline_for_new=None,
    )


@dataclass(slots=True)
class _Answer:
    """What the portal told of one pipeline: how many there are, and the newest of them."""

    asked: _Asked
    total: int
    items: list[dict[str, Any]]


def _read(client: PortalClient, asked: list[_Asked]) -> list[_Answer]:
    """The newest documents of each, and how many there are. Raises RestError."""
    answers = []
    for one, outcome in zip(asked, client.batch([one.command() for one in asked]), strict=True):
        if outcome.error is not None:
            raise outcome.error
        found = rows(outcome.result)
        answers.append(_Answer(one, max(outcome.total or 0, len(found)), found))
    further = [(answer, start) for answer in answers for start in range(PAGE, answer.total, PAGE)][:_MOST]
    if further:
        for (answer, _), outcome in zip(further, client.batch([one.asked.command(at) for one, at in further]), strict=True):
            if outcome.error is not None:
                raise outcome.error
            answer.items += rows(outcome.result)
    return answers


def _told(
    portal: Portal, base: OneCBase, before: Rules, after: Rules, pipelines: Pipelines, answers: list[_Answer]
) -> Iterator[Line]:
    routes = [_Routes(portal, base, rules, pipelines) for rules in (before, after)]
    count, exact = 0, True
    examples: list[Example] = []
    for answer in answers:
        kind = answer.asked.entity_type_id
        strange = admitting.strangers(portal.pk, [(kind, whole(item.get("id"))) for item in answer.items])
        new = [item for item in answer.items if (kind, whole(item.get("id"))) in strange]
        begins = [item for item in new if [one.takes(kind, item) for one in routes] == [False, True]]
        read_all = answer.total <= len(answer.items)
        # Whose a deal is, its requisites would tell: they are not read here.
        exact = exact and read_all and not (begins and kind == DEAL and after.trade.deals.my_companies)
        count += len(begins) if read_all else round(answer.total * len(begins) / max(len(answer.items), 1))
        examples += [_example(portal, kind, item, pipelines) for item in begins]
    yield Line("documents-start", str(_TEXT % {"count": count}), count, exact, tuple(examples[:EXAMPLES]))


class _Routes:
    """Which documents the base takes when it has these rules."""

    def __init__(self, portal: Portal, base: OneCBase, rules: Rules, pipelines: Pipelines) -> None:
        self.base = base
        self.pipelines = pipelines
        deals = replace(rules.trade.deals, my_companies=frozenset())
        seen = replace(rules, trade=replace(rules.trade, deals=deals))
        bases = {one.pk: one for one in OneCBase.objects.working().filter(portal=portal)} | {base.pk: base}
        facts = {pk: work.facts_of(one) for pk, one in bases.items()}
        facts[base.pk] = replace(facts[base.pk], rules=seen)
        self.candidates = [Candidate(facts[pk], one.created_at.date()) for pk, one in sorted(bases.items())]

    def takes(self, kind: int, item: Mapping[str, Any]) -> bool:
        """Whether the base takes the document."""
        stages = self.pipelines.of(kind, whole(item.get("categoryId")))
        trade = trade_from(Fresh(item), kind, Words(stages=stages), None)
        created = str(item.get("createdTime") or "")
        found = route(trade, created, kind, stages, self.pipelines.default.get(kind), self.candidates)
        return found is not None and found.pk == self.base.pk


def _example(portal: Portal, kind: int, item: Mapping[str, Any], pipelines: Pipelines) -> Example:
    stages = pipelines.of(kind, whole(item.get("categoryId")))
    name = next((stage.name for stage in stages if stage.id == item.get("stageId")), "")
    return Example(str(item.get("title") or item.get("id")), name, address(portal, kind, whole(item.get("id"))))
