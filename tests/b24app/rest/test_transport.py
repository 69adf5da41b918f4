from __future__ import annotations

import gzip
import json
import socket
import threading
from typing import Any

import pytest

from b24app.rest.client import Tokens
from b24app.rest.errors import FORBIDDEN_ADDRESS, NO_ANSWER, NO_CONNECTION, TOO_LARGE, UNENCODABLE, Fate, RestError
from b24app.rest.transport import Transport
from tests.b24app.rest.stub import StubPortal


@pytest.fixture
def transport() -> Transport:
    return Transport(insecure=True)


class TestPost:
    def test_keeps_one_connection_open(self, stub: StubPortal, transport: Transport) -> None:
        for _ in range(3):
            assert transport.post(stub.endpoint + "profile", {}, "token-1").body == {"result": True}
        assert stub.connections == 1
        assert len(stub.requests) == 3

    def test_has_no_token_in_the_address_and_sends_no_cookie_back(self, stub: StubPortal, transport: Transport) -> None:
        stub.script = [(200, {"result": 1}, {"Set-Cookie": "PHPSESSID=abc; path=/"})]
        transport.post(stub.endpoint + "profile", {}, "token-1")
        transport.post(stub.endpoint + "profile", {}, "token-1")
        assert [method for method, _ in stub.requests] == ["profile", "profile"]
        assert all("Cookie" not in headers for headers in stub.headers)

    def test_uses_no_password_of_the_machine(self, stub: StubPortal, transport: Transport, tmp_path, monkeypatch) -> None:
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login root password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        transport.post(stub.endpoint + "profile", {}, "token-1")
        assert "Authorization" not in stub.headers[0]

    @pytest.mark.parametrize("status", [200, 403, 500, 502])
    def test_gives_a_page_as_text(self, stub: StubPortal, transport: Transport, status: int) -> None:
        stub.script = [(status, "<html>Страница</html>", {})]
        answer = transport.post(stub.endpoint + "profile", {}, "token-1")
        assert (answer.status, answer.body, answer.text) == (status, None, "<html>Страница</html>")

    def test_follows_no_redirect(self, stub: StubPortal, transport: Transport) -> None:
        stub.script = [(302, "", {"Location": "https://new.example/rest/profile"})]
        answer = transport.post(stub.endpoint + "profile", {}, "token-1")
        assert (answer.status, answer.location) == (302, "https://new.example/rest/profile")
        assert len(stub.requests) == 1

    def test_refuses_a_huge_answer(self, stub: StubPortal) -> None:
        stub.script = [(200, "x" * 300_000, {})]
        with pytest.raises(RestError, match=TOO_LARGE):
            Transport(insecure=True, answer_limit=200_000).post(stub.endpoint + "profile", {}, "token-1")

    def test_refuses_an_answer_that_unpacks_to_a_huge_one(self) -> None:
        packed = gzip.compress(b"0" * 5_000_000)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        with pytest.raises(RestError, match=TOO_LARGE):
            Transport(insecure=True, answer_limit=200_000).post(one_answer(head + packed), {}, "token-1")

    @pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", b"garbage\r\n\r\n"])
    def test_says_that_a_lost_answer_may_have_been_done(self, transport: Transport, raw: bytes) -> None:
        with pytest.raises(RestError, match=NO_ANSWER) as caught:
            transport.post(one_answer(raw), {}, "token-1")
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, True)

    def test_says_that_a_silent_portal_may_have_done_it(self, monkeypatch) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        transport = Transport(insecure=True, request_limit=-14.9)
        with pytest.raises(RestError, match=NO_ANSWER) as caught:
            transport.post(f"http://127.0.0.1:{listener.getsockname()[1]}/rest/profile", {}, "token-1")
        listener.close()
        assert caught.value.sent

    def test_says_that_nothing_was_sent_without_a_connection(self, transport: Transport) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(RestError, match=NO_CONNECTION) as caught:
            transport.post(f"http://127.0.0.1:{port}/rest/profile", {}, "token-1")
        assert (caught.value.fate, caught.value.sent) == (Fate.RETRY, False)

    @pytest.mark.parametrize("params", [{"a": object()}, {"a": float("nan")}, {"a": "\ud800"}])
    def test_refuses_what_json_cannot_say(self, stub: StubPortal, transport: Transport, params: dict[str, Any]) -> None:
        with pytest.raises(RestError, match=UNENCODABLE):
            transport.post(stub.endpoint + "profile", params, "token-1")
        assert not stub.requests

    def test_sends_text_as_it_is(self, stub: StubPortal, transport: Transport) -> None:
        transport.post(stub.endpoint + "m", {"name": "Стол «Ёж» 👍"}, "token-1")
        assert stub.requests[0][1]["name"] == "Стол «Ёж» 👍"


class TestAddressGuard:
    @pytest.mark.parametrize(
        "url",
        ["http://portal.example/rest/m", "ftp://portal.example/rest/m", "https:///rest/m", "https://portal.example/other/m",
         "https://user:secret@portal.example/rest/m", "portal.example/rest/m"],
    )  # fmt: skip
    def test_refuses_what_is_no_portal_address(self, url: str) -> None:
        with pytest.raises(RestError, match=FORBIDDEN_ADDRESS) as caught:
            Transport().post(url, {}, "token-1")
        assert (caught.value.fate, caught.value.sent) == (Fate.PERSON, False)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "localhost",
            "10.0.0.5",
            "192.168.1.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "224.0.0.1",
        ],
    )
    def test_refuses_an_address_inside_the_network(self, host: str) -> None:
        with pytest.raises(RestError, match=FORBIDDEN_ADDRESS):
            Transport().post(f"https://{host}/rest/m", {}, "token-1")

    def test_refuses_a_name_that_changes_its_address_in_between(self, monkeypatch) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]]
        inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers.pop() if answers else inside)
        with pytest.raises(RestError, match=FORBIDDEN_ADDRESS):
            Transport().post(f"https://rebound.example:{port}/rest/m", {}, "token-1")
        listener.close()

    def test_takes_an_unknown_name_for_no_connection(self) -> None:
        with pytest.raises(RestError, match=NO_CONNECTION) as caught:
            Transport().post("https://no-such-portal.invalid/rest/m", {}, "token-1")
        assert not caught.value.sent


class TestTokens:
    def test_are_never_printed(self) -> None:
        assert "secret" not in repr(Tokens("secret", "https://portal.example/rest/"))


def one_answer(raw: bytes) -> str:
    """The address of a server that answers one request with these bytes and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            data = b""
            while b"\r\n\r\n" not in data or not data.endswith(b"}"):
                data += connection.recv(65536)
            json.loads(data.partition(b"\r\n\r\n")[2])
            connection.sendall(raw)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/rest/profile"
