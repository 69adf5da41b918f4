"""Documents and parties of two sides: what either changed reaches the other, and nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.merge import Merged, merge
from exchange.planning.trade import Account, AddressKind, Line, Party, Person, PostalAddress, Trade
from exchange.records import VatRate
from mapping.trade_rules import DOCUMENT_FIELDS, PARTY_FIELDS, Owner

LAST: Mapping[str, Owner] = dict.fromkeys(DOCUMENT_FIELDS, "last")
DAY = dt.date(2026, 3, 2)


def line(item: str, quantity: int | str = 1, amount: int | str = 10, **more: object) -> Line:
    return Line(item_id=item, name=item, quantity=Decimal(quantity), price=Decimal(5), amount=Decimal(amount), **more)  # type: ignore[arg-type]


def trade(*lines: Line, **more: object) -> Trade:
    return Trade(number="7", currency="RUB", lines=lines, **more)  # type: ignore[arg-type]


def items(value: Trade) -> dict[str, tuple[int, int]]:
    return {one.item_id: (int(one.quantity), int(one.amount)) for one in value.lines or ()}


def wanted(merged: Merged[Trade] | Merged[Party]) -> tuple[set[str], set[str]]:
    """What is to be written to the portal and to 1C."""
    return set(merged.to_portal), set(merged.to_onec)


lines_ = st.lists(
    st.builds(line, st.sampled_from("ABCDE"), st.integers(1, 4), st.integers(0, 30)),
    max_size=6,
    unique_by=lambda one: one.item_id,
).map(tuple)
trades = st.builds(
    trade,
    comment=st.sampled_from(["", "first", "second"]),
    pay_until=st.sampled_from([None, DAY, DAY + dt.timedelta(1)]),
    cancelled=st.sampled_from([None, False, True]),
    date=st.sampled_from([DAY, DAY + dt.timedelta(1)]),
).flatmap(lambda one: lines_.map(lambda lines: replace(one, lines=lines)))
# Says everything that its sides may say.
told = trades.map(lambda one: replace(one, cancelled=bool(one.cancelled), pay_until=one.pay_until or DAY))
owners_ = st.fixed_dictionaries({name: st.sampled_from(["portal", "onec", "last"]) for name in DOCUMENT_FIELDS})


class TestProperties:
    @given(st.none() | trades, trades, owners_)
    def test_equal_sides_have_nothing_to_do(self, agreed: Trade | None, both: Trade, owners: Mapping[str, Owner]):
        merged = merge(agreed, both, both, owners)
        assert (*wanted(merged), merged.conflicts) == (set(), set(), ())
        assert items(merged.value) == items(both)

    @given(st.none() | trades, trades, trades, owners_)
    def test_merging_again_what_both_then_have_does_nothing(
        self, agreed: Trade | None, portal: Trade, onec: Trade, owners: Mapping[str, Owner]
    ):
        once = merge(agreed, portal, onec, owners)
        again = merge(once.agreed, once.value, once.for_onec, owners)
        assert wanted(again) == (set(), set())
        assert again.conflicts == once.conflicts
        assert (items(again.value), items(again.for_onec)) == (items(once.value), items(once.for_onec))
        assert (again.value.comment, again.for_onec.comment) == (once.value.comment, once.for_onec.comment)

    @given(trades, trades, trades, owners_)
    def test_a_conflict_lets_each_side_keep_its_own_and_blocks_nothing_else(
        self, agreed: Trade, portal: Trade, onec: Trade, owners: Mapping[str, Owner]
    ):
        merged = merge(agreed, portal, onec, owners)
        for conflict in merged.conflicts:
            if conflict.field == "lines":
                assert items(merged.value).get(conflict.part) == items(portal).get(conflict.part)
                assert items(merged.for_onec).get(conflict.part) == items(onec).get(conflict.part)
                assert items(merged.agreed).get(conflict.part) == items(agreed).get(conflict.part)
            else:
                assert getattr(merged.value, conflict.part) == conflict.portal
                assert getattr(merged.for_onec, conflict.part) == conflict.onec
        conflicting = {conflict.part for conflict in merged.conflicts}
        assert {name: one for name, one in items(merged.value).items() if name not in conflicting} == {
            name: one for name, one in items(merged.for_onec).items() if name not in conflicting
        }

    @given(trades, trades, owners_)
    def test_what_only_the_portal_changed_reaches_1c(self, agreed: Trade, portal: Trade, owners: Mapping[str, Owner]):
        merged = merge(agreed, portal, agreed, dict.fromkeys(owners, "last"))
        assert merged.conflicts == ()
        assert merged.to_portal == frozenset()
        assert items(merged.for_onec) == items(portal)
        assert merged.for_onec.comment == portal.comment

    @given(trades, trades)
    def test_what_only_1c_changed_reaches_the_portal(self, agreed: Trade, onec: Trade):
        merged = merge(agreed, agreed, onec, LAST)
        assert merged.conflicts == ()
        assert merged.to_onec == frozenset()
        assert items(merged.value) == items(onec)
        assert merged.value.pay_until == (onec.pay_until or agreed.pay_until)

    @given(told, trades, trades)
    def test_the_order_of_the_events_does_not_matter(self, agreed: Trade, portal: Trade, onec: Trade):
        onec = _without_conflicts(agreed, portal, onec)
        together = merge(agreed, portal, onec, LAST)
        # The portal's change is settled first, and 1C, which has not taken it yet, tells its own afterwards.
        first = merge(agreed, portal, agreed, LAST)
        then = merge(first.agreed, first.value, onec, LAST, onec_before=agreed)
        assert then.conflicts == ()
        assert items(then.value) == items(together.value)
        assert (then.value.comment, then.value.cancelled) == (together.value.comment, together.value.cancelled)
        # 1C's first, and the portal's change comes after it.
        first = merge(agreed, agreed, onec, LAST)
        value = _changed_as(agreed, portal, first.value)
        assert items(merge(first.agreed, value, onec, LAST, onec_before=onec).value) == items(together.value)

    @given(trades, trades, trades, owners_)
    def test_an_owners_word_holds(self, agreed: Trade, portal: Trade, onec: Trade, owners: Mapping[str, Owner]):
        merged = merge(agreed, portal, onec, owners)
        owner = {"portal": portal, "onec": onec}.get(owners["lines"])
        if owner is not None:
            assert items(merged.value) == items(owner)
        owner = {"portal": portal, "onec": onec}.get(owners["comment"])
        if owner is not None:
            assert merged.value.comment == owner.comment


def _without_conflicts(agreed: Trade, portal: Trade, onec: Trade) -> Trade:
    """1C's side without what it changed otherwise than the portal did."""
    for conflict in merge(agreed, portal, onec, LAST).conflicts:
        if conflict.field == "lines":
            lines = [one for one in onec.lines or () if one.item_id != conflict.part]
            onec = replace(onec, lines=(*lines, *([conflict.agreed] if conflict.agreed else [])))
        else:
            onec = replace(onec, **{conflict.part: conflict.agreed})
    return onec


