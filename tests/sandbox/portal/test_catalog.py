"""Rules of the catalogue that an application meets."""

from __future__ import annotations

import pytest

from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import PICTURE, PNG, Client

LIST = {"select": ["id", "iblockId", "name", "xmlId"]}


class TestProducts:
    def test_are_listed_only_with_their_key_fields_selected_and_the_block_named(self, rest: Client) -> None:
        assert rest.error("catalog.product.list", select=["id"], filter={"iblockId": 23})[:2] == (400, 0)
        assert rest.error("catalog.product.list", select=["id", "iblockId"], filter={"xmlId": "a"})[:2] == (400, 0)

    def test_get_their_id_as_external_code_when_none_is_sent(self, rest: Client) -> None:
        key = rest.product()
        assert rest.ok("catalog.product.get", id=key)["product"]["xmlId"] == str(key)

    def test_keep_codes_unique_within_their_block(self, rest: Client) -> None:
        rest.product(code="chair")
        fields = {"iblockId": 23, "name": "b", "code": "chair"}
        assert rest.error("catalog.product.add", fields=fields) == (400, 0, "Товар с указанным символьным кодом уже существует")

    def test_lose_unknown_fields_without_a_word_but_not_unseen(self, rest: Client) -> None:
        key = rest.product(nmae="x", type=3)
        assert rest.ok("catalog.product.get", id=key)["product"]["type"] == 1
        assert rest.server.calls.ignored_fields == {"nmae": 1, "type": 1}

    def test_drop_unknown_filters_and_so_list_everything(self, rest: Client) -> None:
        rest.product(), rest.product()
        assert rest.body("catalog.product.list", filter={"iblockId": 23, "xmlID": "7"}, **LIST)["total"] == 2

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"iblockSectionId": 99}, "Раздел"),
            ({"vatId": 99}, "Ставка НДС"),
            ({"purchasingCurrency": "XXX"}, "валюта"),
            ({"measure": 99}, "Единица измерения"),
            ({"previewPicture": {"fileData": ["a.png", "bm90IGFuIGltYWdl"]}}, "тип файла"),
        ],
    )
    def test_refuse_references_to_nothing(self, rest: Client, fields: dict[str, object], text: str) -> None:
        assert text in rest.error("catalog.product.add", fields={"iblockId": 23, "name": "x", **fields})[2]

    def test_are_written_by_administrators_only(self, server: PortalServer) -> None:
        error = Client(server, 2).error("catalog.product.add", fields={"iblockId": 23, "name": "x"})
        assert error == (400, 200040300040, "Access Denied")

    def test_are_paged_by_fifty_with_total_and_next_unless_counting_is_skipped(self, rest: Client) -> None:
        for number in range(51):
            rest.product(xmlId=f"x{number}")
        first = rest.body("catalog.product.list", filter={"iblockId": 23}, **LIST)
        last = rest.body("catalog.product.list", filter={"iblockId": 23}, start=50, **LIST)
        uncounted = rest.body("catalog.product.list", filter={"iblockId": 23, ">id": 10}, order={"id": "ASC"}, start=-1, **LIST)
        assert (len(first["result"]["products"]), first["next"], first["total"]) == (50, 50, 51)
        assert (len(last["result"]["products"]), last.get("next"), last["total"]) == (1, None, 51)
        assert [row["id"] for row in uncounted["result"]["products"]] == list(range(11, 52))
        assert not {"next", "total"} & uncounted.keys()

    def test_are_found_by_many_external_codes_without_regard_to_case(self, rest: Client) -> None:
        keys = [rest.product(xmlId=f"Guid-{number}") for number in range(3)]
        found = rest.ok("catalog.product.list", filter={"iblockId": 23, "xmlId": ["guid-0", "GUID-2", "none"]}, **LIST)
        assert [row["id"] for row in found["products"]] == [keys[0], keys[2]]

    def test_cannot_be_counted_by_hand_once_accounting_is_on(self, rest: Client) -> None:
        rest.server.portal.set_accounting(True)
        key = rest.product(quantity=5, purchasingPrice=7)
        product = rest.ok("catalog.product.get", id=key)["product"]
        assert (product["quantity"], product["purchasingPrice"]) == (0, None)
        assert rest.server.calls.ignored_fields == {"quantity": 1, "purchasingPrice": 1}
        assert rest.ok("catalog.product.getFieldsByFilter", filter={"iblockId": 23})["product"]["quantity"]["isReadOnly"] is True

    def test_keep_a_picture_until_it_is_removed(self, rest: Client) -> None:
        key = rest.product(previewPicture=PICTURE)
        assert rest.ok("catalog.product.get", id=key)["product"]["previewPicture"]["id"] == "1"
        rest.ok("catalog.product.update", id=key, fields={"previewPicture": {"remove": "Y"}})
        assert rest.ok("catalog.product.get", id=key)["product"]["previewPicture"] is None


