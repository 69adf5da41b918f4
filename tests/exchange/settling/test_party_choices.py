"""What a person decides about a party."""

from __future__ import annotations

import pytest

from exchange.models import Problem
from exchange.planning.trade import COMPANY
from exchange.sessions import create_base
from exchange.settling.party_choices import NotToDecide, choose_candidate, decide
from tests.exchange.settling.parties import Exchange
from tests.exchange.settling.test_party_flow import DAISY


@pytest.fixture
def exchange(portal) -> Exchange:
    return Exchange(portal, create_base(portal, "Торговля", "ut11")[0])


@pytest.fixture
def rivals(exchange):
    keys = [exchange.add(COMPANY, "7701234567", "770101001", title=f"Ромашка {place}") for place in (1, 2)]
    assert exchange.told("c-1", DAISY) is None
    return keys


class TestChooseCandidate:
    def test_takes_the_chosen_one_and_closes_the_problem(self, exchange, rivals):
        choose_candidate(Problem.objects.get(cause="party-ambiguous"), rivals[1])
        assert exchange.settle("c-1") == rivals[1]
        assert not Problem.objects.filter(closed_at=None).exists()
        assert exchange.told("c-1", DAISY) == rivals[1]

    def test_makes_a_new_one_when_none_of_them_is_it(self, exchange, rivals):
        choose_candidate(Problem.objects.get(cause="party-ambiguous"), None)
        key = exchange.settle("c-1")
        assert key is not None
        assert key not in rivals
        assert exchange.told("c-1", DAISY) == key

    def test_refuses_what_was_not_offered(self, exchange, rivals):
        with pytest.raises(NotToDecide):
            choose_candidate(Problem.objects.get(cause="party-ambiguous"), (COMPANY, 999))


class TestDecide:
    @pytest.fixture
    def torn(self, exchange):
        key = exchange.told("c-1", DAISY)
        exchange.rest("crm.item.update", entityTypeId=COMPANY, id=key[1], fields={"title": "Лютик"})
        exchange.told("c-1", DAISY, name="Василёк")
        return key

    def test_a_conflict_stays_open_until_decided(self, exchange, torn):
        exchange.told("c-1", DAISY, name="Василёк")
        assert Problem.objects.get(closed_at=None).cause == "party-conflict"

    def test_1c_has_the_last_word(self, exchange, torn):
        decide(Problem.objects.get(), "onec")
        exchange.settle("c-1")
        assert exchange.item(torn)["title"] == "Василёк"
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_the_portal_has_the_last_word_and_keeps_it(self, exchange, torn):
        decide(Problem.objects.get(), "portal", "name")
        exchange.settle("c-1")
        exchange.told("c-1", DAISY, name="Василёк")
        assert exchange.item(torn)["title"] == "Лютик"
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_refuses_a_field_that_is_not_disputed(self, exchange, torn):
        with pytest.raises(NotToDecide):
            decide(Problem.objects.get(), "onec", "tax_id")
