"""Sale files are kept whole before 1C hears `success`, and read as runs."""

from __future__ import annotations

import io

import pytest

from exchange import documents, storage
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from exchange.protocol import DOCTYPE, NOT_XML
from exchange.sessions import open_session
from tests.exchange.test_archives import packed

ORDERS = b"<?xml version='1.0'?><a><b/></a>"


@pytest.fixture
def session(base: OneCBase) -> ExchangeSession:
    return open_session(base, "sale")[0]


def send(session: ExchangeSession, body: bytes, name: str = "orders-1.xml") -> UploadedFile:
    return storage.receive(session, name, io.BytesIO(body), len(body))


class TestTake:
    def test_keeps_a_whole_file_once_as_a_run_that_waits(self, session: ExchangeSession):
        file = send(session, ORDERS)
        run = documents.take(session, file, "sale")
        assert (run.state, run.type) == (ImportRun.State.WAITING, "sale")
        assert documents.take(session, file, "sale") == run

    @pytest.mark.parametrize(
        ("body", "error"), [(b"<a><b>", NOT_XML), (b"text", NOT_XML), (b"<!doctype a [<!ENTITY b 'c'>]><a></a>", DOCTYPE)]
    )
    def test_fails_what_is_no_whole_document(self, session: ExchangeSession, body: bytes, error: str):
        run = documents.take(session, send(session, body), "sale")
        assert (run.state, run.error) == (ImportRun.State.FAILED, error)


class TestTakeAtOnce:
    def test_waits_for_the_rest_of_a_file(self, session: ExchangeSession):
        assert documents.take_at_once(session, send(session, ORDERS[:9]), "sale", seconds=9) == []
        (run,) = documents.take_at_once(session, send(session, ORDERS[9:]), "sale", seconds=9)
        assert run.state == ImportRun.State.WAITING

    def test_waits_for_the_rest_of_an_archive(self, session: ExchangeSession):
        data = packed(("orders-1.xml", ORDERS)).getvalue()
        assert documents.take_at_once(session, send(session, data[:30], "v8_1.zip"), "sale", seconds=9) == []
        (run,) = documents.take_at_once(session, send(session, data[30:], "v8_1.zip"), "sale", seconds=9)
        assert run.file_name == "orders-1.xml"
