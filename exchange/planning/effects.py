"""What 1C's payments, shipments and status mean for the portal's document: its stage, our own fields, entries in its timeline. Pure.

A stage is moved when something happens, not held against people: each happening moves it once, and a manager who moves it back keeps
his word until the next happening. A document in a final stage is only moved by a cancellation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal

from exchange.planning.document_words import POSTED
from exchange.planning.statuses import stage_for_status
from exchange.planning.trade import Payment, Shipment, Trade
from mapping.trade_rules import LEAVE, KindRules, TradeRules

Happening = Literal["cancelled", "paid", "partly_paid", "shipped", "status"]
# The own fields of a deal or invoice (settling/equipment.py creates them), by their short names.
OWN_FIELDS: Final = ("paid", "debt", "shipped", "paid_on", "shipped_on", "number", "date", "status")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of one pipeline; `semantics` is S (success), F (failure) or "" (in work)."""

    id: str
    name: str = ""
    sort: int = 0
    semantics: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands in the portal: its kind, pipeline and stage, and the stages of that pipeline."""

    entity_type_id: int
    pipeline: int
    stage_id: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment or shipment as the timeline shows it. `key` is the same in every telling of the same thing."""

    key: str
    kind: Literal["payment", "shipment"]
    number: str = ""
    date: dt.date | None = None
    amount: Decimal = Decimal(0)
    currency: str = ""
    method: str = ""
    returned: bool = False
    cancelled: bool = False
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a document is paid and shipped, in its own currency. `foreign`: payments in another currency, which do not count."""

    paid: Decimal
    debt: Decimal
    shipped: Decimal
    fully_paid: bool
    fully_shipped: bool
    paid_on: dt.date | None = None
    shipped_on: dt.date | None = None
    foreign: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What the portal's document shall become. `stage_id` "" = leave it; `happened` must be kept and handed in next time."""

    stage_id: str = ""
    why: Happening | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    happened: Mapping[str, str] = field(default_factory=dict)
    # What has just happened for the first time: whom to notify, which trigger to pull.
    news: tuple[Happening, ...] = ()
    standing: Standing | None = None


def standing_of(onec: Trade, amount: Decimal) -> Standing:
    """Sums of what is paid and shipped; where 1C only says "in full", that is the whole amount."""
    payments = [payment for payment in onec.payments or () if not payment.cancelled]
    own = [payment for payment in payments if payment.currency in ("", onec.currency)]
    paid = sum((-payment.amount if payment.returned else payment.amount for payment in own), Decimal(0))
    if onec.payments is None:
        paid = amount if onec.paid else Decimal(0)
    shipped = _shipped(onec, amount)
    return Standing(
        paid=paid,
        debt=max(amount - paid, Decimal(0)),
        shipped=shipped,
        fully_paid=paid >= amount > 0 or (onec.payments is None and bool(onec.paid)),
        fully_shipped=_fully_shipped(onec, shipped, amount),
        paid_on=max((payment.date for payment in own if payment.date and not payment.returned), default=None)
        or (onec.paid_on if paid > 0 else None),
        shipped_on=max((one.date for one in _sent(onec) if one.date), default=None) or (onec.shipped_on if shipped > 0 else None),
        foreign=tuple(payment for payment in payments if payment.currency not in ("", onec.currency)),
    )


def effects_of(
    onec: Trade,
    amount: Decimal,
    place: Place,
    rules: TradeRules,
    happened: Mapping[str, str] | None = None,
    *,
    first: bool = False,
) -> Effects:
    """The effects of what 1C says on a document of `amount` that stands at `place`.

    `happened` is what the last Effects said; on the `first` look at a document nothing is news (the portal's stage is kept unless
    1C's facts ask for another), so that a first load neither notifies nor pulls triggers.
    """
    before = dict(happened or {})
    standing = standing_of(onec, amount)
    now = _facts(onec, standing)
    new = [name for name, value in now.items() if value and before.get(name, "") != value]
    target, why = _target(onec, new, before, place, rules)
    kept = {**now, **{key: before[key] for key in ("stage_before_cancelling",) if key in before}}
    if why == "cancelled":
        kept["stage_before_cancelling"] = place.stage_id
    elif not now["cancelled"]:
        kept.pop("stage_before_cancelling", None)
    return Effects(
        stage_id=target if target != place.stage_id else "",
        why=why,
        own=_own(onec, standing),
        entries=tuple(entries_of(onec)),
        happened={name: value for name, value in kept.items() if value},
        news=() if first else tuple(name for name in _NEWS if name in new),
        standing=standing,
    )


_NEWS: Final[tuple[Happening, ...]] = ("cancelled", "paid", "partly_paid", "shipped", "status")


def entries_of(onec: Trade) -> Iterable[Entry]:
    """Payments and shipments for the timeline, in the order 1C tells them; the full ones of the older exchanges too."""
    for payment in onec.payments or ():
        yield Entry(
            f"payment:{payment.key}",
            "payment",
            payment.number,
            payment.date,
            payment.amount,
            payment.currency or onec.currency,
            payment.method,
            payment.returned,
            payment.cancelled,
        )
    for shipment in onec.shipments or ():
        yield Entry(
            f"shipment:{shipment.key}",
            "shipment",
            shipment.number,
            shipment.date,
            shipment.amount or _worth(shipment, onec),
            onec.currency,
            "",
            shipment.returned,
            shipment.cancelled,
            len(shipment.lines),
        )
    whole = Entry("", "payment", amount=onec.amount or Decimal(0), currency=onec.currency)
    if onec.payments is None and (onec.paid or onec.paid_number or onec.paid_on):
        yield replace(whole, key="payment:full", number=onec.paid_number, date=onec.paid_on, cancelled=not onec.paid)
    if onec.shipments is None and (onec.shipped or onec.shipped_number or onec.shipped_on):
        sent = replace(whole, key="shipment:full", kind="shipment", cancelled=not onec.shipped)
        yield replace(sent, number=onec.shipped_number, date=onec.shipped_on)