def _changed_as(agreed: Trade, portal: Trade, now: Trade) -> Trade:
    """The document as it stands now, with what the portal had changed of the agreed one."""
    merged: Merged[Trade] = merge(agreed, portal, now, dict.fromkeys(DOCUMENT_FIELDS, "last"))
    assert merged.conflicts == ()
    return merged.value


class TestLines:
    def test_different_lines_changed_on_each_side_are_no_conflict(self):
        agreed = trade(line("A"), line("B"))
        merged = merge(agreed, trade(line("A", 3, 30), line("B")), trade(line("A"), line("B", 5, 50), line("C")), LAST)
        assert merged.conflicts == ()
        assert items(merged.value) == {"A": (3, 30), "B": (5, 50), "C": (1, 10)}
        assert wanted(merged) == ({"lines"}, {"lines"})
        assert merged.value.amount == 90

    def test_the_same_change_on_both_sides_is_no_conflict(self):
        merged = merge(trade(line("A")), trade(line("A", 2, 20)), trade(line("A", "2.0", "20.00")), LAST)
        assert (*wanted(merged), merged.conflicts) == (set(), set(), ())

    def test_one_line_changed_differently_is_a_conflict_of_that_line_alone(self):
        agreed = trade(line("A"), line("B"))
        merged = merge(agreed, trade(line("A", 2, 20), line("B", 9, 90)), trade(line("A", 3, 30), line("B")), LAST)
        (conflict,) = merged.conflicts
        assert (conflict.field, conflict.part) == ("lines", "A")
        assert (conflict.agreed.quantity, conflict.portal.quantity, conflict.onec.quantity) == (1, 2, 3)
        assert items(merged.value) == {"A": (2, 20), "B": (9, 90)}
        assert items(merged.for_onec) == {"A": (3, 30), "B": (9, 90)}
        assert items(merged.agreed) == {"A": (1, 10), "B": (9, 90)}

    def test_a_decision_ends_a_conflict(self):
        agreed, portal, onec = trade(line("A")), trade(line("A", 2, 20)), trade(line("A", 3, 30))
        merged = merge(agreed, portal, onec, {**LAST, "lines": "onec"})
        assert (not merged.conflicts, items(merged.value), set(merged.to_portal)) == (True, {"A": (3, 30)}, {"lines"})

    def test_a_line_taken_away_on_one_side_and_changed_on_the_other_is_a_conflict(self):
        merged = merge(trade(line("A"), line("B")), trade(line("B")), trade(line("A", 4, 40), line("B")), LAST)
        assert [(one.part, one.portal) for one in merged.conflicts] == [("A", None)]

    def test_of_two_lines_of_one_item_the_right_one_goes(self):
        agreed = trade(line("A", 1, 10), line("A", 5, 50))
        merged = merge(agreed, trade(line("A", 5, 50, row_id=2)), trade(line("A", 1, 10), line("A", 7, 70)), LAST)
        assert merged.conflicts == ()
        assert [(int(one.quantity), one.row_id) for one in merged.value.lines or ()] == [(7, 2)]

    def test_a_free_line_of_the_portal_is_the_line_1c_made_an_item_for(self):
        agreed = trade(Line(name="Сборка", amount=Decimal(9), row_id=4))
        onec = trade(Line(item_id="guid", name=" сборка ", amount=Decimal(9)))
        merged = merge(agreed, agreed, onec, LAST)
        assert (*wanted(merged), merged.conflicts) == (set(), set(), ())
        assert [(one.item_id, one.row_id, one.name) for one in merged.value.lines or ()] == [("guid", 4, "Сборка")]

    def test_another_item_of_the_same_name_is_another_line(self):
        shirt = line("s#red")
        merged = merge(trade(shirt), trade(shirt), trade(replace(shirt, item_id="s#blue")), LAST)
        assert [one.item_id for one in merged.value.lines or ()] == ["s#blue"]

    def test_the_portals_ids_and_names_stay_when_1c_changes_a_line(self):
        known = replace(line("A"), row_id=8, product_id=5, name="Кабель медный")
        merged = merge(trade(known), trade(known), trade(replace(line("A", 2, 20), name="Кабель")), LAST)
        (one,) = merged.value.lines or ()
        assert (one.row_id, one.product_id, one.name, int(one.quantity)) == (8, 5, "Кабель медный", 2)

    def test_a_vat_rate_that_one_side_does_not_tell_is_not_changed(self):
        taxed = replace(line("A"), vat=VatRate(Decimal(20)))
        merged = merge(trade(taxed), trade(taxed), trade(line("A", 2, 20)), LAST)
        assert [one.vat for one in merged.value.lines or ()] == [VatRate(Decimal(20))]

    def test_exempt_is_not_zero_percent(self):
        merged = merge(
            trade(replace(line("A"), vat=VatRate(None))),
            trade(replace(line("A"), vat=VatRate(None))),
            trade(replace(line("A"), vat=VatRate(Decimal(0)))),
            LAST,
        )
        assert merged.to_portal == {"lines"}

    def test_a_change_that_1c_was_given_and_did_not_take_is_not_taken_back(self):
        before = trade(line("A"), line("B"))
        agreed = trade(line("A", 3, 30))  # the portal changed A and took B away; 1C confirmed, and left its order as it was
        merged = merge(agreed, agreed, replace(before, paid=True), LAST, onec_before=before)
        assert items(merged.value) == {"A": (3, 30)}
        assert (*wanted(merged), merged.conflicts) == (set(), {"lines"}, ())
        assert merged.value.paid is True

    def test_a_sum_without_lines_is_merged_by_itself(self):
        merged = merge(Trade(amount=Decimal(5)), Trade(amount=Decimal(5)), Trade(amount=Decimal("7.00")), LAST)
        assert (merged.value.amount, set(merged.to_portal)) == (Decimal(7), {"lines"})


