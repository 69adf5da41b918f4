"""People at work on both sides of an exchange, at random: what each of them does, and how often."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exchange.models import TradeDocument
from sandbox.onec.clients.manners import A, B
from sandbox.onec.orders import SiteOrder
from tests.journeys.trading import CABLE, COMPANY, DEAL, FITTING, INVOICE, PIPE, World

ITEMS = (CABLE, PIPE, FITTING)
# Stages in which 1C has the document, and a lost one.
OPEN = {INVOICE: ("DT31_1:S",), DEAL: ("PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING")}
BEFORE = {INVOICE: "DT31_1:N", DEAL: "NEW"}
LOST = {INVOICE: "DT31_1:D", DEAL: "LOSE"}
RATES = (20, 20, 20, 20, 10, 5, 22, 0, None)


@dataclass
class People:
    """They share the dice and remember what they made."""

    world: World
    dice: random.Random
    mine: list[tuple[int, int]] = field(default_factory=list)
    companies: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    number: int = 0
    deleted: int = 0
    # Numbers of documents that the portal has deleted.
    gone: set[str] = field(default_factory=set)

    def begin(self, documents: int) -> None:
        """Companies, and documents that 1C shall have."""
        for number in range(max(2, documents // 5)):
            self.companies.append(self.world.company(f"Клиент {number}", f"77{number:08}", "770001001"))
        self.make(INVOICE)
        for _ in range(documents - 1):
            self.make()

    def fill_in(self) -> None:
        """An order of which 1C tells everything that it can: its people write what they think of one with a term."""
        kind, document = next(key for key in self.mine if key[0] == INVOICE)
        self.world.change(kind, document, closedate=self._day())
        self.world.exchange()
        self.world.book.set_comment(self.world.order(kind, document).number, "Срочно")

    def make(self, kind: int = 0) -> None:
        """A document in a stage in which 1C gets it."""
        kind = kind or self.dice.choice((INVOICE, DEAL))
        stage = self.dice.choice(OPEN[kind])
        self.mine.append((kind, self.world.document(kind, self.dice.choice(self.companies), self._rows(), stageId=stage)))

    def edit(self) -> None:
        """Somebody does something."""
        acts, weights = zip(*self._acts(), strict=True)
        act: Callable[[], None] = self.dice.choices(acts, weights)[0]
        self.counts[act.__name__.strip("_")] += 1
        act()

    def _acts(self) -> list[tuple[Callable[[], None], float]]:
        return [
            (self._portal_rows, 25),
            (self._portal_comment, 10),
            (self._portal_date, 1),
            (self._portal_pay_until, 2),
            (self._portal_buyer, 2),
            (self._portal_stage, 4),
            (self._portal_cancels, 1),
            (self._portal_title, 2),
            (self._portal_requisites, 3),
            (self._portal_contacts, 3),
            (self._portal_deletes, 0.2),
            (self._onec_line, 22),
            (self._onec_takes_line_out, 2),
            (self._onec_comment, 7),
            (self._onec_pays, 6),
            (self._onec_ships, 5),
            (self._onec_buyer, 1),
            (self._onec_counterparty, 6),
            (self._onec_status, 2),
            (self._onec_cancels, 1),
            (self._onec_takes_back, 1),
        ]

    def _next(self) -> int:
        self.number += 1
        return self.number

    # the portal's

    def _document(self) -> tuple[int, int]:
        return self.dice.choice(self.mine)

    def _rows(self) -> list[dict[str, Any]]:
        """One to three goods, with and without discount, VAT inside or on top, now and then in parts of a piece."""
        rate, way = self.dice.choice(RATES), self.dice.choice("YYYYN")
        rows = []
        for item in self.dice.sample(ITEMS, self.dice.randint(1, 3)):
            quantity = str(self.dice.randint(1, 9)) if self.dice.random() < 0.85 else f"{self.dice.randint(1, 9999) / 1000:.3f}"
            more: dict[str, Any] = {"taxRate": rate, "taxIncluded": way}
            if self.dice.random() < 0.2:
                more |= {"discountTypeId": 1, "discountSum": f"{self.dice.randint(1, 999) / 100:.2f}"}
            elif self.dice.random() < 0.2:
                more |= {"discountTypeId": 2, "discountRate": self.dice.randint(1, 50)}
            rows.append(self.world.row(item, self._price(), quantity, **more))
        return rows

    def _price(self) -> str:
        return f"{self.dice.randint(1, 99_999) / 100:.2f}"

    def _day(self) -> str:
        return f"2026-{self.dice.randint(1, 12):02}-{self.dice.randint(1, 28):02}"

    def _portal_rows(self) -> None:
        self.world.set_rows(*self._document(), self._rows())

    def _portal_comment(self) -> None:
        self.world.change(*self._document(), comments=f"Комментарий {self._next()}")

    def _portal_date(self) -> None:
        self.world.change(*self._document(), begindate=self._day())

    def _portal_pay_until(self) -> None:
        self.world.change(*self._document(), closedate=self._day())

    def _portal_buyer(self) -> None:
        self.world.change(*self._document(), companyId=self.dice.choice(self.companies))

    def _portal_stage(self) -> None:
        """On, back, even to before 1C's first, and out of the lost ones; what is won stays so."""
        kind, document = self._document()
        if self.world.semantics(kind, document) != "S":
            self.world.change(kind, document, stageId=self.dice.choice((*OPEN[kind], *OPEN[kind], BEFORE[kind])))

    def _portal_cancels(self) -> None:
        kind, document = self._document()
        self.world.change(kind, document, stageId=LOST[kind])

    def _portal_deletes(self) -> None:
        """One document goes, another one comes."""
        kind, document = self._document()
        self.mine.remove((kind, document))
        row = TradeDocument.objects.filter(base=self.world.base, entity_type_id=kind, b24_id=document).first()
        self.gone.add(row.number if row is not None else "")
        self.world.do("crm.item.delete", entityTypeId=kind, id=document)
        self.deleted += 1
        self.make()

    def _portal_title(self) -> None:
        self.world.change(COMPANY, self.dice.choice(self.companies), title=f"Клиент {self._next()} новый")

    def _portal_requisites(self) -> None:
        number = self._next()
        changes = {
            "RQ_COMPANY_FULL_NAME": f"Общество «Клиент {number}»",
            "RQ_INN": f"78{number:08}",
            "RQ_KPP": f"7802{number:05}",
        }
        name = self.dice.choice(sorted(changes))
        company = self.dice.choice(self.companies)
        (owned,) = self.world.bitrix24.state.where("requisites", ENTITY_TYPE_ID=str(COMPANY), ENTITY_ID=str(company))
        self.world.do("crm.requisite.update", id=owned["id"], fields={name: changes[name]})

    def _portal_contacts(self) -> None:
        """A phone or an e-mail more, or another one in its place."""
        company, number = self.dice.choice(self.companies), self._next()
        kind, value = self.dice.choice((("PHONE", f"+7 812 {number:07}"), ("EMAIL", f"p{number}@client.example")))
        old = [row for row in self.world.item(COMPANY, company)["fm"] if row["typeId"] == kind]
        new = {"typeId": kind, "valueType": "WORK", "value": value}
        if old and self.dice.random() < 0.6:
            self.world.change(COMPANY, company, fm={str(self.dice.choice(old)["id"]): new})
        else:
            self.world.change(COMPANY, company, fm=[new])

    # 1C's

    def _order(self) -> SiteOrder | None:
        orders = list(self.world.book.orders.values())
        return self.dice.choice(orders) if orders else None

    def _onec_line(self) -> None:
        if order := self._order():
            item, quantity = self.dice.choice(ITEMS), str(self.dice.randint(1, 9))
            self.world.book.set_line(order.number, item, quantity=quantity, price=self._price(), name="Товар")

    def _onec_takes_line_out(self) -> None:
        """What was shipped stays."""
        order = self._order()
        if order and len(order.lines) > 1 and not order.shipments:
            self.world.book.set_line(order.number, self.dice.choice(order.lines).id, quantity="0")

    def _onec_comment(self) -> None:
        if order := self._order():
            self.world.book.set_comment(order.number, f"Замечание {self._next()}")

    def _onec_pays(self) -> None:
        """What is owed, a part, or money back."""
        if order := self._order():
            owed = float(order.sum) - float(order.paid_sum())
            returned = order.paid_sum() > 100 and self.dice.random() < 0.2
            amount = f"{owed:.2f}" if owed > 0 and self.dice.random() < 0.4 else self._price()
            method = self.dice.choice(("bank", "cash", "card"))
            self.world.book.pay(order.number, "50.00" if returned else amount, method=method, returned=returned)

    def _onec_ships(self) -> None:
        if order := self._order():
            line = self.dice.choice(order.lines)
            self.world.book.ship(order.number, {line.id: "1"} if self.dice.random() < 0.6 else None)

    def _onec_buyer(self) -> None:
        if order := self._order():
            self.world.book.set_buyer(order.number, self.dice.choice(sorted(self.world.book.buyers)))

    def _onec_counterparty(self) -> None:
        buyers = sorted(self.world.book.buyers)
        if not buyers:
            return
        number = self._next()
        changes: dict[str, Any] = {
            "name": f"Покупатель {number}",
            "full_name": f"Общество «Покупатель {number}»",
            "inn": f"79{number:08}",
            "kpp": f"7903{number:05}",
            "phones": [f"+7 495 {number:07}"],
            "emails": [f"b{number}@buyer.example"],
        }
        name = self.dice.choice(sorted(changes))
        chosen = self.dice.choice(buyers)
        if isinstance(changes[name], list) and self.dice.random() < 0.5:
            changes[name] = [*getattr(self.world.book.buyers[chosen], name), *changes[name]]
        self.world.book.rename_buyer(chosen, **{name: changes[name]})

    def _onec_status(self) -> None:
        order = self._order()
        if order and self.world.tells_status():
            self.world.book.set_status(order.number, self.dice.choice(("В работе", "Собирается", "Отгружается")))

    def _onec_cancels(self) -> None:
        if order := self._order():
            if self.world.dialect.manners in (A, B) or self.dice.random() < 0.3:
                self.world.book.delete(order.number)
            else:
                self.world.book.cancel(order.number)

    def _onec_takes_back(self) -> None:
        """An order that was cancelled or marked is in work again, if the portal still has it."""
        orders = self.world.book.orders.values()
        over = [order for order in orders if (order.cancelled or order.deleted) and order.number not in self.gone]
        if over:
            order = self.dice.choice(over)
            if order.cancelled:
                self.world.book.cancel(order.number, back=True)
            if order.deleted:
                self.world.book.delete(order.number, back=True)
