"""Generations A (УТ 10.3, УТП 1.2: schema 2.04) and B (later УТ 10.3, УПП 1.3, КА 1.1: schema 2.05), both without a namespace.

A sends goods only, one picture an item, the total stock, no properties; B also services, properties and a pair of files for
every catalogue row. Deletion is an element Статус; empty elements are left out; offers exist only for goods with a price.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.onec.base import Base
from sandbox.onec.expecting import Sight, number
from sandbox.onec.things import Group, Item, Picture, Variant
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml
from sandbox.onec.writers.upload import Options, OutFile, Portion

SIGHT_A = Sight(services=False, stores=False, properties=False, all_pictures=False, priceless_offers=False)
SIGHT_B = Sight(stores=False, all_pictures=False, priceless_offers=False)


@dataclass(frozen=True, slots=True)
class Accent:
    """What tells the configurations of this family apart."""

    version: str
    is_b: bool = False
    bom: bool = False
    exempt: str = "Без НДС"
    full_name: str = "Полное наименование"
    catalog_id: str = ""
    rows: int = 1


UT103 = Accent("2.04", catalog_id="Обмен с WEB - сайтом (Товары)00001")
UTP12 = Accent("2.04", exempt="Без налога", full_name="Повне найменування")
UPP13 = Accent("2.05", is_b=True, bom=True, rows=2)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the catalogue table: its groups and its own catalogue id."""

    id: str
    name: str
    groups: list[Group]
    items: list[Item]
    changes: bool


def ut103(base: Base, how: Options) -> Iterator[Portion]:
    return _portions(base, how, UT103)


def utp12(base: Base, how: Options) -> Iterator[Portion]:
    return _portions(base, how, UTP12)


def upp13(base: Base, how: Options) -> Iterator[Portion]:
    return _portions(base, how, UPP13)


def _portions(base: Base, how: Options, accent: Accent) -> Iterator[Portion]:
    """Everything in one session, whatever its size: this family knows no portions."""
    imports, offers, pictures = [], [], []
    for i, row in enumerate(_rows(base, how, accent)):
        suffix = str(i or "")
        imports.append(OutFile(f"import{suffix}.xml", _catalog(base, row, how, accent)))
        offers.append(OutFile(f"offers{suffix}.xml", _offers(base, row, how, accent)))
        pictures += [OutFile(_path(item, p), p.data) for item in row.items for p in item.pictures[:1]]
    yield Portion(imports + offers, pictures, is_full=not how.only_changes)


def _rows(base: Base, how: Options, accent: Accent) -> Iterator[Row]:
    """Top groups dealt out to the rows in turn; a row without groups is not there."""
    items = [item for item in base.to_send(only_changes=how.only_changes) if accent.is_b or not item.service]
    tops = [group for group in base.books.groups if not group.parent_id]
    for number_ in range(accent.rows):
        groups = _with_children(base.books.groups, tops[number_ :: accent.rows])
        mine = {group.id for group in groups}
        id_ = accent.catalog_id or base.catalog_id
        if number_:
            id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{id_}-{number_}"))
        if groups:
            name = "Основной каталог товаров" + (f" {number_ + 1}" if number_ else "")
            yield Row(id_, name, groups, [item for item in items if item.group_id in mine], how.only_changes)


def _with_children(all_groups: Sequence[Group], tops: Sequence[Group]) -> list[Group]:
    kept = {group.id for group in tops}
    for group in all_groups:
        if group.parent_id in kept:
            kept.add(group.id)
    return [group for group in all_groups if group.id in kept]


def _catalog(base: Base, row: Row, how: Options, accent: Accent) -> bytes:
    x = Xml(skip_empty=True)
    with x.inside("КоммерческаяИнформация", parts.root(accent.version, how.moment.isoformat())):
        with x.inside("Классификатор"):
            x.leaf("Ид", row.id)
            x.leaf("Наименование", f"Классификатор ({row.name})")
            parts.owner(x, base)
            parts.groups(x, row.groups)
            if accent.is_b:
                parts.properties(x, base.books.properties, for_goods=True)
        with x.inside("Каталог", {"СодержитТолькоИзменения": parts.flag(row.changes)}):
            x.leaf("Ид", row.id)
            x.leaf("ИдКлассификатора", row.id)
            x.leaf("Наименование", row.name)
            parts.owner(x, base)
            with x.inside("Товары"):
                for item in row.items:
                    _product(x, base, item, accent)
    return x.document(bom=accent.bom)


def _product(x: Xml, base: Base, item: Item, accent: Accent) -> None:
    with x.inside("Товар"):
        x.leaf("Ид", item.id)
        x.leaf("Статус", "Удален" if item.deleted else None)
        x.leaf("Штрихкод", "" if item.has_variants else item.variants[0].barcode)
        x.leaf("Артикул", item.article)
        x.leaf("Наименование", item.name)
        parts.unit(x, item)
        with x.inside("Группы"):
            x.leaf("Ид", item.group_id)
        x.leaf("Описание", item.description)
        for picture in item.pictures[:1]:
            x.leaf("Картинка", _path(item, picture))
        parts.maker(x, item)
        if accent.is_b:
            parts.values(x, item, base.books.properties)
        parts.vat(x, item, accent.exempt)
        parts.requisites(
            x,
            [
                ("ВидНоменклатуры", item.kind.name),
                ("ТипНоменклатуры", "Услуга" if item.service else "Товар"),
                (accent.full_name, item.full_name),
                ("Вес", number(item.weight) if item.weight is not None else None),
            ],
        )


def _offers(base: Base, row: Row, how: Options, accent: Accent) -> bytes:
    x = Xml(skip_empty=True)
    with (
        x.inside("КоммерческаяИнформация", parts.root(accent.version, how.moment.isoformat())),
        x.inside("ПакетПредложений", {"СодержитТолькоИзменения": parts.flag(row.changes)}),
    ):
        x.leaf("Ид", f"{row.id}#")
        x.leaf("Наименование", f"Пакет предложений ({row.name})")
        x.leaf("ИдКаталога", row.id)
        x.leaf("ИдКлассификатора", row.id)
        parts.owner(x, base)
        parts.price_types(x, base)
        with x.inside("Предложения"):
            for item, variant in parts.pairs(row.items):
                if variant.prices:
                    _offer(x, base, item, variant)
    return x.document(bom=accent.bom)


def _offer(x: Xml, base: Base, item: Item, variant: Variant) -> None:
    with x.inside("Предложение"):
        x.leaf("Ид", item.offer_id(variant))
        x.leaf("Штрихкод", variant.barcode)
        x.leaf("Артикул", item.article)
        x.leaf("Наименование", item.offer_name(variant))
        parts.unit(x, item)
        parts.traits(x, variant)
        parts.prices(x, base, item, variant, item.unit.name)
        x.leaf("Количество", None if item.service else number(variant.total))


def _path(item: Item, picture: Picture) -> str:
    """One picture an item, named by the item: a new picture takes the name of the old one."""
    extension = "jpeg" if picture.extension == "jpg" else picture.extension
    return f"import_files/{item.id[:2]}/{item.id.replace('-', '')}.{extension}"
