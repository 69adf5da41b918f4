from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from b24app import lanes
from b24app.models import Portal, ServiceCredential
from b24app.oauth import troubles
from b24app.oauth.clients import client_for
from b24app.oauth.install import equip, install, titles
from b24app.oauth.proof import Offer
from b24app.rest.errors import RestError
from sandbox.portal.server import PortalServer
from tests.b24app.posts import event_body, frame_body, open_frame, send_event

INSTALL = "/b24/install/"


@pytest.fixture
def opened(bitrix24, db):
    """An administrator has opened the app for the first time: tokens work, nothing is installed."""
    bitrix24.installation.begin()
    return bitrix24


@pytest.fixture
def evil(db):
    """A portal that an attacker runs: it calls everybody an administrator."""
    with PortalServer(port=0) as server:
        server.installation.begin()
        yield server


def nothing_is_stored() -> bool:
    return not Portal.objects.exists() and not ServiceCredential.objects.exists()


class TestFrame:
    def test_installs_and_finishes_from_the_page(self, opened):
        answer = open_frame(opened, INSTALL)
        assert answer.status_code == 200
        assert "data-install-finish" in answer.content.decode()
        portal = Portal.objects.get(member_id=opened.member_id)
        assert (portal.domain, portal.trouble, portal.language) == (opened.domain, "", "ru")
        assert portal.application_token == opened.application_token
        assert ServiceCredential.objects.get(portal=portal).user_id == 1
        assert client_for(portal).call("profile")["ID"] == "1"

    def test_binds_before_it_finishes(self, opened):
        open_frame(opened, INSTALL)
        portal = Portal.objects.get()
        bound = client_for(portal).call("event.get")
        online = {row["event"] for row in bound if not int(row["offline"])}
        assert {"ONAPPUNINSTALL", "ONAPPUPDATE", "ONCRMDEALUPDATE"} <= online
        assert not any(code.startswith("CATALOG.") for code in online), "every product that we push would call us"
        places = {row["placement"] for row in client_for(portal).call("placement.get")}
        assert {"LEFT_MENU", "CRM_DEAL_DETAIL_TAB", "CRM_SMART_INVOICE_DETAIL_TAB"} <= places
        assert portal.facts["refused"] == []
        assert portal.facts["base_currency"] == "RUB"

    def test_binds_again_what_got_lost(self, portal, bitrix24):
        assert equip(portal) == []
        client_for(portal).call("event.unbind", {"event": "ONAPPUNINSTALL", "handler": "http://127.0.0.1:8000/b24/events/"})
        bitrix24.calls.reset()
        assert equip(portal) == []
        assert [command.params["event"] for command in bitrix24.calls.of("event.bind")] == ["ONAPPUNINSTALL"]

    def test_binds_nothing_twice(self, opened):
        open_frame(opened, INSTALL)
        opened.calls.reset()
        open_frame(opened, INSTALL)
        assert opened.calls.of("event.bind", "placement.bind", "event.unbind", "placement.unbind") == []

    def test_is_framed_by_that_portal_only_and_runs_no_inline_script(self, opened):
        answer = open_frame(opened, INSTALL)
        policy = answer.headers["Content-Security-Policy"]
        assert f"frame-ancestors {opened.url}" in policy
        assert "unsafe" not in policy
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"

    def test_of_an_employee_is_refused_politely(self, opened):
        answer = open_frame(opened, INSTALL, user_id=2)
        assert answer.status_code == 403
        assert nothing_is_stored()
        assert f"frame-ancestors {opened.url}" in answer.headers["Content-Security-Policy"]

    def test_of_an_employee_changes_nothing_on_an_installed_portal(self, portal, bitrix24):
        before = ServiceCredential.objects.get(portal=portal)
        assert open_frame(bitrix24, INSTALL, user_id=2, APPLICATION_TOKEN="mine").status_code == 403
        after = ServiceCredential.objects.get(portal=portal)
        assert (after.user_id, after.refresh_token) == (before.user_id, before.refresh_token)
        portal.refresh_from_db()
        assert portal.application_token == bitrix24.application_token

    def test_of_another_administrator_renews_the_credential(self, portal, bitrix24):
        assert open_frame(bitrix24, INSTALL, user_id=4).status_code == 200
        assert ServiceCredential.objects.get(portal=portal).user_id == 4

    def test_works_for_an_old_self_hosted_portal_that_posts_less(self, opened):
        answer = open_frame(opened, INSTALL, SERVER_ENDPOINT=None, APPLICATION_TOKEN=None, APPLICATION_SCOPE=None)
        assert answer.status_code == 200
        assert Portal.objects.get().application_token is None

    @pytest.mark.parametrize("missing", ["AUTH_ID", "member_id", "REFRESH_ID"])
    def test_without_proof_is_refused(self, opened, missing):
        without: dict[str, Any] = {missing: None}
        assert open_frame(opened, INSTALL, **without).status_code == 403
        assert nothing_is_stored()

    def test_with_a_made_up_token_is_refused(self, opened):
        assert open_frame(opened, INSTALL, AUTH_ID="made-up").status_code == 403
        assert nothing_is_stored()

    def test_while_nobody_answers_asks_to_come_again(self, opened):
        opened.faults.down = 100
        assert open_frame(opened, INSTALL).status_code == 503
        assert nothing_is_stored()

    def test_whose_bindings_fail_can_be_repeated(self, opened):
        portal = install(Offer.from_event(event_body(opened, "ONAPPINSTALL")))
        opened.faults.down = 100
        with pytest.raises(RestError):
            equip(portal)
        opened.faults.reset()
        assert "data-install-finish" in open_frame(opened, INSTALL).content.decode()

    def test_says_what_the_portal_refused_to_bind_and_finishes_all_the_same(self, opened):
        opened.faults.method_errors = {"placement.bind": {"error": "ERROR_PLACEMENT_NOT_FOUND", "status": 400, "times": 1}}
        assert "data-install-finish" in open_frame(opened, INSTALL).content.decode()
        assert [row["code"] for row in Portal.objects.get().facts["refused"]] == ["ERROR_PLACEMENT_NOT_FOUND"]

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_answers_the_moderators_visit(self, method):
        assert getattr(Client(), method)(INSTALL).status_code == 200


