"""Junk costs a bounded number of calls, and never keeps the portal's own people out."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.test import Client

from b24app.models import Portal
from b24app.oauth import admission
from b24app.oauth.addresses import visitor_address
from b24app.oauth.admission import PER_ADDRESS, PER_TARGET, PER_TRUSTED_ADDRESS, TooManyClaims, admit
from sandbox.portal.server import PortalServer
from tests.b24app.posts import event_body, frame_body

DOMAIN = "p.bitrix24.test"
HOME = {"REMOTE_ADDR": "203.0.113.7"}


def from_address(number: int) -> dict[str, object]:
    return {"REMOTE_ADDR": f"198.51.{number // 250}.{number % 250 + 1}"}


def post(server: PortalServer, path: str, *, address: str = "203.0.113.7", domain: str = "", **changed: Any):
    query = f"DOMAIN={domain or server.domain}&PROTOCOL=0&LANG=ru&APP_SID=sid1"
    return Client(REMOTE_ADDR=address).post(f"{path}?{query}", frame_body(server, **changed))


class TestAdmit:
    def test_stops_an_address_after_so_many_claims_that_proved_false(self) -> None:
        for number in range(PER_ADDRESS):
            admit(HOME, [f"p{number}.test"])
        with pytest.raises(TooManyClaims) as refused:
            admit(HOME, ["another.test"])
        assert 0 < refused.value.seconds <= admission.WINDOW_SECONDS

    def test_stops_claims_about_one_portal_from_many_addresses(self) -> None:
        for number in range(PER_TARGET):
            admit(from_address(number), [DOMAIN])
        with pytest.raises(TooManyClaims):
            admit(from_address(PER_TARGET), [DOMAIN.upper()])
        admit(from_address(PER_TARGET), ["another.test"])

    def test_counts_nothing_that_proved_true(self) -> None:
        for _ in range(3 * PER_ADDRESS):
            admit(HOME, [DOMAIN]).proved()

    def test_does_not_count_what_it_refuses(self) -> None:
        places = [admit(HOME, [DOMAIN]) for _ in range(PER_ADDRESS)]
        for _ in range(5):
            with pytest.raises(TooManyClaims):
                admit(HOME, [DOMAIN])
        places[0].proved()
        admit(HOME, [DOMAIN])

    def test_lets_an_address_in_where_people_were_proved_whatever_others_claim(self) -> None:
        admit(HOME, [DOMAIN]).proved()
        for number in range(PER_TARGET):
            admit(from_address(number), [DOMAIN])
        admit(HOME, [DOMAIN]).proved()

    def test_lets_those_in_who_show_the_application_token_up_to_a_bound(self) -> None:
        for _ in range(PER_ADDRESS):
            admit(HOME, [DOMAIN])
        for _ in range(PER_TRUSTED_ADDRESS):
            admit(HOME, [DOMAIN], trusted=True)
        with pytest.raises(TooManyClaims):
            admit(HOME, [DOMAIN], trusted=True)

    def test_takes_a_subscribers_ipv6_addresses_for_one(self) -> None:
        for number in range(PER_ADDRESS):
            admit({"REMOTE_ADDR": f"2001:db8:1:2::{number + 1:x}"}, [f"p{number}.test"])
        with pytest.raises(TooManyClaims):
            admit({"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}, ["q.test"])
        admit({"REMOTE_ADDR": "2001:db8:1:3::1"}, ["q.test"])

    def test_lets_everybody_in_without_redis(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dead = redis.Redis.from_url("unix:///nowhere/redis.sock")
        monkeypatch.setattr(admission, "_redis", lambda: dead)
        for _ in range(PER_ADDRESS + 1):
            admit(HOME, [DOMAIN]).proved()

    def test_asks_only_a_proxy_of_our_own_where_somebody_comes_from(self) -> None:
        said = {"HTTP_X_FORWARDED_FOR": "192.0.2.1, 192.0.2.2"}
        assert visitor_address({"REMOTE_ADDR": "10.0.0.1", **said}) == "192.0.2.2"
        assert visitor_address({"REMOTE_ADDR": "93.184.216.34", **said}) == "93.184.216.34"


class TestDoors:
    @pytest.mark.parametrize("path", ["/b24/", "/b24/placement/"])
    def test_cost_the_portal_no_more_calls_than_allowed(self, portal: Portal, bitrix24: PortalServer, path: str) -> None:
        bitrix24.calls.reset()
        answers = [post(bitrix24, path, AUTH_ID="junk", APPLICATION_TOKEN=None) for _ in range(PER_ADDRESS + 5)]
        assert [answer.status_code for answer in answers[-5:]] == [429] * 5
        assert int(answers[-1]["Retry-After"]) > 0
        assert bitrix24.calls.requests <= PER_ADDRESS
        # The portal's own people carry its token, and may sit behind the same address.
        assert post(bitrix24, path).status_code == 200

    def test_of_the_installation_cost_the_claimed_portal_no_more_calls_than_allowed(
        self, bitrix24: PortalServer, db: None
    ) -> None:
        bitrix24.installation.begin()
        bitrix24.calls.reset()
        for number in range(PER_TARGET + 5):
            address = str(from_address(number)["REMOTE_ADDR"])
            answer = post(bitrix24, "/b24/install/", address=address, AUTH_ID="junk", APPLICATION_TOKEN=None)
        assert answer.status_code == 429
        assert bitrix24.calls.requests <= 2 * PER_TARGET

    def test_stand_open_to_a_portal_that_is_installed_again(self, portal: Portal, bitrix24: PortalServer) -> None:
        for number in range(PER_TARGET + 1):
            post(bitrix24, "/b24/install/", address=str(from_address(number)["REMOTE_ADDR"]), AUTH_ID="", APPLICATION_TOKEN=None)
        assert post(bitrix24, "/b24/install/").status_code == 200

    def test_of_events_cost_no_more_calls_than_allowed(self, bitrix24: PortalServer, db: None) -> None:
        bitrix24.installation.begin()
        bitrix24.calls.reset()
        form = event_body(bitrix24, "ONAPPINSTALL", access_token="junk")
        answers = [Client(REMOTE_ADDR="203.0.113.7").post("/b24/events/", form) for _ in range(PER_ADDRESS + 2)]
        assert [answer.status_code for answer in answers[-2:]] == [429, 429]
        assert bitrix24.calls.requests <= 2 * PER_ADDRESS
