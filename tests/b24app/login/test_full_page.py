"""The pages outside the frame: the right to act is proved as inside, and every page stands in one portal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from b24app import frame, signed_in
from b24app.models import Person, Portal
from b24app.sealed import seal
from exchange import sessions
from exchange.models import OneCBase
from sandbox.portal.server import PortalServer
from tests.b24app.login.ways import begin, installed, sign_in

OVERVIEW, JOURNAL, PAUSE = "/b24/overview/", "/b24/journal/", "/b24/bases/{}/pause/"


@pytest.fixture
def second(bitrix24: PortalServer, db: None, settings: Any) -> Iterator[PortalServer]:
    with PortalServer(port=0) as server:
        settings.B24_OAUTH_SERVERS = [*settings.B24_OAUTH_SERVERS, server.oauth_url]
        yield server


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def asked(server: PortalServer, method: str = "profile") -> int:
    return server.calls.by_method[method]


def age(browser: Client, portal: Portal, **changed: Any) -> None:
    """Let time pass over what the session holds of this portal."""
    session = browser.session
    entries = signed_in.entries(session)
    entries[str(portal.pk)] = {**entries[str(portal.pk)], **changed}
    session[signed_in.ENTRIES] = entries
    session.save()


def long_ago() -> float:
    return time.time() - signed_in.PROVED_SECONDS - 1


def script(browser: Client, path: str = OVERVIEW) -> dict[str, str]:
    """What the script of the page sends along: read from the page itself."""
    html = browser.get(path).content.decode()
    told = dict(re.findall(r'<meta name="([a-z-]+)" content="([^"]*)"', html))
    return {"X-CSRFToken": told["csrf-token"], "X-Portal": told["portal"], "HX-Request": "true"}


def base_of(portal: Portal, name: str) -> OneCBase:
    return sessions.create_base(portal, name, "ut11")[0]


class TestSignedIn:
    def test_opens_the_pages_under_the_same_addresses(self, portal, bitrix24, browser):
        base_of(portal, "Trade of ours")
        sign_in(browser, bitrix24)
        for path in (OVERVIEW, JOURNAL, "/b24/matching/", "/b24/settings/"):
            assert browser.get(path).status_code == 200, path
        assert "Trade of ours" in browser.get(OVERVIEW).content.decode()
        assert browser.get("/b24/").headers["Location"] == OVERVIEW

    def test_is_framed_by_nobody_and_gets_no_frame_token(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        answer = browser.get(OVERVIEW)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-token" not in answer.content.decode()
        with pytest.raises(ValueError, match="no frame token"):
            frame.sign(frame.FrameUser(portal.pk, 1, True, "en", "", full_page=True))

    def test_is_an_employee_where_the_portal_says_so(self, portal, bitrix24, browser):
        base = base_of(portal, "Trade")
        sign_in(browser, bitrix24, 2)
        headers = script(browser)
        assert browser.get(JOURNAL).status_code == 403
        assert browser.post(PAUSE.format(base.pk), headers=headers).status_code == 403
        assert browser.get("/b24/card/").status_code == 403

    def test_reads_the_language_that_he_chose(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        answer = browser.post("/b24/language/", {"language": "ro"}, headers=script(browser))
        assert answer.status_code == 200
        assert "token" not in answer.headers.get("HX-Trigger", "")
        assert Person.objects.get().language == "ro"
        assert browser.get(OVERVIEW).headers["Content-Language"] == "ro"

    def test_keeps_no_token_that_can_be_read_and_none_that_lasts(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        entry = browser.session[signed_in.ENTRIES][str(portal.pk)]
        tokens = [row["id"] for kind in ("access_tokens", "refresh_tokens") for row in bitrix24.portal.store.all(kind)]
        assert not any(token in str(Session.objects.get().get_decoded()) for token in tokens)
        assert entry["until"] <= time.time() + 3600

    def test_has_a_cookie_that_no_script_and_no_other_site_uses(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        browser.get(OVERVIEW)
        for name in ("sessionid", "csrftoken"):
            assert browser.cookies[name]["samesite"] == "Lax"
            assert browser.cookies[name]["httponly"]
        assert not browser.cookies["sessionid"]["max-age"]
        assert 0 < browser.session.get_expiry_age() <= 12 * 3600

    def test_whose_account_was_closed_opens_nothing(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        get_user_model().objects.update(is_active=False)
        assert browser.get(OVERVIEW).status_code == 401


class TestCsrf:
    @pytest.mark.parametrize("left_out", ["X-CSRFToken", "X-Portal"])
    def test_or_the_portal_left_out_changes_nothing(self, portal, bitrix24, browser, left_out):
        base = base_of(portal, "Trade")
        sign_in(browser, bitrix24)
        headers = script(browser)
        headers.pop(left_out)
        assert browser.post(PAUSE.format(base.pk), headers=headers).status_code in (401, 403)
        base.refresh_from_db()
        assert base.paused_at is None

    def test_and_portal_shown_the_page_works(self, portal, bitrix24, browser):
        base = base_of(portal, "Trade")
        sign_in(browser, bitrix24)
        assert browser.post(PAUSE.format(base.pk), headers=script(browser)).status_code == 200
        base.refresh_from_db()
        assert base.paused_at is not None

    def test_is_asked_where_portals_are_chosen_and_left(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        for path in ("/accounts/choose/", "/accounts/leave/"):
            assert browser.post(path, {"portal": portal.pk}).status_code == 403
        assert browser.get(OVERVIEW).status_code == 200


class TestProof:
    def test_is_asked_of_the_portal_when_15_minutes_old_and_not_before(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        before = asked(bitrix24)
        browser.get(OVERVIEW)
        assert asked(bitrix24) == before
        age(browser, portal, proved_at=long_ago())
        for _ in range(2):
            assert browser.get(OVERVIEW).status_code == 200
        assert asked(bitrix24) == before + 1

    def test_takes_the_rights_of_who_is_an_administrator_no_more(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        assert browser.get(JOURNAL).status_code == 200
        with bitrix24.portal.lock:
            users = bitrix24.portal.store
            users.change("users", users.get("users", 1), admin=False)
            users.commit()
        age(browser, portal, proved_at=long_ago())
        assert browser.get(JOURNAL).status_code == 403
        assert browser.get(OVERVIEW).status_code == 200

    def test_that_the_portal_refuses_needs_a_new_sign_in(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        headers = script(browser)
        with bitrix24.portal.lock:
            bitrix24.portal.oauth.revoke()
            bitrix24.portal.store.commit()
        age(browser, portal, proved_at=long_ago())
        answer = browser.get(JOURNAL)
        assert answer.headers["Location"].startswith("/accounts/login/?portal=")
        assert browser.get(answer.headers["Location"]).status_code == 200
        assert browser.get(OVERVIEW, headers=headers).status_code == 401
        sign_in(browser, bitrix24)
        assert browser.get(JOURNAL).status_code == 200

    def test_ends_with_the_persons_token(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        before = asked(bitrix24)
        age(browser, portal, proved_at=long_ago(), until=time.time() - 1)
        assert browser.get(JOURNAL).status_code == 302
        assert asked(bitrix24) == before

    def test_of_another_person_is_none(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24, 2)
        age(browser, portal, proved_at=long_ago(), token=seal(bitrix24.issue_tokens(1)["access_token"]))
        assert browser.get(OVERVIEW).status_code == 302

    def test_from_the_future_is_none(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        age(browser, portal, proved_at=time.time() + 9999, until=time.time() - 1)
        assert browser.get(JOURNAL).status_code == 302

    def test_that_cannot_be_had_lets_nobody_in(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        age(browser, portal, proved_at=long_ago())
        bitrix24.stop()
        bitrix24._thread = None
        assert browser.get(JOURNAL).status_code == 503


class TestTwoPortals:
    def test_are_switched_and_never_mixed(self, portal, bitrix24, second, browser):
        other = installed(second)
        here, there = base_of(portal, "Trade here"), base_of(other, "Trade there")
        sign_in(browser, bitrix24)
        sign_in(browser, second)
        assert sorted(browser.session[signed_in.ENTRIES]) == sorted([str(portal.pk), str(other.pk)])
        listed = browser.get("/accounts/done/").content.decode()
        assert bitrix24.domain in listed
        assert second.domain in listed
        headers = script(browser)
        assert headers["X-Portal"] == str(other.pk)
        assert "Trade there" in browser.get(OVERVIEW).content.decode()
        assert browser.get(f"/b24/bases/{here.pk}/").status_code == 404
        answer = browser.post("/accounts/choose/", {"portal": portal.pk}, headers=headers)
        assert answer.headers["HX-Redirect"] == OVERVIEW
        page = browser.get(OVERVIEW).content.decode()
        assert "Trade here" in page
        assert "Trade there" not in page
        assert browser.get(f"/b24/bases/{there.pk}/").status_code == 404
        # A tab left open in the other portal goes on there.
        assert browser.post(PAUSE.format(there.pk), headers=headers).status_code == 200
        assert browser.post(PAUSE.format(here.pk), headers=headers).status_code == 404

    def test_have_rights_of_their_own(self, portal, bitrix24, second, browser):
        other = installed(second)
        sign_in(browser, bitrix24, 1)
        sign_in(browser, second, 2)
        assert browser.get(JOURNAL).status_code == 403
        assert browser.get(JOURNAL, headers={"X-Portal": str(portal.pk)}).status_code == 200
        assert browser.get(JOURNAL, headers={"X-Portal": str(other.pk)}).status_code == 403

    def test_of_which_one_is_not_the_persons_is_none(self, portal, bitrix24, second, browser):
        other = installed(second)
        sign_in(browser, bitrix24)
        headers = script(browser)
        assert browser.post("/accounts/choose/", {"portal": other.pk}, headers=headers).status_code == 404
        for named in (str(other.pk), "", "x", f"{portal.pk} "[::-1]):
            assert browser.post("/b24/language/", {"language": "ro"}, headers=headers | {"X-Portal": named}).status_code == 401

    def test_hold_the_later_person_of_the_same_portal(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24, 1)
        sign_in(browser, bitrix24, 2)
        assert browser.session[signed_in.ENTRIES][str(portal.pk)]["user_id"] == 2
        assert browser.get(JOURNAL).status_code == 403


class TestFrameToken:
    def test_wins_over_a_session(self, portal, bitrix24, second, browser):
        other = installed(second)
        base_of(other, "Trade there")
        sign_in(browser, bitrix24)
        token = frame.sign(frame.FrameUser(other.pk, 1, True, "en", "sid"))
        assert "Trade there" in browser.get(OVERVIEW, headers={"Authorization": f"Frame {token}"}).content.decode()

    @pytest.mark.parametrize("shown", ["Frame forged", "Frame", "Frame ", "Basic eDp5", "Bearer x"])
    def test_that_is_none_never_falls_back_to_a_session(self, portal, bitrix24, browser, shown):
        sign_in(browser, bitrix24)
        assert browser.get(OVERVIEW, headers={"Authorization": shown}).status_code == 401


class TestLeaving:
    def test_ends_every_portal(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        stolen = browser.cookies["sessionid"].value
        assert browser.post("/accounts/leave/", headers=script(browser)).status_code == 302
        assert browser.get(OVERVIEW).status_code == 401
        browser.cookies["sessionid"] = stolen
        assert browser.get(OVERVIEW).status_code == 401

    def test_by_an_uninstallation_takes_the_portal_off(self, portal, bitrix24, browser):
        sign_in(browser, bitrix24)
        headers = script(browser)
        Portal.objects.filter(pk=portal.pk).update(uninstalled_at=portal.installed_at)
        assert browser.post("/b24/language/", {"language": "ro"}, headers=headers).status_code == 401
        assert browser.get(OVERVIEW).status_code in (302, 401)
        assert bitrix24.domain not in browser.get("/accounts/done/").content.decode()

    def test_makes_the_cookie_of_before_a_sign_in_worth_nothing(self, portal, bitrix24, browser):
        begin(browser, bitrix24.domain)
        before = browser.cookies["sessionid"].value
        sign_in(browser, bitrix24)
        assert browser.cookies["sessionid"].value != before
        browser.cookies["sessionid"] = before
        assert browser.get(OVERVIEW).status_code == 401


class TestStart:
    def test_leads_to_a_portal_that_has_the_app_by_a_link(self, portal, bitrix24, browser):
        page = browser.get("/accounts/login/", {"portal": bitrix24.domain, "next": JOURNAL}).content.decode()
        assert (
            f'href="/accounts/bitrix24/login/?portal={bitrix24.domain.replace(":", "%3A")}&amp;next=%2Fb24%2Fjournal%2F"' in page
        )

    def test_says_of_any_other_that_it_has_not(self, db, browser):
        page = browser.get("/accounts/login/", {"portal": '"><script>evil.test'}).content.decode()
        assert 'role="alert"' in page
        assert "<script>evil" not in page

    def test_never_ties_an_account_to_another(self, portal, bitrix24, browser):
        begin(browser, bitrix24.domain, process="connect")
        states = browser.session["socialaccount_states"]
        assert {state[0]["process"] for state in states.values()} == {"login"}
