"""A change of settings takes effect by itself: what it concerns is carried anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchange.models import Problem
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG, OFFERS

pytestmark = pytest.mark.django_db(transaction=True)

Change = Callable[..., None]
COIL = CATALOG.replace('<БазоваяЕдиница Код="796" НаименованиеПолное="Штука">шт<', "<БазоваяЕдиница>Бухта<")


class TestItems:
    def test_come_when_their_type_is_no_longer_skipped(
        self,
        tell: Send,
        push_all: Callable[[], None],
        change: Change,
        bitrix24: PortalServer,
    ) -> None:
        change(skipped_item_types=["Услуга"])
        tell(CATALOG)
        push_all()
        assert not bitrix24.state.where("products", xmlId="s")
        change(skipped_item_types=[])
        assert bitrix24.state.one("products", xmlId="s")["name"] == "Ремонт"

    def test_get_the_unit_that_a_person_chose(
        self,
        tell: Send,
        push_all: Callable[[], None],
        change: Change,
        bitrix24: PortalServer,
    ) -> None:
        tell(COIL)
        push_all()
        assert Problem.objects.get(closed_at=None).facts == {"unit": "Бухта"}
        metre = bitrix24.state.where("measures")[0]["id"]
        change(units={"бухта": metre})
        assert bitrix24.state.one("products", xmlId="a")["measure"] == metre
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_count_the_stock_of_the_warehouses_that_are_chosen(
        self,
        tell: Send,
        push_all: Callable[[], None],
        change: Change,
        bitrix24: PortalServer,
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        assert bitrix24.state.one("products", xmlId="a#1")["quantity"] == 5
        change(skipped_warehouses=["w1"])
        assert bitrix24.state.one("products", xmlId="a#1")["quantity"] == 0

    def test_take_1cs_name_again_when_the_portal_no_longer_owns_it(
        self,
        tell: Send,
        push_all: Callable[[], None],
        change: Change,
        bitrix24: PortalServer,
    ) -> None:
        tell(CATALOG)
        push_all()
        change(portal_owns=["name"])
        tell(CATALOG.replace("Шнурки", "Шнурки белые"))
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["name"] == "Шнурки"
        change(portal_owns=[])
        assert bitrix24.state.one("products", xmlId="b")["name"] == "Шнурки белые"
