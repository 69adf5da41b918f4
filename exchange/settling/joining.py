"""A document or counterparty of 1C and what a person says it is in the portal: what is there to choose, what would come of it, doing it.

Nothing is written here into either side: the row is pointed to the chosen one and is due, and settling brings both in line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from b24app import lanes
from b24app.models import Portal
from b24app.oauth.clients import PERSON_SECONDS, client_for
from b24app.rest.commands import Command
from b24app.rest.lists import rows as rows_in
from exchange import history, reports
from exchange.models import TradeDocument, TradeParty
from exchange.planning.joining import Candidate, Held, Outlook, document_outlook, party_outlook
from exchange.planning.party_countries import COUNTRIES
from exchange.planning.portal_parties import Row, tax_of, text, whole
from exchange.planning.trade import COMPANY, CONTACT, DOCUMENT_TYPES, PARTY_TYPES
from exchange.settling import party_commands
from exchange.settling.party_rows import KINDS
from mapping import links
from mapping.load import rules_of

Key = tuple[int, int]
MOST_SHOWN: Final = 20
# What settling notes of both sides together: with another counterpart it begins anew.
_KEPT: Final = ("origin", "told_version", history.KEY)
_SELECT: Final = {
    COMPANY: ["id", "title", "isMyCompany"],
    CONTACT: ["id", "name", "lastName", "secondName"],
    **{kind: ["id", "title", "opportunity", "currencyId"] for kind in DOCUMENT_TYPES},
}


# what there is to choose


def documents(portal: Portal, typed: str = "", key: Key | None = None) -> list[Candidate]:
    """Deals and invoices whose title holds the text or with this number as their id, or the one of this key. Raises RestError."""
    if key is not None:
        return _found(portal, [_list(key[0], {"=id": key[1]})]) if key[0] in DOCUMENT_TYPES else []
    number = _number(typed)
    asked = [_list(kind, {"=id": number}) for kind in DOCUMENT_TYPES if number]
    return _found(portal, [*asked, *(_list(kind, {"%title": typed}) for kind in DOCUMENT_TYPES if typed)])


def parties(portal: Portal, typed: str = "", key: Key | None = None) -> list[Candidate]:
    """Companies and contacts by a part of their name, their tax number or their id, or the one of this key. Raises RestError."""
    if key is not None:
        return _found(portal, [_list(key[0], {"=id": key[1]})]) if key[0] in PARTY_TYPES else []
    asked: list[Command] = []
    if number := _number(typed):
        owners = _owners(portal, typed)
        for kind in PARTY_TYPES:
            ids = sorted({id for of, id in owners if of == kind} | {number})
            asked.append(_list(kind, {"@id": ids}))
    if typed:
        asked += [_list(COMPANY, {"%title": typed}), _list(CONTACT, {"%lastName": typed}), _list(CONTACT, {"%name": typed})]
    return _found(portal, asked)


def _owners(portal: Portal, number: str) -> set[Key]:
    """Whose requisites have this tax number."""
    fields = sorted({name for country in COUNTRIES.values() for name in country.search})
    listed = _answers(portal, [party_commands.find_requisites(**{name: number}) for name in fields])
    return {
        (whole(row["ENTITY_TYPE_ID"]), whole(row["ENTITY_ID"])) for rows in listed for row in rows if tax_of(row)[0] == number
    }


def _list(kind: int, wanted: dict[str, Any]) -> Command:
    return Command("crm.item.list", {"entityTypeId": kind, "select": _SELECT[kind], "filter": wanted, "order": {"id": "DESC"}})


def _found(portal: Portal, asked: Sequence[Command]) -> list[Candidate]:
    found: dict[Key, Candidate] = {}
    for command, rows in zip(asked, _answers(portal, asked), strict=True):
        for row in rows[:MOST_SHOWN]:
            kind = int(command.params["entityTypeId"])
            found.setdefault((kind, whole(row["id"])), _candidate(kind, row))
    return list(found.values())[:MOST_SHOWN]


def _answers(portal: Portal, asked: Sequence[Command]) -> list[list[Row]]:
    if not asked:
        return []
    outcomes = client_for(portal, urgent=True, limit=PERSON_SECONDS).batch(list(asked))
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return [list(rows_in(outcome.result)) for outcome in outcomes]


def _candidate(kind: int, row: Row) -> Candidate:
    name = text(row, "title")
    if kind == CONTACT:
        name = " ".join(part for part in (text(row, "lastName"), text(row, "name"), text(row, "secondName")) if part)
    note = f"{text(row, 'opportunity')} {text(row, 'currencyId')}".strip() if kind in DOCUMENT_TYPES else ""
    return Candidate(kind, whole(row["id"]), name, note, own=text(row, "isMyCompany") == "Y")


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0


# what would come of it


def outlook_of_document(portal: Portal, row: TradeDocument, chosen: Candidate) -> Outlook:
    """What linking the document of 1C with the chosen one would do."""
    others = TradeDocument.objects.filter(base__portal=portal, entity_type_id=chosen.kind, b24_id=chosen.id).exclude(pk=row.pk)
    mine = others.filter(base=row.base_id).first()
    foreign = others.exclude(base=row.base_id).select_related("base").first()
    held = None
    if mine is not None:
        number = str((mine.onec_side or {}).get("onec_number") or mine.number or mine.onec_id)
        given = mine.acknowledged_version > 0 or mine.served_times > 0
        held = Held(mine.pk, mine.onec_id, number, given)
    kind = rules_of(portal.pk, row.base_id).trade.of_kind(chosen.kind)
    travels = kind.travels or (kind.made_from_onec and row.known.get("origin") == "onec")
    here = (row.entity_type_id, row.b24_id)
    elsewhere = foreign.base.name if foreign is not None else ""
    # As settling merges what meets for the first time.
    first = "merge-onec" if row.known.get("origin") == "onec" else "merge-portal"
    return document_outlook(here, chosen, held, elsewhere, first if travels else "")


def outlook_of_party(row: TradeParty, chosen: Candidate) -> Outlook:
    """What linking the counterparty of 1C with the chosen company or contact would do."""
    other = _holder(row, chosen)
    held = None
    if other is not None:
        side = other.onec_side or other.portal_side or {}
        name = str(side.get("name") or other.onec_id or other.given_id)
        held = Held(other.pk, other.onec_id, name, bool(other.given_id), bool(side.get("deleted")))
    here = (row.entity_type_id, row.b24_id)
    alias = row.known.get("alias")
    return party_outlook((alias[0], alias[1]) if alias and row.b24_id is None else here, chosen, held)


def _holder(row: TradeParty, chosen: Candidate) -> TradeParty | None:
    rows = TradeParty.objects.filter(base=row.base_id, entity_type_id=chosen.kind, b24_id=chosen.id)
    return rows.exclude(pk=row.pk).first()


# doing it


def link_document(portal: Portal, pk: int, chosen: Candidate, by: str) -> Outlook:
    """Link them if that can be; returns what came of it (`refused` = nothing did). `by` goes into the history."""
    with transaction.atomic():
        rows = TradeDocument.objects.select_for_update(of=("self",)).filter(base__portal=portal)
        same = Q(entity_type_id=chosen.kind, b24_id=chosen.id)
        locked = {row.pk: row for row in rows.filter(Q(pk=pk) | same).order_by("pk")}
        row = locked.get(pk)
        if row is None or not row.onec_id:
            return Outlook("changed")
        foreseen = outlook_of_document(portal, row, chosen)
        if foreseen.refused:
            return foreseen
        # Of the portal's own row nothing went to 1C: there is only what was read.
        absorbed = [other for other in locked if other != pk]
        rows.filter(pk__in=absorbed, base=row.base_id).delete()
        reports.close_many(portal=portal, base=row.base, kind="document", onec_ids=[str(other) for other in absorbed])
        known = {name: row.known[name] for name in _KEPT if name in row.known}
        entry = history.deed("linked", by, f"№ {chosen.id} {chosen.name}")
        TradeDocument.objects.filter(pk=pk).update(
            entity_type_id=chosen.kind,
            b24_id=chosen.id,
            portal_side=None,
            agreed=None,
            known=history.laid_before(known, [entry]),
            **_due(),
        )
        lanes.outdate(portal.pk, lanes.DOCUMENTS)
    return foreseen


def link_party(portal: Portal, pk: int, chosen: Candidate, by: str) -> Outlook:
    """The counterparty is this company or contact; one that another counterparty has is shared (both of 1C are one payer here)."""
    with transaction.atomic():
        row = TradeParty.objects.select_for_update(of=("self",)).filter(base__portal=portal, pk=pk).first()
        if row is None or not row.onec_id:
            return Outlook("changed")
        foreseen = outlook_of_party(row, chosen)
        if foreseen.refused:
            return foreseen
        kept = {name: row.known[name] for name in (history.KEY,) if name in row.known}
        entry = history.deed("shared" if "shared" in foreseen.effects else "linked", by, f"№ {chosen.id} {chosen.name}")
        known = history.laid_before({**kept, "chosen": [chosen.kind, chosen.id]}, [entry])
        if row.entity_type_id in KINDS:
            links.unbind(portal.pk, row.base_id, KINDS[row.entity_type_id], [row.onec_id])
        TradeParty.objects.filter(pk=pk).update(b24_id=None, portal_side=None, agreed=None, known=known, **_due())
        # Documents of it go on with the chosen company.
        TradeDocument.objects.filter(base=row.base_id, onec_side__party=row.onec_id).update(
            version=F("version") + 1, not_before=None
        )
        lanes.outdate(portal.pk, lanes.DOCUMENTS)
    return foreseen


def _due() -> dict[str, Any]:
    return {"version": F("version") + 1, "failures": 0, "not_before": None, "adding_since": None}
