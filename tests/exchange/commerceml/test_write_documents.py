"""Orders for 1C: every strict reader reads them, our own reader reads back the same values, and the rules hold byte by byte."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.commerceml.write_documents import empty, render_document
from exchange.dialects import Dialect, choose
from exchange.money import totals
from exchange.planning.onec_lines import lines_from_onec
from exchange.planning.outgoing import Outgoing, Place, from_data, to_data
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
from exchange.planning.vat_sides import uniform
from exchange.records import VatRate
from sandbox.onec.clients.wire import ClientRefused
from tests.exchange.commerceml.writing import CLIENTS, MOMENT, client_reads, simple, we_read, written
from tests.exchange.trading import CURRENCIES, at, prices, quantities, rates, share

D = Decimal

# Texts as people write them: letters of other code pages, quotes, angle brackets, controls, emoji, line ends.
texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>&\"'ёЁіїєґăâîșț₴€№\x00\x0b\x1b\ufeff\u2028\r\n\t😀 "),
    max_size=40,
)
names = texts.map(lambda text: f"N{text}")


@st.composite
def lines_of(draw: st.DrawFn, currency: str) -> tuple[Line, ...]:
    decimals, included = CURRENCIES[currency], draw(st.booleans())
    made = []
    for number in range(draw(st.integers(1, 8))):
        quantity, price, rate = draw(quantities), at(draw(prices), decimals), draw(rates)
        amount = at(price * quantity, decimals)
        service = draw(st.booleans())
        made.append(
            Line(
                item_id=draw(
                    st.sampled_from((f"item-{number}", f"item-{number}#trait", f"x{number}#x{number}", "", "ORDER_DELIVERY"))
                ),
                name=draw(names),
                quantity=quantity,
                price=price,
                amount=amount,
                discount=at(draw(st.sampled_from((D(0), D("1.5"), D("99.99")))), 2),
                vat=VatRate(rate),
                vat_included=included,
                vat_amount=share(amount, rate, decimals, included=included),
                unit_code=draw(st.sampled_from(("796", "166", "6", "006", "", "999", "x"))),
                unit_name=draw(st.sampled_from(("", "шт", "кг", "pcs"))),
                service=service,
                article=draw(texts),
                product_id=draw(st.integers(0, 3)),
            )
        )
    return uniform(made, currency)


addresses = st.builds(
    PostalAddress,
    kind=st.sampled_from(AddressKind),
    text=texts,
    postal_code=st.sampled_from(("", "101000")),
    city=texts,
    street=texts,
)
people = st.builds(
    Person, last_name=texts, first_name=texts, position=texts, contact_id=st.integers(0, 3), phones=st.tuples(texts)
)
parties = st.builds(
    Party,
    id=st.sampled_from(("", "5f3c1c2e-0000-4000-8000-000000000001")),
    b24=st.sampled_from((None, (3, 5), (4, 9))),
    kind=st.sampled_from((None, *PartyKind)),
    name=texts,
    full_name=st.none() | texts,
    last_name=st.none() | texts,
    first_name=st.none() | texts,
    country=st.sampled_from(("", "RU", "UA", "MD")),
    tax_id=st.none() | st.sampled_from(("", "7707083893", "500100732259")),
    tax_branch=st.none() | st.just("770701001"),
    registration=st.none() | st.just("1027700132195"),
    phones=st.none() | st.lists(texts, max_size=3).map(tuple),
    emails=st.none() | st.lists(texts, max_size=3).map(tuple),
    addresses=st.none() | st.lists(addresses, max_size=3).map(tuple),
    accounts=st.none()
    | st.just((Account(number="40702810900000000001", bank="Bank", bic="044525225", correspondent="30101810400000000225"),)),
    people=st.none() | st.lists(people, max_size=2).map(tuple),
)


@st.composite
def documents_of(draw: st.DrawFn) -> Outgoing:
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    lines = draw(lines_of(currency))
    number = str(draw(st.integers(1, 999_999)))
    trade = Trade(
        number=number,
        date=draw(st.dates(dt.date(2001, 1, 1), dt.date(2099, 12, 31))),
        time=draw(st.none() | st.times().map(lambda time: time.replace(microsecond=0))),
        currency=currency,
        lines=lines,
        comment=draw(st.none() | texts),
        party=draw(st.sampled_from(("", "5f3c1c2e-0000-4000-8000-000000000002"))),
        pay_until=draw(st.none() | st.just(dt.date(2026, 4, 1))),
        cancelled=draw(st.none() | st.booleans()),
        deleted=draw(st.none() | st.booleans()),
        onec_id=draw(st.sampled_from(("", "5f3c1c2e-0000-4000-8000-000000000003"))),
    )
    payment = Payment(key="pay-1", number="17", date=dt.date(2026, 3, 2), amount=totals(lines, currency).amount, method="card")
    shipment = Shipment(key="ship-1", number="18", date=dt.date(2026, 3, 3))
    return Outgoing(
        trade=trade,
        id=f"D-{number}",
        buyer=draw(st.none() | parties),
        seller=draw(st.none() | parties),
        status_id=draw(st.sampled_from(("", "N", "DT31_1:P"))),
        status_name=draw(texts),
        final=draw(st.booleans()),
        link=draw(st.sampled_from(("", "https://example.bitrix24.ru/crm/deal/details/5/"))),
        warehouse=draw(st.none() | st.builds(Place, id=st.sampled_from(("", "wh-1")), name=texts, address=texts, phone=texts)),
        agreement_name=draw(texts),
        price_type_name=draw(texts),
        buyer_comment=draw(texts),
        payments=(payment,) if draw(st.booleans()) else (),
        shipments=(shipment,) if draw(st.booleans()) else (),
        facts=draw(st.lists(st.tuples(texts, texts), max_size=3).map(tuple)),
    )


generated = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


class TestEveryReader:
    @generated
    @given(found=st.lists(documents_of(), min_size=1, max_size=3, unique_by=lambda out: out.trade.number))
    def test_takes_what_is_written_for_it(self, found: list[Outgoing]):
        for name in CLIENTS:
            self.check(name, found)

    def check(self, name: str, found: list[Outgoing]):
        body = written(found, CLIENTS[name][0])
        taken = client_reads(name, body)
        assert [order.number for order in taken] == [out.trade.number for out in found]
        for order, out in zip(taken, found, strict=True):
            lines = out.trade.lines or ()
            assert D(order.sum) == totals(lines, out.trade.currency).amount
            assert [(D(line.sum), D(line.quantity), line.is_service) for line in order.lines] == [
                (line.amount, line.quantity, line.service or line.item_id == "ORDER_DELIVERY") for line in lines
            ]

    @pytest.mark.parametrize("name", list(CLIENTS))
    def test_takes_an_answer_without_orders(self, name: str):
        body = written([], CLIENTS[name][0])
        assert client_reads(name, body) == []
        assert body == empty(CLIENTS[name][0], MOMENT)
        assert len(body.decode(CLIENTS[name][0].encoding)) < 555

    def test_would_not_take_what_is_written_for_another(self):
        """The double is no pushover: containers are lost on УТ 11, payments beside orders reject the batch."""
        container = written([simple()], choose("module31", "3.1"))
        siblings = written([simple(payments=(Payment(key="p", amount=D(1)),))], choose("other", "2.10"))
        for body in (container, siblings):
            with pytest.raises(ClientRefused):
                client_reads("C", body.replace(b"utf-8", b"windows-1251"))


class TestOurReader:
    @generated
    @given(out=documents_of())
    def test_reads_back_the_same_values(self, out: Outgoing):
        for name in CLIENTS:
            self.check(name, out)

    def check(self, name: str, out: Outgoing):
        dialect = CLIENTS[name][0]
        order, *below = [one for one in we_read(written([out], dialect)) if one.operation == "Заказ товара"]
        assert below == []
        trade = out.trade
        assert (order.id, order.number, order.date, order.time) == (out.id, trade.number, trade.date, trade.time or dt.time())
        assert order.amount == totals(trade.lines or (), trade.currency).amount
        assert order.pay_until == (None if dialect.reads_in_order else trade.pay_until)
        lines = lines_from_onec(order, trade.currency)
        assert [(one.quantity, one.amount, one.price) for one in lines] == [
            (one.quantity, one.amount, one.price) for one in trade.lines or ()
        ]
        for mine, theirs in zip(trade.lines or (), lines, strict=True):
            assert _rate(mine.vat, dialect) == theirs.vat
            if dialect.takes_discounts:
                assert theirs.discount == at(mine.discount / mine.quantity, 2) or theirs.discount == mine.discount
        if any(one.vat and one.vat.percent for one in trade.lines or ()):
            assert [one.vat_included for one in lines] == [one.vat_included for one in trade.lines or ()]
        (party,) = order.parties
        assert party.name
        assert party.role == "Покупатель"
        assert party.is_legal == (
            True if out.buyer and _named(out.buyer) and out.buyer.kind == PartyKind.LEGAL else party.is_legal
        )

    @generated
    @given(out=documents_of())
    def test_reads_ten_trips_to_1c_and_back_as_one(self, out: Outgoing):
        dialect = CLIENTS["C"][0]
        first = render_document(out, dialect)
        for _ in range(10):
            (order,) = we_read(written([out], dialect))
            lines = uniform(lines_from_onec(order, out.trade.currency), out.trade.currency)
            again = tuple(
                replace(
                    old, quantity=new.quantity, price=new.price, amount=new.amount, vat=new.vat, vat_included=new.vat_included
                )
                for old, new in zip(out.trade.lines or (), lines, strict=True)
            )
            out = replace(out, trade=replace(out.trade, lines=again))
        assert render_document(out, dialect) == first

    @generated
    @given(out=documents_of())
    def test_gets_documents_from_the_database_as_they_were_put_there(self, out: Outgoing):
        assert from_data(to_data(out)) == out


def _rate(rate: VatRate | None, dialect: Dialect) -> VatRate:
    percent = rate.percent if rate else None
    return VatRate(percent if percent or dialect.takes_zero_vat else None)


def _named(party: Party) -> bool:
    return any("".join((text or "").split()) for text in (party.name, party.full_name, party.last_name, party.first_name))
