"""Each generation takes a correct server, and stops where the real one stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.onec.base import Base
from sandbox.onec.clients import Client
from sandbox.onec.clients.manners import MODULE31, A, B, C, D, E, Manners
from sandbox.onec.clients.session import Session
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS
from sandbox.onec.writers.upload import Options, OutFile, Portion
from tests.sandbox.onec.conftest import FakeClock
from tests.sandbox.onec.fake import COOKIE, LOGIN, PASSWORD, TOKEN, FakeServer, Reply

SENDERS = [name for name, dialect in DIALECTS.items() if dialect.portions]
ONE_FILE = Portion(
    [OutFile("import0_1.xml", b"<a>" + b"x" * 100 + b"</a>")], [OutFile("import_files/ab/p.jpg", b"\xff\xd8picture")]
)


def client_of(manners: Manners, server: FakeServer, clock: FakeClock, **more: object) -> Client:
    return Client(manners, server.url, LOGIN, PASSWORD, clock=clock, timeout=5, **more)  # type: ignore[arg-type]


def session_of(manners: Manners, server: FakeServer, clock: FakeClock, type_: str = "catalog") -> Session:
    session = client_of(manners, server, clock, patience=60).session(type_)
    session.checkauth()
    return session


class TestCorrectServer:
    @pytest.mark.parametrize("name", SENDERS)
    @pytest.mark.parametrize(("zip_", "limit"), [(False, 0), (False, 700), (True, 0), (True, 9000)])
    def test_gets_every_file_whole_and_imports_it(
        self, server: FakeServer, clock: FakeClock, name: str, zip_: bool, limit: int
    ) -> None:
        server.zip, server.file_limit = zip_, limit
        dialect = DIALECTS[name]
        portions = list(dialect.export(Base.random(items=6, seed=3, pictures=0.5), Options()))
        sent = dialect.send(client_of(dialect.manners, server, clock), portions)
        assert server.contents() == {f.name: f.data for p in portions for f in p.files}
        expected = [f.name for p in portions for f in p.xml]
        assert sent.imports == len(expected)
        # УНФ's new module asks once and does not wait, so the server may not have finished there.
        assert name == "unf_new" or server.imported == expected

    @pytest.mark.parametrize("name", SENDERS)
    def test_sees_only_the_cookie_of_the_body(self, server: FakeServer, clock: FakeClock, name: str) -> None:
        dialect = DIALECTS[name]
        dialect.send(client_of(dialect.manners, server, clock), [ONE_FILE])
        assert {call.cookie for call in server.calls if call.params["mode"] != "checkauth"} == {COOKIE}

    def test_gets_each_portion_of_ut11_in_a_session_of_its_own(self, server: FakeServer, clock: FakeClock) -> None:
        dialect = DIALECTS["ut11"]
        dialect.send(client_of(C, server, clock), dialect.export(Base.random(items=5, seed=1, pictures=0), Options(portion=2)))
        modes = [call.params["mode"] for call in server.calls]
        assert modes.count("checkauth") == 4, "the try-out of the connection and three portions"
        assert server.imported == [f"{kind}0_{n}.xml" for n in (1, 2, 3) for kind in ("import", "offers")]

    def test_is_called_again_at_once_by_c_and_after_five_seconds_by_d(self, server: FakeServer, clock: FakeClock) -> None:
        server.progress = 3
        DIALECTS["ut11"].send(client_of(C, server, clock), [ONE_FILE])
        assert clock.pauses == []
        DIALECTS["unf"].send(client_of(D, server, clock), [Portion([OutFile("import.xml", b"<a/>")])])
        assert clock.pauses == [5.0] * 4

    def test_need_not_be_waited_for(self, server: FakeServer, clock: FakeClock) -> None:
        sent = DIALECTS["ut103"].send(client_of(A, server, clock), [ONE_FILE], wait=False)
        assert sent.imports == 0
        assert "import" not in [call.params["mode"] for call in server.calls]


class TestRequests:
    @pytest.mark.parametrize(
        ("manners", "query"),
        [
            (A, "type=catalog&mode=file&filename=a.xml"),
            (B, "type=catalog&mode=file&filename=a.xml"),
            (C, f"type=catalog&mode=file&filename=a.xml&{TOKEN}"),
            (D, f"type=catalog&{TOKEN}&mode=file&filename=a.xml"),
            (E, f"type=catalog&mode=file&{TOKEN}&filename=a.xml"),
            (MODULE31, f"type=catalog&mode=file&filename=a.xml&{TOKEN}"),
        ],
    )
    def test_carry_the_token_where_that_generation_puts_it(
        self, server: FakeServer, clock: FakeClock, manners: Manners, query: str
    ) -> None:
        session_of(manners, server, clock).put("a.xml", b"x")
        assert server.calls[-1].query == query

    def test_name_the_version_at_init_for_the_module_only(self, server: FakeServer, clock: FakeClock) -> None:
        session_of(MODULE31, server, clock).init()
        assert server.calls[-1].params["version"] == "3.1"
        session_of(C, server, clock).init()
        assert "version" not in server.calls[-1].params

    def test_leave_a_file_name_unencoded_and_cut_files_under_one_name(self, server: FakeServer, clock: FakeClock) -> None:
        server.file_limit = 40
        session = session_of(C, server, clock)
        session.init()
        session.put("import_files/ab/x.jpg", b"1" * 100)
        posts = [call for call in server.calls if call.method == "POST"]
        assert [len(call.body) for call in posts] == [40, 40, 20]
        assert {call.query.split("filename=")[1] for call in posts} == {f"import_files/ab/x.jpg&{TOKEN}"}

    def test_glue_on_an_empty_token_in_ut11(self, server: FakeServer, clock: FakeClock) -> None:
        server.wrong["checkauth"] = Reply("success\nPHPSESSID\nc0ffee")
        session_of(C, server, clock).put("a.xml", b"x")
        assert server.calls[-1].query.endswith("filename=a.xml&sessid=")

    def test_of_the_module_close_a_full_export_and_not_one_of_changes(self, server: FakeServer, clock: FakeClock) -> None:
        dialect, base = DIALECTS["module31"], Base.random(items=3, seed=1, pictures=0)
        dialect.send(client_of(MODULE31, server, clock), dialect.export(base, Options(only_changes=True)))
        assert {"deactivate", "complete"}.isdisjoint(call.params["mode"] for call in server.calls)
        dialect.send(client_of(MODULE31, server, clock), dialect.export(base, Options()))
        assert [call.params["mode"] for call in server.calls[-2:]] == ["deactivate", "complete"]
        assert server.calls[-2].params["timestamp"] == "1700000000"

    def test_put_import_files_first_in_unf(self, server: FakeServer, clock: FakeClock) -> None:
        portion = Portion([OutFile("offers.xml", b"o"), OutFile("import.xml", b"i")])
        DIALECTS["unf"].send(client_of(D, server, clock), [portion])
        assert [call.params["filename"] for call in server.calls if call.method == "POST"] == ["import.xml", "offers.xml"]

    def test_are_tried_once_more_by_unf_after_a_partial_answer(self, server: FakeServer, clock: FakeClock) -> None:
        server.wrong["checkauth"] = lambda n: Reply("success\nPHPS", claim_length=4000) if n == 1 else None
        session_of(D, server, clock)
        server.wrong["checkauth"] = lambda n: Reply("success\nPHPS", claim_length=4000)
        with pytest.raises(ClientRefused, match="partial"):
            session_of(C, server, clock)


def full_run(manners: Manners) -> Callable[[FakeServer, FakeClock], None]:
    dialect = next(d for d in DIALECTS.values() if d.manners is manners)

    def run(server: FakeServer, clock: FakeClock) -> None:
        dialect.send(client_of(manners, server, clock, patience=60), [ONE_FILE])

    return run


SENDING = [A, B, C, D, MODULE31]
WRONG_FOR_ALL = {
    "empty-checkauth": ("checkauth", Reply("")),
    "failed-checkauth": ("checkauth", Reply("failure\nno")),
    "html-checkauth": ("checkauth", Reply("<html>hello</html>", content_type="text/html")),
    "bom-checkauth": ("checkauth", Reply(b"\xef\xbb\xbf\xef\xbb\xbfsuccess\nPHPSESSID\nc0ffee\nsessid=1")),
    "blank-line-checkauth": ("checkauth", Reply("\nsuccess\nPHPSESSID\nc0ffee\nsessid=1")),
    "no-cookie-checkauth": ("checkauth", Reply("success\n")),
    "returns-in-cookie": ("checkauth", Reply("success\nPHPSESSID\r\nc0ffee\r\nsessid=1")),
    "redirect": ("checkauth", Reply("success\nPHPSESSID\nc0ffee\nsessid=1", status=301, headers={"Location": "https://x/"})),
    "one-line-init": ("init", Reply("zip=no")),
    "empty-init": ("init", Reply("")),
    "failed-init": ("init", Reply("failure\nfull")),
    "failed-file": ("file", Reply("failure\ndisk full")),
    "odd-file": ("file", Reply("ok")),
    "empty-file": ("file", Reply("")),
    "failed-import": ("import", Reply("failure\nbad file")),
    "odd-import": ("import", Reply("done")),
    "empty-import": ("import", Reply("")),
    "cut-short": ("import", Reply("success", claim_length=5000)),
}
WRONG_FOR_SOME = {
    "trailing-newline-init": ("init", Reply("zip=no\nfile_limit=0\n"), [A, B, C], [D, MODULE31]),
    "three-line-init": ("init", Reply("zip=no\nfile_limit=0\nsessid=1"), [A, B, C], [D, MODULE31]),
    "blank-after-keyword": ("file", Reply("success \nok"), [A, B], [C, D, MODULE31]),
    "return-after-keyword": ("file", Reply("success\r\nok"), [A, B], [C, D, MODULE31]),
    "return-after-progress": ("import", Reply("success\r\nok"), [A, B], [C, D, MODULE31]),
    "status-500-with-words": ("file", Reply("success\n", status=500), [MODULE31], [A, B, C, D]),
    "capital-keyword": ("file", Reply("SUCCESS\n"), [], [A, B, C, D, MODULE31]),
    "no-number-limit": ("init", Reply("zip=no\nfile_limit=much"), [], [A, B, C, D, MODULE31]),
    "blank-after-token": ("checkauth", Reply(f"success\nPHPSESSID\nc0ffee\n{TOKEN} "), [C, D, MODULE31], [A, B]),
}


class TestWrongServer:
    @pytest.mark.parametrize("manners", SENDING, ids=lambda m: m.name)
    @pytest.mark.parametrize("fault", WRONG_FOR_ALL)
    def test_is_refused_by_everybody(self, server: FakeServer, clock: FakeClock, manners: Manners, fault: str) -> None:
        mode, reply = WRONG_FOR_ALL[fault]
        server.wrong[mode] = reply
        with pytest.raises(ClientRefused) as caught:
            full_run(manners)(server, clock)
        assert caught.value.transcript
        assert caught.value.request

    @pytest.mark.parametrize("manners", SENDING, ids=lambda m: m.name)
    @pytest.mark.parametrize("fault", WRONG_FOR_SOME)
    def test_is_refused_by_those_who_mind(self, server: FakeServer, clock: FakeClock, manners: Manners, fault: str) -> None:
        mode, reply, minders, others = WRONG_FOR_SOME[fault]
        assert len(minders) + len(others) == len(SENDING)
        server.wrong[mode] = reply
        if manners in minders:
            with pytest.raises(ClientRefused):
                full_run(manners)(server, clock)
        else:
            server.progress = 0
            full_run(manners)(server, clock)

    @pytest.mark.parametrize("manners", SENDING, ids=lambda m: m.name)
    def test_is_left_when_an_import_never_ends(self, server: FakeServer, manners: Manners) -> None:
        class Ticking(FakeClock):
            def now(self) -> float:
                self.time += 1
                return self.time

        server.wrong["import"] = Reply("progress\nstill")
        with pytest.raises(ClientRefused, match="still in progress"):
            full_run(manners)(server, Ticking())

    def test_is_refused_by_e_on_any_status_but_200(self, server: FakeServer, clock: FakeClock) -> None:
        server.wrong["checkauth"] = Reply(f"success\n{COOKIE.replace('=', chr(10))}\n{TOKEN}", status=500)
        with pytest.raises(ClientRefused, match="only 200"):
            session_of(E, server, clock)
        session_of(D, server, clock)

    def test_that_does_not_answer_at_all_is_refused(self, clock: FakeClock) -> None:
        gone = FakeServer()
        gone.close()
        with pytest.raises(ClientRefused, match="no whole answer"):
            session_of(C, gone, clock)


class TestWhatTheUserReads:
    TEXT = "failure\nСовсем нет прав."

    @pytest.mark.parametrize("manners", [D, E, MODULE31], ids=lambda m: m.name)
    def test_is_the_servers_text_when_short_and_plain(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.wrong["checkauth"] = Reply(self.TEXT.encode("cp1251"))
        with pytest.raises(ClientRefused) as caught:
            session_of(manners, server, clock)
        assert caught.value.shown == self.TEXT

    @pytest.mark.parametrize("body", ["failure\n" + "длинно" * 60, "<!DOCTYPE html><p>no</p>", "failure\n<html>"])
    def test_is_a_fixed_text_instead_of_html_or_a_long_one(self, server: FakeServer, clock: FakeClock, body: str) -> None:
        server.wrong["checkauth"] = Reply(body.encode("cp1251"))
        with pytest.raises(ClientRefused) as caught:
            session_of(D, server, clock)
        assert "Проверьте имя пользователя" in caught.value.shown

    @pytest.mark.parametrize("manners", [A, B, C], ids=lambda m: m.name)
    def test_is_always_the_fixed_text_in_older_ones(self, server: FakeServer, clock: FakeClock, manners: Manners) -> None:
        server.wrong["checkauth"] = Reply(self.TEXT.encode("cp1251"))
        with pytest.raises(ClientRefused) as caught:
            session_of(manners, server, clock)
        assert "Проверьте имя пользователя" in caught.value.shown

    def test_loses_its_letters_in_c_without_a_charset_and_not_in_d(self, server: FakeServer, clock: FakeClock) -> None:
        server.wrong["file"] = Reply("failure\nДиск полон".encode("cp1251"), content_type="text/plain")
        for manners, shown in ((C, "failure\n���� �����"), (D, "failure\nДиск полон"), (A, "failure\nДиск полон")):
            with pytest.raises(ClientRefused) as caught:
                session_of(manners, server, clock).put("a.xml", b"x")
            assert caught.value.shown == shown


class TestAddress:
    def client(self, url: str, manners: Manners = C) -> Client:
        return Client(manners, url, "l", "p")

    @pytest.mark.parametrize("url", ["https://b24.example", "https://b24.example/", "b24.example", "https:\\\\b24.example\\"])
    def test_without_a_path_means_the_script_of_a_bitrix_site(self, url: str) -> None:
        assert self.client(url).wire().address.path == "bitrix/admin/1c_exchange.php"

    def test_keeps_host_port_and_path(self) -> None:
        where = self.client("https://b24.example:8443/1c/exchange").wire().address
        assert (where.secure, where.host, where.port, where.path) == (True, "b24.example", 8443, "1c/exchange")

    @pytest.mark.parametrize(
        "url", ["https://x.example/1c?a=1", "https://login:password@x.example/1c", "https://", "http://x:port/"]
    )
    def test_that_1c_cannot_use_is_refused(self, url: str) -> None:
        with pytest.raises(ClientRefused):
            self.client(url).wire()

    def test_with_https_is_refused_by_generation_a_alone(self) -> None:
        with pytest.raises(ClientRefused, match="only http"):
            self.client("https://x.example/1c", A).wire()
        assert self.client("https://x.example/1c", B).wire().address.port == 443

    def test_with_letters_outside_ascii_in_a_file_name_is_refused(self, server: FakeServer, clock: FakeClock) -> None:
        with pytest.raises(ClientRefused, match="outside ASCII"):
            session_of(C, server, clock).put("товары.xml", b"x")


class TestListen:
    def test_takes_304_for_no_news_and_success_for_news(self, server: FakeServer, clock: FakeClock) -> None:
        session = session_of(MODULE31, server, clock)
        server.wrong[""] = Reply(b"", status=304, claim_length=0)
        assert not session.listen()
        server.wrong[""] = Reply("success\n")
        assert session.listen()
        server.wrong[""] = Reply("<html>")
        with pytest.raises(ClientRefused):
            session.listen()
