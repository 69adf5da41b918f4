"""The database's answers to what the flows of a base's documents ask: ids of products and buyers, names of 1C's things."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar

from django.db.models import F
from django.utils import timezone

from b24app.models import Portal
from b24app.oauth.language import language_for
from exchange.commerceml.meaning import is_retail, spelling_of
from exchange.models import OneCBase, StateRow, TradeDocument, TradeParty
from exchange.planning.stored import from_data
from exchange.planning.trade import Party
from exchange.settling import party_rows
from exchange.settling.combining import SILENT
from exchange.settling.document_tools import Buyer, DocumentTools
from exchange.settling.flows import BaseFacts
from exchange.settling.gather import Named
from exchange.settling.pipelines import Pipelines
from mapping import links

K = TypeVar("K")
V = TypeVar("V")
# How long a buyer counts as read.
READ_FOR: Final = dt.timedelta(minutes=10)


def tools_for(portal: Portal, base: OneCBase, facts: BaseFacts, pipelines: Pipelines) -> DocumentTools:
    """The tools of one base for one slice."""

    def buyer(onec_id: str) -> Buyer:
        return buyer_of(base.pk, onec_id)

    def for_onec(parties: Mapping[Named, Party]) -> Mapping[Named, Party]:
        return party_rows.for_onec(portal, base, parties)

    @lru_cache(1000)
    def name_of(kind: str, onec_id: str) -> str:
        row = StateRow.objects.filter(base=base, kind=kind, onec_id=onec_id).first()
        return str((row.main or {}).get("name") or "") if row is not None else ""

    @lru_cache(20)
    def currency_name(currency: str) -> str:
        rows = StateRow.objects.filter(base=base, kind="price_type", main__isnull=False).values_list("main", flat=True)
        return spelling_of(currency, [str(main.get("currency") or "") for main in rows if main])

    @lru_cache(1)
    def base_price_type() -> str:
        if facts.rules.base_price_type:
            return facts.rules.base_price_type
        rows = StateRow.objects.filter(base=base, kind="price_type").order_by("id").values_list("onec_id", "main")
        # As the catalogue chooses its base price (imports/dictionaries.py): a retail one, else the first.
        alive = [
            (onec_id, str((main or {}).get("name") or ""))
            for onec_id, main in rows
            if not (main or {}).get("deleted") and onec_id not in facts.rules.skipped_price_types
        ]
        retail = next((onec_id for onec_id, name in alive if is_retail(name)), "")
        return retail or next((onec_id for onec_id, _ in alive), "")

    @lru_cache(1)
    def tells() -> frozenset[str]:
        told = TradeDocument.objects.filter(base=base)
        return frozenset(name for name in SILENT if told.filter(onec_side__has_key=name).exists())

    return DocumentTools(
        member_id=portal.member_id,
        domain=portal.domain,
        language=language_for(portal.language),
        pipelines=pipelines,
        buyer=buyer,
        item_ids=remembered(lambda ids: item_ids(portal.pk, base.pk, ids)),
        articles=remembered(lambda ids: articles(portal.pk, base.pk, ids)),
        products=remembered(lambda ids: products(portal.pk, base.pk, ids)),
        stored_parties=lambda wanted: stored_parties(base.pk, wanted),
        read_anew=lambda read: note_read(base.pk, read),
        for_onec=for_onec,
        name_of=name_of,
        base_price_type=base_price_type,
        tells=tells,
        currency_name=currency_name,
    )


def remembered(look: Callable[[Collection[K]], Mapping[K, V]]) -> Callable[[Collection[K]], Mapping[K, V]]:
    """The same look-up that asks for each key once: the documents of a pass name the same goods over and over."""
    known: dict[K, V] = {}
    asked: set[K] = set()

    def found(keys: Collection[K]) -> Mapping[K, V]:
        new = set(keys) - asked
        if new:
            known.update(look(new))
            asked.update(new)
        return {key: known[key] for key in keys if key in known}

    return found


def buyer_of(base_id: int, onec_id: str) -> Buyer:
    """The portal's company or contact of a counterparty; one that is not settled yet is waited for, one that failed is not."""
    if not onec_id:
        return Buyer()
    row = TradeParty.objects.filter(base=base_id, onec_id=onec_id).first()
    row = row or TradeParty.objects.filter(base=base_id, given_id=onec_id).first()
    if row is None:
        return Buyer()
    if row.b24_id is not None:
        return Buyer((row.entity_type_id, row.b24_id))
    alias = row.known.get("alias")
    if alias:
        return Buyer((int(alias[0]), int(alias[1])))
    return Buyer(None, waits=row.settled_version < row.version and row.failures < 5)


