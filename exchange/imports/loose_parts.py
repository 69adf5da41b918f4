"""Payments and shipments that 1C told of before their order: kept, laid on the order when it comes, told to people when it does not.

1C sends what has changed, in any order and over several files: an order may follow its payment by minutes, or never, where the
client's own filter keeps it back. The newest telling of a part holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from django.db.models.functions import Now
from django.utils import timezone

from exchange import reports
from exchange.models import LoosePart, OneCBase
from exchange.planning.documents import Loose
from exchange.planning.stored import from_data, to_data
from exchange.planning.trade import Trade

KIND: Final = "document"
WITHOUT_ORDER: Final = "order-unknown"
# After so long without its order, a payment or shipment is told to people (the order may still come).
LATE: Final = dt.timedelta(minutes=30)
KEPT: Final = dt.timedelta(days=180)
_LENGTH: Final = 255


def key_of(loose: Loose) -> str:
    """By which a part is the same in every telling."""
    keys = [*(one.key for one in loose.payments), *(one.key for one in loose.shipments)]
    return (keys[0] if keys else loose.name)[:_LENGTH]


def keep(base: OneCBase, parts: Iterable[Loose]) -> None:
    """Keep parts until their orders come, in the caller's transaction."""
    newest = {(loose.basis[:_LENGTH], key_of(loose)): loose for loose in parts}
    rows = [
        LoosePart(base=base, basis=basis, key=key, name=loose.name[:_LENGTH], said=_said(loose))
        for (basis, key), loose in newest.items()
    ]
    LoosePart.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["base", "basis", "key"], update_fields=["name", "said"]
    )


def waiting(base: OneCBase, trades: Iterable[Trade]) -> list[LoosePart]:
    """The parts that name any of these orders, oldest first, locked."""
    names = {name for trade in trades for name in names_of(trade)}
    if not names:
        return []
    return list(LoosePart.objects.select_for_update().filter(base=base, basis__in=names).order_by("id"))


def names_of(trade: Trade) -> frozenset[str]:
    """What other documents of 1C may call an order."""
    return frozenset(name[:_LENGTH] for name in (trade.onec_id, trade.number, trade.onec_number) if name)


def loose_of(part: LoosePart) -> Loose:
    """The part as it was told."""
    said = from_data(Trade, part.said)
    return Loose(part.basis, said.payments or (), said.shipments or (), part.name)


def found(base: OneCBase, keys: Collection[str]) -> None:
    """Parts whose order is there now: they wait no more, and no problem says so."""
    if keys:
        LoosePart.objects.filter(base=base, key__in=keys).delete()
        reports.close_many(portal=base.portal, base=base, kind=KIND, onec_ids=keys, causes=[WITHOUT_ORDER])


def report_late() -> int:
    """Tell people of parts whose order has not come for long; returns how many."""
    late = LoosePart.objects.filter(reported_at=None, told_at__lt=timezone.now() - LATE)
    told = list(late.select_related("base__portal").order_by("base", "id")[:1000])
    for base in {part.base_id: part.base for part in told}.values():
        parts = [part for part in told if part.base_id == base.pk]
        reports.report_many(map(_trouble, parts), portal=base.portal, base=base)
    LoosePart.objects.filter(pk__in=[part.pk for part in told]).update(reported_at=Now())
    return len(told)


def clean(now: dt.datetime) -> None:
    """Forget parts whose order will not come any more."""
    LoosePart.objects.filter(told_at__lt=now - KEPT).delete()


def without_basis(parts: Sequence[Loose]) -> list[reports.Trouble]:
    """What people are told at once: parts that name no order will never find one."""
    return [reports.Trouble(WITHOUT_ORDER, KIND, key_of(one), one.name, {"basis": ""}) for one in parts]


def _trouble(part: LoosePart) -> reports.Trouble:
    return reports.Trouble(WITHOUT_ORDER, KIND, part.key, part.name, {"basis": part.basis})


def _said(loose: Loose) -> dict[str, object]:
    return to_data(Trade(payments=loose.payments or None, shipments=loose.shipments or None))
