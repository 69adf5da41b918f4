from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.portal import phpquery
from sandbox.portal.server import PortalServer
from tests.sandbox.portal.client import Client

ADDED = "CATALOG.PRODUCT.ON.ADD"


class App:
    """Something that answers 200 and keeps what it was sent."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        app = self

        class Receive(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                app.got.append((self.path, phpquery.parse(form)))
                self.send_response(app.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.http.shutdown()
    app.http.server_close()


class TestOnline:
    def test_are_posted_as_a_form_with_only_the_id_and_the_acting_users_token(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/b24/events/")
        key = rest.product()
        rest.server.portal.events.flush()
        (path, form), *rest_of_them = app.got
        assert (path, rest_of_them) == ("/b24/events/", [])
        assert (form["event"], form["data"]) == (ADDED, {"FIELDS": {"ID": str(key), "TYPE": "1"}})
        assert form["auth"]["application_token"] == rest.server.application_token
        assert form["auth"]["member_id"] == rest.server.member_id
        assert "refresh_token" not in form["auth"]
        assert rest.ok("profile", auth=form["auth"]["access_token"])["ID"] == "1"

    def test_are_not_sent_before_the_installation_is_finished(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/e/")
        rest.server.portal.change_app(installed=False)
        rest.product()
        rest.server.portal.events.flush()
        assert app.got == []

    def test_are_never_repeated(self, rest: Client, app: App) -> None:
        app.status = 500
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/e/")
        rest.product()
        rest.server.portal.events.flush()
        assert [entry["status"] for entry in rest.server.portal.events.log] == [500]

    def test_can_be_lost_and_doubled(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/e/")
        rest.server.faults.events_drop, rest.server.faults.events_double = 1, True
        rest.product(), rest.product()
        rest.server.portal.events.flush()
        assert [form["data"]["FIELDS"]["ID"] for _, form in app.got] == ["2", "2"]

    def test_can_be_held_back_until_they_are_released(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/e/")
        rest.server.faults.events_late = 2
        rest.product(), rest.product(), rest.product()
        rest.server.portal.events.flush()
        assert [form["data"]["FIELDS"]["ID"] for _, form in app.got] == ["3"]
        assert rest.server.portal.events.release() == 2
        rest.server.portal.events.flush()
        assert sorted(form["data"]["FIELDS"]["ID"] for _, form in app.got) == ["1", "2", "3"]

    def test_can_come_out_of_order(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, handler=f"{app.url}/e/")
        rest.server.faults.events_shuffle, rest.server.faults.events_delay = True, 0.05
        keys = [rest.product() for _ in range(6)]
        rest.server.portal.events.flush()
        assert sorted(int(form["data"]["FIELDS"]["ID"]) for _, form in app.got) == keys

    def test_tell_of_what_a_portal_user_did(self, server: PortalServer, rest: Client, app: App) -> None:
        key = rest.product()
        rest.ok("event.bind", event="CATALOG.PRODUCT.ON.UPDATE", handler=f"{app.url}/e/")
        server.edit(kind="products", op="update", id=key, fields={"name": "Правка"}, user=2)
        server.portal.events.flush()
        assert Client(server, 2).ok("profile", auth=app.got[0][1]["auth"]["access_token"])["ID"] == "2"
        assert server.state.one("products", id=key)["name"] == "Правка"


class TestBinding:
    def test_refuses_unknown_events_strange_handlers_and_repetition(self, rest: Client) -> None:
        assert rest.error("event.bind", event="ONNOTHING", handler="http://a.example/")[1] == "ERROR_EVENT_NOT_FOUND"
        assert rest.error("event.bind", event=ADDED, handler="ftp://a.example/")[1] == "ERROR_UNSUPPORTED_PROTOCOL"
        rest.ok("event.bind", event=ADDED, handler="http://a.example/")
        assert "already binded" in rest.error("event.bind", event=ADDED, handler="http://a.example/")[2]
        rest.server.portal.change_app(app_url="http://b.example")
        assert rest.error("event.bind", event="ONAPPTEST", handler="http://a.example/")[1] == "ERROR_HANDLER_URL_MATCH"

    def test_is_for_administrators_where_documented(self, server: PortalServer) -> None:
        assert Client(server, 2).error("event.bind", event=ADDED, event_type="offline")[:2] == (403, "ACCESS_DENIED")

    def test_is_listed_and_undone(self, rest: Client) -> None:
        rest.ok("event.bind", event=ADDED, handler="http://a.example/")
        rest.ok("event.bind", event=ADDED, event_type="offline", auth_connector="onec")
        assert [row["offline"] for row in rest.ok("event.get")] == [0, 1]
        assert rest.ok("event.unbind", event=ADDED, handler="http://a.example/") == {"count": 1}
        assert rest.ok("event.get") == [{"event": ADDED, "connector_id": "onec", "offline": 1}]


class TestOfflineQueue:
    UPDATED = "CATALOG.PRODUCT.ON.UPDATE"

    def test_keeps_one_row_per_object_and_event(self, rest: Client) -> None:
        rest.ok("event.bind", event=self.UPDATED, event_type="offline")
        key = rest.product()
        for number in range(3):
            rest.ok("catalog.product.update", id=key, fields={"name": f"n{number}"})
        row, *others = rest.ok("event.offline.get")["events"]
        assert others == []
        assert len(row["MESSAGE_ID"]) == 32
        assert row["EVENT_DATA"] == {"FIELDS": {"ID": key, "TYPE": 1}}
        assert rest.ok("event.offline.get")["events"] == []

    def test_reserves_rows_until_they_are_cleared_or_fail(self, rest: Client) -> None:
        rest.ok("event.bind", event=ADDED, event_type="offline")
        rest.product(), rest.product()
        taken = rest.ok("event.offline.get", clear=0)
        assert rest.ok("event.offline.get", clear=0)["events"] == []
        first, second = (row["MESSAGE_ID"] for row in taken["events"])
        rest.ok("event.offline.clear", process_id=taken["process_id"], message_id=[first])
        rest.ok("event.offline.error", process_id=taken["process_id"], message_id=[second])
        failed = rest.ok("event.offline.get", clear=0, process_id=taken["process_id"], error=1)
        assert [row["MESSAGE_ID"] for row in failed["events"]] == [second]

    def test_leaves_out_what_its_own_connector_did_even_in_a_batch(self, rest: Client) -> None:
        rest.ok("event.bind", event=ADDED, event_type="offline", auth_connector="onec")
        rest.batch({"a": "catalog.product.add?fields[iblockId]=23&fields[name]=x"}, auth_connector="onec")
        assert rest.ok("event.offline.list", auth_connector="onec") == []
        rest.product()
        assert len(rest.ok("event.offline.list", auth_connector="onec")) == 1

    def test_wakes_whoever_bound_the_ping(self, rest: Client, app: App) -> None:
        rest.ok("event.bind", event=ADDED, event_type="offline")
        rest.ok("event.bind", event="ONOFFLINEEVENT", handler=f"{app.url}/e/")
        rest.product(), rest.product()
        rest.server.portal.events.flush()
        assert [form["event"] for _, form in app.got] == ["ONOFFLINEEVENT"]


class TestInstallation:
    def test_sends_tokens_and_is_finished_by_the_applications_answer(self, app: App) -> None:
        with PortalServer(app_url=app.url) as server:
            assert server.installation.install()["status"] == 200
            path, form = app.got[0]
            assert (path, form["event"], form["data"]["ACTIVE"]) == ("/b24/install/", "ONAPPINSTALL", "Y")
            assert {"access_token", "refresh_token", "server_endpoint", "application_token"} <= form["auth"].keys()
            assert server.portal.app["installed"] is True

    def test_update_brings_a_new_application_token(self, server: PortalServer, app: App) -> None:
        server.portal.change_app(app_url=app.url)
        old = server.application_token
        server.installation.update()
        form = app.got[0][1]
        assert (form["event"], form["data"]["PREVIOUS_VERSION"]) == ("ONAPPUPDATE", "1")
        assert form["auth"]["application_token"] == server.application_token != old

    def test_uninstall_kills_tokens_first_and_forgets_bindings(self, server: PortalServer, rest: Client, app: App) -> None:
        rest.ok("event.bind", event="ONAPPUNINSTALL", handler=f"{app.url}/e/")
        server.installation.uninstall()
        form = app.got[0][1]
        assert (form["event"], form["data"]["CLEAN"]) == ("ONAPPUNINSTALL", "1")
        assert "access_token" not in form["auth"]
        assert rest.error("profile")[1] == "NO_AUTH_FOUND"
        assert server.state.event_handlers == []

    def test_placements_answer_their_own_errors_with_200(self, rest: Client) -> None:
        assert rest.error("placement.bind", PLACEMENT="NOWHERE", HANDLER="http://a.example/")[:2] == (
            200,
            "ERROR_PLACEMENT_NOT_FOUND",
        )
        rest.ok("placement.bind", PLACEMENT="LEFT_MENU", HANDLER="http://a.example/")
        assert "already binded" in rest.error("placement.bind", PLACEMENT="LEFT_MENU", HANDLER="http://a.example/")[2]
