"""What parties need of the database, and what follows in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.models import TradeDocument, TradeParty
from exchange.planning import stored
from exchange.planning.trade import COMPANY, CONTACT, INVOICE, REQUISITE, Party, PartyKind, Trade
from exchange.sessions import create_base
from exchange.settling import party_rows
from exchange.settling.party_reading import read_parties
from mapping import links
from tests.exchange.settling.driving import drive
from tests.exchange.settling.parties import Exchange
from tests.exchange.settling.test_party_flow import DAISY, PAUL


@pytest.fixture
def exchange(portal) -> Exchange:
    return Exchange(portal, create_base(portal, "Торговля", "ut11")[0])


def read(exchange, key) -> Party:
    return drive(read_parties([key]), exchange.client)[key]


def given(exchange, key) -> Party:
    return party_rows.for_onec(exchange.portal, exchange.base, {key: read(exchange, key)})[key]


class TestForOnec:
    def test_gives_an_id_for_ever(self, exchange):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка")
        first = given(exchange, key)
        assert first.id
        assert given(exchange, key).id == first.id
        assert TradeParty.objects.get().given_id == first.id

    def test_1cs_own_id_replaces_the_given_one(self, exchange, portal):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка")
        given(exchange, key)
        assert exchange.told("x-1", DAISY) == key
        assert given(exchange, key).id == "x-1"
        row = TradeParty.objects.get()
        assert (row.onec_id, row.b24_id, bool(row.given_id)) == ("x-1", key[1], True)

    def test_what_1c_changes_in_a_party_it_got_from_us_reaches_the_portal(self, exchange):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка")
        party = given(exchange, key)
        assert exchange.told(party.id, replace(party, name="Лютик", phones=None, accounts=None)) == key
        assert exchange.item(key)["title"] == "Лютик"

    def test_tells_1c_its_own_name_until_the_portal_changes_it(self, exchange):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка (Москва)")
        exchange.told("c-1", DAISY)
        assert given(exchange, key).name == "Ромашка"
        exchange.rest("crm.item.update", entityTypeId=COMPANY, id=key[1], fields={"title": "Лютик"})
        TradeParty.objects.update(version=9)
        exchange.settle("c-1")
        assert given(exchange, key).name == "Лютик"

    def test_names_contact_persons_by_1cs_ids(self, exchange):
        key = exchange.told("c-1", DAISY, people=(PAUL,))
        assert [(one.id, one.last_name) for one in given(exchange, key).people or ()] == [("p-1", "Белов")]


class TestReading:
    def test_reads_a_company_with_all_that_belongs_to_it(self, exchange):
        key = exchange.told("c-1", DAISY, people=(PAUL,))
        party = read(exchange, key)
        assert (party.name, party.tax_id, party.tax_branch, party.kind) == ("Ромашка", "7701234567", "770101001", PartyKind.LEGAL)
        assert (party.phones, party.emails) == (("+74951234567",), ("info@daisy.example",))
        assert [one.text for one in party.addresses or ()] == ["101000, Москва, Мясницкая ул., 1"]
        assert [(one.number, one.bic) for one in party.accounts or ()] == [("40702810900000000001", "044525225")]
        assert [(one.last_name, one.phones) for one in party.people or ()] == [("Белов", ("+79031112233",))]

    def test_leaves_out_what_is_gone(self, exchange):
        assert drive(read_parties([(COMPANY, 999), (CONTACT, 998)]), exchange.client) == {}

    def test_takes_the_requisites_that_a_document_names(self, exchange):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка")
        branch = exchange.rest(
            "crm.requisite.add",
            fields={
                "ENTITY_TYPE_ID": 4,
                "ENTITY_ID": key[1],
                "PRESET_ID": 1,
                "NAME": "Филиал",
                "RQ_INN": "7701234567",
                "RQ_KPP": "780101001",
            },
        )
        assert drive(read_parties([key], requisites={key: branch}), exchange.client)[key].tax_branch == "780101001"
        assert read(exchange, key).tax_branch == "770101001"

    def test_reads_many_in_a_few_asks(self, exchange):
        keys = [exchange.add(COMPANY, f"77012345{place:02}", title=f"Фирма {place}") for place in range(12)]
        asks = 0

        def counted(flow):
            nonlocal asks
            ask = next(flow)
            try:
                while True:
                    asks += 1
                    ask = flow.send((yield ask))
            except StopIteration as end:
                return end.value

        assert len(drive(counted(read_parties(keys)), exchange.client)) == 12
        assert asks == 2


class TestRounds:
    def test_keeps_two_of_one_payer_apart(self, exchange):
        rows = [exchange.tell(onec_id, DAISY) for onec_id in ("c-1", "c-2")]
        rows.append(exchange.tell("c-3", Party(kind=PartyKind.LEGAL, name="Лютик", tax_id="7709999999")))
        works = [exchange.work(row) for row in rows]
        assert [[work.onec_id for work in together] for together in party_rows.rounds(works)] == [["c-1", "c-3"], ["c-2"]]


class TestTouch:
    def test_makes_parties_due_by_item_requisite_and_contact_person(self, exchange, portal):
        key = exchange.told("c-1", DAISY, people=(PAUL,))
        contact = links.to_b24(portal.pk, exchange.base.pk, "contact") or TradeParty.objects.get().known["people"]
        requisite = int(exchange.requisites(key)[0]["ID"])
        for heard in (key, (REQUISITE, requisite), (CONTACT, next(iter(contact.values())))):
            before = TradeParty.objects.get().version
            assert party_rows.touch(portal.pk, [heard]) == 1
            assert TradeParty.objects.get().version == before + 1

    def test_leaves_other_portals_alone(self, exchange):
        key = exchange.told("c-1", DAISY)
        assert party_rows.touch(exchange.portal.pk + 1, [key]) == 0


class TestDocuments:
    def test_are_due_when_their_buyer_changed(self, exchange):
        key = exchange.told("c-1", DAISY)
        document = TradeDocument.objects.create(
            base=exchange.base, entity_type_id=INVOICE, b24_id=5, portal_side=stored.to_data(Trade(buyer=key)), settled_version=1
        )
        assert party_rows.due_documents(exchange.base.pk, [key]) == 1
        document.refresh_from_db()
        assert document.version == 2

    def test_name_the_buyer_that_a_merge_left(self, exchange):
        key = exchange.told("c-1", DAISY)
        other = exchange.add(COMPANY, title="Ромашка")
        TradeDocument.objects.create(
            base=exchange.base,
            entity_type_id=INVOICE,
            b24_id=5,
            onec_side=stored.to_data(Trade(party="c-1")),
            portal_side=stored.to_data(Trade(buyer=other)),
        )
        exchange.rest("crm.requisite.delete", id=exchange.requisites(key)[0]["ID"])
        exchange.rest("crm.item.delete", entityTypeId=COMPANY, id=key[1])
        assert exchange.told("c-1", DAISY) == other
        assert exchange.requisites(other)[0]["RQ_INN"] == "7701234567"
        assert exchange.count(COMPANY) == 1
