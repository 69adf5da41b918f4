"""Several programs as one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from b24app.management.process_tree import Ended, Interrupted, ProcessTree
from tests.processes import ROOT, alive, below, until


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def tree(output: io.StringIO) -> ProcessTree:
    return ProcessTree(ROOT, dict(os.environ), output)


def run(tree: ProcessTree, meanwhile: Callable[[], object] = lambda: None, **programs: str) -> None:
    """Start the programs and wait for the first to end."""
    with tree:
        for name, command in programs.items():
            tree.start(name, command)
        meanwhile()
        tree.wait()


class TestProcessTree:
    def test_stops_all_and_says_who_when_one_ends(self, tree: ProcessTree):
        before = below(os.getpid())
        with pytest.raises(Ended, match=r"web ended by itself \(code 3\)"):
            run(tree, beat="sleep 600", web="sh -c 'echo no database; exit 3'")
        assert below(os.getpid()) == before

    def test_shows_each_line_behind_its_name(self, tree: ProcessTree, output: io.StringIO):
        with pytest.raises(Ended):
            run(
                tree,
                lambda: tree.wait_until(lambda: output.getvalue().count("\n") == 2, 10),
                web="sh -c 'echo one; echo two >&2; sleep 0.5'",
            )
        assert output.getvalue() == "web    | one\nweb    | two\n"

    def test_ends_on_a_signal_as_on_the_keyboard(self, tree: ProcessTree):
        before = below(os.getpid())
        with pytest.raises(Interrupted):
            run(tree, lambda: os.kill(os.getpid(), signal.SIGTERM), web="sleep 600")
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert below(os.getpid()) == before

    def test_leaves_nobody_behind_when_its_own_process_is_killed(self):
        code = """
import os, sys
from b24app.management.process_tree import ProcessTree
with ProcessTree(__import__("pathlib").Path("."), dict(os.environ), sys.stderr) as tree:
    tree.start("web", "sleep 600")
    print("started", flush=True)
    tree.wait()
"""
        parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        children = below(parent.pid)
        assert children
        parent.kill()
        parent.communicate()
        until(lambda: not any(map(alive, children)), "a program outlived the process that started it")
