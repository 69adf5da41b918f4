"""Sections about terms, buyers, owners, people and notices: what a browser sends of them is what holds afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from b24app.pages.sections import agreements, notices, owners, parties, people
from b24app.pages.sections.persons import names_of, shown, user_of
from b24app.pages.sections.section import Section
from exchange.settling.choices import Choice, Choices
from mapping.edit import laid_over
from mapping.rules import Rules, from_data, to_data
from mapping.trade_rules import DOCUMENT_FIELDS, PARTY_FIELDS, Agreement, PartyRules, TradeRules
from tests.b24app.pages.sections.test_sections import NOTHING, PORTAL, after, rendered, scene, sent
from tests.b24app.pages.sections.test_sections import TOLD as TOLD_OF_GOODS

USERS = (Choice(1, "Smith Anna"), Choice(2, "Brown Peter"), Choice(3, "Smith Anna"))
PRESETS = (Choice(1, "Организация", note="RU"), Choice(3, "ИП", note="RU"), Choice(9, "ТОО", note="KZ"))
TOLD: dict[str, Any] = {
    **TOLD_OF_GOODS,
    "managers": ("Петров", "Сидоров"),
    "portal": replace(PORTAL, users=USERS, presets=PRESETS),
}
SET = Rules(
    notify_users=frozenset({2, 77}),
    notify_about="all",
    trade=TradeRules(
        agreements=(
            Agreement("a1", "Retail", "o0", "p1", "RUB", vat_included=False, warehouse="w1", my_company=7, pipeline=4),
            Agreement("", "Gone", "o9", "p9", "EUR", warehouse="w9", my_company=99, pipeline=98),
            Agreement("d", "Others", default=True),
        ),
        parties=PartyRules(by_name=False, create=False, presets={"RU:legal": 3, "UA:person": 50}, country="KZ"),
        document_owners={**DOCUMENT_FIELDS, "lines": "onec"},
        party_owners={**PARTY_FIELDS, "people": "portal"},
        responsible={"": 1, "Петров": 2, "Уволенный": 88},
        notify_responsible=False,
        automation_trigger=True,
    ),
)
MINE: tuple[Section, ...] = tuple(one.SECTION for one in (agreements, parties, owners, people, notices))


@pytest.mark.parametrize("section", MINE, ids=lambda one: one.slug)
class TestEverySection:
    @pytest.mark.parametrize("told", [NOTHING, TOLD], ids=["nothing", "told"])
    @pytest.mark.parametrize("rules", [Rules(), SET], ids=["default", "set"])
    def test_changes_nothing_when_left_untouched(self, section: Section, rules: Rules, told: dict[str, Any]) -> None:
        at = scene(rules, told)
        assert after(section, at, sent(rendered(section, at))) == rules

    def test_that_was_not_shown_changes_nothing(self, section: Section) -> None:
        assert after(section, scene(SET, TOLD), QueryDict("")) == SET

    def test_says_something_in_a_line(self, section: Section) -> None:
        for rules, told in ((Rules(), NOTHING), (SET, TOLD)):
            said = section.says(rules, scene(rules, told))
            assert said.strip()
            assert "\n" not in said

    def test_shows_again_what_was_typed(self, section: Section) -> None:
        at = scene(SET, TOLD)
        form = rendered(section, at)
        for box in form.xpath("//input[@type='checkbox']"):
            box.checked = not box.checked
        for text in form.xpath("//input[@type='text']"):
            text.set("value", "?!")
        typed = sent(form)
        assert sent(rendered(section, at, typed)) == typed

    def test_names_every_field_by_a_label(self, section: Section) -> None:
        form = rendered(section, scene(SET, TOLD))
        fields = form.xpath("//input[not(@type='hidden')] | //select")
        ids = [field.get("id") for field in fields]
        assert len(set(ids)) == len(ids)
        assert {label.get("for") for label in form.xpath("//label")} == set(ids)

    @given(st.lists(st.tuples(st.integers(0, 60), st.text(max_size=12)), max_size=6))
    def test_survives_nonsense(self, section: Section, nonsense: list[tuple[int, str]]) -> None:
        at = scene(SET, TOLD)
        typed = sent(rendered(section, at))
        names = sorted(typed)
        for place, text in nonsense:
            typed[names[place % len(names)]] = text
        read = section.read(typed, at)
        section.fields(at, typed)
        assert set(read.errors) <= {*names, *(f"terms-{place}" for place in range(4))}
        assert read.errors or from_data(laid_over(to_data(SET), read.changes))


class TestAgreements:
    def test_are_added_with_their_terms(self) -> None:
        typed = QueryDict(
            "terms-form=1&terms-0-name=Wholesale&terms-0-organisation=o1&terms-0-price_type=p1&terms-0-currency=RUB"
            "&terms-0-warehouse=w0&terms-0-vat=on-top&terms-0-my_company=7&terms-0-pipeline=0&terms-0-default=1"
        )
        (one,) = after(agreements.SECTION, scene(Rules(), TOLD), typed).trade.agreements
        assert one == Agreement("", "Wholesale", "o1", "p1", "RUB", False, "w0", 7, 0, default=True)

    def test_are_removed(self) -> None:
        at = scene(SET, TOLD)
        typed = sent(rendered(agreements.SECTION, at))
        typed["terms-1-remove"] = "1"
        left = after(agreements.SECTION, at, typed).trade.agreements
        assert left == (SET.trade.agreements[0], SET.trade.agreements[2])

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ("terms-3-name=Nobody's", "terms-3"),
            ("terms-3-default=1", "terms-3"),
            ("terms-3-name=Twice&terms-3-default=1", "terms-3"),
            ("terms-3-name=Odd&terms-3-my_company=12345", "terms-3-my_company"),
            ("terms-3-name=Odd&terms-3-vat=maybe", "terms-3-vat"),
        ],
    )
    def test_that_nobody_could_use_are_refused(self, typed: str, field: str) -> None:
        at = scene(SET, TOLD)
        whole = sent(rendered(agreements.SECTION, at))
        for name, value in QueryDict(typed).items():
            whole[name] = str(value)
        assert field in agreements.SECTION.read(whole, at).errors


class TestParties:
    def test_are_looked_for_as_ticked(self) -> None:
        typed = QueryDict("parties-form=1&party-by_tax_id=1&party-country=UA&preset-RU-legal=1&preset-KZ-person=9")
        rules = after(parties.SECTION, scene(SET, TOLD), typed).trade.parties
        assert (rules.by_id, rules.by_tax_id, rules.create, rules.country) == (False, True, False, "UA")
        assert rules.presets == {"RU:legal": 1, "KZ:person": 9, "UA:person": 50}

    def test_refuse_a_template_of_another_country(self) -> None:
        assert set(parties.SECTION.read(QueryDict("parties-form=1&preset-RU-legal=9"), scene(Rules(), TOLD)).errors) == {
            "preset-RU-legal"
        }


class TestOwners:
    def test_are_one_for_each_field(self) -> None:
        rules = after(owners.SECTION, scene(Rules(), TOLD), QueryDict("document-owner-lines=portal&party-owner-accounts=last"))
        assert rules.trade.document_owners == {**DOCUMENT_FIELDS, "lines": "portal"}
        assert rules.trade.party_owners == {**PARTY_FIELDS, "accounts": "last"}
        assert owners.SECTION.read(QueryDict("party-owner-name=me"), scene(Rules(), TOLD)).errors


class TestPeople:
    def test_stand_for_managers_by_name(self) -> None:
        typed = QueryDict(
            "people-form=1&manager-default=smith anna %233&manager-0-user=Brown Peter&manager-2-name=Новый&manager-2-user=%232"
        )
        rules = after(people.SECTION, scene(Rules(), TOLD), typed).trade
        assert rules.responsible == {"": 3, "Петров": 2, "Новый": 2}
        assert not rules.notify_responsible

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ("manager-default=Nobody", "manager-default"),
            ("manager-0-user=Smith Anna", "manager-0-user"),
            ("manager-2-name=Новый", "manager-2-user"),
            ("manager-3-user=Brown Peter", "manager-3-name"),
            ("manager-0-user=%2399", "manager-0-user"),
        ],
    )
    def test_who_are_not_known_are_refused(self, typed: str, field: str) -> None:
        assert set(people.SECTION.read(QueryDict(f"people-form=1&{typed}"), scene(Rules(), TOLD)).errors) == {field}

    @given(st.lists(st.builds(Choice, st.integers(1, 99), st.text("аБ #1", min_size=1, max_size=3)), unique_by=lambda u: u.id))
    def test_of_the_same_name_are_told_apart(self, users: list[Choice]) -> None:
        names = names_of(scene(Rules(), {**NOTHING, "portal": Choices(users=tuple(users))}))
        ways = {" ".join(name.split()).casefold() for name in names.values()}
        if len(ways) == len(names) and "" not in ways:
            assert all(user_of(shown(id, names), names) == id for id in names)

    def test_without_triggers_in_the_portal_robots_are_not_offered(self) -> None:
        told = {**TOLD, "portal": replace(PORTAL, triggers=False)}
        assert not rendered(people.SECTION, scene(Rules(), told)).xpath("//input[@name='pull-triggers']")


class TestNotices:
    def test_go_to_whom_they_name(self) -> None:
        typed = QueryDict("notice-about=none&notice-user-0=&notice-user-1=%2377&notice-user-2=Smith Anna %231")
        rules = after(notices.SECTION, scene(SET, TOLD), typed)
        assert (set(rules.notify_users), rules.notify_about) == ({77, 1}, "none")

    def test_say_when_the_app_may_send_none(self) -> None:
        at = scene(Rules(), TOLD)
        at.portal.facts = {"scope": ["crm", "catalog"]}
        assert notices.SECTION.fields(at, None)["may"] is False
