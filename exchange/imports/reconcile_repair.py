"""Marks what a reconciliation found, so that the next push writes what 1C wants; the portal is not touched here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from b24app import lanes
from exchange.models import OneCBase, StateRow
from exchange.planning.changes import Known, known_of
from exchange.planning.reconciled import Difference
from mapping import links

GOODS = ("product", "offer")
_OPTIONS = {"property": "option", "offer_property": "offer_option"}


def repair(base: OneCBase, differences: Sequence[Difference]) -> int:
    """Make the rows behind the differences due, with what is known of them corrected; returns how many rows."""
    by_row: dict[tuple[str, str], list[Difference]] = {}
    for one in differences:
        by_row.setdefault((one.kind, one.onec_id), []).append(one)
    with transaction.atomic():
        count = sum(_mend(base, kind, onec_id, wrong) for (kind, onec_id), wrong in by_row.items())
        gone = {one.kind for one in differences if one.verdict == "missing"}
        if gone & {"property", "offer_property"}:
            count += _due(StateRow.objects.filter(base=base, kind__in=GOODS, main__isnull=False).values_list("pk", flat=True))
        if "price_type" in gone:
            count += _forget_prices(base)
        if count:
            lanes.mark_due(base.portal_id)
    return count


def _mend(base: OneCBase, kind: str, onec_id: str, wrong: Sequence[Difference]) -> int:
    if wrong[0].verdict == "missing":
        return _missing(base, kind, onec_id)
    rows = StateRow.objects.filter(base=base, onec_id=onec_id)
    if kind not in GOODS:
        return _due(rows.filter(kind=kind).values_list("pk", flat=True))
    of_kind = rows.filter(kind__in=GOODS).order_by("pk").select_for_update()
    for row in of_kind:
        known = known_of(row.known)
        if known is not None:
            StateRow.objects.filter(pk=row.pk).update(known=_corrected(known, wrong).to_json())
    return _due(row.pk for row in of_kind)


def _missing(base: OneCBase, kind: str, onec_id: str) -> int:
    """Forget the link: the push finds the object under its external id, or makes it anew."""
    link_kind = ("offer" if "#" in onec_id else "product") if kind in GOODS else kind
    links.unbind(base.portal_id, base.pk, link_kind, [onec_id])
    if kind in _OPTIONS:
        values = links.to_b24(base.portal_id, base.pk, _OPTIONS[kind])
        links.unbind(base.portal_id, base.pk, _OPTIONS[kind], [key for key in values if key.startswith(f"{onec_id}|")])
    rows = StateRow.objects.filter(base=base, onec_id=onec_id)
    if kind in GOODS:
        rows = rows.filter(kind__in=GOODS)
        rows.update(known=None, adding_since=None)
    else:
        rows = rows.filter(kind="property" if kind == "offer_property" else kind)
    return _due(rows.values_list("pk", flat=True))


def _corrected(known: Known, wrong: Iterable[Difference]) -> Known:
    """Known without what turned out untrue: what is not known is written."""
    for one in wrong:
        if one.field.startswith("price:"):
            known = replace(known, prices=None)
        elif one.field == "quantity":
            known = replace(known, quantity=None)
        elif one.field.startswith("stock:"):
            store = int(one.field.removeprefix("stock:"))
            known = replace(known, stock={**known.stock, store: one.portals or "0"})
        elif one.field == "picture":
            known = replace(known, main_picture="", pictures_unsure=True)
        else:
            known = replace(known, fields={name: value for name, value in known.fields.items() if name != one.field})
    return known


def _forget_prices(base: OneCBase) -> int:
    """All prices must be read before they are written again."""
    ids = []
    for row in StateRow.objects.filter(base=base, kind__in=GOODS, known__isnull=False).iterator():
        known = known_of(row.known)
        if known is not None and known.prices:
            StateRow.objects.filter(pk=row.pk).update(known=replace(known, prices=None).to_json())
            ids.append(row.pk)
    return _due(ids)


def _due(ids: Iterable[int]) -> int:
    """Let the push take the rows again."""
    return StateRow.objects.filter(pk__in=list(ids)).update(
        pushed_version=Least(F("pushed_version"), F("version") - 1), failures=0, not_before=None
    )
