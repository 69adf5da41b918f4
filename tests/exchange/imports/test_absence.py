"""Goods that a full export no longer names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.utils import timezone

from b24app import lanes
from b24app.models import Portal
from exchange import tasks
from exchange.imports import absence, pipeline
from exchange.models import ExchangeSession, ImportRun, OneCBase, Problem, StateRow, UploadedFile
from exchange.sessions import create_base, open_session
from mapping.edit import change_rules
from sandbox.portal.server import PortalServer

pytestmark = pytest.mark.django_db(transaction=True)

Export = Callable[..., int]


def goods(*ids: str, changes: bool = False, catalog: str = "cat") -> str:
    items = "".join(f"<Товар><Ид>{one}</Ид><Наименование>Товар {one}</Наименование></Товар>" for one in ids)
    head = f"<Ид>{catalog}</Ид><Наименование>Т</Наименование>"
    flag = str(changes).lower()
    inner = f'<Каталог СодержитТолькоИзменения="{flag}">{head}<Товары>{items}</Товары></Каталог>'
    return f"<КоммерческаяИнформация>{inner}</КоммерческаяИнформация>"


def offers(*ids: str, price: int = 10) -> str:
    kinds = "<ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен>"
    prices = f"<Цены><Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу></Цена></Цены>"
    items = "".join(f"<Предложение><Ид>{one}</Ид><Наименование>{one}</Наименование>{prices}</Предложение>" for one in ids)
    head = "<Ид>cat#</Ид><ИдКаталога>cat</ИдКаталога><Наименование>П</Наименование>"
    inner = (
        f'<ПакетПредложений СодержитТолькоИзменения="false">{head}{kinds}<Предложения>{items}</Предложения></ПакетПредложений>'
    )
    return f"<КоммерческаяИнформация>{inner}</КоммерческаяИнформация>"


@pytest.fixture
def export(base: OneCBase, tmp_path: Path) -> Export:
    """1C sends these files and has them read; returns the moment when it began, as checkauth told it."""

    def export(*texts: str, of: OneCBase | None = None) -> int:
        began = timezone.now()
        session, _ = open_session(of or base, "catalog")
        for number, text in enumerate(texts):
            path = tmp_path / f"{session.pk}-{number}.xml"
            path.write_text(text)
            run = ImportRun.objects.create(
                base=of or base, session=session, type="catalog", file_name=path.name, path=str(path), size=path.stat().st_size
            )
            assert pipeline.read_run(run.pk)
        # Runs of one test lie within one second: the moment must not cover those before.
        ImportRun.objects.exclude(session=session).update(created_at=began - dt.timedelta(seconds=5))
        return int(began.timestamp())

    return export


@pytest.fixture
def limit(portal: Portal, base: OneCBase) -> Callable[[int], None]:
    def limit(percent: int) -> None:
        change_rules(portal.pk, base.pk, {"absent_limit": percent}, author="")

    return limit


def later(minutes: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(minutes=minutes)


def states(base: OneCBase) -> dict[str, str]:
    rows = StateRow.objects.filter(base=base, main__has_key="absent")
    return {row.onec_id: row.main["absent"]["state"] for row in rows if row.main}


TEN = [f"g{number}" for number in range(10)]


class TestDeactivate:
    def test_switches_absent_goods_off_in_the_portal_and_deletes_nothing(
        self, export: Export, base: OneCBase, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        export(goods(*TEN), offers(*TEN))
        push_all()
        moment = export(goods(*TEN[1:]), offers(*TEN[1:]))
        pipeline.propose_absent(base, moment)
        push_all()
        assert [row["xmlId"] for row in bitrix24.state["products"] if row["active"] == "N"] == ["g0"]
        assert bitrix24.state.count("products") == 10
        assert (states(base), base.observed["absent"]["absent"]) == ({"g0": "off"}, 1)
        assert not Problem.objects.exists()
        assert "absent_before" not in base.observed

    def test_switches_goods_on_again_that_come_back_with_the_very_same_bytes(
        self, export: Export, base: OneCBase, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[1:])))
        push_all()
        export(goods(*TEN))
        push_all()
        assert {row["active"] for row in bitrix24.state["products"]} == {"Y"}
        assert states(base) == {}

    def test_switches_goods_on_again_in_the_midst_of_many_that_never_changed(self, export: Export, base: OneCBase) -> None:
        many = [f"m{number:04}" for number in range(700)]
        export(goods(*many))
        export(goods(*many))
        pipeline.propose_absent(base, export(goods(*many[:350], *many[351:])))
        assert states(base) == {"m0350": "off"}
        export(goods(*many))
        assert states(base) == {}

    def test_switches_goods_on_again_that_come_back_in_a_file_of_changes(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[1:])))
        export(goods("g0", changes=True))
        assert states(base) == {}

    def test_counts_every_portion_since_the_moment(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        moment = export(goods(*TEN[:5]), goods(*TEN[5:], changes=True))
        pipeline.propose_absent(base, moment)
        assert (states(base), base.observed["absent"]["absent"]) == ({}, 0)

    def test_asks_a_person_once_when_too_much_is_absent(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[2:])))
        pipeline.propose_absent(base, export(goods(*TEN[2:])))
        problem = Problem.objects.get(closed_at=None)
        assert (problem.cause, problem.facts["absent"], problem.facts["total"]) == ("too-many-absent", 2, 10)
        assert problem.facts["examples"] == ["Товар g0", "Товар g1"]
        assert states(base) == {"g0": "proposed", "g1": "proposed"}

    def test_asks_even_about_one_item_when_the_limit_is_zero(
        self, export: Export, base: OneCBase, limit: Callable[[int], None]
    ) -> None:
        limit(0)
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[1:])))
        assert states(base) == {"g0": "proposed"}

    def test_withdraws_the_question_when_the_goods_are_back(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[2:])))
        pipeline.propose_absent(base, export(goods(*TEN)))
        assert states(base) == {}
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_takes_an_export_of_changes_for_no_full_one(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods("g1", changes=True)))
        assert states(base) == {}
        assert not Problem.objects.exists()

    def test_does_nothing_after_a_file_that_could_not_be_read(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        moment = export(goods(*TEN[1:]), "<КоммерческаяИнформация><Каталог>")
        pipeline.propose_absent(base, moment)
        assert states(base) == {}

    def test_does_nothing_when_a_file_is_gone(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        moment = export(goods(*TEN[1:]))
        Path(ImportRun.objects.latest("pk").path).unlink()
        pipeline.propose_absent(base, moment)
        assert states(base) == {}

    def test_waits_for_files_that_are_still_to_be_read(self, export: Export, base: OneCBase, tmp_path: Path) -> None:
        export(goods(*TEN))
        moment = export(goods(*TEN[1:]))
        path = tmp_path / "late.xml"
        path.write_text(goods("g0"))
        session = ExchangeSession.objects.latest("pk")
        upload = UploadedFile.objects.create(session=session, name="late.xml", path=str(path), size=path.stat().st_size)
        pipeline.propose_absent(base, moment)
        assert (states(base), base.observed["absent_before"]) == ({}, moment)
        run = ImportRun.objects.create(base=base, session=session, type="catalog", file_name=upload.name, path=upload.path)
        assert absence.settle_due() == 0
        assert pipeline.read_run(run.pk)
        assert absence.settle_due() == 1
        assert states(base) == {}

    def test_forgets_a_moment_long_past(self, base: OneCBase) -> None:
        pipeline.propose_absent(base, 1_700_000_000)
        assert "absent_before" not in base.observed

    def test_asks_a_person_when_another_catalogue_did_not_come_at_all(self, export: Export, base: OneCBase) -> None:
        many = [f"m{number}" for number in range(50)]
        export(goods(*many), goods("x", catalog="second"))
        pipeline.propose_absent(base, export(goods(*many)))
        problem = Problem.objects.get()
        assert (problem.facts["missing"], states(base)) == (["second"], {"x": "proposed"})
        assert absence.confirm_absent(problem) == 1
        pipeline.propose_absent(base, export(goods(*many[1:])))
        assert states(base) == {"x": "off", "m0": "off"}

    def test_switches_off_a_variant_that_the_others_are_sent_without(
        self, export: Export, base: OneCBase, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        variants = [f"g0#{number}" for number in range(12)]
        export(goods(*TEN), offers(*variants))
        push_all()
        pipeline.propose_absent(base, export(goods(*TEN), offers(*variants[1:])))
        push_all()
        assert [row["xmlId"] for row in bitrix24.state["products"] if row["active"] == "N"] == ["g0#0"]
        export(goods(*TEN), offers(*variants))
        push_all()
        assert {row["active"] for row in bitrix24.state["products"]} == {"Y"}

    def test_leaves_variants_alone_when_no_offers_were_sent(self, export: Export, base: OneCBase) -> None:
        export(goods("g0"), offers("g0#1", "g0#2"))
        pipeline.propose_absent(base, export(goods("g0")))
        assert states(base) == {}


class TestPerson:
    def test_lets_absent_goods_be_switched_off(
        self, export: Export, base: OneCBase, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[5:])))
        push_all()
        assert {row["active"] for row in bitrix24.state["products"]} == {"Y"}
        assert absence.confirm_absent(Problem.objects.get()) == 5
        push_all()
        assert sorted(row["xmlId"] for row in bitrix24.state["products"] if row["active"] == "N") == TEN[:5]
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_lets_absent_goods_stay_and_is_not_asked_about_them_again(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        pipeline.propose_absent(base, export(goods(*TEN[5:])))
        assert absence.dismiss_absent(Problem.objects.get()) == 5
        pipeline.propose_absent(base, export(goods(*TEN[5:])))
        assert set(states(base).values()) == {"kept"}
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_is_not_heard_about_another_problem(self, base: OneCBase) -> None:
        with pytest.raises(ValueError, match="absent"):
            absence.confirm_absent(Problem(portal=base.portal, base=base, cause="name-missing"))


class TestQuiet:
    def test_ends_a_full_export_of_a_client_that_never_says_so(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        assert absence.settle_due(later(5)) == 0
        assert absence.settle_due(later(11)) == 1
        export(goods(*TEN[1:]))
        assert absence.settle_due(later(5)) == 0
        assert states(base) == {}
        assert absence.settle_due(later(11)) == 1
        assert states(base) == {"g0": "off"}

    def test_gathers_all_portions_though_only_the_first_says_that_it_is_full(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        absence.settle_due(later(11))
        export(goods(*TEN[:5]), goods(*TEN[5:9], changes=True))
        absence.settle_due(later(11))
        assert states(base) == {"g9": "off"}

    def test_says_nothing_of_an_export_of_changes(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        absence.settle_due(later(11))
        export(goods("g1", changes=True))
        assert absence.settle_due(later(11)) == 0
        assert states(base) == {}

    def test_says_nothing_of_a_client_that_would_say_deactivate(self, export: Export, base: OneCBase) -> None:
        OneCBase.objects.filter(pk=base.pk).update(observed={"version": "3.1"})
        export(goods(*TEN))
        export(goods(*TEN[1:]))
        assert absence.settle_due(later(60)) == 0
        assert states(base) == {}

    def test_does_not_last_for_ever(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        assert absence.settle_due(later(24 * 60)) == 1
        base.refresh_from_db()
        assert "full_since" not in base.observed


class TestTick:
    def test_settles_what_is_over(self, export: Export, base: OneCBase) -> None:
        export(goods(*TEN))
        moment = export(goods(*TEN[1:]))
        OneCBase.objects.filter(pk=base.pk).update(observed={"absent_before": moment})
        lanes.claim("test", base.portal_id)  # nothing is to be woken
        tasks.tick()
        assert states(base) == {"g0": "off"}

    def test_costs_one_query_while_an_export_goes_on(
        self, export: Export, base: OneCBase, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
    ) -> None:
        export(goods(*TEN))
        with django_assert_num_queries(1):
            assert absence.settle_due() == 0


class TestTwoBases:
    def test_keep_on_what_one_of_them_still_has(
        self, export: Export, base: OneCBase, portal: Portal, push_all: Callable[[], None], bitrix24: PortalServer
    ) -> None:
        second, _ = create_base(portal, "Розница", "unf")
        for of in (base, second):
            export(goods(*TEN), offers(*TEN), of=of)
            push_all()
        pipeline.propose_absent(base, export(goods(*TEN[1:]), of=base))
        push_all()
        assert states(base) == {"g0": "elsewhere"}
        assert bitrix24.state.one("products", xmlId="g0")["active"] == "Y"
        pipeline.propose_absent(second, export(goods(*TEN[1:]), of=second))
        push_all()
        assert (states(base), states(second)) == ({"g0": "off"}, {"g0": "off"})
        assert bitrix24.state.one("products", xmlId="g0")["active"] == "N"
