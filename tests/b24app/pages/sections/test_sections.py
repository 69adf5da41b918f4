"""Every section: it teaches while nothing is known, an untouched form changes nothing, and nonsense is refused with what was typed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from lxml import html

from b24app.models import Portal
from b24app.pages.sections import (
    SECTIONS,
    currencies,
    documents,
    goods,
    items,
    organisations,
    prices,
    statuses,
    units,
    warehouses,
)
from b24app.pages.sections.facts import Facts, Organisation, PriceTypeOf1C, Thing
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Section
from exchange.models import OneCBase
from exchange.settling.choices import Choice, Choices, Currency, PipelineChoice, Stage
from mapping.edit import laid_over
from mapping.rules import Rules, from_data, to_data
from mapping.trade_rules import KindRules, StatusRule, TradeRules

PORTAL = Choices(
    price_types=(Choice(1, "BASE", main=True), Choice(5, "Dealers")),
    measures=(Choice(9, "Piece"), Choice(10, "Metre")),
    sections=(Choice(3, "Boots"),),
    my_companies=(Choice(7, "Trade House LLC", note="7707083893"), Choice(8, "Works LLC", note="1")),
    currencies=(Currency("RUB", "Rouble", base=True),),
    pipelines=(
        PipelineChoice(
            31, 1, "Invoices", True, (Stage("N", "New"), Stage("S", "Sent"), Stage("P", "Paid", "S"), Stage("D", "Refused", "F"))
        ),
        PipelineChoice(2, 0, "Sales", True, (Stage("NEW", "New"), Stage("WON", "Won", "S"), Stage("LOSE", "Lost", "F"))),
        PipelineChoice(2, 4, "Repairs", False, (Stage("C4:NEW", "New"), Stage("C4:WON", "Done", "S"))),
    ),
    known=True,
)
TOLD = {
    "price_types": (PriceTypeOf1C("p0", "Retail", "RUB"), PriceTypeOf1C("p1", "Wholesale", "USD")),
    "warehouses": (Thing("w0", "Main"), Thing("w1", "Shop")),
    "item_types": (Thing("Товар", "Товар", 4), Thing("Услуга", "Услуга", 1), Thing("Тара", "Тара", 2)),
    "currencies": ("руб", "USD", "у.е."),
    "unknown_units": (Thing("бухта", "бухта", 3),),
    "organisations": (Organisation("o0", "Trade House", "7707083893"), Organisation("o1", "Works", "7707083894")),
    "statuses": ("Отправлен", "Paid"),
    "managers": (),
    "portal": PORTAL,
}
NOTHING: dict[str, Any] = dict.fromkeys(TOLD, ()) | {"portal": Choices()}
SET = Rules(
    portal_owns=frozenset({"pictures"}),
    match_by_barcode=True,
    price_types={"p1": 5, "gone": 7},
    skipped_price_types=frozenset({"old"}),
    base_price_type="p0",
    currencies={"у.е.": "USD"},
    create_currencies={"USD": "92.5"},
    units={"бухта": 10, "рулон": 9},
    skipped_warehouses=frozenset({"w1", "unseen"}),
    skipped_item_types=frozenset({"Тара"}),
    service_item_types=frozenset({"Работа"}),
    plain_item_types=frozenset({"Товар"}),
    item_type_sections={"Товар": 3},
    absent_limit=25,
    trade=TradeRules(
        organisations={"o0": 8, "o1": 7, "gone": 9},
        warehouse="w1",
        invoices=KindRules(travels=False, all_pipelines=True, from_stage={1: "S"}, made_from_onec=True, pipeline_for_new=1),
        deals=KindRules(
            travels=True,
            pipelines=frozenset({4, 77}),
            my_companies=frozenset({7}),
            from_date=dt.date(2026, 1, 31),
            stage_paid={4: "-", 77: "C77:WON"},
            stage_cancelled={0: "LOSE"},
        ),
        statuses=(
            StatusRule(2, 4, "C4:WON", "Готов"),
            StatusRule(2, 4, "C4:WON", "Выдан", "to_portal"),
            StatusRule(2, 4, "C4:GONE", "Нет"),
            StatusRule(2, 77, "C77:NEW", "Новый"),
        ),
    ),
)
MINE: tuple[Section, ...] = tuple(
    one.SECTION for one in (prices, items, goods, warehouses, units, currencies, organisations, documents, statuses)
)


def scene(rules: Rules, told: dict[str, Any]) -> Scene:
    portal = Portal(pk=1, domain="p.bitrix24.test", language="en")
    base = OneCBase(pk=1, portal=portal, name="Trade")
    return Scene(portal, base, rules, Facts.told(portal, base, **told))


def rendered(section: Section, at: Scene, typed: QueryDict | None = None) -> Any:
    with translation.override("en"):
        return html.fromstring("<form>" + render_to_string(section.template, section.fields(at, typed)) + "</form>")


def sent(form: Any) -> QueryDict:
    """What a browser sends of the form as it stands."""
    typed = QueryDict(mutable=True)
    for name, value in form.form_values():
        typed.appendlist(name, value)
    return typed


def after(section: Section, at: Scene, typed: QueryDict) -> Rules:
    read = section.read(typed, at)
    assert not read.errors
    return from_data(laid_over(to_data(at.rules), read.changes))


@pytest.mark.parametrize("section", MINE, ids=lambda one: one.slug)
class TestEverySection:
    @pytest.mark.parametrize("told", [NOTHING, TOLD], ids=["nothing", "told"])
    @pytest.mark.parametrize("rules", [Rules(), SET], ids=["default", "set"])
    def test_changes_nothing_when_left_untouched(self, section: Section, rules: Rules, told: dict[str, Any]) -> None:
        at = scene(rules, told)
        takes = {
            "organisations": TradeRules(organisations={"o0": 7}),
            "statuses": TradeRules(statuses=(StatusRule(31, 1, "P", "Paid"),)),
        }
        suggested = section.slug in takes and rules == Rules() and told is TOLD
        wanted = Rules(trade=takes[section.slug]) if suggested else rules
        assert after(section, at, sent(rendered(section, at))) == wanted

    def test_says_something_in_a_line(self, section: Section) -> None:
        for rules, told in ((Rules(), NOTHING), (SET, TOLD)):
            said = section.says(rules, scene(rules, told))
            assert said.strip()
            assert "\n" not in said

    def test_shows_again_what_was_typed(self, section: Section) -> None:
        at = scene(Rules(), TOLD)
        form = rendered(section, at)
        for box in form.xpath("//input[@type='checkbox']"):
            box.checked = not box.checked
        for text in form.xpath("//input[@type='text']"):
            text.set("value", "?!")
        typed = sent(form)
        assert sent(rendered(section, at, typed)) == typed

    def test_survives_nonsense(self, section: Section) -> None:
        at = scene(SET, TOLD)
        names = {name for name, _ in sent(rendered(section, at)).items()}
        typed = QueryDict(mutable=True)
        typed.update(dict.fromkeys(names, "✗\x00" * 100))
        read = section.read(typed, at)
        rendered(section, at, typed)
        assert read.errors or from_data(laid_over({}, read.changes))


def test_addresses_are_all_different() -> None:
    slugs = [one.slug for one in SECTIONS]
    assert len(set(slugs)) == len(slugs)
    assert not {"history", "file"} & set(slugs)


class TestPrices:
    def test_go_where_they_are_sent(self) -> None:
        rules = after(prices.SECTION, scene(Rules(), TOLD), QueryDict("price-0=1&price-1=skip&base-price="))
        assert (dict(rules.price_types), set(rules.skipped_price_types)) == ({"p0": 1}, {"p1"})

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ("price-0=5&price-1=5", "price-1"),
            ("price-0=77", "price-0"),
            ("price-0=skip&base-price=p0", "base-price"),
            ("price-0=5&base-price=p0", "base-price"),
            ("price-1=1&base-price=p0", "base-price"),
            ("base-price=p9", "base-price"),
        ],
    )
    def test_are_refused_where_two_things_contradict_each_other(self, typed: str, field: str) -> None:
        assert list(prices.SECTION.read(QueryDict(typed), scene(Rules(), TOLD)).errors) == [field]


class TestItems:
    def test_of_a_service_type_cannot_become_goods(self) -> None:
        assert items.SECTION.read(QueryDict("type-1=goods"), scene(Rules(), TOLD)).errors

    def test_are_skipped_or_carried_as_services_into_a_section_without_characteristics(self) -> None:
        rules = after(items.SECTION, scene(Rules(), TOLD), QueryDict("type-0=service&type-2=skip&section-0=3&plain-0=1"))
        assert (set(rules.service_item_types), set(rules.skipped_item_types)) == ({"Товар"}, {"Тара"})
        assert (dict(rules.item_type_sections), set(rules.plain_item_types)) == ({"Товар": 3}, {"Товар"})


class TestCurrencies:
    def test_are_known_by_their_usual_names(self) -> None:
        assert [currencies.code_of(word, Rules()) for word in ("руб", "USD", "у.е.")] == ["RUB", "USD", ""]

    def test_that_the_portal_lacks_are_made_at_a_rate(self) -> None:
        rules = after(currencies.SECTION, scene(Rules(), TOLD), QueryDict("currency-2=eur&rate-USD=92,5"))
        assert (rules.currencies, rules.create_currencies) == ({"у.е.": "EUR"}, {"USD": "92.5"})

    @pytest.mark.parametrize("typed", ["rate-USD=0", "rate-USD=-1", "rate-USD=NaN", "rate-USD=1e400", "currency-2=рубль"])
    def test_need_a_code_and_a_rate_above_zero(self, typed: str) -> None:
        assert currencies.SECTION.read(QueryDict(typed), scene(Rules(), TOLD)).errors


class TestGoods:
    @pytest.mark.parametrize("limit", ["", "-1", "101", "1.5", "ten", "٣"])
    def test_limit_is_a_share_in_percent(self, limit: str) -> None:
        typed = QueryDict(mutable=True)
        typed.update({"goods-form": "1", "absent-limit": limit})
        assert goods.SECTION.read(typed, scene(Rules(), TOLD)).errors

    def test_fields_change_their_owner(self) -> None:
        typed = QueryDict("goods-form=1&absent-limit=10&owner-name=portal&owner-pictures=onec&by-article=1")
        rules = after(goods.SECTION, scene(SET, TOLD), typed)
        assert (set(rules.portal_owns), rules.match_by_article, rules.match_by_barcode) == ({"name"}, True, False)


class TestUnits:
    def test_are_one_of_the_portals_or_stay_unknown(self) -> None:
        assert after(units.SECTION, scene(Rules(), TOLD), QueryDict("unit-0=10")).units == {"бухта": 10}
        assert units.SECTION.read(QueryDict("unit-0=77"), scene(Rules(), TOLD)).errors


class TestWarehouses:
    def test_that_were_not_shown_stay_as_they_were(self) -> None:
        rules = after(warehouses.SECTION, scene(SET, TOLD), QueryDict("store-1=1"))
        assert rules.skipped_warehouses == {"w0", "unseen"}


class TestOrganisations:
    def test_are_suggested_by_tax_number_and_marked(self) -> None:
        lines = organisations.SECTION.fields(scene(Rules(), TOLD), None)["lines"]
        assert [(line.name, line.suggested) for line in lines] == [("Trade House", True), ("Works", False)]

    def test_no_company_is_suggested_that_somebody_chose_for_another(self) -> None:
        taken = Rules(trade=TradeRules(organisations={"o1": 7}))
        assert organisations.suggestions(scene(taken, TOLD)) == {}

    def test_two_cannot_be_one_company(self) -> None:
        typed = QueryDict("organisation-0=7&organisation-1=7")
        assert list(organisations.SECTION.read(typed, scene(Rules(), TOLD)).errors) == ["organisation-1"]

    def test_and_the_warehouse_of_orders_are_saved(self) -> None:
        rules = after(organisations.SECTION, scene(Rules(), TOLD), QueryDict("organisation-0=8&order-warehouse=w1"))
        assert (dict(rules.trade.organisations), rules.trade.warehouse) == ({"o0": 8}, "w1")
        assert organisations.SECTION.read(QueryDict("order-warehouse=w9"), scene(Rules(), TOLD)).errors


class TestDocuments:
    def typed(self, **more: str) -> QueryDict:
        typed = sent(rendered(documents.SECTION, scene(Rules(), TOLD)))
        for name, value in more.items():
            typed[name] = value
        return typed

    def test_of_one_pipeline_travel_from_a_stage_and_a_day(self) -> None:
        typed = self.typed(
            **{"travels-2": "1", "which-2": "some", "pipeline-2-4": "1", "from_stage-2-4": "C4:WON", "since-2": "2026-02-01"}
        )
        deals = after(documents.SECTION, scene(Rules(), TOLD), typed).trade.deals
        assert (deals.travels, set(deals.pipelines)) == (True, {4})
        assert (dict(deals.from_stage), deals.from_date) == ({4: "C4:WON"}, dt.date(2026, 2, 1))

    def test_of_every_pipeline_travel_when_all_are_wanted(self) -> None:
        assert after(documents.SECTION, scene(Rules(), TOLD), self.typed(**{"which-31": "all"})).trade.invoices.all_pipelines

    @pytest.mark.parametrize(
        ("field", "value"),
        [("which-2", "some"), ("since-31", "31.02.2026"), ("stage_paid-31-1", "C4:WON"), ("new-2", "99"), ("which-31", "none")],
    )
    def test_are_refused_where_something_is_no_choice(self, field: str, value: str) -> None:
        assert list(documents.SECTION.read(self.typed(**{field: value}), scene(Rules(), TOLD)).errors) == [field]


class TestStatuses:
    def typed(self, *lines: tuple[str, str, str]) -> QueryDict:
        typed = QueryDict("statuses-form=1", mutable=True)
        for number, (at, status, way) in enumerate(lines):
            typed.update({f"at-{number}": at, f"status-{number}": status, f"way-{number}": way})
        return typed

    def test_are_suggested_where_names_mean_the_same(self) -> None:
        (table,) = statuses.SECTION.fields(scene(Rules(), TOLD), None)["tables"]
        assert [(row.stage, row.status) for row in table.rows if row.suggested] == [("Paid", "Paid")]

    def test_several_may_lead_to_one_stage(self) -> None:
        typed = self.typed(("31:1:S", "Отправлен", "both"), ("31:1:S", "В пути", "to_portal"))
        rules = after(statuses.SECTION, scene(Rules(), TOLD), typed).trade.statuses
        assert rules == (StatusRule(31, 1, "S", "Отправлен"), StatusRule(31, 1, "S", "В пути", "to_portal"))

    @pytest.mark.parametrize(
        ("lines", "number"),
        [
            ([("31:1:S", "А", "both"), ("31:1:S", "Б", "both")], 1),
            ([("31:1:S", "А", "both"), ("31:1:P", "а", "to_portal")], 1),
            ([("31:9:S", "А", "both")], 0),
            ([("", "А", "both")], 0),
            ([("31:1:S", "А", "sideways")], 0),
            ([("31:1:S", "А" * 101, "both")], 0),
            ([("31:1:S", "А\x00", "both")], 0),
        ],
    )
    def test_are_refused_where_they_contradict_or_lead_nowhere(self, lines: list[tuple[str, str, str]], number: int) -> None:
        assert list(statuses.SECTION.read(self.typed(*lines), scene(Rules(), TOLD)).errors) == [f"status-{number}"]
