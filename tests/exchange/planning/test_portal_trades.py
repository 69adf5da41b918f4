from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from exchange.planning.effects import Stage
from exchange.planning.portal_trades import Fresh, Words, plain_text, product_ids, trade_from
from exchange.planning.trade import COMPANY, CONTACT, DEAL, INVOICE, Trade

STAGES = (Stage("N", sort=10), Stage("P", sort=20, semantics="S"), Stage("D", sort=30, semantics="F"))
ITEM = {
    "id": 7,
    "title": "Счёт",
    "createdTime": "2026-11-20T14:05:06+03:00",
    "begindate": "2026-11-20T03:00:00+03:00",
    "closedate": "2026-11-27T03:00:00+03:00",
    "currencyId": "RUB",
    "opportunity": 30,
    "isManualOpportunity": "N",
    "companyId": 4,
    "contactId": 3,
    "mycompanyId": 1,
    "categoryId": 1,
    "stageId": "N",
    "accountNumber": "15",
    "comments": "",
}
ROW = {
    "id": 1,
    "productId": 9,
    "productName": "Сапоги",
    "price": 10,
    "quantity": 3,
    "taxRate": None,
    "taxIncluded": "N",
    "type": 1,
}


def read(item: dict[str, object] | None = None, kind: int = INVOICE, before: Trade | None = None) -> Trade:
    fresh = Fresh(
        {**ITEM, **(item or {})}, (ROW, {**ROW, "id": 2, "productId": 0, "productName": "Монтаж", "type": 7, "price": 0})
    )
    return trade_from(fresh, kind, Words({9: "boots"}, {9: "A-1"}, STAGES), before)


class TestTradeFrom:
    def test_names_everything_in_shared_words(self) -> None:
        trade = read()
        assert (trade.number, trade.date, trade.time) == ("15", dt.date(2026, 11, 20), dt.time(14, 5, 6))
        assert (trade.buyer, trade.contact_id, trade.my_company_id) == ((COMPANY, 4), 3, 1)
        assert trade.pay_until == dt.date(2026, 11, 27)
        assert trade.lines is not None
        assert [(line.item_id, line.article, line.service) for line in trade.lines] == [("boots", "A-1", False), ("", "", True)]

    def test_a_person_without_a_company_is_the_buyer(self) -> None:
        trade = read({"companyId": 0})
        assert (trade.buyer, trade.contact_id) == ((CONTACT, 3), 0)

    def test_a_deals_closing_date_is_no_term_of_payment(self) -> None:
        trade = read(kind=DEAL)
        assert (trade.pay_until, trade.number) == (None, "")

    def test_failure_is_a_cancellation_and_leaving_it_takes_that_back(self) -> None:
        assert read().cancelled is None, "one that never failed says nothing of it"
        failed = read({"stageId": "D"})
        assert failed.cancelled is True
        assert read(before=failed).cancelled is False

    def test_a_time_of_another_day_is_left_out(self) -> None:
        assert read({"begindate": "2026-11-21T03:00:00+03:00"}).time is None

    def test_lists_its_products_once(self) -> None:
        assert product_ids(Fresh(ITEM, (ROW, ROW, {**ROW, "productId": None}))) == {9}

    def test_nulls_are_no_values(self) -> None:
        trade = read(
            dict.fromkeys(("companyId", "contactId", "mycompanyId", "begindate", "closedate", "opportunity", "comments"))
        )
        assert (trade.buyer, trade.my_company_id, trade.amount, trade.comment) == (None, 0, Decimal(0), "")
        assert trade.date == dt.date(2026, 11, 20), "the day it was made"


class TestPlainText:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("Просто текст", "Просто текст"),
            ("[b]Жирно[/b] и [url=https://a.test]ссылка[/url]", "Жирно и ссылка"),
            ("<p>Первая</p><p>Вторая&nbsp;&amp; третья</p>", "Первая\nВторая & третья"),
            ("Строка<br>другая<br/>", "Строка\nдругая"),
            ("[list][*]раз[*]два[/list]", "- раз\n- два"),
            ("Цена [срочно] 5 < 6", "Цена [срочно] 5 < 6"),
            ("", ""),
        ],
    )
    def test_keeps_the_words_and_drops_the_editors_marks(self, written: str, read: str) -> None:
        assert plain_text(written) == read
