"""Counterparties of 1C and companies of the portal: found, made, kept in line both ways, never doubled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.models import OneCBase, Problem, TradeDocument, TradeParty
from exchange.planning import stored
from exchange.planning.trade import COMPANY, CONTACT, Account, AddressKind, Party, PartyKind, Person, PostalAddress
from exchange.sessions import create_base
from exchange.settling import party_rows
from exchange.settling.flows import Learnt
from exchange.settling.party_flow import find_own_company, settle_party
from mapping import links
from mapping.trade_rules import PartyRules
from tests.exchange.settling.driving import drive
from tests.exchange.settling.parties import Exchange

DAISY = Party(
    kind=PartyKind.LEGAL,
    name="Ромашка",
    full_name='Общество с ограниченной ответственностью "Ромашка"',
    tax_id="7701234567",
    tax_branch="770101001",
    phones=("8 (495) 123-45-67",),
    emails=("Info@Daisy.example",),
    addresses=(PostalAddress(kind=AddressKind.LEGAL, text="101000, Москва, Мясницкая ул., 1"),),
    accounts=(Account(number="40702810900000000001", bank="Банк", bic="044525225", correspondent="30101810400000000225"),),
)
PERSON = Party(kind=PartyKind.PERSON, name="Петров Пётр Петрович", phones=("+7 916 111-22-33",))
PAUL = Person(id="p-1", last_name="Белов", first_name="Павел", position="Закупщик", phones=("8 903 111-22-33",))


@pytest.fixture
def base(portal) -> OneCBase:
    return create_base(portal, "Торговля", "ut11")[0]


@pytest.fixture
def exchange(portal, base) -> Exchange:
    return Exchange(portal, base)


def phones(item) -> list[str]:
    return sorted(fm["value"] for fm in item["fm"] if fm["typeId"] == "PHONE")


class TestMaking:
    def test_makes_a_company_with_everything_1c_said(self, exchange):
        key = exchange.told("c-1", DAISY)
        item = exchange.item(key)
        assert key[0] == COMPANY
        assert (item["title"], phones(item), item["originId"]) == ("Ромашка", ["+74951234567"], "c-1")
        requisite = exchange.requisites(key)[0]
        assert (requisite["RQ_INN"], requisite["RQ_KPP"], requisite["PRESET_ID"]) == ("7701234567", "770101001", "1")
        assert requisite["RQ_COMPANY_FULL_NAME"] == DAISY.full_name
        bank = exchange.rest("crm.requisite.bankdetail.list", filter={"ENTITY_ID": requisite["ID"]})
        assert [(row["RQ_ACC_NUM"], row["RQ_BIK"]) for row in bank] == [("40702810900000000001", "044525225")]
        address = exchange.rest("crm.address.list", filter={"ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite["ID"]})
        assert [(row["TYPE_ID"], row["ADDRESS_1"]) for row in address] == [("6", "101000, Москва, Мясницкая ул., 1")]

    def test_links_it_under_its_id(self, exchange, portal, base):
        key = exchange.told("c-1", DAISY)
        assert links.to_b24(portal.pk, base.pk, "company") == {"c-1": key[1]}

    def test_makes_a_contact_of_a_person(self, exchange):
        key = exchange.told("c-1", PERSON)
        item = exchange.item(key)
        assert key[0] == CONTACT
        assert (item["lastName"], item["name"], item["secondName"]) == ("Петров", "Пётр", "Петрович")
        assert exchange.requisites(key) == []

    def test_makes_a_company_of_a_sole_trader_with_his_preset(self, exchange):
        key = exchange.told("c-1", Party(name="ИП Петров Пётр Петрович", tax_id="500100732259"))
        assert key[0] == COMPANY
        assert [(row["PRESET_ID"], row["RQ_INN"]) for row in exchange.requisites(key)] == [("2", "500100732259")]

    def test_settles_again_without_writing(self, exchange):
        exchange.told("c-1", replace(DAISY, people=(PAUL,)))
        exchange.told("c-1", replace(DAISY, people=(PAUL,)))
        assert exchange.writes == []

    def test_finds_what_an_add_made_whose_answer_was_lost(self, exchange):
        made = exchange.add(COMPANY, title="Ромашка", originatorId=f"onec:{exchange.base.pk}", originId="c-1")
        assert exchange.told("c-1", DAISY) == made

    def test_makes_nothing_of_what_1c_has_deleted(self, exchange):
        assert exchange.told("c-1", DAISY, deleted=True) is None
        assert exchange.count(COMPANY) == 0

    def test_makes_nothing_when_the_rules_forbid_it(self, portal, base):
        assert Exchange(portal, base, PartyRules(create=False)).told("c-1", DAISY) is None


class TestMatching:
    def test_finds_a_company_by_tax_id_and_branch(self, exchange):
        exchange.add(COMPANY, "7701234567", "780101001", title="Ромашка, Петербург")
        there = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка, Москва")
        assert exchange.told("c-1", DAISY) == there

    def test_keeps_branches_apart(self, exchange):
        other = exchange.add(COMPANY, "7701234567", "780101001", title="Ромашка, Петербург")
        assert exchange.told("c-1", DAISY) not in (None, other)

    def test_finds_a_company_without_branch_by_tax_id(self, exchange):
        there = exchange.add(COMPANY, "7701234567", title="Что угодно")
        assert exchange.told("c-1", DAISY) == there
        assert exchange.requisites(there)[0]["RQ_KPP"] == "770101001"

    def test_finds_by_a_phone_written_differently(self, exchange):
        there = exchange.add(
            COMPANY, title="Другое имя", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "+7 495 123 45 67"}]
        )
        assert exchange.told("c-1", replace(DAISY, emails=None)) == there
        assert phones(exchange.item(there)) == ["+7 495 123 45 67"]

    def test_finds_by_exact_name_without_legal_form(self, exchange):
        there = exchange.add(COMPANY, title='ООО "Ромашка"')
        exchange.add(COMPANY, title="Ромашка и Ко")
        assert exchange.told("c-1", replace(DAISY, phones=None, emails=None)) == there
        assert exchange.item(there)["title"] == 'ООО "Ромашка"'

    def test_never_takes_another_payer_of_the_same_name(self, exchange):
        other = exchange.add(COMPANY, "7709999999", title="Ромашка")
        assert exchange.told("c-1", DAISY) not in (None, other)

    def test_never_takes_an_own_company(self, exchange):
        mine = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка", isMyCompany="Y")
        assert exchange.told("c-1", DAISY) not in (None, mine)

    def test_asks_a_person_about_two_hits_and_makes_nothing(self, exchange):
        keys = [exchange.add(COMPANY, "7701234567", "770101001", title=f"Ромашка {place}") for place in (1, 2)]
        assert exchange.told("c-1", DAISY) is None
        problem = Problem.objects.get(cause="party-ambiguous")
        assert [(one["type"], one["id"]) for one in problem.facts["candidates"]] == keys
        assert exchange.count(COMPANY) == 2

    def test_two_persons_of_one_name_are_a_question_too(self, exchange):
        for _ in range(2):
            exchange.add(CONTACT, name="Пётр", lastName="Петров", secondName="Петрович")
        assert exchange.told("c-1", replace(PERSON, phones=None)) is None
        assert Problem.objects.get(cause="party-ambiguous").facts["rule"] == "name"

    def test_two_counterparties_of_one_payer_use_one_company(self, exchange):
        first = exchange.told("c-1", DAISY)
        assert exchange.told("c-2", DAISY) == first
        assert exchange.count(COMPANY) == 1
        assert Problem.objects.get(cause="party-twice").facts["other"] == "c-1"

    def test_another_base_takes_the_same_company(self, exchange, portal):
        first = exchange.told("c-1", DAISY)
        second = Exchange(portal, create_base(portal, "Бухгалтерия", "bp30")[0])
        assert second.told("x-9", DAISY) == first
        assert second.count(COMPANY) == 1
        assert exchange.item(first)["originId"] == "c-1"


class TestChanges:
    def test_1c_renames_and_corrects_the_tax_id(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.told("c-1", DAISY, name="Лютик", tax_id="7701234568")
        assert exchange.item(key)["title"] == "Лютик"
        assert [(row["RQ_INN"], row["RQ_COMPANY_NAME"]) for row in exchange.requisites(key)] == [("7701234568", "Лютик")]
        assert exchange.writes == ["crm.item.update", "crm.requisite.update"]

    def test_the_portal_renames_and_1c_repeats_the_old_name(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.rest("crm.item.update", entityTypeId=COMPANY, id=key[1], fields={"title": "Лютик"})
        exchange.told("c-1", DAISY)
        assert exchange.item(key)["title"] == "Лютик"
        assert TradeParty.objects.get().known["sent"] == ["name"]

    def test_both_rename_differently_and_a_person_is_asked_once(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.rest("crm.item.update", entityTypeId=COMPANY, id=key[1], fields={"title": "Лютик"})
        exchange.told("c-1", DAISY, name="Василёк", tax_id="7701234568")
        assert exchange.item(key)["title"] == "Лютик"
        assert exchange.requisites(key)[0]["RQ_INN"] == "7701234568"
        problem = Problem.objects.get(cause="party-conflict")
        assert problem.facts["conflicts"] == [{"field": "name", "portal": "Лютик", "onec": "Василёк"}]

    def test_a_changed_phone_keeps_its_place_and_a_users_own_stays(self, exchange):
        key = exchange.told("c-1", DAISY)
        old = exchange.item(key)["fm"]
        extra = {"n0": {"typeId": "PHONE", "valueType": "MOBILE", "value": "+7 999 000-00-00"}}
        exchange.rest("crm.item.update", entityTypeId=COMPANY, id=key[1], fields={"fm": extra})
        exchange.told("c-1", DAISY, phones=("8 495 765-43-21",))
        item = exchange.item(key)
        assert phones(item) == ["+7 999 000-00-00", "+74957654321"]
        assert {row["id"] for row in old} <= {row["id"] for row in item["fm"]}

    def test_an_address_and_an_account_change_in_place(self, exchange):
        key = exchange.told("c-1", DAISY)
        moved = PostalAddress(kind=AddressKind.LEGAL, text="190000, Санкт-Петербург, Невский пр., 1")
        assert DAISY.accounts is not None
        account = replace(DAISY.accounts[0], bank="Другой банк", bic="044030653")
        exchange.told("c-1", DAISY, addresses=(moved,), accounts=(account,))
        assert exchange.writes == ["crm.requisite.bankdetail.update", "crm.address.update"]
        assert len(exchange.rest("crm.address.list", filter={})) == 1
        assert [row["RQ_BIK"] for row in exchange.rest("crm.requisite.bankdetail.list", filter={})] == ["044030653"]
        assert exchange.item(key)["title"] == "Ромашка"

    def test_what_1c_leaves_out_is_not_taken_away(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.told("c-1", Party(name="Ромашка", kind=PartyKind.LEGAL, phones=(), addresses=(), accounts=(), tax_id=""))
        assert exchange.writes == []
        assert exchange.requisites(key)[0]["RQ_INN"] == "7701234567"


class TestMerging:
    def test_follows_a_company_merged_by_hand_through_its_requisites(self, exchange, portal_server):
        key = exchange.told("c-1", DAISY)
        other = exchange.add(COMPANY, title="Ромашка главная")
        store = portal_server.portal.store
        requisite = store.all("requisites")[0]
        store.change("requisites", requisite, ENTITY_ID=str(other[1]))
        exchange.rest("crm.item.delete", entityTypeId=COMPANY, id=key[1])
        assert exchange.told("c-1", DAISY) == other
        assert exchange.count(COMPANY) == 1

    def test_leaves_a_company_deleted_that_nobody_needs(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.rest("crm.requisite.delete", id=exchange.requisites(key)[0]["ID"])
        exchange.rest("crm.item.delete", entityTypeId=COMPANY, id=key[1])
        TradeParty.objects.update(version=9)
        assert exchange.settle("c-1") is None
        assert exchange.settle("c-1", needed=True) is not None

    def test_a_counterparty_merged_in_1c_hands_its_company_on(self, exchange, portal, base):
        key = exchange.told("c-1", DAISY)
        exchange.told("c-1", DAISY, deleted=True)
        assert exchange.told("c-2", DAISY) == key
        assert links.to_b24(portal.pk, base.pk, "company") == {"c-2": key[1]}
        assert exchange.count(COMPANY) == 1


class TestPeople:
    def test_become_linked_contacts_once(self, exchange):
        key = exchange.told("c-1", DAISY, people=(PAUL,))
        contact = exchange.rest("crm.item.list", entityTypeId=CONTACT, select=["*"])["items"]
        assert [(row["lastName"], row["post"], row["companyIds"]) for row in contact] == [("Белов", "Закупщик", [key[1]])]

    def test_are_found_by_phone_and_linked(self, exchange):
        there = exchange.add(CONTACT, name="Павел", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "+79031112233"}])
        key = exchange.told("c-1", DAISY, people=(PAUL,))
        assert exchange.count(CONTACT) == 1
        assert exchange.item(there)["companyIds"] == [key[1]]

    def test_change_in_place(self, exchange):
        exchange.told("c-1", DAISY, people=(PAUL,))
        exchange.told("c-1", DAISY, people=(replace(PAUL, position="Директор", phones=("8 903 999-88-77",)),))
        contact = exchange.rest("crm.item.list", entityTypeId=CONTACT, select=["*"])["items"]
        assert [(row["post"], phones(row)) for row in contact] == [("Директор", ["+79039998877"])]


class TestCountries:
    """The double has Russia's presets; other countries' are added as an administrator would."""

    def preset(self, server, country: int, name: str, code: str) -> int:
        row = {"ENTITY_TYPE_ID": "8", "COUNTRY_ID": str(country), "NAME": name, "XML_ID": code, "ACTIVE": "Y", "SORT": "600"}
        return int(server.portal.store.add("presets", row)["id"])

    @pytest.mark.parametrize(
        ("country", "party", "field"),
        [
            (14, Party(name="ТОВ Ромашка", kind=PartyKind.LEGAL, codes=(("КодПоЕДРПОУ", "12345678"),)), "RQ_EDRPOU"),
            (6, Party(name="ТОО Ромашка", kind=PartyKind.LEGAL, tax_id="951240000125"), "RQ_BIN"),
            (4, Party(name="УП Ромашка", kind=PartyKind.LEGAL, tax_id="123456789"), "RQ_INN"),
        ],
    )
    def test_a_payer_of_another_country_gets_its_preset_and_field(self, exchange, portal_server, country, party, field):
        wanted = self.preset(portal_server, country, "Юр. лицо", "#CRM_REQUISITE_PRESET_DEF_XX_COMPANY#")
        key = exchange.told("c-1", party)
        (requisite,) = exchange.requisites(key)
        number = party.tax_id or party.codes[0][1]
        assert (requisite["PRESET_ID"], requisite[field]) == (str(wanted), number)
        exchange.told("c-1", party)
        assert exchange.writes == []
        assert exchange.told("c-2", party) == key

    def test_a_moldovan_payer_uses_the_portals_own_preset(self, exchange):
        party = Party(name="SRL Mușețel", kind=PartyKind.LEGAL, tax_id="1003600012345")
        key = exchange.told("c-1", party)
        assert [(row["PRESET_ID"], row["RQ_INN"]) for row in exchange.requisites(key)] == [("1", "1003600012345")]
        exchange.told("c-1", party)
        assert exchange.writes == []

    def test_the_administrators_preset_is_taken(self, portal, base, portal_server):
        wanted = self.preset(portal_server, 1, "Наши клиенты", "OWN")
        exchange = Exchange(portal, base, PartyRules(presets={"RU:legal": wanted}))
        key = exchange.told("c-1", DAISY)
        assert key is not None
        assert exchange.requisites(key)[0]["PRESET_ID"] == str(wanted)

    def test_presets_are_read_once(self, exchange, portal):
        exchange.told("c-1", DAISY)
        exchange.told("c-2", PERSON)
        assert "crm.requisite.preset.list" not in exchange.calls
        assert len(portal.facts["requisite_presets"]) == 3


class TestOwnCompanies:
    def find(self, exchange, party):
        row = exchange.tell("own", party)
        learnt = Learnt()
        return drive(find_own_company(party, exchange.work(row).key, learnt), exchange.client), learnt

    def test_are_found_by_tax_id_among_own_ones_only(self, exchange):
        exchange.add(COMPANY, "7701234567", "770101001", title="Клиент")
        mine = exchange.add(COMPANY, "7701234567", "770101001", title="Мы", isMyCompany="Y")
        found, learnt = self.find(exchange, DAISY)
        assert (found, learnt.troubles) == (mine, [])

    def test_are_never_made_but_asked_for(self, exchange):
        found, learnt = self.find(exchange, DAISY)
        assert found is None
        assert [trouble.cause for _, _, trouble in learnt.troubles] == ["own-company-missing"]
        assert exchange.count(COMPANY) == 0


class TestTrouble:
    def test_a_refusal_is_told_and_tried_again_when_something_changes(self, exchange, portal_server):
        exchange.told("c-0", PERSON)  # the presets are known from now on
        portal_server.portal.store.remove("presets", 1)
        key = exchange.told("c-1", DAISY)
        assert Problem.objects.get(closed_at=None).cause == "portal-refused"
        exchange.portal.facts.pop("requisite_presets")
        exchange.portal.save()
        exchange.told("c-1", DAISY)
        assert not Problem.objects.filter(closed_at=None).exists()
        assert exchange.requisites(key)[0]["RQ_INN"] == DAISY.tax_id

    def test_a_broken_off_creation_is_finished_the_next_time(self, exchange):
        flow = settle_party(
            exchange.work(exchange.tell("c-1", DAISY)), Learnt(), party_rows.tools_for(exchange.portal, exchange.base)
        )
        ask = next(flow)
        while not any(command.method == "crm.item.add" for command in ask.commands):
            ask = flow.send(exchange.client.batch(ask.commands))
        exchange.client.batch(ask.commands)  # made, and then the worker died
        key = exchange.settle("c-1")
        assert exchange.count(COMPANY) == 1
        assert exchange.requisites(key)[0]["RQ_INN"] == DAISY.tax_id

    def test_a_broken_off_requisite_is_finished_the_next_time(self, exchange):
        flow = settle_party(
            exchange.work(exchange.tell("c-1", DAISY)), Learnt(), party_rows.tools_for(exchange.portal, exchange.base)
        )
        ask = next(flow)
        while not any(command.method == "crm.requisite.add" for command in ask.commands):
            ask = flow.send(exchange.client.batch(ask.commands))
        exchange.client.batch(ask.commands)
        key = exchange.settle("c-1")
        assert len(exchange.requisites(key)) == 1
        assert len(exchange.rest("crm.address.list", filter={})) == 1
        assert len(exchange.rest("crm.requisite.bankdetail.list", filter={})) == 1

    def test_two_contacts_with_one_phone_are_a_question(self, exchange):
        for name in ("Павел", "Пётр"):
            exchange.add(CONTACT, name=name, fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "+79031112233"}])
        exchange.told("c-1", DAISY, people=(PAUL,))
        assert exchange.count(CONTACT) == 2
        assert len(Problem.objects.get(cause="person-ambiguous").facts["candidates"]) == 2


class TestSeveralBases:
    def test_a_change_of_one_base_is_the_portals_change_for_the_other(self, exchange, portal):
        key = exchange.told("c-1", DAISY)
        second = Exchange(portal, create_base(portal, "Бухгалтерия", "bp30")[0])
        second.told("x-9", DAISY)
        exchange.told("c-1", DAISY, name="Лютик", tax_id="7701234568")
        second.told("x-9", DAISY)
        assert exchange.item(key)["title"] == "Лютик"
        assert exchange.requisites(key)[0]["RQ_INN"] == "7701234568"
        assert TradeParty.objects.get(onec_id="x-9").known["sent"] == ["name", "tax_id"]


class TestBranchesOfOneCompany:
    def test_two_counterparties_share_a_company_with_requisites_of_each(self, exchange):
        key = exchange.add(COMPANY, "7701234567", "770101001", title="Ромашка")
        branch = {
            "ENTITY_TYPE_ID": 4,
            "ENTITY_ID": key[1],
            "PRESET_ID": 1,
            "NAME": "Филиал",
            "RQ_INN": "7701234567",
            "RQ_KPP": "780101001",
        }
        exchange.rest("crm.requisite.add", fields=branch)
        assert exchange.told("c-1", DAISY) == key
        assert exchange.told("c-2", DAISY, name="Ромашка, Петербург", tax_branch="780101001") == key
        assert [row["RQ_KPP"] for row in exchange.requisites(key)] == ["770101001", "780101001"]
        assert not Problem.objects.exists()


class TestGivenBefore:
    """1C keeps a buyer that it got from us under an id of its own, and tells of it for the first time."""

    @pytest.fixture
    def given(self, exchange, base):
        key = exchange.add(COMPANY, DAISY.tax_id, DAISY.tax_branch, title="Ромашка")
        buyer = replace(DAISY, full_name="Ромашка", phones=None, emails=None)
        document = TradeDocument(base=base, entity_type_id=31, b24_id=5, portal_side={"buyer": list(key)})
        document.onec_side = {"party": "c-1"}
        document.outgoing = {"buyer": stored.to_data(buyer)}
        document.outgoing_version = document.acknowledged_version = 1
        document.save()
        return key, buyer

    def test_is_found_though_the_portal_has_corrected_the_tax_id_since(self, exchange, given):
        key, buyer = given
        requisite = exchange.requisites(key)[0]
        exchange.rest("crm.requisite.update", id=requisite["ID"], fields={"RQ_INN": "7709999999"})
        assert exchange.told("c-1", buyer) == key
        assert exchange.requisites(key)[0]["RQ_INN"] == "7709999999"

    @pytest.mark.parametrize("change", [{"tax_id": "7708888888"}, {"tax_branch": "770909090"}], ids=["tax id", "branch"])
    def test_is_found_though_1c_has_corrected_a_number_before(self, exchange, given, change):
        key, buyer = given
        assert exchange.told("c-1", replace(buyer, **change)) == key

    def test_is_a_question_when_little_of_it_is_left(self, exchange, given):
        key, buyer = given
        assert exchange.told("c-1", replace(buyer, tax_id="7708888888", tax_branch="770909090")) is None
        (problem,) = Problem.objects.filter(closed_at=None)
        assert problem.cause == "party-ambiguous"
        assert [one["id"] for one in problem.facts["candidates"]] == [key[1]]

    def test_is_another_one_when_nothing_of_it_is_left(self, exchange, given):
        other = replace(DAISY, name="Василёк", full_name="Василёк", tax_id="7708888888", tax_branch="770909090")
        assert exchange.told("c-1", replace(other, phones=None, emails=None)) not in (None, given[0])
