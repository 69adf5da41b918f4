"""Both sides of a party merged three ways."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.parties import normal
from exchange.planning.party_merge import for_onec, merge_party, merge_person
from exchange.planning.trade import Account, AddressKind, Party, PartyKind, Person, PostalAddress
from mapping.trade_rules import PARTY_FIELDS

BASE = Party(
    kind=PartyKind.LEGAL,
    name="Ромашка",
    full_name="",
    country="RU",
    tax_id="7701234567",
    tax_branch="770101001",
    phones=("+74951234567",),
    emails=(),
    addresses=(),
    accounts=(),
    codes=(),
)


def merged(portal=BASE, onec=BASE, agreed=BASE, told=BASE, owners=PARTY_FIELDS, **more):
    return merge_party(portal=portal, onec=onec, agreed=agreed, told=told, owners=owners, **more)


def legal(text: str) -> tuple[PostalAddress, ...]:
    return (PostalAddress(kind=AddressKind.LEGAL, text=text),)


class TestSingleValues:
    def test_1cs_change_goes_to_the_portal(self):
        merge = merged(onec=replace(BASE, name="Лютик"))
        assert (merge.wanted.name, merge.from_onec, merge.for_onec) == ("Лютик", {"name"}, set())

    def test_the_portals_change_goes_to_1c(self):
        merge = merged(portal=replace(BASE, name="Лютик"))
        assert (merge.wanted.name, merge.for_onec) == ("Лютик", {"name"})

    def test_the_same_change_on_both_sides_is_none(self):
        merge = merged(portal=replace(BASE, name="Лютик"), onec=replace(BASE, name="Лютик"))
        assert (merge.from_onec, merge.for_onec, merge.conflicts) == (set(), set(), ())

    def test_two_changes_are_a_conflict_that_lasts_until_decided(self):
        sides = {"portal": replace(BASE, name="Лютик"), "onec": replace(BASE, name="Василёк", tax_id="7701234568")}
        merge = merged(**sides)
        assert [(one.field, one.portal, one.onec) for one in merge.conflicts] == [("name", "Лютик", "Василёк")]
        assert merge.wanted.tax_id == "7701234568"
        again = merged(merge.wanted, sides["onec"], merge.agreed, merge.told)
        assert again.conflicts == merge.conflicts
        assert merged(**sides, decided={"name": "onec"}).wanted.name == "Василёк"
        assert merged(**sides, decided={"name": "portal"}).for_onec == {"name"}

    def test_the_owner_decides_where_the_rules_say_so(self):
        sides = {"portal": replace(BASE, name="Лютик"), "onec": replace(BASE, name="Василёк")}
        assert merged(**sides, owners={"name": "onec"}).wanted.name == "Василёк"
        assert merged(**sides, owners={"name": "portal"}).wanted.name == "Лютик"

    def test_what_1c_leaves_out_is_kept(self):
        merge = merged(onec=Party(name="Ромашка"))
        assert merge.wanted == BASE
        assert merge.told.tax_id == BASE.tax_id

    def test_a_difference_both_live_with_is_no_change(self):
        told = replace(BASE, name="Ромашка ООО (осн.)")
        assert merged(onec=told, told=told).wanted == BASE

    def test_at_the_first_meeting_blanks_are_filled_and_nothing_else(self):
        merge = merged(portal=replace(BASE, name="Ромашка (Москва)", tax_branch=""), agreed=None, told=None)
        assert (merge.wanted.name, merge.wanted.tax_branch) == ("Ромашка (Москва)", "770101001")


class TestLists:
    def test_a_changed_phone_takes_the_place_of_the_old_one(self):
        portal = replace(BASE, phones=("+74951234567", "+79990000000"))
        merge = merged(portal=portal, onec=replace(BASE, phones=("+74957654321",)), agreed=portal)
        assert merge.wanted.phones == ("+74957654321", "+79990000000")

    def test_a_phone_the_user_removed_stays_away(self):
        merge = merged(portal=replace(BASE, phones=()))
        assert merge.wanted.phones == ()
        assert merged(merge.wanted, BASE, merge.agreed, merge.told).wanted.phones == ()

    def test_a_new_address_comes_beside_the_others(self):
        actual = (PostalAddress(kind=AddressKind.ACTUAL, text="Тула"),)
        merge = merged(portal=replace(BASE, addresses=actual), onec=replace(BASE, addresses=legal("Москва")), agreed=BASE)
        assert {one.text for one in merge.wanted.addresses} == {"Тула", "Москва"}

    def test_two_changes_of_one_address_are_a_conflict(self):
        was = replace(BASE, addresses=legal("Москва"))
        merge = merged(replace(BASE, addresses=legal("Тула")), replace(BASE, addresses=legal("Орёл")), was, was)
        assert [(one.field, one.portal, one.onec) for one in merge.conflicts] == [("addresses.legal", "Тула", "Орёл")]
        again = merged(merge.wanted, replace(BASE, addresses=legal("Орёл")), merge.agreed, merge.told)
        assert again.conflicts == merge.conflicts

    def test_accounts_are_1cs_and_a_users_own_one_stays(self):
        one, other = Account(number="1", bic="9"), Account(number="2", bic="9")
        merge = merged(
            replace(BASE, accounts=(one, other)),
            replace(BASE, accounts=(replace(one, bic="8"),)),
            replace(BASE, accounts=(one, other)),
            replace(BASE, accounts=(one,)),
        )
        assert merge.wanted.accounts == (replace(one, bic="8"), other)

    def test_an_account_that_1c_closed_goes(self):
        one, other = Account(number="1"), Account(number="2")
        both = replace(BASE, accounts=(one, other))
        assert merged(both, replace(BASE, accounts=(other,)), both, both).wanted.accounts == (other,)


class TestPersons:
    def test_1cs_change_is_written_and_the_rest_stays(self):
        was = Person(last_name="Белов", position="Закупщик", phones=("+79031112233",))
        portal = replace(was, first_name="Павел")
        wanted, changed = merge_person(portal, replace(was, position="Директор"), was, was)
        assert (wanted.first_name, wanted.position, changed) == ("Павел", "Директор", True)


class TestForOnec:
    def test_keeps_1cs_words_where_the_portal_did_not_change_them(self):
        portal, onec = replace(BASE, name="Ромашка (М)", phones=("+71",)), replace(BASE, id="c-1")
        assert for_onec(portal, onec, [], "c-1", {}).name == "Ромашка"
        assert for_onec(portal, onec, ["name"], "c-1", {}).name == "Ромашка (М)"
        assert for_onec(portal, onec, [], "c-1", {}).phones == ("+71",)


values = st.sampled_from(["", "A", "B", "C"])
numbers = st.lists(
    st.sampled_from(["+79000000001", "+79000000002", "+79000000003", "+79000000004"]), unique=True, max_size=3
).map(tuple)
addresses = st.sampled_from(["", "Москва", "Тула", "Орёл"]).map(lambda text: legal(text) if text else ())
accounts = st.lists(st.sampled_from(["1", "2", "3"]), unique=True, max_size=3).map(
    lambda all: tuple(Account(number=n) for n in all)
)
parties = st.builds(
    replace,
    st.just(BASE),
    name=values,
    full_name=values,
    tax_id=st.sampled_from(["7701234567", "7701234568", ""]),
    tax_branch=st.sampled_from(["770101001", "770101002", ""]),
    phones=numbers,
    addresses=addresses,
    accounts=accounts,
    codes=st.sampled_from([(), (("ОКПО", "1"),), (("ОКПО", "2"),)]),
)


class TestAnyHistory:
    @given(parties, parties, st.none() | st.tuples(parties, parties))
    def test_settles_in_one_step(self, portal, onec, before):
        agreed, told = before or (None, None)
        merge = merged(portal, onec, agreed, told)
        again = merged(merge.wanted, onec, merge.agreed, merge.told)
        assert again.wanted == merge.wanted
        assert again.conflicts == merge.conflicts
        assert again.from_onec == set()
        assert again.for_onec <= {one.field.partition(".")[0] for one in merge.conflicts}

    @given(parties, parties, st.none() | st.tuples(parties, parties))
    def test_never_takes_from_the_portal_what_1c_never_said(self, portal, onec, before):
        agreed, told = before or (None, None)
        lost = set(portal.phones) - set(merged(portal, onec, agreed, told).wanted.phones)
        assert lost <= set(told.phones if told else ())

    @given(parties, parties, parties)
    def test_takes_nothing_from_a_silent_1c(self, portal, agreed, told):
        assert merged(portal, Party(), agreed, told).wanted == portal

    @given(parties, parties)
    def test_wants_only_what_one_of_the_sides_says(self, portal, onec):
        wanted = merged(portal, onec, None, None).wanted
        for field in ("name", "full_name", "tax_id", "tax_branch"):
            assert getattr(wanted, field) in (getattr(portal, field), getattr(onec, field))
            assert getattr(wanted, field) or not (getattr(portal, field) or getattr(onec, field))

    @given(parties)
    def test_the_samples_are_in_normal_form(self, party):
        plain = normal(party, "RU")
        assert {f.name for f in fields(Party) if getattr(plain, f.name) != getattr(party, f.name)} <= {"name"}


@pytest.mark.parametrize("owner", ["portal", "onec", "last"])
def test_equal_sides_need_nothing_whoever_owns_them(owner):
    merge = merged(owners=dict.fromkeys(PARTY_FIELDS, owner))
    assert (merge.wanted, merge.from_onec, merge.for_onec, merge.conflicts) == (BASE, set(), set(), ())
