"""Goods that a change of rules concerns, counted by the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy, ngettext_lazy

from exchange.imports.rules_changed import concerned
from exchange.models import OneCBase, StateRow
from exchange.planning.what_if import GoodsChange, goods_changes
from exchange.settling.what_if_lines import Line, counted, named
from mapping.rules import Rules

Text = Callable[[int], Any]
_TEXTS: Final[Mapping[str, Any]] = {
    "price-stops": ngettext_lazy(
        "Prices of type “%(of)s” no longer go to Bitrix24: %(count)d item.",
        "Prices of type “%(of)s” no longer go to Bitrix24: %(count)d items.",
        "count",
    ),
    "price-starts": ngettext_lazy(
        "Prices of type “%(of)s” go to Bitrix24: %(count)d item.",
        "Prices of type “%(of)s” go to Bitrix24: %(count)d items.",
        "count",
    ),
    "price-moves": ngettext_lazy(
        "Prices of type “%(of)s” go to another price type of Bitrix24: %(count)d item.",
        "Prices of type “%(of)s” go to another price type of Bitrix24: %(count)d items.",
        "count",
    ),
    "base-price": ngettext_lazy(
        "“%(of)s” becomes the base price in Bitrix24: %(count)d item.",
        "“%(of)s” becomes the base price in Bitrix24: %(count)d items.",
        "count",
    ),
    "stock": ngettext_lazy(
        "The stock counted for Bitrix24 changes (%(of)s): %(count)d item.",
        "The stock counted for Bitrix24 changes (%(of)s): %(count)d items.",
        "count",
    ),
    "type-skipped": ngettext_lazy(
        "%(count)d item of type “%(of)s” is no longer carried; what Bitrix24 has of it stays there.",
        "%(count)d items of type “%(of)s” are no longer carried; what Bitrix24 has of them stays there.",
        "count",
    ),
    "type-carried": ngettext_lazy(
        "%(count)d item of type “%(of)s” is carried.", "%(count)d items of type “%(of)s” are carried.", "count"
    ),
    "type-service": ngettext_lazy(
        "%(count)d item of type “%(of)s” is made as a service.", "%(count)d items of type “%(of)s” are made as services.", "count"
    ),
    "type-goods": ngettext_lazy(
        "%(count)d item of type “%(of)s” is made as goods.", "%(count)d items of type “%(of)s” are made as goods.", "count"
    ),
    "type-plain": ngettext_lazy(
        "%(count)d item of type “%(of)s” not yet in Bitrix24 is carried without its characteristics.",
        "%(count)d items of type “%(of)s” not yet in Bitrix24 are carried without their characteristics.",
        "count",
    ),
    "type-variants": ngettext_lazy(
        "%(count)d item of type “%(of)s” is carried with its characteristics.",
        "%(count)d items of type “%(of)s” are carried with their characteristics.",
        "count",
    ),
    "type-section": ngettext_lazy(
        "%(count)d item of type “%(of)s” goes to another section.",
        "%(count)d items of type “%(of)s” go to another section.",
        "count",
    ),
    "owner-portal": ngettext_lazy(
        "1C no longer changes this in Bitrix24 – %(of)s: %(count)d item.",
        "1C no longer changes this in Bitrix24 – %(of)s: %(count)d items.",
        "count",
    ),
    "owner-onec": ngettext_lazy(
        "1C's value replaces that of Bitrix24 – %(of)s: %(count)d item.",
        "1C's value replaces that of Bitrix24 – %(of)s: %(count)d items.",
        "count",
    ),
    "match-article": ngettext_lazy(
        "%(count)d item not yet in Bitrix24 may be joined with a product of the same article.",
        "%(count)d items not yet in Bitrix24 may be joined with products of the same article.",
        "count",
    ),
    "match-barcode": ngettext_lazy(
        "%(count)d item not yet in Bitrix24 may be joined with a product of the same barcode.",
        "%(count)d items not yet in Bitrix24 may be joined with products of the same barcode.",
        "count",
    ),
    "unit": ngettext_lazy(
        "%(count)d item measured in “%(of)s” gets another unit in Bitrix24.",
        "%(count)d items measured in “%(of)s” get another unit in Bitrix24.",
        "count",
    ),
    "currency": ngettext_lazy(
        "Prices in another currency are read anew (%(of)s): %(count)d item.",
        "Prices in another currency are read anew (%(of)s): %(count)d items.",
        "count",
    ),
}
_GROUPS: Final[Mapping[str, Any]] = {
    "name": gettext_lazy("name"),
    "description": gettext_lazy("description"),
    "sections": gettext_lazy("sections"),
    "pictures": gettext_lazy("pictures"),
    "properties": gettext_lazy("properties"),
    "prices": gettext_lazy("prices"),
    "stock": gettext_lazy("stock"),
    "unit": gettext_lazy("unit"),
    "vat": gettext_lazy("VAT"),
    "weight": gettext_lazy("weight and sizes"),
    "active": gettext_lazy("active or not"),
}
# An offer that a file of prices tells of has no name: its product has.
_NAMED: Final = """coalesce(row.main ->> 'name', (select of.main ->> 'name' from exchange_staterow of
    where of.base_id = row.base_id and of.kind = 'product' and of.onec_id = coalesce(nullif(row.parent_id, ''), row.onec_id))),
  row.onec_id"""


def lines(base: OneCBase, before: Rules, after: Rules) -> Iterator[Line]:
    """A line for each change that concerns any goods of the base."""
    for change in goods_changes(before, after):
        where, params = concerned(change)
        count, rows = counted("exchange_staterow", _NAMED, f"row.base_id = %s and {where}", [base.pk, *params])
        if count:
            text = _TEXTS[change.kind] % {"count": count, "of": _of(base, change)}
            yield Line(f"goods-{change.kind}", str(text), count, examples=named(rows))


def _of(base: OneCBase, change: GoodsChange) -> str:
    """What the change is about, by its names for people."""
    if change.kind.startswith("owner-"):
        return ", ".join(str(_GROUPS[group]) for group in change.of)
    kind = "warehouse" if change.kind == "stock" else "price_type" if "price" in change.kind else ""
    if not kind:
        return ", ".join(change.of)
    rows = StateRow.objects.filter(base=base, kind=kind, onec_id__in=change.of).values_list("onec_id", "main")
    names = {onec_id: str((main or {}).get("name") or "") for onec_id, main in rows}
    return ", ".join(names.get(one) or one for one in change.of)
