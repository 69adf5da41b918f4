"""The answer with the documents, as bytes."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from exchange.dialects import choose
from exchange.exports import reply, serving
from exchange.exports.reply import orders, pieces
from exchange.models import ExchangeSession, OneCBase, Problem, ServedDocument, TradeDocument
from exchange.sessions import open_session

Waiting = Callable[..., TradeDocument]
UT11 = choose("ut11")


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return open_session(base, "sale")[0]


class TestPieces:
    @pytest.mark.parametrize("size", [1, reply.PIECE - 1, reply.PIECE, reply.PIECE + 1, 3 * reply.PIECE])
    def test_are_the_whole_file_and_tell_of_it_before_the_last(self, size: int):
        sent: list[bytes] = []
        before: list[int] = []
        for piece in pieces(io.BytesIO(b"x" * size), size, lambda: before.append(len(b"".join(sent)))):
            sent.append(piece)
        assert b"".join(sent) == b"x" * size
        assert before == [(size - 1) // reply.PIECE * reply.PIECE]

    def test_who_hangs_up_before_the_last_was_served_nothing(self):
        chunks = pieces(io.BytesIO(b"x" * reply.PIECE * 2), reply.PIECE * 2, pytest.fail)
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]


class TestOrders:
    def test_say_their_exact_size_and_encoding(self, session: ExchangeSession, waiting: Waiting):
        waiting(1), waiting(2)
        answer = orders(session, UT11)
        body = b"".join(answer.chunks or ())
        assert body.startswith(b'<?xml version="1.0" encoding="windows-1251"?>')
        assert (len(body), answer.charset) == (answer.size, "windows-1251")
        assert answer.told == f"XML, {answer.size} bytes, 2 documents 1, 2"

    def test_hold_what_was_put(self, session: ExchangeSession, waiting: Waiting):
        waiting(1, comment="Позвонить")
        body = b"".join(orders(session, UT11).chunks or ()).decode("cp1251")
        assert "<Комментарий>Позвонить</Комментарий>" in body

    def test_are_never_an_empty_body(self, session: ExchangeSession):
        answer = orders(session, UT11)
        body = b"".join(answer.chunks or ())
        assert 0 < len(body) == answer.size < 555
        assert not ServedDocument.objects.exists()

    def test_a_defect_of_ours_sets_few_aside_and_is_told(
        self, session: ExchangeSession, waiting: Waiting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        for number in range(1, 4):
            waiting(number)

        def broken(out: Any, dialect: Any) -> bytes:
            raise KeyError("Ромашка")

        monkeypatch.setattr(reply, "render_document", broken)
        body = b"".join(orders(session, UT11).chunks or ())
        assert body
        assert set(Problem.objects.values_list("facts__reason", flat=True)) == {"KeyError"}
        TradeDocument.objects.update(set_aside_at=None)
        monkeypatch.setattr(reply, "_DEFECTS", 2)
        with pytest.raises(KeyError):
            orders(session, UT11)
        assert TradeDocument.objects.filter(set_aside_at=None).count() == 3

    def test_what_cannot_be_read_back_holds_nobody_up(self, session: ExchangeSession, waiting: Waiting):
        waiting(1), waiting(2)
        TradeDocument.objects.filter(number="1").update(outgoing={"trade": {"amount": "many"}})
        assert "1 documents 2" in orders(session, UT11).told

    def test_many_unwritable_ones_do_not_hide_those_behind_them(self, session: ExchangeSession, waiting: Waiting, settings: Any):
        settings.EXCHANGE_ORDERS_AT_ONCE = 2
        for number in range(1, 6):
            waiting(number, lines=())
        waiting(9)
        assert orders(session, UT11).told.endswith("1 documents 9")

    def test_memory_does_not_grow_with_their_number(
        self, session: ExchangeSession, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(reply, "_SMALL", 1000)
        monkeypatch.setattr(reply, "_ROWS", 20)
        monkeypatch.setattr(reply, "render_document", lambda out, dialect: b"x" * 1000)
        waiting(1, comment="Очень длинный комментарий. " * 100)

        def peak(count: int) -> int:
            self.fill(count)
            tracemalloc.start()
            answer = orders(session, UT11)
            sent = sum(map(len, answer.chunks or ()))
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert sent > 1000 * count
            assert len(answer.told) < 1000
            assert serving.confirm(session) == count
            return most

        peak(20)
        assert peak(300) < peak(60) + 100_000

    def fill(self, count: int) -> None:
        """So many documents that wait, all alike."""
        row = TradeDocument.objects.get(b24_id=1)
        TradeDocument.objects.exclude(b24_id=1).delete()
        TradeDocument.objects.update(acknowledged_version=0)
        said = {"base": row.base, "outgoing": row.outgoing, "outgoing_version": 1, "ready_at": row.ready_at}
        TradeDocument.objects.bulk_create(
            TradeDocument(entity_type_id=31, b24_id=number, number=str(number), **said) for number in range(2, count + 1)
        )

    def test_asks_nothing_of_the_portal(self, session: ExchangeSession, waiting: Waiting, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("requests.Session.request", lambda *_, **__: pytest.fail("a call to the portal"))
        waiting(1)
        assert b"".join(orders(session, UT11).chunks or ())
