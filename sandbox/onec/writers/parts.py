"""Pieces of CommerceML 2 that several writers share word for word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sandbox.onec.base import Base
from sandbox.onec.expecting import number
from sandbox.onec.things import EXEMPT, Group, Item, Picture, PriceType, Property, Variant
from sandbox.onec.writers.markup import Xml

TYPE_NAMES = {"string": "Строка", "number": "Число", "date": "Время", "boolean": "Строка", "list": "Справочник"}
OWNER = "ООО «Торговый дом & сыновья»"


def root(version: str, moment: str, namespace: str = "") -> dict[str, str]:
    spaces = (
        {
            "xmlns": namespace,
            "xmlns:xs": "http://www.w3.org/2001/XMLSchema",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        }
        if namespace
        else {}
    )
    return {**spaces, "ВерсияСхемы": version, "ДатаФормирования": moment}


def flag(value: bool) -> str:
    return "true" if value else "false"


def pairs(items: Iterable[Item]) -> list[tuple[Item, Variant]]:
    """The offers of these items; one marked for deletion has none."""
    return [(item, variant) for item in items if not item.deleted for variant in item.variants]


def owner(x: Xml, base: Base) -> None:
    with x.inside("Владелец"):
        x.leaf("Ид", base.owner_id)
        x.leaf("Наименование", OWNER)
        x.leaf("ОфициальноеНаименование", OWNER)
        x.leaf("ИНН", "7701234567")
        x.leaf("КПП", "770101001")
        x.leaf("ОКПО", "")


def unit(x: Xml, item: Item, *, named: bool = True) -> None:
    """БазоваяЕдиница with the code and names as attributes; `named` puts the short name into the text."""
    names = {
        "Код": item.unit.code,
        "НаименованиеПолное": item.unit.full_name,
        "МеждународноеСокращение": item.unit.international,
    }
    x.leaf("БазоваяЕдиница", item.unit.name if named else "", names)


def stores(x: Xml, base: Base) -> None:
    with x.inside("Склады"):
        for store in base.books.warehouses:
            with x.inside("Склад"):
                x.leaf("Ид", store.id)
                x.leaf("Наименование", store.name)
                if store.address:
                    with x.inside("Адрес"):
                        x.leaf("Представление", store.address)


def groups(x: Xml, all_groups: list[Group], parent: str = "") -> None:
    """The tree as nested Группы; a group without children has no Группы of its own."""
    children = [group for group in all_groups if group.parent_id == parent]
    if not children:
        return
    with x.inside("Группы"):
        for group in children:
            with x.inside("Группа"):
                x.leaf("Ид", group.id)
                x.leaf("Наименование", group.name)
                groups(x, all_groups, group.id)


def properties(x: Xml, props: Iterable[Property], *, for_goods: bool = False) -> None:
    with x.inside("Свойства"):
        for prop in props:
            with x.inside("Свойство"):
                x.leaf("Ид", prop.id)
                x.leaf("Наименование", prop.name)
                if prop.multiple:
                    x.leaf("Множественное", "true")
                x.leaf("ТипЗначений", TYPE_NAMES[prop.kind])
                options(x, prop.options)
                x.leaf("ДляТоваров", "true" if for_goods else None)


def options(x: Xml, all_options: Mapping[str, str]) -> None:
    if all_options:
        with x.inside("ВариантыЗначений"):
            for key, text in all_options.items():
                with x.inside("Справочник"):
                    x.leaf("ИдЗначения", key)
                    x.leaf("Значение", text)


def values(x: Xml, item: Item, props: Iterable[Property]) -> None:
    """ЗначенияСвойств: numbers as 1C's text (a comma, blanks between thousands), dates with a midnight."""
    kinds = {prop.id: prop.kind for prop in props}
    if not item.values:
        return
    with x.inside("ЗначенияСвойств"):
        for key, texts in item.values.items():
            with x.inside("ЗначенияСвойства"):
                x.leaf("Ид", key)
                for text in texts:
                    x.leaf("Значение", value_text(kinds[key], text))


