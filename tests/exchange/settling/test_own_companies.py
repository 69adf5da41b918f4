"""Own organisations of 1C are the portal's own companies: by the setting, else by tax number, and never made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from exchange.models import Problem, TradeDocument
from exchange.planning.trade import Trade
from exchange.settling import due, own_companies
from exchange.settling.memory import Memory
from tests.exchange.settling.world import DEAL, World, buyer, line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_companies, "_FOUND", Memory(600.0))


def own(world: World, title: str, inn: str = "") -> int:
    id = int(world.call("crm.item.add", entityTypeId=4, fields={"title": title, "isMyCompany": "Y"})["item"]["id"])
    if inn:
        world.call(
            "crm.requisite.add", fields={"ENTITY_TYPE_ID": 4, "ENTITY_ID": id, "PRESET_ID": 1, "NAME": title, "RQ_INN": inn}
        )
    return id


def made(world: World, inn: str = "", **more: Any) -> TradeDocument:
    world.rules(trade={"invoices": {"travels": True, "made_from_onec": True}})
    world.product("boots")
    facts = (("Организация", "ООО Мы"), *((("ИНН организации", inn),) if inn else ()))
    trade = Trade(
        onec_id="order-1",
        onec_number="ТД-1",
        date=dt.date(2026, 11, 20),
        currency="RUB",
        lines=(line("boots", 100),),
        party="buyer-1",
        organisation="org-1",
        facts=facts,
        **more,
    )
    row = world.onec_makes(trade, buyer())
    world.settle()
    row.refresh_from_db()
    return row


def company_of(world: World, row: TradeDocument) -> int:
    return int(world.item(row.b24_id or 0)["mycompanyId"])


def causes() -> list[str]:
    return list(Problem.objects.filter(closed_at=None).values_list("cause", flat=True))


class TestOwnCompany:
    def test_is_found_by_the_tax_number(self, world: World) -> None:
        own(world, "Другие", "7701234567")
        mine = own(world, "Мы", "7707083893")
        assert company_of(world, made(world, "7707083893")) == mine
        assert causes() == []

    def test_of_a_setting_goes_before_the_tax_number(self, world: World) -> None:
        chosen = own(world, "Другие", "7701234567")
        own(world, "Мы", "7707083893")
        world.rules(trade={"organisations": {"org-1": chosen}})
        assert company_of(world, made(world, "7707083893")) == chosen

    def test_is_the_only_one_when_1c_tells_no_tax_number(self, world: World) -> None:
        only = own(world, "Мы", "7707083893")
        assert company_of(world, made(world)) == only
        assert causes() == []

    def test_that_is_missing_is_asked_for_and_put_right_once_it_is_there(self, world: World) -> None:
        first = own(world, "Другие", "7701234567")
        row = made(world, "7707083893")
        assert causes() == ["own-company-missing"]
        assert company_of(world, row) == first, "the portal's own choice"
        problem = Problem.objects.get(closed_at=None)
        assert (problem.kind, problem.onec_id, problem.facts["tax_id"]) == ("document", str(row.pk), "7707083893")
        mine = own(world, "Мы", "7707083893")
        due.retry(TradeDocument.objects.filter(pk=row.pk), world.portal.pk)
        world.settle()
        assert company_of(world, row) == mine
        assert causes() == []
        world.change(row.b24_id or 0, mycompanyId=first)
        world.hear((31, row.b24_id or 0))
        world.settle()
        assert company_of(world, row) == first, "afterwards it is the portal's word"

    def test_that_is_the_only_one_is_that_of_a_deal_which_names_none(self, world: World) -> None:
        own(world, "Мы", "7707083893")
        world.rules(trade={"deals": {"travels": True}})
        deal = world.invoice(kind=DEAL, title="Сделка", stageId="PREPARATION")
        world.hear((DEAL, deal))
        world.settle()
        given = world.given(deal, kind=DEAL)
        assert (given.organisation_name, given.organisation_tax_id) == ("Мы", "7707083893")
