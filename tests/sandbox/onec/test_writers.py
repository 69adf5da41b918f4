"""What the files of each dialect say is what `expected()` promises, no more and no less."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.onec.base import Base
from sandbox.onec.dialects import DIALECTS
from sandbox.onec.expecting import Sight
from sandbox.onec.writers.markup import Xml
from sandbox.onec.writers.upload import Options, Portion
from tests.sandbox.onec.reading import Said

SENDERS = [name for name, dialect in DIALECTS.items() if dialect.portions]


def export(name: str, base: Base, **how: Any) -> list[Portion]:
    return list(DIALECTS[name].export(base, Options(**how)))


@pytest.fixture(scope="module")
def base() -> Base:
    grown = Base.random(items=60, seed=5, price_types=5, warehouses=4, services=0.1, awkward=0.3, pictures=0.5)
    grown.change(20, seed=1)
    return grown


def check_products(said: Said, expected: dict[str, Any], ids: set[str]) -> None:
    assert said.products.keys() == ids
    for id_ in ids:
        want = dict(expected["products"][id_])
        got = said.product(id_)
        if not want["deleted"]:
            for key in ("code", "has_variants", "is_html"):
                want.pop(key)
        assert got == want


def check_offers(said: Said, expected: dict[str, Any], sight: Sight, ids: set[str]) -> None:
    deleted = {id_ for id_, product in expected["products"].items() if product["deleted"]}
    assert {id_ for id_ in said.offers if id_.partition("#")[0] not in deleted} == ids
    for id_ in ids:
        want, got = dict(expected["offers"][id_]), said.offer(id_)
        want["stock"] = {store: quantity for store, quantity in want["stock"].items() if quantity != "0"}
        if got["quantity"] is None and sight.stores:
            want.pop("quantity")
            got.pop("quantity")
        assert got == want


class TestWriters:
    @pytest.mark.parametrize("name", SENDERS)
    def test_say_the_whole_base_in_a_full_export(self, base: Base, name: str) -> None:
        sight = DIALECTS[name].sight
        said, expected = Said(export(name, base, portion=25)), base.expected(sight)
        assert said.groups() == expected["groups"]
        assert said.price_types() == expected["price_types"]
        assert said.warehouses() == expected["warehouses"]
        check_products(said, expected, set(expected["products"]))
        check_offers(said, expected, sight, set(expected["offers"]))

    @pytest.mark.parametrize("name", SENDERS)
    def test_say_only_what_is_registered_in_an_export_of_changes(self, name: str) -> None:
        base, sight = Base.random(items=60, seed=6), DIALECTS[name].sight
        base.confirm()
        ids = {edit.item_id for edit in base.change(15, seed=2)}
        said, expected = Said(export(name, base, only_changes=True)), base.expected(sight)
        check_products(said, expected, ids & expected["products"].keys())
        check_offers(said, expected, sight, {id_ for id_, offer in expected["offers"].items() if offer["product"] in ids})

    @pytest.mark.parametrize("name", SENDERS)
    def test_send_every_picture_they_speak_of_and_no_other(self, base: Base, name: str) -> None:
        said = Said(export(name, base))
        spoken = {c.text for p in said.products.values() for c in p.iterfind("Картинка")}
        assert spoken == set(said.pictures)
        assert all(re.fullmatch(r"import_files/[0-9a-f]{2}/[0-9a-f_-]+\.(png|jpe?g)", str(path)) for path in spoken)

    @pytest.mark.parametrize(
        ("name", "version", "namespace"),
        [
            ("ut11", "2.07", "urn:1C.ru:commerceml_2"),
            ("ut103", "2.04", ""),
            ("utp12", "2.04", ""),
            ("upp13", "2.05", ""),
            ("unf", "2.08", "urn:1C.ru:commerceml_210"),
            ("module31", "3.1", "urn:1C.ru:commerceml_3"),
        ],
    )
    def test_name_their_schema(self, base: Base, name: str, version: str, namespace: str) -> None:
        for portion in export(name, base):
            for file in portion.xml:
                head = file.data[:400].decode("utf-8-sig", "ignore")
                assert f'ВерсияСхемы="{version}"' in head
                assert re.findall(r' xmlns="([^"]*)"', head) == ([namespace] if namespace else [])

    def test_of_ut11_give_the_classifier_once_and_call_later_portions_changes(self, base: Base) -> None:
        portions = export("ut11", base, portion=25)
        texts = [portion.xml[0].data.decode() for portion in portions]
        assert ["<Группы>" in text.partition("<Каталог")[0] for text in texts] == [True, False, False]
        assert [re.findall('СодержитТолькоИзменения="(.*?)"', text) for text in texts] == [["false"], ["true"], ["true"]]
        assert [portion.is_full for portion in portions] == [True, False, False]

    def test_of_ut11_send_a_changed_price_as_a_change_of_the_package(self) -> None:
        base = Base.random(items=60, seed=6)
        base.confirm()
        edits = base.change(30, seed=1)
        trade = {e.item_id for e in edits if e.is_trade}
        said = Said(export("ut11", base, only_changes=True, package_changes=True))
        assert said.products.keys() == {e.item_id for e in edits} - trade
        changed = {o.findtext("Ид") for o in said.all("ИзмененияПакетаПредложений/Предложения/Предложение")}
        assert changed == {i for i in trade if not base.items[i].deleted}

    def test_of_generation_a_leave_empty_elements_out_and_those_of_the_module_do_not(self, base: Base) -> None:
        old = "".join(file.data.decode() for portion in export("ut103", base) for file in portion.xml)
        new = "".join(file.data.decode() for portion in export("module31", base) for file in portion.xml)
        assert not re.search(r"<[^ /<>]+/>", old)
        assert "<Штрихкод/>" in new
        assert "<Значение/>" in new

    def test_of_upp_write_a_pair_of_files_for_every_catalogue_row(self, base: Base) -> None:
        (portion,) = export("upp13", base)
        assert [file.name for file in portion.xml] == ["import.xml", "import1.xml", "offers.xml", "offers1.xml"]
        ids = [re.findall("<Каталог .*?<Ид>(.*?)</Ид>", file.data.decode(), re.DOTALL) for file in portion.xml[:2]]
        assert ids[0] != ids[1]

    def test_of_a_base_without_items_still_send_the_classifier(self) -> None:
        said = Said(export("ut11", Base.random(items=0, seed=1)))
        assert said.groups()
        assert not said.products


class TestXml:
    def test_escapes_what_xml_would_take_for_its_own(self) -> None:
        x = Xml()
        with x.inside("а", {"б": 'x"<\n'}):
            x.leaf("в", "<&>\x07")
        assert x.document().decode().split("\n")[1:] == ['<а б="x&quot;&lt;&#10;">', "\t<в>&lt;&amp;&gt;</в>", "</а>"]

    def test_writes_characters_outside_the_code_page_as_references(self) -> None:
        x = Xml()
        x.leaf("а", "ґ ș")
        assert x.document("windows-1251").endswith("<а>ґ &#537;</а>".encode("cp1251"))

    def test_keeps_or_leaves_out_what_is_empty(self) -> None:
        for skip, expected in ((False, ["<а>", "\t<б/>", "</а>"]), (True, [])):
            x = Xml(skip_empty=skip)
            with x.inside("а"):
                x.leaf("б", "")
                x.leaf("в", None)
            assert x.document().decode().split("\n")[1:] == expected
