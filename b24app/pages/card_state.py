"""What the card of a deal, invoice, company or contact shows of the exchange: a handful of queries, by the indexes of one element."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from b24app.models import Portal
from b24app.pages import causes, compared
from b24app.pages.state import moment
from exchange.models import HeardObject, OneCBase, Problem, ServedDocument, StateRow, TradeDocument, TradeParty
from exchange.planning.effects import Entry, Standing, entries_of, standing_of
from exchange.planning.stored import from_data, plain
from exchange.planning.trade import DOCUMENT_TYPES, Trade

Element = tuple[int, int]
DOCUMENTS_SHOWN = 20
LINES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path; `state` is done, now (it waits here) or later; `at` when ("" = not known)."""

    title: str
    state: str
    at: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Money:
    """What 1C says of payments and shipments of a document, as text."""

    amount: str
    paid: str
    debt: str
    shipped: str
    entries: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class StockLine:
    """The stock of a line's item: total, by warehouse, and when 1C last said so."""

    name: str
    total: str
    places: list[tuple[str, str]]
    at: str


@dataclass(frozen=True, slots=True)
class Trouble:
    problem: Problem
    title: str
    remedy: str
    detail: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A document in the card of a buyer."""

    name: str
    amount: str
    status: str
    at: str


@dataclass(frozen=True, slots=True)
class BaseCard:
    """The element as one 1C base knows it. `condition`: well, waiting (for 1C), working, problem or aside (1C never confirms it)."""

    base: OneCBase
    number: str
    onec_number: str
    onec_id: str
    condition: str
    at: str
    steps: list[Step] = field(default_factory=list)
    money: Money | None = None
    stock: list[StockLine] = field(default_factory=list)
    values: list[compared.Compared] = field(default_factory=list)
    problems: list[Trouble] = field(default_factory=list)
    documents: list[Linked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Card:
    """The whole card; no `bases`: the exchange has not met the element yet."""

    element: Element
    bases: list[BaseCard]
    connected: bool

    @property
    def busy(self) -> bool:
        return any(one.condition == "working" for one in self.bases)

    @property
    def document(self) -> bool:
        return self.element[0] in DOCUMENT_TYPES


def card_of(portal: Portal, element: Element, others: Iterable[Element] = ()) -> Card:
    """The card of an element of the portal; of a buyer's documents only those among `others` (which the person may see)."""
    kind, id = element
    heard = HeardObject.objects.filter(portal=portal, entity_type_id=kind, b24_id=id).first()
    connected = OneCBase.objects.filter(portal=portal).exists()
    if kind in DOCUMENT_TYPES:
        documents = TradeDocument.objects.filter(base__portal=portal, entity_type_id=kind, b24_id=id)
        cards = [_document(row, heard) for row in documents.select_related("base").order_by("base_id")]
    else:
        parties = TradeParty.objects.filter(base__portal=portal, entity_type_id=kind, b24_id=id)
        cards = [_party(row, heard, list(others)) for row in parties.select_related("base").order_by("base_id")]
    return Card(element, cards, connected)


def documents_of(portal: Portal, buyer: Element, most: int = DOCUMENTS_SHOWN) -> list[Element]:
    """The newest documents of a buyer, as elements of the portal."""
    rows = TradeDocument.objects.filter(base__portal=portal, portal_side__buyer=list(buyer), b24_id__isnull=False)
    found = rows.order_by("-id").values_list("entity_type_id", "b24_id")[:most]
    return [(kind, id) for kind, id in found if id is not None]


def _document(row: TradeDocument, heard: HeardObject | None) -> BaseCard:
    portal = from_data(Trade, row.portal_side) if row.portal_side is not None else None
    onec = from_data(Trade, row.onec_side) if row.onec_side is not None else None
    problems = _problems(row.base, "document", row.pk)
    return BaseCard(
        base=row.base,
        number=row.number,
        onec_number=onec.onec_number if onec is not None else "",
        onec_id=row.onec_id,
        condition=_condition(row, heard, problems),
        at=moment(row.changed_at),
        steps=_steps(row, heard, portal, onec),
        money=_money(portal, onec),
        stock=_stock(row.base, portal, onec),
        values=compared.document(row.portal_side, row.onec_side, row.agreed),
        problems=problems,
    )


def _condition(row: TradeDocument | TradeParty, heard: HeardObject | None, problems: Sequence[Trouble]) -> str:
    if isinstance(row, TradeDocument) and row.set_aside_at is not None:
        return "aside"
    if problems:
        return "problem"
    if row.settled_version < row.version or _unread(heard):
        return "working"
    if isinstance(row, TradeDocument) and row.ready_at is not None and row.acknowledged_version < row.outgoing_version:
        return "waiting"
    return "well"


def _unread(heard: HeardObject | None) -> bool:
    return heard is not None and heard.read_version < heard.version


def _steps(row: TradeDocument, heard: HeardObject | None, portal: Trade | None, onec: Trade | None) -> list[Step]:
    """The path of the newest change: from the portal into 1C and back."""
    unread, settled = _unread(heard), row.settled_version >= row.version
    changed = parse_datetime(portal.updated_at) if portal is not None and portal.updated_at else None
    if heard is not None and (changed is None or unread):
        changed = heard.heard_at
    steps = []
    if row.known.get("origin") == "onec":
        steps.append(Step(_("Made in 1C"), "done", moment(row.created_at)))
    steps.append(Step(_("Changed in Bitrix24"), "done" if row.b24_id else "later", _at(changed)))
    ready = row.outgoing_version > 0 and row.ready_at is not None and not unread
    read = (bool(row.portal_side) or ready) and not unread
    steps.append(Step(_("Read by the exchange"), _state(read, unread), _at(row.changed_at if read and settled else None)))
    steps.append(Step(_("Ready for 1C"), _state(ready, read and not settled), _at(row.ready_at)))
    steps.append(_taken(row, ready=ready))
    confirmed = ready and row.acknowledged_version >= row.outgoing_version
    back = onec is not None and row.known.get("told_version") == row.acknowledged_version
    told = row.changed_at if back and row.acknowledged_at is not None and row.changed_at > row.acknowledged_at else None
    steps.append(Step(_("Came back from 1C"), _state(confirmed and back, confirmed and not back), _at(told)))
    return steps


