from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from b24app.models import Portal, RestCall, ServiceCredential
from b24app.oauth import troubles
from b24app.oauth.clients import client_as, client_for, pace_of
from b24app.oauth.tokens import PersonTokens, ServiceTokens, StrangerTokens
from b24app.rest.errors import Fate, RestError
from b24app.rest.throttle import ENTERPRISE, STANDARD
from b24app.sealed import Secret


def old_access(server) -> None:
    with server.portal.lock:
        server.portal.oauth.expire()
        server.portal.store.commit()


def revoked(server) -> None:
    with server.portal.lock:
        server.portal.oauth.revoke()
        server.portal.store.commit()


class TestServiceTokens:
    def test_call_the_portal(self, portal):
        assert client_for(portal).call("profile")["ID"] == "1"
        assert RestCall.objects.filter(portal=portal, method="profile", status=200).exists()

    def test_are_refreshed_once_when_they_are_old_and_the_new_pair_is_kept(self, portal, bitrix24):
        before = ServiceCredential.objects.get(portal=portal)
        old_access(bitrix24)
        assert client_for(portal).call("profile")["ID"] == "1"
        after = ServiceCredential.objects.get(portal=portal)
        assert after.access_token != before.access_token
        assert after.refresh_token != before.refresh_token
        assert client_for(portal).call("profile")["ID"] == "1"

    def test_take_what_another_process_has_refreshed(self, portal, bitrix24):
        mine, other = ServiceTokens(portal.pk), ServiceTokens(portal.pk)
        stale = mine.current().access_token
        fresh = other.refresh(stale)
        refreshed = ServiceCredential.objects.get(portal=portal).refresh_token
        assert mine.refresh(stale) == fresh
        assert ServiceCredential.objects.get(portal=portal).refresh_token == refreshed

    def test_mark_the_portal_when_access_was_revoked_and_keep_the_credential(self, portal, bitrix24):
        revoked(bitrix24)
        with pytest.raises(RestError) as caught:
            client_for(portal).call("profile")
        assert caught.value.fate is Fate.PERSON
        portal.refresh_from_db()
        assert portal.trouble == troubles.ACCESS_REVOKED

    def test_find_an_error_in_an_answer_with_status_200(self, portal, bitrix24, settings):
        settings.B24_CLIENT_SECRET = "wrong"
        with pytest.raises(RestError) as caught:
            ServiceTokens(portal.pk).refresh(ServiceTokens(portal.pk).current().access_token)
        assert caught.value.code == "wrong_client"
        portal.refresh_from_db()
        assert portal.trouble == troubles.NOT_INSTALLED

    def test_leave_no_trouble_behind_once_they_work_again(self, portal):
        Portal.objects.filter(pk=portal.pk).update(trouble=troubles.PAYMENT_REQUIRED)
        source = ServiceTokens(portal.pk)
        source.refresh(source.current().access_token)
        portal.refresh_from_db()
        assert portal.trouble == ""

    def test_tell_of_an_ended_subscription(self, portal, bitrix24):
        bitrix24.faults.payment_required = True
        with pytest.raises(RestError):
            ServiceTokens(portal.pk).refresh(ServiceTokens(portal.pk).current().access_token)
        portal.refresh_from_db()
        assert portal.trouble == troubles.PAYMENT_REQUIRED

    def test_do_not_trouble_the_portal_when_the_server_is_only_down(self, portal, bitrix24):
        bitrix24.faults.oauth_down = 1
        with pytest.raises(RestError) as caught:
            ServiceTokens(portal.pk).refresh(ServiceTokens(portal.pk).current().access_token)
        assert caught.value.fate is Fate.RETRY
        portal.refresh_from_db()
        assert portal.trouble == ""

    def test_go_only_to_a_listed_server_whatever_the_portal_row_says(self, portal):
        Portal.objects.filter(pk=portal.pk).update(server_endpoint="http://127.0.0.1:9/rest/")
        source = ServiceTokens(portal.pk)
        stale = source.current().access_token
        assert source.refresh(stale).access_token != stale

    def test_refuse_the_answer_for_another_portal(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(member_id="another")
        with pytest.raises(RestError):
            ServiceTokens(portal.pk).refresh(ServiceTokens(portal.pk).current().access_token)

    def test_are_none_for_an_uninstalled_portal(self, portal):
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        with pytest.raises(RestError) as caught:
            ServiceTokens(portal.pk).current()
        assert caught.value.code == "NOT_INSTALLED"

    def test_never_show_themselves(self, portal):
        tokens = ServiceTokens(portal.pk).current()
        assert tokens.access_token not in repr(tokens)
        assert isinstance(ServiceCredential.objects.get(portal=portal).access_token, Secret)
        with connection.cursor() as cursor:
            cursor.execute("select access_token, refresh_token from b24app_servicecredential")
            assert all(value.startswith("gAAAA") for row in cursor.fetchall() for value in row)


@pytest.mark.django_db(transaction=True)
class TestRefreshing:
    def test_happens_once_for_many_threads(self, portal, bitrix24):
        stale = ServiceTokens(portal.pk).current().access_token
        found, gate = [], threading.Barrier(6)

        def work() -> None:
            gate.wait()
            found.append(ServiceTokens(portal.pk).refresh(stale).access_token)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 6
        assert len(set(found)) == 1
        assert stale not in found

    def test_gives_a_threads_connection_back(self, portal):
        source, left = ServiceTokens(portal.pk), []

        def work() -> None:
            source.refresh(source.current().access_token)
            left.append(connection.connection)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert left == [None]

    def test_inside_a_callers_transaction_is_refused(self, portal):
        source = ServiceTokens(portal.pk)
        before = ServiceCredential.objects.get(portal=portal).refresh_token
        with transaction.atomic(), pytest.raises(RuntimeError):
            source.refresh(source.current().access_token)
        assert ServiceCredential.objects.get(portal=portal).refresh_token == before


class TestRename:
    def test_is_followed_and_remembered(self, renamed, bitrix24):
        assert client_for(renamed).call("profile")["ID"] == "1"
        renamed.refresh_from_db()
        assert renamed.domain == bitrix24.domain
        assert renamed.client_endpoint == f"{bitrix24.url}/rest/"

    def test_comes_with_a_refresh_too(self, renamed, bitrix24):
        source = ServiceTokens(renamed.pk)
        assert source.refresh(source.current().access_token).endpoint == f"{bitrix24.url}/rest/"
        renamed.refresh_from_db()
        assert renamed.domain == bitrix24.domain

    def test_to_an_address_that_is_no_portal_is_not_remembered(self, portal, settings):
        settings.B24_INSECURE_HTTP = False
        for address in ("http://portal.ru/rest/", "https://portal.ru/other/", "https://u@portal.ru/rest/", "nonsense"):
            with pytest.raises(RestError):
                ServiceTokens(portal.pk).moved(address)
        assert Portal.objects.get(pk=portal.pk).domain == portal.domain


class TestPersonTokens:
    def test_call_with_the_persons_own_rights(self, portal, bitrix24):
        assert client_as(portal, bitrix24.issue_tokens(2)["access_token"]).call("profile")["ID"] == "2"

    def test_are_never_refreshed(self, portal):
        with pytest.raises(RestError):
            PersonTokens(portal, "x").refresh("x")


class TestStrangerTokens:
    def test_follow_no_redirect(self):
        with pytest.raises(RestError):
            StrangerTokens("https://portal.ru/rest/", "x").moved("https://evil.test/rest/")


class TestPace:
    def test_is_higher_for_enterprise_only(self):
        assert pace_of(Portal(licence="ru_ent10000")) is ENTERPRISE
        assert pace_of(Portal(licence="ru_pro100")) is STANDARD
        assert pace_of(Portal(licence="")) is STANDARD
