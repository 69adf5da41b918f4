"""A person says which product of the portal an item of 1C is."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.imports import joining
from exchange.models import StateRow
from mapping import links
from tests.exchange.imports.test_matching import catalog, item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boots(tell: Any, push_all: Any, base: Any) -> StateRow:
    """An item that 1C sent and that is in the portal."""
    tell(catalog(item("boots", "Сапоги")))
    base.__class__.objects.filter(pk=base.pk).update(last_contact_at=None)
    push_all()
    return StateRow.objects.get(base=base, kind="product", onec_id="boots")


def product(server: Any, portal: Any, name: str, kind: str = "product") -> int:
    fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": name}
    told = server.call(f"catalog.product{'' if kind == 'product' else '.' + kind}.add", {"fields": fields})
    return int(next(iter(told.values()))["id"])


class TestGoods:
    def test_are_found_by_name_and_id_with_their_kind(self, boots: StateRow, bitrix24: Any, portal: Any) -> None:
        simple, service = product(bitrix24, portal, "Валенки серые"), product(bitrix24, portal, "Валенки чистка", "service")
        for typed, wanted in (("аленк", {(simple, "product"), (service, "service")}), (str(simple), {(simple, "product")})):
            assert {(one.id, one.shape) for one in joining.products(portal, boots, typed)} == wanted

    def test_go_into_the_chosen_product_and_the_old_one_is_switched_off(
        self, boots: StateRow, bitrix24: Any, portal: Any, base: Any, tell: Any, push_all: Any
    ) -> None:
        old = links.to_b24(portal.pk, base.pk, "product")["boots"]
        chosen = joining.products(portal, boots, b24_id=product(bitrix24, portal, "Сапожки"))[0]
        done = joining.link(portal, boots, chosen)
        assert (done.refused, done.effects, done.left) == ("", ("overwritten", "product-off"), old)
        push_all()
        assert links.to_b24(portal.pk, base.pk, "product") == {"boots": chosen.id}
        assert bitrix24.state.get("products", chosen.id)["name"] == "Сапоги"
        gone = bitrix24.state.get("products", old)
        assert (gone["active"], gone["xmlId"]) == ("N", "replaced:boots")
        count = len(bitrix24.state["products"])
        tell(catalog(item("boots", "Сапоги зимние")))
        push_all()
        assert bitrix24.state.get("products", chosen.id)["name"] == "Сапоги зимние"
        assert len(bitrix24.state["products"]) == count

    def test_of_another_kind_or_taken_are_refused_and_nothing_is_written(
        self, boots: StateRow, bitrix24: Any, portal: Any, base: Any, tell: Any, push_all: Any
    ) -> None:
        tell(catalog(item("hat", "Шляпа")), only_changes=True)
        push_all()
        held = links.to_b24(portal.pk, base.pk, "product")
        service = product(bitrix24, portal, "Чистка", "service")
        for b24_id, why, other in ((service, "other-kind", ""), (held["hat"], "taken", "Шляпа"), (held["boots"], "same", "")):
            chosen = joining.products(portal, boots, b24_id=b24_id)[0]
            done = joining.link(portal, boots, chosen)
            assert (done.refused, done.other) == (why, other)
        assert links.to_b24(portal.pk, base.pk, "product") == held
        assert bitrix24.state.get("products", held["boots"])["active"] == "Y"
