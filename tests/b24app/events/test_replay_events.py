from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from b24app.events import registry
from b24app.events.handle import ATTEMPTS
from b24app.events.inbox import store
from b24app.models import InboundEvent

DEAL = "ONCRMDEALUPDATE"


@pytest.fixture
def heard(monkeypatch) -> list[object]:
    said: list[object] = []
    monkeypatch.setattr(registry, "_handlers", {DEAL: [said.append]})
    return said


class TestReplay:
    def test_of_failed_events_handles_them(self, portal, heard, capsys):
        store(portal.pk, DEAL, {"ID": "7"})
        InboundEvent.objects.update(attempts=ATTEMPTS, error="broken")
        call_command("replay_events", "--failed")
        assert capsys.readouterr().out == "1 events again, 1 handled\n"
        assert len(heard) == 1

    def test_since_a_time_handles_all_of_them(self, portal, heard, capsys):
        for number in range(3):
            store(portal.pk, DEAL, {"ID": number})
        call_command("replay_events", "--failed")
        call_command("replay_events", "--since", "2020-01-01T00:00")
        assert capsys.readouterr().out.endswith("3 events again, 3 handled\n")

    @pytest.mark.parametrize("arguments", [[], ["--since", "yesterday"], ["--failed", "--since", "2020-01-01"]])
    def test_wants_to_know_which(self, db, arguments):
        with pytest.raises(CommandError):
            call_command("replay_events", *arguments)