def _facts(onec: Trade, standing: Standing) -> dict[str, str]:
    """Each happening as a value that changes when it happens anew ("" = it is not so)."""
    return {
        "cancelled": "yes" if onec.cancelled or onec.deleted else "",
        "paid": "yes" if standing.fully_paid else "",
        "partly_paid": str(standing.paid) if standing.paid > 0 and not standing.fully_paid else "",
        "shipped": "yes" if standing.fully_shipped else "",
        "status": onec.status_id or onec.status_name or "",
    }


def _target(
    onec: Trade, new: Sequence[str], before: Mapping[str, str], place: Place, rules: TradeRules
) -> tuple[str, Happening | None]:
    """Where the document goes and why: a cancellation first, then what settings name for payment and shipment, then 1C's status."""
    kind, pipeline, stays = rules.of_kind(place.entity_type_id), place.pipeline, place.stage_id
    known = {stage.id: stage for stage in place.stages}
    current = known.get(stays)
    over = bool(onec.cancelled or onec.deleted)
    if "cancelled" in new:
        return stage_after("cancelled", kind, pipeline, place.stages) or stays, "cancelled"
    if before.get("cancelled") and not over and current is not None and current.semantics == "F":
        return before.get("stage_before_cancelling") or stays, None
    if current is None or current.semantics or over:
        return stays, None
    moving: tuple[Happening, ...] = ("paid", "shipped", "partly_paid")
    wishes = [(why, stage_after(why, kind, pipeline, place.stages)) for why in moving if why in new]
    if "status" in new:
        status = stage_for_status(onec.status_id, onec.status_name, rules.statuses, place.entity_type_id, pipeline)
        wishes.append(("status", status))
    for why, wish in wishes:
        stage = known.get(wish)
        if stage is not None and (why == "status" or stage.semantics or stage.sort > current.sort):
            return wish, why
    return stays, None


def stage_after(happening: str, kind: KindRules, pipeline: int, stages: Iterable[Stage]) -> str:
    """The stage that a document of the pipeline goes to when it is paid, partly_paid, shipped or cancelled; "" = it stays."""
    settings = {
        "paid": (kind.stage_paid, "S"),
        "partly_paid": (kind.stage_partly_paid, ""),
        "shipped": (kind.stage_shipped, ""),
        "cancelled": (kind.stage_cancelled, "F"),
    }
    setting, usual = settings[happening]
    stage = setting.get(pipeline, _first(stages, usual) if usual else "")
    return "" if stage == LEAVE else stage


def _first(stages: Iterable[Stage], semantics: str) -> str:
    return min((stage for stage in stages if stage.semantics == semantics), key=lambda stage: stage.sort, default=Stage("")).id


def _own(onec: Trade, standing: Standing) -> dict[str, str]:
    money = {"paid": standing.paid, "debt": standing.debt, "shipped": standing.shipped}
    days = {"paid_on": standing.paid_on, "shipped_on": standing.shipped_on, "date": onec.onec_date}
    return {
        **{name: f"{format(amount.normalize(), 'f') if amount else '0'}|{onec.currency}" for name, amount in money.items()},
        **{name: day.isoformat() if day else "" for name, day in days.items()},
        "number": onec.onec_number,
        "status": onec.status_name or onec.status_id or (POSTED[onec.posted] if onec.posted is not None else ""),
    }


def _sent(onec: Trade) -> list[Shipment]:
    return [one for one in onec.shipments or () if not one.cancelled and not one.returned]


def _shipped(onec: Trade, amount: Decimal) -> Decimal:
    if onec.shipments is None:
        return amount if onec.shipped else Decimal(0)
    total = Decimal(0)
    for one in onec.shipments:
        if not one.cancelled:
            worth = one.amount or _worth(one, onec)
            total += -worth if one.returned else worth
    return total


def _worth(shipment: Shipment, onec: Trade) -> Decimal:
    """A shipment without a sum of its own: its quantities at the order's prices."""
    prices = {line.item_id: line.amount / line.quantity for line in onec.lines or () if line.quantity}
    return sum((prices.get(item, Decimal(0)) * quantity for item, quantity in shipment.lines), Decimal(0)).quantize(
        Decimal("0.01")
    )


def _fully_shipped(onec: Trade, shipped: Decimal, amount: Decimal) -> bool:
    """By quantities where shipments name lines (services count as shipped), else by the sum."""
    if onec.shipments is None:
        return bool(onec.shipped)
    sent: dict[str, Decimal] = {}
    named = False
    for one in onec.shipments:
        if one.cancelled:
            continue
        for item, quantity in one.lines:
            named = True
            sent[item] = sent.get(item, Decimal(0)) + (-quantity if one.returned else quantity)
    if not named or not onec.lines:
        return shipped >= amount > 0
    wanted: dict[str, Decimal] = {}
    for line in onec.lines:
        if not line.service:
            wanted[line.item_id] = wanted.get(line.item_id, Decimal(0)) + line.quantity
    return bool(wanted) and all(sent.get(item, Decimal(0)) >= quantity for item, quantity in wanted.items())
