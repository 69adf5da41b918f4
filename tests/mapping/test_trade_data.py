"""Rules about documents survive being stored, and nothing stored stops the exchange."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from mapping.rules import Rules, from_data
from mapping.trade_data import trade_data, trade_rules
from mapping.trade_rules import DOCUMENT_FIELDS, PARTY_FIELDS, Agreement, KindRules, PartyRules, StatusRule, TradeRules

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=8)
OWNERS = st.sampled_from(["portal", "onec", "last"])
STAGES = st.dictionaries(st.integers(0, 90), TEXTS, max_size=2)
KINDS = st.builds(
    KindRules,
    travels=st.booleans(),
    pipelines=st.frozensets(st.integers(0, 90), max_size=3),
    all_pipelines=st.booleans(),
    my_companies=st.frozensets(st.integers(1, 90), max_size=3),
    from_stage=STAGES,
    from_date=st.none() | st.dates(),
    stage_paid=STAGES,
    stage_cancelled=STAGES,
    made_from_onec=st.booleans(),
    pipeline_for_new=st.none() | st.integers(0, 9),
)
RULES = st.builds(
    TradeRules,
    invoices=KINDS,
    deals=KINDS,
    statuses=st.lists(
        st.builds(
            StatusRule,
            entity_type_id=st.sampled_from([2, 31]),
            pipeline=st.integers(0, 9),
            stage_id=TEXTS,
            onec=TEXTS,
            direction=st.sampled_from(["both", "to_onec", "to_portal"]),
        ),
        max_size=3,
    ).map(tuple),
    agreements=st.lists(
        st.builds(
            Agreement,
            id=TEXTS | st.just(""),
            name=TEXTS,
            organisation=TEXTS | st.just(""),
            price_type=TEXTS | st.just(""),
            currency=st.sampled_from(["", "RUB", "EUR"]),
            warehouse=TEXTS | st.just(""),
            vat_included=st.none() | st.booleans(),
            my_company=st.none() | st.integers(0, 9),
            pipeline=st.none() | st.integers(0, 9),
            default=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    parties=st.builds(
        PartyRules,
        by_name=st.booleans(),
        create=st.booleans(),
        presets=st.dictionaries(TEXTS, st.integers(1, 9), max_size=2),
        country=st.sampled_from(["", "KZ"]),
    ),
    document_owners=st.fixed_dictionaries(dict.fromkeys(DOCUMENT_FIELDS, OWNERS)),
    party_owners=st.fixed_dictionaries(dict.fromkeys(PARTY_FIELDS, OWNERS)),
    warehouse=TEXTS | st.just(""),
    responsible=st.dictionaries(TEXTS | st.just(""), st.integers(1, 9), max_size=2),
    automation_trigger=st.booleans(),
    organisations=st.dictionaries(TEXTS, st.integers(1, 9), max_size=2),
    notify_responsible=st.booleans(),
    poison_after=st.integers(1, 9),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["invoices", "deals", "statuses", "agreements", "parties", "document_owners", "organisations", "poison_after"]
)

NAMES_OF_ALL = st.sampled_from([field.name for field in dataclasses.fields(Rules)])


class TestStoredRules:
    @given(RULES)
    def test_come_back_as_they_were(self, rules: TradeRules) -> None:
        assert trade_rules(json.loads(json.dumps(trade_data(rules)))) == rules

    @given(st.dictionaries(NAMES, JSON, max_size=4) | JSON)
    def test_that_make_no_sense_are_defaults(self, data: object) -> None:
        assert isinstance(trade_rules(data), TradeRules)

    def test_at_their_defaults_store_nothing(self) -> None:
        assert trade_data(TradeRules()) == {}

    def test_stand_among_the_bases_rules(self) -> None:
        rules = from_data({"trade": {"deals": {"travels": True, "from_date": "2026-01-31"}}})
        assert rules.trade.deals == KindRules(travels=True, from_date=dt.date(2026, 1, 31))
        assert rules.trade.invoices.travels

    @given(st.dictionaries(NAMES_OF_ALL, JSON, max_size=5))
    def test_of_the_catalogue_that_make_no_sense_are_defaults_too(self, data: dict[str, object]) -> None:
        assert isinstance(from_data(data), Rules)

    def test_store_of_a_kind_only_what_differs(self) -> None:
        rules = TradeRules(invoices=KindRules(travels=True, made_from_onec=True))
        assert trade_data(rules) == {"invoices": {"made_from_onec": True}}

    def test_keep_an_owner_that_nobody_knows_at_its_default(self) -> None:
        assert trade_rules({"document_owners": {"lines": "everybody"}}).document_owners["lines"] == "last"