class TestFields:
    def test_what_a_side_does_not_say_stays(self):
        agreed = trade(line("A"), comment="ours", pay_until=DAY)
        merged = merge(agreed, agreed, Trade(number="7", posted=True), LAST)
        assert wanted(merged) == (set(), set())
        assert (merged.value.comment, merged.value.pay_until, merged.value.posted) == ("ours", DAY, True)

    def test_blanks_and_quotation_marks_of_a_comment_do_not_count(self):
        merged = merge(None, trade(comment="от  «Ромашки»\n"), trade(comment='от "Ромашки"'), DOCUMENT_FIELDS)
        assert wanted(merged) == (set(), set())

    def test_a_field_emptied_on_one_side_is_emptied_on_the_other(self):
        merged = merge(trade(comment="x"), trade(comment=""), trade(comment="x"), LAST)
        assert (merged.for_onec.comment, set(merged.to_onec)) == ("", {"comment"})

    def test_the_portals_own_comes_from_the_portal_and_1cs_own_from_1c(self):
        merged = merge(
            None, trade(title="Invoice 7", stage_id="N", responsible_id=3), trade(onec_id="g", onec_number="К-7"), LAST
        )
        assert (merged.value.title, merged.value.responsible_id, merged.value.onec_id, merged.value.onec_number) == (
            "Invoice 7",
            3,
            "g",
            "К-7",
        )

    def test_a_buyer_goes_with_his_contact(self):
        agreed = trade(buyer=(4, 1), contact_id=2)
        merged = merge(agreed, trade(buyer=(4, 9), contact_id=8), trade(buyer=(4, 1), party="p"), LAST)
        assert (merged.value.buyer, merged.value.contact_id) == ((4, 9), 8)
        assert merged.to_onec == {"buyer"}

    def test_a_first_meeting_is_no_conflict(self):
        merged = merge(None, trade(line("A"), comment="p"), trade(line("B"), comment="o"), LAST)
        assert (not merged.conflicts, items(merged.value), merged.value.comment) == (True, {"A": (1, 10)}, "p")
        assert merge(None, trade(comment=""), trade(line("B"), comment="o"), LAST).value.comment == "o"

    def test_a_document_of_one_side_is_new_to_the_other(self):
        assert merge(None, trade(line("A"), comment="x"), None, LAST).to_onec == {"lines", "comment"}
        assert merge(None, None, trade(line("A"), comment="x"), LAST).to_portal == {"lines", "comment"}

    def test_nothing_at_all_cannot_be_merged(self):
        with pytest.raises(ValueError, match="neither side"):
            merge(Trade(), None, None, LAST)


