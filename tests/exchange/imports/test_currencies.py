"""Prices in a currency that the portal does not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchange.imports.currencies import allow_currency, resend
from exchange.models import OneCBase, Problem
from mapping.rules import from_data
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG, OFFERS

TENGE = OFFERS.replace("<Валюта>USD</Валюта>", "<Валюта>KZT</Валюта>")


def prices(server: PortalServer, onec_id: str) -> set[tuple[float, str]]:
    product = server.state.one("products", xmlId=onec_id)
    return {(row["price"], row["currency"]) for row in server.state.where("prices", productId=product["id"])}


@pytest.mark.django_db(transaction=True)
class TestMissingCurrency:
    def test_is_a_problem_and_the_other_prices_arrive(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(TENGE)
        push_all()
        assert prices(bitrix24, "a#1") == {(100.5, "RUB")}
        assert [(problem.cause, problem.facts) for problem in Problem.objects.all()] == [
            ("currency-missing", {"currency": "KZT"})
        ]
        assert not bitrix24.calls.of("crm.currency.add")

    def test_is_made_in_one_step_at_the_rate_a_person_gives(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(TENGE)
        push_all()
        assert allow_currency(base, "kzt", "0,19", author="Анна") > 0
        push_all()
        made = bitrix24.call("crm.currency.get", {"id": "KZT"})
        assert (float(made["AMOUNT"]), made["AMOUNT_CNT"]) == (0.19, "1")
        assert prices(bitrix24, "a#1") == {(100.5, "RUB"), (2, "KZT")}
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_arrives_once_somebody_has_added_it_in_the_portal(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(TENGE)
        push_all()
        bitrix24.call("crm.currency.add", {"fields": {"CURRENCY": "KZT", "AMOUNT": 0.2, "AMOUNT_CNT": 1, "SORT": 100}})
        assert resend(base, "KZT") > 0
        push_all()
        assert prices(bitrix24, "a#1") == {(100.5, "RUB"), (2, "KZT")}

    def test_is_told_when_the_portal_does_not_let_us_add_it(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        bitrix24.faults.method_errors["crm.currency.add"] = {
            "error": "ACCESS_DENIED",
            "error_description": "Access denied.",
            "status": 403,
        }
        allow_currency(base, "KZT", "0.19", author="")
        tell(CATALOG)
        tell(TENGE)
        push_all()
        assert set(Problem.objects.values_list("cause", flat=True)) == {"currency-missing", "currency-refused"}
        assert prices(bitrix24, "a#1") == {(100.5, "RUB")}


class TestRate:
    @pytest.mark.parametrize("rate", ["", "0", "-1", "NaN", "Infinity", "один", None])
    def test_that_is_none_makes_no_currency(self, rate: str | None) -> None:
        assert from_data({"create_currencies": {"KZT": rate}}).create_currencies == {}

    @pytest.mark.parametrize("told", [True, [], "KZT", {"тенге": "1", "KZTX": 1}])
    def test_needs_an_iso_code(self, told: object) -> None:
        assert from_data({"create_currencies": told}).create_currencies == {}

    @pytest.mark.django_db
    def test_is_refused_with_a_reason(self, base: OneCBase) -> None:
        with pytest.raises(ValueError, match="KZT"):
            allow_currency(base, "KZT", "cheap", author="")
