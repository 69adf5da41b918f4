"""The invented files that others read are what the writers write today."""

from __future__ import annotations

import pytest

from tests.sandbox.onec.generated import FOLDER, NAMES, files


class TestGeneratedFiles:
    @pytest.mark.parametrize("name", NAMES)
    def test_are_what_the_writers_write_today(self, name: str) -> None:
        written = dict(files(name))
        stored = {p.relative_to(FOLDER / name).as_posix(): p.read_bytes() for p in (FOLDER / name).rglob("*") if p.is_file()}
        assert written.keys() == stored.keys(), "run `python -m tests.sandbox.onec.generated`"
        assert [path for path in written if written[path] != stored[path]] == []

    @pytest.mark.parametrize("name", NAMES)
    def test_stay_small(self, name: str) -> None:
        assert all(len(data) < 30_000 for _, data in files(name))
