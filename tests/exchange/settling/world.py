"""A portal with invoices and a base of 1C beside it: acting as people on both sides, settling, and looking at what came of it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone

from b24app import lanes
from b24app.models import Portal
from exchange.models import OneCBase, Problem, TradeDocument, TradeParty
from exchange.planning.outgoing import Outgoing
from exchange.planning.outgoing import from_data as outgoing_from
from exchange.planning.stored import from_data, to_data
from exchange.planning.trade import Line, Party, PartyKind, Payment, Trade
from exchange.settling import hear
from exchange.settling.settle import settle
from mapping import links
from mapping.edit import change_rules
from sandbox.portal.server import PortalServer

INVOICE, DEAL = 31, 2
NEW, SENT, PAID, UNPAID = "DT31_1:N", "DT31_1:S", "DT31_1:P", "DT31_1:D"


class World:
    """Both sides of one base."""

    def __init__(self, portal: Portal, base: OneCBase, bitrix24: PortalServer) -> None:
        self.portal, self.base, self.bitrix24 = portal, base, bitrix24
        # The base has been there for a while.
        OneCBase.objects.filter(pk=base.pk).update(created_at=timezone.now() - dt.timedelta(days=1))

    # the portal's people

    def call(self, method: str, **params: Any) -> Any:
        """Act as a user of the portal."""
        return self.bitrix24.call(method, params, 2)

    def company(self, title: str = "Ромашка", inn: str = "7707083893") -> int:
        """A company with requisites and a phone."""
        fm = [{"typeId": "PHONE", "valueType": "WORK", "value": "+79161234567"}]
        id = int(self.call("crm.item.add", entityTypeId=4, fields={"title": title, "fm": fm})["item"]["id"])
        requisite = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": id, "PRESET_ID": 1, "NAME": title, "RQ_INN": inn, "RQ_COMPANY_NAME": title}
        self.call("crm.requisite.add", fields=requisite)
        return id

    def product(self, onec_id: str, name: str = "Сапоги") -> int:
        """A product of the catalogue that came from 1C."""
        catalog = self.portal.facts["catalog"]["iblock_id"]
        fields = {"iblockId": catalog, "name": name, "xmlId": onec_id}
        id = int(self.bitrix24.call("catalog.product.add", {"fields": fields})["element"]["id"])
        links.bind(self.portal.pk, self.base.pk, "product", {onec_id: id})
        return id

    def invoice(self, rows: list[dict[str, Any]] | None = None, *, kind: int = INVOICE, **fields: Any) -> int:
        """An invoice with product rows (one pair of boots for 100 unless given)."""
        fields.setdefault("title", "Счёт")
        if kind == INVOICE:
            fields.setdefault("stageId", SENT)
        fields.setdefault("companyId", 0)
        if not fields["companyId"]:
            fields["companyId"] = self.company()
        id = int(self.call("crm.item.add", entityTypeId=kind, fields=fields)["item"]["id"])
        if rows is None:
            rows = [{"productId": self.product("boots"), "price": 100, "quantity": 1, "taxRate": 20, "taxIncluded": "Y"}]
        self.rows(id, rows, kind=kind)
        return id

    def rows(self, id: int, rows: list[dict[str, Any]], *, kind: int = INVOICE) -> list[dict[str, Any]]:
        """Set the product rows of an invoice."""
        short = {INVOICE: "SI", DEAL: "D"}[kind]
        told = self.call("crm.item.productrow.set", ownerType=short, ownerId=id, productRows=rows)
        return list(told["productRows"])

    def rows_of(self, id: int, *, kind: int = INVOICE) -> list[dict[str, Any]]:
        """The product rows as the portal has them."""
        short = {INVOICE: "SI", DEAL: "D"}[kind]
        return list(self.bitrix24.state.where("productrows", ownerId=id, ownerType=short))

    def change(self, id: int, *, kind: int = INVOICE, **fields: Any) -> None:
        """Change an invoice."""
        self.call("crm.item.update", entityTypeId=kind, id=id, fields=fields)

    def item(self, id: int, *, kind: int = INVOICE) -> dict[str, Any]:
        """An invoice as the portal has it."""
        found = self.bitrix24.state.get(f"items_{kind}", id)
        assert found is not None
        return found

    # settling

    def hear(self, *keys: tuple[int, int]) -> None:
        """The portal says that these objects changed."""
        hear.note(self.portal.pk, keys)

    def settle(self, seconds: float = 30.0) -> None:
        """Work the portal's documents until nothing is due now."""
        lanes.mark_due(self.portal.pk, work=lanes.DOCUMENTS)
        for _ in range(20):
            claim = lanes.claim("test", self.portal.pk, lanes.DOCUMENTS)
            if claim is None:
                return
            lanes.release(claim, settle(claim, until=time.monotonic() + seconds))

    def later(self) -> None:
        """Let every pause be over."""
        long_ago = timezone.now() - dt.timedelta(hours=1)
        for rows in (TradeDocument.objects.all(), TradeParty.objects.all()):
            rows.filter(not_before__isnull=False).update(not_before=long_ago)
            rows.filter(adding_since__isnull=False).update(adding_since=long_ago)

    def document(self, id: int, *, kind: int = INVOICE) -> TradeDocument:
        """The row of a document of the portal."""
        return TradeDocument.objects.get(base=self.base, entity_type_id=kind, b24_id=id)

    # 1C

    def given(self, id: int, *, kind: int = INVOICE) -> Outgoing:
        """What 1C would be given of a document."""
        outgoing = self.document(id, kind=kind).outgoing
        assert outgoing is not None
        return outgoing_from(outgoing)

    def confirm(self, id: int, *, kind: int = INVOICE) -> None:
        """1C takes what waits and says success."""
        row = self.document(id, kind=kind)
        TradeDocument.objects.filter(pk=row.pk).update(acknowledged_version=row.outgoing_version, acknowledged_at=timezone.now())

    def told(self, id: int, *, kind: int = INVOICE) -> Trade:
        """The document as 1C has it after taking what it was given: what its own user starts from."""
        row = self.document(id, kind=kind)
        if row.onec_side is not None:
            return from_data(Trade, row.onec_side)
        given = self.given(id, kind=kind).trade
        return replace(given, onec_id=f"order-{id}", onec_number=f"ТД-{id}", buyer=None, my_company_id=0, stage_id="", title="")

    def onec_says(self, id: int, trade: Trade, *, kind: int = INVOICE) -> None:
        """A sale file brings 1C's present state of the document."""
        row = self.document(id, kind=kind)
        row.onec_side, row.onec_id = to_data(trade), trade.onec_id
        row.known = {**row.known, "told_version": row.acknowledged_version}
        row.version += 1
        row.save()
        lanes.mark_due(self.portal.pk, work=lanes.DOCUMENTS)

    def onec_makes(self, trade: Trade, party: Party | None = None, *, kind: int = INVOICE) -> TradeDocument:
        """A sale file brings a document that 1C made first."""
        if party is not None:
            TradeParty.objects.create(base=self.base, entity_type_id=4, onec_id=party.id, onec_side=to_data(party))
        return TradeDocument.objects.create(base=self.base, entity_type_id=kind, onec_id=trade.onec_id, onec_side=to_data(trade))

    def rules(self, **changes: Any) -> None:
        """The administrator decides."""
        change_rules(self.portal.pk, self.base.pk, changes, author="test")


