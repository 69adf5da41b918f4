"""The orders of a 1C base: what it makes of those it takes from a site, what its people do to them, and what it registers to send back.

Which of the site's changes an order still takes differs by generation; each rule is that generation's own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.onec.clients.manners import A, B, C, E, Manners
from sandbox.onec.orders import Buyer, Goods, Money, OrderLine, SiteOrder, order_from

# УТ 11: an order may be changed from outside while it waits for approval.
WAITING = "Ожидается согласование"
DONE = "Завершен"
_PLACES = uuid.UUID("6f8a1d8e-0d1c-4d5c-9f6e-000000000001")


@dataclass(slots=True)
class OrderBook:
    """Orders by the site's number (as this generation looks them up). `registered`: numbers to send at the next exchange."""

    manners: Manners
    name: str = "base"
    orders: dict[str, SiteOrder] = field(default_factory=dict)
    buyers: dict[str, Buyer] = field(default_factory=dict)
    registered: dict[str, None] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    counter: int = 0
    notes: list[str] = field(default_factory=list)

    def take(self, taken: Iterable[SiteOrder]) -> None:
        """What the base does with orders it has read: new ones are written, known ones changed as far as the rules allow.

        Orders just loaded are not registered, so they are not echoed at once. A and B even forget that their people had changed them,
        C does not send them in the same run.
        """
        self.loaded.clear()
        for told in taken:
            key = self.key(told)
            if self.manners is C:
                self.loaded.add(key)
            known = self.orders.get(key)
            if known is None:
                if not (self.manners is E and self._says_cancelled(told)):
                    self.orders[key] = self._written(told)
                continue
            self._update(known, told)
            if self.manners in (A, B):
                self.registered.pop(key, None)

    def key(self, order: SiteOrder) -> str:
        """By what this generation finds an order again."""
        if self.manners is C:
            return order.number[:11]
        if self.manners is E:
            return f"{''.join(letter for letter in order.number if letter.isdigit()):0>6}/{order.date[:4]}"
        return order.number

    def find(self, number: str) -> SiteOrder:
        """The order with this number of the site; raises LookupError."""
        found = [order for order in self.orders.values() if order.number == number]
        if len(found) != 1:
            raise LookupError(f"{len(found)} orders with number {number}")
        return found[0]

    def to_send(self) -> list[SiteOrder]:
        """What is registered; УТ 11 and the older ones send only orders that came from the site."""
        return [
            self.orders[key]
            for key in self.registered
            if key not in self.loaded and (self.manners.name in ("D", "D2", "module31") or not self.orders[key].own)
        ]

    def confirm(self) -> None:
        """The other side has taken them; the run is over."""
        self.registered = {key: None for key in self.registered if key in self.loaded}
        self.loaded.clear()

    # What the people of the base do; each registers the order.

    def pay(self, number: str, amount: str, *, method: str = "bank", returned: bool = False) -> Money:
        """A payment document."""
        order = self._touched(number)
        money = Money(self._id("money"), f"П-{self.counter:06}", order.date, amount, method, returned)
        order.payments.append(money)
        return money

    def ship(self, number: str, lines: dict[str, str] | None = None) -> Goods:
        """A shipment; all goods of the order when no lines are named."""
        order = self._touched(number)
        everything = {line.id: line.quantity for line in order.lines if not line.is_service}
        goods = Goods(self._id("goods"), f"Р-{self.counter:06}", order.date, lines or everything)
        order.shipments.append(goods)
        return goods

    def cancel(self, number: str, *, back: bool = False) -> None:
        """All lines cancelled (or no longer)."""
        self._touched(number).cancelled = not back

    def delete(self, number: str, *, back: bool = False) -> None:
        """Marked for deletion (or no longer)."""
        self._touched(number).deleted = not back

    def set_status(self, number: str, status: str) -> None:
        """A status of the base's own list."""
        self._touched(number).status = status

    def set_line(self, number: str, item_id: str, *, quantity: str = "", price: str = "", name: str = "") -> None:
        """Change a line, or add one; quantity "0" removes it."""
        order = self._touched(number)
        line = next((line for line in order.lines if line.id == item_id), None)
        if quantity == "0":
            order.lines = [other for other in order.lines if other.id != item_id]
        else:
            if line is None:
                # An order has one way with VAT, and a line has its item's rate.
                vat = order.lines[0].vat if order.lines else ""
                included = next((other.vat_included for other in order.lines if other.vat_sum), "true")
                line = OrderLine(item_id, name or item_id, "1", "0", "0", "796", "шт", vat, vat_included=included)
                order.lines.append(line)
            line.quantity, line.price = quantity or line.quantity, price or line.price
            _count(line)
        order.recount()

    def set_comment(self, number: str, text: str) -> None:
        """The document's comment."""
        self._touched(number).comment = text

    def register_all(self) -> None:
        """A full run: every order is sent at the next exchange."""
        self.registered = dict.fromkeys(self.orders)

    def set_buyer(self, number: str, buyer_id: str) -> None:
        """Another counterparty for the document."""
        order = self._touched(number)
        order.buyer = self.buyers[buyer_id]
        order.buyer_id, order.buyer_name = buyer_id, order.buyer.name

    def rename_buyer(self, buyer_id: str, **changes: Any) -> Buyer:
        """Change a counterparty; every order of it is registered, for that is how it travels."""
        buyer = self.buyers[buyer_id]
        for name, value in changes.items():
            setattr(buyer, name, value)
        for key, order in self.orders.items():
            if order.buyer is buyer:
                order.buyer_name = buyer.name
                self.registered[key] = None
        return buyer

    def create(self, buyer: Buyer, lines: list[OrderLine], *, currency: str = "RUB", date: str = "2026-05-12") -> SiteOrder:
        """An order first made here; its number is the base's own until a site gives one."""
        own_id, own_number = self._id("order"), f"ТД00-{self.counter:06}"
        self.buyers.setdefault(buyer.id, buyer)
        order = SiteOrder("", own_number, date, "12:00:00", currency, "1", "0", "", buyer.id, buyer.name, lines, {})
        order.own_id, order.own_number, order.own_date, order.own, order.buyer = (
            own_id,
            own_number,
            date,
            True,
            self.buyers[buyer.id],
        )
        order.recount()
        self.orders[self.key(order)] = order
        self.registered[self.key(order)] = None
        return order

    # keeping

    def to_state(self) -> dict[str, Any]:
        """What must be kept to get this very book again."""
        return {
            "name": self.name,
            "counter": self.counter,
            "registered": list(self.registered),
            "orders": [asdict(order) for order in self.orders.values()],
        }

    @classmethod
    def from_state(cls, manners: Manners, state: dict[str, Any]) -> OrderBook:
        """The book that wrote `state`."""
        book = cls(manners, state.get("name", "base"), counter=state.get("counter", 0))
        for data in state.get("orders", ()):
            order = order_from(data)
            if order.buyer is not None:
                order.buyer = book.buyers.setdefault(order.buyer.id, order.buyer)
            book.orders[book.key(order)] = order
        book.registered = dict.fromkeys(state.get("registered", ()))
        return book

    def _touched(self, number: str) -> SiteOrder:
        order = self.find(number)
        self.registered[self.key(order)] = None
        self.loaded.discard(self.key(order))
        return order

    def _id(self, kind: str) -> str:
        self.counter += 1
        return str(uuid.uuid5(_PLACES, f"{self.name}/{kind}/{self.counter}"))

    def _written(self, told: SiteOrder) -> SiteOrder:
        told.own_id, told.own_number, told.own_date = self._id("order"), f"ТД00-{self.counter:06}", told.date
        told.buyer = self._buyer(told)
        self._flags(told, told)
        return told

    def _buyer(self, told: SiteOrder) -> Buyer | None:
        """Found as this generation finds counterparties, with what it updates; else made."""
        if told.buyer is None:
            return None
        new = told.buyer
        known = self.buyers.get(new.id) or next((one for one in self.buyers.values() if one.own_id == new.id), None)
        if known is None and new.inn:
            known = next((one for one in self.buyers.values() if (one.inn, one.kpp) == (new.inn, new.kpp)), None)
        if known is None and not new.inn:
            known = next((one for one in self.buyers.values() if one.name == new.name and not one.inn), None)
        if known is None:
            new.own_id = self._id("buyer")
            return self.buyers.setdefault(new.id, new)
        for name in ("name", "full_name", "official_name", "inn", "kpp", "address", "legal_address"):
            if getattr(new, name):
                setattr(known, name, getattr(new, name))
        known.phones, known.emails = new.phones or known.phones, new.emails or known.emails
        return known

    def _update(self, known: SiteOrder, told: SiteOrder) -> None:
        buyer = self._buyer(told)
        self._flags(known, told)
        if not self._changeable(known):
            self.notes.append(f"order {known.number} is not changed: it is at work here")
            return
        known.lines, known.sum, known.comment, known.currency = told.lines, told.sum, told.comment, told.currency
        known.pay_until = told.pay_until
        known.buyer, known.buyer_id, known.buyer_name = buyer, told.buyer_id, told.buyer_name
        known.properties = told.properties

    def _changeable(self, order: SiteOrder) -> bool:
        """Whether the site may still change the body of an order."""
        busy = bool(order.payments or order.shipments)
        if self.manners in (A, B):
            return not busy
        if self.manners is C:
            return order.status in ("", WAITING) and not busy
        if self.manners is E:
            return True
        return order.status != DONE and not busy

    def _flags(self, order: SiteOrder, told: SiteOrder) -> None:
        if self._says_cancelled(told):
            if self.manners in (A, B):
                order.deleted = True
            else:
                order.cancelled = True
        elif order is not told and self.manners not in (A, B):
            order.cancelled = False

    @staticmethod
    def _says_cancelled(told: SiteOrder) -> bool:
        return told.properties.get("Отменен", "").lower() in ("true", "истина", "да")


def _count(line: OrderLine) -> None:
    """The line's sum and VAT follow price and quantity, to the kopeck."""
    total = (Decimal(line.price) * Decimal(line.quantity)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    line.sum = format(total, "f")
    rate = line.vat.rstrip("% ")
    if rate.replace(".", "", 1).isdigit():
        share = Decimal(rate)
        vat = total * share / (100 + share) if line.vat_included != "false" else total * share / 100
        line.vat_sum = format(vat.quantize(Decimal("0.01"), ROUND_HALF_UP), "f")