class TestVariations:
    def make(self, rest: Client) -> tuple[int, int]:
        parent = rest.ok("catalog.product.sku.add", fields={"iblockId": 23, "name": "Кофта"})["sku"]["id"]
        offer = rest.ok("catalog.product.offer.add", fields={"iblockId": 24, "name": "M", "parentId": parent})["offer"]["id"]
        return parent, offer

    def test_make_their_parent_a_full_one_and_leave_with_it(self, rest: Client) -> None:
        parent, offer = self.make(rest)
        assert rest.ok("catalog.product.sku.get", id=parent)["sku"]["type"] == 3
        rest.ok("catalog.product.sku.delete", id=parent)
        assert "не существует" in rest.error("catalog.product.offer.get", id=offer)[2]

    def test_need_a_parent_that_can_have_them(self, rest: Client) -> None:
        fields = {"iblockId": 24, "name": "M", "parentId": rest.product()}
        assert rest.error("catalog.product.offer.add", fields=fields)[2] == "Головной товар не существует"

    def test_carry_stock_and_price_instead_of_their_parent(self, rest: Client) -> None:
        parent, offer = self.make(rest)
        rest.ok("catalog.product.sku.update", id=parent, fields={"quantity": 9})
        assert rest.ok("catalog.product.sku.get", id=parent)["sku"]["quantity"] == 0
        price = [{"catalogGroupId": 1, "price": 5, "currency": "RUB"}]
        assert "variations" in rest.error("catalog.price.modify", fields={"product": {"id": parent, "prices": price}})[2]
        rest.ok("catalog.price.modify", fields={"product": {"id": offer, "prices": price}})

    def test_live_only_in_their_own_block(self, rest: Client) -> None:
        assert rest.error("catalog.product.offer.add", fields={"iblockId": 23, "name": "M"})[:2] == (400, 0)
        assert rest.error("catalog.product.add", fields={"iblockId": 77, "name": "M"})[:2] == (400, 200040300000)


