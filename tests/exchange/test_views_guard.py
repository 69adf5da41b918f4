"""The exchange endpoint with what is odd: other types, strangers, anything at all; and what is noted of it."""

from __future__ import annotations

import logging

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange import protocol, sessions
from exchange.models import ExchangeRequest, OneCBase
from tests.exchange.onec import OneC, content, lines

CATALOG = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"></КоммерческаяИнформация>'.encode()

NO_ORDERS = "<КоммерческаяИнформация ВерсияСхемы='2.05'></КоммерческаяИнформация>".encode()


class TestOtherTypes:
    def test_reference_books_are_kept(self, onec: OneC):
        onec.begin("reference")
        assert onec.send("reference.xml", NO_ORDERS, "reference") == ["success", protocol.IMPORTED]
        assert onec.take("reference.xml", "reference") == ["success", protocol.IMPORTED]

    def test_the_sites_catalogue_is_empty(self, onec: OneC):
        assert onec.ask("get_catalog", "query") == ["finished=yes", ""]

    def test_listen_without_news_is_not_modified(self, onec: OneC):
        response = onec.raw("type=listen")
        assert (response.status_code, response.content) == (304, b"")

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("type=crm&mode=checkauth", protocol.UNKNOWN_TYPE),
            ("mode=checkauth", protocol.UNKNOWN_TYPE),
            ("", protocol.UNKNOWN_TYPE),
            ("type=catalog", protocol.UNKNOWN_MODE),
            ("type=catalog&mode=query", protocol.UNKNOWN_MODE),
            ("type=catalog&mode=exportChannels", protocol.UNKNOWN_MODE),
            ("type=get_catalog&mode=file", protocol.UNKNOWN_MODE),
        ],
    )
    def test_an_unknown_type_or_mode_is_said_to_be_unknown(self, onec: OneC, query: str, sentence: str):
        assert lines(onec.raw(query)) == ["failure", sentence]


class TestGuard:
    def test_a_defect_of_ours_is_a_failure_with_a_code_for_the_log(
        self, onec: OneC, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        def broken(*args: object) -> None:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr(sessions, "session_for", broken)
        with caplog.at_level(logging.ERROR):
            keyword, sentence = onec.ask("catalog", "init")
        assert keyword == "failure"
        assert "secret" not in sentence
        code = sentence.rpartition(" ")[2].rstrip(".")
        assert f"support code {code}" in caplog.text
        assert "ZeroDivisionError" in caplog.text

    def test_any_host_and_any_method_get_an_answer(self, onec: OneC):
        for host in ("evil.example", "a b", "[", "x" * 500):
            assert onec.raw("type=catalog&mode=checkauth", HTTP_HOST=host).status_code == 200
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            response = onec.client.generic(method, f"/1c/{onec.key}/?type=catalog&mode=init", b"x")
            assert (response.status_code, response.content[:7]) == (200, b"failure")

    def test_too_many_parameters_are_no_error_page(self, onec: OneC):
        assert lines(onec.raw("a=1&" * 5000 + "type=catalog"))[0] == "failure"


class TestJournal:
    def test_keeps_requests_without_secrets(self, onec: OneC, base: OneCBase):
        onec.begin()
        onec.send("import.xml", CATALOG)
        rows = list(ExchangeRequest.objects.order_by("id"))
        assert [(row.mode, row.method) for row in rows] == [("checkauth", "GET"), ("init", "GET"), ("file", "POST")]
        assert (rows[2].file_name, rows[2].size, rows[2].base) == ("import.xml", len(CATALOG), base)
        told = " ".join(f"{row.answer} {row.file_name}" for row in rows)
        assert not [secret for secret in (onec.cookie, onec.sessid, onec.password) if secret in told]

    def test_shows_the_owner_of_a_login_that_somebody_tries_it(self, onec: OneC, base: OneCBase):
        onec.password = "wrong"
        for _ in range(8):
            onec.ask("catalog", "checkauth")
        assert 5 <= ExchangeRequest.objects.filter(base=base).count() < 8


KEYWORDS = (b"success", b"failure", b"progress", b"zip=yes", b"zip=no", b"<?xml", b"finished=yes")
WORDS = st.sampled_from(
    [
        "catalog",
        "sale",
        "reference",
        "get_catalog",
        "checkauth",
        "init",
        "file",
        "import",
        "query",
        "info",
        "success",
        "deactivate",
        "complete",
    ]
)
ANY = st.one_of(WORDS, st.text(max_size=40))


def grammatical(response: HttpResponse) -> bool:
    if response.status_code == 304:
        return response.content == b""
    body = content(response)
    first, _, rest = body.partition(b"\n")
    return (
        response.status_code == 200
        and first.startswith(KEYWORDS)
        and first == first.strip()
        and b"\r" not in body
        and (response["Content-Type"].startswith("application/xml") or b"<" not in rest)
    )


class TestAnything:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.dictionaries(st.sampled_from(["type", "mode", "filename", "version", "cmlVersion", "timestamp", "sessid", "x"]), ANY),
        st.binary(max_size=300),
        st.sampled_from(["GET", "POST"]),
        st.booleans(),
    )
    def test_a_known_client_gets_an_answer_of_the_protocol(
        self, onec: OneC, query: dict[str, str], body: bytes, method: str, signed_in: bool
    ):
        from urllib.parse import urlencode

        if signed_in and not onec.cookie:
            onec.sign_in()
        response = onec.raw(urlencode(query, errors="surrogatepass"), body=body if method == "POST" else None)
        assert grammatical(response), response.status_code

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.binary(max_size=200),
        st.dictionaries(
            st.sampled_from(
                ["HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_HOST", "HTTP_X_FORWARDED_FOR", "CONTENT_LENGTH", "CONTENT_TYPE",
                 "HTTP_TRANSFER_ENCODING", "HTTP_USER_AGENT", "REMOTE_ADDR", "HTTP_X_FORWARDED_PROTO", "HTTP_EXPECT"]
            ),
            st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60),
        ),
        st.sampled_from(["/1c/x/", "/1c/%00/", "/bitrix/admin/1c_exchange.php", "/crm/1c_exchange.php", "/1c/\u044f"]),
    )  # fmt: skip
    def test_anybody_gets_an_answer_of_the_protocol(self, db: None, query: bytes, headers: dict[str, str], path: str):
        client = Client(raise_request_exception=False)
        response = client.generic("POST", path, b"body", QUERY_STRING=query.decode("latin-1"), **headers)  # type: ignore[arg-type]
        assert grammatical(response), response.status_code  # type: ignore[arg-type]
