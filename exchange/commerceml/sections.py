"""The containers of a file: which children they have, and what reads each.

A Section stands for one open container. Its children are either containers themselves (another Section) or records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from exchange.commerceml import names as n
from exchange.commerceml import read_commerceml1 as ml1
from exchange.commerceml import read_items as items
from exchange.commerceml.context import Context, Element, Step, fields, ignore, local, not_carried
from exchange.commerceml.read_catalog import (
    read_category,
    read_group,
    read_price_type,
    read_property,
    read_unit,
    read_warehouse,
)
from exchange.commerceml.read_documents import read_document
from exchange.commerceml.read_parties import read_counterparty
from exchange.commerceml.values import reference
from exchange.records import CatalogInfo, ClassifierInfo, OrderDocument, Record

Reader = Callable[[Element, Context], Iterable[Record]]


class Section:
    """An open container."""

    # Whether all children are records, so that they can be read in one go.
    leaf = False

    def __init__(self, element: Element, context: Context) -> None:
        self.element = element
        self.context = context

    def begin(self) -> Iterable[Record]:
        """Records to give before those of the children."""
        return ()

    def container(self, child: Element) -> Section | None:
        """The Section for a child that is a container."""
        return None

    def read(self, child: Element) -> Iterable[Record]:
        """The records of a child that is none."""
        self.context.unknown(child)
        return ()

    def read_all(self, children: Iterable[Element]) -> Iterator[Record]:
        """The records of many children."""
        for child in children:
            yield from self.read(child)

    def end(self) -> Iterable[Record]:
        """Records to give after those of the children."""
        return ()


class ListSection(Section):
    """A plain list of records of one or two kinds."""

    leaf = True

    def __init__(self, element: Element, context: Context, readers: dict[str, Reader], head: HeadedSection | None = None) -> None:
        super().__init__(element, context)
        self._readers = readers
        self._head = head

    def begin(self) -> Iterable[Record]:
        return self._head.head() if self._head is not None else ()

    def read(self, child: Element) -> Iterable[Record]:
        reader = self._readers.get(local(child.tag))
        if reader is None:
            self.context.unknown(child)
            return ()
        return reader(child, self.context)


class ItemsSection(Section):
    """Товары of a Каталог, Предложения of a package."""

    leaf = True

    def __init__(self, element: Element, context: Context, head: HeadedSection) -> None:
        super().__init__(element, context)
        self._head = head

    def begin(self) -> Iterable[Record]:
        return self._head.head()

    def read_all(self, children: Iterable[Element]) -> Iterator[Record]:
        return items.read_items(children, self.context)


def _lists(readers: dict[str, Reader]) -> Callable[[Element, Context, HeadedSection], Section]:
    return lambda element, context, head: ListSection(element, context, readers, head)


def _nothing(element: Element, context: Context) -> Iterable[Record]:
    return ()


_LISTS: Final[dict[str, Callable[[Element, Context, HeadedSection], Section]]] = {
    n.GROUPS: _lists({n.GROUP: read_group}),
    n.PROPERTIES: _lists({n.PROPERTY: read_property, n.PROPERTY_OF_ITEM: read_property}),
    n.PROPERTIES_OF_ELEMENTS: _lists({n.PROPERTY: read_property}),
    n.PRICE_TYPES: _lists({n.PRICE_TYPE: read_price_type, n.CLASSIFIER_ID: _nothing}),
    n.WAREHOUSES: _lists({n.WAREHOUSE: read_warehouse}),
    n.UNITS: _lists({n.UNIT_OF_MEASURE: read_unit}),
    n.CATEGORIES: _lists({n.CATEGORY: read_category}),
    n.ITEMS: ItemsSection,
    n.OFFERS: ItemsSection,
}


def _only_changes(element: Element, into: dict[str, Any], context: Context) -> None:
    into["only_changes"], into["only_changes_said"] = context.flag(element), True


def _owner(element: Element, into: dict[str, Any], context: Context) -> None:
    into["owner"] = next(iter(read_counterparty(element, context)), None)


_HEAD: Final[dict[str, Step]] = {
    n.ID: "id",
    n.NAME: "name",
    n.CLASSIFIER_ID: "classifier_id",
    n.CATALOG_ID: "catalog_id",
    n.ONLY_CHANGES: _only_changes,
    n.OWNER: _owner,
    n.DESCRIPTION: ignore,
    n.VALID_FROM: not_carried,
    n.VALID_TO: not_carried,
    n.VALID_TILL: not_carried,
    n.SIGNATORIES: not_carried,
    n.RESOURCES: not_carried,
    n.RESOURCE_SCHEDULE: not_carried,
    n.PROPERTY_VALUES: not_carried,
    n.PROPERTIES_OF_GROUPS: not_carried,
    n.VERSION: ignore,
    n.DELETED: ignore,
    n.SITE_ID: ignore,
}


class HeadedSection(Section):
    """A block with a head of its own: Классификатор, Каталог, ПакетПредложений."""

    _steps = fields(_HEAD)

    def __init__(self, element: Element, context: Context) -> None:
        super().__init__(element, context)
        self._into: dict[str, Any] = {}
        for name, value in context.attributes(element):
            if local(name) == n.ONLY_CHANGES:
                self._into.update(only_changes=context.flag_of(value, element, name), only_changes_said=True)
        self._told: Record | None = None

    def container(self, child: Element) -> Section | None:
        maker = _LISTS.get(local(child.tag))
        return maker(child, self.context, self) if maker else None

    def read(self, child: Element) -> Iterable[Record]:
        step = self._steps[child.tag]
        if isinstance(step, str):
            self._into[step] = (child.text or "").strip()
        else:
            step(child, self._into, self.context)
        return ()

    def head(self) -> Iterable[Record]:
        """The block's head, as far as known: once, and once more if it has changed since."""
        info = self._info(dict(self._into))
        if info == self._told:
            return ()
        self._told = info
        return (info,)

    def end(self) -> Iterable[Record]:
        return self.head()

    def _info(self, known: dict[str, Any]) -> Record:
        raise NotImplementedError


