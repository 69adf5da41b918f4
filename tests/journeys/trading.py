"""A portal and a 1C with people at work on both sides, and a look at whether both know the same."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import redis
from django.conf import settings

from b24app import lanes
from b24app.events.handle import handle_waiting
from b24app.models import Portal
from exchange import sessions
from exchange.dialects import CONFIGURATIONS
from exchange.models import OneCBase, TradeDocument
from exchange.settling.settle import settle
from mapping import links
from mapping.edit import change_rules
from sandbox.onec.clients import Client, orders
from sandbox.onec.clients.manners import A, B, E
from sandbox.onec.dialects import DIALECTS, Dialect
from sandbox.onec.orderbook import OrderBook
from sandbox.onec.orders import SiteOrder
from sandbox.portal.server import PortalServer

DEAL, CONTACT, COMPANY, INVOICE = 2, 3, 4, 31
CABLE, PIPE, FITTING = (f"{number}1111111-2222-4333-8444-555555555555" for number in "123")
MOMENT = "2026-05-11T12:00:00"


class QuickClock:
    """Time that moves only when somebody sleeps."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class World:
    """One portal, one base of `dialect`, and the app between them."""

    bitrix24: PortalServer
    portal: Portal
    base: OneCBase
    dialect: Dialect
    client: Client
    book: OrderBook
    products: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, bitrix24: PortalServer, app_url: str, dialect: Dialect, name: str = "base") -> World:
        """Install the app on the portal, connect the 1C, and put three goods on both sides."""
        portal = Portal.objects.filter(member_id=bitrix24.member_id).first()
        if portal is None:
            assert bitrix24.installation.install()["status"] == 200
            portal = Portal.objects.get(member_id=bitrix24.member_id)
        picked = dialect.name if dialect.name in CONFIGURATIONS else "unf"
        base, password = sessions.create_base(portal, f"{dialect.title} {name}", picked)
        client = Client(dialect.manners, f"{app_url}/1c/{base.key}/", base.login, password, clock=QuickClock())
        world = cls(bitrix24, portal, base, dialect, client, OrderBook(dialect.manners, name))
        world._stock()
        return world

    def _stock(self) -> None:
        catalog = self.portal.facts["catalog"]["iblock_id"]
        for item, title in ((CABLE, "Кабель силовой"), (PIPE, "Труба"), (FITTING, "Фитинг")):
            known = [row for row in self.bitrix24.state["products"] if row.get("xmlId") == item]
            if known:
                self.products[item] = int(known[0]["id"])
            else:
                fields = {"iblockId": catalog, "name": title, "xmlId": item}
                self.products[item] = int(self.bitrix24.call("catalog.product.add", {"fields": fields})["element"]["id"])
        links.bind(self.portal.pk, self.base.pk, "product", self.products)

    def rules(self, **trade: Any) -> None:
        """Change the base's rules about documents."""
        change_rules(self.portal.pk, self.base.pk, {"trade": trade}, author="test")

    # people at the portal

    def do(self, method: str, **params: Any) -> Any:
        """Act as an employee of the portal (not the one whose tokens the app has)."""
        return self.bitrix24.call(method, params, user_id=2)

    def company(self, title: str = "ООО «Ромашка»", inn: str = "7700000016", kpp: str = "770001001") -> int:
        """A company with requisites, an address, a phone and an e-mail."""
        fm = [
            {"typeId": "PHONE", "valueType": "WORK", "value": "+7 495 000-00-01"},
            {"typeId": "EMAIL", "valueType": "WORK", "value": "office@romashka.example"},
        ]
        made = self.do("crm.item.add", entityTypeId=COMPANY, fields={"title": title, "fm": fm})["item"]["id"]
        fields = {"ENTITY_TYPE_ID": COMPANY, "ENTITY_ID": made, "PRESET_ID": 1, "NAME": "Реквизиты"}
        fields |= {"RQ_INN": inn, "RQ_KPP": kpp, "RQ_COMPANY_NAME": title, "RQ_COMPANY_FULL_NAME": title}
        self.do("crm.requisite.add", fields=fields)
        return int(made)

    def document(self, kind: int, company: int, rows: list[dict[str, Any]], **fields: Any) -> int:
        """A deal or invoice with rows, in the first stage."""
        values = {"title": "Заказ", "companyId": company, "currencyId": "RUB", **fields}
        made = int(self.do("crm.item.add", entityTypeId=kind, fields=values)["item"]["id"])
        self.set_rows(kind, made, rows)
        return made

    def set_rows(self, kind: int, document: int, rows: list[dict[str, Any]]) -> None:
        """What the manager's grid does: all rows anew."""
        short = {DEAL: "D", INVOICE: "SI"}[kind]
        self.do("crm.item.productrow.set", ownerType=short, ownerId=document, productRows=rows)

    def row(self, item: str, price: str, quantity: str, **more: Any) -> dict[str, Any]:
        """A row of the catalogue's goods, VAT of 20 % inside."""
        values = {"productId": self.products[item], "price": price, "quantity": quantity, "taxRate": 20, "taxIncluded": "Y"}
        return {**values, "measureCode": 796, **more}

    def change(self, kind: int, document: int, **fields: Any) -> None:
        """Edit a card."""
        self.do("crm.item.update", entityTypeId=kind, id=document, fields=fields)

    def item(self, kind: int, document: int) -> dict[str, Any]:
        """The card as it stands."""
        found = self.bitrix24.state.get(f"items_{kind}", document)
        assert found is not None
        return found

    # the app and 1C at work

    def rest(self) -> None:
        """Time passes: whatever was used of the portal's pace has come back, on both sides."""
        self.bitrix24.portal.bucket.empty()
        broker = redis.Redis.from_url(settings.REDIS_CLIENT_URL)
        for key in broker.scan_iter(f"*{self.portal.member_id}*"):
            broker.delete(key)

    def settle(self) -> None:
        """Deliver the portal's events and let workers run until nothing is due."""
        self.rest()
        self.bitrix24.portal.events.flush()
        handle_waiting(self.portal.pk)
        for _ in range(20):
            claim = lanes.claim("test", self.portal.pk, lanes.DOCUMENTS)
            if claim is None:
                self.bitrix24.portal.events.flush()
                if not handle_waiting(self.portal.pk):
                    return
                continue
            lanes.release(claim, settle(claim, until=time.monotonic() + 30))
        raise AssertionError("the exchange does not come to rest")

    def exchange(self) -> orders.Taken:
        """One scheduled exchange of orders in 1C, then the app's part."""
        taken = orders.take(lambda: self.client.session("sale"))
        self.book.take(taken.orders)
        if self.book.to_send() and self.dialect.manners is not E:
            orders.give(lambda: self.client.session("sale"), self.book.to_send(), MOMENT)
            self.book.confirm()
        self.settle()
        return taken

    def both(self) -> None:
        """Let everything that is on its way arrive: portal, 1C, and back."""
        self.settle()
        self.exchange()
        self.exchange()

    # looking

    def order(self, kind: int, document: int) -> SiteOrder:
        """What 1C has of a document of the portal."""
        row = TradeDocument.objects.get(base=self.base, entity_type_id=kind, b24_id=document)
        return self.book.find(row.number)

    def differences(self) -> list[str]:
        """Where the two sides differ, field by field; nothing when they agree."""
        found: list[str] = []
        rows = TradeDocument.objects.filter(base=self.base, b24_id__isnull=False).exclude(number="")
        numbers = {row.number: row for row in rows}
        if len(self.book.orders) != len({order.number for order in self.book.orders.values()}):
            found.append("an order stands twice in 1C")
        for order in self.book.orders.values():
            row = numbers.get(order.number)
            if row is None:
                found.append(f"{order.number}: not in the portal")
                continue
            found += [f"{order.number}: {text}" for text in self._of_document(order, row.entity_type_id, int(row.b24_id or 0))]
        return found

    def _of_document(self, order: SiteOrder, kind: int, document: int) -> list[str]:
        item = self.item(kind, document)
        mine = {
            "sum": Decimal(order.sum),
            "lines": sorted((line.id, Decimal(line.quantity), Decimal(line.sum)) for line in order.lines),
            "currency": order.currency,
            "buyer": order.buyer.name if order.buyer else "",
            "inn": order.buyer.inn if order.buyer else "",
            "comment": order.comment,
            "cancelled": order.cancelled or order.deleted,
        }
        theirs = {
            "sum": Decimal(str(item["opportunity"])),
            "lines": sorted(self._lines(kind, document)),
            "currency": {"RUB": order.currency}.get(str(item["currencyId"]), str(item["currencyId"])),
            **self._buyer(item),
            "comment": str(item.get("comments") or ""),
            "cancelled": self.semantics(kind, document) == "F",
        }
        return [f"{name}: 1C {mine[name]!r}, portal {theirs[name]!r}" for name in mine if mine[name] != theirs[name]]

    def _lines(self, kind: int, document: int) -> list[tuple[str, Decimal, Decimal]]:
        ids = {number: item for item, number in self.products.items()}
        short = {DEAL: "D", INVOICE: "SI"}[kind]
        rows = self.bitrix24.call("crm.item.productrow.list", {"filter": {"=ownerType": short, "=ownerId": document}})
        return [
            (
                ids.get(int(row["productId"] or 0), str(row["productName"])),
                Decimal(str(row["quantity"])),
                (Decimal(str(row["price"])) * Decimal(str(row["quantity"]))).quantize(Decimal("0.01")),
            )
            for row in rows["productRows"]
        ]

    def _buyer(self, item: dict[str, Any]) -> dict[str, str]:
        company = self.bitrix24.state.get("items_4", item["companyId"]) if item.get("companyId") else None
        if company is None:
            return {"buyer": "", "inn": ""}
        owned = self.bitrix24.state.where("requisites", ENTITY_TYPE_ID=str(COMPANY), ENTITY_ID=str(company["id"]))
        return {"buyer": str(company["title"]), "inn": str(owned[0].get("RQ_INN") or "") if owned else ""}

    def semantics(self, kind: int, document: int) -> str:
        """S, F or "" of the stage where the document stands."""
        stage = self.item(kind, document)["stageId"]
        return next((str(row["SEMANTICS"] or "") for row in self.bitrix24.state["statuses"] if row["STATUS_ID"] == stage), "")

    def own(self, kind: int, document: int, name: str) -> str:
        """The value of one of the app's own fields."""
        self.portal.refresh_from_db()
        key = self.portal.facts["trade"]["own_fields"][str(kind)][name]
        return str(self.item(kind, document).get(key) or "")

    def tells_parts(self) -> bool:
        """Whether this 1C can tell a part payment at all."""
        return self.dialect.name in ("unf_docs", "module31")

    def marks_cancelled(self) -> bool:
        """A and B only mark for deletion."""
        return self.dialect.manners not in (A, B)


def dialects(*, sending: bool = True) -> list[Dialect]:
    """The 1Cs of the journeys; `sending`: those that bring orders back."""
    names = ("ut11", "ut103", "upp13", "unf", "unf_new", "unf_docs", "module31", *(() if sending else ("bp30",)))
    return [DIALECTS[name] for name in names]
