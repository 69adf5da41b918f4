"""The edge around party flows: what they look up in the database before, and what follows in it from what they learnt."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from django.db import connection
from django.db.models import F

from b24app.models import Portal
from exchange.models import OneCBase, TradeDocument, TradeParty
from exchange.planning import stored
from exchange.planning.parties import normal
from exchange.planning.party_matching import identities
from exchange.planning.party_merge import for_onec as said_to_onec
from exchange.planning.trade import COMPANY, CONTACT, PARTY_TYPES, REQUISITE, Party
from exchange.settling.flows import PartyWork
from exchange.settling.identity import given_id
from exchange.settling.party_tools import PRESETS, Holder, PartyTools
from exchange.working import WORKING
from mapping import links

Key = tuple[int, int]
KINDS: Mapping[int, str] = {COMPANY: "company", CONTACT: "contact"}


def tools_for(portal: Portal, base: OneCBase, country: str = "") -> PartyTools:
    """What the party flows of one base share in one slice. `country`: the portal's, if anybody knows it."""

    def holder(key: Key) -> Holder | None:
        row = TradeParty.objects.filter(base=base, entity_type_id=key[0], b24_id=key[1]).first()
        if row is None or not row.onec_id:
            return None
        return Holder(row.pk, row.onec_id, bool((row.onec_side or {}).get("deleted")))

    def confirmed(key: Key) -> Party | None:
        rows = TradeDocument.objects.filter(base=base, portal_side__buyer=list(key), outgoing__isnull=False)
        row = rows.order_by(F("acknowledged_at").desc(nulls_last=True)).first()
        if row is None or row.outgoing is None or not 0 < row.outgoing_version == row.acknowledged_version:
            return None
        buyer = (row.outgoing or {}).get("buyer")
        return normal(stored.from_data(Party, buyer), country) if buyer else None

    def given(onec_id: str) -> Key | None:
        row = TradeParty.objects.filter(base=base, given_id=onec_id, b24_id__isnull=False).first() if onec_id else None
        return None if row is None or row.b24_id is None else (row.entity_type_id, row.b24_id)

    def people(ids: Sequence[str]) -> Mapping[str, int]:
        return links.to_b24(portal.pk, base.pk, KINDS[CONTACT], ids) if ids else {}

    def needed(onec_id: str) -> bool:
        return TradeDocument.objects.filter(base=base, onec_side__party=onec_id, b24_id=None).exists()

    rows = (portal.facts or {}).get(PRESETS)
    return PartyTools(
        country,
        rows,
        holder=holder,
        confirmed=confirmed,
        given=given,
        hints=lambda onec_id: _buyers_of(base.pk, onec_id),
        people=people,
        needed=needed,
    )


def keep_presets(portal: Portal, tools: PartyTools) -> None:
    """Keep presets that were read among the portal's facts, so that the next slice need not ask; what others keep there stays."""
    if tools.fresh:
        with connection.cursor() as cursor:
            cursor.execute(
                "update b24app_portal set facts = facts || jsonb_build_object(%s::text, %s::jsonb) where id = %s",
                [PRESETS, json.dumps(tools.rows), portal.pk],
            )
        tools.fresh = False


def forget_presets(portal: Portal) -> None:
    """The portal's presets may have changed: the next slice reads them anew."""
    with connection.cursor() as cursor:
        cursor.execute("update b24app_portal set facts = facts - %s::text where id = %s", [PRESETS, portal.pk])


def _buyers_of(base_id: int, onec_id: str) -> list[Key]:
    """The portal's buyers of documents whose counterparty this is."""
    documents = TradeDocument.objects.filter(base_id=base_id, onec_side__party=onec_id, portal_side__buyer__isnull=False)
    found = documents.order_by("-changed_at", "-pk").values_list("portal_side__buyer", flat=True)[:20]
    return list(dict.fromkeys((int(buyer[0]), int(buyer[1])) for buyer in found if buyer))


def rounds(works: Iterable[PartyWork], country: str = "") -> Iterator[list[PartyWork]]:
    """The works in rounds of which no two may be about the same payer: save one round before the next, or both would be made."""
    waiting = [(work, _identities(work, country)) for work in works]
    while waiting:
        taken: set[str] = set()
        this: list[PartyWork] = []
        later: list[tuple[PartyWork, frozenset[str]]] = []
        for work, marks in waiting:
            if marks & taken:
                later.append((work, marks))
            else:
                this.append(work)
            taken |= marks
        yield this
        waiting = later


def _identities(work: PartyWork, country: str) -> frozenset[str]:
    marks = identities(normal(work.onec_side, country or work.base.country)) if work.onec_side is not None else frozenset()
    if work.b24 is not None:
        marks |= {f"b24:{work.b24[0]}:{work.b24[1]}"}
    return marks | {f"row:{work.pk}"}


