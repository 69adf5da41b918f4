"""Documents from the portal to 1C and back, with every kind of 1C: after each step both sides know the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from exchange import handlers
from exchange.imports import pipeline
from exchange.models import ImportRun, Problem
from sandbox.onec.dialects import DIALECTS, Dialect
from tests.journeys.trading import CABLE, COMPANY, DEAL, FITTING, INVOICE, PIPE, World, dialects

pytestmark = pytest.mark.django_db(transaction=True)
STAGES = {INVOICE: ("DT31_1:N", "DT31_1:S"), DEAL: ("NEW", "PREPARATION")}
# Every 1C, invoices and deals in turn; both where payments and shipments are told one by one.
PAIRS = [(dialect, (INVOICE, DEAL)[place % 2]) for place, dialect in enumerate(dialects())]
PAIRS += [(DIALECTS["unf_docs"], kind) for kind in (INVOICE, DEAL) if (DIALECTS["unf_docs"], kind) not in PAIRS]
EVERY = pytest.mark.parametrize(("dialect", "kind"), PAIRS, ids=lambda value: getattr(value, "name", str(value)))
# One of each way in which counterparties are told.
FOUR = pytest.mark.parametrize(
    "dialect", [DIALECTS[name] for name in ("ut11", "ut103", "unf_docs", "module31")], ids=lambda d: d.name
)


@pytest.fixture
def open_world(bitrix24, live_server, settings, monkeypatch) -> Callable[..., World]:
    """A world for a dialect; files of 1C are read as soon as they are stored, as a free worker would."""
    settings.APP_URL = live_server.url
    bitrix24.portal.change_app(app_url=live_server.url)

    def read_at_once(run: ImportRun) -> None:
        transaction.on_commit(lambda: pipeline.read_run(run.pk))

    monkeypatch.setattr(handlers, "start_reading", read_at_once)

    def opened(dialect: Dialect, name: str = "base") -> World:
        world = World.open(bitrix24, live_server.url, dialect, name)
        world.rules(deals={"travels": True})
        return world

    return opened


def begun(world: World, kind: int = INVOICE) -> int:
    """A document of 1,000.00 that has just gone to 1C."""
    rows = [world.row(CABLE, "125.50", "4"), world.row(PIPE, "166.00", "3")]
    document = world.document(kind, world.company(), rows, stageId=STAGES[kind][0])
    world.both()
    assert world.book.orders == {}, "it goes to 1C only once it has left the first stage"
    world.change(kind, document, stageId=STAGES[kind][1])
    world.both()
    assert [order.sum for order in world.book.orders.values()] == ["1000.00"]
    assert world.differences() == []
    return document


@EVERY
class TestDocument:
    def test_goes_its_whole_way(self, open_world: Callable[..., World], dialect: Dialect, kind: int) -> None:
        world = open_world(dialect)
        document = begun(world, kind)
        order = world.order(kind, document)

        world.book.pay(order.number, "300.00")
        world.both()
        assert world.item(kind, document)["stageId"] == STAGES[kind][1]
        if world.tells_parts():
            assert (world.own(kind, document, "paid"), world.own(kind, document, "debt")) == ("300|RUB", "700|RUB")

        world.book.pay(order.number, "700.00", method="cash")
        world.both()
        assert world.semantics(kind, document) == "S"
        assert (world.own(kind, document, "paid"), world.own(kind, document, "debt")) == ("1000|RUB", "0|RUB")

        world.book.ship(order.number, {CABLE: "4"})
        world.both()
        if world.tells_parts():
            assert world.own(kind, document, "shipped") == "502|RUB"
        world.book.ship(order.number, {PIPE: "3"})
        world.both()
        assert world.own(kind, document, "shipped") == "1000|RUB"
        shown = [row for row in world.bitrix24.state["activities"] if row["kind"] == "configurable"]
        assert len(shown) == (4 if world.tells_parts() else 2)
        assert world.differences() == []
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_changes_its_lines_on_either_side_in_turn(
        self, open_world: Callable[..., World], dialect: Dialect, kind: int
    ) -> None:
        world = open_world(dialect)
        document = begun(world, kind)
        number = world.order(kind, document).number

        world.book.set_line(number, CABLE, quantity="5")
        world.both()
        assert world.differences() == []
        assert str(world.item(kind, document)["opportunity"]) == "1125.5"

        rows = [world.row(CABLE, "125.50", "5"), world.row(FITTING, "10.00", "3", discountTypeId=1, discountSum="2.50")]
        world.set_rows(kind, document, rows)
        world.both()
        assert world.differences() == []

        world.book.set_line(number, PIPE, quantity="1", price="33.33", name="Труба")
        world.book.set_line(number, FITTING, quantity="0")
        world.both()
        assert world.differences() == []
        assert world.order(kind, document).sum == "660.83"

    def test_is_cancelled_in_the_portal(self, open_world: Callable[..., World], dialect: Dialect, kind: int) -> None:
        world = open_world(dialect)
        document = begun(world, kind)
        world.change(kind, document, stageId="DT31_1:D" if kind == INVOICE else "LOSE")
        world.both()
        order = world.order(kind, document)
        assert order.cancelled if world.marks_cancelled() else order.deleted
        assert world.differences() == []

    def test_is_cancelled_in_1c(self, open_world: Callable[..., World], dialect: Dialect, kind: int) -> None:
        world = open_world(dialect)
        document = begun(world, kind)
        number = world.order(kind, document).number
        if world.marks_cancelled():
            world.book.cancel(number)
        else:
            world.book.delete(number)
        world.both()
        assert world.semantics(kind, document) == "F"
        assert world.differences() == []


@FOUR
class TestBuyer:
    def test_is_renamed_and_corrected_on_either_side(self, open_world: Callable[..., World], dialect: Dialect) -> None:
        world = open_world(dialect)
        document = begun(world)
        company = int(world.item(INVOICE, document)["companyId"])
        world.change(COMPANY, company, title="ООО «Ромашка плюс»")
        world.both()
        assert world.differences() == []

        (requisite,) = world.bitrix24.state.where("requisites", ENTITY_TYPE_ID="4", ENTITY_ID=str(company))
        world.do("crm.requisite.update", id=requisite["id"], fields={"RQ_INN": "7700000023"})
        world.both()
        assert world.differences() == []

        buyer = next(iter(world.book.buyers))
        world.book.rename_buyer(buyer, name="ООО «Василёк»", full_name="ООО «Василёк»", official_name="ООО «Василёк»")
        world.both()
        assert world.differences() == []
        world.book.rename_buyer(buyer, inn="7700000030")
        world.both()
        assert world.differences() == []
        assert len([row for row in world.bitrix24.state["items_4"] if row.get("isMyCompany") not in (True, "Y")]) == 1


class TestAccounting:
    def test_gets_invoices_and_their_changes(self, open_world: Callable[..., World]) -> None:
        world = open_world(DIALECTS["bp30"])
        document = begun(world)
        world.set_rows(INVOICE, document, [world.row(CABLE, "99.99", "7")])
        world.both()
        assert world.differences() == []
        assert world.order(INVOICE, document).sum == "699.93"


class TestSilence:
    @FOUR
    def test_follows_once_both_sides_agree(self, open_world: Callable[..., World], dialect: Dialect) -> None:
        world = open_world(dialect)
        begun(world)
        world.both()
        world.bitrix24.calls.reset()
        taken = world.exchange()
        world.settle()
        assert taken.orders == []
        assert dict(world.bitrix24.calls.writes) == {}