def _taken(row: TradeDocument, *, ready: bool) -> Step:
    title = _("Taken by 1C")
    if ready and row.acknowledged_version >= row.outgoing_version:
        return Step(title, "done", _at(row.acknowledged_at))
    served = ServedDocument.objects.filter(document=row, version=row.outgoing_version).aggregate(at=Max("served_at"))["at"]
    if row.set_aside_at is not None:
        return Step(title, "now", _at(row.set_aside_at), _("left out: 1C never confirmed it"))
    if served is not None:
        return Step(title, "now", _at(served), _("given to 1C, which has not confirmed it yet"))
    return Step(title, _state(False, ready), "", _("1C takes it at its next exchange") if ready else "")


def _state(done: bool, here: bool) -> str:
    return "done" if done else "now" if here else "later"


def _at(at: dt.datetime | None) -> str:
    return moment(at) if at is not None else ""


def _money(portal: Trade | None, onec: Trade | None) -> Money | None:
    if onec is None:
        return None
    amount = next((side.amount for side in (portal, onec) if side is not None and side.amount is not None), Decimal(0))
    standing: Standing = standing_of(onec, amount)
    paid, debt, shipped = (compared.money(each, onec.currency) for each in (standing.paid, standing.debt, standing.shipped))
    return Money(compared.money(amount, onec.currency), paid, debt, shipped, [_entry(one) for one in entries_of(onec)])


def _entry(entry: Entry) -> dict[str, str]:
    if entry.kind == "payment":
        title = _("Money returned") if entry.returned else _("Payment")
    else:
        title = _("Goods returned") if entry.returned else _("Shipment")
    return {
        "title": title,
        "number": entry.number,
        "date": compared.shown(entry.date),
        "amount": compared.money(entry.amount, entry.currency),
        "cancelled": _("cancelled") if entry.cancelled else "",
    }


def _stock(base: OneCBase, portal: Trade | None, onec: Trade | None) -> list[StockLine]:
    """By warehouse, as 1C last told it, for the items of the lines."""
    lines = [line for side in (portal, onec) if side is not None for line in side.lines or () if line.item_id]
    names = {line.item_id: line.name for line in reversed(lines[:LINES_SHOWN])}
    if not names:
        return []
    rows = StateRow.objects.filter(base=base, kind__in=("product", "offer"), onec_id__in=list(names), stock__isnull=False)
    told = {row.onec_id: row for row in rows.order_by("-kind").only("onec_id", "stock", "changed_at", "kind")}
    places: dict[str, Any] = dict(
        StateRow.objects.filter(base=base, kind="warehouse").values_list("onec_id", "main__name") if told else ()
    )
    shown = []
    for onec_id, name in names.items():
        row = told.get(onec_id)
        if row is None or row.stock is None:
            continue
        by = {place: Decimal(str(quantity)) for place, quantity in (row.stock.get("by") or {}).items()}
        total = row.stock.get("total")
        amount = Decimal(str(total)) if total is not None else sum(by.values(), Decimal(0))
        quantities = [(str(places.get(place) or place), plain(quantity)) for place, quantity in by.items() if quantity]
        shown.append(StockLine(name or onec_id, plain(amount), quantities, moment(row.changed_at)))
    return shown


def _problems(base: OneCBase, kind: str, pk: int) -> list[Trouble]:
    found = Problem.objects.filter(portal=base.portal_id, base=base, kind=kind, onec_id=str(pk), closed_at=None)
    return [
        Trouble(one, causes.title(one.cause, 1), str(causes.cause(one.cause).remedy), causes.detail(one.cause, one.facts))
        for one in found.order_by("id")
    ]


def _party(row: TradeParty, heard: HeardObject | None, others: Sequence[Element]) -> BaseCard:
    problems = _problems(row.base, "party", row.pk)
    return BaseCard(
        base=row.base,
        number="",
        onec_number="",
        onec_id=row.onec_id or row.given_id,
        condition=_condition(row, heard, problems),
        at=moment(row.changed_at),
        values=compared.party(row.portal_side, row.onec_side, row.agreed),
        problems=problems,
        documents=_linked(row.base, others),
    )


def _linked(base: OneCBase, others: Sequence[Element]) -> list[Linked]:
    if not others:
        return []
    wanted = Q()
    for kind, id in others:
        wanted |= Q(entity_type_id=kind, b24_id=id)
    linked = []
    for row in TradeDocument.objects.filter(wanted, base=base).order_by("-id")[:DOCUMENTS_SHOWN]:
        side = from_data(Trade, row.portal_side or row.onec_side or {})
        told = from_data(Trade, row.onec_side or {})
        status = told.status_name or told.status_id or ""
        linked.append(
            Linked(
                side.title or f"№ {row.number or row.b24_id}",
                compared.money(side.amount, side.currency),
                status,
                moment(row.changed_at),
            )
        )
    return linked