class TestProperties:
    def make(self, rest: Client, **fields: object) -> int:
        row = rest.ok("catalog.productProperty.add", fields={"iblockId": 23, "name": "Цвет", **fields})
        return int(row["productProperty"]["id"])

    def test_keep_values_sent_with_their_id_and_drop_the_rest(self, rest: Client) -> None:
        name = f"property{self.make(rest, propertyType='S', multiple='Y')}"
        key = rest.product(**{name: ["a", "b"]})
        first, second = rest.ok("catalog.product.get", id=key)["product"][name]
        changed = [{"valueId": second["valueId"], "value": "B"}, {"value": "c"}]
        values = rest.ok("catalog.product.update", id=key, fields={name: changed})["element"][name]
        assert [value["value"] for value in values] == ["B", "c"]
        assert values[0]["valueId"] == second["valueId"]
        assert first["valueId"] not in {value["valueId"] for value in values}

    def test_take_only_their_own_list_values(self, rest: Client) -> None:
        one, other = self.make(rest, propertyType="L"), self.make(rest, propertyType="L")
        enum = {"propertyId": one, "value": "Белый", "xmlId": "w"}
        key = rest.ok("catalog.productPropertyEnum.add", fields=enum)["productPropertyEnum"]["id"]
        product = rest.product(**{f"property{one}": key, f"property{other}": key})
        shown = rest.ok("catalog.product.get", id=product)["product"]
        assert (shown[f"property{one}"]["value"], shown[f"property{one}"]["valueEnum"]) == (str(key), "Белый")
        assert shown[f"property{other}"] is None
        assert "already exists" in rest.error("catalog.productPropertyEnum.add", fields=enum)[2]

    def test_refuse_another_type_and_a_code_that_begins_with_a_digit(self, rest: Client) -> None:
        key = self.make(rest, propertyType="S")
        change = {"iblockId": 23, "propertyType": "L"}
        assert rest.error("catalog.productProperty.update", id=key, fields=change)[1:] == ("0", "Invalid property type specified")
        fields = {"iblockId": 23, "name": "x", "propertyType": "S", "code": "1C"}
        assert "цифры" in rest.error("catalog.productProperty.add", fields=fields)[2]

    def test_hold_more_pictures(self, rest: Client) -> None:
        key = rest.product()
        fields = {"productId": key, "type": "MORE_PHOTO"}
        image = rest.ok("catalog.productImage.add", fields=fields, fileContent=["a.png", PNG])["productImage"]
        assert len(rest.ok("catalog.productImage.list", productId=key)["productImages"]) == 1
        rest.ok("catalog.productImage.delete", productId=key, id=image["id"])
        assert rest.ok("catalog.productImage.list", productId=key)["productImages"] == []


class TestPriceModify:
    def modify(self, rest: Client, product: int, *prices: dict[str, object]) -> list[dict[str, object]]:
        rows = [{"currency": "RUB", **price} for price in prices]
        answer: list[dict[str, object]] = rest.ok("catalog.price.modify", fields={"product": {"id": product, "prices": rows}})[
            "prices"
        ]
        return answer

    def test_deletes_prices_whose_id_is_not_sent_and_makes_new_ones(self, rest: Client) -> None:
        product = rest.product()
        wholesale = rest.ok("catalog.priceType.add", fields={"name": "W"})["priceType"]["id"]
        base, other = self.modify(rest, product, {"catalogGroupId": 1, "price": 10}, {"catalogGroupId": wholesale, "price": 8})
        again = self.modify(
            rest, product, {"catalogGroupId": 1, "price": 11, "id": base["id"]}, {"catalogGroupId": wholesale, "price": 9}
        )
        assert again[0]["id"] == base["id"]
        assert again[1]["id"] != other["id"]
        assert len(self.modify(rest, product, {"catalogGroupId": 1, "price": 12.5})) == 1
        assert [row["price"] for row in rest.server.state.prices] == [12.5]

    def test_changes_nothing_when_one_of_the_prices_is_wrong(self, rest: Client) -> None:
        product = rest.product()
        self.modify(rest, product, {"catalogGroupId": 1, "price": 10})
        for wrong in (
            [{"catalogGroupId": 9, "price": 1, "currency": "RUB"}],
            [{"catalogGroupId": 1, "price": 1}],
            [{"catalogGroupId": 1, "price": 1, "currency": "RUB"}, {"catalogGroupId": 1, "price": 2, "currency": "RUB"}],
        ):
            assert rest.error("catalog.price.modify", fields={"product": {"id": product, "prices": wrong}})[:2] == (400, 0)
        assert [row["price"] for row in rest.server.state.prices] == [10]

    def test_can_be_made_to_refuse_prices_with_ids(self, rest: Client) -> None:
        product = rest.product()
        price = self.modify(rest, product, {"catalogGroupId": 1, "price": 10})[0]
        rest.server.faults.refuse_price_ids = True
        sent = {"catalogGroupId": 1, "price": 11, "currency": "RUB", "id": price["id"]}
        assert rest.error("catalog.price.modify", fields={"product": {"id": product, "prices": [sent]}})[:2] == (400, 0)