def value_text(kind: str, text: str) -> str:
    if kind == "number" and text:
        return f"{Decimal(text):,}".replace(",", "\u00a0").replace(".", ",")
    return f"{text}T00:00:00" if kind == "date" and text else text


def vat(x: Xml, item: Item, exempt: str | None = "Без НДС") -> None:
    """СтавкиНалогов; with `exempt` None an exempt item has no such block at all."""
    rate = exempt if item.vat == EXEMPT else item.vat
    if rate is None:
        return
    with x.inside("СтавкиНалогов"), x.inside("СтавкаНалога"):
        x.leaf("Наименование", "НДС")
        x.leaf("Ставка", rate)


def maker(x: Xml, item: Item) -> None:
    if item.maker:
        with x.inside("Изготовитель"):
            x.leaf("Ид", item.maker.id)
            x.leaf("Наименование", item.maker.name)
            x.leaf("ОфициальноеНаименование", item.maker.name)


def requisites(x: Xml, pairs: Iterable[tuple[str, str | None]]) -> None:
    filled = [(name, value) for name, value in pairs if value]
    if not filled:
        return
    with x.inside("ЗначенияРеквизитов"):
        for name, value in filled:
            with x.inside("ЗначениеРеквизита"):
                x.leaf("Наименование", name)
                x.leaf("Значение", value)


def traits(x: Xml, variant: Variant) -> None:
    if variant.traits:
        with x.inside("ХарактеристикиТовара"):
            for name, value in variant.traits.items():
                with x.inside("ХарактеристикаТовара"):
                    x.leaf("Наименование", name)
                    x.leaf("Значение", value)


def price_types(x: Xml, base: Base, *, excise: bool = False) -> None:
    with x.inside("ТипыЦен"):
        for kind in base.books.price_types:
            with x.inside("ТипЦены"):
                x.leaf("Ид", kind.id)
                x.leaf("Наименование", kind.name)
                x.leaf("Валюта", kind.currency)
                with x.inside("Налог"):
                    x.leaf("Наименование", "НДС")
                    x.leaf("УчтеноВСумме", flag(kind.vat_included))
                    x.leaf("Акциз", "false" if excise else None)


def spoken(price: Decimal, kind: PriceType, item: Item) -> str:
    """The price for people: a hard blank between thousands and a comma, which no program may read."""
    return f" {price:,.2f} ".replace(",", "\u00a0").replace(".", ",") + f"{kind.currency} за {item.unit.name}"


def prices(x: Xml, base: Base, item: Item, variant: Variant, unit_name: str | None) -> None:
    """Цены of one offer; an offer without prices has no such block."""
    if not variant.prices:
        return
    with x.inside("Цены"):
        for kind in base.books.price_types:
            if kind.id not in variant.prices:
                continue
            price = variant.prices[kind.id]
            with x.inside("Цена"):
                x.leaf("Представление", spoken(price, kind, item))
                x.leaf("ИдТипаЦены", kind.id)
                x.leaf("ЦенаЗаЕдиницу", number(price))
                x.leaf("Валюта", kind.currency)
                x.leaf("Единица", unit_name)
                x.leaf("Коэффициент", "1")


def stock(x: Xml, variant: Variant, *, with_zeros: bool) -> None:
    for store, quantity in variant.stock.items():
        if quantity or with_zeros:
            x.leaf("Склад", "", {"ИдСклада": store, "КоличествоНаСкладе": number(quantity)})


def picture_path(item: Item, picture: Picture) -> str:
    """Two hex digits, item and file with their dashes: how УТ 11 lays pictures out."""
    return f"import_files/{item.id[:2]}/{item.id}_{picture.id}.{picture.extension}"


def picture_notes(item: Item) -> list[tuple[str, str | None]]:
    return [("ОписаниеФайла", f"{picture_path(item, p)}#{p.description}") for p in item.pictures if p.description]
