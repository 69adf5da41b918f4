from __future__ import annotations

import pytest

from b24app.oauth.addresses import UntrustedAddress, domain_of, listed_server, origin_of, portal_endpoint

SERVERS = ["https://oauth.example", "https://second.example"]


class TestDomain:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("Portal.Bitrix24.RU", "portal.bitrix24.ru"),
            ("portal.ru:443", "portal.ru"),
            ("portal.ru:80", "portal.ru"),
            ("box.local:8443", "box.local:8443"),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ],
    )
    def test_is_spelled_in_one_way(self, given, kept):
        assert domain_of(given) == kept

    @pytest.mark.parametrize(
        "given",
        ["", "a b", "user@portal.ru", "portal.ru/path", "portal.ru?x", "портал.рф", "portal.ru:99999", "portal.ru:0", "a..b", "x" * 300,
         "portal.ru; script-src *", "portal.ru\r\nX: 1"],
    )  # fmt: skip
    def test_is_refused_when_it_is_no_host(self, given):
        with pytest.raises(UntrustedAddress):
            domain_of(given)


class TestPortalEndpoint:
    def test_is_the_rest_root_of_the_domain(self):
        assert portal_endpoint("https://Portal.ru:443/rest/", "portal.ru", insecure=False) == "https://portal.ru/rest/"

    @pytest.mark.parametrize(
        ("endpoint", "domain"),
        [
            ("http://portal.ru/rest/", "portal.ru"),
            ("https://evil.test/rest/", "portal.ru"),
            ("https://portal.ru@evil.test/rest/", "portal.ru"),
            ("https://portal.ru/rest/1/hook/", "portal.ru"),
            ("https://portal.ru/", "portal.ru"),
            ("https://portal.ru/rest/?x=1", "portal.ru"),
            ("https://portal.ru/rest/#x", "portal.ru"),
            ("ftp://portal.ru/rest/", "portal.ru"),
            ("https://[::1/rest/", "portal.ru"),
            ("", "portal.ru"),
        ],
    )
    def test_is_refused_for_anything_else(self, endpoint, domain):
        with pytest.raises(UntrustedAddress):
            portal_endpoint(endpoint, domain, insecure=False)

    def test_may_be_http_only_where_that_is_allowed(self):
        assert portal_endpoint("http://localhost:8900/rest/", "localhost:8900", insecure=True) == "http://localhost:8900/rest/"

    def test_gives_the_origin_that_may_frame_us(self):
        assert origin_of("https://portal.ru/rest/") == "https://portal.ru"


class TestServer:
    def test_is_the_listed_one_that_was_named(self):
        assert listed_server("https://second.example/rest/", SERVERS) == "https://second.example"

    @pytest.mark.parametrize(
        "named", ["", "https://evil.test/rest/", "https://oauth.example.evil.test/rest/", "https://oauth.example@evil.test/rest/", "http://oauth.example/rest/"]
    )  # fmt: skip
    def test_is_never_an_unlisted_one(self, named):
        assert listed_server(named, SERVERS) == "https://oauth.example"