class ClassifierSection(HeadedSection):
    """Классификатор."""

    def _info(self, known: dict[str, Any]) -> Record:
        owner = known.get("owner")
        onec_id = reference(known.get("id", "")) or reference(known.get("classifier_id", ""))
        return ClassifierInfo(onec_id, known.get("name", ""), bool(known.get("only_changes")), owner)


class CatalogSection(HeadedSection):
    """Каталог; in CommerceML 1 its groups, goods and properties are direct children with attributes."""

    is_offers = False
    always_changes = False

    def __init__(self, element: Element, context: Context) -> None:
        super().__init__(element, context)
        self._into.update(ml1.catalog_head(element, context))

    def read(self, child: Element) -> Iterable[Record]:
        reader = ml1.CATALOG_READERS.get(local(child.tag))
        if reader is not None and ml1.is_attribute_form(child):
            return (*self.head(), *reader(child, self.context))
        return super().read(child)

    def _info(self, known: dict[str, Any]) -> Record:
        return CatalogInfo(
            known.get("id", ""),
            known.get("name", ""),
            known.get("classifier_id", ""),
            bool(known.get("only_changes")) or self.always_changes,
            known.get("only_changes_said", False) or self.always_changes,
            self.is_offers,
            known.get("catalog_id", ""),
            known.get("owner"),
        )


class PackageSection(CatalogSection):
    """ПакетПредложений."""

    is_offers = True


class ChangesSection(PackageSection):
    """ИзмененияПакетаПредложений: prices and stock of what is known already."""

    always_changes = True


class ContainerSection(Section):
    """Контейнер of 3.1: all documents of one order."""

    leaf = True

    def __init__(self, element: Element, context: Context, number: int) -> None:
        super().__init__(element, context)
        self._number = number

    def read(self, child: Element) -> Iterable[Record]:
        if local(child.tag) != n.DOCUMENT:
            return super().read(child)
        return tuple(
            record._replace(container=self._number) if isinstance(record, OrderDocument) else record
            for record in read_document(child, self.context)
        )


class RootSection(Section):
    """КоммерческаяИнформация: blocks in any order and number."""

    def __init__(self, element: Element, context: Context) -> None:
        super().__init__(element, context)
        self._containers = 0

    def container(self, child: Element) -> Section | None:
        match local(child.tag):
            case n.CLASSIFIER:
                return ClassifierSection(child, self.context)
            case n.CATALOG:
                return CatalogSection(child, self.context)
            case n.PACKAGE:
                return PackageSection(child, self.context)
            case n.PACKAGE_CHANGES:
                return ChangesSection(child, self.context)
            case n.COUNTERPARTIES:
                return ListSection(child, self.context, {n.COUNTERPARTY: read_counterparty})
            case n.CONTAINER:
                self._containers += 1
                return ContainerSection(child, self.context, self._containers)
            case _:
                return None

    def read(self, child: Element) -> Iterable[Record]:
        match local(child.tag):
            case n.DOCUMENT if ml1.is_attribute_form(child):
                return ml1.read_document(child, self.context)
            case n.DOCUMENT:
                return read_document(child, self.context)
            case n.COUNTERPARTY if ml1.is_attribute_form(child):
                return ml1.read_counterparty(child, self.context)
            case n.COUNTERPARTY:
                return read_counterparty(child, self.context)
            case n.USER_DIRECTORIES | n.DISCOUNTS | n.CARD_KINDS | n.CARDS | n.PRODUCT_SETS:
                self.context.not_carried(child)
                return ()
            case _:
                return super().read(child)
