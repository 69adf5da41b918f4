"""Documents and parties survive being stored."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.stored import digest, from_data, plain, to_data
from exchange.planning.trade import (
    Account,
    AddressKind,
    Line,
    Party,
    PartyKind,
    Payment,
    Person,
    PostalAddress,
    Shipment,
    Trade,
)
from exchange.records import VatRate

DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
TEXTS = st.text(max_size=12)
DATES = st.none() | st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1))
LINES = st.builds(
    Line,
    item_id=TEXTS,
    name=TEXTS,
    quantity=DECIMALS,
    price=DECIMALS,
    amount=DECIMALS,
    discount=DECIMALS,
    vat=st.none() | st.builds(VatRate, st.none() | DECIMALS, st.booleans()),
    vat_included=st.booleans(),
    vat_amount=st.none() | DECIMALS,
    service=st.booleans(),
)
TRADES = st.builds(
    Trade,
    number=TEXTS,
    date=DATES,
    time=st.none() | st.times(),
    amount=st.none() | DECIMALS,
    lines=st.none() | st.lists(LINES, max_size=3).map(tuple),
    buyer=st.none() | st.tuples(st.integers(), st.integers()),
    payments=st.none() | st.lists(st.builds(Payment, key=TEXTS, amount=DECIMALS, date=DATES), max_size=2).map(tuple),
    shipments=st.none()
    | st.lists(st.builds(Shipment, key=TEXTS, lines=st.lists(st.tuples(TEXTS, DECIMALS), max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
    facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
)
PARTIES = st.builds(
    Party,
    kind=st.none() | st.sampled_from(PartyKind),
    b24=st.none() | st.tuples(st.integers(), st.integers()),
    phones=st.none() | st.lists(TEXTS, max_size=2).map(tuple),
    addresses=st.none()
    | st.lists(st.builds(PostalAddress, kind=st.sampled_from(AddressKind), text=TEXTS), max_size=2).map(tuple),
    accounts=st.none() | st.lists(st.builds(Account, number=TEXTS), max_size=2).map(tuple),
    people=st.none() | st.lists(st.builds(Person, phones=st.lists(TEXTS, max_size=2).map(tuple)), max_size=2).map(tuple),
)


class TestStored:
    @given(TRADES)
    def test_gives_a_document_back_as_it_was(self, trade: Trade) -> None:
        assert from_data(Trade, json.loads(json.dumps(to_data(trade)))) == trade

    @given(PARTIES)
    def test_gives_a_party_back_as_it_was(self, party: Party) -> None:
        assert from_data(Party, json.loads(json.dumps(to_data(party)))) == party

    def test_keeps_what_was_not_said_apart_from_what_is_empty(self) -> None:
        assert from_data(Trade, to_data(Trade(lines=()))).lines == ()
        assert from_data(Trade, to_data(Trade())).lines is None

    def test_leaves_alone_what_it_does_not_know(self) -> None:
        assert from_data(Party, {"name": "A", "later": 1}) == Party(name="A")

    @given(DECIMALS)
    def test_writes_equal_numbers_alike(self, number: Decimal) -> None:
        assert plain(number) == plain(number.quantize(Decimal("0.000001")))
        assert Decimal(plain(number)) == number

    def test_has_one_digest_for_equal_data(self) -> None:
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})