class TestAttack:
    def test_with_another_portals_token_installs_nothing(self, opened, evil):
        """The token is real, the member id is the victim's: the authorisation server knows better."""
        answer = open_frame(opened, INSTALL, member_id="victim")
        assert answer.status_code == 403
        assert nothing_is_stored()

    def test_of_an_employee_with_his_own_portal_behind_the_domain_is_refused(self, portal, bitrix24, evil):
        """His token is real and names the right portal; the domain he posts is a server of his that calls him an administrator."""
        body = frame_body(bitrix24, 2)
        Client().post(f"{INSTALL}?DOMAIN={evil.domain}&PROTOCOL=0&LANG=ru", body)
        portal.refresh_from_db()
        assert portal.domain == bitrix24.domain
        assert ServiceCredential.objects.get(portal=portal).user_id == 1
        assert evil.calls.commands == 0

    def test_of_an_employee_before_the_installation_is_refused_as_well(self, opened, evil):
        assert open_frame(opened, INSTALL, user_id=2, domain=evil.domain).status_code == 403
        assert nothing_is_stored()

    def test_never_lures_the_client_secret_to_an_unlisted_server(self, opened, evil):
        answer = open_frame(opened, INSTALL, SERVER_ENDPOINT=f"{evil.url}/rest/")
        assert answer.status_code == 200  # the listed server was asked instead
        assert Portal.objects.get().domain == opened.domain
        assert evil.calls.commands == 0
        assert evil.calls.snapshot()["requests"] == 0

    @pytest.mark.parametrize(
        "domain", ["127.0.0.1:22", "localhost", "169.254.169.254", "[::1]:80", "evil.test@127.0.0.1", "portal.ru/x?", "a b", ""]
    )
    def test_with_a_private_or_broken_domain_reaches_nothing(self, opened, settings, domain):
        settings.B24_INSECURE_HTTP = False
        answer = Client().post(f"{INSTALL}?DOMAIN={domain}&PROTOCOL=1", frame_body(opened))
        assert answer.status_code == 403
        assert nothing_is_stored()

    def test_over_http_is_refused_in_production(self, opened, settings):
        settings.B24_INSECURE_HTTP = False
        assert open_frame(opened, INSTALL).status_code == 403

    def test_with_a_policy_in_the_domain_adds_no_rule(self, opened):
        answer = Client().post(f"{INSTALL}?DOMAIN=evil.test;+script-src+*", frame_body(opened))
        assert "evil" not in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    def test_of_a_member_id_is_not_counted_against_that_portals_rate(self, portal, bitrix24):
        bitrix24.calls.reset()
        for _ in range(5):
            open_frame(bitrix24, INSTALL, AUTH_ID="made-up")
        assert bitrix24.calls.of("profile") == []


