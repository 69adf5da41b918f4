from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from b24app.models import Portal, ServiceCredential
from b24app.security import policy, safe_origin


class TestPolicy:
    def test_runs_nothing_inline_and_nothing_from_elsewhere(self):
        for text in (policy(""), policy("https://portal.ru")):
            assert "unsafe" not in text
            assert "*" not in text
            assert "script-src 'self';" in text
            assert "base-uri 'none'" in text

    def test_names_the_one_portal_that_may_frame_us(self):
        assert policy("https://portal.ru").endswith("frame-ancestors https://portal.ru")
        assert policy("").endswith("frame-ancestors 'none'")

    @pytest.mark.parametrize(
        "origin", ["https://portal.ru", "https://box.local:8443", "http://localhost:8900", "https://[2001:db8::1]:8443"]
    )
    def test_takes_an_origin(self, origin):
        assert safe_origin(origin) == origin

    @pytest.mark.parametrize(
        "origin", ["", "https://portal.ru; script-src *", "https://*.ru", "https://portal.ru/x", "https://a b", "data:", "*"]
    )
    def test_takes_nothing_else(self, origin):
        assert safe_origin(origin) == ""


class TestHeaders:
    @pytest.mark.parametrize("path", ["/health/live", "/b24/", "/accounts/login/", "/nowhere/", "/admin/login/"])
    def test_are_strict_on_every_page_outside_a_frame(self, db, path):
        headers = Client().get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers


class TestAdmin:
    def test_shows_portals_and_no_secret(self, portal):
        get_user_model().objects.create_superuser("root", password="pass")
        client = Client()
        client.login(username="root", password="pass")
        credential = ServiceCredential.objects.get()
        pages = [
            f"/admin/b24app/portal/{portal.pk}/change/",
            f"/admin/b24app/servicecredential/{credential.pk}/change/",
            *(f"/admin/b24app/{model}/" for model in ("portal", "servicecredential", "restcall", "inboundevent", "lane")),
        ]
        for page in pages:
            answer = client.get(page)
            assert answer.status_code == 200
            text = answer.content.decode()
            for secret in (portal.application_token, credential.access_token, credential.refresh_token):
                assert str(secret) not in text

    def test_lets_nobody_edit_by_hand(self, portal):
        get_user_model().objects.create_superuser("root", password="pass")
        client = Client()
        client.login(username="root", password="pass")
        assert client.post(f"/admin/b24app/portal/{portal.pk}/change/", {"domain": "evil.test"}).status_code == 403
        assert client.post(f"/admin/b24app/portal/{portal.pk}/delete/", {"post": "yes"}).status_code == 403
        assert Portal.objects.get().domain == portal.domain

    def test_is_closed_to_people_of_a_portal(self, db):
        get_user_model().objects.create_user("person", password="pass")
        client = Client()
        client.login(username="person", password="pass")
        assert client.get("/admin/").status_code == 302
