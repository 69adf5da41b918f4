from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client

ROOT = Path(__file__).parents[3]


def control(server: PortalServer, name: str, body: dict[str, Any] | None = None) -> requests.Response:
    verb = "GET" if body is None else "POST"
    return requests.request(verb, f"{server.url}/_sandbox/{name}", json=body, timeout=10)


class TestState:
    def test_shows_all_entities_but_no_secrets(self, server: PortalServer, rest: Client) -> None:
        key = rest.product(xmlId="guid")
        state = control(server, "state").json()
        assert [row["id"] for row in state["products"] if row["xmlId"] == "guid"] == [key]
        assert state["portal"]["member_id"] == server.member_id
        assert server.client_secret not in json.dumps(state)
        assert rest.tokens["access_token"] not in json.dumps(state)
        assert set(control(server, "state?only=stores").json()) == {"stores", "portal", "event_log"}

    def test_finds_single_rows_from_python(self, server: PortalServer, rest: Client) -> None:
        key = rest.product(xmlId="guid")
        assert server.state.one("products", xmlId="guid")["id"] == key
        with pytest.raises(LookupError):
            server.state.one("products", xmlId="none")


class TestEdit:
    def test_acts_as_a_user_by_method_or_by_row(self, server: PortalServer) -> None:
        call = {"method": "catalog.product.add", "params": {"fields": {"iblockId": 23, "name": "x"}}, "user": 1}
        key = control(server, "edit", call).json()["result"]["element"]["id"]
        control(server, "edit", {"kind": "products", "op": "delete", "id": key})
        assert server.state.products == []

    def test_says_what_is_wrong_with_a_request(self, server: PortalServer) -> None:
        assert control(server, "edit", {"kind": "products", "id": 99}).status_code == 400
        assert control(server, "faults", {"no_such": 1}).status_code == 400
        assert control(server, "nothing").status_code == 404


class TestFaults:
    def test_count_down_and_reset(self, server: PortalServer, rest: Client) -> None:
        control(server, "faults", {"query_limit": 2})
        assert [rest.post("profile").status_code for _ in range(3)] == [503, 503, 200]
        control(server, "faults", {"down": 5})
        control(server, "faults", {"reset": True})
        assert rest.post("profile").status_code == 200

    @pytest.mark.parametrize(
        ("fault", "status", "done"),
        [("down", 502, 0), ("html", 200, 0), ("html_after", 200, 1), ("redirect", 302, 0), ("error_after", 500, 1)],
    )
    def test_answer_other_things_than_rest(self, server: PortalServer, rest: Client, fault: str, status: int, done: int) -> None:
        setattr(server.faults, fault, 1)
        answer = rest.post("catalog.product.add", fields={"iblockId": 23, "name": "x"})
        assert (answer.status_code, server.state.count("products")) == (status, done)

    @pytest.mark.parametrize(("fault", "done"), [("cut_before", 0), ("cut_middle", 1), ("cut_after", 1)])
    def test_cut_the_connection_before_or_after_the_effect(
        self, server: PortalServer, rest: Client, fault: str, done: int
    ) -> None:
        setattr(server.faults, fault, 1)
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            rest.post("catalog.product.add", fields={"iblockId": 23, "name": "x"})
        assert server.state.count("products") == done

    def test_block_a_method_or_answer_its_errors(self, server: PortalServer, rest: Client) -> None:
        control(server, "faults", {"operation_limit": ["profile"]})
        assert rest.error("profile")[:2] == (429, "OPERATION_TIME_LIMIT")
        error = {"error": "INTERNAL_SERVER_ERROR", "error_description": "x", "status": 500, "times": 1}
        control(server, "faults", {"method_errors": {"user.admin": error}})
        assert rest.error("user.admin")[:2] == (500, "INTERNAL_SERVER_ERROR")
        assert rest.ok("user.admin") is True
        control(server, "faults", {"method_errors": {"batch": error}})
        assert rest.error("batch", cmd={"a": "profile"})[0] == 500

    def test_rename_the_portal(self, server: PortalServer, rest: Client) -> None:
        server.faults.moved_to = "http://new.example:1234"
        answer = rest.post("profile")
        assert (answer.status_code, answer.headers["Location"]) == (302, "http://new.example:1234/rest/profile")
        server.faults.moved_to = server.url.replace("localhost", "127.0.0.1")
        assert rest.post("profile").headers["Location"] == f"{server.faults.moved_to}/rest/profile"
        with_new_name = requests.post(
            f"{server.faults.moved_to}/rest/profile", json={"auth": rest.tokens["access_token"]}, timeout=10
        )
        assert with_new_name.json()["result"]["ID"] == "1"

    def test_strike_after_so_many_requests(self, server: PortalServer, rest: Client) -> None:
        control(server, "faults", {"skip": 2, "query_limit": 1})
        assert [rest.post("profile").status_code for _ in range(4)] == [200, 200, 503, 200]

    def test_end_rest_with_the_tariff_or_the_portal(self, server: PortalServer, rest: Client) -> None:
        server.faults.rest_off = True
        assert rest.error("profile")[:2] == (403, "ACCESS_DENIED")
        server.faults.reset()
        server.faults.deleted = True
        assert rest.error("profile")[1] == "PORTAL_DELETED"

    def test_change_limits_and_accounting(self, server: PortalServer, rest: Client) -> None:
        body = {"bucket": {"size": 1, "rate": 0.001}, "accounting": True, "operating_cost": {"profile": 5}, "token_life": 60}
        control(server, "faults", body)
        assert rest.body("profile")["time"]["operating"] == 5
        assert rest.error("profile")[0] == 503
        control(server, "faults", {"bucket": {"size": 50, "rate": 2}})
        assert rest.ok("catalog.document.mode.status") == "Y"
        assert server.issue_tokens()["expires_in"] == 60


class TestKilledPortal:
    def start(self, folder: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [sys.executable, "-m", "sandbox.portal", "--port", "0", "--data-dir", str(folder), "--client-id", "local.a.b"]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    def test_finds_everything_it_had_answered(self, tmp_path: Path) -> None:
        process, ready = self.start(tmp_path)
        tokens = requests.post(f"{ready['portal_url']}/_sandbox/tokens", json={}, timeout=10).json()
        body = {"auth": tokens["access_token"], "fields": {"iblockId": 23, "name": "Стул"}}
        added = requests.post(f"{ready['portal_url']}/rest/catalog.product.add", json=body, timeout=10).json()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process, again = self.start(tmp_path)
        try:
            assert (again["member_id"], again["client_id"]) == (ready["member_id"], "local.a.b")
            ask = {"auth": tokens["access_token"], "id": added["result"]["element"]["id"]}
            found = requests.post(f"{again['portal_url']}/rest/catalog.product.get", json=ask, timeout=10).json()
            assert found["result"]["product"]["name"] == "Стул"
        finally:
            process.terminate()
            assert process.wait(timeout=10) == 0

    def test_never_gives_an_id_twice(self, tmp_path: Path) -> None:
        for _ in range(2):
            with PortalServer(data_dir=tmp_path, installed=True) as server:
                rest = Client(server)
                key = rest.product()
                rest.ok("catalog.product.delete", id=key)
        assert key == 2

    def test_leaves_no_one_waiting_on_an_old_connection(self) -> None:
        server = PortalServer(installed=True).start()
        rest = Client(server)
        rest.ok("profile")
        server.stop()
        begun = time.monotonic()
        with pytest.raises(requests.ConnectionError):
            rest.post("profile")
        assert time.monotonic() - begun < 2
