"""One order of 1C with all that hangs on it, as a Trade; what is not understood becomes facts by their own names. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from exchange.planning import document_words as w
from exchange.planning.counterparties import taken
from exchange.planning.document_parts import (
    Said,
    currency_of,
    day_of,
    item_id,
    old_payment_of,
    payment_of,
    shipment_of,
    status_of,
)
from exchange.planning.onec_lines import lines_from_onec
from exchange.planning.trade import Line, Party, Payment, Shipment, Trade
from exchange.records import Counterparty, OrderDocument, OrderLine

MOST_FACTS: Final = 200


class Order(NamedTuple):
    """An order or invoice of 1C. `complete`: it names all its payments and shipments (else only those that are new)."""

    trade: Trade
    buyer: Party | None = None
    seller: Party | None = None
    complete: bool = False


def kind_of(document: OrderDocument) -> w.Kind:
    return w.OPERATIONS.get(w.plain(document.operation), "other") if document.operation else "order"


def title_of(document: OrderDocument) -> str:
    return " ".join(
        part for part in (document.operation, document.number or document.onec_number, document.date_text[:10]) if part
    )


def order_of(
    document: OrderDocument,
    hanging: Sequence[OrderDocument],
    currencies: Mapping[str, str],
    counter: Counter[str],
    *,
    complete: bool,
) -> Order:
    said = Said(document)
    currency = currency_of(document.currency, currencies)
    facts: list[tuple[str, str]] = []
    all_hanging = [*below(document), *(one for other in hanging for one in (other, *below(other)))]
    payments, shipments = hung_on(all_hanging, currencies, facts)
    payments = (*(old_payment_of(one, currency) for one in document.payments), *payments)
    buyer, seller = _parties(document.parties, facts, counter)
    paid_number, paid_on = said.text("paid_number"), said.day("paid_on")
    shipped_number, shipped_on = said.text("shipped_number"), said.day("shipped_on")
    paid, shipped = said.flag("paid"), said.flag("shipped")
    if paid:
        paid_number, paid_on = paid_number or said.text("payment_number"), paid_on or said.day("payment_date")
    status_id, status_name = status_of(said.text("status"))
    flags = (said.flag("cancelled"), True if document.deleted else said.flag("deleted"))
    whole = complete or bool(document.container or document.subordinates)
    paid = paid if paid is not None else bool(paid_number or paid_on) or None
    shipped = shipped if shipped is not None else bool(shipped_number or shipped_on) or None
    trade = Trade(
        number=document.number,
        date=document.date,
        time=document.time,
        currency=currency,
        amount=document.amount,
        lines=_lines(document, currency, facts) if document.lines else None,
        comment=document.comment or None,
        party=buyer.id if buyer is not None else "",
        organisation=_organisation(seller, said),
        warehouse_id=_warehouse(document, said, facts) or None,
        agreement_id=said.text("agreement_id", "agreement", "contract") or None,
        price_type_id=said.text("price_type_id", "price_type") or None,
        pay_until=document.pay_until or said.day("pay_until"),
        cancelled=any(flags) if flags != (None, None) else None,
        deleted=flags[1],
        onec_id="" if document.id == document.number else document.id,
        onec_number=said.text("onec_number") or document.onec_number,
        onec_date=said.day("onec_date") or day_of(document.onec_date),
        posted=said.flag("posted"),
        status_id=said.text("status_id") or status_id or None,
        status_name=status_name or None,
        payments=payments or (() if _none(paid, document.subordinates, whole=whole) else None),
        shipments=shipments or (() if _none(shipped, document.subordinates, whole=whole) else None),
        paid=paid,
        shipped=shipped,
        paid_number=paid_number,
        paid_on=paid_on,
        shipped_number=shipped_number,
        shipped_on=shipped_on,
        version=document.version,
    )
    facts = [*said.left(), *_own_facts(document, currency, seller), *facts]
    counter.update(name.rpartition(": ")[2] for name, _ in facts)
    return Order(replace(trade, facts=tuple(facts[:MOST_FACTS])), buyer, seller, whole)


def _none(done: bool | None, subordinates: Sequence[OrderDocument], *, whole: bool) -> bool:
    """Whether an order that lists no payments (or shipments) has none, where it would list them."""
    return whole and (done is False or (done is None and bool(subordinates)))


def below(document: OrderDocument) -> Iterator[OrderDocument]:
    for one in document.subordinates:
        yield one
        yield from below(one)


def hung_on(
    documents: Iterable[OrderDocument], currencies: Mapping[str, str], facts: list[tuple[str, str]]
) -> tuple[tuple[Payment, ...], tuple[Shipment, ...]]:
    """Payments and shipments of an order, each once; what else hangs on it, and what they say beside, becomes facts."""
    payments: dict[str, Payment] = {}
    shipments: dict[str, Shipment] = {}
    for document in documents:
        said, kind = Said(document), kind_of(document)
        if kind in ("payment", "refund"):
            payment = payment_of(document, currencies, said)
            payments[payment.key] = payment
        elif kind in ("shipment", "return"):
            shipment = shipment_of(document, said)
            shipments[shipment.key] = shipment
        else:
            facts.append((document.operation or w.OTHER_DOCUMENT, title_of(document)))
        prefix = title_of(document)
        facts += [(f"{prefix}: {name}", value) for name, value in said.left()]
    return tuple(payments.values()), tuple(shipments.values())


def _parties(
    records: Iterable[Counterparty], facts: list[tuple[str, str]], counter: Counter[str]
) -> tuple[Party | None, Party | None]:
    """Buyer and seller; a party without a role is the buyer, a second one of the same role a fact."""
    buyer: Party | None = None
    seller: Party | None = None
    for record in records:
        party, left = taken(record)
        counter.update(left)
        if w.plain(record.role) in w.SELLER_ROLES and seller is None:
            seller = party
        elif w.plain(record.role) not in w.SELLER_ROLES and (buyer is None or w.plain(record.role) in w.BUYING_ROLES):
            if buyer is not None:
                facts.append((w.PARTY, buyer.name))
            buyer = party
        else:
            facts.append((record.role or w.PARTY, party.name))
    return buyer, seller


def _organisation(seller: Party | None, said: Said) -> str | None:
    by_id, by_name = said.text("organisation_id"), said.text("organisation")
    return by_id or ((seller.id or seller.name) if seller is not None else "") or by_name or None


def _warehouse(document: OrderDocument, said: Said, facts: list[tuple[str, str]]) -> str:
    by_id, by_name = said.text("warehouse_id"), said.text("warehouse")
    first, *others = document.warehouses or (None,)
    facts += [(w.STOCK, other.name or other.id) for other in others if other is not None]
    return by_id or ((first.id or first.name) if first is not None else "") or by_name


def _own_facts(document: OrderDocument, currency: str, seller: Party | None) -> Iterator[tuple[str, str]]:
    if document.currency_rate is not None and document.currency_rate != 1:
        yield w.RATE, f"{document.currency_rate:f}"
    if document.currency and not currency:
        yield w.CURRENCY, document.currency
    if document.site_id:
        yield w.SITE_ID, document.site_id
    if seller is not None and seller.name:
        yield w.ORGANISATION, seller.name
    if seller is not None and seller.tax_id:
        yield w.ORGANISATION_TAX_ID, seller.tax_id


def _lines(document: OrderDocument, currency: str, facts: list[tuple[str, str]]) -> tuple[Line, ...]:
    found = []
    for place, (line, given) in enumerate(zip(lines_from_onec(document, currency), document.lines, strict=True), 1):
        product, unit = given.product, given.unit or given.product.unit
        base = product.unit
        code = next((one.code for one in (unit, base) if one is not None and one.code.isdecimal()), "")
        service = w.plain(product.item_type or product.item_kind or "") in w.SERVICE_TYPES or product.id == w.DELIVERY_ID
        found.append(
            replace(
                line,
                item_id=item_id(given),
                name=product.name or product.full_name or "",
                unit_code=code.zfill(3) if code else "",
                unit_name=unit.name if unit is not None else "",
                service=service,
                article=product.article or "",
            )
        )
        facts += [(f"{w.LINE} {place}: {name}", value) for name, value in _line_facts(given)]
    return tuple(found)


def _line_facts(line: OrderLine) -> Iterator[tuple[str, str]]:
    if line.ratio is not None and line.ratio != 1:
        yield w.RATIO, f"{line.ratio:f}"
    if line.reserve:
        yield w.RESERVE, f"{line.reserve:f}"
    if line.country:
        yield w.COUNTRY_OF_ORIGIN, line.country
    if line.customs_declaration:
        yield w.CUSTOMS_DECLARATION, line.customs_declaration
    if line.marks:
        yield w.MARKS, "; ".join(line.marks)
    for stock in line.stock:
        yield w.STOCK, f"{stock.warehouse_id}: {stock.quantity:f}"
    for requisite in line.product.requisites or ():
        if requisite.values:
            yield requisite.name, "; ".join(requisite.values)
