"""A catalogue on its way into the portal double."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.db.models import F

from b24app import lanes
from b24app.models import Portal
from exchange.imports import push
from exchange.imports.due import is_due
from exchange.models import ImportRun, OneCBase, Problem, StateRow, UploadedFile
from exchange.sessions import create_base, open_session
from mapping.models import Link
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send

pytestmark = pytest.mark.django_db(transaction=True)

CATALOG = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-01T10:00:00">
 <Классификатор><Ид>cl</Ид><Наименование>К</Наименование>
  <Группы><Группа><Ид>g1</Ид><Наименование>Обувь</Наименование><Группы><Группа><Ид>g2</Ид><Наименование>Сапоги</Наименование></Группа></Группы></Группа></Группы>
  <Свойства><Свойство><Ид>p1</Ид><Наименование>Материал</Наименование><ТипЗначений>Справочник</ТипЗначений>
   <ВариантыЗначений><Справочник><ИдЗначения>v1</ИдЗначения><Значение>Кожа</Значение></Справочник></ВариантыЗначений></Свойство></Свойства>
 </Классификатор>
 <Каталог СодержитТолькоИзменения="false"><Ид>cat</Ид><ИдКлассификатора>cl</ИдКлассификатора><Наименование>Т</Наименование><Товары>
  <Товар><Ид>a</Ид><Артикул>A-1</Артикул><Наименование>Сапоги «Зима»</Наименование>
   <БазоваяЕдиница Код="796" НаименованиеПолное="Штука">шт</БазоваяЕдиница><Группы><Ид>g2</Ид></Группы>
   <ЗначенияСвойств><ЗначенияСвойства><Ид>p1</Ид><Значение>v1</Значение></ЗначенияСвойства></ЗначенияСвойств>
   <СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов></Товар>
  <Товар><Ид>b</Ид><Наименование>Шнурки</Наименование><Группы><Ид>g1</Ид></Группы></Товар>
  <Товар><Ид>s</Ид><Наименование>Ремонт</Наименование><ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>ТипНоменклатуры</Наименование>
    <Значение>Услуга</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></Товар>
 </Товары></Каталог>
</КоммерческаяИнформация>"""

OFFERS = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-01T10:00:00">
 <ПакетПредложений СодержитТолькоИзменения="false"><Ид>cat#</Ид><ИдКаталога>cat</ИдКаталога><Наименование>П</Наименование>
  <ТипыЦен><ТипЦены><Ид>t1</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены>
   <ТипЦены><Ид>t2</Ид><Наименование>Оптовая</Наименование><Валюта>USD</Валюта></ТипЦены></ТипыЦен>
  <Склады><Склад><Ид>w1</Ид><Наименование>Главный</Наименование></Склад></Склады>
  <Предложения>
   <Предложение><Ид>a#1</Ид><Наименование>Сапоги (40)</Наименование>
    <ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>40</Значение></ХарактеристикаТовара></ХарактеристикиТовара>
    <Цены><Цена><ИдТипаЦены>t1</ИдТипаЦены><ЦенаЗаЕдиницу>100.50</ЦенаЗаЕдиницу><Валюта>руб</Валюта></Цена>
     <Цена><ИдТипаЦены>t2</ИдТипаЦены><ЦенаЗаЕдиницу>2</ЦенаЗаЕдиницу></Цена></Цены>
    <Количество>5</Количество><Склад ИдСклада="w1" КоличествоНаСкладе="5"/></Предложение>
   <Предложение><Ид>b</Ид><Наименование>Шнурки</Наименование>
    <Цены><Цена><ИдТипаЦены>t1</ИдТипаЦены><ЦенаЗаЕдиницу>10</ЦенаЗаЕдиницу></Цена></Цены><Количество>7.5</Количество></Предложение>
   <Предложение><Ид>s</Ид><Наименование>Ремонт</Наименование>
    <Цены><Цена><ИдТипаЦены>t1</ИдТипаЦены><ЦенаЗаЕдиницу>300</ЦенаЗаЕдиницу></Цена></Цены></Предложение>
  </Предложения></ПакетПредложений>
