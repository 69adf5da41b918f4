"""What the items that wait for the portal refer to: traits of variants, requisites, units, VAT rates, currencies.

These have no records of their own in a file, so they are looked for in the rows that are due.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import connection

_SQL = """
with due as materialized (
  select onec_id like '%%#%%' as variant, main, prices from exchange_staterow
  where base_id = %(base)s and kind in ('product', 'offer') and pushed_version < version and changed_at >= %(since)s)
select 'trait' as what, coalesce(nullif(t ->> 2, ''), t ->> 0) as a, t ->> 0 as b, t ->> 1 as c
  from due, jsonb_array_elements(main -> 'characteristics') t where variant group by 1, 2, 3, 4
union all
select 'requisite', r ->> 0, variant::text, '' from due, jsonb_array_elements(main -> 'requisites') r group by 1, 2, 3
union all
select 'has', key, variant::text, '' from due, jsonb_object_keys(main) key group by 1, 2, 3
union all
select 'property', p ->> 0, variant::text, '' from due, jsonb_array_elements(main -> 'property_values') p group by 1, 2, 3
union all
select 'unit', main -> 'unit' ->> 0, main -> 'unit' ->> 1, coalesce(main -> 'unit' ->> 2, '') || chr(31) || coalesce(main -> 'unit' ->> 3, '')
  from due where main ? 'unit' group by 1, 2, 3, 4
union all
select 'vat', coalesce(v ->> 0, 'exempt'), '', '' from due, jsonb_array_elements(main -> 'vat') v group by 1, 2
union all
select 'currency', p ->> 2, '', '' from due, jsonb_array_elements(prices) p group by 1, 2
"""


@dataclass(slots=True)
class Needs:
    """What is referred to. `traits`: key → (name, values); flags of `has`, `requisites`, `properties` tell "for offers"."""

    traits: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    requisites: set[tuple[str, bool]] = field(default_factory=set)
    has: set[tuple[str, bool]] = field(default_factory=set)
    properties: set[tuple[str, bool]] = field(default_factory=set)
    units: set[tuple[str, str, str, str]] = field(default_factory=set)  # code, name, full name, international
    vats: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)


def survey(base_id: int, since: dt.datetime) -> Needs:
    """Look through the rows of the base that are due and changed since `since`."""
    needs = Needs()
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"base": base_id, "since": since})
        for what, a, b, c in cursor.fetchall():
            match what:
                case "trait":
                    needs.traits.setdefault(a, (b, set()))[1].add(c)
                case "requisite":
                    needs.requisites.add((a, b == "true"))
                case "has":
                    needs.has.add((a, b == "true"))
                case "property":
                    needs.properties.add((a, b == "true"))
                case "unit":
                    full, _, international = c.partition("\x1f")
                    needs.units.add((a or "", b or "", full, international))
                case "vat":
                    needs.vats.add(a)
                case "currency" if a:
                    needs.currencies.add(a)
    return needs


EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_last_survey: dict[int, dt.datetime] = {}


def survey_since(base_id: int) -> dt.datetime:
    """Rows changed before have been looked through by this process; a new process looks through all that are due."""
    last = _last_survey.get(base_id)
    return last - dt.timedelta(minutes=5) if last else EVER


def surveyed(base_id: int, at: dt.datetime) -> None:
    _last_survey[base_id] = at
