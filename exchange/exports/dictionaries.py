"""The answer to `info`: the stages of what travels, and how one pays and gets the goods, so that 1C's users can map them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from exchange.commerceml.write_info import render_info
from exchange.models import OneCBase
from exchange.planning.trade import DOCUMENT_TYPES
from exchange.protocol import Answer
from mapping.load import rules_of
from mapping.trade_rules import TradeRules


def dictionaries(base: OneCBase) -> Answer:
    """The stages as last read from the portal, of the pipelines whose documents go to this base."""
    rules = rules_of(base.portal_id, base.pk).trade
    return Answer(render_info(statuses(base.portal.facts, rules)).decode("windows-1251"), xml=True)


def statuses(facts: Mapping[str, Any], rules: TradeRules) -> list[tuple[str, str]]:
    """(id, name) of every stage; a name that several pipelines have is told with the pipeline's, or 1C could not tell them apart."""
    found = list(_stages(facts, rules))
    times = Counter(name for _, name, _ in found)
    named = ((key, f"{name} ({pipeline})" if times[name] > 1 and pipeline else name) for key, name, pipeline in found)
    return list(dict(named).items())


def _stages(facts: Mapping[str, Any], rules: TradeRules) -> Iterator[tuple[str, str, str]]:
    for pipeline in (facts.get("trade") or {}).get("pipelines", ()):
        kind = int(pipeline.get("entity_type_id") or 0)
        wanted = rules.takes(kind, int(pipeline.get("id") or 0), default=bool(pipeline.get("default")))
        if kind in DOCUMENT_TYPES and wanted:
            for stage in sorted(pipeline.get("stages", ()), key=lambda stage: int(stage.get("sort") or 0)):
                yield str(stage.get("id") or ""), str(stage.get("name") or ""), str(pipeline.get("name") or "")
