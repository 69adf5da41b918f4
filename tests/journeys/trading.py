"""A portal and a 1C with people at work on both sides, and a look at whether both know the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
from sandbox.onec.clients.manners import A, B, C, E
from sandbox.onec.dialects import DIALECTS, Dialect
from sandbox.onec.orderbook import OrderBook
from sandbox.onec.orders import SiteOrder
from sandbox.portal.server import PortalServer
from tests.journeys import looking

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
    # Numbers of orders that 1C has said anything of.
    told: set[str] = field(default_factory=set)

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
        taken = self.take()
        self.give()
        self.settle()
        return taken

    def take(self, before_success: Callable[[], bool] = lambda: True) -> orders.Taken:
        """1C collects what is waiting for it; something may happen before it says `success`, or it may not live to say it."""
        taken = orders.take(lambda: self.client.session("sale"), before_success=before_success)
        self.book.take(taken.orders)
        return taken

    def give(self, times: int = 1) -> None:
        """1C sends what its people changed; more than once where the answer did not reach it."""
        going = self.book.to_send()
        if self.dialect.manners is E:
            return
        for _ in range(times if going else 0):
            orders.give(lambda: self.client.session("sale"), going, MOMENT)
        self.told |= {order.number for order in going}
        self.book.confirm()

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
        return [str(one) for one in looking.differences(self)]

    def semantics(self, kind: int, document: int) -> str:
        """S, F or "" of the stage where the document stands."""
        stage = self.item(kind, document)["stageId"]
        return next((str(row["SEMANTICS"] or "") for row in self.bitrix24.state["statuses"] if row["STATUS_ID"] == stage), "")

    def own(self, kind: int, document: int, name: str) -> str:
        """The value of one of the app's own fields."""
        return str(self.item(kind, document).get(self.own_keys(kind)[name]) or "")

    def own_keys(self, kind: int) -> dict[str, str]:
        """The app's own fields of a kind of documents: short name → the portal's."""
        self.portal.refresh_from_db(fields=["facts"])
        keys: dict[str, str] = self.portal.facts["trade"]["own_fields"][str(kind)]
        return keys

    def tells_parts(self) -> bool:
        """Whether this 1C can tell a part payment at all."""
        return self.dialect.name in ("unf_docs", "module31")

    def tells_status(self) -> bool:
        """Whether this 1C tells its own status of an order."""
        return self.dialect.manners not in (A, B, C)

    def tells_pay_until(self) -> bool:
        """Whether this 1C is told until when to pay."""
        return self.dialect.manners not in (A, B)

    def marks_cancelled(self) -> bool:
        """A and B only mark for deletion."""
        return self.dialect.manners not in (A, B)


def dialects(*, sending: bool = True) -> list[Dialect]:
    """The 1Cs of the journeys; `sending`: those that bring orders back."""
    names = ("ut11", "ut103", "upp13", "unf", "unf_new", "unf_docs", "module31", *(() if sending else ("bp30",)))
    return [DIALECTS[name] for name in names]
