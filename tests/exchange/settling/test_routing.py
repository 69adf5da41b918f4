from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exchange.money import totals
from exchange.planning.effects import Stage
from exchange.planning.terms import agreement_for, with_terms
from exchange.planning.trade import DEAL, INVOICE, Line, Trade
from exchange.records import VatRate
from exchange.settling.flows import BaseFacts
from exchange.settling.routing import Candidate, has_reached, route
from mapping.rules import Rules
from mapping.trade_rules import Agreement, KindRules, TradeRules

STAGES = (Stage("N", sort=10), Stage("S", sort=20), Stage("P", sort=30, semantics="S"), Stage("D", sort=40, semantics="F"))
SINCE = dt.date(2026, 11, 1)
CREATED = "2026-11-20T10:00:00+03:00"


def taken(kind: int = INVOICE, created: str = CREATED, **trade: Any) -> int | None:
    return by(TradeRules(), kind=kind, created=created, **trade)


def by(*rules: TradeRules, kind: int = INVOICE, created: str = CREATED, **trade: Any) -> int | None:
    bases = [Candidate(BaseFacts(pk, Rules(trade=one), f"onec:{pk}"), SINCE) for pk, one in enumerate(rules, 1)]
    document = Trade(**{"category_id": 1, "stage_id": "S", "date": dt.date(2026, 11, 20), **trade})
    base = route(document, created, kind, STAGES, 1, bases)
    return base.pk if base else None


class TestRoute:
    def test_without_settings_invoices_of_the_default_pipeline_go_from_the_second_stage_on(self) -> None:
        assert taken() == 1
        assert taken(stage_id="N") is None
        assert taken(stage_id="P") == 1
        assert taken(stage_id="D") is None
        assert taken(category_id=2) is None
        assert taken(DEAL) is None
        assert taken(created="2026-10-01T00:00:00+03:00") is None

    def test_the_first_base_that_wants_it_takes_it(self) -> None:
        mine = TradeRules(invoices=KindRules(travels=True, my_companies=frozenset({5})))
        other = TradeRules(invoices=KindRules(travels=True, pipelines=frozenset({1, 2})))
        assert by(mine, other, my_company_id=5) == 1
        assert by(mine, other, my_company_id=6) == 2
        assert by(mine, other, my_company_id=6, category_id=3) is None

    def test_all_pipelines_travel_when_the_rules_say_so_and_a_date_alone_does_not_add_any(self) -> None:
        assert by(TradeRules(invoices=KindRules(travels=True, all_pipelines=True)), category_id=2) == 1
        assert by(TradeRules(invoices=KindRules(travels=True, from_date=dt.date(2026, 1, 1))), category_id=2) is None

    def test_a_rules_date_replaces_that_of_the_connection(self) -> None:
        rules = TradeRules(invoices=KindRules(travels=True, from_date=dt.date(2026, 1, 1)))
        assert by(rules, created="2026-02-01T00:00:00+03:00", date=dt.date(2026, 2, 1)) == 1
        assert by(rules, date=dt.date(2025, 12, 31)) is None

    def test_a_stage_that_was_removed_falls_back_to_the_second(self) -> None:
        assert has_reached("S", STAGES, "GONE")
        assert not has_reached("N", STAGES, "GONE")
        assert not has_reached("S", STAGES, "P")
        assert not has_reached("unknown", STAGES, "")


class TestTerms:
    def test_the_agreement_that_names_more_wins_and_the_default_comes_last(self) -> None:
        rules = TradeRules(
            agreements=(
                Agreement("default", default=True),
                Agreement("pipeline", pipeline=1),
                Agreement("company", my_company=5),
                Agreement("both", my_company=5, pipeline=1),
                Agreement("unused"),
            )
        )
        chosen = [agreement_for(rules, company, pipeline) for company, pipeline in ((5, 1), (5, 2), (6, 1), (6, 2))]
        assert [one.id if one else None for one in chosen] == ["both", "company", "pipeline", "default"]

    def test_without_agreements_the_rules_and_the_base_price_type_hold(self) -> None:
        trade = with_terms(Trade(my_company_id=5), TradeRules(organisations={"org": 5}, warehouse="w1"), "retail")
        assert (trade.organisation, trade.warehouse_id, trade.agreement_id, trade.price_type_id) == ("org", "w1", None, "retail")

    def test_an_agreement_of_another_currency_never_fits(self) -> None:
        rules = TradeRules(agreements=(Agreement("rub", currency="RUB", my_company=5), Agreement("", name="Any", default=True)))
        named = [agreement_for(rules, 5, 1, currency) for currency in ("RUB", "EUR", "")]
        assert [one.id or one.name if one else None for one in named] == ["rub", "Any", "rub"]

    @given(st.decimals(0, 10**6, places=2), st.integers(1, 50), st.booleans(), st.booleans())
    def test_an_agreements_vat_changes_how_prices_are_told_and_never_what_is_to_pay(
        self, amount: Decimal, quantity: int, was: bool, told: bool
    ) -> None:
        line = Line(item_id="boots", quantity=Decimal(quantity), amount=amount, vat=VatRate(Decimal(20)), vat_included=was)
        trade = Trade(currency="RUB", lines=(line,))
        given = with_terms(trade, TradeRules(agreements=(Agreement("a", vat_included=told, default=True),)), "").lines or ()
        assert given[0].vat_included is told
        assert totals(given, "RUB") == totals((line,), "RUB")
