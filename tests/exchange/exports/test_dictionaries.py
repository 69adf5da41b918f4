"""What `info` offers."""

from __future__ import annotations

from typing import Any

from exchange.exports.dictionaries import statuses
from exchange.models import OneCBase
from mapping.trade_rules import KindRules, TradeRules
from tests.exchange.onec import OneC, content


def pipeline(kind: int, number: int, name: str, *stages: str, default: bool = False) -> dict[str, Any]:
    rows = [{"id": f"{kind}_{number}:{stage}", "name": stage, "sort": 10 * n, "semantics": ""} for n, stage in enumerate(stages)]
    return {"entity_type_id": kind, "id": number, "name": name, "default": default, "stages": rows[::-1]}


FACTS = {
    "trade": {
        "pipelines": [
            pipeline(31, 7, "Общая", "Новый", "Оплачен", default=True),
            pipeline(31, 8, "Опт", "Новый"),
            pipeline(2, 0, "Продажи", "Новая", default=True),
            pipeline(2, 1, "Сервис", "Новая"),
        ]
    }
}


class TestStatuses:
    def test_are_those_of_the_default_pipeline_of_invoices_without_any_setting(self):
        assert statuses(FACTS, TradeRules()) == [("31_7:Новый", "Новый"), ("31_7:Оплачен", "Оплачен")]

    def test_are_those_of_the_chosen_pipelines(self):
        rules = TradeRules(invoices=KindRules(travels=True, pipelines=frozenset({8})))
        assert statuses(FACTS, rules) == [("31_8:Новый", "Новый")]

    def test_are_those_of_deals_when_these_travel(self):
        rules = TradeRules(invoices=KindRules(), deals=KindRules(travels=True))
        assert statuses(FACTS, rules) == [("2_0:Новая", "Новая (Продажи)"), ("2_1:Новая", "Новая (Сервис)")]

    def test_are_none_before_the_portal_was_read(self):
        assert statuses({}, TradeRules()) == statuses({"trade": None}, TradeRules()) == []


class TestInfo:
    def test_is_read_by_its_latin_letter(self, onec: OneC, base: OneCBase):
        base.portal.facts = FACTS
        base.portal.save()
        onec.sign_in("sale")
        text = content(onec.raw("type=sale&mode=info")).decode("windows-1251")
        assert "<C" + "татусы><Элемент><Ид>31_7:Новый</Ид><Название>Новый</Название></Элемент>" in text
        assert "<ПлатежныеСистемы><Элемент>" in text
        assert "<СлужбыДоставки><Элемент>" in text