def stored_parties(base_id: int, wanted: Mapping[Named, int]) -> dict[Named, Party]:
    """Buyers as they were last read, if that is not long ago, nothing new was said of them since, and it is the same requisite."""
    ids = {id for _, id in wanted}
    lately = timezone.now() - READ_FOR
    rows = TradeParty.objects.filter(base=base_id, b24_id__in=ids, portal_side__isnull=False, changed_at__gt=lately)
    found: dict[Named, Party] = {}
    for row in rows.filter(settled_version__gte=F("version")):
        key = (row.entity_type_id, row.b24_id or 0)
        party = from_data(Party, row.portal_side or {})
        if key in wanted and wanted[key] in (0, party.requisite_id):
            found[key] = party
    return found


def note_read(base_id: int, read: Mapping[Named, Party]) -> None:
    """What was read anew of known buyers: the same is known to be so now, another becomes due as if it had been heard."""
    for (kind, id), party in read.items():
        rows = TradeParty.objects.filter(base=base_id, entity_type_id=kind, b24_id=id, portal_side__isnull=False)
        row = rows.first()
        if row is None:
            continue
        known = from_data(Party, row.portal_side or {})
        if _unmoved(known) == _unmoved(party):
            rows.update(changed_at=timezone.now())
        elif party.requisite_id == known.requisite_id:
            rows.update(version=F("version") + 1, not_before=None)


def _unmoved(party: Party) -> Party:
    return replace(party, updated_at="")


def item_ids(portal_id: int, base_id: int, product_ids: Collection[int]) -> dict[int, str]:
    """1C's ids (`item` or `item#characteristic`) of the portal's products."""
    if not product_ids:
        return {}
    return links.to_onec(portal_id, base_id, "product", product_ids) | links.to_onec(portal_id, base_id, "offer", product_ids)


def products(portal_id: int, base_id: int, onec_ids: Collection[str]) -> dict[str, int]:
    """The portal's products of 1C's ids; a characteristic that the portal lacks is its item."""
    wanted = {onec_id for onec_id in onec_ids if onec_id}
    if not wanted:
        return {}
    found = links.to_b24(portal_id, base_id, "offer", [id for id in wanted if "#" in id])
    items = {id: id.partition("#")[0] for id in wanted if id not in found}
    by_item = links.to_b24(portal_id, base_id, "product", list(set(items.values())))
    return found | {id: by_item[item] for id, item in items.items() if item in by_item}


def articles(portal_id: int, base_id: int, product_ids: Collection[int]) -> dict[int, str]:
    """Articles of products: those this base knows, else those that another base of the portal knows."""
    found: dict[int, str] = {}
    for kind in ("product", "offer"):
        for product_id, holders in links.sharing(portal_id, kind, list(product_ids)).items():
            own = [(scope, onec_id) for scope, onec_id in holders if scope == base_id] or holders
            article = _article(own)
            if article:
                found.setdefault(product_id, article)
    return found


def _article(holders: Sequence[tuple[int, str]]) -> str:
    for scope, onec_id in holders:
        for id in (onec_id, onec_id.partition("#")[0]):
            main = StateRow.objects.filter(base=scope, onec_id=id, kind__in=("product", "offer"), main__isnull=False).values_list(
                "main", flat=True
            )
            article = next((str(one.get("article") or "") for one in main if one), "")
            if article:
                return article
    return ""
