"""What a plain reader sees in a file, whatever else is wrong with it."""

from __future__ import annotations

import pytest

from sandbox.onec.looking import look

CATALOGUE = """<?xml version="1.0" encoding="{0}"?>
<КоммерческаяИнформация ВерсияСхемы="2.05">
 <Классификатор><Группы><Группа><Ид>g1</Ид><Группы><Группа><Ид>g2</Ид></Группа></Группы></Группа></Группы>
  <Свойства><Свойство><Ид>p1</Ид></Свойство></Свойства></Классификатор>
 <Каталог СодержитТолькоИзменения="true"><Товары>
  <Товар><Ид>a</Ид><Группы><Ид>g2</Ид></Группы></Товар><Товар><Ид>b</Ид><ИдХарактеристики>7</ИдХарактеристики></Товар>
 </Товары></Каталог>
</КоммерческаяИнформация>"""
OFFERS = (
    "<КоммерческаяИнформация><ПакетПредложений><Предложения><Предложение><Ид>a#1</Ид>{}</Предложение></Предложения></ПакетПредложений>"
    "</КоммерческаяИнформация>"
)
DOCUMENTS = """<КоммерческаяИнформация><Контейнер><Документ><Ид>1</Ид><Товары><Товар><Ид>a</Ид></Товар></Товары></Документ></Контейнер>
</КоммерческаяИнформация>"""


class TestLook:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
    @pytest.mark.parametrize("declared", ["UTF-8", "windows-1251"])
    def test_counts_objects_whatever_the_declaration_says(self, encoding: str, declared: str) -> None:
        seen = look(CATALOGUE.format(declared).encode(encoding))
        assert {key: count for key, count in seen.counts.items() if count} == {"groups": 2, "properties": 1, "products": 2}
        assert seen.ids == {"groups": {"g1", "g2"}, "properties": {"p1"}, "products": {"a", "b#7"}}
        assert (seen.kind, seen.type, seen.version, seen.is_changes, seen.fault) == ("catalogue", "catalog", "2.05", True, "")

    def test_keeps_what_came_before_a_break(self) -> None:
        seen = look(CATALOGUE.format("UTF-8").partition("</Товары>")[0].encode())
        assert seen.counts["products"] == 2
        assert seen.fault

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ("<Наименование>А</Наименование><Цены><Цена><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу></Цена></Цены>", "offers"),
            ("<Цены><Цена><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу></Цена></Цены>", "prices"),
            ("<Остатки><Остаток><Количество>1</Количество></Остаток></Остатки>", "stock"),
            ("<Количество>1</Количество>", "stock"),
        ],
    )
    def test_tells_prices_and_stock_from_offers(self, content: str, kind: str) -> None:
        assert look(OFFERS.format(content).encode()).kind == kind

    def test_takes_goods_of_a_document_for_no_goods(self) -> None:
        seen = look(DOCUMENTS.encode())
        assert (seen.kind, seen.type, seen.counts["products"]) == ("documents", "sale", 0)

    def test_knows_what_is_no_file_of_1c(self) -> None:
        assert (look(b"<html/>").kind, look(b"").kind) == ("not CommerceML", "not CommerceML")