class TestEvent:
    def test_installs_without_a_frame(self, opened):
        assert send_event(opened, "ONAPPINSTALL", {"[LANGUAGE_ID]": "ru"}, path=INSTALL).status_code == 200
        portal = Portal.objects.get()
        assert portal.application_token == opened.application_token
        assert portal.facts["catalog"]["iblock_id"] == 23

    def test_is_taken_at_the_events_address_as_well(self, opened):
        assert send_event(opened, "ONAPPINSTALL").status_code == 200
        assert Portal.objects.get().installed_at

    def test_and_frame_may_come_in_any_order(self, opened):
        for first, second in ((0, 1), (1, 0)):
            steps = [lambda: open_frame(opened, INSTALL), lambda: send_event(opened, "ONAPPINSTALL", path=INSTALL)]
            assert steps[first]().status_code == 200
            assert steps[second]().status_code == 200
            portal = Portal.objects.get()
            assert client_for(portal).call("profile")["ID"] == "1"
            portal.delete()

    def test_without_tokens_is_refused(self, opened):
        assert send_event(opened, "ONAPPINSTALL", path=INSTALL, access_token=None).status_code == 403
        assert nothing_is_stored()

    def test_of_an_update_brings_the_new_application_token(self, portal, bitrix24):
        bitrix24.portal.change_app(application_token="new-application-token")
        assert send_event(bitrix24, "ONAPPUPDATE", path=INSTALL).status_code == 200
        portal.refresh_from_db()
        assert portal.application_token == "new-application-token"

    def test_of_an_update_with_a_made_up_token_changes_nothing(self, portal, bitrix24):
        assert send_event(bitrix24, "ONAPPUPDATE", access_token="made-up", application_token="forged").status_code == 403
        portal.refresh_from_db()
        assert portal.application_token == bitrix24.application_token

    def test_again_after_an_uninstallation_brings_the_portal_back(self, portal, bitrix24):
        assert send_event(bitrix24, "ONAPPUNINSTALL", {"[CLEAN]": "0"}).status_code == 200
        assert open_frame(bitrix24, INSTALL).status_code == 200
        portal.refresh_from_db()
        assert (portal.uninstalled_at, portal.trouble) == (None, "")
        assert client_for(portal).call("profile")["ID"] == "1"


class TestHealing:
    def test_an_administrators_visit_replaces_a_dead_credential(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.ACCESS_REVOKED)
        assert open_frame(bitrix24, "/b24/", user_id=4).status_code == 200
        portal.refresh_from_db()
        assert portal.trouble == ""
        assert ServiceCredential.objects.get(portal=portal).user_id == 4

    def test_of_a_dead_credential_lets_waiting_work_go_on_at_once(self, portal, bitrix24):
        lanes.mark_due(portal.pk, timezone.now() + dt.timedelta(minutes=5))
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.ACCESS_REVOKED)
        open_frame(bitrix24, "/b24/", user_id=1)
        assert lanes.due(1) == [portal.pk]

    def test_anybodys_visit_ends_a_trouble_of_the_plan(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.TARIFF)
        open_frame(bitrix24, "/b24/", user_id=2)
        portal.refresh_from_db()
        assert portal.trouble == ""

    def test_an_employees_visit_does_not(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.ACCESS_REVOKED)
        assert open_frame(bitrix24, "/b24/", user_id=2).status_code == 200
        portal.refresh_from_db()
        assert portal.trouble == troubles.ACCESS_REVOKED
        assert ServiceCredential.objects.get(portal=portal).user_id == 1

    def test_an_administrators_visit_leaves_a_living_credential_alone(self, portal, bitrix24):
        open_frame(bitrix24, "/b24/", user_id=4)
        assert ServiceCredential.objects.get(portal=portal).user_id == 1


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_of_two_installations_ends_with_one_portal_that_works(self, opened):
        offers = [Offer.from_event(event_body(opened, "ONAPPINSTALL")) for _ in range(4)]
        gate, failures = threading.Barrier(len(offers)), []

        def work(offer: Offer) -> None:
            gate.wait()
            try:
                install(offer)
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=[offer]) for offer in offers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert client_for(Portal.objects.get()).call("profile")["ID"] == "1"


class TestSecrets:
    def test_never_reach_the_log_or_a_page(self, opened, caplog):
        caplog.set_level(logging.DEBUG)
        body = frame_body(opened)
        pages = [Client().post(f"{INSTALL}?DOMAIN={opened.domain}&PROTOCOL=0&LANG=en", body)]
        pages += [
            open_frame(opened, "/b24/", AUTH_ID=body["AUTH_ID"]),
            send_event(opened, "ONCRMDEALADD", application_token="wrong"),
        ]
        opened.faults.down = 3
        pages.append(open_frame(opened, INSTALL))
        credential = ServiceCredential.objects.get()
        secrets = [
            *(body[name] for name in ("AUTH_ID", "REFRESH_ID", "APPLICATION_TOKEN")),
            str(credential.access_token),
            str(credential.refresh_token),
            opened.client_secret,
        ]
        said = caplog.text + "".join(page.content.decode() for page in pages)
        assert [secret for secret in secrets if secret in said] == []


class TestTitles:
    def test_are_in_the_portals_own_languages(self):
        assert set(titles()) == {"en", "ru", "ua"}
        assert all(text["TITLE"] for text in titles().values())
