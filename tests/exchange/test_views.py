"""The protocol over HTTP, as 1C speaks it and as nobody should."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from exchange import handlers, protocol, sessions
from exchange.models import ExchangeSession, ImportRun, OneCBase, UploadedFile
from tests.exchange.onec import OneC, content, lines
from tests.exchange.test_archives import packed

CATALOG = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"></КоммерческаяИнформация>'.encode()

NO_ORDERS = "<КоммерческаяИнформация ВерсияСхемы='2.05'></КоммерческаяИнформация>".encode()


def read(run: ImportRun, **fields: Any) -> None:
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.READ, **fields)


class TestCheckauth:
    def test_gives_cookie_token_and_clock(self, onec: OneC):
        answer = onec.ask("catalog", "checkauth")
        assert answer[:2] == ["success", "PHPSESSID"]
        assert answer[2].isalnum()
        assert answer[3].startswith("sessid=")
        assert abs(int(answer[4].removeprefix("timestamp=")) - timezone.now().timestamp()) < 5
        assert answer[5:] == [""]
        assert len(onec.ask("sale", "checkauth")) == 5
        assert len(onec.ask("reference", "checkauth")) == 5
        assert len(onec.ask("get_catalog", "checkauth")) == 4

    def test_answers_alike_at_every_address(self, onec: OneC):
        for path in (
            f"/1c/{onec.key}/", f"/1c/{onec.key}", f"/1c/{onec.key}/bitrix/admin/1c_exchange.php", "/bitrix/admin/1c_exchange.php",
            "/crm/1c_exchange.php",
        ):  # fmt: skip
            onec.path = path
            assert onec.ask("catalog", "checkauth")[0] == "success"

    def test_takes_post_as_well(self, onec: OneC):
        assert lines(onec.raw("type=catalog&mode=checkauth", body=b""))[0] == "success"
        assert lines(onec.raw("type=catalog&mode=init", body=b"x=1"))[0] == "zip=yes"

    def test_says_what_is_wrong_with_the_login(self, onec: OneC):
        onec.password = "wrong"
        assert onec.ask("catalog", "checkauth") == ["failure", protocol.BAD_LOGIN]
        onec.basic = False
        assert onec.ask("catalog", "checkauth") == ["failure", protocol.NO_CREDENTIALS]

    def test_says_what_is_wrong_with_the_address(self, onec: OneC):
        onec.key = "another"
        assert onec.ask("catalog", "checkauth") == ["failure", protocol.WRONG_ADDRESS]

    def test_says_that_the_base_is_paused(self, onec: OneC, base: OneCBase):
        onec.begin()
        OneCBase.objects.update(paused_at=timezone.now())
        assert onec.ask("catalog", "checkauth") == ["failure", protocol.PAUSED]
        assert onec.send("import.xml", CATALOG) == ["failure", protocol.PAUSED]

    def test_names_its_encoding_and_length_and_forbids_keeping(self, onec: OneC):
        response = onec.raw("type=catalog&mode=checkauth")
        assert response["Content-Type"] == "text/html; charset=windows-1251"
        assert response["Content-Length"] == str(len(response.content))
        assert response["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers
        assert b"\r" not in response.content


class TestInit:
    def test_has_two_lines_and_four_with_a_version(self, onec: OneC):
        onec.sign_in()
        assert onec.ask("catalog", "init") == ["zip=yes", "file_limit=8388608"]
        answer = onec.ask("sale", "init", version="3.1")
        assert answer == ["zip=yes", "file_limit=8388608", f"sessid={onec.sessid}", "version=2.09"]
        assert ExchangeSession.objects.get().version == "3.1"

    def test_offers_no_archives_where_they_are_not_wanted(self, onec: OneC, settings: Any):
        onec.sign_in("reference")
        assert onec.ask("reference", "init")[0] == "zip=no"
        settings.EXCHANGE_ZIP = False
        assert onec.ask("catalog", "init")[0] == "zip=no"

    def test_the_vendor_module_reads_utf8(self, onec: OneC):
        onec.sign_in()
        assert onec.raw("type=catalog&mode=init&version=3.1")["Content-Type"].endswith("utf-8")
        assert onec.raw("type=catalog&mode=x")["Content-Type"].endswith("utf-8")


class TestSessions:
    def test_a_cookie_alone_or_a_password_alone_is_enough(self, onec: OneC):
        onec.begin()
        onec.basic = False
        assert onec.send("import.xml", CATALOG)[0] == "success"
        onec.basic, onec.cookie, onec.sessid = True, "", ""
        assert onec.take("import.xml")[0] == "progress"

    def test_a_stolen_cookie_is_of_no_use_to_another_base(self, onec: OneC, base: OneCBase):
        onec.begin()
        other, password = sessions.create_base(base.portal, "Другая", "ut11")
        thief = OneC(onec.client, other.key, other.login, password, cookie=onec.cookie)
        assert thief.send("import.xml", CATALOG) == ["failure", protocol.BAD_LOGIN]
        thief.basic = False
        assert thief.send("import.xml", CATALOG) == ["failure", protocol.WRONG_ADDRESS]
        assert not UploadedFile.objects.exists()

    def test_a_wrong_form_token_is_refused_and_an_empty_one_is_not(self, onec: OneC):
        onec.begin()
        onec.sessid = "0" * 32
        assert onec.ask("catalog", "init") == ["failure", protocol.BAD_SESSID[""]]
        assert onec.ask("sale", "init") == ["failure", protocol.BAD_SESSID["sale"]]
        onec.sessid = ""
        assert lines(onec.raw("type=catalog&mode=init&sessid="))[0] == "zip=yes"


class TestFile:
    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "a.php", "C:\\a.xml", "/etc/a.xml", "a\0.xml", "я" * 300 + ".xml", "", "%2e%2e/a.xml/.."]
    )
    def test_refuses_odd_names_with_a_sentence(self, onec: OneC, name: str):
        onec.begin()
        keyword, sentence = onec.send(name, CATALOG)
        assert keyword == "failure"
        assert 0 < len(sentence) < 255
        assert not UploadedFile.objects.exists()

    def test_takes_names_that_are_not_utf8(self, onec: OneC):
        onec.begin()
        raw = b"type=catalog&mode=file&filename=" + "Товары.xml".encode("cp1251")
        response = onec.client.generic(
            "POST",
            f"/1c/{onec.key}/",
            CATALOG,
            headers={"Cookie": f"PHPSESSID={onec.cookie}"},
            QUERY_STRING=raw.decode("latin-1"),
        )
        assert lines(response) == ["success", ""]  # type: ignore[arg-type]
        assert UploadedFile.objects.get().name == "Товары.xml"

    def test_refuses_a_file_without_a_body(self, onec: OneC):
        onec.begin()
        assert onec.ask("catalog", "file", filename="a.xml") == ["failure", protocol.NO_BODY]
        assert onec.send("a.xml", b"") == ["failure", protocol.NO_BODY]

    def test_refuses_what_is_too_large(self, onec: OneC, settings: Any):
        settings.EXCHANGE_MAX_UPLOAD = 1000
        onec.begin()
        assert onec.send("a.xml", b"1" * 900) == ["success", ""]
        assert onec.send("a.xml", b"1" * 101)[0] == "failure"
        assert UploadedFile.objects.get().size == 900

    def test_takes_bodies_beyond_what_forms_may_have(self, onec: OneC, settings: Any):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
        onec.begin()
        assert onec.send("a.xml", CATALOG) == ["success", ""]


class TestImport:
    def test_goes_from_progress_to_success(self, onec: OneC, started: list[ImportRun]):
        onec.begin()
        onec.send("import0_1.xml", CATALOG[:50])
        onec.send("import0_1.xml", CATALOG[50:])
        keyword, state = onec.take("import0_1.xml")
        assert (keyword, state) == ("progress", "Файл import0_1.xml принят (0,0 МБ) и ожидает чтения.")
        (run,) = started
        assert Path(run.path).read_bytes() == CATALOG
        ImportRun.objects.update(state="reading", bytes_read=64, size=100, counts={"products": 12400}, lease_until=timezone.now())
        assert onec.take("import0_1.xml") == ["progress", "Прочитано 12 400 товаров из файла (64 %)."]
        read(run)
        for _ in range(2):
            assert onec.take("import0_1.xml") == ["success", "Импорт успешно завершен."]
        assert len(started) == 1

    def test_tells_at_once_when_the_file_is_read_while_1c_waits(self, onec: OneC, monkeypatch: pytest.MonkeyPatch):
        naps: list[float] = []
        monkeypatch.setattr(handlers, "start_reading", lambda run: None)

        def read_meanwhile(seconds: float) -> None:
            naps.append(seconds)
            ImportRun.objects.update(state="read")

        monkeypatch.setattr(handlers, "sleep", read_meanwhile)
        onec.begin()
        onec.send("import.xml", CATALOG)
        assert onec.take("import.xml")[0] == "success"
        assert len(naps) == 1

    def test_tells_why_a_file_could_not_be_read(self, onec: OneC):
        onec.begin()
        onec.send("import.xml", CATALOG)
        onec.take("import.xml")
        ImportRun.objects.update(state="failed", error="Строка 7: тег <b> не закрыт.")
        assert onec.take("import.xml") == ["failure", "Строка 7: тег b не закрыт."]

    def test_tells_how_many_items_were_not_taken(self, onec: OneC, started: list[ImportRun]):
        onec.begin()
        onec.send("import.xml", CATALOG)
        onec.take("import.xml")
        read(started[0], counts={"failed": 2})
        answer = onec.take("import.xml")
        assert answer[:2] == ["success", "Импорт успешно завершен."]
        assert answer[2].startswith("Не удалось принять 2 объекта")

    def test_gives_up_waiting_when_nobody_reads(self, onec: OneC):
        onec.begin()
        onec.send("import.xml", CATALOG)
        onec.take("import.xml")
        ImportRun.objects.update(created_at=timezone.now() - dt.timedelta(minutes=21))
        assert onec.take("import.xml") == ["failure", protocol.STALLED]

    def test_refuses_a_file_that_was_never_sent(self, onec: OneC):
        onec.begin()
        keyword, sentence = onec.take("import.xml")
        assert keyword == "failure"
        assert "import.xml" in sentence
        assert onec.ask("catalog", "import") == ["failure", protocol.NO_FILE_NAME]

    def test_unpacks_an_archive_that_came_in_pieces_and_reads_what_is_in_it(self, onec: OneC, started: list[ImportRun]):
        onec.begin()
        data = packed(("import0_1.xml", CATALOG), ("offers0_1.xml", CATALOG), ("import_files/ab/x.jpg", b"jpeg")).getvalue()
        for start in range(0, len(data), 100):
            assert onec.send("v8_12AB_3.zip", data[start : start + 100]) == ["success", ""]
        assert onec.take("import0_1.xml")[0] == "progress"
        assert onec.take("offers0_1.xml")[0] == "progress"
        assert [run.file_name for run in started] == ["import0_1.xml", "offers0_1.xml"]

    def test_says_how_far_an_archive_is_unpacked(self, onec: OneC, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(handlers, "UNPACK_SECONDS", -1.0)
        onec.begin()
        onec.send("v8.zip", packed(*((f"{number}.xml", CATALOG) for number in range(3))).getvalue())
        assert onec.take("0.xml") == ["progress", f"{protocol.UNZIPPING} Готово 1 из 3 файлов."]

    def test_the_name_of_an_archive_means_everything_in_it(self, onec: OneC, started: list[ImportRun]):
        onec.begin()
        onec.send("v8.zip", packed(("offers.xml", CATALOG), ("import.xml", CATALOG)).getvalue())
        assert onec.take("v8.zip")[0] == "progress"
        ImportRun.objects.update(state="read")
        assert onec.take("v8.zip") == ["success", "Импорт успешно завершен."]
        assert [run.file_name for run in started] == ["import.xml", "offers.xml"]

    @pytest.mark.parametrize(
        "archive",
        [
            packed(("../a.xml", b"1")).getvalue(),
            packed(("a.xml", b"1")).getvalue()[:-9],
            packed(("a.xml", b"1"), ("A.xml", b"2")).getvalue(),
        ],
    )
    def test_refuses_a_hostile_or_cut_archive(self, onec: OneC, archive: bytes):
        onec.begin()
        onec.send("v8.zip", archive)
        keyword, sentence = onec.take("a.xml")
        assert keyword == "failure"
        assert sentence.startswith(protocol.UNZIP_FAILED)
        assert not ImportRun.objects.exists()


class TestCatalogEnds:
    def test_deactivate_needs_its_timestamp_and_deletes_nothing(self, onec: OneC, monkeypatch: pytest.MonkeyPatch):
        proposed: list[tuple[OneCBase, int]] = []
        monkeypatch.setattr("exchange.imports.pipeline.propose_absent", lambda *told: proposed.append(told), raising=False)
        onec.begin()
        assert onec.ask("catalog", "deactivate") == ["failure", protocol.NO_TIMESTAMP]
        assert onec.ask("catalog", "deactivate", timestamp="²") == ["failure", protocol.NO_TIMESTAMP]
        assert onec.ask("catalog", "deactivate", timestamp="1700000000") == ["success", protocol.DEACTIVATED]
        assert [stamp for _, stamp in proposed] == [1700000000]
        assert OneCBase.objects.get().observed["absent_before"] == 1700000000

    def test_complete_is_acknowledged(self, onec: OneC):
        onec.begin()
        assert onec.ask("catalog", "complete") == ["success", protocol.COMPLETED]


class TestSale:
    def test_query_is_a_bare_root_in_the_windows_code_page(self, onec: OneC):
        onec.sign_in("sale")
        response = onec.raw("type=sale&mode=query")
        assert response["Content-Type"] == "application/xml; charset=windows-1251"
        body = content(response)
        assert body.startswith(b'<?xml version="1.0" encoding="windows-1251"?>')
        assert "<КоммерческаяИнформация".encode("cp1251") in body
        assert response["Content-Length"] == str(len(body))
        assert onec.ask("sale", "success") == ["success", ""]

    def test_info_is_a_dictionary_of_statuses(self, onec: OneC):
        onec.sign_in("sale")
        assert b"<C" + "татусы>".encode("cp1251") in content(onec.raw("type=sale&mode=info"))

    def test_orders_are_taken_as_they_come_and_importing_them_again_is_no_harm(self, onec: OneC):
        onec.begin("sale")
        assert onec.send("orders-1.xml", NO_ORDERS[:20], "sale") == ["success", ""]
        assert onec.send("orders-1.xml", NO_ORDERS[20:], "sale") == ["success", protocol.IMPORTED]
        assert onec.take("orders-1.xml", "sale") == ["success", protocol.IMPORTED]
        run = ImportRun.objects.get()
        assert (run.type, run.state) == ("sale", "read")

    def test_the_vendor_module_imports_its_orders_itself(self, onec: OneC):
        onec.sign_in("sale")
        onec.ask("sale", "init", version="3.1")
        assert onec.send("documents.xml", NO_ORDERS, "sale") == ["success", ""]
        assert not ImportRun.objects.exists()
        assert onec.take("documents.xml", "sale") == ["success", protocol.IMPORTED]

    def test_cut_orders_are_a_failure_when_they_are_imported(self, onec: OneC):
        onec.begin("sale")
        assert onec.send("orders-1.xml", b"<a><b>", "sale") == ["success", ""]
        assert onec.take("orders-1.xml", "sale") == ["failure", protocol.NOT_XML]
