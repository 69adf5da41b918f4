"""After rules were changed: the goods, documents and buyers that they concern become due, so that the change holds for them too.

Where more of the portal's documents travel than before, the next sweep looks through the portal from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import F, Q

from b24app import lanes
from exchange.imports.rules_changed import goods_due
from exchange.imports.trade_rows import kind_of_new
from exchange.models import OneCBase, Problem, TradeDocument, TradeParty
from exchange.planning.trade import DOCUMENT_TYPES
from exchange.planning.what_if import status_told, terms_differ
from exchange.settling.flows import DOCUMENT, PARTY
from exchange.settling.what_if_documents import Group, groups_of
from exchange.settling.what_if_new import admits
from mapping.rules import Rules

_SIDE = "row.portal_side ->> "


def follow(base: OneCBase, before: Rules, after: Rules) -> int:
    """Make due, in the caller's transaction, what the change concerns; returns how many rows.

    Stages that payments, shipments and cancellations lead to hold from the next one on: what has happened moves nothing again.
    """
    goods = goods_due(base, before, after)
    if before.trade == after.trade and before.base_price_type == after.base_price_type:
        return goods
    count = _documents(base, before, after) + _first_made_in_onec(base, before, after) + _parties(base, before, after)
    _look_through(base, before, after)
    if count:
        lanes.mark_due(base.portal_id, work=lanes.DOCUMENTS)
    return goods + count


def _documents(base: OneCBase, before: Rules, after: Rules) -> int:
    count = 0
    for kind in DOCUMENT_TYPES:
        was, now = before.trade.of_kind(kind), after.trade.of_kind(kind)
        if (was.travels, was.made_from_onec) != (now.travels, now.made_from_onec):
            count += _due(
                TradeDocument.objects.filter(base=base, entity_type_id=kind, b24_id__isnull=False).values_list("pk", flat=True)
            )
    for group in groups_of(base):
        if _concerned(group, before, after):
            count += _group_due(base, group)
    old, new = before.trade.organisations, after.trade.organisations
    moved = [one for one in {*old, *new} if old.get(one) != new.get(one)]
    if moved:
        asked = Q(onec_side__organisation__in=moved) | Q(pk__in=_asked_about(base, DOCUMENT, "own-company-missing"))
        count += _due(TradeDocument.objects.filter(asked, base=base).values_list("pk", flat=True))
    if before.trade.document_owners != after.trade.document_owners:
        count += _due(_asked_about(base, DOCUMENT, "document-conflict"))
    return count


def _concerned(group: Group, before: Rules, after: Rules) -> bool:
    kind, pipeline = group.entity_type_id, group.pipeline
    if kind not in DOCUMENT_TYPES:
        return False
    if status_told(before.trade, after.trade, kind, pipeline, group.stage_id):
        return True
    return terms_differ(before, after, group.my_company_id, pipeline, group.currency)


def _group_due(base: OneCBase, group: Group) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""update exchange_tradedocument row set version = row.version + 1, not_before = null, failures = 0
                where row.base_id = %s and row.entity_type_id = %s and row.b24_id is not null
                  and coalesce(({_SIDE}'category_id')::bigint, 0) = %s and coalesce({_SIDE}'stage_id', '') = %s
                  and coalesce(({_SIDE}'my_company_id')::bigint, 0) = %s and coalesce({_SIDE}'currency', '') = %s""",  # noqa: S608
            [base.pk, group.entity_type_id, group.pipeline, group.stage_id, group.my_company_id, group.currency],
        )
        return int(cursor.rowcount)


def _first_made_in_onec(base: OneCBase, before: Rules, after: Rules) -> int:
    """Orders that the portal lacks: they may be made there now, and as another kind of document than before."""
    flags = [[rules.trade.of_kind(kind).made_from_onec for kind in DOCUMENT_TYPES] for rules in (before, after)]
    if flags[0] == flags[1] or not any(flags[1]):
        return 0
    rows = TradeDocument.objects.filter(base=base, b24_id=None, adding_since=None).exclude(onec_id="")
    return rows.update(entity_type_id=kind_of_new(after.trade), version=F("version") + 1, not_before=None, failures=0)


def _parties(base: OneCBase, before: Rules, after: Rules) -> int:
    count = 0
    if before.trade.parties != after.trade.parties:
        rows = TradeParty.objects.filter(base=base, b24_id=None).exclude(onec_id="")
        count += rows.update(version=F("version") + 1, not_before=None, failures=0)
    if before.trade.party_owners != after.trade.party_owners:
        asked = TradeParty.objects.filter(base=base, pk__in=_asked_about(base, PARTY, "party-conflict"))
        count += asked.update(version=F("version") + 1, not_before=None, failures=0)
    return count


def _asked_about(base: OneCBase, kind: str, cause: str) -> list[int]:
    told = Problem.objects.filter(base=base, kind=kind, cause=cause, closed_at=None).values_list("onec_id", flat=True)
    return [int(pk) for pk in told if pk.isdecimal()]


def _due(pks: Iterable[int]) -> int:
    rows = TradeDocument.objects.filter(pk__in=list(pks))
    return rows.update(version=F("version") + 1, not_before=None, failures=0)


def _look_through(base: OneCBase, before: Rules, after: Rules) -> None:
    """Where another set of documents travels, the sweep begins anew: those that nobody has touched since are found too."""
    for kind in DOCUMENT_TYPES:
        if after.trade.of_kind(kind).travels and admits(before.trade.of_kind(kind)) != admits(after.trade.of_kind(kind)):
            with connection.cursor() as cursor:
                cursor.execute(
                    "update b24app_portal set facts = jsonb_set(facts, '{swept}', (facts -> 'swept') - %s::text) "
                    "where id = %s and facts ? 'swept'",
                    [str(kind), base.portal_id],
                )
