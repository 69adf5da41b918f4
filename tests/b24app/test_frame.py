from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from b24app import frame
from b24app.frame import BadFrameToken, FrameUser, admin_required, entry_context, portal_required, sign, unsign
from b24app.models import Person, Portal, ServiceCredential
from b24app.oauth.language import language_for
from sandbox.portal.server import PortalServer
from tests.b24app.posts import open_frame

MAIN, PLACEMENT, RENEW = "/b24/", "/b24/placement/", "/b24/renew/"


def token_in(answer: Any) -> str:
    return str(answer.content.decode().partition('name="frame-token" content="')[2].partition('"')[0])


def user_of(portal: Portal, **changed) -> FrameUser:
    return FrameUser(**{"portal_id": portal.pk, "user_id": 1, "admin": True, "language": "ru", "app_sid": "sid", **changed})


def ask(path: str, token: str = "", method: str = "get", **data):
    headers = {"Authorization": f"Frame {token}"} if token else {}
    return getattr(Client(enforce_csrf_checks=True), method)(path, data, headers=headers)


class TestEntry:
    @pytest.mark.parametrize("path", [MAIN, PLACEMENT])
    def test_proves_the_person_and_gives_the_page_a_token(self, portal, bitrix24, path):
        answer = open_frame(bitrix24, path, user_id=1)
        assert answer.status_code == 200
        user = unsign(token_in(answer))
        assert (user.portal_id, user.user_id, user.admin, user.language, user.app_sid) == (portal.pk, 1, True, "ru", "sid1")

    def test_knows_an_employee_for_what_he_is(self, portal, bitrix24):
        assert unsign(token_in(open_frame(bitrix24, MAIN, user_id=2))).admin is False

    def test_of_an_employee_leaves_the_service_credential_alone(self, portal, bitrix24):
        before = ServiceCredential.objects.get().refresh_token
        open_frame(bitrix24, MAIN, user_id=2)
        assert ServiceCredential.objects.get().refresh_token == before

    def test_sets_no_cookie(self, portal, bitrix24):
        assert not open_frame(bitrix24, MAIN).cookies

    def test_may_be_framed_by_its_portal_only(self, portal, bitrix24):
        answer = open_frame(bitrix24, MAIN)
        policy = answer.headers["Content-Security-Policy"]
        assert f"frame-ancestors {bitrix24.url};" in f"{policy};"
        assert f"connect-src 'self' {bitrix24.url};" in policy
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("method", ["get", "head"])
    @pytest.mark.parametrize("path", [MAIN, PLACEMENT])
    def test_answers_the_moderators_visit_kindly(self, db, path, method):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 200
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    def test_with_any_other_method_is_refused(self, db):
        assert Client().put(MAIN).status_code == 405

    def test_without_an_installation_says_so(self, bitrix24, db):
        answer = open_frame(bitrix24, MAIN)
        assert answer.status_code == 403
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    def test_after_an_uninstallation_says_so(self, portal, bitrix24):
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert open_frame(bitrix24, MAIN).status_code == 403

    def test_while_the_portal_is_away_asks_to_come_again(self, portal, bitrix24):
        bitrix24.faults.down = 5
        assert open_frame(bitrix24, MAIN).status_code == 503

    def test_on_a_plan_without_rest_tells_of_the_plan(self, portal, bitrix24):
        bitrix24.faults.rest_off = True
        answer = open_frame(bitrix24, MAIN, lang="en")
        assert answer.status_code == 403
        assert b"plan" in answer.content

    @pytest.mark.parametrize("options", ["", "[]", "not json", '{"ID": "7"}', "1", "[" * 30_000])
    def test_takes_any_placement_options_for_untrusted_text(self, portal, bitrix24, options):
        assert open_frame(bitrix24, PLACEMENT, PLACEMENT="LEFT_MENU", PLACEMENT_OPTIONS=options).status_code == 200
        assert open_frame(bitrix24, PLACEMENT, PLACEMENT="CRM_DEAL_DETAIL_TAB", PLACEMENT_OPTIONS=options).status_code == 403

    def test_works_for_an_old_portal_without_application_token(self, portal, bitrix24):
        assert open_frame(bitrix24, MAIN, APPLICATION_TOKEN=None).status_code == 200


