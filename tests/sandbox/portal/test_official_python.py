"""The official Python SDK as a second opinion: a client we did not write understands the double."""

from __future__ import annotations

import pytest
from b24pysdk.api.callers.call_method import _MethodCaller
from b24pysdk.api.requesters.bitrix_oauth_requester import BitrixOAuthRequester
from b24pysdk.credentials import BitrixApp, BitrixToken
from b24pysdk.errors import BitrixAPIError

from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client
from tests.sandbox.portal.conftest import Clock


@pytest.fixture
def token(server: PortalServer, monkeypatch: pytest.MonkeyPatch) -> BitrixToken:
    """The SDK writes https and the authorisation server's host into its code; both point at the double here."""
    monkeypatch.setattr(_MethodCaller, "_base_url", property(lambda self: f"http://{self._domain}/rest"))
    monkeypatch.setattr(BitrixOAuthRequester, "_OAUTH_TOKEN_URL", f"{server.oauth_url}/oauth/token/")
    monkeypatch.setattr(BitrixOAuthRequester, "_APP_INFO_URL", f"{server.oauth_url}/rest/app.info/")
    issued = server.issue_tokens()
    return BitrixToken(
        domain=server.domain,
        auth_token=issued["access_token"],
        refresh_token=issued["refresh_token"],
        bitrix_app=BitrixApp(client_id=server.client_id, client_secret=server.client_secret),
    )


class TestOfficialPythonSdk:
    def test_calls_methods_and_reads_their_errors(self, token: BitrixToken) -> None:
        assert token.call_method("profile")["result"]["ID"] == "1"
        with pytest.raises(BitrixAPIError) as raised:
            token.call_method("catalog.documentcontractor.nothing")
        assert raised.value.error == "ERROR_METHOD_NOT_FOUND"

    def test_walks_long_lists_page_by_page_and_by_key(self, token: BitrixToken, rest: Client) -> None:
        for number in range(120):
            rest.product(xmlId=f"x{number}")
        params = {"select": ["id", "iblockId", "xmlId"], "filter": {"iblockId": 23}}
        assert len(token.call_list("catalog.product.list", dict(params))["result"]) == 120
        assert len(list(token.call_list_fast("catalog.product.list", dict(params))["result"])) == 120

    def test_sends_batches(self, token: BitrixToken, rest: Client) -> None:
        fields = [{"iblockId": 23, "name": f"№ {number} & 50%", "xmlId": f"a{number}"} for number in range(60)]
        calls = {f"k{number}": ("catalog.product.add", {"fields": row}) for number, row in enumerate(fields)}
        rest.server.calls.reset()
        answer = token.call_batches(calls)["result"]
        assert len(answer["result"]) == 60
        assert answer["result"]["k59"]["element"]["name"] == "№ 59 & 50%"
        assert rest.server.calls.requests == 2

    def test_refreshes_an_expired_token_once(self, token: BitrixToken, server: PortalServer, clock: Clock) -> None:
        old = token.refresh_token
        clock.pass_(4000)
        assert token.call_method("user.admin")["result"] is True
        assert token.refresh_token != old
        assert server.calls.tokens == 1

    def test_reads_what_the_authorisation_server_tells(self, token: BitrixToken, server: PortalServer) -> None:
        told = token.get_app_info().result
        assert (told.client_id, told.install.member_id, told.user_id) == (server.client_id, server.member_id, 1)

    def test_follows_a_renamed_portal(self, token: BitrixToken, server: PortalServer, monkeypatch: pytest.MonkeyPatch) -> None:
        with PortalServer(installed=True) as other:
            addresses = {server.domain: server.url, "renamed.example": other.url}
            # The SDK keeps only the host name of the new address.
            monkeypatch.setattr(_MethodCaller, "_base_url", property(lambda self: f"{addresses[self._domain]}/rest"))
            token.auth_token = other.issue_tokens()["access_token"]
            server.faults.moved_to = "https://renamed.example"
            assert token.call_method("profile")["result"]["ID"] == "1"
            assert token.domain == "renamed.example"
