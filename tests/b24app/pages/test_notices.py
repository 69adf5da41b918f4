"""Pages that say one thing: refusals, the end of the installation, errors."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

REASONS = ("outside", "not_installed", "not_admin", "refused", "busy", "payment", "failed")
PAGES = [("b24app/notice.html", {"reason": reason}) for reason in REASONS] + [
    ("b24app/installed.html", {}),
    ("404.html", {}),
    ("500.html", {}),
]


class TestNotices:
    @pytest.mark.parametrize(("template", "context"), PAGES)
    @pytest.mark.parametrize("language", ["en", "ru", "ro", "uk"])
    def test_speak_every_language_without_inline_script_or_style(self, template: str, context: dict, language: str) -> None:
        with translation.override(language):
            html = render_to_string(template, context)
        assert f'<html lang="{language}">' in html
        heading = re.search(r"<h1>([^<]+)</h1>\s*<p>([^<]+)</p>", html)
        assert heading
        assert bool(re.search("[А-Яа-я]", heading.group(1))) == (language in ("ru", "uk"))
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)

    def test_have_a_reason_of_their_own_each(self) -> None:
        assert len({render_to_string("b24app/notice.html", {"reason": reason}) for reason in REASONS}) == len(REASONS)

    def test_only_the_finished_installation_tells_the_portal_so(self) -> None:
        assert "data-install-finish" in render_to_string("b24app/installed.html")
        assert "data-install-finish" not in render_to_string("b24app/notice.html", {"reason": "not_admin"})

    def test_meet_whoever_opens_the_app_outside_the_portal(self, db: None) -> None:
        response = Client().get("/b24/", headers={"Accept-Language": "ro"})
        assert response.status_code == 200
        assert "Deschideți aplicația în Bitrix24" in response.content.decode()
