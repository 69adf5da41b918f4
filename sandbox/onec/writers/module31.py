"""The exchange module of 1C-Bitrix: schema 3.1, a BOM, a file for every kind of thing, all named by a GUID.

Dictionaries come first, then goods, offers, prices and stock. Every row has a version and a deletion mark; units are referred
to by a padded code; characteristics are properties of offers; a boolean is a list of «Да» and «Нет».
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sandbox.onec.base import Base
from sandbox.onec.expecting import Sight, number
from sandbox.onec.things import Item, Property, Variant
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml
from sandbox.onec.writers.upload import Options, OutFile, Portion, chunks

SIGHT = Sight()
NAMESPACE = "urn:1C.ru:commerceml_3"
CATALOG = "Товары 1С"
TYPES = {"string": "Строка", "number": "Число", "date": "Дата", "boolean": "Справочник", "list": "Справочник"}
YES_NO = {"true": "Да", "false": "Нет"}


def portions(base: Base, how: Options) -> Iterator[Portion]:
    """One portion: the module keeps its session over all files."""
    items = base.to_send(only_changes=how.only_changes)
    traits = trait_properties(base)
    files = [_dictionary(base, how, name, write) for name, write in _dictionaries(base)]
    files.append(_offer_properties(base, how, traits))
    parted = list(enumerate(chunks(items, how.portion), 1))
    files += [_file(how, f"goods_1_{n}", partial(_goods, base=base, how=how, items=chunk)) for n, chunk in parted]
    for stem, write in (("offers", _offer), ("prices", _prices), ("rests", _rests)):
        files += [
            _file(how, f"{stem}_1_{n}", partial(_package, content=Content(base, how, chunk, write, traits)))
            for n, chunk in parted
        ]
    pictures = [OutFile(parts.picture_path(item, p), p.data) for item in items for p in item.pictures]
    yield Portion(files, pictures, is_full=not how.only_changes)


def trait_properties(base: Base) -> dict[str, Property]:
    """Characteristics as list properties of offers: one for each trait name, with every text that occurs."""
    texts: dict[str, dict[str, None]] = {}
    for item in base.items.values():
        for variant in item.variants:
            for name, text in variant.traits.items():
                texts.setdefault(name, {})[text] = None
    return {
        name: Property(_id(base, "trait", name), name, "list", {_id(base, name, text): text for text in sorted(found)})
        for name, found in sorted(texts.items())
    }


def version(number_: int) -> str:
    """НомерВерсии: eight bytes of a row version in base64."""
    return base64.b64encode(number_.to_bytes(8, "big")).decode()


def _file(how: Options, stem: str, write: Callable[[Xml], None]) -> OutFile:
    x = Xml()
    root = parts.root("3.1", how.moment.isoformat(), NAMESPACE)
    with x.inside("КоммерческаяИнформация", {**root, "Ид": "Обмен с сайтом"}):
        write(x)
    return OutFile(f"{stem}_{uuid.uuid5(uuid.NAMESPACE_OID, f'{stem}-{how.moment}')}.xml", x.document(bom=True))


def _dictionaries(base: Base) -> list[tuple[str, Callable[[Xml], None]]]:
    return [
        ("groups", lambda x: _groups(x, base, "")),
        ("units", lambda x: _units(x, base)),
        ("storages", lambda x: _stores(x, base)),
        ("priceLists", lambda x: _price_types(x, base)),
        ("propertiesGoods_1_1", lambda x: _properties(x, base.books.properties)),
    ]


def _dictionary(base: Base, how: Options, stem: str, write: Callable[[Xml], None]) -> OutFile:
    def body(x: Xml) -> None:
        with x.inside("Каталог", {"СодержитТолькоИзменения": "true"}):
            _catalog_head(x, base)
            x.leaf("Описание", CATALOG)
        with _classifier(x, base):
            write(x)

    return _file(how, stem, body)


def _offer_properties(base: Base, how: Options, traits: dict[str, Property]) -> OutFile:
    def body(x: Xml) -> None:
        with x.inside("ПакетПредложений", {"СодержитТолькоИзменения": "true"}):
            _package_head(x, base)
        with _classifier(x, base):
            _properties(x, list(traits.values()))

    return _file(how, "propertiesOffers_1_1", body)


@contextmanager
def _classifier(x: Xml, base: Base) -> Iterator[None]:
    with x.inside("Классификатор", {"СодержитТолькоИзменения": "true"}):
        x.leaf("Ид", base.catalog_id)
        x.leaf("Наименование", CATALOG)
        yield


def _catalog_head(x: Xml, base: Base) -> None:
    x.leaf("Ид", base.catalog_id)
    x.leaf("ИдКлассификатора", base.catalog_id)
    x.leaf("Наименование", CATALOG)


def _package_head(x: Xml, base: Base) -> None:
    x.leaf("Ид", f"#{base.catalog_id}")
    x.leaf("Наименование", f"Пакет предложений ({CATALOG})")
    x.leaf("ИдКаталога", base.catalog_id)
    x.leaf("ИдКлассификатора", base.catalog_id)


def _stamp(x: Xml, number_: int = 1, *, deleted: bool = False) -> None:
    x.leaf("НомерВерсии", version(number_))
    x.leaf("ПометкаУдаления", parts.flag(deleted))


def _groups(x: Xml, base: Base, parent: str) -> None:
    children = [group for group in base.books.groups if group.parent_id == parent]
    if children:
        with x.inside("Группы"):
            for group in children:
                with x.inside("Группа"):
                    x.leaf("Ид", group.id)
                    _stamp(x)
                    x.leaf("Наименование", group.name)
                    _groups(x, base, group.id)


def _units(x: Xml, base: Base) -> None:
    with x.inside("ЕдиницыИзмерения"):
        for unit in sorted({item.unit for item in base.items.values()}, key=lambda u: u.code):
            with x.inside("ЕдиницаИзмерения"):
                x.leaf("Ид", unit.code.ljust(4))
                _stamp(x)
                x.leaf("НаименованиеКраткое", unit.name)
                x.leaf("Код", unit.code.ljust(4))
                x.leaf("НаименованиеПолное", unit.full_name.ljust(100))
                x.leaf("МеждународноеСокращение", unit.international)


def _stores(x: Xml, base: Base) -> None:
    with x.inside("Склады"):
        for store in base.books.warehouses:
            with x.inside("Склад"):
                x.leaf("Ид", store.id)
                _stamp(x)
                x.leaf("Наименование", store.name)


def _price_types(x: Xml, base: Base) -> None:
    with x.inside("ТипыЦен"):
        for kind in base.books.price_types:
            with x.inside("ТипЦены"):
                x.leaf("Ид", kind.id)
                _stamp(x)
                x.leaf("Наименование", kind.name)
                x.leaf("Валюта", kind.currency)
                _tax(x, included=kind.vat_included, excise="false")


def _tax(x: Xml, *, included: bool, excise: str | None = None) -> None:
    with x.inside("Налог"):
        x.leaf("Наименование", "НДС")
        x.leaf("УчтеноВСумме", parts.flag(included))
        x.leaf("Акциз", excise)


def _properties(x: Xml, props: Sequence[Property]) -> None:
    with x.inside("Свойства"):
        for prop in props:
            with x.inside("Свойство"):
                x.leaf("Ид", prop.id)
                x.leaf("Наименование", prop.name)
                _stamp(x)
                x.leaf("Множественное", "true" if prop.multiple else None)
                x.leaf("Внешний", "false")
                x.leaf("Информационное", "true")
                x.leaf("ТипЗначений", TYPES[prop.kind])
                parts.options(x, YES_NO if prop.kind == "boolean" else prop.options)


def _goods(x: Xml, base: Base, how: Options, items: Sequence[Item]) -> None:
    with x.inside("Каталог", {"СодержитТолькоИзменения": parts.flag(how.only_changes)}):
        _catalog_head(x, base)
        with x.inside("Товары"):
            for item in items:
                with x.inside("Товар"):
                    _product(x, base, item)


def _product(x: Xml, base: Base, item: Item) -> None:
    x.leaf("Ид", item.id)
    _stamp(x, item.version, deleted=item.deleted)
    x.leaf("Штрихкод", "" if item.has_variants else item.variants[0].barcode)
    x.leaf("Артикул", item.article)
    x.leaf("Наименование", item.name)
    x.leaf("БазоваяЕдиница", item.unit.code.ljust(4))
    with x.inside("Группы"):
        x.leaf("Ид", item.group_id)
    x.leaf("Описание", item.description)
    for picture in item.pictures:
        x.leaf("Картинка", parts.picture_path(item, picture))
    x.leaf("Страна", item.country)
    parts.maker(x, item)
    with x.inside("ЗначенияСвойств"):
        for prop in base.books.properties:
            with x.inside("ЗначенияСвойства"):
                x.leaf("Ид", prop.id)
                for text in item.values.get(prop.id, [""]):
                    x.leaf("Значение", parts.value_text(prop.kind, text))
    parts.vat(x, item, "Без НДС")
    pairs: list[tuple[str, str | None]] = [
        ("ВидНоменклатуры", item.kind.name),
        ("ТипНоменклатуры", "Услуга" if item.service else "Товар"),
        ("Полное наименование", item.full_name),
        ("Код", item.code),
        *parts.picture_notes(item),
    ]
    parts.requisites(x, pairs)
    x.leaf("Вес", number(item.weight or 0))


Writer = Callable[[Xml, Base, Item, Variant, dict[str, Property]], None]


@dataclass(frozen=True, slots=True)
class Content:
    """One package: which items, and what it says of each offer."""

    base: Base
    how: Options
    items: Sequence[Item]
    write: Writer
    traits: dict[str, Property]

    def offers(self) -> Iterator[tuple[Item, Variant]]:
        """What has nothing to say of stock (a service) is not in the stock file."""
        return ((i, v) for i in self.items for v in i.variants if self.write is not _rests or v.stock)


def _package(x: Xml, content: Content) -> None:
    with x.inside("ПакетПредложений", {"СодержитТолькоИзменения": parts.flag(content.how.only_changes)}):
        _package_head(x, content.base)
        with x.inside("Предложения"):
            for item, variant in content.offers():
                with x.inside("Предложение"):
                    x.leaf("Ид", item.offer_id(variant))
                    content.write(x, content.base, item, variant, content.traits)


def _offer(x: Xml, base: Base, item: Item, variant: Variant, traits: dict[str, Property]) -> None:
    _stamp(x, item.version, deleted=item.deleted)
    x.leaf("Наименование", item.offer_name(variant))
    x.leaf("Штрихкод", variant.barcode)
    x.leaf("ХарактеристикиТовара", "")
    if variant.traits:
        with x.inside("ЗначенияСвойств"):
            for name, text in variant.traits.items():
                with x.inside("ЗначенияСвойства"):
                    x.leaf("Ид", traits[name].id)
                    x.leaf("Значение", _id(base, name, text))


def _prices(x: Xml, base: Base, item: Item, variant: Variant, traits: dict[str, Property]) -> None:
    with x.inside("Цены"):
        for kind in base.books.price_types:
            if kind.id in variant.prices:
                with x.inside("Цена"):
                    x.leaf("Представление", parts.spoken(variant.prices[kind.id], kind, item))
                    x.leaf("ИдТипаЦены", kind.id)
                    x.leaf("ЦенаЗаЕдиницу", number(variant.prices[kind.id]))
                    x.leaf("Валюта", kind.currency)
                    _tax(x, included=kind.vat_included)


def _rests(x: Xml, base: Base, item: Item, variant: Variant, traits: dict[str, Property]) -> None:
    with x.inside("Остатки"):
        for store, quantity in variant.stock.items():
            with x.inside("Остаток"), x.inside("Склад"):
                x.leaf("Ид", store)
                x.leaf("Количество", number(quantity))


def _id(base: Base, *words: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join((base.catalog_id, *words))))
