"""Who a request says it is."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from exchange.credentials import Credentials, address, credentials


def basic(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


class TestCredentials:
    def test_reads_basic_in_utf8_and_in_the_windows_code_page(self):
        assert credentials({"HTTP_AUTHORIZATION": basic("иван:пароль".encode())}) == Credentials("иван", "пароль")
        assert credentials({"HTTP_AUTHORIZATION": basic("иван:пароль".encode("cp1251"))}) == Credentials("иван", "пароль")

    def test_takes_off_the_host_and_blanks(self):
        assert credentials({"HTTP_AUTHORIZATION": basic(b"HOST\\user : pass:word ")}) == Credentials("user", "pass:word")

    def test_finds_them_where_fastcgi_leaves_them(self):
        assert credentials({"REDIRECT_REMOTE_USER": basic(b"user:word")}) == Credentials("user", "word")
        assert credentials({"REMOTE_USER": "user"}) == Credentials()

    def test_reads_the_cookie_among_others(self):
        assert credentials({"HTTP_COOKIE": "a=b; PHPSESSID=Ab1 ; c=d"}).token == "Ab1"
        assert credentials({"HTTP_COOKIE": "PHPSESSID=../../x; PHPSESSID=ok"}).token == "ok"

    @given(st.text(), st.text())
    def test_takes_any_header_without_failing(self, authorization: str, cookie: str):
        found = credentials({"HTTP_AUTHORIZATION": "Basic " + authorization, "HTTP_COOKIE": cookie})
        assert all(isinstance(part, str) for part in found)


class TestAddress:
    def test_believes_only_a_proxy_of_our_own(self):
        assert address({"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}) == "8.8.8.8"
        assert address({"REMOTE_ADDR": "10.0.0.2", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 1.2.3.4"}) == "1.2.3.4"
        assert address({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "nonsense"}) == "127.0.0.1"
        assert address({"REMOTE_ADDR": ""}) == address({}) == ""
