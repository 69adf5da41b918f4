"""What became of one document or buyer: its last changes, kept with the row itself (`known["history"]`), the newest first.

An entry is {"at": ISO time, "side": "portal" or "onec", "field", "from", "to", "by"} for a value, or {"at", "what", "to", "by"} for
what a person did. `by`: "file:<name>" (1C's file), "onec" (we wrote 1C's value into the portal), "portal" (it was changed there),
"user:<id>" (a person on the matching page).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from django.db import connection
from django.utils import timezone

KEY: Final = "history"
MOST: Final = 20
LONGEST: Final = 120

Side = Literal["portal", "onec"]
Entry = dict[str, Any]

# Fields of stored sides that people know, by the names that pages have for them.
_NAMES: Final[Mapping[str, str]] = {
    "title": "name",
    "onec_number": "number",
    "date": "date",
    "onec_date": "date",
    "stage_id": "stage",
    "status_name": "stage",
    "status_id": "stage",
    "amount": "amount",
    "currency": "currency",
    "lines": "lines",
    "comment": "comment",
    "buyer": "buyer",
    "party": "buyer",
    "organisation": "organisation",
    "my_company_id": "organisation",
    "warehouse_id": "warehouse",
    "pay_until": "pay_until",
    "cancelled": "cancelled",
    "deleted": "deleted",
    "posted": "posted",
    "payments": "payments",
    "shipments": "shipments",
    "paid": "paid",
    "shipped": "shipped",
    "name": "name",
    "full_name": "full_name",
    "tax_id": "tax_id",
    "tax_branch": "tax_branch",
    "registration": "registration",
    "codes": "codes",
    "phones": "phones",
    "emails": "emails",
    "addresses": "addresses",
    "accounts": "accounts",
    "people": "people",
}


def changes(
    side: Side, before: Mapping[str, Any] | None, after: Mapping[str, Any], by: str, other: Mapping[str, Any] | None = None
) -> list[Entry]:
    """An entry for each field that one side says otherwise than before; a side told for the first time is none.

    `other` is what 1C says: a value of the portal that equals it came from there.
    """
    if before is None:
        return []
    at = timezone.now().isoformat(timespec="seconds")
    found: dict[str, Entry] = {}
    for key, name in _NAMES.items():
        was, now = before.get(key), after.get(key)
        if was == now or name in found:
            continue
        source = "onec" if other is not None and now is not None and other.get(key) == now else by
        texts = brief(was), brief(now)
        if texts[0] != texts[1]:
            found[name] = {"at": at, "side": side, "field": name, "from": texts[0], "to": texts[1], "by": source}
    return list(found.values())


def deed(what: str, by: str, to: str = "") -> Entry:
    """An entry for what a person did: linked, unlinked, joined, sent."""
    return {"at": timezone.now().isoformat(timespec="seconds"), "what": what, "to": to[:LONGEST], "by": by}


def brief(value: Any) -> str:
    """A stored value as a short text in no language: true and false are "+" and "-"."""
    return _text(value)[:LONGEST]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "+" if value else "-"
        case [int(), int(id)]:
            return f"№ {id}"
        case Mapping():
            name = value.get("name") or value.get("number") or value.get("text") or value.get("last_name") or ""
            quantity, amount = value.get("quantity", ""), value.get("amount", "")
            times = f" × {quantity}" if quantity else ""
            return f"{name}{times}{f' = {amount}' if amount else ''}".strip()
        case str() | int() | float():
            return str(value)
        case Sequence():
            return "; ".join(filter(None, map(_text, value)))
    return str(value)


def note(model: Any, noted: Mapping[int, Sequence[Entry]]) -> None:
    """Put the entries of rows (TradeDocument or TradeParty, by primary key) before what is kept already. In your transaction."""
    filled = {pk: entries for pk, entries in noted.items() if entries}
    if not filled:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""update {model._meta.db_table} row set known = row.known || jsonb_build_object('{KEY}', (
                  select jsonb_agg(entry order by place) from (
                    select entry, place from jsonb_array_elements(t.entries || coalesce(nullif(row.known -> '{KEY}', 'null'), '[]'))
                      with ordinality each(entry, place) order by place limit {MOST}) kept))
                from unnest(%s::bigint[], %s::text[]) given(id, told), lateral (select given.told::jsonb entries) t
                where row.id = given.id""",  # noqa: S608
            [list(filled), [json.dumps(list(entries)[:MOST], ensure_ascii=False) for entries in filled.values()]],
        )


def entries_of(known: Mapping[str, Any]) -> list[Entry]:
    """What is kept with a row, the newest first."""
    return [entry for entry in known.get(KEY) or () if isinstance(entry, dict)]


def laid_before(known: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """The notes of a row that is held locked, with these entries before what is kept already."""
    told = [*entries, *entries_of(known)][:MOST]
    return {**known, KEY: told} if told else dict(known)
