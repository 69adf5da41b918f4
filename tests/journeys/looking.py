"""Where a portal and a 1C differ, field by field: documents with their lines, money, dates and stages, and their buyers.

Each side is read as its own people see it: the portal's rows of the store, 1C's own orders. Nothing of the app is asked but
which number belongs to which document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from exchange.models import TradeDocument
from sandbox.onec.orders import Buyer, OrderLine, SiteOrder

if TYPE_CHECKING:
    from tests.journeys.trading import World

DEAL, COMPANY, INVOICE = 2, 4, 31
CENT = Decimal("0.01")
SHORT = {DEAL: "D", INVOICE: "SI"}
POSTED = {True: "Проведен", False: "Не проведен"}
# 1C's words for a currency.
_CURRENCIES = {"руб": "RUB", "руб.": "RUB", "643": "RUB"}


class Difference(NamedTuple):
    """One field of one document, and what each side has there; `part` is the line it is about."""

    number: str
    field: str
    onec: Any
    portal: Any
    part: str = ""

    def __str__(self) -> str:
        name = f"{self.field} {self.part}".strip()
        return f"{self.number}: {name}: 1C {self.onec!r}, portal {self.portal!r}"


def differences(world: World) -> Iterator[Difference]:
    """Everything in which the two sides do not agree."""
    rows = TradeDocument.objects.filter(base=world.base, b24_id__isnull=False).exclude(number="")
    by_number = {row.number: (row.entity_type_id, int(row.b24_id or 0)) for row in rows}
    finished = _finished(world)
    seen: Counter[str] = Counter(order.number for order in world.book.orders.values())
    yield from (Difference(number, "number", times, 1) for number, times in seen.items() if times > 1)
    for order in world.book.orders.values():
        key = by_number.get(order.number)
        if key is None:
            yield Difference(order.number, "document", "there", "not there")
        elif world.bitrix24.state.get(f"items_{key[0]}", key[1]) is None:
            if not (order.cancelled or order.deleted):
                yield Difference(order.number, "cancelled", False, "deleted")
        else:
            yield from Look(world, order, *key, finished).differences()


def _finished(world: World) -> frozenset[int]:
    """Companies of which every document is won or lost."""
    stands: dict[int, set[bool]] = {}
    for kind in SHORT:
        for item in world.bitrix24.state[f"items_{kind}"]:
            stands.setdefault(int(item.get("companyId") or 0), set()).add(bool(world.semantics(kind, item["id"])))
    return frozenset(company for company, over in stands.items() if over == {True})


class Look:
    """One document on both sides."""

    def __init__(self, world: World, order: SiteOrder, kind: int, document: int, finished: frozenset[int]) -> None:
        self.world, self.order, self.kind, self.finished = world, order, kind, finished
        self.item = world.item(kind, document)
        owner = {"=ownerType": SHORT[kind], "=ownerId": document}
        found = world.bitrix24.call("crm.item.productrow.list", {"filter": owner})
        self.rows: list[Mapping[str, Any]] = found["productRows"]
        self.over = world.semantics(kind, document)
        # What this 1C says of itself is known only once it has said anything.
        self.told = order.number in world.told

    def differences(self) -> Iterator[Difference]:
        """Field by field."""
        for name, (mine, theirs) in {**self._fields(), **self._own_fields(), **self._buyer()}.items():
            if mine != theirs:
                yield Difference(self.order.number, name, mine, theirs)
        yield from self._lines()
        yield from self._entries()

    @property
    def busy(self) -> bool:
        """Nearly no 1C lets a site change an order that has other documents."""
        return bool(self.order.payments or self.order.shipments)

    def _fields(self) -> dict[str, tuple[Any, Any]]:
        order, item = self.order, self.item
        begun = str(item.get("begindate") or item["createdTime"])[:10]
        found: dict[str, tuple[Any, Any]] = {
            "sum": (Decimal(order.sum), Decimal(str(item["opportunity"]))),
            "currency": (_CURRENCIES.get(order.currency, order.currency), str(item["currencyId"])),
            "comment": (order.comment, str(item.get("comments") or "")),
            "cancelled": (order.cancelled or order.deleted, self.over == "F"),
            "date": (order.date, begun),
        }
        if self.kind == INVOICE and self.world.tells_pay_until():
            found["pay_until"] = (order.pay_until, str(item.get("closedate") or "")[:10])
        if not self.busy and not self.over and order.properties.get("Статус заказа"):
            # A stage that 1C's own payment or cancellation moved is no news for it, and what is over stays as it was told.
            found["status"] = (order.properties.get("Статуса заказа ИД", ""), str(item["stageId"]))
        return found

    def _own_fields(self) -> dict[str, tuple[Any, Any]]:
        """What 1C says of itself, in the app's own fields of the portal's document."""
        if not self.told:
            return {}
        order, whole, currency = self.order, Decimal(str(self.item["opportunity"])), str(self.item["currencyId"])
        if self.world.tells_parts():
            paid, shipped = order.paid_sum(), sum((_worth(order, goods.lines) for goods in order.shipments), Decimal(0))
            paid_on = max((money.date for money in order.payments if not money.returned), default="")
            shipped_on = max((goods.date for goods in order.shipments), default="")
        else:
            paid, shipped = whole * order.paid_in_full(), whole * order.shipped_in_full()
            paid_on = order.payments[-1].date if order.paid_in_full() and order.payments else ""
            shipped_on = order.shipments[-1].date if order.shipped_in_full() and order.shipments else ""
        wanted = {
            "paid": _money(paid, currency),
            "debt": _money(max(whole - paid, Decimal(0)), currency),
            "shipped": _money(shipped, currency),
            "paid_on": paid_on,
            "shipped_on": shipped_on,
            "number": order.own_number,
            "date": order.own_date,
            "status": (order.status if self.world.tells_status() else "") or POSTED[not order.deleted],
        }
        shown = {name: str(self.item.get(key) or "") for name, key in self.world.own_keys(self.kind).items()}
        if Decimal(order.sum) != whole and abs(_number(shown["debt"].partition("|")[0]) - max(whole - paid, Decimal(0))) <= CENT:
            # While lines are disputed the portal's own sum may be a kopeck beside that of its lines.
            wanted["debt"] = shown["debt"]
        return {
            f"own {name}": (value, shown[name][:10] if name.endswith(("_on", "date")) else shown[name])
            for name, value in wanted.items()
        }

    def _entries(self) -> Iterator[Difference]:
        """One entry in the timeline for each payment and shipment."""
        if not self.told or not self.world.tells_parts():
            return
        owned = self.world.bitrix24.state.where("activities", ownerTypeId=self.kind, ownerId=self.item["id"])
        opened = [row["layout"]["footer"]["buttons"]["open"]["action"]["actionParams"]["entry"] for row in owned]
        shown = Counter(entry.rpartition(":")[2] for entry in opened)
        told = Counter([*(money.id for money in self.order.payments), *(goods.id for goods in self.order.shipments)])
        if shown != told:
            yield Difference(self.order.number, "entries", sorted(told.elements()), sorted(shown.elements()))

    def _lines(self) -> Iterator[Difference]:
        ids = {number: item for item, number in self.world.products.items()}
        mine: dict[str, list[OrderLine]] = {}
        theirs: dict[str, list[Mapping[str, Any]]] = {}
        for line in self.order.lines:
            mine.setdefault(line.id, []).append(line)
        for row in self.rows:
            theirs.setdefault(ids.get(int(row["productId"] or 0), str(row["productName"])), []).append(row)
        for item in sorted({*mine, *theirs}):
            lines, rows = mine.get(item, []), theirs.get(item, [])
            if len(lines) != len(rows):
                yield Difference(self.order.number, "lines", [_said(line) for line in lines], [_shown(row) for row in rows], item)
                continue
            lines.sort(key=lambda line: (Decimal(line.quantity), _to_pay(line)))
            rows.sort(key=lambda row: (_number(row["quantity"]), _number(row["price"]) * _number(row["quantity"])))
            for line, row in zip(lines, rows, strict=True):
                yield from self._line(item, line, row)

    def _line(self, item: str, line: OrderLine, row: Mapping[str, Any]) -> Iterator[Difference]:
        """Quantity, VAT, unit, and the money.

        Of parts of a piece a row's price cannot hold every amount, nor with VAT on top, where the portal rounds the price and 1C the
        amount: there the two sides may be half a kopeck a piece apart in a line, never in the sum.
        """
        number, quantity, rate = self.order.number, Decimal(line.quantity), _rate(line.vat)
        price, whole = _number(row["price"]), _kopecks(_number(row["price"]) * _number(row["quantity"]))
        pairs = {
            "quantity": (quantity, _number(row["quantity"])),
            "vat": (rate, None if row["taxRate"] is None else _number(row["taxRate"])),
            "unit": (line.unit_code.lstrip("0"), str(row["measureCode"])),
        }
        on_top = bool(rate) and line.vat_included == "false"
        ways = {one["taxIncluded"] for one in self.rows if one["taxRate"]}
        if rate and len(ways) == 1 and on_top != (ways == {"N"}):
            pairs["vat_included"] = (line.vat_included, ways.pop())
        parts, added = price * _number(row["quantity"]) != whole, bool(rate) and row["taxIncluded"] == "N"
        room = CENT / 2 * (quantity + 1) if added else CENT if parts else Decimal(0)
        if abs(_to_pay(line) - whole) > room:
            pairs["amount"] = (_to_pay(line), whole)
        if not on_top and abs(Decimal(line.price) - price) > room:
            pairs["price"] = (Decimal(line.price), price)
        if rate and line.vat_sum:
            base = Decimal(line.sum)
            due = _kopecks(base * rate / 100 if on_top else base * rate / (100 + rate))
            if abs(Decimal(line.vat_sum) - due) > room:
                pairs["vat_sum"] = (Decimal(line.vat_sum), due)
        for name, (mine, theirs) in pairs.items():
            if mine != theirs:
                yield Difference(number, name, mine, theirs, item)

    def _buyer(self) -> dict[str, tuple[Any, Any]]:
        """The buyer that both name; who has none but finished documents is not told to 1C any more."""
        buyer, key = self.order.buyer or Buyer("", ""), int(self.item.get("companyId") or 0)
        if key in self.finished:
            return {}
        company = self.world.bitrix24.state.get("items_4", key) or {}
        owned = self.world.bitrix24.state.where("requisites", ENTITY_TYPE_ID=str(COMPANY), ENTITY_ID=str(key))
        requisite = owned[0] if owned else {}
        theirs = {
            "buyer": str(company.get("title") or ""),
            "full_name": str(requisite.get("RQ_COMPANY_FULL_NAME") or company.get("title") or ""),
            "inn": str(requisite.get("RQ_INN") or ""),
            "kpp": str(requisite.get("RQ_KPP") or ""),
            "phones": sorted(_phone(row["value"]) for row in company.get("fm") or () if row["typeId"] == "PHONE"),
            "emails": sorted(row["value"] for row in company.get("fm") or () if row["typeId"] == "EMAIL"),
        }
        mine = {
            "buyer": buyer.name,
            "full_name": buyer.full_name or buyer.name,
            "inn": buyer.inn,
            "kpp": buyer.kpp,
            "phones": sorted(map(_phone, buyer.phones)),
            "emails": sorted(buyer.emails),
        }
        return {name: (mine[name], theirs[name]) for name in mine}


def _to_pay(line: OrderLine) -> Decimal:
    return Decimal(line.sum) + (Decimal(line.vat_sum or 0) if line.vat_included == "false" else 0)


def _said(line: OrderLine) -> tuple[str, str, str]:
    return (line.quantity, line.price, line.sum)


def _shown(row: Mapping[str, Any]) -> tuple[str, str]:
    return (str(row["quantity"]), str(row["price"]))


def _worth(order: SiteOrder, lines: Mapping[str, str]) -> Decimal:
    prices = {line.id: Decimal(line.price) for line in order.lines}
    return _kopecks(sum((prices[item] * Decimal(quantity) for item, quantity in lines.items()), Decimal(0)))


def _rate(text: str) -> Decimal | None:
    text = text.strip("% ")
    return Decimal(text) if text.replace(".", "", 1).isdigit() else None


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _kopecks(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _money(amount: Decimal, currency: str) -> str:
    return f"{format(amount.normalize(), 'f') if amount else '0'}|{currency}"


def _phone(text: str) -> str:
    return re.sub(r"\D", "", text)[-10:]
