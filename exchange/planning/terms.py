"""The terms 1C applies to an order of ours: agreement, organisation, price type, warehouse, by own company and pipeline. Pure."""

from __future__ import annotations

from dataclasses import replace

from exchange.planning.trade import Trade
from exchange.planning.vat_sides import with_vat
from mapping.trade_rules import Agreement, TradeRules


def agreement_for(rules: TradeRules, my_company: int, pipeline: int, currency: str = "") -> Agreement | None:
    """The agreement for a document: the one for its own company and pipeline, then for either, then the default one.

    One of another currency never fits (УТ 11 refuses such an order); among equals the one that names the document's is nearer.
    """
    fitting = [
        agreement
        for agreement in rules.agreements
        if agreement.my_company in (None, my_company)
        and agreement.pipeline in (None, pipeline)
        and (agreement.currency in ("", currency) or not currency)
    ]
    exact = [one for one in fitting if one.my_company is not None or one.pipeline is not None]
    exact.sort(key=lambda one: (one.my_company is None, one.pipeline is None, not one.currency))
    default = sorted((one for one in fitting if one.default), key=lambda one: not one.currency)
    return next(iter([*exact, *default]), None)


def with_terms(trade: Trade, rules: TradeRules, price_type: str) -> Trade:
    """The document with its terms by 1C's ids; what no rule says, and 1C itself said before, stays. `price_type` is the default."""
    agreement = agreement_for(rules, trade.my_company_id, trade.category_id, trade.currency) or Agreement(id="")
    by_company = {company: organisation for organisation, company in rules.organisations.items()}
    lines, included = trade.lines, agreement.vat_included
    return replace(
        trade,
        lines=with_vat(lines, trade.currency, included=included) if lines and included is not None else lines,
        organisation=agreement.organisation or by_company.get(trade.my_company_id) or trade.organisation,
        warehouse_id=agreement.warehouse or rules.warehouse or trade.warehouse_id,
        agreement_id=agreement.id or trade.agreement_id,
        price_type_id=agreement.price_type or trade.price_type_id or price_type or None,
    )
