"""Generation C (УТ 11, КА 2, ERP 2): schema 2.07 in urn:1C.ru:commerceml_2, portions import<i>_<n>.xml and offers<i>_<n>.xml.

Portion 1 carries the classifier; later portions say СодержитТолькоИзменения=true even in a full export.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.onec.base import Base
from sandbox.onec.expecting import Sight, number
from sandbox.onec.things import Item, Variant
from sandbox.onec.writers import parts
from sandbox.onec.writers.markup import Xml
from sandbox.onec.writers.upload import Options, OutFile, Portion, chunks

SIGHT = Sight()
NAMESPACE = "urn:1C.ru:commerceml_2"
VERSION = "2.07"
CATALOG = "Каталог для сайта"


def portions(base: Base, how: Options) -> Iterator[Portion]:
    """The export of one catalogue row (index 0), portion by portion; an exchange without items still sends the classifier."""
    items = base.to_send(only_changes=how.only_changes)
    for n, chunk in enumerate(chunks(items, how.portion), 1):
        changes = how.only_changes or n > 1
        trade = [item for item in chunk if how.package_changes and how.only_changes and base.is_trade_only(item)]
        whole = [item for item in chunk if item not in trade] if trade else chunk
        yield Portion(
            xml=[
                OutFile(f"import0_{n}.xml", catalog(base, whole, how, first=n == 1, changes=changes)),
                OutFile(f"offers0_{n}.xml", offers(base, whole, trade, how, changes=changes)),
            ],
            pictures=[OutFile(parts.picture_path(item, p), p.data) for item in whole for p in item.pictures],
            is_full=not changes,
        )


def catalog(base: Base, items: Sequence[Item], how: Options, *, first: bool, changes: bool) -> bytes:
    x = Xml()
    with x.inside("КоммерческаяИнформация", parts.root(VERSION, how.moment.isoformat(), NAMESPACE)):
        if first:
            with x.inside("Классификатор"):
                _names(x, base, f"Классификатор ({CATALOG})")
                parts.groups(x, base.books.groups)
                parts.properties(x, base.books.properties)
        with x.inside("Каталог", {"СодержитТолькоИзменения": parts.flag(changes)}):
            x.leaf("Ид", base.catalog_id)
            x.leaf("ИдКлассификатора", base.catalog_id)
            x.leaf("Наименование", CATALOG)
            parts.owner(x, base)
            with x.inside("Товары"):
                for item in items:
                    product(x, base, item)
    return x.document(bom=True)


def product(x: Xml, base: Base, item: Item) -> None:
    with x.inside("Товар", {"Статус": "Удален"} if item.deleted else None):
        x.leaf("Ид", item.id)
        x.leaf("Штрихкод", (not item.has_variants and item.variants[0].barcode) or None)
        x.leaf("Артикул", item.article)
        x.leaf("Наименование", item.name)
        _unit(x, item)
        with x.inside("Группы"):
            x.leaf("Ид", item.group_id)
        x.leaf("Описание", None if item.is_html else item.description)
        for picture in item.pictures:
            x.leaf("Картинка", parts.picture_path(item, picture))
        x.leaf("Страна", item.country or None)
        parts.maker(x, item)
        parts.values(x, item, base.books.properties)
        parts.vat(x, item)
        parts.requisites(
            x,
            [
                ("ВидНоменклатуры", item.kind.name),
                ("ТипНоменклатуры", "Услуга" if item.service else "Товар"),
                ("Полное наименование", item.full_name),
                ("Код", item.code),
                ("Вес", number(item.weight) if item.weight is not None else None),
                ("ОписаниеВФорматеHTML", item.description if item.is_html else None),
                *parts.picture_notes(item),
            ],
        )


def offers(base: Base, whole: Sequence[Item], trade: Sequence[Item], how: Options, *, changes: bool) -> bytes:
    x = Xml()
    with x.inside("КоммерческаяИнформация", parts.root(VERSION, how.moment.isoformat(), NAMESPACE)):
        _package(x, base, parts.pairs(whole), changes=changes)
        if trade:
            _package_changes(x, base, parts.pairs(trade))
    return x.document(bom=True)


def _package(x: Xml, base: Base, pairs: Sequence[tuple[Item, Variant]], *, changes: bool) -> None:
    with x.inside("Классификатор"):
        _names(x, base, f"Классификатор ({CATALOG})")
    with x.inside("ПакетПредложений", {"СодержитТолькоИзменения": parts.flag(changes)}):
        x.leaf("Ид", f"{base.catalog_id}#")
        x.leaf("Наименование", f"Пакет предложений ({CATALOG})")
        x.leaf("ИдКаталога", base.catalog_id)
        x.leaf("ИдКлассификатора", base.catalog_id)
        parts.owner(x, base)
        parts.price_types(x, base, excise=True)
        parts.stores(x, base)
        with x.inside("Предложения"):
            for item, variant in pairs:
                offer(x, base, item, variant)


def offer(x: Xml, base: Base, item: Item, variant: Variant) -> None:
    with x.inside("Предложение"):
        x.leaf("Ид", item.offer_id(variant))
        x.leaf("Штрихкод", variant.barcode or None)
        x.leaf("Артикул", item.article)
        x.leaf("Наименование", item.offer_name(variant))
        _unit(x, item)
        parts.traits(x, variant)
        _money_and_stock(x, base, item, variant)


def _package_changes(x: Xml, base: Base, pairs: Sequence[tuple[Item, Variant]]) -> None:
    """«Обновление пакета предложений»: prices and stock alone, the characteristic apart in ИдХарактеристики."""
    with x.inside("ИзмененияПакетаПредложений", {"СодержитТолькоИзменения": "true"}):
        x.leaf("Ид", f"{base.catalog_id}#")
        x.leaf("ИдКаталога", base.catalog_id)
        with x.inside("Предложения"):
            for item, variant in pairs:
                with x.inside("Предложение"):
                    x.leaf("Ид", item.id)
                    x.leaf("ИдХарактеристики", variant.id or None)
                    _money_and_stock(x, base, item, variant)


def _money_and_stock(x: Xml, base: Base, item: Item, variant: Variant) -> None:
    parts.prices(x, base, item, variant, item.unit.international if len(item.unit.international) == 3 else None)
    if not item.service:
        x.leaf("Количество", number(variant.total))
        parts.stock(x, variant, with_zeros=False)


def _names(x: Xml, base: Base, name: str) -> None:
    x.leaf("Ид", base.catalog_id)
    x.leaf("Наименование", name)
    parts.owner(x, base)


def _unit(x: Xml, item: Item) -> None:
    """The code padded to four, the short name nowhere but in Пересчет: what the XDTO writer of УТ 11 leaves."""
    names = {
        "Код": item.unit.code.ljust(4),
        "НаименованиеПолное": item.unit.full_name,
        "МеждународноеСокращение": item.unit.international,
    }
    with x.inside("БазоваяЕдиница", names), x.inside("Пересчет"):
        x.leaf("Единица", item.unit.code)
        x.leaf("Коэффициент", "1")
