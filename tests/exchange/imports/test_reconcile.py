"""What the app believes, against what the portal holds after somebody was there."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from b24app.models import Portal
from exchange.imports.reconcile import ReconcileImpossible, last_reconciled, reconcile
from exchange.models import OneCBase, StateRow
from exchange.planning.reconciled import Reconciled
from exchange.sessions import create_base
from mapping import links
from mapping.edit import change_rules
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG, OFFERS

pytestmark = pytest.mark.django_db(transaction=True)

WEIGHTY = CATALOG.replace(
    "<Товар><Ид>b</Ид>",
    "<Товар><Ид>b</Ид><Описание>Простые, но крепкие шнурки на каждый день и на любую погоду</Описание><Вес>0.02</Вес>",
)


@pytest.fixture
def pushed(tell: Send, push_all: Callable[[], None], bitrix24: PortalServer) -> PortalServer:
    """A catalogue that is in the portal, whole."""
    tell(WEIGHTY)
    tell(OFFERS)
    push_all()
    return bitrix24


def product(server: PortalServer, onec_id: str) -> int:
    return int(server.state.one("products", xmlId=onec_id)["id"])


def change(server: PortalServer, onec_id: str, **fields: object) -> None:
    kind = "catalog.product.offer" if "#" in onec_id else "catalog.product"
    server.call(f"{kind}.update", {"id": product(server, onec_id), "fields": fields})


def told(found: Reconciled) -> list[tuple[str, str, str]]:
    return sorted((one.verdict, one.onec_id, one.field) for one in found.differences)


class TestReconcile:
    def test_agrees_after_a_push_and_writes_nothing(self, pushed: PortalServer, base: OneCBase) -> None:
        pushed.calls.reset()
        found = reconcile(base)
        assert told(found) == []
        assert found.all_agree
        assert (found.kinds["products"].agree, found.kinds["offers"].agree, found.kinds["sections"].agree) == (3, 1, 2)
        assert pushed.calls.snapshot()["write_commands"] == 0

    def test_keeps_what_it_found_for_the_pages(self, pushed: PortalServer, base: OneCBase) -> None:
        assert last_reconciled(base) is None
        found = reconcile(base)
        fresh = OneCBase.objects.get(pk=base.pk)
        kept = last_reconciled(fresh)
        assert kept is not None
        assert (kept["agree"], kept["differ"], kept["at"]) == (found.total("agree"), 0, found.at)

    def test_finds_fields_prices_and_stock_that_somebody_changed(self, pushed: PortalServer, base: OneCBase) -> None:
        change(
            pushed,
            "b",
            name="Верёвки",
            weight=50,
            quantity=3,
            detailText="Другое описание, длиннее сорока восьми знаков, вот такое",
        )
        price = pushed.state.where("prices", productId=product(pushed, "a#1"))[0]
        pushed.call("catalog.price.update", {"id": price["id"], "fields": {"price": 99}})
        found = reconcile(base)
        assert told(found) == [
            ("differs", "a#1", f"price:{price['catalogGroupId']}"),
            ("differs", "b", "description"),
            ("differs", "b", "name"),
            ("differs", "b", "quantity"),
            ("differs", "b", "weight"),
        ]
        name = next(one for one in found.differences if one.field == "name")
        assert (name.ours, name.portals) == ("Шнурки", "Верёвки")
        assert (found.kinds["products"].differ, found.kinds["offers"].differ) == (1, 1)

    def test_finds_property_values_that_somebody_changed(self, pushed: PortalServer, base: OneCBase) -> None:
        article = pushed.state.one("properties", code="CML2_ARTICLE", iblockId=base.portal.facts["catalog"]["iblock_id"])["id"]
        field = f"property{article}"
        pushed.call("catalog.product.sku.update", {"id": product(pushed, "a"), "fields": {field: {"value": "Z-9"}}})
        assert told(reconcile(base)) == [("differs", "a", f"property:{article}")]

    def test_finds_what_somebody_deleted(self, pushed: PortalServer, base: OneCBase) -> None:
        pushed.call("catalog.product.delete", {"id": product(pushed, "b")})
        pushed.call("catalog.section.delete", {"id": pushed.state.one("sections", xmlId="g2")["id"]})
        found = reconcile(base)
        missing = [one for one in told(found) if one[0] == "missing"]
        assert missing == [("missing", "b", ""), ("missing", "g2", "")]
        assert ("differs", "a", "section") in told(found)

    def test_finds_what_carries_our_id_and_is_not_ours(self, pushed: PortalServer, base: OneCBase, portal: Portal) -> None:
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": "Двойник", "xmlId": "b"}
        twin = pushed.call("catalog.product.add", {"fields": fields})["element"]["id"]
        found = reconcile(base)
        assert [(one.verdict, one.onec_id, one.b24_id) for one in found.differences] == [("unknown", "b", twin)]
        assert found.kinds["products"].unknown == 1

    def test_finds_dictionaries_that_somebody_deleted(self, pushed: PortalServer, base: OneCBase) -> None:
        dead = pushed.state.one("properties", xmlId="p1")["id"]
        pushed.call("catalog.productProperty.delete", {"id": dead})
        missing = [one for one in reconcile(base).differences if one.verdict == "missing"]
        assert [(one.kind, one.onec_id) for one in missing] == [("property", "p1")]

    def test_leaves_to_the_portal_what_the_rules_leave_to_it(self, pushed: PortalServer, base: OneCBase, portal: Portal) -> None:
        change(pushed, "b", name="Верёвки", quantity=3)
        change_rules(portal.pk, base.pk, {"portal_owns": ["name", "stock"]}, author="")
        assert told(reconcile(base)) == []

    def test_compares_stores_where_accounting_is_on(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        bitrix24.portal.set_accounting(True)
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        assert told(reconcile(base)) == []
        row = StateRow.objects.get(base=base, onec_id="a#1", known__isnull=False)
        assert row.known is not None
        (store,) = row.known["stock"]
        row.known["stock"][store] = "4"
        row.save()
        assert told(reconcile(base)) == [("differs", "a#1", f"stock:{store}")]

    def test_does_not_take_another_bases_work_for_a_difference(
        self, pushed: PortalServer, tell: Send, push_all: Callable[[], None], base: OneCBase, portal: Portal
    ) -> None:
        second, _ = create_base(portal, "Розница", "unf")
        tell(CATALOG, of=second)
        tell(OFFERS, of=second)
        push_all()
        assert told(reconcile(base)) == []
        assert told(reconcile(second)) == []
        change(pushed, "b", name="Верёвки")
        assert told(reconcile(base)) == [("differs", "b", "name")]
        assert told(reconcile(second)) == []

    def test_is_impossible_while_the_portal_does_not_answer(self, pushed: PortalServer, base: OneCBase) -> None:
        pushed.faults.down = 99
        with pytest.raises(ReconcileImpossible):
            reconcile(base)
        assert last_reconciled(OneCBase.objects.get(pk=base.pk)) is None

    def test_says_that_it_was_cut_short(self, pushed: PortalServer, base: OneCBase) -> None:
        assert reconcile(base, seconds=0).complete is False


class TestRepair:
    def mended(self, base: OneCBase, push_all: Callable[[], None]) -> Reconciled:
        assert reconcile(base, mend=True).repaired > 0
        push_all()
        return reconcile(base)

    def test_writes_back_what_1c_wants(self, pushed: PortalServer, base: OneCBase, push_all: Callable[[], None]) -> None:
        change(pushed, "b", name="Верёвки", active="N", quantity=3)
        price = pushed.state.where("prices", productId=product(pushed, "a#1"))[0]
        pushed.call("catalog.price.update", {"id": price["id"], "fields": {"price": 99}})
        pushed.calls.reset()
        assert told(self.mended(base, push_all)) == []
        row = pushed.state.one("products", xmlId="b")
        assert (row["name"], row["active"], row["quantity"]) == ("Шнурки", "Y", 7.5)
        # Only what differed is written: two fields of one element together, and one set of prices.
        assert sum(pushed.calls.writes.values()) == 2

    def test_makes_anew_what_somebody_deleted(self, pushed: PortalServer, base: OneCBase, push_all: Callable[[], None]) -> None:
        pushed.call("catalog.product.delete", {"id": product(pushed, "b")})
        pushed.call("catalog.product.delete", {"id": product(pushed, "a")})
        pushed.call("catalog.section.delete", {"id": pushed.state.one("sections", xmlId="g2")["id"]})
        assert told(self.mended(base, push_all)) == []
        boots = pushed.state.one("products", xmlId="a")
        assert boots["iblockSectionId"] == pushed.state.one("sections", xmlId="g2")["id"]
        assert pushed.state.one("products", xmlId="a#1")["parentId"] == boots["id"]

    def test_makes_a_property_anew_with_its_values_in_the_goods(
        self, pushed: PortalServer, base: OneCBase, push_all: Callable[[], None]
    ) -> None:
        pushed.call("catalog.productProperty.delete", {"id": pushed.state.one("properties", xmlId="p1")["id"]})
        assert told(self.mended(base, push_all)) == []
        fresh = pushed.state.one("properties", xmlId="p1")
        (option,) = pushed.state.where("enums", propertyId=fresh["id"])
        assert pushed.state.one("products", xmlId="a")[f"property{fresh['id']}"][0]["value"] == str(option["id"])

    def test_takes_over_what_carries_our_id_when_the_link_was_lost(
        self, pushed: PortalServer, base: OneCBase, push_all: Callable[[], None]
    ) -> None:
        links.unbind(base.portal_id, base.pk, "product", ["b"])
        assert told(reconcile(base)) == [("unknown", "b", "")]
        assert told(self.mended(base, push_all)) == []
        assert links.to_b24(base.portal_id, base.pk, "product", ["b"]) == {"b": product(pushed, "b")}

    def test_brings_stock_in_line_where_accounting_is_on(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        bitrix24.portal.set_accounting(True)
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        row = StateRow.objects.get(base=base, onec_id="a#1", known__isnull=False)
        assert row.known is not None
        (store,) = row.known["stock"]
        fields = {"docType": "D", "currency": "RUB", "responsibleId": 1}
        document = bitrix24.call("catalog.document.add", {"fields": fields})["document"]["id"]
        line = {"docId": document, "elementId": product(bitrix24, "a#1"), "storeFrom": int(store), "amount": 2}
        bitrix24.call("catalog.document.element.add", {"fields": line})
        bitrix24.call("catalog.document.conduct", {"id": document})
        assert told(reconcile(base)) == [("differs", "a#1", f"stock:{store}")]
        assert told(self.mended(base, push_all)) == []


class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("reconcile", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_json_per_base_of_a_portal(self, pushed: PortalServer, base: OneCBase, portal: Portal) -> None:
        create_base(portal, "Розница", "unf")
        for named in (portal.member_id, portal.domain):
            printed = [json.loads(line) for line in self.run("--portal", named, "--json").splitlines()]
            assert [one["base"] == base.login for one in printed] == [True, False]
            assert (printed[0]["differ"], printed[0]["missing"], printed[0]["complete"]) == (0, 0, True)

    def test_prints_a_table_and_mends(self, pushed: PortalServer, base: OneCBase) -> None:
        assert "everything agrees" in self.run("--base", base.login)
        change(pushed, "b", name="Верёвки")
        table = self.run("--base", base.key, "--repair")
        assert "ours «Шнурки», the portal's «Верёвки»" in table
        assert "marked for the next push: " in table

    def test_knows_no_portal_of_that_name(self, db: None) -> None:
        with pytest.raises(CommandError, match="nobody"):
            self.run("--portal", "nobody")