class TestParties:
    def test_phones_are_compared_by_number_and_merged_one_by_one(self):
        agreed = Party(name="Ромашка", phones=("+79161234567", "+74950000000"))
        portal = replace(agreed, phones=("8 (916) 123-45-67", "+74950000000", "+78120000000"))
        onec = replace(agreed, phones=("79161234567",))
        merged = merge(agreed, portal, onec, PARTY_FIELDS)
        assert merged.value.phones == ("8 (916) 123-45-67", "+78120000000")
        assert wanted(merged) == ({"phones"}, {"phones"})

    def test_other_spellings_of_the_same_are_no_change(self):
        portal = Party(name='ООО "Ромашка"', tax_id="7701234567", emails=("A@example.org",), phones=("8-916-123-45-67",))
        onec = Party(name="ООО «Ромашка»", tax_id="77 0123 4567", emails=("a@example.org",), phones=("+7 916 123 45 67",))
        merged = merge(None, portal, onec, PARTY_FIELDS)
        assert wanted(merged) == (set(), set())

    def test_a_first_meeting_keeps_what_each_side_has(self):
        portal = Party(name="A", accounts=(Account(number="1"),), phones=("+79160000001",))
        onec = Party(name="A", accounts=(Account(number="2", bic="044"),), phones=("+79160000002",))
        merged = merge(None, portal, onec, PARTY_FIELDS)
        assert [one.number for one in merged.value.accounts or ()] == ["1", "2"]
        assert len(merged.value.phones or ()) == 2

    def test_an_account_completed_by_1c_keeps_the_portals_id(self):
        portal = Party(name="A", accounts=(Account(number="408 17", bank="Банк", id="6"),))
        onec = Party(name="A", accounts=(Account(number="40817", bank="Банк", bic="044525225"),))
        merged = merge(portal, portal, onec, PARTY_FIELDS)
        assert merged.value.accounts == (Account(number="408 17", bank="Банк", bic="044525225", id="6"),)

    def test_people_are_one_by_id_name_or_mail(self):
        agreed = Party(name="A", people=(Person(contact_id=3, last_name="Петров", first_name="Иван", emails=("i@example.org",)),))
        onec = Party(name="A", people=(Person(id="g", last_name="Петров Иван", position="директор"),))
        (one,) = merge(agreed, agreed, onec, PARTY_FIELDS).value.people or ()
        assert (one.id, one.contact_id) == ("g", 3)

    def test_addresses_of_one_kind_are_one(self):
        old = PostalAddress(kind=AddressKind.LEGAL, text="Москва, Тверская 1")
        new = PostalAddress(kind=AddressKind.LEGAL, text="Москва,Тверская 2")
        merged = merge(Party(addresses=(old,)), Party(addresses=(old,)), Party(addresses=(new,)), PARTY_FIELDS)
        assert (merged.value.addresses, set(merged.to_portal)) == ((new,), {"addresses"})

    def test_tax_ids_changed_on_both_sides_are_a_conflict_of_that_field(self):
        agreed = Party(name="A", tax_id="1", tax_branch="2")
        merged = merge(agreed, replace(agreed, tax_id="3"), replace(agreed, tax_id="4", tax_branch="5"), PARTY_FIELDS)
        assert [(one.field, one.part) for one in merged.conflicts] == [("requisites", "tax_id")]
        assert (merged.value.tax_id, merged.for_onec.tax_id, merged.value.tax_branch) == ("3", "4", "5")
