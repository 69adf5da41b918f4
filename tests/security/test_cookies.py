"""A session's cookie opens the pages of its own portals, and only together with the page's CSRF token changes anything."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from b24app import signed_in
from b24app.sealed import Secret
from tests.security.neighbours import Neighbour
from tests.security.test_tenants import METHODS, every_address

# The portal's own calls, which prove themselves: no cookie says anything there.
FRAME_ENTRIES = ("/b24/", "/b24/install/", "/b24/placement/", "/b24/events/", "/b24/renew/")
pytestmark = pytest.mark.usefixtures("nobody_works")


def signed_in_at(whose: Neighbour) -> tuple[Client, dict[str, str]]:
    """A browser in which the portal's administrator has signed in, and the CSRF token that its page tells the script."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(get_user_model().objects.create_user(f"{whose.portal.member_id}-{secrets.token_hex(4)}"))
    session = client.session
    signed_in.add(session, signed_in.Proved(whose.portal, 1, True, Secret("token"), 3600), {})
    session.save()
    page = content(client.get("/b24/overview/"))
    return client, {"X-CSRFToken": page.partition('name="csrf-token" content="')[2].partition('"')[0]}


def content(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode("utf-8", "replace") + str(dict(answer.headers))


class TestCookie:
    def test_as_a_person_signed_in_at_no_portal_opens_no_page_of_the_app(self, theirs: Neighbour):
        client = Client(raise_request_exception=False)
        client.force_login(get_user_model().objects.create_user(f"{theirs.portal.member_id[:12]}-1", password="pass"))
        for path in every_address(theirs):
            answer: Any = client.get(path, theirs.form() | {"text": ""}, headers={"X-Portal": str(theirs.portal.pk)})
            assert theirs.word not in content(answer), path

    @pytest.mark.parametrize("method", METHODS)
    def test_with_the_cookie_of_another_portal_opens_only_that_portals(self, method: str, ours: Neighbour, theirs: Neighbour):
        """Whatever it names: its own portal or the other one, with the right CSRF token."""
        before = theirs.rows()
        form = theirs.form() | {"text": ""}
        own = set()
        for named in (str(ours.portal.pk), str(theirs.portal.pk)):
            client, headers = signed_in_at(ours)
            headers = headers | {"X-Portal": named, "HX-Request": "true"}
            for path in every_address(theirs):
                if path == "/accounts/leave/":
                    continue
                answer: Any = (
                    getattr(client, method)(path, form, headers=headers)
                    if method in ("get", "post")
                    else getattr(client, method)(path, headers=headers)
                )
                text = content(answer)
                assert answer.status_code < 500 or path == "/health/ready", (path, answer.status_code)
                for word in theirs.secrets():
                    assert word not in text.replace(path, ""), (path, word)
                pages = path.startswith("/b24/") and path not in FRAME_ENTRIES
                if pages and named == str(theirs.portal.pk):
                    assert answer.status_code in (401, 405), (path, answer.status_code)
                if pages and answer.status_code < 300:
                    own.add(path)
        assert own if method in ("get", "post") else not own
        assert theirs.rows() == before

    def test_with_a_cookie_and_no_csrf_token_changes_nothing(self, ours: Neighbour):
        before = ours.rows()
        client, _ = signed_in_at(ours)
        for path in every_address(ours):
            if path.startswith(("/b24/", "/accounts/")) and path not in FRAME_ENTRIES:
                assert client.post(path, ours.form(), headers={"X-Portal": str(ours.portal.pk)}).status_code == 403, path
        assert ours.rows() == before

    def test_with_the_portals_own_cookie_opens_what_is_there(self, theirs: Neighbour):
        client, headers = signed_in_at(theirs)
        assert theirs.word in content(client.get(f"/b24/journal/onec-{theirs.request.pk}/", headers=headers))
