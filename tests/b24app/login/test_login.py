from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth import get_user_model
from django.test import Client

from b24app.models import Portal
from tests.b24app.login.ways import CALLBACK, begin, code_for, sign_in


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestBeginning:
    def test_leads_to_the_portals_own_login_with_a_state_and_no_scope(self, portal, bitrix24):
        target = urlsplit(begin(Client(), bitrix24.domain, scope="everything", auth_params="x=y").headers["Location"])
        query = parse_qs(target.query, keep_blank_values=True)
        assert f"{target.scheme}://{target.netloc}{target.path}" == f"{bitrix24.url}/oauth/authorize/"
        assert query["client_id"] == [bitrix24.client_id]
        assert query["scope"] == [""]
        assert len(query["state"][0]) >= 16
        assert "x" not in query

    @pytest.mark.parametrize("named", ["evil.test", "", "evil.test/path", "127.0.0.1", "portal.ru@evil.test"])
    def test_at_an_unknown_portal_is_400(self, portal, named):
        assert begin(Client(), named).status_code == 400

    def test_at_an_uninstalled_portal_is_400(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert begin(Client(), bitrix24.domain).status_code == 400

    def test_uses_a_local_apps_own_client_id(self, portal, bitrix24):
        portal.client_id, portal.client_secret = "local.own", "own-secret"
        portal.save()
        assert "client_id=local.own" in begin(Client(), bitrix24.domain).headers["Location"]


class TestCallback:
    def test_makes_an_account_named_by_portal_and_person(self, portal, bitrix24):
        client = Client()
        answer = sign_in(client, bitrix24, 2)
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/accounts/done/"
        assert signed_in(client)
        assert SocialAccount.objects.get().uid == f"{bitrix24.member_id}:2"
        assert client.get("/accounts/done/").status_code == 200

    def test_finds_the_same_account_again(self, portal, bitrix24):
        sign_in(Client(), bitrix24, 2)
        sign_in(Client(), bitrix24, 2)
        sign_in(Client(), bitrix24, 4)
        assert SocialAccount.objects.count() == get_user_model().objects.count() == 2

    def test_stores_no_token_and_gives_no_rights(self, portal, bitrix24):
        sign_in(Client(), bitrix24, 1)
        user = get_user_model().objects.get()
        assert not SocialToken.objects.exists()
        assert not user.is_staff
        assert not user.is_superuser
        assert not user.has_usable_password()

    def test_matches_nobody_by_e_mail(self, portal, bitrix24):
        get_user_model().objects.create_user("root", "anna.orlova@example.com", is_superuser=True, is_staff=True)
        client = Client()
        sign_in(client, bitrix24, 1)
        assert get_user_model().objects.count() == 2
        assert int(client.session["_auth_user_id"]) != get_user_model().objects.get(username="root").pk

    def test_with_a_made_up_state_signs_nobody_in(self, portal, bitrix24):
        client = Client()
        begin(client, bitrix24.domain)
        answer = client.get(CALLBACK, {"code": code_for(bitrix24, 1), "state": "made-up", "domain": bitrix24.domain})
        assert answer.status_code == 403
        assert not signed_in(client)
        assert not SocialAccount.objects.exists()

    def test_with_another_persons_browser_signs_nobody_in(self, portal, bitrix24):
        """The state is kept in the browser that began."""
        began, other = Client(), Client()
        state = parse_qs(urlsplit(begin(began, bitrix24.domain).headers["Location"]).query)["state"][0]
        other.get(CALLBACK, {"code": code_for(bitrix24, 1), "state": state, "domain": bitrix24.domain})
        assert not signed_in(other)

    @pytest.mark.parametrize("code", ["made-up", ""])
    def test_with_a_bad_code_signs_nobody_in(self, portal, bitrix24, code):
        client = Client()
        sign_in(client, bitrix24, 1, code=code)
        assert not signed_in(client)

    def test_that_names_an_unknown_portal_is_400(self, portal, bitrix24):
        assert sign_in(Client(), bitrix24, domain="evil.test").status_code == 400

    def test_that_names_another_portal_than_it_began_with_is_400(self, portal, bitrix24):
        Portal.objects.create(
            member_id="other", domain="other.test", client_endpoint="https://other.test/rest/", installed_at=portal.installed_at
        )
        client = Client()
        assert sign_in(client, bitrix24, domain="other.test").status_code == 400
        assert not signed_in(client)

    def test_with_a_token_of_another_portal_signs_nobody_in(self, portal, bitrix24):
        """The authorisation server answers for a portal that is not the one of this row."""
        Portal.objects.filter(pk=portal.pk).update(member_id="another")
        client = Client()
        sign_in(client, bitrix24, 1)
        assert not signed_in(client)
        assert not SocialAccount.objects.exists()

    @pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
    def test_redirects_to_nobody_elses_address(self, portal, bitrix24, target):
        client = Client()
        state = parse_qs(urlsplit(begin(client, bitrix24.domain, next=target).headers["Location"]).query)["state"][0]
        answer = client.get(CALLBACK, {"code": code_for(bitrix24, 1), "state": state, "domain": bitrix24.domain})
        assert answer.headers["Location"] == "/accounts/done/"


class TestPages:
    def test_need_a_sign_in(self, db):
        answer = Client().get("/accounts/done/", follow=True)
        assert answer.redirect_chain == [("/accounts/login/?next=/accounts/done/", 302)]
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "path", ["/accounts/signup/", "/accounts/password/reset/", "/accounts/3rdparty/", "/accounts/email/"]
    )
    def test_of_allauth_that_are_not_offered_are_not_there(self, db, path):
        assert Client().get(path).status_code == 404
