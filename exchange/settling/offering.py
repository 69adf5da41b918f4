"""Putting a document out for 1C: who takes part, on which terms, in which status; and when it is held back."""

from __future__ import annotations

from dataclasses import replace

from exchange.planning.effects import Stage
from exchange.planning.merge import Merged
from exchange.planning.outgoing import Outgoing, Place
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.statuses import bracketed, status_for_stage
from exchange.planning.stored import from_data
from exchange.planning.terms import agreement_for, with_terms
from exchange.planning.trade import COMPANY, Trade
from exchange.settling.combining import for_onec
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt
from exchange.settling.gather import Named


def offer(
    work: DocumentWork, fresh: Fresh, portal: Trade, merged: Merged[Trade], tools: DocumentTools, log: Learnt
) -> frozenset[str]:
    """Put the document out if 1C shall have it; returns the groups of fields that 1C is yet to hear of.

    A document that came from 1C goes back only when the portal changed something of it. Without a buyer nothing goes: 1C would
    refuse the file it is in, with everything else.
    """
    if work.known.get("origin") == "onec" and not work.given and not merged.to_onec:
        return frozenset()
    if portal.buyer is None:
        log.trouble(work.key, portal.title, "document-without-buyer")
        return merged.to_onec
    log.over[work.key] = log.over.get(work.key, frozenset()) | {"document-without-buyer"}
    log.outgoing[work.pk] = outgoing_of(work, whole(fresh.item["id"]), for_onec(merged, portal), portal, tools)
    return merged.to_onec


def outgoing_of(work: DocumentWork, b24_id: int, trade: Trade, portal: Trade, tools: DocumentTools) -> Outgoing:
    """The document as 1C gets it."""
    rules = work.base.rules.trade
    trade = with_terms(trade, rules, tools.base_price_type())
    agreement = agreement_for(rules, portal.my_company_id, portal.category_id)
    keys: list[Named] = [key for key in (portal.buyer, _own(portal)) if key is not None and key in tools.parties]
    told = tools.for_onec({key: tools.parties[key] for key in keys if key == portal.buyer})
    buyer = told.get(portal.buyer) if portal.buyer else None
    seller = tools.parties.get(_own(portal) or (0, 0))
    stage = _stage(work, portal, tools)
    status_id, status_name = _status(work, portal, stage)
    return Outgoing(
        trade=replace(trade, party=buyer.id if buyer else trade.party),
        buyer=buyer,
        seller=seller,
        status_id=status_id,
        status_name=status_name,
        final=stage.semantics == "S",
        link=tools.link(work.entity_type_id, b24_id),
        responsible=tools.users.get(portal.responsible_id, ""),
        organisation_name=(seller.full_name or seller.name) if seller else "",
        organisation_tax_id=(seller.tax_id or "") if seller else "",
        warehouse=Place(id=trade.warehouse_id, name=tools.name_of("warehouse", trade.warehouse_id))
        if trade.warehouse_id
        else None,
        agreement_name=agreement.name if agreement else "",
        price_type_name=tools.name_of("price_type", trade.price_type_id) if trade.price_type_id else "",
    )


def _own(portal: Trade) -> Named | None:
    return (COMPANY, portal.my_company_id) if portal.my_company_id else None


def _stage(work: DocumentWork, portal: Trade, tools: DocumentTools) -> Stage:
    stages = tools.pipelines.of(work.entity_type_id, portal.category_id)
    return next((stage for stage in stages if stage.id == portal.stage_id), Stage(portal.stage_id))


def _status(work: DocumentWork, portal: Trade, stage: Stage) -> tuple[str, str]:
    """1C's id and name of the stage: as the mapping says, else the portal's own."""
    rule = status_for_stage(portal.stage_id, work.base.rules.trade.statuses, work.entity_type_id, portal.category_id)
    if not rule:
        return stage.id, stage.name or stage.id
    id, name = bracketed(rule)
    return id or name, name or id


def withdraw_from_onec(work: DocumentWork, before: Trade, tools: DocumentTools, log: Learnt) -> None:
    """The document is not in the portal any more: 1C hears, once, that it is cancelled."""
    trade = replace(before, cancelled=True)
    alone = Merged(trade, trade, trade)
    keep = work.known.get("offered")
    told = from_data(Trade, keep) if keep else work.agreed or trade
    log.outgoing[work.pk] = outgoing_of(work, work.b24_id or 0, replace(for_onec(alone, trade), lines=told.lines), trade, tools)
