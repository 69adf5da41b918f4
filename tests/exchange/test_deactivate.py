"""The end of a full export as the module of 1C-Bitrix tells it, over HTTP."""

from __future__ import annotations

import pytest

from exchange import protocol
from exchange.imports import pipeline
from exchange.models import ImportRun, OneCBase, StateRow
from tests.exchange.onec import OneC

pytestmark = pytest.mark.django_db(transaction=True)


def goods(numbers: range, *, changes: bool = False) -> bytes:
    items = "".join(f"<Товар><Ид>g{number}</Ид><Наименование>Товар {number}</Наименование></Товар>" for number in numbers)
    flag = str(changes).lower()
    head = f"<Каталог СодержитТолькоИзменения='{flag}'><Ид>cat</Ид><Наименование>Т</Наименование>"
    return f"<КоммерческаяИнформация>{head}<Товары>{items}</Товары></Каталог></КоммерческаяИнформация>".encode()


def export(onec: OneC, *files: bytes) -> str:
    """Send and import the files in one session; the timestamp that checkauth gave."""
    moment = onec.sign_in()[4].removeprefix("timestamp=")
    onec.ask("catalog", "init", version="3.1")
    for number, body in enumerate(files):
        name = f"goods_1_{number}.xml"
        assert onec.send(name, body)[0] == "success"
        onec.take(name)
        assert pipeline.read_run(ImportRun.objects.latest("pk").pk)
        assert onec.take(name)[0] == "success"
    return moment


def off() -> list[str]:
    marked = StateRow.objects.filter(main__absent__state="off").order_by("pk")
    return list(marked.values_list("onec_id", flat=True))


class TestDeactivate:
    def test_switches_off_what_none_of_the_files_since_its_moment_names(self, onec: OneC, base: OneCBase) -> None:
        export(onec, goods(range(20)))
        ImportRun.objects.update(created_at="2026-01-01T00:00:00Z")
        moment = export(onec, goods(range(1, 10)), goods(range(10, 20), changes=True))
        assert onec.ask("catalog", "deactivate", timestamp=moment) == ["success", protocol.DEACTIVATED]
        assert onec.ask("catalog", "complete") == ["success", protocol.COMPLETED]
        assert off() == ["g0"]

    def test_switches_nothing_off_after_changes(self, onec: OneC, base: OneCBase) -> None:
        export(onec, goods(range(20)))
        ImportRun.objects.update(created_at="2026-01-01T00:00:00Z")
        moment = export(onec, goods(range(1), changes=True))
        assert onec.ask("catalog", "deactivate", timestamp=moment)[0] == "success"
        assert off() == []
