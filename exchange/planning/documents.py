"""A sale file of 1C as documents of both sides: every order with its payments, shipments and buyer, whatever generation wrote it. Pure.

Payments and shipments lie in an order (ПодчиненныеДокументы, Оплаты), beside it in its Контейнер, or anywhere in the file with the
order as their Основание; the oldest exchanges only say that an order is paid or shipped in full. What is not understood is kept by
its own name in `facts` and listed in `not_carried`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from exchange.planning import document_words as w
from exchange.planning.counterparties import party_of as party_of
from exchange.planning.document_orders import Order as Order
from exchange.planning.document_orders import below, hung_on, kind_of, order_of, title_of
from exchange.planning.trade import Payment, Shipment, Trade
from exchange.records import OrderDocument


class Loose(NamedTuple):
    """A payment or shipment whose order is not in the file; `basis` is the order's id as the file names it ("" = none)."""

    basis: str
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    name: str = ""


class NotTaken(NamedTuple):
    """A document that is none of ours to carry, and why: purchase, unknown-operation, document-without-number, invoice-factura."""

    cause: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. `not_carried` counts by name what has no place in the portal."""

    orders: tuple[Order, ...] = ()
    loose: tuple[Loose, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    not_carried: Mapping[str, int] = field(default_factory=dict)


def trades_of(documents: Iterable[OrderDocument], currencies: Mapping[str, str], *, complete: bool = False) -> Reading:
    """The orders of these documents with all that belongs to them.

    `currencies`: as 1C writes them, in lower case → ISO 4217. `complete`: the client tells payments and shipments one by one
    whenever it tells an order (УНФ with cmlVersion 2.10), so an unpaid order without payments has none.
    """
    whole = list(documents)
    kinds = [kind_of(document) for document in whole]
    heads = _Heads(whole, (place for place, kind in enumerate(kinds) if kind == "order"))
    for place, kind in enumerate(kinds):
        if kind == "invoice" and heads.of(whole[place]) is None:
            heads.add(place)
    counter: Counter[str] = Counter()
    loose: list[Loose] = []
    refused: list[NotTaken] = []
    for place, document in enumerate(whole):
        head = None if place in heads.hanging else heads.of(document)
        if head is not None:
            heads.hanging[head].append(document)
        elif place not in heads.hanging and kinds[place] == "other":
            refused.append(NotTaken("unknown-operation", document.id, title_of(document)))
        elif place not in heads.hanging:
            loose.append(_loose(document, currencies, counter))
    orders = []
    for place, hanging in sorted(heads.hanging.items()):
        document = whole[place]
        if w.plain(document.role) in w.BUYING_ROLES:
            refused.append(NotTaken("purchase", document.id, title_of(document)))
        elif not (document.number or document.id):
            refused.append(NotTaken("document-without-number", "", title_of(document)))
        else:
            orders.append(order_of(document, hanging, currencies, counter, complete=complete))
    return Reading(tuple(orders), tuple(loose), tuple(refused), dict(counter))


class _Heads:
    """The orders of a file, found by what other documents call them; `hanging`: what belongs to each."""

    def __init__(self, documents: Sequence[OrderDocument], places: Iterable[int]) -> None:
        self._documents = documents
        self._by_name: dict[str, int] = {}
        self._by_container: dict[int, int] = {}
        self.hanging: dict[int, list[OrderDocument]] = {}
        for place in places:
            self.add(place)

    def add(self, place: int) -> None:
        document = self._documents[place]
        self.hanging[place] = []
        # The last of two orders of one name is the newer one, the first of a container the one the others belong to.
        self._by_name.update(dict.fromkeys({document.id, document.number, document.onec_number} - {""}, place))
        if document.container:
            self._by_container.setdefault(document.container, place)

    def of(self, document: OrderDocument) -> int | None:
        found = self._by_name.get(document.basis_id) if document.basis_id else None
        return found if found is not None else self._by_container.get(document.container)


def _loose(document: OrderDocument, currencies: Mapping[str, str], counter: Counter[str]) -> Loose:
    facts: list[tuple[str, str]] = []
    payments, shipments = hung_on((document, *below(document)), currencies, facts)
    counter.update(name.rpartition(": ")[2] for name, _ in facts)
    return Loose(document.basis_id, payments, shipments, title_of(document))


def laid_over(before: Trade | None, now: Trade, *, complete: bool) -> Trade:
    """What 1C says altogether, after it said `before` and then `now`: what `now` leaves out stays.

    `complete`: the payments and shipments that `now` lists are all there are; else they come to the others. One that is cancelled and
    was never told before has never been.
    """
    known = before if before is not None else Trade()
    payments = _list_over(known.payments, now.payments, complete=complete)
    shipments = _list_over(known.shipments, now.shipments, complete=complete)
    if now.payments is None and now.paid and payments is not None and _paid(payments) < (now.amount or 0):
        # Paid in full, says an order that names no payments: the part payments told before are not all.
        payments = None
    silent = {name: getattr(known, name) for name in _LASTING if getattr(now, name) in (None, "")}
    if now.lines is not None and now.comment is None and known.comment is not None:
        # No client leaves out a comment that there is (onec-clients: what 1C returns): it was taken away.
        silent["comment"] = ""
    for done in ("paid", "shipped"):
        # The older exchanges say nothing of what is not done in full: their number and date come only while it is (onec-clients).
        lists_none = getattr(now, _LISTS[done]) is None and getattr(known, _LISTS[done]) is None
        if lists_none and getattr(known, done) and getattr(now, done) is None and now.lines is not None and now.onec_number:
            silent[done] = False
    return replace(now, **silent, payments=payments, shipments=shipments)


def added(before: Trade | None, loose: Loose) -> Trade:
    """What 1C says of an order after it also told this payment or shipment of it."""
    known = before if before is not None else Trade()
    return replace(
        known,
        payments=_list_over(known.payments, loose.payments or None, complete=False),
        shipments=_list_over(known.shipments, loose.shipments or None, complete=False),
    )


_LISTS: Final = {"paid": "payments", "shipped": "shipments"}
_LASTING: Final = tuple(
    name.name
    for name in fields(Trade)
    if name.name not in ("payments", "shipments", "facts", "title", "updated_at", "stage_id", "category_id")
)


def _paid(payments: Iterable[Payment]) -> Decimal:
    return sum((-one.amount if one.returned else one.amount for one in payments if not one.cancelled), Decimal(0))


T = TypeVar("T", Payment, Shipment)


def _list_over(before: tuple[T, ...] | None, now: tuple[T, ...] | None, *, complete: bool) -> tuple[T, ...] | None:
    if now is None:
        return before
    told = {one.key: one for one in before or ()}
    fresh = {one.key: one for one in now if not one.cancelled or one.key in told}
    return tuple((fresh if complete else told | fresh).values())
