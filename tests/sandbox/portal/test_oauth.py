from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client
from tests.sandbox.portal.conftest import Clock


def ask(server: PortalServer, verb: str = "POST", **params: str) -> requests.Response:
    form = {"client_id": server.client_id, "client_secret": server.client_secret, **params}
    place = {"params": form} if verb == "GET" else {"data": form}
    return requests.request(verb, f"{server.oauth_url}/oauth/token/", timeout=10, **place)  # type: ignore[arg-type]


class TestRefresh:
    @pytest.mark.parametrize("verb", ["GET", "POST"])
    def test_rotates_the_refresh_token_and_kills_the_old_one(self, server: PortalServer, verb: str) -> None:
        old = server.issue_tokens(2)
        answer = ask(server, verb, grant_type="refresh_token", refresh_token=old["refresh_token"]).json()
        assert answer["refresh_token"] != old["refresh_token"]
        assert (answer["user_id"], answer["expires_in"], answer["member_id"]) == (2, 3600, server.member_id)
        again = ask(server, verb, grant_type="refresh_token", refresh_token=old["refresh_token"])
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")

    def test_dies_after_half_a_year(self, server: PortalServer, clock: Clock) -> None:
        old = server.issue_tokens()
        clock.pass_(181 * 86400)
        assert ask(server, grant_type="refresh_token", refresh_token=old["refresh_token"]).json()["error"] == "invalid_grant"

    def test_says_wrong_secret_with_http_200(self, server: PortalServer) -> None:
        answer = ask(server, grant_type="refresh_token", refresh_token="x", client_secret="wrong")
        assert (answer.status_code, answer.json()["error"]) == (200, "wrong_client")

    def test_refuses_strangers_and_unpaid_applications(self, server: PortalServer) -> None:
        assert ask(server, grant_type="refresh_token", client_id="app.1.2").json()["error"] == "invalid_client"
        assert ask(server, grant_type="password").json()["error"] == "invalid_request"
        server.faults.payment_required = True
        assert ask(server, grant_type="refresh_token", refresh_token="x").json()["error"] == "PAYMENT_REQUIRED"


class TestCode:
    def code(self, server: PortalServer) -> dict[str, list[str]]:
        query = {"client_id": server.client_id, "state": "st1"}
        answer = requests.get(f"{server.url}/oauth/authorize/", params=query, allow_redirects=False, timeout=10)
        assert answer.status_code == 302
        return parse_qs(urlsplit(answer.headers["Location"]).query)

    def test_is_carried_back_with_state_and_spent_once(self, server: PortalServer) -> None:
        back = self.code(server)
        assert (back["state"], back["member_id"], back["domain"]) == (["st1"], [server.member_id], [server.domain])
        first = ask(server, grant_type="authorization_code", code=back["code"][0])
        assert "access_token" in first.json()
        assert ask(server, grant_type="authorization_code", code=back["code"][0]).json()["error"] == "invalid_grant"

    def test_lives_thirty_seconds(self, server: PortalServer, clock: Clock) -> None:
        back = self.code(server)
        clock.pass_(31)
        assert ask(server, grant_type="authorization_code", code=back["code"][0]).json()["error"] == "invalid_grant"

    def test_is_not_given_without_an_installation(self, server: PortalServer) -> None:
        server.installation.uninstall()
        answer = requests.get(f"{server.url}/oauth/authorize/?client_id={server.client_id}", allow_redirects=False, timeout=10)
        assert answer.status_code == 400


class TestAccess:
    def test_expires_after_an_hour_with_401(self, rest: Client, clock: Clock) -> None:
        clock.pass_(3601)
        assert rest.error("profile")[:2] == (401, "expired_token")

    def test_can_be_made_old_at_once(self, server: PortalServer, rest: Client) -> None:
        requests.post(f"{server.url}/_sandbox/faults", json={"expire_tokens": True}, timeout=10)
        assert rest.error("profile")[:2] == (401, "expired_token")
        rest.tokens = ask(server, grant_type="refresh_token", refresh_token=rest.tokens["refresh_token"]).json()
        assert rest.ok("profile")["ID"] == "1"

    def test_is_unknown_when_missing_or_invented(self, rest: Client) -> None:
        assert rest.error("profile", auth="")[:2] == (401, "NO_AUTH_FOUND")
        assert rest.error("profile", auth="invented")[:2] == (401, "NO_AUTH_FOUND")

    def test_may_come_in_form_query_or_header(self, server: PortalServer, rest: Client) -> None:
        token, url = rest.tokens["access_token"], f"{server.url}/rest/profile.json"
        for answer in (
            requests.post(url, data={"auth": token}, timeout=10),
            requests.get(url, params={"auth": token}, timeout=10),
            requests.post(url, headers={"Authorization": f"Bearer {token}"}, timeout=10),
        ):
            assert answer.json()["result"]["ID"] == "1"

    def test_opens_only_the_granted_scopes(self) -> None:
        with PortalServer(installed=True, scope="crm,placement") as server:
            assert Client(server).error("catalog.vat.list")[:2] == (403, "insufficient_scope")

    def test_answers_a_browsers_pre_flight(self, server: PortalServer) -> None:
        headers = {"Origin": "http://127.0.0.1:1", "Access-Control-Request-Method": "POST"}
        answer = requests.options(f"{server.url}/rest/profile", headers=headers, timeout=10)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()
