"""Every generation of the 1C client gets through a whole exchange over a real socket, and every byte of it arrives."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from b24app.models import Portal
from exchange import handlers, sessions
from exchange.dialects import CONFIGURATIONS
from exchange.models import ExchangeSession, ImportRun, OneCBase
from exchange.pictures import find_picture
from exchange.protocol import BAD_LOGIN
from sandbox.onec.base import Base
from sandbox.onec.clients import Client
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS, Dialect
from sandbox.onec.writers.upload import Options

SENDING = [dialect for dialect in DIALECTS.values() if dialect.portions is not None]


class QuickClock:
    """Time that moves only when somebody sleeps."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def connect(
    transactional_db: None, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Dialect], tuple[Client, OneCBase]]:
    """A client of the dialect and its base; a file counts as read once 1C has been told `progress` for it."""
    monkeypatch.setattr(handlers, "start_reading", lambda run: None)
    told = handlers._progress_of

    def progress_and_read(run: ImportRun) -> Any:
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.READ)
        return told(run)

    monkeypatch.setattr(handlers, "_progress_of", progress_and_read)

    def connected(dialect: Dialect) -> tuple[Client, OneCBase]:
        portal = Portal.objects.create(member_id=secrets.token_hex(8), domain="shop.example")
        picked = dialect.name if dialect.name in CONFIGURATIONS else "other"
        base, password = sessions.create_base(portal, dialect.title, picked)
        url = f"{live_server.url}/1c/{base.key}/"
        return Client(dialect.manners, url, base.login, password, clock=QuickClock()), base

    return connected


def arrived(base: OneCBase) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for run in ImportRun.objects.filter(base=base).order_by("id"):
        found.setdefault(run.file_name, []).append(Path(run.path).read_bytes())
    return found


class TestCatalog:
    @pytest.mark.parametrize("dialect", SENDING, ids=[dialect.name for dialect in SENDING])
    def test_every_file_arrives_whole(self, dialect: Dialect, connect: Any, settings: Any):
        settings.EXCHANGE_FILE_LIMIT = 20_000
        for settings.EXCHANGE_ZIP in (True, False):
            self.send_and_compare(dialect, connect)

    def send_and_compare(self, dialect: Dialect, connect: Any) -> None:
        client, base = connect(dialect)
        onec = Base.random(12, 7)
        portions = list(dialect.export(onec, Options(portion=5)))
        sent = dialect.send(client, portions)
        assert sent.portions == len(portions)
        found = arrived(base)
        for portion in portions:
            for file in portion.xml:
                assert file.data in found[file.name]
        pictures = [(portion, file) for portion in portions for file in portion.files if not file.name.endswith(".xml")]
        held = [find_picture(session, file.name) for _, file in pictures for session in ExchangeSession.objects.filter(base=base)]
        assert {path.read_bytes() for path in held if path} == {file.data for _, file in pictures}

    def test_a_wrong_password_stops_each_at_once(self, connect: Any):
        for dialect in DIALECTS.values():
            client, _ = connect(dialect)
            client.password = "wrong"
            with pytest.raises(ClientRefused) as refused:
                client.session().checkauth()
            if client.manners.shows_text:
                assert BAD_LOGIN in refused.value.shown


class TestAtOnce:
    def test_requests_of_many_clients_at_once_each_get_an_answer(self, connect: Any):
        dialect = DIALECTS["ut11"]
        client, _ = connect(dialect)
        session = client.session()
        session.checkauth()
        session.init()
        refusals: list[ClientRefused] = []

        def put(number: int) -> None:
            try:
                session.put(f"import_files/ab/{number % 4}.jpg", b"%d" % number * 20_000)
            except ClientRefused as refusal:
                refusals.append(refusal)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Pieces of one file at once: the second is told so, none is mixed into another.
        assert all(refusal.answer is not None and refusal.answer.body.startswith(b"failure") for refusal in refusals)
        for number in range(4):
            path = find_picture(ExchangeSession.objects.latest("id"), f"import_files/ab/{number}.jpg")
            assert path is not None
            pieces = {b"%d" % other * 20_000 for other in range(16) if other % 4 == number}
            rest = path.read_bytes()
            while rest:
                piece = next(piece for piece in pieces if rest.startswith(piece))
                pieces.remove(piece)
                rest = rest[len(piece) :]