class TestStock:
    def receipt(self, rest: Client, product: int, kind: str = "S", **line: object) -> int:
        fields = {"docType": kind, "currency": "RUB", "responsibleId": 1}
        key = int(rest.ok("catalog.document.add", fields=fields)["document"]["id"])
        rest.ok("catalog.document.element.add", fields={"docId": key, "elementId": product, **line})
        return key

    def test_moves_only_by_conducted_documents_and_only_with_accounting(self, rest: Client) -> None:
        product = rest.product()
        key = self.receipt(rest, product, storeTo=1, amount=5)
        assert "включить складской учет" in rest.error("catalog.document.conduct", id=key)[2]
        rest.server.portal.set_accounting(True)
        assert rest.ok("catalog.document.conduct", id=key) is True
        assert rest.ok("catalog.storeproduct.list", filter={"productId": product})["storeProducts"][0]["amount"] == 5
        assert rest.ok("catalog.product.get", id=product)["product"]["quantity"] == 5
        rest.ok("catalog.document.cancel", id=key)
        assert rest.ok("catalog.product.get", id=product)["product"]["quantity"] == 0

    def test_is_not_written_off_below_zero_nor_received_without_a_supplier(self, rest: Client) -> None:
        rest.server.portal.set_accounting(True)
        product = rest.product()
        off = self.receipt(rest, product, "D", storeFrom=1, amount=1)
        assert "Недостаточно" in rest.error("catalog.document.conduct", id=off)[2]
        arrival = self.receipt(rest, product, "A", storeTo=1, amount=1)
        assert "поставщик" in rest.error("catalog.document.conduct", id=arrival)[2]

    def test_documents_are_fixed_once_conducted(self, rest: Client) -> None:
        rest.server.portal.set_accounting(True)
        key = self.receipt(rest, rest.product(), storeTo=1, amount=5)
        rest.ok("catalog.document.conduct", id=key)
        line = {"docId": key, "elementId": 1, "amount": 1, "storeTo": 1}
        assert rest.error("catalog.document.element.add", fields=line)[1] == "ERROR_DOCUMENT_STATUS"
        assert "проведен" in rest.error("catalog.document.delete", id=key)[2]


class TestDictionaries:
    def test_have_unique_codes(self, rest: Client) -> None:
        assert rest.error("catalog.measure.add", fields={"code": 796, "measureTitle": "x"})[1] == 200600000000
        rest.ok("catalog.section.add", fields={"iblockId": 23, "name": "a", "code": "c"})
        assert rest.error("catalog.section.add", fields={"iblockId": 23, "name": "b", "code": "c"})[1] == 200700300040
        name = {"catalogGroupId": 1, "lang": "ru", "name": "x"}
        assert rest.error("catalog.priceTypeLang.add", fields=name)[1] == 400

    def test_keep_exactly_one_base_price_type(self, rest: Client) -> None:
        key = rest.ok("catalog.priceType.add", fields={"name": "NEW", "base": "Y"})["priceType"]["id"]
        assert [row["id"] for row in rest.server.state.price_types if row["base"] == "Y"] == [key]
        assert rest.error("catalog.priceType.delete", id=key)[1] == "BASE"

    def test_refuse_a_ring_of_sections(self, rest: Client) -> None:
        upper = rest.ok("catalog.section.add", fields={"iblockId": 23, "name": "a"})["section"]["id"]
        lower = rest.ok("catalog.section.add", fields={"iblockId": 23, "name": "b", "iblockSectionId": upper})["section"]["id"]
        assert (
            rest.error("catalog.section.update", id=upper, fields={"iblockId": 23, "iblockSectionId": lower})[1] == 200700300010
        )
