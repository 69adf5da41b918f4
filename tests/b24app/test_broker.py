"""The broker is away: whoever wakes a worker goes on at once, and what is due waits in the database."""

from __future__ import annotations

from pathlib import Path

import kombu.utils.functional
import pytest
from kombu.exceptions import OperationalError

from b24app.celery import app
from exchange import tasks


class TestMessage:
    def test_without_a_broker_fails_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        naps: list[float] = []
        monkeypatch.setattr(kombu.utils.functional, "sleep", naps.append)
        with (
            app.connection_for_write(f"redis+socket://{tmp_path}/nobody.sock") as connection,
            pytest.raises(OperationalError),
        ):
            tasks.settle.apply_async(kwargs={"portal_id": 1}, connection=connection, retry=False)  # type: ignore[call-arg]
        assert sum(naps) <= 0.2

    def test_that_cannot_be_sent_spoils_nothing_that_a_person_did(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody(**_: object) -> None:
            raise OperationalError

        for task in (tasks.work_lane, tasks.settle):
            monkeypatch.setattr(task, "apply_async", nobody)
        tasks.wake_lane(1)
        tasks.wake_settling(1)
