"""A base whose 1C has told of everything that settings speak of: all of it is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange.models import StateRow, TradeDocument
from exchange.planning.stored import to_data
from exchange.planning.trade import INVOICE, Trade
from mapping.edit import change_rules
from tests.b24app.pages.conftest import make_base, make_problem

if TYPE_CHECKING:
    from b24app.models import Portal
    from exchange.models import OneCBase


def furnish_settings(portal: Portal) -> OneCBase:
    """Price types, warehouses, types of items, a unit and a currency that nobody knows, and two changes of settings."""
    base = make_base(portal, "Торговля, основная база", "ut11")
    make_base(portal, "Производство", "erp2")
    names = {
        "price_type": ("Розничная", "Оптовая", "Дилерская", "Закупочная"),
        "warehouse": ("Основной склад", "Магазин на Ленина", "Брак"),
    }
    for kind, titles in names.items():
        for number, name in enumerate(titles):
            main = {"name": name} | ({"currency": "USD" if number == 2 else "руб"} if kind == "price_type" else {})
            StateRow.objects.create(base=base, kind=kind, onec_id=f"{kind}-{number}", main=main)
    types = ("Товар", "Товар", "Товар", "Услуга", "Тара")
    for number, name in enumerate(types):
        main = {"name": f"Позиция {number}", "item_type": name}
        StateRow.objects.create(base=base, kind="product", onec_id=f"item-{number}", main=main)
        prices = [[f"price_type-{place}", "100", "руб", "шт", "1", None] for place in range(3)]
        stock = {"total": "5", "by": {"warehouse-0": "5"}}
        StateRow.objects.create(
            base=base, kind="offer", onec_id=f"item-{number}", parent_id=f"item-{number}", main={}, prices=prices, stock=stock
        )
    for number, status in enumerate(("Оплачен", "Отгружен")):
        facts = (("Организация", "ООО «Торговый дом»"), ("ИНН организации", "7707083893"))
        side = to_data(Trade(number=str(number), organisation="org-1", status_name=status, facts=facts))
        TradeDocument.objects.create(base=base, entity_type_id=INVOICE, onec_id=f"order-{number}", onec_side=side)
    make_problem(base, "unknown-unit", 1, facts={"unit": "бухта"})
    make_problem(base, "unknown-currency", 2, facts={"currency": "у.е."})
    change_rules(portal.pk, base.pk, {"skipped_price_types": ["price_type-3"], "match_by_article": True}, author="user:1")
    change_rules(portal.pk, base.pk, {"skipped_warehouses": ["warehouse-2"]}, author="user:1")
    return base
