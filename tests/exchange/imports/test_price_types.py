"""Price types where the settings want them: mapped, skipped, or the portal's base price, now and when the settings change later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchange.models import OneCBase, Problem, StateRow
from mapping.edit import change_rules
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG, OFFERS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def carried(tell: Send, push_all: Callable[[], None]) -> None:
    tell(CATALOG)
    tell(OFFERS)
    push_all()


def prices(server: PortalServer, onec_id: str = "a#1") -> dict[str, float]:
    """Name of the price type → price."""
    product = server.state.one("products", xmlId=onec_id)
    return {name_of(server, row["catalogGroupId"]): row["price"] for row in server.state.where("prices", productId=product["id"])}


def name_of(server: PortalServer, id: int) -> str:
    (row,) = [one for one in server.state.where("price_type_langs", catalogGroupId=id) if one["lang"] == "ru"] or [
        {"name": f"#{id}"}
    ]
    return str(row["name"])


def base_price(server: PortalServer) -> str:
    return name_of(server, server.state.one("price_types", base="Y")["id"])


def own_type(server: PortalServer, name: str) -> int:
    """A price type that somebody made in the portal."""
    made = server.call("catalog.priceType.add", {"fields": {"name": name, "base": "N", "xmlId": f"own-{name}"}})
    id = int(made["priceType"]["id"])
    server.call("catalog.priceTypeLang.add", {"fields": {"catalogGroupId": id, "lang": "ru", "name": name}})
    return id


@pytest.mark.usefixtures("carried")
class TestChange:
    def test_starts_from_the_retail_price_as_the_base(self, bitrix24: PortalServer) -> None:
        assert base_price(bitrix24) == "Розничная"
        assert prices(bitrix24) == {"Розничная": 100.5, "Оптовая": 2}

    def test_swaps_the_base_price_with_another_one(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        change(base_price_type="t2")
        assert base_price(bitrix24) == "Оптовая"
        assert prices(bitrix24) == {"Розничная": 100.5, "Оптовая": 2}
        assert prices(bitrix24, "b") == {"Розничная": 10}
        assert len(bitrix24.state.where("price_types")) == 2

    def test_swaps_back(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        change(base_price_type="t2")
        change(base_price_type="t1")
        assert base_price(bitrix24) == "Розничная"
        assert prices(bitrix24) == {"Розничная": 100.5, "Оптовая": 2}

    def test_moves_prices_to_the_type_that_somebody_made(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        dealers = own_type(bitrix24, "Дилеры")
        change(price_types={"t2": dealers})
        assert prices(bitrix24)["Дилеры"] == 2
        assert name_of(bitrix24, dealers) == "Дилеры", "the portal's own name stays"

    def test_takes_the_mapping_back(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        dealers = own_type(bitrix24, "Дилеры")
        change(price_types={"t2": dealers})
        calls = len(bitrix24.state.where("price_types"))
        change(price_types={})
        assert len(bitrix24.state.where("price_types")) == calls
        assert prices(bitrix24)["Оптовая"] == 2

    def test_maps_one_to_where_another_was(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        base = bitrix24.state.one("price_types", base="Y")["id"]
        change(price_types={"t2": base})
        found = {
            row["catalogGroupId"]: row["price"]
            for row in bitrix24.state.where("prices", productId=bitrix24.state.one("products", xmlId="a#1")["id"])
        }
        assert found[base] == 2
        assert 100.5 in found.values()

    def test_settles_down(self, change: Callable[..., None], push_all: Callable[[], None], bitrix24: PortalServer) -> None:
        change(base_price_type="t2", price_types={"t1": own_type(bitrix24, "Зал")})
        bitrix24.calls.reset()
        StateRow.objects.update(pushed_version=0)
        push_all()
        assert bitrix24.calls.snapshot()["write_commands"] == 0
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_stops_a_price_type(self, change: Callable[..., None], bitrix24: PortalServer) -> None:
        change(skipped_price_types=["t2"])
        assert prices(bitrix24) == {"Розничная": 100.5}


class TestBefore:
    def test_a_skipped_price_type_is_never_made(
        self, tell: Send, push_all: Callable[[], None], base: OneCBase, bitrix24: PortalServer
    ) -> None:
        change_rules(base.portal_id, base.pk, {"skipped_price_types": ["t2"]}, author="user:1")
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        assert len(bitrix24.state.where("price_types")) == 1
        assert prices(bitrix24) == {"Розничная": 100.5}
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_the_chosen_base_price_is_it_from_the_first_exchange(
        self, tell: Send, push_all: Callable[[], None], base: OneCBase, bitrix24: PortalServer
    ) -> None:
        change_rules(base.portal_id, base.pk, {"base_price_type": "t2"}, author="user:1")
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        assert base_price(bitrix24) == "Оптовая"
        assert prices(bitrix24) == {"Розничная": 100.5, "Оптовая": 2}
