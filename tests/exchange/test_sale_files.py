"""Sale files over HTTP: what 1C hears, and that what it sent is read whichever client it is."""

from __future__ import annotations

import pytest

from exchange import handlers, protocol, tasks
from exchange.models import ImportRun, OneCBase, TradeDocument
from tests.exchange.onec import OneC
from tests.exchange.planning.onec_files import container, document, file, money
from tests.exchange.test_archives import packed


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The portals whose documents workers were woken for."""
    portals: list[int] = []
    monkeypatch.setattr(tasks, "wake_settling", portals.append)
    return portals


class TestClientsThatNeverImport:
    def test_have_their_orders_read_when_the_last_piece_is_there(self, base: OneCBase, onec: OneC, woken: list[int]):
        onec.begin("sale")
        whole = file(document(), schema="2.05")
        assert onec.send("orders-1.xml", whole[:99], "sale") == ["success", ""]
        assert woken == []
        assert onec.send("orders-1.xml", whole[99:], "sale") == ["success", protocol.IMPORTED]
        assert TradeDocument.objects.get().version == 1
        assert woken == [base.portal_id]

    def test_may_pack_them(self, onec: OneC):
        onec.begin("sale")
        body = packed(("orders-1.xml", file(document()))).getvalue()
        assert onec.send("v8_1.zip", body, "sale") == ["success", protocol.IMPORTED]
        assert TradeDocument.objects.count() == 1

    def test_hear_success_for_a_large_file_that_a_worker_reads(
        self, onec: OneC, started: list[ImportRun], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(tasks, "AT_ONCE_BYTES", 10)
        onec.begin("sale")
        assert onec.send("orders-1.xml", file(document()), "sale") == ["success", protocol.IMPORTED]
        (run,) = started
        assert (run.state, TradeDocument.objects.count()) == (ImportRun.State.WAITING, 0)
        tasks.read_run(run_id=run.pk)
        assert TradeDocument.objects.count() == 1

    def test_hear_of_single_documents_behind_success(self, onec: OneC):
        onec.begin("sale")
        body = file(document(), money(number="П-5"))
        answer = onec.send("orders-1.xml", body, "sale")
        assert answer[:2] == ["success", protocol.IMPORTED]
        assert answer[2] == "Выплата безналичных денег П-5 2026-03-02: заказ (не назван) в Битрикс24 не найден."
        assert len("\n".join(answer)) < 255


class TestClientsThatImport:
    def test_hear_progress_until_a_large_file_is_read(
        self, onec: OneC, started: list[ImportRun], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(tasks, "AT_ONCE_BYTES", 10)
        onec.sign_in("sale")
        onec.ask("sale", "init", version="3.1")
        assert onec.send("documents.xml", file(container(document()), schema="3.1"), "sale") == ["success", ""]
        assert onec.take("documents.xml", "sale")[0] == "progress"
        assert onec.take("documents.xml", "sale")[0] == "progress"
        tasks.read_run(run_id=started[0].pk)
        assert onec.take("documents.xml", "sale") == ["success", protocol.IMPORTED]

    def test_hear_success_at_once_for_a_small_one(self, onec: OneC, started: list[ImportRun]):
        onec.sign_in("sale")
        onec.ask("sale", "init", version="3.1")
        onec.send("documents.xml", file(container(document()), schema="3.1"), "sale")
        assert onec.take("documents.xml", "sale") == ["success", protocol.IMPORTED]
        assert (started, TradeDocument.objects.count()) == ([], 1)

    def test_may_import_what_was_read_when_it_came(self, onec: OneC):
        onec.begin("sale")
        onec.send("orders-1.xml", file(document()), "sale")
        assert onec.take("orders-1.xml", "sale") == ["success", protocol.IMPORTED]
        assert TradeDocument.objects.get().version == 1

    def test_hear_failure_for_what_is_no_commerceml(self, onec: OneC):
        onec.begin("sale")
        assert onec.send("orders-1.xml", b"<html></html>", "sale")[0] == "failure"


def test_an_answer_stays_short_however_many_documents_are_lost(onec: OneC):
    onec.begin("sale")
    lost = [money(onec_id=f"m{n}", number=f"{n}") for n in range(30)]
    answer = onec.send("orders-1.xml", file(*lost), "sale")
    assert answer[-1] == protocol.not_taken(30)
    assert len("\n".join(answer)) < 255
    assert handlers.MOST_TOLD < 255
