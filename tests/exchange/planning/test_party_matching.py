"""Which company a counterparty is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.party_matching import Candidate, Numbers, by_communication, by_name, by_tax_id, identities, speaks_for
from exchange.planning.trade import COMPANY, CONTACT, Party, PartyKind

FIRM = Party(kind=PartyKind.LEGAL, name='ООО "Ромашка"', tax_id="7701234567", tax_branch="770101001", phones=("+74951234567",))


def company(place: int, tax_id: str = "", branch: str = "", name: str = "Ромашка", **more) -> Candidate:
    numbers = (Numbers(tax_id, branch, 100 + place),) if tax_id else ()
    return Candidate((COMPANY, place), name, numbers, **more)


def found(match):
    if match is None:
        return None
    return match.candidate.key[1] if match.candidate else [rival.key[1] for rival in match.rivals]


def taxed(party, candidates, *, branch_rule=True, tax_rule=True):
    return found(by_tax_id(party, candidates, branch_rule=branch_rule, tax_rule=tax_rule))


class TestByTaxId:
    def test_prefers_the_branch(self):
        assert taxed(FIRM, [company(1, "7701234567"), company(2, "7701234567", "770101001")]) == 2

    def test_leaves_another_branch_alone(self):
        assert taxed(FIRM, [company(1, "7701234567", "780101001")]) is None

    def test_takes_any_branch_when_that_rule_is_off(self):
        assert taxed(FIRM, [company(1, "7701234567", "780101001")], branch_rule=False) == 1

    def test_takes_nothing_when_both_are_off(self):
        assert taxed(FIRM, [company(1, "7701234567", "770101001")], branch_rule=False, tax_rule=False) is None

    def test_tells_two_hits(self):
        assert taxed(FIRM, [company(1, "7701234567", "770101001"), company(2, "7701234567", "770101001")]) == [1, 2]

    def test_names_the_requisites_of_a_branch_within_one_company(self):
        both = Candidate((COMPANY, 1), "Ромашка", (Numbers("7701234567", "780101001", 7), Numbers("7701234567", "770101001", 8)))
        match = by_tax_id(FIRM, [both], branch_rule=True, tax_rule=True)
        assert match is not None
        assert (match.candidate, match.requisite_id) == (both, 8)

    def test_prefers_the_one_that_no_other_counterparty_has(self):
        taken = company(1, "7701234567", "770101001", holder="other")
        assert taxed(FIRM, [taken, company(2, "7701234567", "770101001")]) == 2


class TestByNameAndCommunication:
    def test_takes_the_only_one(self):
        assert found(by_name(FIRM, [company(1), company(2, name="Ромашка и Ко")])) == 1
        assert found(by_communication(FIRM, [company(1, name="Другая")])) == 1

    @pytest.mark.parametrize(
        "other",
        [company(1, "7709999999"), company(1, "7701234567", "780101001"), company(1, own=True), company(1, holder="other")],
    )
    def test_never_takes_another_payer_branch_own_company_or_anothers(self, other):
        assert by_name(FIRM, [other]) is None
        assert by_communication(FIRM, [other]) is None

    def test_a_person_is_sought_among_contacts_only(self):
        person = Party(kind=PartyKind.PERSON, name="Петров Пётр")
        contact = Candidate((CONTACT, 5), "Петров Пётр")
        assert found(by_name(person, [company(1, name="Петров Пётр"), contact])) == 5

    def test_a_sole_trader_is_a_company_first(self):
        trader = Party(kind=PartyKind.SOLE_TRADER, name="ИП Петров Пётр")
        contact = Candidate((CONTACT, 5), "Петров Пётр")
        assert found(by_name(trader, [contact, company(1, name="Петров Пётр ИП")])) == 1
        assert found(by_name(trader, [contact])) == 5


class TestSpeaksFor:
    def test_needs_more_than_a_documents_word(self):
        assert speaks_for(FIRM, company(1))
        assert speaks_for(FIRM, company(1, name="Другая", phones=frozenset({"+74951234567"})))
        assert not speaks_for(FIRM, company(1, name="Другая"))
        assert not speaks_for(FIRM, company(1, "7709999999"))


keys = st.integers(1, 4)
candidates = st.lists(
    st.builds(
        company,
        keys,
        st.sampled_from(["", "7701234567", "7709999999"]),
        st.sampled_from(["", "770101001", "780101001"]),
        own=st.booleans(),
        holder=st.sampled_from(["", "other"]),
    ),
    unique_by=lambda one: one.key,
    max_size=4,
)


class TestAnyCandidates:
    @given(candidates)
    def test_are_never_guessed_among(self, given_ones):
        for match in (by_tax_id(FIRM, given_ones, branch_rule=True, tax_rule=True), by_name(FIRM, given_ones)):
            if match is not None:
                assert (match.candidate is None) == (len(match.rivals) > 1)
                for one in (match.candidate, *match.rivals):
                    assert one is None or not one.own
                    assert one is None or all(n.tax_id == FIRM.tax_id and n.branch in ("", FIRM.tax_branch) for n in one.numbers)

    @given(candidates)
    def test_give_the_same_answer_in_any_order(self, given_ones):
        match = by_tax_id(FIRM, given_ones, branch_rule=True, tax_rule=True)
        assert match == by_tax_id(FIRM, list(reversed(given_ones)), branch_rule=True, tax_rule=True)


class TestIdentities:
    def test_meet_where_two_are_the_same_payer(self):
        assert identities(FIRM) & identities(Party(name="X", tax_id="7701234567"))
        assert identities(FIRM) & identities(Party(name="Ромашка"))
        assert not identities(FIRM) & identities(Party(name="Лютик", tax_id="7709999999"))
