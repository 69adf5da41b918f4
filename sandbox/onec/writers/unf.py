"""Generations D and D2 (УНФ): schema 2.08 in urn:1C.ru:commerceml_210, with item categories, units and codes of their own.

D names its files import.xml, import1.xml…; D2 counts from 1 and gives the offers of services a file of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.onec.base import Base
from sandbox.onec.expecting import Sight, number
from sandbox.onec.things import Item, Picture, Variant
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml
from sandbox.onec.writers.upload import Options, OutFile, Portion, chunks

SIGHT = Sight(exempt_vat=False, priceless_offers=False)
NAMESPACE = "urn:1C.ru:commerceml_210"
VERSION = "2.08"
CATALOG = "Основной каталог товаров"


def unf(base: Base, how: Options) -> Iterator[Portion]:
    for n, chunk in enumerate(chunks(base.to_send(only_changes=how.only_changes), how.portion)):
        changes, suffix = how.only_changes or n > 0, str(n or "")
        xml = [
            OutFile(f"import{suffix}.xml", _catalog(base, chunk, how, first=n == 0, changes=changes)),
            OutFile(f"offers{suffix}.xml", _offers(base, chunk, how, changes=changes)),
        ]
        yield Portion(xml, _pictures(chunk), is_full=not changes)


def unf_new(base: Base, how: Options) -> Iterator[Portion]:
    for n, chunk in enumerate(chunks(base.to_send(only_changes=how.only_changes), how.portion), 1):
        changes = how.only_changes or n > 1
        services = [item for item in chunk if item.service]
        xml = [
            OutFile(f"import{n}.xml", _catalog(base, chunk, how, first=n == 1, changes=changes)),
            OutFile(f"offers{n}.xml", _offers(base, [i for i in chunk if not i.service], how, changes=changes)),
        ]
        if services:
            xml.append(OutFile(f"services_offers{n}.xml", _offers(base, services, how, changes=changes)))
        yield Portion(xml, _pictures(chunk), is_full=not changes)


def _catalog(base: Base, items: Sequence[Item], how: Options, *, first: bool, changes: bool) -> bytes:
    x = Xml()
    with x.inside("КоммерческаяИнформация", parts.root(VERSION, how.moment.isoformat(), NAMESPACE)):
        if first:
            _classifier(x, base)
        with x.inside("Каталог", {"СодержитТолькоИзменения": parts.flag(changes)}):
            x.leaf("Ид", base.catalog_id)
            x.leaf("ИдКлассификатора", base.catalog_id)
            x.leaf("Наименование", CATALOG)
            parts.owner(x, base)
            with x.inside("Товары"):
                for item in items:
                    _product(x, base, item)
    return x.document(bom=True)


def _classifier(x: Xml, base: Base) -> None:
    with x.inside("Классификатор"):
        x.leaf("Ид", base.catalog_id)
        x.leaf("Наименование", f"Классификатор ({CATALOG})")
        parts.owner(x, base)
        parts.groups(x, base.books.groups)
        parts.properties(x, base.books.properties)
        with x.inside("Категории"):
            for kind in base.books.kinds:
                with x.inside("Категория"):
                    x.leaf("Ид", kind.id)
                    x.leaf("Наименование", kind.name)
                    with x.inside("Свойства"):
                        for prop in base.books.properties:
                            x.leaf("Ид", prop.id)
        with x.inside("ЕдиницыИзмерения"):
            for unit in sorted({item.unit for item in base.items.values()}, key=lambda u: u.code):
                with x.inside("ЕдиницаИзмерения"):
                    x.leaf("Код", unit.code)
                    x.leaf("НаименованиеПолное", unit.full_name)
                    x.leaf("МеждународноеСокращение", unit.international)


def _product(x: Xml, base: Base, item: Item) -> None:
    with x.inside("Товар", {"Статус": "Удален"} if item.deleted else None):
        x.leaf("Ид", item.id)
        x.leaf("Штрихкод", (not item.has_variants and item.variants[0].barcode) or None)
        x.leaf("Артикул", item.article)
        x.leaf("Код", item.code)
        x.leaf("Наименование", item.name)
        parts.unit(x, item, named=False)
        with x.inside("Группы"):
            x.leaf("Ид", item.group_id)
        x.leaf("Категория", item.kind.id)
        x.leaf("Описание", item.description)
        for picture in item.pictures:
            x.leaf("Картинка", _path(item, picture))
        parts.maker(x, item)
        parts.values(x, item, base.books.properties)
        parts.vat(x, item, exempt=None)
        parts.requisites(
            x,
            [
                ("ПометкаУдаления", "true" if item.deleted else None),
                *[("ОписаниеФайла", f"{_path(item, p)}#{p.description}") for p in item.pictures if p.description],
                ("ВидНоменклатуры", item.kind.name),
                ("ТипНоменклатуры", "Услуга" if item.service else "Запас"),
                ("Полное наименование", item.full_name),
            ],
        )
        x.leaf("Вес", number(item.weight) if item.weight is not None else None)


def _offers(base: Base, items: Sequence[Item], how: Options, *, changes: bool) -> bytes:
    x = Xml()
    with (
        x.inside("КоммерческаяИнформация", parts.root(VERSION, how.moment.isoformat(), NAMESPACE)),
        x.inside("ПакетПредложений", {"СодержитТолькоИзменения": parts.flag(changes)}),
    ):
        x.leaf("Ид", f"{base.catalog_id}#")
        x.leaf("Наименование", f"Пакет предложений ({CATALOG})")
        x.leaf("ИдКаталога", base.catalog_id)
        x.leaf("ИдКлассификатора", base.catalog_id)
        parts.owner(x, base)
        parts.price_types(x, base)
        parts.stores(x, base)
        with x.inside("Предложения"):
            for item, variant in parts.pairs(items):
                if variant.prices:
                    _offer(x, base, item, variant)
    return x.document(bom=True)


def _offer(x: Xml, base: Base, item: Item, variant: Variant) -> None:
    with x.inside("Предложение"):
        x.leaf("Ид", item.offer_id(variant))
        x.leaf("Штрихкод", variant.barcode or None)
        x.leaf("Артикул", item.article or None)
        x.leaf("Наименование", item.offer_name(variant))
        parts.unit(x, item, named=False)
        parts.traits(x, variant)
        # With «Битрикс» chosen УНФ writes the unit's code where others write a name.
        parts.prices(x, base, item, variant, item.unit.code)
        if not item.service:
            x.leaf("Количество", number(variant.total))
            parts.stock(x, variant, with_zeros=True)


def _pictures(items: Sequence[Item]) -> list[OutFile]:
    return [OutFile(_path(item, p), p.data) for item in items for p in item.pictures]


def _path(item: Item, picture: Picture) -> str:
    item_id, file_id = item.id.replace("-", ""), picture.id.replace("-", "")
    return f"import_files/{item.id[:2]}/{item_id}_{file_id}.{picture.extension}"
