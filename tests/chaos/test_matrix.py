"""Every step of both directions with everything that may go wrong: the same end, or a problem that people are told of.

A short form runs with the tests; `make chaos` runs all of it and writes the table.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange import handlers
from tests.chaos import matrix as matrices
from tests.chaos.matrix import Matrix, Ran
from tests.chaos.points import watched

pytestmark = pytest.mark.django_db(transaction=True)
# `make chaos` sets it: "all", or a part of a fault's or step's name; CHAOS_SEED and CHAOS_STRIKES say where faults strike, and how often.
CHAOS = os.environ.get("CHAOS", "")
SEED, STRIKES = int(os.environ.get("CHAOS_SEED", "1")), int(os.environ.get("CHAOS_STRIKES", "3"))
TABLE = Path(os.environ.get("CHAOS_TABLE", os.devnull))
SHORT = 10


def say(line: str) -> None:
    """To whoever watches a long run."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@pytest.fixture
def matrix(live_server, settings, monkeypatch) -> Iterator[Matrix]:
    """The app in this process, with small portions; files wait for a worker."""
    settings.APP_URL, settings.B24_INSECURE_HTTP = live_server.url, True
    settings.B24_CLIENT_ID, settings.B24_CLIENT_SECRET = "local.chaos.12345678", "chaos-secret"
    settings.EXCHANGE_FILE_LIMIT, settings.B24_REQUEST_LIMIT = 1500, 1.0
    monkeypatch.setattr(handlers, "start_reading", lambda run: None)
    monkeypatch.setattr(handlers, "naps", lambda seconds: iter(()))
    # What goes wrong is logged in full, as it should be; here it is expected.
    logging.disable(logging.NOTSET if os.environ.get("CHAOS_LOG") else logging.CRITICAL)
    with watched() as points:
        made = Matrix(live_server.url, points, SEED, STRIKES)
        made.measure()
        yield made
    logging.disable(logging.NOTSET)


class TestMatrix:
    def test_ends_the_same_or_with_a_listed_problem(self, matrix: Matrix) -> None:
        began = time.monotonic()
        runs = matrix.everything() if CHAOS else matrix.short(SHORT)
        if CHAOS not in ("", "all"):
            runs = [run for run in runs if CHAOS in f"{run[2].name} × {run[1].name}"]
        rans: list[Ran] = []
        for number, (story, step, fault, at) in enumerate(runs):
            ran = matrix.run(story, step, fault, at)
            rans.append(ran)
            told = matrices.summary(rans, SEED, time.monotonic() - began)
            if CHAOS:
                say(
                    f"{number + 1}/{len(runs)} {ran.fault} × {ran.step} at {ran.at}: {ran.outcome} {ran.seconds:.1f} s {ran.told}"
                )
                # After each run: the table of a long run that is cut off is worth having.
                TABLE.write_text(f"{told}\n\n{matrices.table(rans)}\n")
        if CHAOS:
            say(f"{told}\n\n{matrices.table(rans)}")
        fallen = matrices.falls(rans)
        assert not fallen, "\n".join(fallen)