</КоммерческаяИнформация>"""


class TestPush:
    def test_fills_the_catalogue(self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        assert list(Problem.objects.values_list("cause", "kind", "onec_id", "facts")) == []
        state = bitrix24.state
        boots, sizes = state.one("sections", xmlId="g1"), state.one("sections", xmlId="g2")
        assert sizes["iblockSectionId"] == boots["id"]
        parent, laces, repair = (state.one("products", xmlId=key) for key in ("a", "b", "s"))
        assert [parent["type"], laces["type"], repair["type"]] == [3, 1, 7]
        assert (laces["quantity"], laces["iblockSectionId"]) == (7.5, boots["id"])
        offer = state.one("products", xmlId="a#1")
        assert (offer["name"], offer["quantity"]) == ("Сапоги (40)", 5)
        prices = {(row["price"], row["currency"]) for row in state.where("prices", productId=offer["id"])}
        assert prices == {(100.5, "RUB"), (2, "USD")}
        assert not StateRow.objects.filter(pushed_version__lt=F("version")).exists()

    def test_asks_in_few_requests_since_what_depends_on_nothing_travels_together(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        bitrix24.calls.reset()
        push_all()
        assert bitrix24.calls.snapshot()["requests"] <= 12

    def test_writes_nothing_when_the_same_comes_again(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        bitrix24.calls.reset()
        assert tell(CATALOG).changed == tell(OFFERS).changed == 0
        push_all()
        assert bitrix24.calls.snapshot()["write_commands"] == 0

    def test_sends_only_what_changed(self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        bitrix24.calls.reset()
        tell(OFFERS.replace("100.50", "99.90"))
        push_all()
        assert bitrix24.calls.snapshot()["writes"] == {"catalog.price.modify": 1}

    def test_puts_an_item_without_a_known_group_at_the_top(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG.replace("<Группы><Ид>g1</Ид></Группы>", "<Группы><Ид>unknown</Ид></Группы>"))
        tell(OFFERS)
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["iblockSectionId"] is None
        tell(CATALOG)
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["iblockSectionId"] is not None
        tell(CATALOG.replace("<Группы><Ид>g1</Ид></Группы>", "<Группы/>"))
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["iblockSectionId"] is None
        assert not Problem.objects.filter(cause="portal-refused").exists()

    def test_brings_in_a_dictionary_that_outlasts_the_slice(
        self, tell: Send, portal: Portal, base: OneCBase, bitrix24: PortalServer
    ) -> None:
        """Nothing is called done that the portal has not: a slice ends after so many looks at the clock, wherever it is then."""
        options = (
            "<ВариантыЗначений><Справочник><ИдЗначения>v{0}</ИдЗначения><Значение>З</Значение></Справочник></ВариантыЗначений>"
        )
        told = "".join(
            f"<Свойство><Ид>many{number}</Ид><Наименование>С{number}</Наименование><ТипЗначений>Справочник</ТипЗначений>"
            f"{options.format(number)}</Свойство>"
            for number in range(130)
        )
        tell(CATALOG.replace("</Свойства>", f"{told}</Свойства>"))
        tell(OFFERS)
        slices = 0
        while is_due(base):
            slices += 1
            ticks = itertools.count()
            lanes.mark_due(portal.pk)
            claim = lanes.claim("test", portal.pk)
            assert claim is not None
            lanes.release(claim, push.push(claim, until=2 + 2 * slices, clock=ticks.__next__))
            done = set(
                StateRow.objects.filter(base=base, kind="property", pushed_version=F("version")).values_list("onec_id", flat=True)
            )
            there = {row["xmlId"] for row in bitrix24.state["properties"]}
            assert done <= there
            assert slices < 60
        assert slices > 2, "the first ones were too short"
        assert {f"many{number}" for number in range(130)} <= {row["xmlId"] for row in bitrix24.state["properties"]}
        assert {f"v{number}" for number in range(130)} <= {row["xmlId"] for row in bitrix24.state["enums"]}
        assert bitrix24.state.one("products", xmlId="b")

    def test_renames_a_property_and_its_values(self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer) -> None:
        for text in (CATALOG, CATALOG.replace("Материал", "Материал верха").replace("Кожа", "Кожа и замша")):
            tell(text)
            push_all()
        assert bitrix24.state.one("properties", xmlId="p1")["name"] == "Материал верха"
        assert bitrix24.state.one("enums", xmlId="v1")["value"] == "Кожа и замша"
        assert not Problem.objects.exclude(cause="offer-without-product").exists()

    def test_keeps_the_price_of_a_type_that_is_not_of_1c(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        laces = bitrix24.state.one("products", xmlId="b")["id"]
        own = bitrix24.call("catalog.priceType.add", {"fields": {"name": "OWN", "base": "N"}})["priceType"]["id"]
        bitrix24.call(
            "catalog.price.add", {"fields": {"productId": laces, "catalogGroupId": own, "price": 77, "currency": "RUB"}}
        )
        tell(OFFERS.replace(">10<", ">11<"))
        push_all()
        assert sorted(row["price"] for row in bitrix24.state.where("prices", productId=laces)) == [11, 77]

    def test_turns_a_product_into_variants_when_characteristics_appear(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        tell(
            OFFERS.replace(
                "<Ид>b</Ид><Наименование>Шнурки</Наименование>", "<Ид>b#9</Ид><Наименование>Шнурки (90)</Наименование>"
            )
        )
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["type"] == 3
        assert bitrix24.state.one("products", xmlId="b#9")["name"] == "Шнурки (90)"
        assert bitrix24.state.one("products", xmlId="replaced:b")["active"] == "N"

    def test_finds_what_an_unanswered_add_has_made(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        StateRow.objects.filter(kind__in=("product", "offer")).update(known=None, pushed_version=0)
        Link.objects.filter(kind__in=("product", "offer")).delete()
        push_all()
        assert bitrix24.state.count("products") == 4

    def test_never_doubles_what_two_bases_send(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase, portal: Portal
    ) -> None:
        second, _ = create_base(portal, "Розница", "unf")
        for of in (base, second):
            tell(CATALOG, of=of)
            tell(OFFERS, of=of)
            push_all()
        assert bitrix24.state.count("products") == 4
        assert bitrix24.state.one("products", xmlId="b")["quantity"] == 15

    def test_switches_off_what_1c_deletes(self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        tell(CATALOG.replace("<Товар><Ид>b</Ид>", '<Товар Статус="Удален"><Ид>b</Ид>'))
        push_all()
        assert bitrix24.state.one("products", xmlId="b")["active"] == "N"

    def test_brings_stock_in_line_by_documents_where_accounting_is_on(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        bitrix24.portal.set_accounting(True)
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        offer, store = bitrix24.state.one("products", xmlId="a#1"), bitrix24.state.one("stores", xmlId="w1")
        asked = {"filter": {"productId": offer["id"]}, "select": ["id", "storeId", "amount"]}
        held = bitrix24.call("catalog.storeproduct.list", asked)["storeProducts"]
        assert [(row["storeId"], row["amount"]) for row in held] == [(store["id"], 5)]
        tell(OFFERS.replace('КоличествоНаСкладе="5"', 'КоличествоНаСкладе="2"'))
        push_all()
        held = bitrix24.call("catalog.storeproduct.list", asked)["storeProducts"]
        assert [row["amount"] for row in held] == [2]
        assert {row["status"] for row in bitrix24.state["documents"]} == {"Y"}

    def test_tells_a_person_about_one_bad_item_and_goes_on_with_the_rest(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        tell(CATALOG.replace("<Наименование>Шнурки</Наименование>", "<Наименование></Наименование>", 1))
        tell(OFFERS)
        push_all()
        assert list(Problem.objects.values_list("cause", "onec_id")) == [("name-missing", "b")]
        assert bitrix24.state.one("products", xmlId="a")

    def test_waits_for_offers_that_lie_here_unread(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        """The exchange broke off between goods and offers: made without characteristics, the goods would have to be made again."""
        session, _ = open_session(base, "catalog")
        UploadedFile.objects.create(session=session, name="offers.xml", path="/nowhere", size=1)
        tell(CATALOG)
        push_all()
        assert bitrix24.state.where("products", xmlId="a") == []
        ImportRun.objects.create(
            base=base, session=session, type="catalog", file_name="offers.xml", path="/nowhere", state=ImportRun.State.READ
        )
        tell(OFFERS)
        StateRow.objects.update(not_before=None)
        push_all()
        assert bitrix24.state.one("products", xmlId="a")["type"] == 3
        assert [row["xmlId"] for row in bitrix24.state["products"] if str(row["xmlId"]).startswith("replaced")] == []

    def test_waits_for_no_offers_of_an_export_that_failed(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        session, _ = open_session(base, "catalog")
        UploadedFile.objects.create(session=session, name="offers.xml", path="/nowhere", size=1)
        ImportRun.objects.create(
            base=base, session=session, type="catalog", file_name="rests.xml", path="/else", state=ImportRun.State.FAILED
        )
        tell(CATALOG)
        push_all()
        assert bitrix24.state.one("products", xmlId="a")["type"] == 1