class TestForgery:
    @pytest.mark.parametrize("forged", [{"AUTH_ID": "made-up"}, {"AUTH_ID": None}, {"APPLICATION_TOKEN": "forged"}])
    def test_of_a_post_is_refused(self, portal, bitrix24, forged):
        answer = open_frame(bitrix24, MAIN, **forged)
        assert answer.status_code == 403
        assert token_in(answer) == ""

    def test_with_a_token_of_another_portal_is_refused(self, portal, bitrix24):
        with PortalServer(port=0) as other:
            other.installation.finish(1)
            assert open_frame(bitrix24, MAIN, AUTH_ID=other.issue_tokens(1)["access_token"]).status_code == 403

    def test_with_a_token_of_another_app_on_this_portal_is_refused(self, portal, bitrix24):
        """profile answers any app's token; app.info tells whose it is."""
        portal.facts["app"]["code"] = "local.ours"
        portal.save()
        assert open_frame(bitrix24, MAIN, APPLICATION_TOKEN=None).status_code == 403

    def test_with_a_domain_of_the_attackers_asks_nothing_there(self, portal, bitrix24):
        with PortalServer(port=0) as evil:
            evil.installation.finish(1)
            answer = open_frame(bitrix24, MAIN, user_id=2, domain=evil.domain)
            assert answer.status_code == 403
            assert evil.calls.snapshot()["requests"] == 0
        portal.refresh_from_db()
        assert portal.domain == bitrix24.domain

    def test_of_the_admin_flag_is_impossible(self, portal, bitrix24):
        answer = open_frame(bitrix24, MAIN, user_id=2, IS_ADMIN="Y", ADMIN="1")
        assert unsign(token_in(answer)).admin is False


class TestRename:
    def test_is_learnt_from_a_proved_person(self, renamed, bitrix24):
        answer = open_frame(bitrix24, MAIN, user_id=2)
        assert answer.status_code == 200
        renamed.refresh_from_db()
        assert (renamed.domain, renamed.client_endpoint) == (bitrix24.domain, f"{bitrix24.url}/rest/")
        assert f"frame-ancestors {bitrix24.url}" in answer.headers["Content-Security-Policy"]


class TestToken:
    def test_lasts_fifteen_minutes(self, monkeypatch):
        user = FrameUser(1, 2, False, "en", "sid")
        token = sign(user)
        assert unsign(token) == user
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 901)
        with pytest.raises(BadFrameToken):
            unsign(token)

    @pytest.mark.parametrize("token", ["", "x", "a:b:c"])
    def test_that_is_not_signed_is_refused(self, token):
        with pytest.raises(BadFrameToken):
            unsign(token)

    @pytest.mark.parametrize(("content", "salt"), [([1, 1, 1, "ru", ""], "other"), ("x", frame.SALT)])
    def test_that_is_not_ours_is_refused(self, content, salt):
        with pytest.raises(BadFrameToken):
            unsign(signing.dumps(content, salt=salt))

    def test_that_was_changed_is_refused(self):
        token = sign(FrameUser(1, 2, False, "en", "sid"))
        other = sign(FrameUser(1, 2, True, "en", "sid"))
        with pytest.raises(BadFrameToken):
            unsign(other.partition(":")[0] + ":" + token.partition(":")[2])

    def test_in_a_header_opens_the_pages(self, portal):
        assert ask("/b24/overview/", sign(user_of(portal))).status_code == 200

    def test_that_is_old_or_forged_is_401_on_every_page_and_never_a_stranger(self, portal):
        for path in ("/b24/overview/", "/b24/", "/health/live"):
            assert ask(path, "forged").status_code == 401

    def test_of_an_uninstalled_portal_opens_nothing(self, portal):
        token = sign(user_of(portal))
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert ask("/b24/overview/", token).status_code == 401

    def test_must_be_there(self, portal):
        assert ask("/b24/overview/").status_code == 401

    def test_needs_no_csrf_token_but_a_cookie_user_does(self, portal):
        assert ask("/b24/language/", sign(user_of(portal)), "post", language="ro").status_code == 200
        assert ask("/b24/language/", "", "post", language="ro").status_code == 403
        assert ask("/admin/login/", "", "post").status_code == 403


class TestGuards:
    def call(self, guard, user: FrameUser | None):
        request: Any = RequestFactory().get("/x")
        request.frame_user = user
        return guard(lambda inner: HttpResponse(inner.portal.domain))(request)

    def test_let_a_proved_person_in_with_his_portal(self, portal):
        assert self.call(portal_required, user_of(portal)).content.decode() == portal.domain
        assert self.call(admin_required, user_of(portal)).status_code == 200

    def test_keep_strangers_out(self, portal):
        assert self.call(portal_required, None).status_code == 401
        assert self.call(admin_required, None).status_code == 401
        assert self.call(admin_required, user_of(portal, portal_id=portal.pk + 1)).status_code == 401

    def test_keep_employees_from_what_is_the_administrators(self, portal):
        assert self.call(portal_required, user_of(portal, admin=False)).status_code == 200
        assert self.call(admin_required, user_of(portal, admin=False)).status_code == 403


