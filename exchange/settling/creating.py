"""Making a document in the portal that 1C made first: found again by 1C's id before it is added, so that it is never there twice."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from b24app.rest.lists import rows
from exchange.imports.flows import Ask
from exchange.money import totals
from exchange.planning.effects import Place, effects_of
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.trade import COMPANY, DEAL, INVOICE, Trade
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt
from exchange.settling.gather import Named, read_documents
from exchange.settling.own_companies import own_company

Made = tuple[DocumentWork, Fresh]


def make(
    work: DocumentWork, buyer: Named | None, tools: DocumentTools, log: Learnt
) -> Generator[Ask, list[Outcome], Made | None]:
    """The portal's document for a row that has none: found by 1C's id, or added if the rules want it; None when there is none.

    Raises RestError.
    """
    onec = work.onec_side
    kind = work.base.rules.trade.of_kind(work.entity_type_id)
    if onec is None or not work.onec_id:
        log.done[work.key] = work.version
        return None
    (found,) = yield Ask((_search(work),))
    if found.error is not None:
        raise found.error
    ids = [whole(row.get("id")) for row in rows(found.result)]
    too_old = kind.from_date is not None and onec.date is not None and onec.date < kind.from_date
    if not ids and (not kind.made_from_onec or onec.deleted or onec.cancelled or too_old):
        log.done[work.key] = work.version
        return None
    b24_id = ids[0] if ids else (yield from _added(work, onec, buyer, tools, log))
    if b24_id is None:
        return None
    known = {**work.known, "origin": "onec"}
    log.learn(work.key, b24=(work.entity_type_id, b24_id), known=known)
    log.added.add(work.key)
    made = replace(work, b24_id=b24_id, known=known)
    fresh = (yield from read_documents({(work.entity_type_id, b24_id)})).get((work.entity_type_id, b24_id))
    if fresh is None:
        log.later[work.key] = 5.0
        return None
    return made, fresh


def external_id(work: DocumentWork) -> dict[str, str]:
    """The fields that carry 1C's id (bitrix24: invoices have xmlId, deals originatorId and originId)."""
    if work.entity_type_id == DEAL:
        return {"originatorId": work.base.originator, "originId": work.onec_id}
    return {"xmlId": work.onec_id}


def _search(work: DocumentWork) -> Command:
    params = {"entityTypeId": work.entity_type_id, "select": ["id"], "filter": external_id(work), "order": {"id": "ASC"}}
    return Command("crm.item.list", {**params, "start": -1})


def _added(
    work: DocumentWork, onec: Trade, buyer: Named | None, tools: DocumentTools, log: Learnt
) -> Generator[Ask, list[Outcome], int | None]:
    own = yield from own_company(work, tools, log)
    fields = _new(work, onec, buyer, own or 0, tools)
    (outcome,) = yield Ask((_imported(work, onec, fields, tools) if work.quiet else _made(work, fields),), (work.key,))
    error = outcome.error
    if error is not None and error.fate in (Fate.RETRY, Fate.REFRESH):
        raise error
    answer: dict[str, Any] = outcome.result if error is None else {"error": error.code, "error_description": error.description}
    if work.quiet and error is None:
        answer = answer["items"][0]
    if "item" in answer:
        return whole(answer["item"]["id"])
    log.added.add(work.key)  # It was answered: nothing was made.
    told = {"code": str(answer.get("error")), "answer": str(answer.get("error_description"))}
    log.trouble(work.key, _title(onec), "portal-refused", **told)
    log.done[work.key] = work.version
    return None


def _made(work: DocumentWork, fields: dict[str, Any]) -> Command:
    return Command("crm.item.add", {"entityTypeId": work.entity_type_id, "fields": fields})


def _imported(work: DocumentWork, onec: Trade, fields: dict[str, Any], tools: DocumentTools) -> Command:
    """An import starts no robots (bitrix24: crm.item.batchImport). It says the stage at once: moving it afterwards would start them."""
    pipeline = fields.get("categoryId", 0)
    stages = tools.pipelines.of(work.entity_type_id, pipeline)
    if stages:
        first = min(stages, key=lambda stage: stage.sort)
        amount = totals(onec.lines, onec.currency).amount if onec.lines else onec.amount or Decimal(0)
        place = Place(work.entity_type_id, pipeline, first.id, stages)
        effects = effects_of(onec, amount, place, work.base.rules.trade, None, first=True)
        fields = {**fields, "stageId": effects.stage_id or first.id}
    return Command("crm.item.batchImport", {"entityTypeId": work.entity_type_id, "data": [fields]})


def _new(work: DocumentWork, onec: Trade, buyer: Named | None, own: int, tools: DocumentTools) -> dict[str, Any]:
    """Only what makes it that document; everything else is written afterwards, by difference, as for any other."""
    rules = work.base.rules.trade
    kind = rules.of_kind(work.entity_type_id)
    fields: dict[str, Any] = {**external_id(work), "title": _title(onec)}
    pipeline = kind.pipeline_for_new
    if pipeline is None:
        pipeline = tools.pipelines.default.get(work.entity_type_id)
    if pipeline is not None:
        fields["categoryId"] = pipeline
    if onec.currency:
        fields["currencyId"] = onec.currency
    if buyer is not None:
        fields["companyId" if buyer[0] == COMPANY else "contactId"] = buyer[1]
    if own and work.entity_type_id == INVOICE:
        fields["mycompanyId"] = own
    if onec.date is not None:
        fields["begindate"] = onec.date
    named = (rules.responsible[value] for _, value in onec.facts if value and value in rules.responsible)
    responsible = next(named, rules.responsible.get("", 0))
    if responsible:
        fields["assignedById"] = responsible
    return fields


def _title(onec: Trade) -> str:
    return onec.title or onec.onec_number or onec.number or onec.onec_id
