"""What both sides have that settings speak of: 1C's from the objects it told of, the portal's as it was last read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from django.db import connection

from b24app.models import Portal
from exchange.models import OneCBase, StateRow
from exchange.planning import document_words as words
from exchange.settling import choices

# Documents looked at for what 1C says in them, newest first.
_DOCUMENTS: Final = 5000


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of 1C with an id and a name; `count`: how many objects have it (0 = not counted)."""

    id: str
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class PriceTypeOf1C:
    """A price type as 1C told it."""

    id: str
    name: str
    currency: str = ""
    vat_included: bool | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An own company of 1C as documents name it; without an id it is known by its name."""

    id: str
    name: str
    tax_id: str = ""


class Facts:
    """What both sides of a base have: plain data, each gathered when first asked for."""

    def __init__(self, portal: Portal, base: OneCBase) -> None:
        self._portal = portal
        self._base = base

    @classmethod
    def told(cls, portal: Portal, base: OneCBase, /, **facts: Any) -> Self:
        """Facts of which some are given instead of gathered."""
        one = cls(portal, base)
        one.__dict__.update(facts)
        return one

    # 1C's

    @cached_property
    def price_types(self) -> tuple[PriceTypeOf1C, ...]:
        return tuple(
            PriceTypeOf1C(row, str(main.get("name") or row), str(main.get("currency") or ""), main.get("vat_included"))
            for row, main in self._dictionary("price_type")
        )

    @cached_property
    def warehouses(self) -> tuple[Thing, ...]:
        return tuple(Thing(row, str(main.get("name") or row)) for row, main in self._dictionary("warehouse"))

    @cached_property
    def unknown_units(self) -> tuple[Thing, ...]:
        """Units as 1C writes them that the portal has nothing for, with how many items wait for each."""
        rows = self._rows(
            """select btrim(facts->>'unit'), count(*) from exchange_problem
               where base_id = %s and closed_at is null and cause = 'unknown-unit' and btrim(facts->>'unit') <> ''
               group by 1 order by 2 desc, 1 limit 100"""
        )
        return tuple(Thing(name, name, count) for name, count in rows)

    @cached_property
    def item_types(self) -> tuple[Thing, ...]:
        """Item types as 1C writes them, with how many items have each."""
        rows = self._rows(
            """select btrim(main->>'item_type'), count(*) from exchange_staterow
               where base_id = %s and kind = 'product' and btrim(main->>'item_type') <> '' group by 1 order by 2 desc, 1 limit 100"""
        )
        return tuple(Thing(name, name, count) for name, count in rows)

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """Currencies as 1C writes them, in its price types and in prices that could not be carried."""
        rows = self._rows(
            """select distinct told from (
                 select btrim(main->>'currency') told from exchange_staterow where base_id = %s and kind = 'price_type'
                 union all
                 select btrim(facts->>'currency') from exchange_problem
                   where base_id = %s and closed_at is null and cause in ('unknown-currency', 'currency-missing', 'currency-refused')
               ) t where told <> '' order by 1 limit 100""",
            times=2,
        )
        return tuple(row[0] for row in rows)

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        """1C's own companies as its documents name them."""
        rows = self._rows(
            """select distinct on (id) id, facts from (
                 select onec_side->>'organisation' id, (onec_side->'facts')::text facts, pk from
                   (select onec_side, id pk from exchange_tradedocument where base_id = %s and onec_side is not null
                    order by id desc limit %s) newest
               ) t where id <> '' order by id, pk desc limit 200""",
            _DOCUMENTS,
        )
        found = []
        for id, told in rows:
            said = _pairs(json.loads(told or "[]"))
            found.append(Organisation(id, said.get(words.ORGANISATION) or id, said.get(words.ORGANISATION_TAX_ID, "")))
        return tuple(sorted(found, key=lambda one: one.name.casefold()))

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """Statuses of orders as 1C's documents write them, the most frequent first."""
        rows = self._rows(
            """select coalesce(nullif(onec_side->>'status_name', ''), onec_side->>'status_id'), count(*)
               from (select onec_side from exchange_tradedocument where base_id = %s and onec_side is not null
                     order by id desc limit %s) newest
               where coalesce(onec_side->>'status_name', onec_side->>'status_id', '') <> '' group by 1 order by 2 desc, 1 limit 100""",
            _DOCUMENTS,
        )
        return tuple(row[0] for row in rows)

    @cached_property
    def managers(self) -> tuple[str, ...]:
        """People whom 1C's documents name as their manager."""
        rows = self._rows(
            """select distinct fact->>1 from
                 (select onec_side from exchange_tradedocument where base_id = %s and onec_side is not null
                  order by id desc limit %s) newest,
                 jsonb_array_elements(case jsonb_typeof(onec_side->'facts') when 'array' then onec_side->'facts' else '[]' end) fact
               where lower(fact->>0) = any(%s) and fact->>1 <> '' order by 1 limit 200""",
            _DOCUMENTS,
            list(words.MANAGERS),
        )
        return tuple(row[0] for row in rows)

    # The portal's

    @cached_property
    def portal(self) -> choices.Choices:
        """The portal's price types, stores, currencies, own companies, users and pipelines, as last read."""
        return choices.choices_of(self._portal.facts)

    def _dictionary(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        rows = StateRow.objects.filter(base=self._base, kind=kind, main__isnull=False).order_by("pk")
        return [(id, main) for id, main in rows.values_list("onec_id", "main")[:500] if main and not main.get("deleted")]

    def _rows(self, query: str, *more: Any, times: int = 1) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(query, [*[self._base.pk] * times, *more])
            return list(cursor.fetchall())


def _pairs(told: Any) -> dict[str, str]:
    """A document's facts, `[[name, value], …]`, by name."""
    return {str(pair[0]): str(pair[1]) for pair in told or () if isinstance(pair, list) and len(pair) == 2}