class TestRenewal:
    def renew(self, token: str, auth_id: str):
        return ask(RENEW, token, "post", AUTH_ID=auth_id)

    def test_gives_the_same_person_a_new_token(self, portal, bitrix24):
        answer = self.renew(sign(user_of(portal)), bitrix24.issue_tokens(1)["access_token"])
        assert answer.status_code == 200
        told = json.loads(answer.content)
        assert told["ttl"] == 900
        assert unsign(told["token"]) == user_of(portal)

    def test_works_with_a_token_that_is_too_old_for_pages(self, portal, bitrix24, monkeypatch):
        token, fresh = sign(user_of(portal)), bitrix24.issue_tokens(1)["access_token"]
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        assert ask("/b24/overview/", token).status_code == 401
        assert self.renew(token, fresh).status_code == 200

    def test_asks_the_portal_again_whether_he_is_an_administrator(self, portal, bitrix24):
        answer = self.renew(sign(user_of(portal, user_id=2, admin=True)), bitrix24.issue_tokens(2)["access_token"])
        assert unsign(json.loads(answer.content)["token"]).admin is False

    def test_is_refused_for_another_person(self, portal, bitrix24):
        assert self.renew(sign(user_of(portal, user_id=2)), bitrix24.issue_tokens(1)["access_token"]).status_code == 401

    def test_is_refused_with_a_token_of_another_portal(self, portal, bitrix24):
        other = Portal.objects.create(member_id="o", domain="o.test", client_endpoint="https://o.test/rest/")
        assert self.renew("forged", bitrix24.issue_tokens(1)["access_token"]).status_code == 401
        Portal.objects.filter(pk=other.pk).update(uninstalled_at=portal.installed_at)
        assert self.renew(sign(user_of(other)), bitrix24.issue_tokens(1)["access_token"]).status_code == 401

    @pytest.mark.parametrize("auth_id", ["", "made-up"])
    def test_is_refused_without_proof(self, portal, auth_id):
        assert self.renew(sign(user_of(portal)), auth_id).status_code == 401

    def test_says_when_the_portal_is_only_away(self, portal, bitrix24):
        fresh = bitrix24.issue_tokens(1)["access_token"]
        bitrix24.faults.down = 5
        assert self.renew(sign(user_of(portal)), fresh).status_code == 503

    def test_is_a_post(self, db):
        assert ask(RENEW).status_code == 405


class TestLanguage:
    @pytest.mark.parametrize(
        ("portal_language", "ours"),
        [("ru", "ru"), ("ua", "uk"), ("en", "en"), ("kz", "ru"), ("de", "en"), ("la", "en"), ("", "en"), ("RU", "ru")],
    )
    def test_is_the_portals_when_we_have_it(self, portal_language, ours):
        assert language_for(portal_language) == ours

    def test_is_the_persons_choice_when_there_is_one(self):
        assert language_for("ru", "ro") == "ro"
        assert language_for("ru", "xx") == "ru"

    def test_of_the_choice_is_kept_for_that_person_alone(self, portal, bitrix24):
        assert ask("/b24/language/", sign(user_of(portal, user_id=2)), "post", language="ro").status_code == 200
        assert Person.objects.get(portal=portal, user_id=2).language == "ro"
        assert unsign(token_in(open_frame(bitrix24, MAIN, user_id=2))).language == "ro"
        assert unsign(token_in(open_frame(bitrix24, MAIN, user_id=1))).language == "ru"

    def test_survives_a_renewal(self, portal, bitrix24):
        Person.objects.create(portal=portal, user_id=1, language="uk")
        answer = ask(RENEW, sign(user_of(portal)), "post", AUTH_ID=bitrix24.issue_tokens(1)["access_token"])
        assert unsign(json.loads(answer.content)["token"]).language == "uk"

    def test_of_one_request_does_not_stay_for_the_next(self, portal, bitrix24):
        with translation.override("en"):
            open_frame(bitrix24, MAIN, lang="ru")
            assert translation.get_language() == "en"

    def test_is_in_the_context_of_a_page(self, portal):
        request: Any = RequestFactory().get("/x")
        request.frame_user = user_of(portal)
        with translation.override("ru"):
            context = entry_context(request)
        assert unsign(context["token"]) == user_of(portal)
        assert (context["ttl"], context["language"], context["admin"]) == (900, "ru", True)
