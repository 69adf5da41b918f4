"""Putting a document out for 1C: who takes part, on which terms, in which status; and when it is held back."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from exchange.planning.effects import Effects, Stage
from exchange.planning.merge import Merged
from exchange.planning.outgoing import Outgoing, Place
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.statuses import bracketed, status_for_stage
from exchange.planning.stored import digest, from_data, to_data
from exchange.planning.terms import agreement_for, with_terms
from exchange.planning.trade import COMPANY, Trade
from exchange.settling.combining import for_onec
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt
from exchange.settling.gather import Named


class Offered(NamedTuple):
    """The groups of fields that 1C is yet to hear of, and a digest of what goes with them (parties, terms, status)."""

    groups: frozenset[str] = frozenset()
    company: str = ""


def offer(
    work: DocumentWork,
    fresh: Fresh,
    portal: Trade,
    merged: Merged[Trade],
    effects: Effects | None,
    tools: DocumentTools,
    log: Learnt,
) -> Offered:
    """Put the document out if 1C shall have something else than it has.

    What 1C told itself does not go back to it: a document it made goes out only when the portal changed something of it, and a stage
    that its payment or shipment moved is no news for it. Without a buyer or without lines nothing goes: 1C would refuse the whole file.
    """
    moved = effects is not None and bool(effects.stage_id) and portal.stage_id == effects.stage_id
    groups = merged.to_onec - {"stage"} if moved else merged.to_onec
    if work.known.get("origin") == "onec" and not work.given and not groups - {"stage"}:
        return Offered()
    lacking = "document-without-buyer" if portal.buyer is None else "" if merged.for_onec.lines else "document-without-lines"
    if lacking:
        log.trouble(work.key, portal.title, lacking)
        return Offered(groups)
    log.over[work.key] = log.over.get(work.key, frozenset()) | {"document-without-buyer", "document-without-lines"}
    outgoing = outgoing_of(work, whole(fresh.item["id"]), for_onec(merged, portal), portal, tools)
    company = _company(outgoing, final=bool(_stage(work, portal, tools).semantics))
    if not (work.confirmed and not groups and (moved or company == work.known.get("company"))):
        log.outgoing[work.pk] = outgoing
    return Offered(groups, company)


def _company(outgoing: Outgoing, *, final: bool) -> str:
    """What 1C gets beside the document's own fields. A finished document is not sent again because its buyer's phone changed."""
    alone = replace(outgoing, trade=Trade())
    if final:
        alone = replace(alone, buyer=None, seller=None, organisation_name="", organisation_tax_id="")
    trade = outgoing.trade
    vat = [line.vat_included for line in trade.lines or ()]
    return digest([to_data(alone), trade.organisation, trade.warehouse_id, trade.agreement_id, trade.price_type_id, vat])


def outgoing_of(work: DocumentWork, b24_id: int, trade: Trade, portal: Trade, tools: DocumentTools) -> Outgoing:
    """The document as 1C gets it."""
    rules = work.base.rules.trade
    trade = with_terms(trade, rules, tools.base_price_type())
    agreement = agreement_for(rules, portal.my_company_id, portal.category_id, trade.currency)
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
        currency_name=tools.currency_name(trade.currency),
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