def line(item_id: str, amount: str | int, quantity: str | int = 1, **more: Any) -> Line:
    """A line of 1C's."""
    total, count = Decimal(amount), Decimal(quantity)
    return Line(item_id=item_id, name=more.pop("name", item_id), quantity=count, price=total / count, amount=total, **more)


def buyer(id: str = "buyer-1", name: str = "Василёк", inn: str = "7736050003") -> Party:
    """A counterparty of 1C's."""
    return Party(id=id, kind=PartyKind.LEGAL, name=name, full_name=f"ООО {name}", tax_id=inn)


Do = Callable[[], None]


def order(**changes: object) -> Trade:
    """An order that 1C made."""
    trade = Trade(
        onec_id="order-1",
        onec_number="ТД-1",
        date=dt.date(2026, 11, 20),
        currency="RUB",
        amount=Decimal(200),
        lines=(line("boots", 200, 2),),
        party="buyer-1",
    )
    return replace(trade, **changes)  # type: ignore[arg-type]


def problems() -> list[str]:
    """The causes that are open."""
    return sorted(Problem.objects.filter(closed_at=None).values_list("cause", flat=True))


def payment(key: str, amount: int) -> Payment:
    """A payment into the bank, in roubles."""
    return Payment(key=key, number=key, date=dt.date(2026, 11, 20), amount=Decimal(amount), currency="RUB", method="bank")


def in_one_c(world: World, **fields: object) -> int:
    """An invoice that 1C has."""
    id = world.invoice(**fields)  # type: ignore[arg-type]
    world.hear((INVOICE, id))
    world.settle()
    world.confirm(id)
    return id
