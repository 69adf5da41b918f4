"""Counterparties told by 1C and settled against the portal double, as a slice does it: flows run, what they learnt is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from b24app import lanes
from b24app.models import Portal
from b24app.oauth.clients import client_for
from exchange.models import OneCBase, TradeParty
from exchange.planning import stored
from exchange.planning.trade import COMPANY, Party
from exchange.settling import party_rows
from exchange.settling.flows import BaseFacts, Learnt, PartyWork
from exchange.settling.party_flow import settle_party
from exchange.settling.saving import Saving
from mapping.rules import Rules
from mapping.trade_rules import PartyRules, TradeRules
from tests.exchange.settling.driving import drive


class Exchange:
    """One base and its portal; `rest` calls the portal as a person would."""

    def __init__(self, portal: Portal, base: OneCBase, rules: PartyRules | None = None) -> None:
        self.portal, self.base = portal, base
        self.rules = rules or PartyRules()
        self.client = client_for(portal)
        self.calls: list[str] = []

    def rest(self, method: str, **params: Any) -> Any:
        return self.client.call(method, params)

    def tell(self, onec_id: str, party: Party, **changes: Any) -> TradeParty:
        """1C says this of a counterparty."""
        side = stored.to_data(replace(party, id=onec_id, **changes))
        row = TradeParty.objects.filter(base=self.base, onec_id=onec_id).first()
        row = row or TradeParty.objects.filter(base=self.base, given_id=onec_id).first()
        if row is None:
            return TradeParty.objects.create(base=self.base, entity_type_id=COMPANY, onec_id=onec_id, onec_side=side)
        TradeParty.objects.filter(pk=row.pk).update(onec_id=onec_id, onec_side=side, version=row.version + 1)
        return row

    def settle(self, onec_id: str, *, needed: bool = False) -> tuple[int, int] | None:
        """Settle one counterparty; its company or contact."""
        row = TradeParty.objects.get(base=self.base, onec_id=onec_id)
        return self.run(self.work(row), needed=needed)

    def told(self, onec_id: str, party: Party, **changes: Any) -> tuple[int, int] | None:
        self.tell(onec_id, party, **changes)
        return self.settle(onec_id)

    def work(self, row: TradeParty) -> PartyWork:
        facts = BaseFacts(self.base.pk, Rules(trade=TradeRules(parties=self.rules)), f"onec:{self.base.pk}")

        def side(data: Any) -> Party | None:
            return stored.from_data(Party, data) if data else None

        return PartyWork(
            row.pk,
            facts,
            row.version,
            (row.entity_type_id, row.b24_id) if row.b24_id else None,
            row.onec_id,
            row.given_id,
            side(row.portal_side),
            side(row.onec_side),
            side(row.agreed),
            row.known,
        )

    def run(self, work: PartyWork, *, needed: bool = False) -> tuple[int, int] | None:
        tools = party_rows.tools_for(self.portal, self.base)
        learnt = Learnt()
        self.calls = []
        key: tuple[int, int] | None = drive(self._counted(settle_party(work, learnt, tools, needed=needed)), self.client)
        lanes.mark_due(self.portal.pk, work=lanes.DOCUMENTS)
        claim = lanes.claim("test", self.portal.pk, lanes.DOCUMENTS)
        assert claim is not None
        Saving(self.portal, self.base, claim).save(learnt)
        lanes.release(claim, None)
        party_rows.keep_presets(self.portal, tools)
        self.portal.refresh_from_db()
        return key

    def _counted(self, flow: Any) -> Any:
        outcomes = None
        try:
            ask = next(flow)
            while True:
                self.calls += [command.method for command in ask.commands]
                outcomes = yield ask
                ask = flow.send(outcomes)
        except StopIteration as end:
            return end.value

    @property
    def writes(self) -> list[str]:
        """The methods of the last settling that changed something."""
        return [method for method in self.calls if method.rpartition(".")[2] in ("add", "update", "delete", "set")]

    def item(self, key: tuple[int, int]) -> Any:
        return self.rest("crm.item.get", entityTypeId=key[0], id=key[1])["item"]

    def requisites(self, key: tuple[int, int]) -> list[Any]:
        return list(self.rest("crm.requisite.list", filter={"ENTITY_TYPE_ID": key[0], "ENTITY_ID": key[1]}))

    def add(self, entity: int, tax_id: str = "", branch: str = "", preset: int = 1, **fields: Any) -> tuple[int, int]:
        """Somebody makes a company or contact in the portal by hand."""
        made = self.rest("crm.item.add", entityTypeId=entity, fields=fields)["item"]["id"]
        if tax_id:
            self.rest(
                "crm.requisite.add",
                fields={
                    "ENTITY_TYPE_ID": entity,
                    "ENTITY_ID": made,
                    "PRESET_ID": preset,
                    "NAME": "Р",
                    "RQ_INN": tax_id,
                    "RQ_KPP": branch,
                },
            )
        return entity, made

    def count(self, entity: int) -> int:
        return len(self.rest("crm.item.list", entityTypeId=entity, select=["id"])["items"])
