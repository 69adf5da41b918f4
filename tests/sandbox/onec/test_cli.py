"""The command line: what it sends, what it keeps, and how it ends."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from sandbox.onec import connection, given
from sandbox.onec.cli import main
from tests.sandbox.onec.fake import LOGIN, PASSWORD, FakeServer, Reply


def run(server: FakeServer, *arguments: str) -> int:
    return main([*arguments, "--url", server.url, "--login", LOGIN, "--password", PASSWORD])


class TestCatalog:
    def test_sends_a_random_base_and_then_only_its_changes(self, server: FakeServer, tmp_path: Path) -> None:
        state = str(tmp_path / "state.json")
        assert run(server, "catalog", "--items", "20", "--state", state) == 0
        first = server.contents()["import0_1.xml"].decode()
        assert run(server, "catalog", "--changes", "3", "--state", state) == 0
        second = server.contents()["import0_1.xml"].decode()
        assert (first.count("<Товар>") + first.count("<Товар "), second.count("<Товар>") + second.count("<Товар ")) == (20, 3)
        assert json.loads(Path(state).read_text("utf-8"))["registered"] == {}

    def test_leaves_changes_registered_when_the_server_refuses(self, server: FakeServer, tmp_path: Path) -> None:
        state = tmp_path / "state.json"
        run(server, "catalog", "--items", "20", "--state", str(state))
        kept = state.read_text("utf-8")
        server.wrong["import"] = Reply("failure\nno")
        assert run(server, "catalog", "--changes", "3", "--state", str(state)) == 1
        assert state.read_text("utf-8") == kept

    def test_sends_given_files_as_they_are(self, server: FakeServer, tmp_path: Path) -> None:
        picture = tmp_path / "import_files" / "ab" / "x.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"\xff\xd8")
        (tmp_path / "offers.xml").write_bytes(b"<o/>")
        (tmp_path / "import.xml").write_bytes(b"<i/>")
        assert run(server, "catalog", str(tmp_path / "offers.xml"), str(tmp_path / "import.xml"), str(picture)) == 0
        assert server.files == {"import.xml": b"<i/>", "offers.xml": b"<o/>", "import_files/ab/x.jpg": b"\xff\xd8"}
        assert server.imported == ["import.xml", "offers.xml"]

    def test_says_what_the_client_refused_and_ends_with_one(self, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
        server.wrong["init"] = Reply("zip=no\nfile_limit=0\n")
        assert run(server, "catalog", "--items", "2") == 1
        told = capsys.readouterr().err
        assert "1C refused: init has 3 lines, this 1C needs exactly 2" in told
        assert "> GET /1c/exchange?type=catalog&mode=init" in told

    def test_of_bookkeeping_is_refused_as_a_wrong_command(self, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(server, "catalog", "--dialect", "bp30", "--items", "2") == 2
        assert "never sends a catalogue" in capsys.readouterr().err

    def test_shows_the_wire_when_asked(self, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
        run(server, "catalog", "--items", "2", "--verbose")
        shown = capsys.readouterr().out
        assert "< 200 in " in shown
        assert PASSWORD not in shown


class TestOtherCommands:
    def test_check_tells_a_good_login_from_a_bad_one(self, server: FakeServer) -> None:
        assert run(server, "check") == 0
        assert main(["check", "--url", server.url, "--login", LOGIN, "--password", "wrong"]) == 1

    def test_orders_keeps_what_it_took(self, server: FakeServer, tmp_path: Path) -> None:
        state = tmp_path / "state.json"
        state.write_text('{"shape": 1}')
        assert run(server, "orders", "--dialect", "bp30", "--state", str(state)) == 0
        kept = json.loads(state.read_text("utf-8"))
        assert (kept["shape"], kept["book"]["orders"]) == (1, [])

    def test_write_puts_the_files_and_the_expectation_into_a_folder(self, tmp_path: Path) -> None:
        assert main(["write", str(tmp_path), "--items", "5", "--dialect", "upp13"]) == 0
        assert {"import.xml", "offers.xml", "expected.json"} <= {path.name for path in tmp_path.iterdir()}


class TestGivenFiles:
    def test_come_out_of_an_archive_and_keep_it_as_it_was(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("offers.xml", "<o/>")
            archive.writestr("import.xml", "<i/>")
            archive.writestr("import_files/x.png", "p")
        portion = given.portion([tmp_path / "a.zip"])
        assert [file.name for file in portion.files] == ["import.xml", "offers.xml", "import_files/x.png"]
        assert portion.archive == (tmp_path / "a.zip").read_bytes()

    def test_that_1c_never_sends_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(ValueError, match=r"notes\.txt"):
            given.portion([tmp_path])
        with pytest.raises(FileNotFoundError):
            given.portion([tmp_path / "none.xml"])


class TestConnection:
    def test_takes_flags_then_the_environment_then_what_up_wrote(self, tmp_path: Path) -> None:
        (tmp_path / "up.json").write_text('{"exchange_url": "http://a/1c", "login": "l", "password": "p"}')
        environment = {"DATA_DIR": str(tmp_path), "ONEC_LOGIN": "env"}
        found = connection.find(None, None, "flag", environment)
        assert (found.url, found.login, found.password) == ("http://a/1c", "env", "flag")

    def test_says_what_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="no login and no password: give --login or ONEC_LOGIN"):
            connection.find("http://a", None, None, {"DATA_DIR": str(tmp_path)})
