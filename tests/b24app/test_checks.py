from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

from b24app.checks import check_settings


@pytest.fixture
def production(settings: Any) -> Any:
    """Settings of a production server that are as they should be."""
    settings.EMBEDDED, settings.DEBUG, settings.B24_INSECURE_HTTP = False, False, False
    settings.APP_URL, settings.ALLOWED_HOSTS = "https://app.example", ["app.example"]
    settings.B24_CLIENT_ID, settings.B24_CLIENT_SECRET = "app.1", "secret"
    settings.B24_OAUTH_SERVERS = ["https://oauth.bitrix24.tech"]
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    return settings


class TestChecks:
    def test_find_nothing_wrong_with_a_good_production(self, production):
        assert check_settings() == []

    @pytest.mark.parametrize(
        ("name", "value", "found"),
        [
            ("B24_INSECURE_HTTP", True, "b24app.E001"),
            ("APP_URL", "http://app.example", "b24app.E002"),
            ("B24_OAUTH_SERVERS", ["http://oauth.bitrix24.tech"], "b24app.E003"),
            ("B24_OAUTH_SERVERS", [], "b24app.E004"),
            ("TOKEN_KEYS", ["short"], "b24app.E005"),
            ("TOKEN_KEYS", [], "b24app.E005"),
            ("DEBUG", True, "b24app.E006"),
            ("B24_CLIENT_ID", "", "b24app.W001"),
            ("ALLOWED_HOSTS", ["*"], "b24app.W002"),
            ("ALLOWED_HOSTS", ["other.example"], "b24app.W003"),
        ],
    )
    def test_find_each_mistake(self, production, name, value, found):
        setattr(production, name, value)
        assert [message.id for message in check_settings()] == [found]

    def test_refuse_one_secret_for_two_purposes(self, production):
        production.SECRET_KEY = production.TOKEN_KEYS[0]
        assert [message.id for message in check_settings()] == ["b24app.E005"]

    def test_leave_development_alone(self, settings):
        settings.EMBEDDED, settings.B24_INSECURE_HTTP = True, True
        assert check_settings() == []

    def test_are_run_by_every_command(self, production):
        production.APP_URL = "http://app.example"
        assert "b24app.E002" in [message.id for message in run_checks()]
