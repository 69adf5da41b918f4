"""What 1C told of, read from what is remembered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from b24app.models import Portal
from b24app.pages.sections.facts import Facts, Organisation, PriceTypeOf1C, Thing
from exchange.models import OneCBase, StateRow, TradeDocument
from exchange.planning.document_words import ORGANISATION, ORGANISATION_TAX_ID
from exchange.planning.stored import to_data
from exchange.planning.trade import INVOICE, Trade
from tests.b24app.pages.conftest import make_base, make_portal, make_problem


@pytest.fixture
def base(portal: Portal) -> OneCBase:
    return make_base(portal)


@pytest.fixture
def facts(base: OneCBase) -> Facts:
    return Facts(base.portal, base)


def remember(base: OneCBase, kind: str, onec_id: str, **main: object) -> None:
    StateRow.objects.create(base=base, kind=kind, onec_id=onec_id, main=main)


def told(base: OneCBase, number: int, **said: object) -> None:
    side = to_data(Trade(number=str(number), amount=Decimal(1), **said))  # type: ignore[arg-type]
    TradeDocument.objects.create(base=base, entity_type_id=INVOICE, onec_id=f"d{number}", onec_side=side)


@pytest.mark.django_db
class TestFacts:
    def test_are_empty_while_1c_has_told_nothing(self, facts: Facts) -> None:
        names = (
            "price_types",
            "warehouses",
            "item_types",
            "currencies",
            "unknown_units",
            "organisations",
            "statuses",
            "managers",
        )
        assert [getattr(facts, name) for name in names] == [()] * len(names)
        assert not facts.portal.known

    def test_of_dictionaries_leave_out_what_1c_deleted(self, base: OneCBase, facts: Facts) -> None:
        remember(base, "price_type", "p0", name="Retail", currency="руб")
        remember(base, "price_type", "p1", name="Old", deleted=True)
        remember(base, "warehouse", "w0", name="Main")
        assert facts.price_types == (PriceTypeOf1C("p0", "Retail", "руб"),)
        assert facts.warehouses == (Thing("w0", "Main"),)

    def test_count_items_by_type_the_most_frequent_first(self, base: OneCBase, facts: Facts) -> None:
        for number, name in enumerate(("Товар", "Услуга", " Товар ", "")):
            remember(base, "product", f"i{number}", item_type=name)
        assert facts.item_types == (Thing("Товар", "Товар", 2), Thing("Услуга", "Услуга", 1))

    def test_name_currencies_and_units_that_items_wait_for(self, base: OneCBase, facts: Facts) -> None:
        remember(base, "price_type", "p0", name="Retail", currency="руб")
        make_problem(base, "unknown-currency", 1, facts={"currency": "у.е."})
        make_problem(base, "unknown-unit", 2, facts={"unit": "бухта"})
        assert set(facts.currencies) == {"руб", "у.е."}
        assert facts.unknown_units == (Thing("бухта", "бухта", 1),)

    def test_gather_organisations_statuses_and_managers_from_documents(self, base: OneCBase, facts: Facts) -> None:
        said = ((ORGANISATION, "Trade House"), (ORGANISATION_TAX_ID, "7707083893"), ("Менеджер", "Анна"))
        told(base, 1, organisation="o1", status_name="Новый")
        told(base, 2, organisation="o1", status_name="Отгружен", facts=said)
        told(base, 3, organisation="Works", status_name="Отгружен")
        assert facts.organisations == (Organisation("o1", "Trade House", "7707083893"), Organisation("Works", "Works"))
        assert facts.statuses == ("Отгружен", "Новый")
        assert facts.managers == ("Анна",)

    def test_are_of_the_base_alone(self, base: OneCBase, facts: Facts) -> None:
        other = make_base(make_portal())
        remember(other, "price_type", "p0", name="Retail", currency="руб")
        told(other, 1, organisation="o1", status_name="Новый")
        make_problem(other, "unknown-unit", 2, facts={"unit": "бухта"})
        assert (facts.price_types, facts.currencies, facts.organisations, facts.unknown_units) == ((), (), (), ())
