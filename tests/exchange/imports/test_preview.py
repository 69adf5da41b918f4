"""A push that is rehearsed: what it tells comes true, and nothing happens before."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from b24app.models import Portal
from b24app.rest.commands import Command
from exchange.imports.preview import PreviewImpossible, preview
from exchange.imports.rehearsing import READING, reads_only, without_made_up
from exchange.models import OneCBase, Problem, StateRow
from exchange.planning.previewed import Counts, Example, chosen
from mapping.models import Link
from sandbox.portal import methods as _methods  # noqa: F401  (registers them)
from sandbox.portal.registry import METHODS
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send
from tests.exchange.imports.test_push import CATALOG, OFFERS

DATABASE = pytest.mark.django_db(transaction=True)


def rows() -> list[Any]:
    return list(StateRow.objects.order_by("pk").values())


@DATABASE
class TestPreview:
    def test_tells_what_the_push_then_does(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        found = preview(base)
        assert found.complete
        assert found.troubles == {}
        push_all()
        state = bitrix24.state
        kinds = found.kinds
        assert kinds["sections"] == Counts(made=state.count("sections"))
        assert kinds["products"] == Counts(made=len([row for row in state["products"] if row["type"] != 4]))
        assert kinds["offers"] == Counts(made=len([row for row in state["products"] if row["type"] == 4]))
        assert kinds["prices"] == Counts(made=len({row["productId"] for row in state["prices"]}))
        assert kinds["stock"].made == 2
        names = {row["name"] for row in state["products"]}
        assert {one.name for one in found.examples if one.kind in ("products", "offers")} == names
        boots = next(one for one in found.examples if one.onec_id == "a#1" and one.kind == "prices")
        assert sorted(detail.after for detail in boots.details) == ["100.5 RUB", "2 USD"]

    def test_writes_nothing_there_and_nothing_here(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        tell(CATALOG)
        tell(OFFERS)
        before = rows()
        bitrix24.calls.reset()
        preview(base)
        preview(base)
        assert bitrix24.calls.snapshot()["write_commands"] == 0
        assert bitrix24.calls.snapshot()["commands"] > 0
        assert rows() == before
        assert (Link.objects.count(), Problem.objects.count()) == (0, 0)

    def test_does_not_keep_the_push_from_looking(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        preview(base)
        push_all()
        # The properties that facts of items need are found by a survey which is made once per process.
        assert {row["code"] for row in bitrix24.state["properties"]} >= {"CML2_ARTICLE"}

    def test_says_what_changes_and_what_it_was(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        tell(CATALOG.replace("<Наименование>Шнурки<", "<Наименование>Шнурки вощёные<"))
        tell(OFFERS.replace(">10<", ">11<"))
        found = preview(base)
        told = {(one.kind, one.action, one.onec_id): one for one in found.examples}
        name = told["products", "changed", "b"].details[0]
        assert (name.field, name.before, name.after) == ("name", "Шнурки", "Шнурки вощёные")
        assert told["prices", "changed", "b"].details[0].after == "11 RUB"
        assert (found.kinds["products"], found.kinds["prices"], found.writes) == (Counts(changed=1), Counts(changed=1), 2)

    def test_says_what_is_switched_off(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        tell(CATALOG.replace("<Товар><Ид>b</Ид>", '<Товар Статус="Удален"><Ид>b</Ид>'))
        found = preview(base)
        assert found.kinds["products"] == Counts(removed=1)
        assert [(one.onec_id, one.reason) for one in found.examples] == [("b", "deleted")]

    def test_says_what_the_portal_has_already(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        StateRow.objects.filter(kind__in=("product", "offer")).update(known=None, pushed_version=0)
        Link.objects.filter(kind__in=("product", "offer")).delete()
        found = preview(base)
        assert (found.kinds["products"].matched, found.kinds["offers"].matched, found.kinds["products"].made) == (3, 1, 0)

    def test_says_what_is_left_and_why(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        tell(CATALOG.replace("<Наименование>Шнурки</Наименование>", "<Наименование></Наименование>", 1))
        tell(OFFERS)
        found = preview(base)
        assert found.troubles == {"name-missing": 1}
        assert found.kinds["products"].skipped == 1
        assert [(one.onec_id, one.reason) for one in found.examples if one.action == "skipped"] == [("b", "name-missing")]

    def test_counts_what_is_looked_at_and_left(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, base: OneCBase
    ) -> None:
        tell(CATALOG)
        tell(OFFERS)
        push_all()
        StateRow.objects.filter(kind__in=("product", "offer")).update(pushed_version=0)
        found = preview(base)
        assert (found.writes, found.unchanged, found.examples) == (0, 4, ())

    def test_plans_stock_where_accounting_is_on(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        bitrix24.portal.set_accounting(True)
        tell(CATALOG)
        tell(OFFERS)
        found = preview(base)
        assert found.kinds["stock"].changed == 1
        assert bitrix24.calls.snapshot()["write_commands"] == 0

    def test_is_impossible_while_the_portal_lets_nobody_in(self, tell: Send, base: OneCBase, portal: Portal) -> None:
        portal.trouble = "access_revoked"
        portal.save()
        base.refresh_from_db()
        with pytest.raises(PreviewImpossible, match="access_revoked"):
            preview(base)

    def test_is_impossible_while_the_portal_does_not_answer(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        tell(CATALOG)
        bitrix24.faults.down = 99
        with pytest.raises(PreviewImpossible):
            preview(base)


@DATABASE
class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("preview", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_json_for_a_base_by_key_login_or_number(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        tell(CATALOG)
        tell(OFFERS)
        printed = [json.loads(self.run("--base", named, "--json")) for named in (base.key, base.login, str(base.pk))]
        assert {one["writes"] for one in printed} == {printed[0]["writes"]}
        assert printed[0]["kinds"]["products"]["made"] == 3
        assert 0 < len(printed[0]["examples"]) <= 20

    def test_prints_a_table(self, tell: Send, bitrix24: PortalServer, base: OneCBase) -> None:
        tell(CATALOG)
        table = self.run("--base", base.login)
        assert "«Обувь»" in table
        assert "sections" in table

    def test_knows_no_base_of_that_name(self, db: None) -> None:
        with pytest.raises(CommandError, match="nobody"):
            self.run("--base", "nobody")


class TestRehearsal:
    def test_takes_for_reading_only_what_the_portal_takes_for_it(self) -> None:
        assert METHODS
        for known in METHODS.values():
            if reads_only(Command(known.name)):
                assert not known.write, known.name
        assert {name.rpartition(".")[2] for name in ("catalog.document.mode.status", "crm.currency.list")} <= READING

    def test_never_asks_about_what_was_made_up(self) -> None:
        some = Command("catalog.price.list", {"select": ["id"], "filter": {"productId": [5, -1]}})
        asked = without_made_up(some)
        assert asked is not None
        assert asked.params == {"select": ["id"], "filter": {"productId": [5]}}
        for filter in ({"productId": [-1]}, {"propertyId": -2}, {"iblockId": 1, "property-3": ["x"]}):
            assert without_made_up(Command("catalog.price.list", {"filter": filter})) is None
        assert without_made_up(Command("catalog.productImage.list", {"productId": -4})) is None


class TestChosen:
    def test_shows_a_few_of_every_kind(self) -> None:
        many = [Example("products", "made", str(number), "", "new") for number in range(50)]
        few = [Example("sections", "made", "s", "", "new"), Example("products", "removed", "r", "", "deleted")]
        found = chosen([*many, *few], 5)
        assert [one.onec_id for one in found] == ["0", "s", "r", "1", "2"]