def link(portal_id: int, base_id: int, made: Mapping[int, tuple[int, int | None]]) -> None:
    """Make room for rows (by primary key) that are linked with these portal keys, and keep their links. In the caller's transaction.

    An id of None: what it was linked with is gone from the portal. Call it before `b24_id` is written. A row that only says which
    id we gave 1C is taken in; the row of a counterparty that 1C has deleted loses its link.
    """
    for pk, (entity, b24_id) in made.items():
        row = TradeParty.objects.filter(base_id=base_id, pk=pk).first()
        if row is None or b24_id is None:
            if row is not None and row.onec_id and entity in KINDS:
                links.unbind(portal_id, base_id, KINDS[entity], [row.onec_id])
            continue
        key = (entity, b24_id)
        others = TradeParty.objects.filter(base_id=base_id, entity_type_id=key[0], b24_id=key[1]).exclude(pk=pk)
        for other in others.select_for_update():
            _make_room(row, other)
        given = TradeParty.objects.filter(base_id=base_id, given_id=row.onec_id, onec_id="").exclude(pk=pk) if row.onec_id else ()
        for other in given:
            _make_room(row, other)
        if row.onec_id:
            links.bind(portal_id, base_id, KINDS[key[0]], {row.onec_id: key[1]})
            old = row.entity_type_id
            if old != key[0] and old in KINDS:
                links.unbind(portal_id, base_id, KINDS[old], [row.onec_id])


def _make_room(row: TradeParty, other: TradeParty) -> None:
    if other.onec_id:
        TradeParty.objects.filter(pk=other.pk).update(b24_id=None, agreed=None, portal_side=None, version=F("version") + 1)
        return
    given, agreed = row.given_id or other.given_id, row.agreed or other.agreed
    other.delete()
    TradeParty.objects.filter(pk=row.pk).update(given_id=given, agreed=agreed)


def link_people(portal_id: int, base_id: int, people: Mapping[str, int]) -> None:
    """Keep the links of contact persons (`known["people"]`); those named only by their name have no id to link."""
    links.bind(portal_id, base_id, KINDS[CONTACT], {onec_id: b24_id for onec_id, b24_id in people.items() if _is_id(onec_id)})


def _is_id(text: str) -> bool:
    return " " not in text and any(char.isdigit() for char in text)


def touch(portal_id: int, keys: Collection[Key]) -> int:
    """Something of these contacts (3), companies (4) or requisites (8) changed in the portal: their parties are due. How many are."""
    rows = TradeParty.objects.filter(base__in=OneCBase.objects.working().filter(portal=portal_id))
    found: set[int] = set()
    for entity in PARTY_TYPES:
        ids = [b24_id for type_id, b24_id in keys if type_id == entity]
        if ids:
            found |= set(rows.filter(entity_type_id=entity, b24_id__in=ids).values_list("pk", flat=True))
    if requisites := [b24_id for type_id, b24_id in keys if type_id == REQUISITE]:
        found |= set(rows.filter(known__requisite_id__in=requisites).values_list("pk", flat=True))
    if contacts := [b24_id for type_id, b24_id in keys if type_id == CONTACT]:
        found |= _companies_of(portal_id, contacts)
    return TradeParty.objects.filter(pk__in=found).update(version=F("version") + 1, not_before=None)


def _companies_of(portal_id: int, contacts: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select party.id from exchange_tradeparty party join exchange_onecbase base on base.id = party.base_id
               where base.portal_id = %s and {WORKING}
                 and jsonb_path_query_array(party.known, '$.people.*') @> any(%s::jsonb[])""",  # noqa: S608
            [portal_id, [f"[{contact}]" for contact in contacts]],
        )
        return {pk for (pk,) in cursor.fetchall()}


def due_documents(base_id: int, keys: Iterable[Key]) -> int:
    """The parties changed: documents that name them are looked at anew (1C may have to hear of it). How many are."""
    count = 0
    for key in dict.fromkeys(keys):
        rows = TradeDocument.objects.filter(base_id=base_id, portal_side__buyer=list(key))
        count += rows.update(version=F("version") + 1, not_before=None)
    return count


def for_onec(portal: Portal, base: OneCBase, parties: Mapping[Key, Party]) -> dict[Key, Party]:
    """The same parties as 1C gets them, with the id it knows: its own, or one given for ever (its row is made). In your transaction.

    What 1C said itself and nobody changed in the portal since is told back in 1C's own words.
    """
    found: dict[Key, Party] = {}
    for key, party in parties.items():
        row = TradeParty.objects.filter(base=base, entity_type_id=key[0], b24_id=key[1]).first()
        if row is None:
            side = stored.to_data(party)
            row, _ = TradeParty.objects.get_or_create(
                base=base,
                entity_type_id=key[0],
                b24_id=key[1],
                defaults={
                    "given_id": given_id(portal.member_id, base.pk, key),
                    "portal_side": side,
                    "agreed": side,
                    "settled_version": 1,
                },
            )
        elif not row.onec_id and not row.given_id:
            row.given_id = given_id(portal.member_id, base.pk, key)
            TradeParty.objects.filter(pk=row.pk).update(given_id=row.given_id)
        onec = stored.from_data(Party, row.onec_side) if row.onec_side else None
        people = {str(value): str(onec_id) for onec_id, value in (row.known.get("people") or {}).items()}
        found[key] = said_to_onec(party, onec, row.known.get("sent") or (), row.onec_id or row.given_id, people)
    return found
