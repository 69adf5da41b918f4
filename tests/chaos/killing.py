"""Web, workers, beat, database and broker are killed while both directions are at work; in the end nothing is lost or doubled.

Only `make chaos` names this file: it has servers of its own for minutes. The short form kills forked processes (test_matrix.py).
"""

from __future__ import annotations

from pathlib import Path

from tests.chaos import lives
from tests.chaos.stack import BROKER, DATABASE, PROGRAMS, Stack
from tests.chaos.test_matrix import SEED, TABLE, say


class TestProcesses:
    def test_may_be_killed_at_any_moment(self, data_dir: Path) -> None:
        with Stack(data_dir) as stack:
            found = lives.rounds(stack, (*PROGRAMS, DATABASE, BROKER), SEED)
        told = lives.table(found) + "\n"
        say(told)
        with TABLE.open("a") as table:
            table.write(f"\n{told}")
        assert [(victim, one.step, one.wrong) for victim, one in found if one.wrong] == []
