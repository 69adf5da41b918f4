"""Finding any object of the exchange by name, article, number or id of either side, at a bounded cost whatever the numbers.

What is written exactly as an id or number is found by an index. Anything else is looked for in windows of so many rows, oldest first:
the answer says from where to look further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from b24app.models import Portal
from b24app.pages.state import bases_of
from exchange.models import OneCBase, StateRow, TradeDocument, TradeParty
from mapping import links

GOODS: Final = ("product", "offer")
WINDOW, PAGE = 20_000, 20
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """`what`: goods, documents or parties; `base_id` 0 = all bases; `after`: the row to look from."""

    what: str = "goods"
    text: str = ""
    base_id: int = 0
    after: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """What a form asks for; anything that is not among the choices is the first of them."""
        what = query.get("what", "")
        numbers = [query.get(name, "") for name in ("base", "after")]
        base_id, after = (int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0 for text in numbers)
        return cls(what if what in _TABLES else "goods", query.get("text", "").replace("\0", "").strip()[:100], base_id, after)


@dataclass(frozen=True, slots=True)
class Found:
    """Primary keys of rows in their order; `after`: where to look further (0 = that was all)."""

    ids: Sequence[int]
    after: int = 0


# Of each table what is looked through; the names are ours, nothing of it is anybody's input.
_TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "goods": (
        "exchange_staterow",
        "concat_ws(' ', onec_id, main->>'name', main->>'article', main->>'code', main->>'barcodes')",
    ),
    "documents": (
        "exchange_tradedocument",
        "concat_ws(' ', number, onec_id, portal_side->>'title', onec_side->>'onec_number', onec_side->>'number')",
    ),
    "parties": (
        "exchange_tradeparty",
        """concat_ws(' ', onec_id, given_id, portal_side->>'name', onec_side->>'name', portal_side->>'tax_id', onec_side->>'tax_id',
             onec_side->>'full_name')""",
    ),
}


def search(portal: Portal, wanted: Wanted) -> Found:
    """The objects of the portal's bases that fit."""
    bases = [base for base in bases_of(portal) if wanted.base_id in (0, base.pk)]
    if not bases:
        return Found(())
    if wanted.text and not wanted.after:
        exact = _exact(portal, bases, wanted)
        if exact:
            return Found(exact)
    return _looked_through([base.pk for base in bases], wanted)


def _exact(portal: Portal, bases: Sequence[OneCBase], wanted: Wanted) -> list[int]:
    text = wanted.text[:_LONGEST]
    b24_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    if wanted.what == "goods":
        query = Q(base__in=bases, kind__in=GOODS, onec_id=text)
        for base in bases if b24_id else ():
            for kind in GOODS:
                onec_ids = links.to_onec(portal.pk, base.pk, kind, [b24_id]).values()
                query |= Q(base=base, kind=kind, onec_id__in=list(onec_ids))
        return list(StateRow.objects.filter(query).order_by("id").values_list("pk", flat=True)[:PAGE])
    by_id = Q(onec_id=text) | (Q(b24_id=b24_id) if b24_id else Q())
    if wanted.what == "documents":
        documents = TradeDocument.objects.filter(by_id | Q(number=text), base__in=bases)
        return list(documents.order_by("id").values_list("pk", flat=True)[:PAGE])
    parties = TradeParty.objects.filter(by_id | Q(given_id=text), base__in=bases)
    return list(parties.order_by("id").values_list("pk", flat=True)[:PAGE])


def _looked_through(base_ids: list[int], wanted: Wanted) -> Found:
    table, hay = _TABLES[wanted.what]
    kinds = "and kind in ('product', 'offer')" if wanted.what == "goods" else ""
    pattern = "%" + wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""with looked as materialized (
                  select id, {hay} hay from {table} where base_id = any(%(bases)s) {kinds} and id > %(after)s
                  order by id limit %(window)s)
                select array(select id from looked where hay ilike %(pattern)s order by id limit %(page)s + 1),
                  (select max(id) from looked), (select count(*) from looked)""",  # noqa: S608
            {"bases": base_ids, "after": wanted.after, "window": WINDOW, "pattern": pattern, "page": PAGE},
        )
        row: Any = cursor.fetchone()
    ids, last, count = row
    if len(ids) > PAGE:
        return Found(ids[:PAGE], ids[PAGE - 1])
    return Found(ids, last if count == WINDOW else 0)
